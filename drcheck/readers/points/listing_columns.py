"""What a listing shows that may be a backup, as columns: a place has millions of names, and most are plain."""

from __future__ import annotations

from array import array
from collections.abc import Iterator, Mapping
from typing import Final

from drcheck.core.model.evidence import LONG_AGO, FactValue
from drcheck.core.names.matching import NameReading
from drcheck.interfaces import Entry

Row = tuple[NameReading, Entry]
"""What a name tells, and what the place tells of it."""
_WHOLE: Final = NameReading("", "", 0, 0)[4:]
"""The rest of what a name tells that is a backup by itself."""
_PLAIN: Final = Entry("", 0, 0, 0, 0)[7:]
"""The rest of what a place tells of what has one name, and no version."""


class ListingColumns(Mapping[str, Row]):
    """Name to what may be a backup, in the order in which it was listed.

    One that is a backup by itself, of an instant that its name tells, is a row of the columns, and no object stays of
    it; any other is kept as it came.
    """

    def __init__(self) -> None:
        """Begin without any."""
        self._at: dict[str, int | Row] = {}
        self.of: list[str] = []
        self.kind: list[str] = []
        self.checksum: list[str] = []
        self._archived: list[FactValue | None] = []
        self.data_lo, self.data_hi, self.size = array("q"), array("q"), array("q")
        self.arrived_lo, self.arrived_hi, self.modified = array("q"), array("q"), array("q")

    def put(self, named: NameReading, entry: Entry) -> None:
        """Add a name, or what is told of it now."""
        if named.data_lo is None or named.data_hi is None or named[4:] != _WHOLE or entry[7:] != _PLAIN:
            self._at[entry.name] = named, entry
            return
        self._at[entry.name] = len(self.of)
        self.of.append(named.of)
        self.kind.append(named.kind)
        self.data_lo.append(named.data_lo)
        self.data_hi.append(named.data_hi)
        self.size.append(entry.size)
        self.arrived_lo.append(entry.arrived_lo)
        self.arrived_hi.append(entry.arrived_hi)
        self.modified.append(entry.modified)
        self.checksum.append(entry.checksum)
        self._archived.append(entry.archived)

    def plain(self) -> dict[str, int]:
        """Return the rows of the columns, by name."""
        return {name: row for name, row in self._at.items() if isinstance(row, int)}

    def others(self) -> list[str]:
        """Return the names that are no row of the columns."""
        return [name for name, row in self._at.items() if not isinstance(row, int)]

    def newest(self, sets: tuple[str, ...]) -> dict[str, int]:
        """Return the newest data of each data set, by the place's own time where a name tells none."""
        found = dict.fromkeys(sets, LONG_AGO)
        for row in self._at.values():
            if isinstance(row, int):
                of, data = self.of[row], self.data_hi[row]
            else:
                of, data = row[0].of, row[1].modified if row[0].data_hi is None else row[0].data_hi
            found[of] = max(found[of], data)
        return found

    def last_modified(self) -> int:
        """Return the newest time that the place shows for any; ``LONG_AGO``: there is none."""
        times = (self.modified[row] if isinstance(row, int) else row[1].modified for row in self._at.values())
        return max(times, default=LONG_AGO)

    def archived(self) -> Iterator[tuple[str, FactValue | None, int]]:
        """Yield the name of each, whether it lies in an archive tier, and the time that the place shows for it."""
        for name, row in self._at.items():
            if isinstance(row, int):
                yield name, self._archived[row], self.modified[row]
            else:
                yield name, row[1].archived, row[1].modified

    def __getitem__(self, name: str) -> Row:
        row = self._at[name]
        if not isinstance(row, int):
            return row
        named = NameReading(self.of[row], self.kind[row], self.data_lo[row], self.data_hi[row])
        times = self.arrived_lo[row], self.arrived_hi[row], self.modified[row]
        return named, Entry(name, self.size[row], *times, self.checksum[row], self._archived[row])

    def __delitem__(self, name: str) -> None:
        del self._at[name]

    def __contains__(self, name: object) -> bool:
        return name in self._at

    def __iter__(self) -> Iterator[str]:
        return iter(self._at)

    def __len__(self) -> int:
        return len(self._at)
