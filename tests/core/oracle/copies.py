"""What ``judging.md`` demands of copies at one second, by trying every world that the evidence allows."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping, Sequence
from itertools import combinations, product
from typing import NamedTuple

from msgspec.structs import replace

from drcheck.core.evaluation.inputs import Terms
from drcheck.core.kinds.copies.commitment import Copies
from drcheck.core.model.evidence import LONG_AGO
from drcheck.core.model.sites import Different, Where
from drcheck.core.model.sites import Place as Site
from drcheck.core.model.status import Status

from . import calendar
from .allowed import BREACHED, MET, NOTHING_OWED, UNKNOWN, Allowed, both_ways, worst_of
from .calendar import Stretch
from .unseen import all_plainly_excluded, any_could_hide, could_hide, plainly_excluded
from .worlds import Place, Seen, Truth

SOMEWHERE_ELSE = "somewhere else"


class Point(NamedTuple):
    """A counted point in one world."""

    source: str
    data: int
    arrived: int
    size: int
    checksum: str


class Unseen:
    """What nobody may have seen at some places; each question is answered once."""

    def __init__(self, places: Sequence[Place]) -> None:
        self.places = places
        self._hide: dict[tuple[str, int, int], bool] = {}
        self._excluded: dict[tuple[str, int, int], bool] = {}

    def hide(self, place: Place, data: int, until: int) -> bool:
        asked = (place.source, data, until)
        if asked not in self._hide:
            self._hide[asked] = could_hide(place, data, until, standing=False)
        return self._hide[asked]

    def excluded(self, place: Place, data: int, until: int) -> bool:
        asked = (place.source, data, until)
        if asked not in self._excluded:
            self._excluded[asked] = plainly_excluded(place, data, until, standing=False)
        return self._excluded[asked]

    def any_hide(self, data: int, until: int) -> bool:
        return any(self.hide(place, data, until) for place in self.places)

    def all_excluded(self, data: int, until: int) -> bool:
        return all(self.excluded(place, data, until) for place in self.places)


class World(NamedTuple):
    """One way in which everything that is uncertain may be."""

    points: tuple[Point, ...]
    sites: Mapping[str, Site]


def worlds(commitment: Copies, places: Sequence[Place], terms: Terms, edges: Sequence[int]) -> list[World]:
    """Return every world: corners of the pairs, and what the policy does not state in every way that matters."""
    seen = [(place.source, one) for place in places for one in place.counted]
    dated = product(*(list(_as(source, one, edges)) for source, one in seen))
    stated = list(_completed(commitment, places, terms))
    return [World(points, sites) for points in dated for sites in stated]


def _as(source: str, seen: Seen, edges: Sequence[int]) -> Iterator[Point]:
    dates = {*seen.data, *(at for edge in edges for at in (edge - 1, edge) if seen.data[0] <= at <= seen.data[1])}
    for data, arrived in product(sorted(dates), sorted(set(seen.available))):
        yield Point(source, data, arrived, seen.truth.size, seen.truth.checksum)


def _completed(commitment: Copies, places: Sequence[Place], terms: Terms) -> Iterator[dict[str, Site]]:
    sites = {place.source: terms.places.get(place.source, Site()) for place in places}
    known = {site.provider for site in sites.values()} | {SOMEWHERE_ELSE, "yet elsewhere"}
    for where in (commitment.counted_in, commitment.counted_outside):
        known |= where.provider if where is not None else set()
    names = sorted({site.site for site in sites.values() if not site.provider})
    for choice in product(sorted(known - {""}), repeat=len(names)):
        told = dict(zip(names, choice, strict=True))
        yield {source: replace(site, provider=site.provider or told[site.site]) for source, site in sites.items()}


def are_alike(one: Point, other: Point) -> bool:
    if one.checksum and other.checksum and one.checksum != other.checksum:
        return False
    return 2 * min(one.size, other.size) >= max(one.size, other.size)


def counts(commitment: Copies, site: Site) -> bool:
    return not (commitment.counted_outside is not None and commitment.counted_outside.fits(site)) and (
        commitment.counted_in is None or commitment.counted_in.fits(site) is True
    )


def differ(commitment: Copies, one: tuple[str, Site], other: tuple[str, Site]) -> bool:
    if commitment.different is None:
        return one[0] != other[0]
    if commitment.different is Different.PROVIDER:
        return one[1].provider != other[1].provider
    # A site is lost with the one that it is part of.
    return one[1].site not in other[1].sites and other[1].site not in one[1].sites


def most_apart(commitment: Copies, sources: Collection[str], sites: Mapping[str, Site]) -> int:
    """Return how many of ``sources`` are far enough apart, each from each."""
    placed = [(source, sites[source]) for source in sources]
    return max(
        number
        for number in range(len(placed) + 1)
        for group in combinations(placed, number)
        if all(differ(commitment, one, other) for one, other in combinations(group, 2))
    )


def most_copies(
    commitment: Copies,
    points: Sequence[Point],
    sites: Mapping[str, Site],
    slot: Stretch,
    beside: frozenset[str],
    second: int,
) -> int:
    """Return the most copies that a point of ``slot`` had by ``second``, with what may lie unseen at ``beside``.

    Each lies within ``matching`` of that very point, and arrived within ``within`` of the instant of its own data.
    """
    hidden = {source for source in beside if counts(commitment, sites[source])}
    most = most_apart(commitment, hidden, sites)
    arrived = [point for point in points if point.arrived <= second]
    for anchor in arrived:
        if not slot.start <= anchor.data < slot.end:
            continue
        timely = [
            point
            for point in arrived
            if (point is anchor or point.source != anchor.source)
            and abs(point.data - anchor.data) <= commitment.matching
            and are_alike(point, anchor)
            and point.arrived <= point.data + commitment.within
            and counts(commitment, sites[point.source])
        ]
        by_source = [
            [None, *(point for point in timely if point.source == source)]
            for source in sorted({point.source for point in timely})
        ]
        for choice in product(*by_source):
            group = [point for point in choice if point is not None]
            if all(are_alike(one, other) for one, other in combinations(group, 2)):
                most = max(most, most_apart(commitment, {point.source for point in group} | hidden, sites))
    return most


def owed_slots(commitment: Copies, terms: Terms, span: tuple[int, int]) -> list[Stretch]:
    return [
        slot
        for slot in calendar.slots(commitment.per, terms.zone, *span)
        if (terms.effective is None or slot.start >= terms.effective)
        and terms.binds.start <= slot.start < terms.binds.end
    ]


def allowed_enough(
    commitment: Copies,
    every: Sequence[World],
    unseen: Unseen,
    terms: Terms,
    span: tuple[int, int],
    second: int,
) -> Allowed:
    """Return what is allowed for ``at_least``."""
    owed = owed_slots(commitment, terms, span)
    verdicts = {_in_one_world(commitment, world, unseen, terms, owed, second) for world in every}
    return both_ways(verdicts) | (UNKNOWN if len(every) > 1 else frozenset())


def _in_one_world(
    commitment: Copies, world: World, unseen: Unseen, terms: Terms, owed: list[Stretch], second: int
) -> Allowed:
    assert commitment.at_least is not None
    worst: list[Allowed] = []
    maybe_skipped = False
    for slot in reversed(owed):
        if slot.end + commitment.within > second:
            continue
        held = any(slot.start <= point.data < slot.end and point.arrived <= second for point in world.points)
        if held:
            worst.append(_slot(commitment, world, unseen, slot, second, seen=True))
            break
        dates = {slot.start, slot.end - 1, *(point.data for point in world.points if point.data in range(*slot))}
        if any(unseen.any_hide(data, second) for data in dates):
            worst.append(_slot(commitment, world, unseen, slot, second, seen=False))
        elif not unseen.all_excluded(slot.start - commitment.matching, second):
            maybe_skipped = True  # the rules prove less than could be known
    else:
        worst.append(_terminal(commitment, world, unseen, terms, owed, second))
    return both_ways(worst) | (UNKNOWN if maybe_skipped else frozenset())


def _terminal(
    commitment: Copies, world: World, unseen: Unseen, terms: Terms, owed: list[Stretch], second: int
) -> Allowed:
    bounded = terms.effective is not None or terms.binds.start > LONG_AGO
    if bounded and (not owed or second < owed[0].end + commitment.within):
        return NOTHING_OWED
    made = any(
        slot.start <= point.data < slot.end and point.arrived <= second < slot.end + commitment.within
        for slot in owed
        for point in world.points
    )
    if not made:
        return UNKNOWN
    if bounded or unseen.all_excluded(LONG_AGO, second):
        return NOTHING_OWED
    # Long ago there may have been slots with points that nobody saw.
    return UNKNOWN if unseen.any_hide(LONG_AGO, second) else NOTHING_OWED | UNKNOWN


def _slot(commitment: Copies, world: World, unseen: Unseen, slot: Stretch, second: int, *, seen: bool) -> Allowed:
    """Return what is allowed where ``slot`` decides; it holds a point, or one that nobody saw."""
    assert commitment.at_least is not None
    points, sites = world
    if seen and most_copies(commitment, points, sites, slot, frozenset(), second) >= commitment.at_least:
        return MET
    dates = {slot.start, slot.end - 1, *(point.data for point in points if point.data in range(*slot))}
    hiding = frozenset(
        place.source
        for place in unseen.places
        if any(unseen.hide(place, data, min(data + commitment.within, second)) for data in dates)
    )
    if most_copies(commitment, points, sites, slot, hiding, second) >= commitment.at_least:
        return UNKNOWN
    back, settled = slot.start - commitment.matching, slot.end + commitment.within + commitment.matching
    unproved = hiding | {
        place.source for place in unseen.places if not unseen.excluded(place, back, min(second, settled - 1))
    }
    if most_copies(commitment, points, sites, slot, unproved, second) >= commitment.at_least:
        return BREACHED | UNKNOWN
    if all(unseen.excluded(place, back, second) for place in unseen.places):
        return BREACHED
    # A point of it that nobody saw may be a copy of those around: they need not lie within reach of each other.
    wide = Stretch(back, slot.end + commitment.matching)
    looser = replace(commitment, matching=2 * commitment.matching)
    enough = most_copies(looser, points, sites, wide, unproved, second) >= commitment.at_least
    return BREACHED | (UNKNOWN if enough else frozenset())


def allowed_all_in(where: Where, places: Sequence[Place], terms: Terms, second: int) -> Allowed:
    """Return what is allowed for ``all_in``."""
    if terms.effective is not None and second < terms.effective:
        return NOTHING_OWED
    if not terms.binds.start <= second < terms.binds.end:
        return NOTHING_OWED
    fits = {place.source: where.fits(terms.places.get(place.source, Site())) for place in places}
    for place in places:
        if fits[place.source] is False and any(one.available[1] <= second < one.gone[0] for one in place.seen):
            return BREACHED
    if any(
        not fits[place.source] and one.available[0] <= second < one.gone[1] for place in places for one in place.seen
    ):
        return UNKNOWN
    unfit = [place for place in places if not fits[place.source]]
    if any_could_hide(unfit, LONG_AGO, second, standing=True):
        return UNKNOWN
    if not any(one.available[1] <= second < one.gone[0] for place in places for one in place.seen):
        return UNKNOWN  # nothing surely stands, so there is nothing that could lie anywhere
    return MET if all_plainly_excluded(unfit, LONG_AGO, second, standing=True) else MET | UNKNOWN


def allowed(
    commitment: Copies,
    every: Sequence[World],
    unseen: Unseen,
    terms: Terms,
    span: tuple[int, int],
    second: int,
) -> Allowed:
    """Return what is allowed: the worst of the two promises."""
    parts = []
    if commitment.at_least is not None:
        parts.append(allowed_enough(commitment, every, unseen, terms, span, second))
    if commitment.all_in is not None:
        parts.append(allowed_all_in(commitment.all_in, unseen.places, terms, second))
    return worst_of(parts)


def truly(commitment: Copies, places: Sequence[Place], terms: Terms, owed: list[Stretch], second: int) -> Status | None:
    """Return whether, in truth, the newest due slot with points had its copies; None: no such slot."""
    assert commitment.at_least is not None
    truths: list[tuple[str, Truth]] = [
        (place.source, truth) for place in places for truth in place.truths if truth.counts
    ]
    points = [Point(source, truth.data, truth.arrived, truth.size, truth.checksum) for source, truth in truths]
    for slot in reversed(owed):
        if slot.end + commitment.within > second:
            continue
        if any(slot.start <= point.data < slot.end and point.arrived <= second for point in points):
            most = most_copies(commitment, points, terms.places, slot, frozenset(), second)
            return Status.MET if most >= commitment.at_least else Status.BREACHED
    return None
