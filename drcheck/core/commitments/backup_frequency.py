"""Backups are made often enough: slots are counted, not objects.

A point belongs to the slot that holds its ``data_as_of``. The status at t is that of the newest slot due at t: met if
enough of its points had become available by t, even if they are gone since.
"""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import partial
from itertools import pairwise

from drcheck.core import calendar, doubt, words
from drcheck.core.commitments.common import at_risk, warn_at
from drcheck.core.copies import Number, Numbers
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


_Stretch = tuple[str, int, int, int, int]
"""Label, first instant, start, end and due of a slot."""


@dataclass(frozen=True, slots=True)
class _Filled:
    """One slot, and when it came to hold its points."""

    label: str
    begins: int
    """Its first instant, by which it falls under a wording; a schedule's slot holds data from a little before."""
    start: int
    end: int
    due: int
    proved_until: int
    """Until when every point of it that had become available has been seen."""
    surely: tuple[Row, ...]
    """The points that belong to it, whatever the instant of their data."""
    rows: tuple[Row, ...]
    """The points that may belong to it."""
    owed: int
    """How many points it must hold."""
    matching: int
    surely_from: int
    """From when it surely holds a point; ``FOREVER``: never."""
    maybe_from: int
    numbers: Numbers | None
    """How many points it holds while it decides; None: one is enough, whatever is a copy of what."""

    def number(self, t: int) -> Number:
        """Return how many recovery points it held, surely and possibly, right after ``t``."""
        return Numbers.of(self.surely, self.rows, self.matching, t, t).at(t)

    def status_at(self, t: int) -> Status:
        held = self._held(t)
        if held.surely >= self.owed:
            return Status.MET
        return Status.BREACHED if held.possibly < self.owed and t < self.proved_until else Status.UNKNOWN

    def changes(self) -> Iterator[int]:
        """Yield every instant, from when it is due on, at which its status may change."""
        yield self.due
        if self.surely_from > self.due or self.owed > 1:  # else it is met for as long as it decides
            yield self.proved_until
            yield from (self.surely_from, self.maybe_from) if self.numbers is None else self.numbers.times

    def _held(self, t: int) -> Number:
        if self.numbers is not None:
            return self.numbers.at(t)
        return Number(int(t >= self.surely_from), int(t >= self.maybe_from))


def _slots(commitment: Frequency, subject: Subject, terms: Terms, window: Window, grace: int) -> Finding:
    # Slots that begin before the agreement owe nothing, and each is judged by the wording in force when it began.
    owed_from = terms.binds.start if terms.effective is None else max(terms.binds.start, terms.effective)
    stretches = [one for one in _stretches(commitment, terms, window, grace) if owed_from <= one[1] < terms.binds.end]
    filled = _fill(commitment, subject, terms, window, stretches)
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

    pieces = cut(window, (t for slot in filled for t in slot.changes()), status_at, reason_at)
    last = window.end - 1
    deciding = newest_due(last)
    held = None if deciding is None else deciding.number(last).surely
    risky = any(
        slot.start < window.end <= slot.due
        and slot.number(last).surely < commitment.at_least
        and slot.due - window.end <= (slot.end - slot.start) * warn_at(commitment)
        for slot in filled
    )
    return Finding(
        of=subject.of,
        pieces=pieces,
        reason=reason_at(last),
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
    last = as_of - 1
    if deciding is not None and deciding.status_at(last) is not Status.MET:
        return deciding.due
    lacking = (slot.due for slot in filled if slot.due >= as_of and slot.number(last).surely < slot.owed)
    return next(lacking, None)


def _reason(slot: _Filled, t: int, commitment: Frequency, subject: Subject) -> str:
    status, (held, perhaps) = slot.status_at(t), slot.number(t)
    if status is Status.UNKNOWN:
        if perhaps >= slot.owed:
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
    dated = points.data_lo[index] == points.data_hi[index] or slot.owed == 1  # else it may be a copy of another one
    return not inside or not dated or points.available_hi[index] > t


def _fill(
    commitment: Frequency, subject: Subject, terms: Terms, window: Window, stretches: Sequence[_Stretch]
) -> list[_Filled]:
    """Return the slots that decide about ``window``, with the points that each holds."""
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
    filled: list[_Filled] = []
    for index, (stretch, surely, possibly) in enumerate(zip(stretches, sure, maybe, strict=True)):
        label, begins, start, end, due = stretch
        until = stretches[index + 1][-1] if index + 1 < len(stretches) else FOREVER
        numbers = None
        if commitment.at_least > 1:
            since = max(min(due, window.end - 1), window.start)
            numbers = Numbers.of(surely, possibly, terms.matching, since, min(until, window.end))
        filled.append(
            _Filled(
                label,
                begins,
                start,
                end,
                due,
                proved_until=min((part.absence.arrivals_known_until(start) for part in subject.parts), default=start),
                surely=tuple(surely),
                rows=tuple(possibly),
                owed=commitment.at_least,
                matching=terms.matching,
                surely_from=min((points.available_hi[row] for points, row in surely), default=FOREVER),
                maybe_from=min((points.available_lo[row] for points, row in possibly), default=FOREVER),
                numbers=numbers,
            )
        )
    return filled


def _stretches(commitment: Frequency, terms: Terms, window: Window, grace: int) -> list[_Stretch]:
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
