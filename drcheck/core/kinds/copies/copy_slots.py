"""The slots that decide how many copies there were: which points each holds, and how many copies of them.

A copy must have arrived within ``within`` of its own ``data_as_of``, which lies at most ``matching`` after the slot. At
each instant only what had arrived by then counts: a point that comes late may have had its copies in time, but changes
no answer about before. A slot that holds no recovery point is passed over; whether one was made is another
commitment's matter.
"""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Callable, Iterator, Sequence
from itertools import pairwise

from msgspec import Struct

from drcheck.core.evaluation.by_slot import BySlot, Ruler
from drcheck.core.evaluation.exposure import presence
from drcheck.core.evaluation.inputs import Subject, Terms
from drcheck.core.history.part import Part
from drcheck.core.kinds.copies.commitment import Copies
from drcheck.core.kinds.copies.distinct_copies import CopyCounter, CountedCopies
from drcheck.core.model.evidence import FOREVER, LONG_AGO
from drcheck.core.model.points import Row
from drcheck.core.model.status import Status
from drcheck.core.model.verdict import Window
from drcheck.core.time import calendar
from drcheck.core.time.spans import Span, Spans, covers, includes, union


class SlotOfCopies(Struct, frozen=True):
    """One slot, and the recovery points that it holds."""

    slot: calendar.Slot
    due: int
    rows: tuple[Row, ...]
    """The points that may lie in it."""
    held: Spans
    """When a point of it had surely come, and counted when it was made: one found broken since still decides."""
    may_hold: Spans
    best: Row | None
    """The point that surely had the most copies, of those that had come by the window's end."""
    copies: CountedCopies
    met: Spans
    """When, once it is due, a point of it surely had its copies."""
    may_be_met: Spans
    """When one may have had."""
    known: tuple[tuple[Part, int], ...]
    """Until when all that came, with data of then or of just before, has been seen, by where."""
    settled: int
    """After this nothing that comes can be a copy in time of anything in it."""

    def status_at(self, t: int) -> Status:
        """Return what it says right after ``t``, if it decides then."""
        if includes(self.met, t):
            return Status.MET
        return Status.UNKNOWN if includes(self.may_be_met, t) else Status.BREACHED

    def unproved(self, t: int) -> tuple[Part, ...]:
        """Return where copies in time may have come unseen by ``t``."""
        return tuple(part for part, until in self.known if until <= min(t, self.settled - 1))


class DecidingSlots(Struct, frozen=True):
    """The slots that decide about a window, oldest first."""

    slots: Sequence[SlotOfCopies]
    dues: Sequence[int]
    first_due: int
    """Before this nothing can be owed."""
    none_older_until: int
    """Until when it is proved that no slot at all, however long ago, holds anything that nobody saw."""

    def at(self, t: int) -> tuple[Status | None, SlotOfCopies | None]:
        """Return the status right after ``t``, and the slot that it rests on."""
        newest: SlotOfCopies | None = None
        for index in range(bisect_right(self.dues, t) - 1, -1, -1):
            slot = self.slots[index]
            if not includes(slot.may_hold, t):
                continue  # it holds no recovery point: another one decides
            newest, status = newest or slot, slot.status_at(t)
            if status is not newest.status_at(t) or status is Status.UNKNOWN:
                return Status.UNKNOWN, newest
            if includes(slot.held, t):
                return status, newest
        if newest is not None:
            return Status.UNKNOWN, newest  # it may hold nothing, and then nothing decides
        if t < self.first_due:
            return None, None
        begun = t < self.none_older_until and any(includes(slot.held, t) for slot in self.slots)
        return (None if begun else Status.UNKNOWN), None

    def changes(self) -> Iterator[int]:
        """Yield every instant at which the status may change."""
        yield from (self.first_due, self.none_older_until)
        for slot in self.slots:
            yield slot.due
            for spans in (slot.held, slot.may_hold, slot.met, slot.may_be_met):
                for span in spans:
                    yield from span


def deciding_slots(
    commitment: Copies, at_least: int, counting: CopyCounter, subject: Subject, terms: Terms, window: Window
) -> DecidingSlots:
    """Return the slots that decide about ``window``, with the points that each holds."""
    owed = Span(max(terms.binds.start, LONG_AGO if terms.effective is None else terms.effective), terms.binds.end)
    longest = commitment.per.length + calendar.DAY
    due = window.start - commitment.within - longest
    known = Span(_since(subject, owed, due, window.start, longest), min(window.end, owed.end))
    stretches = [slot for slot in _unlike(commitment, terms, subject, known, due, longest) if owed.includes(slot.start)]
    by_slot = BySlot(subject.parts, Ruler(stretches))
    slots = [
        _slot(slot, by_slot.rows(index), commitment, at_least, counting, subject, window)
        for index, slot in enumerate(stretches)
    ]
    first_due, oldest = LONG_AGO, LONG_AGO
    if owed.start > LONG_AGO:
        begins = calendar.slots(commitment.per, terms.zone, owed.start, owed.start + 2 * longest)
        earliest = next(slot for slot in begins if slot.start >= owed.start)
        first_due = earliest.end + commitment.within if earliest.start < owed.end else FOREVER
        oldest = earliest.start - commitment.matching
    none_older_until = min((part.absence.arrivals_known_until(oldest) for part in subject.parts), default=LONG_AGO)
    # Where it is proved that a slot holds nothing, nothing can be said of it.
    slots = [slot for slot in slots if any(span.start < window.end for span in slot.may_hold)]
    return DecidingSlots(slots, [slot.due for slot in slots], first_due, none_older_until)


def _since(subject: Subject, owed: Span, due: int, start: int, longest: int) -> int:
    """Return from when on slots must be known: from the newest one that decides at the window's ``start`` already.

    A slot with data of before ``due`` is due by then, whatever its length; one that begins before what is owed ends
    may hold data of later.
    """
    oldest = min(due, owed.end) - longest
    newest: int | None = None
    for part in subject.parts:
        points = part.points
        for row in points.counted():
            data = points.data_lo[row]
            oldest = min(oldest, data)
            settled = data == points.data_hi[row] and data < due and points.available_hi[row] <= start
            settled = settled and row not in points.doubts
            if settled and owed.start + longest <= data < owed.end and (newest is None or data > newest):
                newest = data
    return oldest if newest is None else newest


def _unlike(
    commitment: Copies, terms: Terms, subject: Subject, known: Span, due: int, longest: int
) -> Iterator[calendar.Slot]:
    """Yield the slots of ``known`` that may differ from the one before, oldest first.

    Of slots long due, with nothing near and no look either, each is like the other: one of a run stands for all of it.
    """
    marks = [Span(min(due, known.end), known.end)]
    for part in subject.parts:
        points, kept = part.points, part.absence.thinned_after or 0
        data = (Span(points.data_lo[row], points.data_hi[row]) for row in points.counted())
        marks += (span for span in data if span.start < due)
        for begin, asked in part.absence.complete:
            marks += (Span(at, at) for at in (begin, begin - commitment.within, begin - kept, asked) if at < due)
    margin = longest + 2 * commitment.matching
    near = (Span(max(mark.start - margin, known.start), min(mark.end + margin, known.end)) for mark in marks)
    found: dict[int, calendar.Slot] = {}
    for span in union(near):
        found.update((slot.start, slot) for slot in calendar.slots(commitment.per, terms.zone, *span))
    yield from found.values()


def _slot(
    slot: calendar.Slot,
    rows: list[Row],
    commitment: Copies,
    at_least: int,
    counting: CopyCounter,
    subject: Subject,
    window: Window,
) -> SlotOfCopies:
    due = slot.end + commitment.within
    settled = due + commitment.matching
    back, last = slot.start - commitment.matching, window.end - 1
    inside = [(points, row) for points, row in rows if points.lies_within(row, slot.start, slot.end)]
    known = tuple((part, part.absence.arrivals_known_until(back)) for part in subject.parts)

    def best(t: int) -> tuple[Row | None, CountedCopies]:
        most, found = None, CountedCopies(0, ())
        for points, row in inside:
            if points.available_hi[row] > t or not points.counts_at(row, t, surely=True):
                continue
            copies = counting.surely((points, row), t)
            if most is None or copies.number > found.number:
                most, found = (points, row), copies
            if found.number == counting.ceiling:
                break
        return most, found

    def possible(t: int) -> int:
        unseen = [part.points.source for part, until in known if until <= min(t, settled - 1)]
        chances = [
            counting.possibly((points, row), unseen, t)
            for points, row in rows
            if points.available_lo[row] <= t and points.counts_at(row, t, surely=False)
        ]
        if any(until <= t for _, until in known):
            # A point of it that nobody saw may have been a copy of what lies around.
            around = counting.touching(back, slot.end + commitment.matching)
            chances += [
                counting.possibly((points, row), unseen, t, through_unseen=True)
                for points, row in around
                if points.counts_at(row, t, surely=False)
            ]
            chances.append(counting.at_most(unseen))
        return max(chances, default=0)

    near = (*rows, *counting.touching(slot.start - 2 * commitment.matching, slot.end + 2 * commitment.matching))
    doubted = [one for points, row in near for one in points.doubts.get(row, ())]

    def changes(*, surely: bool) -> Iterator[int]:
        for points, row in near:
            yield (points.available_hi if surely else points.available_lo)[row]
        for one in doubted:
            yield from one.during
        yield from () if surely else (until for _, until in known)

    def when(enough: Callable[[int], bool], *, surely: bool) -> Spans:
        """Return when, from the due instant on, there were enough."""
        # Without doubts there are never fewer later.
        if due > last or (not doubted and enough(due)):
            return (Span(due, FOREVER),)
        if not doubted and not enough(last):
            return ()
        marks = sorted({due, last, *(t for t in changes(surely=surely) if due < t < last)})
        if not doubted:
            return (Span(next(t for t in marks if enough(t)), FOREVER),)
        return union(Span(t, after) for t, after in pairwise([*marks, FOREVER]) if enough(t))

    met = when(lambda t: best(t)[1].number >= at_least, surely=True)
    most, copies = best(last)
    holds = presence(rows, surely=False, until_gone=False, as_made=True)
    return SlotOfCopies(
        slot,
        due,
        tuple(rows),
        held=presence(inside, surely=True, until_gone=False, as_made=True),
        may_hold=union((*holds, *(Span(until, FOREVER) for _, until in known))),
        best=most,
        copies=copies,
        met=met,
        may_be_met=met if covers(met, due, FOREVER) else when(lambda t: possible(t) >= at_least, surely=False),
        known=known,
        settled=settled,
    )
