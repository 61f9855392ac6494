"""What ``judging.md`` demands of a backup frequency at one second."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from datetime import tzinfo
from functools import lru_cache
from itertools import pairwise, permutations, product
from math import prod
from typing import NamedTuple

from drcheck.core.evaluation.inputs import Terms
from drcheck.core.kinds.backup_frequency.commitment import Frequency
from drcheck.core.model.slots import Per
from drcheck.core.model.status import Status

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
    if commitment.per is not None:
        return _calendar_slots(commitment.per, terms.zone, terms.grace, start, end)
    return _ticked_slots(commitment.schedule, terms.zone, terms.grace, terms.clock_tolerance, start, end)


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
    points = [
        (place.source, seen)
        for place in places
        for seen in place.counted
        if seen.data[0] < slot.end and slot.start <= seen.data[1] and seen.available[0] <= second
    ]
    unsure = sum(seen.available[1] > second for _, seen in points)
    undated = any(seen.data[0] != seen.data[1] for _, seen in points)
    lacking = BREACHED | UNKNOWN
    if any_could_hide(places, slot.start, second, standing=False):
        lacking = UNKNOWN
    elif all_plainly_excluded(places, slot.start, second, standing=False):
        lacking = BREACHED
    verdicts = [
        frozenset[Status | None]().union(*(MET if number >= commitment.at_least else lacking for number in numbers))
        for numbers in set(_numbers_in_each_world(points, slot, terms.matching, second))
    ]
    # Where many instants are uncertain an evaluator may bound the number.
    return both_ways(verdicts) | (UNKNOWN if undated or unsure > MOST_UNSURE else frozenset())


MOST_UNSURE = 8


class Made(NamedTuple):
    """A point as it may truly be."""

    data: int
    source: str
    truth: Truth


def _numbers_in_each_world(
    points: Sequence[tuple[str, Seen]], slot: Due, matching: int, second: int
) -> Iterator[frozenset[int]]:
    """Yield for every world that the pairs allow how many points the slot holds, over every order of equals."""
    marks = {mark for _, seen in points for mark in seen.data} | {slot.start - 1, slot.start, slot.end - 1, slot.end}
    marks |= {mark + sign * (matching + more) for mark in marks for sign in (-1, 1) for more in (0, 1)}
    told = sorted({(source, seen.data) for source, seen in points})
    # What has the same instant, as far as the name tells it, truly has the same one.
    choices = [sorted(mark for mark in {lo, hi, *marks} if lo <= mark <= hi) for _, (lo, hi) in told]
    while prod(map(len, choices)) > MOST_WORLDS:  # a few worlds less find less, and nothing wrong
        longest = max(choices, key=len)
        del longest[1:-1:2]
    arrivals = [(True,) if seen.available[1] <= second else (False, True) for _, seen in points]
    for dates in product(*choices):
        dated = dict(zip(told, dates, strict=True))
        for arrived in product(*arrivals):
            yield _numbers(
                [
                    Made(dated[source, seen.data], source, seen.truth)
                    for (source, seen), here in zip(points, arrived, strict=True)
                    if here and slot.start <= dated[source, seen.data] < slot.end
                ],
                matching,
            )


MOST_WORLDS = 256


def _numbers(made: Sequence[Made], matching: int) -> frozenset[int]:
    """Return how many recovery points there are: in order of data, in whichever order those of one instant come."""
    instants = sorted({point.data for point in made})
    orders = product(*(permutations({point.source for point in made if point.data == data}) for data in instants))
    return frozenset(
        _number(
            [
                [point for point in made if (point.data, point.source) == (data, source)]
                for data, sources in zip(instants, order, strict=True)
                for source in sources
            ],
            matching,
        )
        for order in orders
    )


def _number(in_order: Sequence[Sequence[Made]], matching: int) -> int:
    groups: list[list[Sequence[Made]]] = []
    for point in in_order:
        for group in groups:
            if all(_are_copies(point, member, matching) for member in group):
                group.append(point)
                break
        else:
            groups.append([point])
    return len(groups)


def _are_copies(one: Sequence[Made], other: Sequence[Made], matching: int) -> bool:
    """Return whether two points, each with all that its source has of that instant, are copies."""
    if one[0].source == other[0].source or abs(one[0].data - other[0].data) > matching:
        return False
    return any(
        2 * min(a.truth.size, b.truth.size) >= max(a.truth.size, b.truth.size)
        and (not a.truth.checksum or not b.truth.checksum or a.truth.checksum == b.truth.checksum)
        for a in one
        for b in other
    )


def truly_allowed_slot(
    commitment: Frequency, places: Sequence[Place], terms: Terms, slot: Due | None, second: int
) -> frozenset[Status]:
    """Return which of met and breached the truth allows.

    What was seen and is no copy of each other proves so many points. That one which nobody saw, of the same instant as
    another of its source, is alike both takes none of them away.
    """
    numbers = {0}
    if slot is not None:
        made = [
            Made(truth.data, place.source, truth)
            for place in places
            for truth in place.truths
            if truth.counts and slot.start <= truth.data < slot.end and truth.arrived <= second
        ]
        shown = {(place.source, seen.truth.name) for place in places for seen in place.counted}
        least = _numbers([one for one in made if (one.source, one.truth.name) in shown], terms.matching)
        numbers = {max(number, *least) for number in _numbers(made, terms.matching)}
    return frozenset(Status.MET if number >= commitment.at_least else Status.BREACHED for number in numbers)
