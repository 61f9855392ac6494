"""What ``judging.md`` demands of a retention at one second."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from itertools import pairwise, product
from math import prod

from drcheck.core.evaluation.inputs import Terms
from drcheck.core.kinds.retention.commitment import Retention
from drcheck.core.model.evidence import LONG_AGO
from drcheck.core.model.slots import Per
from drcheck.core.model.status import Status

from . import calendar
from .allowed import BREACHED, MET, NOTHING_OWED, UNKNOWN, Allowed, both_ways, worst_of
from .calendar import Stretch
from .unseen import all_plainly_excluded, any_could_hide
from .worlds import Place, Seen, Truth, first_complete_looks

Dated = tuple[int, Seen]
"""A point, with its data taken to be of one of the instants that its pair allows."""


def allowed(
    commitment: Retention,
    places: Sequence[Place],
    made: Sequence[Place],
    terms: Terms,
    span: tuple[int, int],
    second: int,
) -> Allowed:
    """Return what is allowed: ``keep``, tiers and ``at_most`` are judged apart, then the worst is taken.

    At ``made`` lie backups that the frequency commitment counts and this one does not.
    """
    if terms.effective is not None and second < terms.effective:
        return NOTHING_OWED
    parts = []
    if commitment.keep is not None:
        parts.append(_kept(commitment, commitment.keep, places, made, terms, span, second))
    if not terms.binds.start <= second < terms.binds.end:
        return worst_of([*parts, NOTHING_OWED])
    parts += [_tier(per, count, places, terms, span, second) for per, count in commitment.tiers.items()]
    if commitment.at_most is not None:
        parts.append(_nothing_older(commitment, commitment.at_most, places, second))
    return worst_of(parts)


# keep: D -------------------------------------------------------------------------------------------------------------


def owed_slots(commitment: Retention, keep: int, terms: Terms, span: tuple[int, int], second: int) -> list[Stretch]:
    """Return the slots wholly within the last ``keep`` that are due and do not begin before the agreement."""
    return [
        slot
        for slot in calendar.slots(commitment.per, terms.zone, *span)
        if slot.end + terms.grace <= second < slot.start + keep
        and (terms.effective is None or slot.start >= terms.effective)
        and terms.binds.start <= slot.start < terms.binds.end
    ]


def _kept(
    commitment: Retention,
    keep: int,
    places: Sequence[Place],
    made: Sequence[Place],
    terms: Terms,
    span: tuple[int, int],
    second: int,
) -> Allowed:
    owed = owed_slots(commitment, keep, terms, span, second)
    if not owed:
        return NOTHING_OWED
    datings = list(_datings(places, owed))
    worlds = {
        worst_of(_slot(slot, slot.end + terms.grace, dated, places, made, terms, second) for slot in owed)
        for dated in datings
    }
    # Bounds for each slot cannot tell that a point of uncertain date fills one of two slots, but not both.
    return both_ways(worlds) | (UNKNOWN if len(datings) > 1 else frozenset())


MOST_WORLDS = 64


def _datings(places: Sequence[Place], slots: Sequence[Stretch]) -> Iterator[tuple[Dated, ...]]:
    """Yield every way to date the points that puts them into different slots."""
    points = [seen for place in places for seen in place.counted]
    edges = {edge for slot in slots for at in slot for edge in (at - 1, at)}
    choices = [
        sorted({seen.data[0], seen.data[1], *(edge for edge in edges if seen.data[0] <= edge <= seen.data[1])})
        for seen in points
    ]
    while prod(map(len, choices)) > MOST_WORLDS:  # a few worlds less find less, and nothing wrong
        longest = max(choices, key=len)
        del longest[1:-1:2]
    for dates in product(*choices):
        yield tuple(zip(dates, points, strict=True))


def _slot(
    slot: Stretch,
    due: int,
    dated: Sequence[Dated],
    places: Sequence[Place],
    made: Sequence[Place],
    terms: Terms,
    second: int,
) -> Allowed:
    mine = [seen for data, seen in dated if slot.start <= data < slot.end]
    if any(seen.available[1] <= second < seen.gone[0] for seen in mine):
        return MET
    worlds: list[Allowed] = []
    if any(seen.available[0] <= second < seen.gone[1] for seen in mine):
        worlds.append(MET)
    surely_held = any(seen.available[1] <= second for seen in mine)
    maybe_held = any(seen.available[0] <= second for seen in mine)
    if any_could_hide(places, slot.start, second, standing=True):
        return UNKNOWN
    proved = all_plainly_excluded(places, slot.start, second, standing=True)
    gone = BREACHED if proved else BREACHED | UNKNOWN
    if surely_held or maybe_held:
        worlds.append(gone)
    if not surely_held:
        worlds.append(_never_held(slot, due, gone, mine, places, made, terms, second))
    return both_ways(worlds)


def _never_held(
    slot: Stretch,
    due: int,
    gone: Allowed,
    mine: Sequence[Seen],
    places: Sequence[Place],
    made: Sequence[Place],
    terms: Terms,
    second: int,
) -> Allowed:
    if not terms.covered:
        return gone
    elsewhere = [seen for place in made for seen in place.counted]
    if any(
        slot.start <= seen.data[0] and seen.data[1] < slot.end and seen.available[1] <= second for seen in elsewhere
    ):
        return gone  # it was made, and is not kept
    touching = [seen for seen in elsewhere if seen.data[0] < slot.end and slot.start <= seen.data[1]]
    if any(seen.available[0] <= second for seen in touching):
        return both_ways([gone, MET])
    places = [*places, *made]
    came_later = bool(mine) or bool(touching)
    if all_plainly_excluded(places, slot.start, second, standing=False):
        # Whether a point that arrives only later makes this "never made" for the time before, the rules do not say.
        return MET | BREACHED if came_later else MET
    if not any_could_hide(places, slot.start, second, standing=False) or _looked_since(places, slot, due, second):
        return MET | UNKNOWN | (BREACHED if came_later else frozenset())
    return UNKNOWN | (BREACHED if came_later else frozenset())


def _looked_since(places: Sequence[Place], slot: Stretch, due: int, second: int) -> bool:
    """Return whether complete looks show the slot empty from its due time on; one that asked for less ends no row."""
    marks = {due, second, *(mark for place in places for look in place.looks for mark in (look.begin, look.begin + 1))}
    return not any(
        any_could_hide(places, slot.start, at, standing=True) for at in marks if min(due, second) <= at <= second
    )


# tiers ---------------------------------------------------------------------------------------------------------------


def _tier(per: Per, count: int, places: Sequence[Place], terms: Terms, span: tuple[int, int], second: int) -> Allowed:
    slots = [slot for slot in calendar.slots(per, terms.zone, *span) if slot.start <= second]
    if terms.effective is not None and not any(slot.start >= terms.effective for slot in slots):
        return NOTHING_OWED | MET | UNKNOWN  # no slot of the agreement has begun: the rules leave it open
    datings = list(_datings(places, slots))
    worlds = {
        _tier_in_one_world(count, slots, dated, corner, places, terms, second)
        for dated in datings
        for corner in _corners(dated)
    }
    return both_ways(worlds) | (UNKNOWN if len(datings) > 1 or len(worlds) > 1 else frozenset())


def _corners(dated: Sequence[Dated]) -> Iterator[tuple[tuple[int, int], ...]]:
    """Yield every corner of (available, gone), a point at a time."""
    return product(*({(a, g) for a in seen.available for g in seen.gone} for _, seen in dated))


def _tier_in_one_world(
    count: int,
    slots: Sequence[Stretch],
    dated: Sequence[Dated],
    corner: Sequence[tuple[int, int]],
    places: Sequence[Place],
    terms: Terms,
    second: int,
) -> Allowed:
    points = [(data, available, gone) for (data, _), (available, gone) in zip(dated, corner, strict=True)]
    effective = terms.effective

    def held(slot: Stretch) -> bool:
        return any(slot.start <= data < slot.end and available <= second for data, available, _ in points)

    def filled(slot: Stretch) -> bool:
        return any(slot.start <= data < slot.end and available <= second < gone for data, available, gone in points)

    def owes(slot: Stretch) -> bool:
        return effective is None or slot.start >= effective

    newest = [slot for slot in reversed(slots) if held(slot)][:count]
    missing = [slot for slot in newest if owes(slot) and not filled(slot)]
    oldest = newest[-1].start if len(newest) == count else LONG_AGO
    holes = [slot for slot in slots if slot.start > oldest and owes(slot) and not held(slot)]
    hidden = [slot for slot in holes if any_could_hide(places, slot.start, second, standing=False)]
    unproved = [slot for slot in holes if not all_plainly_excluded(places, slot.start, second, standing=False)]
    if missing:
        return both_ways(_missing(slot, newest, hidden, unproved, count, places, second) for slot in missing[:1])
    # What nobody saw in the open slot, or before the first complete look, is not owed.
    owed = {kind for slot in hidden for kind in _owed_unseen(slot, places, second)}
    unclear = UNKNOWN if any(True in _owed_unseen(slot, places, second) for slot in unproved) else frozenset()
    since = [slot for slot in slots if effective is not None and owes(slot)]
    closed = [slot for slot in since if slot.end <= second]
    if len(newest) == count:
        if owed == {True}:
            return UNKNOWN
        idle = NOTHING_OWED if not any(owes(slot) for slot in newest) else frozenset[Status | None]()
        if not all(owes(slot) for slot in newest):
            idle |= UNKNOWN  # whether slots from before the agreement make up the number, the rules leave open
        return MET | unclear | idle | (UNKNOWN if True in owed else frozenset())
    if effective is None:
        return UNKNOWN
    if not newest:
        # A promise over nothing is never met; whether it is owed before the first slot is over, the rules leave open.
        return UNKNOWN if closed else NOTHING_OWED | UNKNOWN
    if all(held(slot) for slot in closed):
        # Whether the first one, still open, is every one, the rules leave open.
        return MET if closed else NOTHING_OWED | MET | UNKNOWN
    return UNKNOWN  # fewer than the tier asks for


def _missing(
    slot: Stretch,
    newest: Sequence[Stretch],
    hidden: Sequence[Stretch],
    unproved: Sequence[Stretch],
    count: int,
    places: Sequence[Place],
    second: int,
) -> Allowed:
    """Return what is allowed where a slot that is owed is empty, as far as anybody knows."""
    if any_could_hide(places, slot.start, second, standing=True):
        return UNKNOWN
    rank = newest.index(slot) + 1
    # Slots that nobody saw filled may have pushed it out of the newest: then it is not owed.
    if rank + sum(hole.start > slot.start for hole in hidden) > count:
        return UNKNOWN
    proved = all_plainly_excluded(places, slot.start, second, standing=True)
    loose = not proved or rank + sum(hole.start > slot.start for hole in unproved) > count
    return BREACHED | (UNKNOWN if loose else frozenset())


def _owed_unseen(slot: Stretch, places: Sequence[Place], second: int) -> set[bool]:
    """Return whether what nobody saw of a slot would be owed; where its first look came within it, either way."""
    if slot.end > second:
        return {False}
    firsts = [
        first
        for place, first in zip(places, first_complete_looks(places), strict=True)
        if not all_plainly_excluded([place], slot.start, second, standing=False)
    ]
    if any(first is None or first <= slot.start for first in firsts):
        return {True}
    return {True, False} if any(first is not None and first < slot.end for first in firsts) else {False}


# at_most: D ----------------------------------------------------------------------------------------------------------


def _nothing_older(commitment: Retention, at_most: int, places: Sequence[Place], second: int) -> Allowed:
    limit = at_most + (2 * calendar.DAY if commitment.grace is None else commitment.grace)
    candidates = [(place, seen) for place in places for seen in place.seen]
    sure = [
        (place, seen)
        for place, seen in candidates
        if seen.available[1] <= second < seen.gone[0] and seen.data[1] + limit <= second
    ]
    if sure:
        return BREACHED
    if any(seen.available[0] <= second < seen.gone[1] and seen.data[0] + limit <= second for _, seen in candidates):
        return UNKNOWN
    far_apart = [place for place in places if not _between_near_looks(place, limit, second)]
    if any_could_hide(far_apart, LONG_AGO, second, standing=True):
        return UNKNOWN
    if not any(seen.available[1] <= second < seen.gone[0] for _, seen in candidates):
        return UNKNOWN  # a promise of every one, over none, or over none any more
    return MET if all_plainly_excluded(far_apart, LONG_AGO, second, standing=True) else MET | UNKNOWN


def _between_near_looks(place: Place, limit: int, second: int) -> bool:
    """Return whether ``second`` lies between two complete looks in a row that are no further apart than ``limit``.

    What came and went there is taken to be no older than they are apart.
    """
    whole = sorted(look.begin for look in place.looks if look.complete and look.asked_from == LONG_AGO)
    return any(one <= second <= after <= one + limit for one, after in pairwise(whole))


# the truth -----------------------------------------------------------------------------------------------------------


def truly_allowed(
    commitment: Retention,
    places: Sequence[Place],
    made: Sequence[Place],
    terms: Terms,
    span: tuple[int, int],
    second: int,
) -> frozenset[Status]:
    """Return which of met and breached the truth allows, for ``keep`` and ``at_most``."""
    truths = [truth for place in places for truth in place.truths]
    elsewhere = [truth for place in made for truth in place.truths if truth.counts]
    answers = {Status.MET}
    if commitment.at_most is not None and terms.binds.start <= second < terms.binds.end:
        limit = commitment.at_most + (2 * calendar.DAY if commitment.grace is None else commitment.grace)
        shown = {seen.truth.name for place in places for seen in place.seen}
        near = [place.source for place in places if _between_near_looks(place, limit, second)]
        for truth in truths:
            taken_to_be_young = truth.name not in shown and truth.name.rpartition("-")[0] in near
            if truth.stands(second) and truth.data + limit <= second and not taken_to_be_young:
                return frozenset({Status.BREACHED})
    if commitment.keep is not None:
        for slot in owed_slots(commitment, commitment.keep, terms, span, second):
            mine = [truth for truth in truths if truth.counts and slot.start <= truth.data < slot.end]
            if any(truth.stands(second) for truth in mine):
                continue
            others = [truth for truth in elsewhere if slot.start <= truth.data < slot.end]
            held = [truth for truth in [*mine, *others] if truth.arrived <= second]
            if terms.covered and _gone_before_due(commitment, terms, slot, held):
                answers.add(Status.BREACHED)
            elif held or not terms.covered:
                return frozenset({Status.BREACHED})
            elif mine or others:
                answers.add(Status.BREACHED)
    return frozenset(answers)


def _gone_before_due(commitment: Retention, terms: Terms, slot: Stretch, held: Sequence[Truth]) -> bool:
    """Return whether looks from the due time on would tell "never made" of what was made and gone before."""
    return bool(held) and all(truth.gone <= slot.end + terms.grace for truth in held)
