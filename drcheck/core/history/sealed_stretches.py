"""Old candidates in stretches of time that need not be in memory: what must be known of one without reading it.

Candidates are put into stretches of 32 days by their data. A question about last month reads the stretches that last
month touches; of the others it needs their newest data, whether anything in them is broken, and whether a name or a
content lies in them. Names mostly tell an instant, so that they stand in the order of their data, and what comes later
lies behind the last one; of other names, and of contents, hashes of 8 bytes tell (a stretch with one that is only alike
is read for nothing, never believed).
"""

from __future__ import annotations

from array import array
from bisect import bisect_left, bisect_right
from collections.abc import Callable, Iterable, Sequence
from hashlib import blake2b
from typing import NamedTuple, Protocol

from msgspec import Struct, field

from drcheck.core.history.sighting_table import SightingTable
from drcheck.core.history.sightings import Sighting
from drcheck.core.model.evidence import FOREVER, LONG_AGO


class StretchSightings(NamedTuple):
    """The sightings of one stretch."""

    standing: Sequence[Sighting]
    past: Sequence[Sighting]


class Index(NamedTuple):
    """Sorted hashes: of the names that stand in a stretch, and of all contents that were ever in it.

    Names of data sets in which they are in the order of their data are left out: see :class:`NewestData`.
    """

    names: array[int]
    contents: array[int]


class NewestData(Struct, frozen=True):
    """The newest data of one data set in a stretch; ``LONG_AGO``: there is none."""

    data_lo: int = LONG_AGO
    data_hi: int = LONG_AGO
    standing: int = LONG_AGO
    """Of what stands, as it was written each time, as far as its arrival allows."""
    names: tuple[str, str] | None = None
    """Of what stands, the first and the last name in their order; None: nothing stands."""
    in_order: bool = True
    """Whether the names of what stands are in the order of their data: one between them then belongs there."""
    oldest: int = FOREVER
    """Of what is or was in it, the oldest instant of its data, of its arrival or of the look that first showed it."""


class Sealed(Struct, frozen=True):
    """What is known of a stretch that is not read."""

    newest: dict[str, NewestData] = field(default_factory=dict)
    broken_since: int = FOREVER
    """The oldest data that stands without its checksum."""
    rotten: bool = False
    """Whether anything in it, gone or not, had not its checksum when that was last verified."""
    at: int = 0
    """The ledger's entry after which it was sealed."""

    def may_hold(self, names: Sequence[str], index: Callable[[], Index]) -> bool:
        """Return whether one of some sorted names may stand in it; ``index`` reads its hashes."""
        for its in self.newest.values():
            if its.names is None:
                continue
            first, last = its.names
            among = names[bisect_left(names, first) : bisect_right(names, last)]
            if among and (its.in_order or holds(index().names, map(hashed, among))):
                return True
        return False


class Shelf(Protocol):
    """Where stretches lie that are not in memory."""

    def load(self, stretch: int) -> StretchSightings:
        """Return all of a stretch."""
        ...

    def table(self, stretch: int) -> SightingTable:
        """Return all of a stretch as columns."""
        ...

    def index(self, stretch: int) -> Index:
        """Return the hashes of a stretch."""
        ...


def hashed(text: str) -> int:
    """Return a hash of 8 bytes, the same on every machine."""
    return int.from_bytes(blake2b(text.encode("utf-8", "surrogatepass"), digest_size=8).digest(), "little")


def holds(hashes: array[int], wanted: Iterable[int]) -> bool:
    """Return whether one of ``wanted`` is among sorted ``hashes``."""
    for value in wanted:
        index = bisect_left(hashes, value)
        if index < len(hashes) and hashes[index] == value:
            return True
    return False


def index(rows: StretchSightings) -> Index:
    """Return the hashes of a stretch."""
    jumbled = _jumbled(rows)
    names = {hashed(seen.shown.name) for seen in rows.standing if seen.shown.of in jumbled}
    contents = {hashed(mark) for seen in (*rows.standing, *rows.past) for mark in seen.every_mark()}
    return Index(array("Q", sorted(names)), array("Q", sorted(contents)))


def seal(rows: StretchSightings, at: int) -> Sealed:
    """Return what must be known of a stretch without reading it."""
    newest: dict[str, NewestData] = {}
    jumbled = _jumbled(rows)
    broken, rotten = FOREVER, False
    for stands, sightings in ((True, rows.standing), (False, rows.past)):
        for seen in sightings:
            before = newest.get(seen.shown.of, NewestData())
            written = [one.newest_data for one in (seen, *seen.rewritings)] if stands else []
            names = (*(before.names or ()), *((seen.shown.name,) if stands else ()))
            newest[seen.shown.of] = NewestData(
                max(before.data_lo, seen.shown.data_lo),
                max(before.data_hi, seen.shown.data_hi, seen.data_hi),
                max((before.standing, *written)),
                (min(names), max(names)) if names else None,
                seen.shown.of not in jumbled,
                min(before.oldest, seen.oldest),
            )
            if seen.is_rotten:
                rotten = True
                broken = min(broken, seen.data_lo) if stands else broken
    return Sealed(newest, broken, rotten, at)


def _jumbled(rows: StretchSightings) -> set[str]:
    """Return the data sets in which the names of what stands are not in the order of their data."""
    found: set[str] = set()
    newest: dict[str, int] = {}
    for seen in sorted(rows.standing, key=lambda seen: seen.shown.name):
        if seen.shown.data_lo < newest.get(seen.shown.of, LONG_AGO):
            found.add(seen.shown.of)
        newest[seen.shown.of] = seen.shown.data_lo
    return found
