"""The slots that decide how many copies there were: which points each holds, and how many copies of them.

A copy must have arrived within ``within`` of its own ``data_as_of``, which lies at most ``matching`` after the slot. At
each instant only what had arrived by then counts: a point that comes late may have had its copies in time, but changes
no answer about before. A slot that holds no recovery point is passed over; whether one was made is another
commitment's matter.
"""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass

from drcheck.core import calendar
from drcheck.core.copies import Row
from drcheck.core.evidence import FOREVER, LONG_AGO
from drcheck.core.farapart import Counting, Found
from drcheck.core.needs import SLOT_LENGTH
from drcheck.core.promises import Copies
from drcheck.core.spans import Span, union
from drcheck.core.terms import Part, Subject, Terms
from drcheck.core.verdict import Status, Window


@dataclass(frozen=True, slots=True)
class SlotOfCopies:
    """One slot, and the recovery points that it holds."""

    slot: calendar.Slot
    due: int
    rows: tuple[Row, ...]
    """The points that may lie in it."""
    held_from: int
    """From when it surely holds a point; ``FOREVER``: never."""
    may_hold_from: int
    best: Row | None
    """The point that surely had the most copies, of those that had come by the window's end."""
    copies: Found
    met_from: int
    """From when on, once it is due, a point of it surely had its copies; ``FOREVER``: never."""
    may_be_met_from: int
    """From when on one may have had."""
    known: tuple[tuple[Part, int], ...]
    """Until when all that came, with data of then or of just before, has been seen, by where."""
    settled: int
    """After this nothing that comes can be a copy in time of anything in it."""

    def status_at(self, t: int) -> Status:
        """Return what it says right after ``t``, if it decides then."""
        if t >= self.met_from:
            return Status.MET
        return Status.UNKNOWN if t >= self.may_be_met_from else Status.BREACHED

    def unproved(self, t: int) -> tuple[Part, ...]:
        """Return where copies in time may have come unseen by ``t``."""
        return tuple(part for part, until in self.known if until <= min(t, self.settled - 1))


@dataclass(frozen=True, slots=True)
class DecidingSlots:
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
            if t < slot.may_hold_from:
                continue  # it holds no recovery point: another one decides
            newest, status = newest or slot, slot.status_at(t)
            if status is not newest.status_at(t) or status is Status.UNKNOWN:
                return Status.UNKNOWN, newest
            if t >= slot.held_from:
                return status, newest
        if newest is not None:
            return Status.UNKNOWN, newest  # it may hold nothing, and then nothing decides
        if t < self.first_due:
            return None, None
        begun = t < self.none_older_until and any(slot.held_from <= t < slot.due for slot in self.slots)
        return (None if begun else Status.UNKNOWN), None

    def changes(self) -> Iterator[int]:
        """Yield every instant at which the status may change."""
        yield from (self.first_due, self.none_older_until)
        for slot in self.slots:
            yield from (slot.due, slot.held_from, slot.may_hold_from, slot.met_from, slot.may_be_met_from)


def deciding_slots(
    commitment: Copies, at_least: int, counting: Counting, subject: Subject, terms: Terms, window: Window
) -> DecidingSlots:
    """Return the slots that decide about ``window``, with the points that each holds."""
    owed = Span(max(terms.binds.start, LONG_AGO if terms.effective is None else terms.effective), terms.binds.end)
    longest = SLOT_LENGTH[commitment.per] + calendar.DAY
    due = window.start - commitment.within - longest
    known = Span(_since(subject, owed, due, window.start, longest), min(window.end, owed.end))
    stretches = [
        slot for slot in _unlike(commitment, terms, subject, known, due, longest) if owed.start <= slot.start < owed.end
    ]
    starts = [slot.start for slot in stretches]
    rows: list[list[Row]] = [[] for _ in stretches]
    for part in subject.parts:
        points = part.points
        for row in points.counted():
            first = max(bisect_right(starts, points.data_lo[row]) - 1, 0)
            for index in range(first, bisect_right(starts, points.data_hi[row])):
                if points.data_lo[row] < stretches[index].end:
                    rows[index].append((points, row))
    slots = [
        _slot(slot, held, commitment, at_least, counting, subject, window)
        for slot, held in zip(stretches, rows, strict=True)
    ]
    first_due, oldest = LONG_AGO, LONG_AGO
    if owed.start > LONG_AGO:
        begins = calendar.slots(commitment.per, terms.zone, owed.start, owed.start + 2 * longest)
        earliest = next(slot for slot in begins if slot.start >= owed.start)
        first_due = earliest.end + commitment.within if earliest.start < owed.end else FOREVER
        oldest = earliest.start - commitment.matching
    none_older_until = min((part.absence.arrivals_known_until(oldest) for part in subject.parts), default=LONG_AGO)
    # Where it is proved that a slot holds nothing, nothing can be said of it.
    slots = [slot for slot in slots if slot.may_hold_from < window.end]
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
    counting: Counting,
    subject: Subject,
    window: Window,
) -> SlotOfCopies:
    due = slot.end + commitment.within
    settled = due + commitment.matching
    back, last = slot.start - commitment.matching, window.end - 1
    inside = [
        (points, row) for points, row in rows if slot.start <= points.data_lo[row] and points.data_hi[row] < slot.end
    ]
    known = tuple((part, part.absence.arrivals_known_until(back)) for part in subject.parts)

    def best(t: int) -> tuple[Row | None, Found]:
        most, found = None, Found(0, ())
        for points, row in inside:
            if points.available_hi[row] > t:
                continue
            copies = counting.surely((points, row), t)
            if most is None or copies.number > found.number:
                most, found = (points, row), copies
            if found.number == counting.ceiling:
                break
        return most, found

    def possible(t: int) -> int:
        unseen = [part.points.source for part, until in known if until <= min(t, settled - 1)]
        chances = [counting.possibly(anchor, unseen, t) for anchor in rows if anchor[0].available_lo[anchor[1]] <= t]
        if any(until <= t for _, until in known):
            # A point of it that nobody saw may have been a copy of what lies around.
            around = counting.touching(back, slot.end + commitment.matching)
            chances += [counting.possibly(copy, unseen, t, through_unseen=True) for copy in around]
            chances.append(counting.at_most(unseen))
        return max(chances, default=0)

    def changes(*, surely: bool) -> Iterator[int]:
        near = (slot.start - 2 * commitment.matching, slot.end + 2 * commitment.matching)
        for points, row in (*rows, *counting.touching(*near)):
            yield (points.available_hi if surely else points.available_lo)[row]
        yield from () if surely else (until for _, until in known)

    def first(enough: Callable[[int], bool], *, surely: bool) -> int:
        """Return the first instant from the due one on at which there were enough; there are never fewer later."""
        if enough(due) or due > last:
            return due
        if not enough(last):
            return FOREVER
        return next(t for t in sorted({*changes(surely=surely), last}) if t > due and enough(t))

    met_from = first(lambda t: best(t)[1].number >= at_least, surely=True)
    most, copies = best(last)
    return SlotOfCopies(
        slot,
        due,
        tuple(rows),
        held_from=min((points.available_hi[row] for points, row in inside), default=FOREVER),
        may_hold_from=min(
            (*(points.available_lo[row] for points, row in rows), *(until for _, until in known)), default=FOREVER
        ),
        best=most,
        copies=copies,
        met_from=met_from,
        may_be_met_from=due if met_from == due else first(lambda t: possible(t) >= at_least, surely=False),
        known=known,
        settled=settled,
    )
