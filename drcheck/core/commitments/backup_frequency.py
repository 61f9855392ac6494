"""Backups are made often enough: slots are counted, not objects.

A point belongs to the slot that holds its ``data_as_of``. The status at t is that of the newest slot due at t: met if
enough of its points had become available by t, even if they are gone since.
"""

from __future__ import annotations

from bisect import bisect_right
from dataclasses import dataclass
from functools import partial
from itertools import pairwise

from drcheck.core import calendar, doubt, words
from drcheck.core.commitments.common import at_risk, warn_at
from drcheck.core.copies import groups
from drcheck.core.evidence import FOREVER
from drcheck.core.exposure import Exposure, Row, cite, rejected
from drcheck.core.pieces import cut, within
from drcheck.core.promises import Frequency, Per
from drcheck.core.spans import Span, covers
from drcheck.core.terms import Subject, Terms
from drcheck.core.verdict import Finding, Quantity, Status, Window

LONGEST_SLOT = 32 * calendar.DAY
"""A month and a day: no calendar slot is longer."""


def evaluate(commitment: Frequency, subject: Subject, terms: Terms, window: Window) -> Finding:
    """Judge one data set over ``window``."""
    grace = terms.grace if commitment.grace is None else commitment.grace
    if commitment.every is not None:
        return _every(commitment, commitment.every, grace, subject, terms, window)
    return _slots(commitment, subject, terms, window, grace)


def _every(commitment: Frequency, every: int, grace: int, subject: Subject, terms: Terms, window: Window) -> Finding:
    exposure = Exposure.of(subject, every + grace, terms.effective, window, until_gone=False)
    reason_at = partial(_reason_every, exposure, every)
    # Like the last slot of a wording, it decides until the next wording has a slot that is due.
    owed = Span(terms.binds.start, FOREVER)
    pieces = within(owed, cut(window, exposure.changes(), exposure.status_at, reason_at))
    measured = exposure.age_at(window.end)
    deciding = exposure.surest.before(window.end)
    headroom = None if measured is None else every - measured
    return Finding(
        of=subject.of,
        pieces=pieces,
        reason=reason_at(window.end - 1, window.end),
        objective=Quantity(every, "s"),
        measured=None if measured is None else Quantity(measured, "s"),
        headroom=None if headroom is None else Quantity(headroom, "s"),
        due_at=None if deciding is None else deciding[0].data_lo[deciding[1]] + every + grace,
        at_risk=at_risk(commitment, pieces[-1].status, headroom, every),
        evidence=(*([cite(deciding)] if deciding else []), *rejected(subject, window.start)),
    )


def _reason_every(exposure: Exposure, every: int, t: int, as_of: int | None = None) -> str:
    status, of = exposure.status_at(t), exposure.subject.of
    if status is None:
        return f"nothing is owed yet: the first backup of {of} is not due"
    row = exposure.surest.at(t)
    if status is Status.UNKNOWN:
        return exposure.why_unknown(t, f"no backup of {of} was made and deleted again")
    if row is None:
        return f"no backup of {of} that counts has ever been seen"
    data = row[0].data_lo[row[1]]
    age = "" if as_of is None else f", {words.duration(max(0, as_of - data))} ago"
    grace = words.duration(exposure.objective - every)
    owed = f"one is owed every {words.duration(every)}, with a grace of {grace}"
    return f"newest backup of {of} was begun {words.instant(data)}{age}; {owed}"


@dataclass(frozen=True, slots=True)
class _Filled:
    """One slot, and when it came to hold its points."""

    label: str
    begins: int
    """Its first instant, by which it falls under a wording; a schedule's slot holds data from a little before."""
    start: int
    end: int
    due: int
    surely_at: int
    """From when it surely holds enough points; ``FOREVER``: never."""
    maybe_at: int
    """From when it may hold enough points."""
    proved_until: int
    """Until when every point of it that had become available has been seen."""
    rows: tuple[Row, ...]
    """The points that may belong to it."""
    counts: tuple[int, ...]
    """When each of its sure points became available, oldest first."""

    def status_at(self, t: int) -> Status:
        if t >= self.surely_at:
            return Status.MET
        return Status.BREACHED if t < min(self.maybe_at, self.proved_until) else Status.UNKNOWN


def _slots(commitment: Frequency, subject: Subject, terms: Terms, window: Window, grace: int) -> Finding:
    # Slots that begin before the agreement owe nothing, and each is judged by the wording in force when it began.
    owed_from = terms.binds.start if terms.effective is None else max(terms.binds.start, terms.effective)
    filled = [
        slot for slot in _fill(commitment, subject, terms, window, grace) if owed_from <= slot.begins < terms.binds.end
    ]
    dues = [slot.due for slot in filled]

    def newest_due(t: int) -> _Filled | None:
        index = bisect_right(dues, t) - 1
        return filled[index] if index >= 0 else None

    def status_at(t: int) -> Status | None:
        slot = newest_due(t)
        return None if slot is None else slot.status_at(t)

    def reason_at(t: int) -> str:
        slot = newest_due(t)
        return "nothing is owed yet: no slot is due" if slot is None else _reason(slot, t, commitment, subject)

    changes: list[int] = []
    for slot in filled:
        changes.append(slot.due)
        if slot.surely_at > slot.due:  # else it is met for as long as it decides
            changes += (slot.surely_at, slot.maybe_at, slot.proved_until)
    pieces = cut(window, changes, status_at, reason_at)
    deciding = newest_due(window.end - 1)
    held = None if deciding is None else bisect_right(deciding.counts, window.end - 1)
    risky = any(
        slot.start < window.end <= slot.due
        and slot.surely_at >= window.end
        and slot.due - window.end <= (slot.end - slot.start) * warn_at(commitment)
        for slot in filled
    )
    return Finding(
        of=subject.of,
        pieces=pieces,
        reason=reason_at(window.end - 1),
        objective=Quantity(commitment.at_least, "points"),
        measured=None if held is None else Quantity(held, "points"),
        headroom=None if held is None else Quantity(held - commitment.at_least, "points"),
        due_at=_due_at(filled, deciding, window.end),
        at_risk=pieces[-1].status is Status.MET and risky,
        evidence=(
            *(cite(row) for row in (deciding.rows if deciding else ())),
            *rejected(subject, window.start),
        ),
    )


def _due_at(filled: list[_Filled], deciding: _Filled | None, as_of: int) -> int | None:
    """Return when the missed slot was due, else when the next one that is not filled yet will be."""
    if deciding is not None and deciding.status_at(as_of - 1) is not Status.MET:
        return deciding.due
    return next((slot.due for slot in filled if slot.due >= as_of and slot.surely_at >= as_of), None)


def _reason(slot: _Filled, t: int, commitment: Frequency, subject: Subject) -> str:
    status, held = slot.status_at(t), bisect_right(slot.counts, t)
    if status is Status.UNKNOWN:
        if t >= slot.maybe_at:
            unsure = [row for row in slot.rows if _unsure(row, slot, t)]
            if unsure:
                return f"{slot.label} may be without its backup of {subject.of}: {doubt.uncertain(*unsure[-1])}"
        unproved = [part for part in subject.parts if not covers(part.absence.arrived(slot.start), slot.start, t + 1)]
        # Where the proof ends, not where we stand: that is what a setting or another look could extend.
        seen_since = max((part.absence.last or 0 for part in subject.parts), default=0) >= t
        return f"no backup of {subject.of} of {slot.label} was seen; " + doubt.unproved(
            unproved or subject.parts,
            slot.start if seen_since else t,
            f"no backup of {subject.of} was made and deleted again",
        )
    if status is Status.MET:
        if commitment.at_least == 1:
            return f"{slot.label} has its backup of {subject.of}"
        return f"{slot.label} has {held} recovery points of {subject.of}; {commitment.at_least} are owed"
    if held == 0:
        rejects = any(
            slot.start <= part.points.data_lo[row] < slot.end for part in subject.parts for row in part.points.why_not
        )
        but = ", but one that does not count" if rejects else ""
        return f"{slot.label} has no backup of {subject.of}{but}; it was due {words.instant(slot.due)}"
    return (
        f"{slot.label} has {held} of the {commitment.at_least} recovery points of {subject.of} "
        f"that were due {words.instant(slot.due)}"
    )


def _unsure(row: Row, slot: _Filled, t: int) -> bool:
    points, index = row
    inside = slot.start <= points.data_lo[index] and points.data_hi[index] < slot.end
    return not inside or points.available_hi[index] > t


def _fill(commitment: Frequency, subject: Subject, terms: Terms, window: Window, grace: int) -> list[_Filled]:
    """Return the slots that decide about ``window``, with the points that each holds."""
    stretches = _stretches(commitment, terms, window, grace)
    starts = [start for _, _, start, _, _ in stretches]
    sure: list[list[Row]] = [[] for _ in stretches]
    maybe: list[list[Row]] = [[] for _ in stretches]
    for part in subject.parts:
        points = part.points
        data_lo, data_hi = points.data_lo, points.data_hi
        for row in points.counted():
            earliest, latest = data_lo[row], data_hi[row]
            first = bisect_right(starts, earliest) - 1
            last = first if earliest == latest else bisect_right(starts, latest) - 1
            for index in range(max(first, 0), last + 1):
                _, _, start, end, _ = stretches[index]
                if earliest < end:
                    maybe[index].append((points, row))
                    if earliest >= start and latest < end:
                        sure[index].append((points, row))
    nth = commitment.at_least - 1
    filled: list[_Filled] = []
    for (label, begins, start, end, due), surely, possibly in zip(stretches, sure, maybe, strict=True):
        counts = groups(surely, terms.matching, favourable=False)
        chances = groups(possibly, terms.matching, favourable=True)
        filled.append(
            _Filled(
                label,
                begins,
                start,
                end,
                due,
                surely_at=counts[nth] if nth < len(counts) else FOREVER,
                maybe_at=chances[nth] if nth < len(chances) else FOREVER,
                proved_until=min((part.absence.arrivals_known_until(start) for part in subject.parts), default=start),
                rows=tuple(possibly),
                counts=tuple(counts),
            )
        )
    return filled


def _stretches(commitment: Frequency, terms: Terms, window: Window, grace: int) -> list[tuple[str, int, int, int, int]]:
    """Return (label, first instant, start, end, due) of what may decide in ``window``, and of the open slot."""
    # The newest slot that was due when the window begins decides there. Where a wording binds no longer by then, its
    # last slot does, until one of the next wording is due.
    begin, end = min(window.start - grace, terms.binds.end - 1), min(window.end, terms.binds.end)
    if commitment.per is not None:
        reach = LONGEST_SLOT if commitment.per is not Per.HOUR else calendar.DAY
        found = calendar.slots(commitment.per, terms.zone, begin - 2 * reach, end + reach)
        return [(slot.label, slot.start, slot.start, slot.end, slot.end + grace) for slot in found]
    first = calendar.last_tick(commitment.schedule, terms.zone, begin)
    after = calendar.next_tick(commitment.schedule, terms.zone, end)
    ticks = calendar.ticks(commitment.schedule, terms.zone, first, after + 1)
    early = terms.clock_tolerance
    return [
        (f"the slot of {words.instant(tick)}", tick, tick - early, following - early, tick + grace)
        for tick, following in pairwise(ticks)
    ]
