"""What ``judging.md`` demands of a backup frequency at one second."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import tzinfo
from functools import lru_cache
from itertools import combinations, pairwise
from typing import NamedTuple

from drcheck.core.promises import Frequency, Per
from drcheck.core.terms import Terms

from . import calendar
from .allowed import BREACHED, MET, NOTHING_OWED, UNKNOWN, Allowed, both_ways
from .unseen import all_plainly_excluded, any_could_hide
from .worlds import Place, Seen, Truth, first_complete_looks

State = tuple[bool, int | None]


class Due(NamedTuple):
    """A slot: whose data belongs to it, when it is taken to begin, and when it is due."""

    start: int
    end: int
    begins: int
    due: int


# every: D ------------------------------------------------------------------------------------------------------------


def possible_states(places: Sequence[Place], second: int) -> set[State]:
    """Return every (had any, newest data) that had become available, by trying all corners of the pairs."""
    states: set[State] = {(False, None)}
    for place in places:
        for seen in place.counted:
            corners = {
                (available <= second, data if available <= second else None)
                for data in seen.data
                for available in seen.available
            }
            states = {
                (ever or had, max((data for data in (newest, adds) if data is not None), default=None))
                for ever, newest in states
                for had, adds in corners
            }
    return states


def allowed_every(objective: int, places: Sequence[Place], terms: Terms, second: int) -> Allowed:
    """Return what is allowed for ``every: D``, where ``objective`` is D and the grace."""
    effective = terms.effective
    # Like the last slot of a wording, `every` decides on until the next wording has a slot that is due.
    if (effective is not None and second < effective) or second < terms.binds.start:
        return NOTHING_OWED
    return both_ways(
        _every_in_one_world(objective, places, effective, second, ever=ever, newest=newest)
        for ever, newest in possible_states(places, second)
    )


def _every_in_one_world(
    objective: int, places: Sequence[Place], effective: int | None, second: int, *, ever: bool, newest: int | None
) -> Allowed:
    if newest is not None and second < newest + objective:
        return MET
    if not ever and effective is not None and second < effective + objective:
        return NOTHING_OWED
    fresh = second + 1 - objective
    if any_could_hide(places, fresh, second, standing=False):
        return UNKNOWN
    breached = BREACHED if all_plainly_excluded(places, fresh - 1, second, standing=False) else BREACHED | UNKNOWN
    if not ever:
        firsts = [first for first in first_complete_looks(places) if first is not None]
        if not firsts or second < min(firsts):
            return UNKNOWN
        if second < max(firsts):
            return breached | UNKNOWN
    return breached


def truly_met_every(objective: int, places: Sequence[Place], second: int) -> bool:
    """Return whether, in truth, a backup had been made recently enough."""
    return any(
        truth.counts and truth.arrived <= second < truth.data + objective for place in places for truth in place.truths
    )


# slots ---------------------------------------------------------------------------------------------------------------


def slots(commitment: Frequency, terms: Terms, start: int, end: int) -> tuple[Due, ...]:
    """Return every slot that may be due in [start, end), and some before."""
    grace = terms.grace if commitment.grace is None else commitment.grace
    if commitment.per is not None:
        return _calendar_slots(commitment.per, terms.zone, grace, start, end)
    return _ticked_slots(commitment.schedule, terms.zone, grace, terms.clock_tolerance, start, end)


@lru_cache(maxsize=512)
def _calendar_slots(per: Per, zone: tzinfo, grace: int, start: int, end: int) -> tuple[Due, ...]:
    found = calendar.slots(per, zone, start - 2 * calendar.PADDING[per] - grace, end)
    return tuple(Due(slot.start, slot.end, slot.start, slot.end + grace) for slot in found)


@lru_cache(maxsize=512)
def _ticked_slots(schedule: str, zone: tzinfo, grace: int, early: int, start: int, end: int) -> tuple[Due, ...]:
    week = calendar.PADDING[Per.WEEK]
    ticks = calendar.ticks(schedule, zone, start - 2 * week - grace, end + week)
    return tuple(Due(one - early, after - early, one, one + grace) for one, after in pairwise(ticks))


def deciding_slot(commitment: Frequency, terms: Terms, span: tuple[int, int], second: int) -> Due | None:
    """Return the newest slot that is due, of those that begin within the agreement and under this wording of it."""
    due = [
        slot
        for slot in slots(commitment, terms, *span)
        if slot.due <= second
        and terms.binds.start <= slot.begins < terms.binds.end
        and (terms.effective is None or slot.begins >= terms.effective)
    ]
    return max(due, key=lambda slot: slot.due, default=None)


def allowed_slot(
    commitment: Frequency, places: Sequence[Place], terms: Terms, span: tuple[int, int], second: int
) -> Allowed:
    """Return what is allowed for ``per:`` and ``schedule:``."""
    if terms.effective is not None and second < terms.effective:
        return NOTHING_OWED
    slot = deciding_slot(commitment, terms, span, second)
    if slot is None:
        return NOTHING_OWED
    sure = [
        (place.source, seen)
        for place in places
        for seen in place.counted
        if slot.start <= seen.data[0] and seen.data[1] < slot.end and seen.available[1] <= second
    ]
    possible = [
        (place.source, seen)
        for place in places
        for seen in place.counted
        if seen.data[0] < slot.end and slot.start <= seen.data[1] and seen.available[0] <= second
    ]
    every = [(place.source, seen) for place in places for seen in place.counted]
    fewest, _ = distinct(sure, terms.matching)
    most_of_sure = distinct(sure, terms.matching)[1]
    _, most = distinct(possible, terms.matching)
    if fewest >= commitment.at_least:
        if commitment.at_least > 1 and _copies_elsewhere(sure, every, slot, terms.matching):
            return MET | BREACHED | UNKNOWN
        return MET
    # Which points are copies of which can be read in more than one way.
    readings = MET | BREACHED if most_of_sure >= commitment.at_least else frozenset()
    if most >= commitment.at_least:
        return readings | UNKNOWN
    if any_could_hide(places, slot.start, second, standing=False):
        return UNKNOWN
    if all_plainly_excluded(places, slot.start, second, standing=False):
        return BREACHED
    return BREACHED | UNKNOWN


def _copies_elsewhere(sure: list[tuple[str, Seen]], every: list[tuple[str, Seen]], slot: Due, matching: int) -> bool:
    return any(
        not (slot.start <= other[1].data[0] and other[1].data[1] < slot.end) and may_be_copies(one, other, matching)
        for one in sure
        for other in every
    )


def may_be_copies(one: tuple[str, Seen], other: tuple[str, Seen], matching: int) -> bool:
    """Return whether two points may be copies of one."""
    if one[0] == other[0]:
        return False
    sums = {one[1].truth.checksum, other[1].truth.checksum}
    if "" not in sums and len(sums) > 1:
        return False
    if max(one[1].truth.size, other[1].truth.size) > 5 * min(one[1].truth.size, other[1].truth.size):
        return False
    return one[1].data[0] - other[1].data[1] <= matching and other[1].data[0] - one[1].data[1] <= matching


def distinct(points: Sequence[tuple[str, Seen]], matching: int) -> tuple[int, int]:
    """Return the fewest and the most distinct points that these may be, over every way to pair up the copies."""
    pairs = [(i, j) for i, j in combinations(range(len(points)), 2) if may_be_copies(points[i], points[j], matching)]
    certain = all(point[1].data[0] == point[1].data[1] for point in points)
    counts = set()

    def pair_up(taken: frozenset[int], merged: int, start: int) -> None:
        free = [pair for pair in pairs if not taken & set(pair)]
        if not free or not certain:
            counts.add(len(points) - merged)
        for index in range(start, len(pairs)):
            if not taken & set(pairs[index]):
                pair_up(taken | set(pairs[index]), merged + 1, index + 1)

    pair_up(frozenset(), 0, 0)
    return min(counts), max(counts)


def truly_met_slot(commitment: Frequency, places: Sequence[Place], slot: Due, second: int) -> bool:
    """Return whether, in truth, the slot held its points; for ``at_least: 1``, where copies do not matter."""
    assert commitment.at_least == 1
    made: list[Truth] = [truth for place in places for truth in place.truths if truth.counts]
    return any(slot.start <= truth.data < slot.end and truth.arrived <= second for truth in made)
