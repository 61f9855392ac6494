"""A source's history turned into the parts that evaluators judge: columns of what counts, and what absence proves.

Stretches of old data that are not in memory are read as columns, and only what columns do not tell wholly, or what has
the same content as something else, becomes an object.
"""

from __future__ import annotations

from array import array
from bisect import bisect_left
from collections import Counter
from collections.abc import Mapping, Sequence
from collections.abc import Set as AbstractSet

from msgspec import Struct, field
from msgspec.structs import replace

from drcheck.core import integer_columns
from drcheck.core.history.absence import Absence
from drcheck.core.history.likeness import Reading, readings
from drcheck.core.history.look_order import in_order
from drcheck.core.history.part import Part
from drcheck.core.history.point_columns import columns
from drcheck.core.history.same_content import alike_in
from drcheck.core.history.sealed_stretches import hashed
from drcheck.core.history.sighting_table import SightingTable
from drcheck.core.history.sightings import STRETCH, Sighting
from drcheck.core.history.source_history import SIZES, History
from drcheck.core.model.evidence import FOREVER, LONG_AGO, Look
from drcheck.core.model.policy import Source


def parts_of(
    history: History, source: Source, *, clock_tolerance: int, since: int = LONG_AGO, until: int = FOREVER
) -> dict[str, Part]:
    """Return the source's share of each data set, with what the looks prove about what they did not show.

    Candidates with data older than ``since``, the oldest that the question needs, are left out, but for as long
    before the newest one that counts as its size is compared with: the age of what stopped long ago is still told. The
    question ends at ``until``: what was shown right before it is not said to be unseen since, and what has data of
    then or later, came then and was first shown then is left out.
    """
    known = _Known(history)
    newest = known.newest(until, until, enough=since + SIZES)
    oldest = {of: min(since, newest.get(of, FOREVER) - SIZES) for of in source.of}
    needed = {of: known.needed(of, oldest[of], until) for of in source.of}
    as_one, *others = readings(source)
    if as_one.second_names:
        known.set_alike_apart(needed)
    proof = _Proof(history, source, until)
    last = history.looks[-1] if history.looks else None
    gap = next((gap.what for gap in last.gaps if gap.hides), "") if last else ""
    unasked = {gap.fact: gap.what for gap in last.gaps if gap.fact} if last else {}

    def read(of: str, sightings: Sequence[Sighting], reading: Reading) -> Part:
        points = columns(
            source, of, sightings, needed[of].plain, proof.unseen_from, reading,
            last_shown=history.newest_shown, complete_looks=proof.complete_looks, clock_tolerance=clock_tolerance,
        )  # fmt: skip
        if source.seen_every:
            points = replace(points, taken_until=proof.looked.taken.end)
        fast = history.turnovers.get((of, bool(reading.apart))) or history.turnovers.get((of, False))
        return Part(points, proof.absence(fast), gap, unasked)

    found: dict[str, Part] = {}
    for of, its in needed.items():
        sightings = [*its.sightings, *(seen for seen in its.alike if seen.oldest < until)]
        found[of] = read(of, sightings, as_one)
        if later := [seen for seen in its.alike if seen.oldest >= until]:
            found[of] = replace(found[of], copied_since=read(of, [*sightings, *later], as_one).points)
        for other in others:
            if why := alike_in(source, sightings, other, clock_tolerance=clock_tolerance):
                found[of] = replace(found[of], otherwise=read(of, sightings, other), alike=why)
    for of, part in found.items():
        if next(part.points.counted(), None) is not None:
            continue
        if (older := known.newest(min(oldest[of], until), until).get(of)) is not None:
            # Twice as far back each time, so that what never counted is not read over and over.
            further = min(older - SIZES, 2 * oldest[of] - known.newest(until, until)[of])
            alone = replace(source, of=(of,))
            found |= parts_of(history, alone, clock_tolerance=clock_tolerance, since=further, until=until)
    return found


class _Needed(Struct):
    """What a question needs of one data set."""

    plain: SightingTable = field(default_factory=SightingTable)
    """What a row of columns tells wholly, and has no content of something else."""
    sightings: list[Sighting] = field(default_factory=list)
    alike: list[Sighting] = field(default_factory=list)
    """What is needed for its content alone, which is that of something needed, however old or new it is."""
    rows: dict[int | None, Sequence[int]] = field(default_factory=dict)
    """Stretch to the rows of its table that are in ``plain``; None: to those of what is in memory."""

    def marks(self) -> Counter[str]:
        """Return by how many each content is had."""
        columns = zip(self.plain.checksum, self.plain.size, strict=True) if any(self.plain.checksum) else ()
        had = Counter([mark for mark, size in columns if mark and size])
        for seen in self.sightings:
            had.update(seen.every_mark())
        return had

    def set_apart(self, marks: AbstractSet[str]) -> None:
        """Make objects of what has one of these contents."""
        columns = zip(self.plain.checksum, self.plain.size, strict=True)
        alike = [row for row, (mark, size) in enumerate(columns) if size and mark in marks]
        if alike:
            self.sightings += map(self.plain.sighting, alike)
            self.plain = self.plain.only(sorted(set(range(len(self.plain))).difference(alike)))


class _Known:
    """What a history holds, in memory and on its shelf."""

    def __init__(self, history: History) -> None:
        self._history = history
        self._sightings = (*history.past, *history.standing.specials())
        self._tables: dict[int | None, SightingTable] = {None: history.standing.table()}
        """By stretch; None: what is in memory."""

    def newest(self, before: int, until: int, enough: int = FOREVER) -> dict[str, int]:
        """Return the newest data older than ``before`` of each data set, of what was known of before ``until``.

        What is dated later than that is future-dated, and hides nothing that stopped long ago. Where there is something
        of ``enough`` or later, no stretch is read for what may be even newer.
        """
        found: dict[str, int] = {}

        def note(of: str, data: int) -> None:
            found[of] = max(found.get(of, LONG_AGO), data)

        for seen in self._sightings:
            if seen.shown.data_lo < before and seen.oldest < until:
                note(seen.shown.of, seen.shown.data_lo)
        for of, data in zip(self._tables[None].of, self._tables[None].data_lo, strict=True):
            if data < before:  # and so before ``until``
                note(of, data)
        for stretch, sealed in self._history.sealed.items():
            for of, its in sealed.newest.items():
                if its.oldest >= until or (its.data_lo >= before and found.get(of, LONG_AGO) >= enough):
                    continue
                older = its.data_lo if its.data_lo < before else self._newest_before(stretch, of, before, until)
                if older is not None:
                    note(of, older)
        return found

    def _newest_before(self, stretch: int, of: str, before: int, until: int) -> int | None:
        """Return the newest data older than ``before`` in a stretch, of what was known of before ``until``, if any."""
        table = self._table(stretch)
        rows = _plain(table, of, LONG_AGO, until)
        if isinstance(rows, range):
            rows = rows[: bisect_left(table.data_lo, before, rows.start, rows.stop) - rows.start][-1:]
        special = (seen for seen in table.special.values() if seen.shown.of == of and seen.oldest < until)
        data = (*(table.data_lo[row] for row in rows), *(seen.shown.data_lo for seen in special))
        return max((instant for instant in data if instant < before), default=None)

    def needed(self, of: str, oldest: int, until: int) -> _Needed:
        """Return what is needed of a data set, of data of ``oldest`` or later."""

        def is_needed(seen: Sighting) -> bool:
            if seen.shown.of != of:
                return False
            # However old, what has failed its checksum is broken until it passes one.
            return (seen.shown.data_hi >= oldest and seen.oldest < until) or seen.is_rotten

        found = _Needed(sightings=[seen for seen in self._sightings if is_needed(seen)])
        chosen: list[SightingTable] = []
        for stretch, sealed in sorted(self._history.sealed.items()):
            its = sealed.newest.get(of)
            if its is None or not (sealed.rotten or (its.oldest < until and its.data_hi >= oldest)):
                continue
            table = self._table(stretch)
            found.sightings += filter(is_needed, table.special.values())
            is_within = stretch * STRETCH >= oldest and its.data_lo < until
            found.rows[stretch] = _of(table, of) if is_within else _plain(table, of, oldest, until)
            chosen.append(table.only(found.rows[stretch]))
        # What came since the snapshot is mostly newer than all that lies in it: then the rows are in order already.
        found.rows[None] = _plain(self._tables[None], of, oldest, until)
        chosen.append(self._tables[None].only(found.rows[None]))
        found.plain = SightingTable.joined(chosen)
        return found

    def set_alike_apart(self, needed: Mapping[str, _Needed]) -> None:
        """Make objects of what has the content of something else, and add what is needed for its content alone."""
        had = {of: its.marks() for of, its in needed.items()}
        if not any(had.values()):
            return  # as where no place tells a checksum
        self._read_holding({mark for marks in had.values() for mark in marks})
        special = (seen for table in self._tables.values() for seen in table.special.values())
        sightings = (*self._sightings, *special)
        for of, its in needed.items():
            marks = had[of].keys()
            there = {id(seen) for seen in its.sightings}
            for seen in sightings:
                if seen.shown.of == of and id(seen) not in there and not marks.isdisjoint(seen.every_mark()):
                    its.alike.append(seen)
            for stretch, table in self._tables.items() if marks else ():
                chosen = {*its.rows.get(stretch, ()), *table.special}
                columns = zip(table.checksum, table.size, table.of, strict=True)
                its.alike += (
                    table.sighting(row)
                    for row, (mark, size, whose) in enumerate(columns)
                    if mark in marks and size and whose == of and row not in chosen
                )
            shared = {mark for mark, times in had[of].items() if times > 1}
            its.set_apart(shared.union(*(seen.every_mark() for seen in its.alike)))

    def _read_holding(self, marks: AbstractSet[str]) -> None:
        """Read the stretches that may hold one of some contents."""
        shelf = self._history.shelf
        unread = self._history.sealed.keys() - self._tables.keys()
        if not marks or not unread or shelf is None:
            return
        wanted = set(map(hashed, marks))
        for stretch in unread:
            if not wanted.isdisjoint(shelf.index(stretch).contents):
                self._table(stretch)

    def _table(self, stretch: int) -> SightingTable:
        if stretch not in self._tables:
            shelf = self._history.shelf
            assert shelf is not None, "what is sealed lies on a shelf"
            self._tables[stretch] = shelf.table(stretch)
        return self._tables[stretch]


def _of(table: SightingTable, of: str) -> Sequence[int]:
    """Return the rows of a data set, but for those of which columns do not tell all."""
    if not table.special and table.of.count(of) == len(table):
        return range(len(table))
    return [row for row, its in enumerate(table.of) if its == of and row not in table.special]


def _plain(table: SightingTable, of: str, oldest: int, until: int) -> Sequence[int]:
    """Return the rows of a data set that a question needs, but for those of which columns do not tell all."""
    data = table.data_lo
    if (
        not table.special
        and table.of.count(of) == len(table)
        and table.data_hi == data
        and integer_columns.never_falls(data)
    ):
        last = bisect_left(data, until)
        later = table.available_lo[last:] + table.first_seen[last:]
        if not later or integer_columns.bounds(later)[0] >= until:
            return range(bisect_left(data, oldest), last)  # rows that follow each other, as mostly
    columns = zip(table.of, table.data_lo, table.data_hi, table.available_lo, table.first_seen, strict=True)
    rows = [
        row
        for row, (its, data, newest, came, seen) in enumerate(columns)
        if its == of and newest >= oldest and (data < until or came < until or seen < until)
    ]
    return [row for row in rows if row not in table.special] if table.special else rows


class _Proof:
    """What a source's looks prove of what they did not show, for a question that ends at ``until``."""

    def __init__(self, history: History, source: Source, until: int) -> None:
        self._history, self._source, self._until = history, source, until
        self._looks = in_order(history.looks)
        self.looked = self._proved(())

    def absence(self, turnovers: Sequence[int] | None) -> Absence:
        """Return what is proved where the complete looks ``turnovers`` came too late to see all that went."""
        return self._proved(turnovers) if turnovers else self.looked

    def _proved(self, turnovers: Sequence[int]) -> Absence:
        source = self._source
        return Absence.proved_by(self._looks, source.thinned_after, turnovers, seen_every=source.seen_every)

    def complete_looks(self) -> list[tuple[int, int]]:
        """Return when each complete look before the end of the question began, and how far back it asked, in order."""
        return sorted(one for one in self._history.looks.complete() if one[0] < self._until)

    def unseen_from(self, data: array[int], last_seen: array[int]) -> array[int]:
        """Return from when on nobody knows whether what was never missed still stands.

        Given, of each, the oldest instant of its data, and the newest look that is known to have shown it.
        """
        shown = self._history.last_shown(data, last_seen)
        last = self._history.looks[-1] if self._history.looks else None
        if self._source.seen_every or (last is not None and not last.complete):
            both = zip(shown, last_seen, strict=True)
            shown = array("q", [self._unseen_from(look + 1, seen, last) - 1 for look, seen in both])
        return integer_columns.following(shown, self._until, FOREVER)

    def _unseen_from(self, shown: int, last_seen: int, last: Look | None) -> int:
        taken = self.looked.taken
        if self._source.seen_every and shown > taken.start:
            shown = max(shown, taken.end)
        elif last is not None and last.begin < shown and not last.complete and last_seen != last.begin:
            return last.begin  # the clock was set back, and by it nobody sees this any more
        return shown
