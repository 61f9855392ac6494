"""Retention in tiers: the newest N slots that hold or held a recovery point, the open one included.

This is how tools that thin backups count (``keep-daily 30`` of restic and borg): a slot without a backup does not
use up a place.
"""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Iterable, Iterator, Sequence
from itertools import accumulate, islice

from msgspec import Struct

from drcheck.core import words
from drcheck.core.evaluation import why_unknown
from drcheck.core.evaluation.by_slot import BySlot, Ruler
from drcheck.core.evaluation.exposure import cite, rejected
from drcheck.core.evaluation.inputs import Subject, Terms
from drcheck.core.history.absence import proved_at_all
from drcheck.core.history.part import Part
from drcheck.core.model.evidence import LONG_AGO
from drcheck.core.model.points import Points, Row
from drcheck.core.model.slots import Per
from drcheck.core.model.status import Status
from drcheck.core.model.verdict import Finding, Quantity, Window
from drcheck.core.time import calendar
from drcheck.core.time.spans import Spans, covers, includes
from drcheck.core.time.timeline import cut, within


class SlotPoints(Struct, frozen=True):
    """One slot and the counted points that lie, or may lie, in it."""

    by_slot: BySlot
    index: int
    """Which of its slots it is."""
    surely: Spans
    """When a point of it surely stood."""
    maybe: Spans
    """When one may have stood."""
    surely_from: int
    """From when it surely holds or held a point, even if that is broken now; ``FOREVER``: never."""
    maybe_from: int

    @classmethod
    def of(cls, by_slot: BySlot, index: int) -> SlotPoints:
        """Return one of the slots of ``by_slot``."""
        return cls(by_slot, index, *by_slot.stood(index))

    def stands_if_held(self, t: int) -> bool:
        """Return whether every point that may have come to it by ``t`` stood at ``t`` if it had."""
        return all(
            points.gone_lo[row] > t and not _is_broken(points, row, t)
            for points, row in self.rows
            if points.available_lo[row] <= t
        )

    @property
    def slot(self) -> calendar.Slot:
        """The slot."""
        return self.by_slot.slots[self.index]

    @property
    def rows(self) -> list[Row]:
        """The points that lie, or may lie, in it."""
        return self.by_slot.rows(self.index)


def _is_broken(points: Points, row: int, t: int) -> bool:
    """Return whether what was made is, or may be, broken or without its chain at ``t``."""
    return any(one.made and one.during.includes(t) for one in points.doubts.get(row, ()))


def held_by(subject: Subject, slots: tuple[calendar.Slot, ...] | list[calendar.Slot]) -> list[SlotPoints]:
    """Return for each of ``slots``, oldest first, which counted points lie in it."""
    by_slot = BySlot(subject.parts, Ruler(slots))
    return [SlotPoints.of(by_slot, index) for index in range(len(slots))]


def known_until(parts: Iterable[Part], start: int) -> int:
    """Return until when every arrival of data of ``start`` or later has been seen at all of ``parts``."""
    return min((part.absence.arrivals_known_until(start) for part in parts), default=start)


def why_not_kept(held: SlotPoints, t: int) -> str:
    """Say which recovery point of a slot is broken at ``t``, or else was deleted before it, between which two looks."""
    for points, row in reversed(held.rows):
        lost = points.doubt_at(row, t)
        if lost is not None and lost.made and points.available_lo[row] <= t < points.gone_hi[row]:
            return f"{held.slot.label} is not kept: {points.name[row]} at {points.source} does not count: {lost.why}"
    gone = (row for row in held.rows if row[0].gone_hi[row[1]] <= t)
    points, row = max(gone, key=lambda item: item[0].gone_hi[item[1]])
    seen, missed = words.instant(points.gone_lo[row] - 1), words.instant(points.gone_hi[row])
    return f"{held.slot.label} was deleted early: {points.name[row]} was last seen {seen} and first missed {missed}"


def why_it_may_not_stand(held: SlotPoints, t: int) -> str:
    """Say which instant decides whether a slot stood at ``t``."""
    standing = [row for row in held.rows if row[0].available_lo[row[1]] <= t < row[0].gone_hi[row[1]]]
    return f"{held.slot.label} may not stand: {why_unknown.undecided(*(standing or held.rows)[-1], t)}"


def seen_from(subject: Subject, start: int) -> Spans:
    """Return when nothing of ``start`` or later can have stood unseen, at any source."""
    return proved_at_all(part.absence.none_unseen(start) for part in subject.parts)


class _Tier(Struct, frozen=True):
    """What a tier owes and holds at one instant."""

    status: Status | None
    owed: int
    standing: int
    missing: SlotPoints | None
    """A slot that is owed and does not stand, or is not known to."""
    hole: SlotPoints | None
    """A slot of which nobody knows whether it held a point."""
    never_owed: tuple[SlotPoints, ...] = ()
    """Slots of which nobody knows either, but what they held was gone before anybody looked."""


def tier(per: Per, count: int, subject: Subject, terms: Terms, window: Window) -> Finding:
    """Judge one tier of one data set: the newest ``count`` slots of a ``per`` that hold or held a point."""
    data = [part.points.data_lo[row] for part in subject.parts for row in islice(part.points.counted(), 1)]
    slots = calendar.slots(per, terms.zone, min([window.start, *data]), window.end)
    held = held_by(subject, slots)
    starts = [slot.start for slot in slots]
    until = [known_until(subject.parts, start) for start in starts]
    seen = [seen_from(subject, one.slot.start) if one.rows else () for one in held]
    # Where it is proved that a slot never held anything, nothing can be said of it: the walk passes it over.
    walked = [index for index, one in enumerate(held) if one.rows or until[index] < window.end]
    walked_starts = [starts[index] for index in walked]
    effective = LONG_AGO if terms.effective is None else terms.effective
    since = [one for one in held if one.slot.start >= effective]
    ends = [one.slot.end for one in since]
    # By the number of slots that are over: from when each of them is known to hold or to have held a point.
    all_held_from = list(accumulate((one.surely_from for one in since), max, initial=LONG_AGO))
    reaches_back = terms.effective is not None and _none_between(per, terms, effective, starts[0])

    def at(t: int) -> _Tier:
        if t < effective:
            return _Tier(None, 0, 0, None, None)
        newer_sure = newer_maybe = standing = owed = 0
        missing: SlotPoints | None = None
        unsure: SlotPoints | None = None
        hole: SlotPoints | None = None
        perhaps: SlotPoints | None = None
        never: list[SlotPoints] = []
        over = bisect_right(ends, t)
        for index in reversed(walked[: bisect_right(walked_starts, t)]):
            one = held[index]
            # Slots that begin before the agreement owe nothing.
            if newer_sure >= count or one.slot.start < effective:
                break
            maybe, sure = one.maybe_from <= t, one.surely_from <= t
            if not sure and one.stands_if_held(t):
                # What may have come to it would stand: with it or without, nothing that is known of it is missing.
                unseen = until[index] <= t
                newer_maybe += maybe or unseen
                perhaps = one if maybe else perhaps
                if unseen and one.slot.end <= t:  # what nobody saw in the open one is not owed
                    if _came_before_looks(subject, one.slot, t):
                        never.append(one)
                    else:
                        hole = hole or one
                continue
            owed += 1
            if includes(one.surely, t):
                standing += 1
            elif sure and newer_maybe < count and not includes(one.maybe, t) and includes(seen[index], t):
                missing = missing or one
            else:
                unsure = unsure or one
            newer_maybe += 1
            newer_sure += sure
        whole = reaches_back and all_held_from[over] <= t
        if missing is not None:
            return _Tier(Status.BREACHED, owed, standing, missing, None)
        if unsure is not None:
            return _Tier(Status.UNKNOWN, owed, standing, unsure, None)
        if whole and not over and not owed:
            return _Tier(None if perhaps is None else Status.UNKNOWN, 0, 0, perhaps, None)
        if hole is not None or (newer_sure < count and not whole):
            return _Tier(Status.UNKNOWN, owed, standing, None, hole or next(iter(never), None))
        return _Tier(Status.MET, owed, standing, None, None, tuple(never))

    changes = _changes(held, until, seen, starts, terms)
    last = window.end - 1
    now = at(last)
    objective = min(count, now.owed) if now.status is Status.MET else count
    return Finding(
        of=subject.of,
        pieces=within(
            terms.binds,
            cut(window, changes, lambda t: at(t).status, lambda t: _reason(at(t), per, count, subject, t)),
        ),
        reason=_reason(now, per, count, subject, last),
        objective=Quantity(objective, "points"),
        measured=Quantity(min(now.standing, count), "points"),
        headroom=Quantity(min(now.standing, count) - objective, "points"),
        evidence=(
            *(cite(row) for row in (now.missing.rows if now.missing else ())),
            *rejected(subject, window.start),
        ),
    )


def _came_before_looks(subject: Subject, slot: calendar.Slot, t: int) -> bool:
    """Return whether all that nobody saw of ``slot`` by ``t`` would have been gone before the first complete look."""
    for part in subject.parts:
        absence, first = part.absence, part.absence.first
        if absence.arrivals_known_until(slot.start) > t:
            continue
        if first is None or slot.start >= first:
            return False
        if slot.end > first and not covers(absence.arrived(slot.start), first, t + 1):
            return False
    return True


def _none_between(per: Per, terms: Terms, effective: int, start: int) -> bool:
    """Return whether no slot that begins at ``effective`` or later begins before ``start``, where one begins."""
    return start <= effective or calendar.slots(per, terms.zone, start - 1, start)[0].start < effective


def _changes(
    held: list[SlotPoints], until: list[int], seen: Sequence[Spans], starts: list[int], terms: Terms
) -> Iterator[int]:
    yield from starts
    yield from until
    for one in held:
        yield from (one.surely_from, one.maybe_from)
        for spans in (one.surely, one.maybe):
            for span in spans:
                yield from span
        for points, row in one.rows:
            for doubted in points.doubts.get(row, ()):
                yield from doubted.during
    for spans in seen:
        for span in spans:
            yield from span
    if terms.effective is not None:
        yield terms.effective


def _reason(state: _Tier, per: Per, count: int, subject: Subject, t: int) -> str:
    if state.status is None:
        return f"nothing is owed yet: no {per} since the agreement takes effect is over"
    stand = f"{min(state.standing, count)} of {count} {per}s stand for {subject.of}"
    if state.status is Status.MET:
        every = "" if state.owed >= count else ", every one since the agreement took effect"
        return f"{stand}{every}{_not_owed(state.never_owed)}"
    if state.missing is not None and state.status is Status.BREACHED:
        return f"{stand}: {why_not_kept(state.missing, t)}"
    if state.missing is not None:
        return f"{stand}: {why_it_may_not_stand(state.missing, t)}"
    if state.hole is not None:
        label = state.hole.slot.label
        what = f"no backup of {label} was made and deleted"
        why = why_unknown.unproved(subject.parts, min(t, state.hole.slot.start), what)
        return f"{stand}; {why}"
    return f"{stand}; fewer than {count} are known, and not every {per} since the agreement took effect has one"


def _not_owed(slots: Sequence[SlotPoints]) -> str:
    """Name the holes from before the first complete look: nobody knows whether they ever were slots of the tier."""
    if not slots:
        return ""
    labels = words.several([one.slot.label for one in slots])
    return f"; nothing of {labels} stood at the first complete look, and it is not owed"
