"""Backups are made often enough: slots are counted, not objects.

A point belongs to the slot that holds its ``data_as_of``. The status at t is that of the newest slot due at t: met if
enough of its points had become available by t, even if they are gone since.
"""

from __future__ import annotations

from bisect import bisect_left, bisect_right
from collections.abc import Iterator, Sequence
from functools import partial
from itertools import repeat, takewhile

from msgspec import Struct

from drcheck.core import words
from drcheck.core.evaluation import why_unknown
from drcheck.core.evaluation.by_slot import BySlot
from drcheck.core.evaluation.exposure import Exposure, cite, presence, rejected
from drcheck.core.evaluation.headroom import at_risk, warn_at
from drcheck.core.evaluation.inputs import Subject, Terms
from drcheck.core.evaluation.same_point import Number, Numbers
from drcheck.core.history.part import Part
from drcheck.core.kinds.backup_frequency.commitment import Frequency
from drcheck.core.kinds.backup_frequency.owed_slots import OwedSlots, owed_slots
from drcheck.core.model.evidence import FOREVER
from drcheck.core.model.exhibit import SlotKept, Slots
from drcheck.core.model.lateness import longest_interval
from drcheck.core.model.points import Row
from drcheck.core.model.status import Status
from drcheck.core.model.verdict import Finding, Quantity, Window
from drcheck.core.time.spans import Span, Spans, covers, includes
from drcheck.core.time.timeline import cut, within


def evaluate(commitment: Frequency, subject: Subject, terms: Terms, window: Window) -> Finding:
    """Judge one data set over ``window``."""
    if commitment.every is not None:
        return _every(commitment, commitment.every, subject, terms, window)
    return _by_slots(commitment, subject, terms, window)


def _every(commitment: Frequency, every: int, subject: Subject, terms: Terms, window: Window) -> Finding:
    longest = longest_interval(every, terms.grace)
    exposure = Exposure.of(subject, longest, terms.effective, window, until_gone=False)
    reason_at = partial(_reason_every, exposure, every, terms.grace)
    # Like the last slot of a wording, it decides until the next wording has a slot that is due.
    owed = Span(terms.binds.start, FOREVER)
    pieces = within(owed, cut(window, exposure.changes(window), exposure.status_at, reason_at))
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
        due_at=None if deciding is None else deciding[0].data_lo[deciding[1]] + longest,
        at_risk=at_risk(commitment, pieces[-1].status, headroom, every),
        evidence=(*([cite(deciding)] if deciding else []), *rejected(subject, window.start)),
        exhibit=exposure.exhibit(window) if terms.exhibits else None,
    )


def _reason_every(exposure: Exposure, every: int, grace: int, t: int, as_of: int | None = None) -> str:
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
    owed = f"one is owed every {words.duration(every)}, with a grace of {words.duration(grace)}"
    return f"newest backup of {of} was begun {words.instant(data)}{age}; {owed}"


class _Filled(Struct, frozen=True):
    """One slot, and when it came to hold its points."""

    label: str
    start: int
    end: int
    due: int
    parts: Sequence[Part]
    """What all sources tell of its data set."""
    surely: Sequence[Row]
    """The points that belong to it, whatever the instant of their data."""
    rows: Sequence[Row]
    """The points that may belong to it."""
    owed: int
    """How many points it must hold."""
    matching: int
    surely_held: Spans
    """When a point of it had surely come, and counted."""
    numbers: Numbers | None
    """How many points it holds while it decides; None: one is enough, whatever is a copy of what."""

    def number(self, t: int) -> Number:
        """Return how many recovery points it held, surely and possibly, right after ``t``."""
        return Numbers.of(self.surely, self.rows, self.matching, t, t).at(t)

    def status_at(self, t: int) -> Status:
        if self.numbers is None:
            if includes(self.surely_held, t):
                return Status.MET
            may_be_held = includes(self.maybe_held(), t)
        else:
            held = self.numbers.at(t)
            if held.surely >= self.owed:
                return Status.MET
            may_be_held = held.possibly >= self.owed
        return Status.UNKNOWN if may_be_held or t >= self.proved_until() else Status.BREACHED

    def maybe_held(self) -> Spans:
        """Return when a point of it had possibly come, and counted."""
        return presence(self.rows, surely=False, until_gone=False)

    def proved_until(self) -> int:
        """Return until when every point of it that had become available has been seen."""
        return min((part.absence.arrivals_known_until(self.start) for part in self.parts), default=self.start)

    def changes(self) -> Iterator[int]:
        """Yield every instant, from when it is due on, at which its status may change."""
        yield self.due
        if self.owed > 1 or not covers(self.surely_held, self.due, FOREVER):  # else it is met for as long as it decides
            yield self.proved_until()
            held = (t for span in (*self.surely_held, *self.maybe_held()) for t in span)
            yield from held if self.numbers is None else self.numbers.times


class _Slots:
    """The slots that decide about a window, each filled when it is asked for: that most are kept is seen at once."""

    def __init__(self, commitment: Frequency, subject: Subject, terms: Terms, window: Window, plan: OwedSlots) -> None:
        self._commitment, self._subject, self._terms, self._window = commitment, subject, terms, window
        self._owed, self._dues = plan.owed, plan.dues
        self._by_slot = BySlot(subject.parts, plan.ruler)
        self._kept = self._by_slot.plainly_held(self._dues) if commitment.at_least == 1 else bytearray(len(plan.owed))
        """By slot: 1: it is met for as long as it decides."""
        self._filled: dict[int, _Filled] = {}

    def newest_due(self, t: int) -> _Filled | None:
        """Return the slot that decides right after ``t``; None: none is due."""
        index = self._decides(t)
        return self._slot(index) if index >= 0 else None

    def status_at(self, t: int) -> Status | None:
        index = self._decides(t)
        if index < 0:
            return None
        return Status.MET if self._kept[index] else self._slot(index).status_at(t)

    def changes(self) -> Iterator[int]:
        """Yield every instant within the window at which the status may change, and some others."""
        index, end = 0, bisect_left(self._dues, self._window.end)
        while index < end:
            if not self._kept[index]:
                yield from self._slot(index).changes()
                index += 1
            else:  # nothing changes from one kept slot to the next
                yield self._dues[index]
                lacking = self._kept.find(0, index, end)
                index = end if lacking < 0 else lacking

    def due_from(self, t: int) -> Iterator[_Filled]:
        """Yield the slots that are due at ``t`` or later, in order."""
        return map(self._slot, range(bisect_left(self._dues, t), len(self._dues)))

    def _decides(self, t: int) -> int:
        return bisect_right(self._dues, t) - 1

    def _slot(self, index: int) -> _Filled:
        if index in self._filled:
            return self._filled[index]
        (start, end, label), _, due = self._owed[index]
        window, by_slot = self._window, self._by_slot
        surely, possibly = by_slot.surely_within(index), by_slot.rows(index)
        owed, matching = self._commitment.at_least, self._terms.matching
        numbers = None
        if owed > 1:
            until = self._dues[index + 1] if index + 1 < len(self._dues) else FOREVER
            since = max(min(due, window.end - 1), window.start)
            numbers = Numbers.of(surely, possibly, matching, since, min(until, window.end))
        self._filled[index] = _Filled(
            label, start, end, due, self._subject.parts, surely, possibly, owed, matching,
            surely_held=presence(surely, surely=True, until_gone=False),
            numbers=numbers,
        )  # fmt: skip
        return self._filled[index]


def _by_slots(commitment: Frequency, subject: Subject, terms: Terms, window: Window) -> Finding:
    # Slots that begin before the agreement owe nothing, and each is judged by the wording in force when it began.
    owed_from = terms.binds.start if terms.effective is None else max(terms.binds.start, terms.effective)
    slots = _Slots(
        commitment, subject, terms, window, owed_slots(commitment, terms, window).bound(owed_from, terms.binds.end)
    )

    def reason_at(t: int) -> str:
        slot = slots.newest_due(t)
        return "nothing is owed yet: no slot is due" if slot is None else _reason(slot, t, commitment, subject)

    pieces = cut(window, slots.changes(), slots.status_at, reason_at)
    last = window.end - 1
    deciding = slots.newest_due(last)
    held = None if deciding is None else deciding.number(last).surely
    risky = any(
        slot.number(last).surely < commitment.at_least
        and slot.due - window.end <= (slot.end - slot.start) * warn_at(commitment)
        for slot in takewhile(lambda slot: slot.start < window.end, slots.due_from(window.end))
    )
    return Finding(
        of=subject.of,
        pieces=pieces,
        reason=reason_at(last),
        objective=Quantity(commitment.at_least, "points"),
        measured=None if held is None else Quantity(held, "points"),
        headroom=None if held is None else Quantity(held - commitment.at_least, "points"),
        due_at=_due_at(slots, deciding, window.end),
        at_risk=pieces[-1].status is Status.MET and risky,
        evidence=(
            *(cite(row) for row in (deciding.rows if deciding else ())),
            *rejected(subject, window.start),
        ),
        exhibit=_exhibit(slots, commitment, terms, window) if terms.exhibits else None,
    )


def _exhibit(slots: _Slots, commitment: Frequency, terms: Terms, window: Window) -> Slots:
    """Return the slots that fell due in ``window``, and the open one, as they stood at its end.

    What they held while they decided they keep, even if it was found broken since.
    """
    end = window.end if terms.ends is None else min(window.end, max(terms.ends, terms.binds.start))
    begun = [*takewhile(lambda slot: slot.start < end, slots.due_from(window.start))]
    decided_until = [min(end, slot.due) for slot in begun[1:]] + [end]
    return Slots(commitment.at_least, tuple(map(_kept, begun, decided_until, repeat(end - 1))))


def _kept(slot: _Filled, decided_until: int, last: int) -> SlotKept:
    held, at_due = slot.number(last), slot.number(slot.due)
    if slot.due < decided_until:
        held = max(held, slot.number(decided_until - 1), key=lambda number: (number.surely, number.possibly))
    on_time = at_due.surely >= slot.owed
    late = not on_time and at_due.possibly < slot.owed and slot.due < slot.proved_until()
    if held.surely >= slot.owed:
        # Where nobody knows whether it came in time, it is neither kept nor late.
        status: Status | None = Status.MET if on_time or late or slot.due > last else Status.UNKNOWN
    elif slot.due > last:
        status = None
    elif held.possibly >= slot.owed or last >= slot.proved_until():
        status = Status.UNKNOWN
    else:
        status = Status.BREACHED
    return SlotKept(slot.label, slot.start, slot.due, status, status is Status.MET and late, held.surely)


def _due_at(slots: _Slots, deciding: _Filled | None, as_of: int) -> int | None:
    """Return when the missed slot was due, else when the next one that is not filled yet will be."""
    last = as_of - 1
    if deciding is not None and deciding.status_at(last) is not Status.MET:
        return deciding.due
    lacking = (slot.due for slot in slots.due_from(as_of) if slot.number(last).surely < slot.owed)
    return next(lacking, None)


def _reason(slot: _Filled, t: int, commitment: Frequency, subject: Subject) -> str:
    status, (number, perhaps) = slot.status_at(t), slot.number(t)
    if status is Status.UNKNOWN:
        if perhaps >= slot.owed:
            unsure = [row for row in slot.rows if _unsure(row, slot, t)]
            if unsure:
                why = why_unknown.undecided(*unsure[-1], t, of_presence=False)
                return f"{slot.label} may be without its backup of {subject.of}: {why}"
        unproved = [part for part in subject.parts if not covers(part.absence.arrived(slot.start), slot.start, t + 1)]
        # Where the proof ends, not where we stand: that is what a setting or another look could extend.
        seen_since = max((part.absence.last or 0 for part in subject.parts), default=0) >= t
        return f"no backup of {subject.of} of {slot.label} was seen; " + why_unknown.unproved(
            unproved or subject.parts,
            slot.start if seen_since else t,
            f"no backup of {subject.of} was made and deleted again",
        )
    if status is Status.MET:
        if commitment.at_least == 1:
            return f"{slot.label} has its backup of {subject.of}"
        return f"{slot.label} has {number} recovery points of {subject.of}; {commitment.at_least} are owed"
    if number == 0:
        rejects = [
            lost.why
            for part in subject.parts
            for row in _rows_within(part, slot)
            if (lost := part.points.doubt_at(row, t)) is not None and lost.certain
        ]
        but = f", but one that does not count: {rejects[-1]}" if rejects else ""
        return f"{slot.label} has no backup of {subject.of}{but}; it was due {words.instant(slot.due)}"
    return (
        f"{slot.label} has {number} of the {commitment.at_least} recovery points of {subject.of} "
        f"that were due {words.instant(slot.due)}"
    )


def _rows_within(part: Part, slot: _Filled) -> range:
    """Return the rows of what lies in a slot by the earliest instant of its data."""
    data = part.points.data_lo
    return range(bisect_left(data, slot.start), bisect_left(data, slot.end))


def _unsure(row: Row, slot: _Filled, t: int) -> bool:
    points, index = row
    inside = points.lies_within(index, slot.start, slot.end)
    dated = points.data_lo[index] == points.data_hi[index] or slot.owed == 1  # else it may be a copy of another one
    doubted = points.doubt_at(index, t)
    if doubted is not None and doubted.certain:
        return False
    return doubted is not None or not inside or not dated or points.available_hi[index] > t
