"""Sightings as columns: most are told wholly by a row of instants, and need not become objects to be judged."""

from __future__ import annotations

from array import array
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from msgspec import Struct, field

from drcheck.core.history.sightings import Sighting
from drcheck.core.model.equal_texts import EqualTexts, joined
from drcheck.core.model.evidence import Candidate


def _column() -> array[int]:
    return array("q")


class SightingTable(Struct, frozen=True):
    """Sightings as columns of one length; see :class:`Sighting` for what they mean."""

    name: Sequence[str] = ()
    of: Sequence[str] = ()
    kind: Sequence[str] = ()
    data_lo: array[int] = field(default_factory=_column)
    data_hi: array[int] = field(default_factory=_column)
    available_lo: array[int] = field(default_factory=_column)
    available_hi: array[int] = field(default_factory=_column)
    size: array[int] = field(default_factory=_column)
    checksum: Sequence[str] = ()
    first_seen: array[int] = field(default_factory=_column)
    last_seen: array[int] = field(default_factory=_column)
    gone_lo: array[int] = field(default_factory=_column)
    gone_hi: array[int] = field(default_factory=_column)
    special: Mapping[int, Sighting] = field(default_factory=dict)
    """Row to what a row of these columns does not tell wholly."""

    def __len__(self) -> int:
        return len(self.name)

    def sighting(self, row: int) -> Sighting:
        """Return one row as the object that it stands for."""
        if (seen := self.special.get(row)) is not None:
            return seen
        span = self.data_lo[row], self.data_hi[row], self.available_lo[row], self.available_hi[row]
        shown = Candidate(
            self.name[row], self.of[row], self.kind[row], *span, self.size[row], self.checksum[row], complete=True
        )
        return Sighting(shown, *span, self.first_seen[row], self.last_seen[row], self.gone_lo[row], self.gone_hi[row])

    def only(self, rows: Sequence[int]) -> SightingTable:
        """Return the columns of these rows, which are in order, and none of which is special."""
        if len(rows) == len(self):
            return self
        if rows and rows[-1] - rows[0] == len(rows) - 1:  # they follow each other, as mostly
            return SightingTable(*(column[rows[0] : rows[-1] + 1] for column in _all_but_special(self)))
        return SightingTable(*(_picked(column, rows) for column in _all_but_special(self)))

    @classmethod
    def joined(cls, tables: Sequence[SightingTable]) -> SightingTable:
        """Return the rows of several tables, none of which has special ones, one after the other."""
        held = [table for table in tables if len(table)] or tables[:1]
        if len(held) == 1:
            return held[0]
        several = zip(*map(_all_but_special, held), strict=True)
        return SightingTable(*map(_joined, several))


def _picked(column: Sequence[Any], rows: Iterable[int]) -> Any:
    values = (column[row] for row in rows)
    return array(column.typecode, values) if isinstance(column, array) else list(values)


def _joined(columns: Sequence[Sequence[Any]]) -> Any:
    if isinstance(columns[0], EqualTexts):
        return joined(columns)
    found = columns[0][:] if isinstance(columns[0], array) else list(columns[0])
    for column in columns[1:]:
        found.extend(column)
    return found


def _all_but_special(table: SightingTable) -> list[Any]:
    return [getattr(table, name) for name in SightingTable.__struct_fields__[:-1]]
