"""What stands at a source, by name: as columns, but for what more is known of than its row."""

from __future__ import annotations

from array import array
from collections.abc import Container, Iterator, MutableMapping, Sequence
from itertools import repeat
from operator import ne

from drcheck.core.history.sighting_table import SightingTable
from drcheck.core.history.sightings import Sighting, stretch_of
from drcheck.core.model.candidate_columns import CandidateColumns
from drcheck.core.model.evidence import FOREVER


class StandingSightings(MutableMapping[str, Sighting]):
    """Name to what stands under it.

    What looks have only ever shown as it is, and complete, is a row of columns. It becomes an object, which may be
    changed, where it is asked for as one, and stays that: so nothing asks for all of them in passing.
    """

    def __init__(self) -> None:
        """Begin without any."""
        self._at: dict[str, int | Sighting] = {}
        self._shown = CandidateColumns()
        self._available_lo, self._available_hi = array("q"), array("q")
        self._first_seen, self._last_seen = array("q"), array("q")

    def add(self, shown: CandidateColumns, available_lo: Sequence[int], available_hi: Sequence[int], look: int) -> None:
        """Add what ``look`` showed first, all of it complete and of one file each, and under names that are new.

        ``available_lo`` and ``available_hi`` are when each arrived, by all that is known of that.
        """
        self._at.update(zip(shown.name, range(len(self._shown), len(self._shown) + len(shown)), strict=True))
        self._shown.extend(shown)
        self._available_lo.extend(available_lo)
        self._available_hi.extend(available_hi)
        self._first_seen.extend(repeat(look, len(shown)))
        self._last_seen.extend(repeat(look, len(shown)))

    def unlike(self, shown: CandidateColumns) -> list[int]:
        """Return the rows of ``shown`` that stand under no name here, or stand otherwise."""
        own = self._shown.columns
        found = []
        for row, (at, *fields) in enumerate(zip(map(self._at.get, shown.name), *shown.columns, strict=True)):
            if isinstance(at, int):
                if any(column[at] != field for column, field in zip(own, fields, strict=True)):
                    found.append(row)
            elif at is None or at.shown != shown[row]:
                found.append(row)
        return found

    def see(self, name: str, look: int) -> int | None:
        """Note that ``look`` showed ``name`` as it was, and return its stretch; None: it does not stand."""
        at = self._at.get(name)
        if at is None:
            return None
        if isinstance(at, int):
            self._last_seen[at] = look
            return stretch_of(self._shown.data_lo[at])
        at.last_seen = look
        return at.stretch

    def peek(self, name: str) -> Sighting:
        """Return what stands under a name, to be read and not to be changed; raises KeyError."""
        at = self._at[name]
        return self._made(at) if isinstance(at, int) else at

    def peeks(self, only: Container[int] | None = None) -> Iterator[Sighting]:
        """Yield all that stands, or that of some stretches, to be read and not to be changed."""
        for at in self._at.values():
            if not isinstance(at, int):
                if only is None or at.stretch in only:
                    yield at
            elif only is None or stretch_of(self._shown.data_lo[at]) in only:
                yield self._made(at)

    def specials(self) -> list[Sighting]:
        """Return what is no row: of nothing else any facts, or earlier writings, are known."""
        return [at for at in self._at.values() if not isinstance(at, int)]

    def special(self, name: str) -> Sighting | None:
        """Return what stands under a name if it is no row."""
        at = self._at.get(name)
        return None if isinstance(at, int) else at

    def data(self) -> Iterator[tuple[str, int]]:
        """Yield each name with the oldest instant of its data, as it was last shown."""
        data = self._shown.data_lo
        return ((name, data[at] if isinstance(at, int) else at.shown.data_lo) for name, at in self._at.items())

    def stretches(self) -> set[int]:
        """Return the stretches that hold any."""
        data = self._shown.data_lo
        return {stretch_of(data[at]) if isinstance(at, int) else at.stretch for at in self._at.values()}

    def writings(self) -> Iterator[tuple[str, int, int]]:
        """Yield of each time that each was written its data set, the look that first showed it, and its newest data."""
        rows = self.table()
        newest = map(min, rows.data_hi, map(max, rows.data_lo, rows.available_hi))
        yield from zip(rows.of, rows.first_seen, newest, strict=True)
        for known in self.specials():
            yield from ((one.shown.of, one.first_seen, one.newest_data) for one in known.writings())

    def table(self) -> SightingTable:
        """Return the rows as they are judged."""
        shown, count = self._shown, len(self._shown)
        gone = array("q", [FOREVER]) * count
        rows = SightingTable(
            shown.name, shown.of, shown.kind, shown.data_lo, shown.data_hi, self._available_lo, self._available_hi,
            shown.size, shown.checksum, self._first_seen, self._last_seen, gone, gone,
        )  # fmt: skip
        return rows.only([at for at in self._at.values() if isinstance(at, int)])

    def _made(self, row: int) -> Sighting:
        shown = self._shown[row]
        available = self._available_lo[row], self._available_hi[row]
        return Sighting(shown, shown.data_lo, shown.data_hi, *available, self._first_seen[row], self._last_seen[row])

    def get(self, name: str, default: None = None) -> Sighting | None:  # type: ignore[override]
        """Return what stands under a name as an object; None: nothing does."""
        return self[name] if name in self._at else default

    def __getitem__(self, name: str) -> Sighting:
        at = self._at[name]
        if isinstance(at, int):
            self._at[name] = at = self._made(at)
        return at

    def __setitem__(self, name: str, known: Sighting) -> None:
        self._at[name] = known

    def __delitem__(self, name: str) -> None:
        del self._at[name]

    def __contains__(self, name: object) -> bool:
        return name in self._at

    def __iter__(self) -> Iterator[str]:
        return iter(self._at)

    def __len__(self) -> int:
        return len(self._at)

    def __eq__(self, other: object) -> bool:
        if not isinstance(other, StandingSightings) or self._at.keys() != other._at.keys():
            return False
        return not any(map(ne, map(self.peek, self._at), map(other.peek, self._at)))

    __hash__ = None  # type: ignore[assignment]  # it changes
