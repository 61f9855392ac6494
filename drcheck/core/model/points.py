"""Recovery points, as evaluators see them: columns, with what is in doubt of each candidate.

Instants are whole seconds since the epoch (UTC). What is uncertain is a pair (earliest, latest), as two columns
``*_lo`` and ``*_hi``.
"""

from __future__ import annotations

from array import array
from collections.abc import Iterator, Mapping, Sequence
from collections.abc import Set as AbstractSet
from typing import NamedTuple

from msgspec import Struct, field
from msgspec.structs import replace

from drcheck.core.model.evidence import ALWAYS, FOREVER, Fact, FactValue
from drcheck.core.time.spans import Span, Spans, difference, intersection, union


def _column() -> array[int]:
    return array("q")


class Doubt(NamedTuple):
    """Why a candidate does not surely count, for all of time or for a part of it."""

    why: str
    """Lower case, no full stop; what hangs on a setting names the one that would settle it."""
    during: Span = ALWAYS
    certain: bool = False
    """Whether it surely does not count then; else it may, or may not, and is judged both ways."""
    made: bool = False
    """Whether it was a whole backup when it was made, and only later found broken, or its chain gone."""


class Points(Struct, frozen=True):
    """The candidates of one source and data set, with their whole history: columns of one length, by ``data_lo``.

    A candidate counts surely, possibly or not: one in ``why_not`` never does; of any other its ``doubts`` say when it
    does not, or may not; one in neither always counts. Evaluators judge it favourably, counted whenever it may be, and
    unfavourably, counted only when it surely is, and where the two differ nobody knows.

    A point counts from ``available`` until ``gone``. Of what no complete look missed, ``gone_lo`` is the second after
    the newest look that showed it, and ``gone_hi`` is :data:`FOREVER`: since then nobody knows whether it stands.
    """

    source: str
    of: str
    name: Sequence[str] = ()
    kind: Sequence[str] = ()
    data_lo: array[int] = field(default_factory=_column)
    data_hi: array[int] = field(default_factory=_column)
    available_lo: array[int] = field(default_factory=_column)
    available_hi: array[int] = field(default_factory=_column)
    gone_lo: array[int] = field(default_factory=_column)
    gone_hi: array[int] = field(default_factory=_column)
    size: array[int] = field(default_factory=_column)
    checksum: Sequence[str] = ()
    facts: Mapping[tuple[int, Fact], Sequence[tuple[int, FactValue]]] = field(default_factory=dict)
    """(row, fact) to what was told of it, oldest first, each with the look that first told so; what is not in here was
    never asked. The first answer holds from the row's arrival on, a later one from its look on."""
    held_until: Mapping[int, int] = field(default_factory=dict)
    """Row to until when its name surely held it or something newer, where two complete looks in a row show that it was
    overwritten: its own content may have gone from ``gone_lo`` on."""
    rewritten: Mapping[int, Sequence[tuple[int, int]]] = field(default_factory=dict)
    """Row to each time that its content was written anew: the last look that showed the older time of it, and the first
    that showed the newer one."""
    overwritten: AbstractSet[int] = frozenset()
    """Rows of what went as something else was written under its name."""
    second_of: Mapping[int, str] = field(default_factory=dict)
    """Row to the name of older data that has the same content: taken for a second name of it, with the data of that."""
    builds_on: Mapping[int, tuple[int, int]] = field(default_factory=dict)
    """Row to the instant of the very backup that it builds on, earliest and latest, where its name or its tool tells
    that."""
    own_chain: Mapping[int, int] = field(default_factory=dict)
    """Row of a log segment, of which all that it is replayed after lies in these columns and is known, to the instant
    of the data of the newest base backup before it; :data:`~drcheck.core.model.evidence.LONG_AGO`: there is none."""
    incomplete: AbstractSet[int] = frozenset()
    """Rows of what was never complete: nothing can build on it."""
    why_not: Mapping[int, str] = field(default_factory=dict)
    """Row to the reason why that candidate never counts."""
    taken_until: int = 0
    """Until when what the newest complete look showed is taken to stand, where the source says so; 0: it does not."""
    arrival_by: str = ""
    """Whose word for arrivals the source takes: ``storage``, ``mtime``, ``manifest`` or ``name``."""
    doubts: Mapping[int, Sequence[Doubt]] = field(default_factory=dict)
    """Row to why, and when, that candidate does not surely count; the reason to give first comes first."""

    def __len__(self) -> int:
        return len(self.data_lo)

    @property
    def exact(self) -> bool:
        """Whether no instant is uncertain, and nothing in doubt."""
        instants = self.data_lo == self.data_hi and self.available_lo == self.available_hi
        return instants and self.gone_lo == self.gone_hi and not self.doubts

    def only(self, rows: Sequence[int]) -> Points:
        """Return the points of these rows alone, which are in order."""
        place = {row: index for index, row in enumerate(rows)}
        changes: dict[str, object] = {}
        for name in self.__struct_fields__:
            told = getattr(self, name)
            if isinstance(told, Mapping):  # by row, or by row and something else
                changes[name] = {
                    (place[key[0]], *key[1:]) if isinstance(key, tuple) else place[key]: value
                    for key, value in told.items()
                    if (key[0] if isinstance(key, tuple) else key) in place
                }
            elif isinstance(told, AbstractSet):
                changes[name] = frozenset(place[row] for row in told if row in place)
            elif isinstance(told, array):
                changes[name] = array(told.typecode, (told[row] for row in rows))
            elif not isinstance(told, str | int) and told:
                changes[name] = tuple(told[row] for row in rows)
        return replace(self, **changes)

    def counted(self) -> Iterator[int]:
        """Yield the rows that count surely or possibly, if only for some time, in order of ``data_lo``."""
        return (row for row in range(len(self.data_lo)) if row not in self.why_not)

    def counts(self, row: int, *, surely: bool, as_made: bool = False) -> Spans:
        """Return when a candidate counts: surely, or possibly, whether it stands then or not.

        With ``as_made`` what was found broken since, or lost its chain, counts as it did when it was made.
        """
        if row in self.why_not:
            return ()
        doubts = (one for one in self.doubts.get(row, ()) if not (as_made and one.made))
        return difference((ALWAYS,), union(one.during for one in doubts if surely or one.certain))

    def lies_within(self, row: int, start: int, end: int) -> bool:
        """Return whether the data of a candidate surely is of [start, end), whatever its instant."""
        return start <= self.data_lo[row] and self.data_hi[row] < end

    def counts_at(self, row: int, t: int, *, surely: bool) -> bool:
        """Return whether a candidate counts right after ``t``: surely, or possibly."""
        doubts = self.doubts.get(row, ())
        return row not in self.why_not and not any(one.during.includes(t) for one in doubts if surely or one.certain)

    def there(self, row: int, *, surely: bool, until_gone: bool, as_made: bool = False) -> Spans:
        """Return when a candidate was available and counted: surely, or possibly.

        What is gone since still counts, unless ``until_gone``; ``as_made``: see :meth:`counts`.
        """
        arrived, gone = (self.available_hi, self.gone_lo) if surely else (self.available_lo, self.gone_hi)
        span = Span(arrived[row], gone[row] if until_gone else FOREVER)
        if span.start >= span.end:
            return ()
        if row not in self.doubts and row not in self.why_not:
            return (span,)
        return intersection((span,), self.counts(row, surely=surely, as_made=as_made))

    def made_from(self, row: int) -> int:
        """Return from when a candidate surely was a backup, even if it has been found broken since.

        :data:`FOREVER`: never.
        """
        return next((span.start for span in self.there(row, surely=True, until_gone=False, as_made=True)), FOREVER)

    def doubt_at(self, row: int, t: int = FOREVER - 1) -> Doubt | None:
        """Return why a candidate does not surely count right after ``t``, or in the end; None: it does.

        What is certain comes first.
        """
        if why := self.why_not.get(row):
            return Doubt(why, certain=True)
        if row not in self.doubts:
            return None
        there = [one for one in self.doubts[row] if one.during.includes(t)]
        return min(there, key=lambda one: not one.certain, default=None)

    def rejecting(self, reasons: Mapping[int, str]) -> Points:
        """Return the same candidates, of which those in ``reasons`` do not count; an earlier reason stands."""
        return replace(self, why_not={**reasons, **self.why_not}) if reasons else self

    def doubting(self, doubts: Mapping[int, Sequence[Doubt]]) -> Points:
        """Return the same candidates with further ``doubts``, by row, after those that were there."""
        if not doubts:
            return self
        more = {row: (*self.doubts.get(row, ()), *those) for row, those in doubts.items() if row not in self.why_not}
        return replace(self, doubts={**self.doubts, **more})


Row = tuple[Points, int]
"""A recovery point: the columns that it lies in, and its row there."""
