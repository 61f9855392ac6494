"""Small random worlds: what truly happened at a few sources, the looks at them, and what the looks showed."""

from __future__ import annotations

from array import array
from collections.abc import Iterable, Iterator, Sequence
from functools import lru_cache
from itertools import pairwise

from hypothesis import strategies as st
from msgspec import Struct
from msgspec.structs import force_setattr, replace

from drcheck.core.evaluation.inputs import Subject
from drcheck.core.history.absence import Absence
from drcheck.core.history.part import Part
from drcheck.core.model.evidence import FOREVER, LONG_AGO, Gap, Look
from drcheck.core.model.points import Points
from drcheck.core.model.policy import NEVER

HOUR = 3600
DAY = 86400
BASE = 1774569600
"""2026-03-27T00:00Z, a Friday; on Sunday the 29th Europe changes to summer time."""


class Truth(Struct, frozen=True):
    """A backup as it truly was: when its data is of, when it arrived, when it went."""

    name: str
    data: int
    arrived: int
    gone: int = FOREVER
    counts: bool = True
    size: int = 1000
    checksum: str = ""
    data_doubt: tuple[int, int] = (0, 0)
    """How far below and above the truth the instant is said to lie."""
    arrival_doubt: tuple[int, int] = (0, 0)
    path: str = ""
    """The name under which it lies, where several overwrite each other there."""

    def stands(self, second: int) -> bool:
        return self.arrived <= second < self.gone


class Seen(Struct, frozen=True):
    """A backup as the looks showed it: pairs (earliest, latest)."""

    truth: Truth
    data: tuple[int, int]
    available: tuple[int, int]
    gone: tuple[int, int]
    noticed: int = FOREVER
    """The look that first showed that it was gone."""
    held: int = LONG_AGO
    """Until when its name surely held it or something newer."""

    @property
    def counts(self) -> bool:
        return self.truth.counts

    @property
    def newest(self) -> int:
        """The newest instant that its data may be of, which is never newer than its arrival."""
        return min(self.data[1], max(self.data[0], self.available[1]))


class Place(Struct, frozen=True):
    """One source."""

    source: str
    looks: tuple[Look, ...] = ()
    shown_by_gaps: frozenset[tuple[int, str]] = frozenset()
    """(begin, name): what incomplete looks happened to show."""
    thinned_after: int | None = None
    truths: tuple[Truth, ...] = ()
    site: str = "here"
    seen: tuple[Seen, ...] = ()
    turnovers: frozenset[int] = frozenset()
    """Complete looks between which and the ones before more may have come and gone than they show."""

    def __post_init__(self) -> None:
        force_setattr(self, "seen", tuple(seen for truth in self.truths if (seen := self._as_seen(truth))))
        force_setattr(self, "turnovers", frozenset(self._turnovers()))
        kept = tuple(truth for truth in self.truths if not self._impossible(truth))
        force_setattr(self, "truths", kept)

    def _shown(self, truth: Truth) -> list[int]:
        return sorted(
            look.begin
            for look in self.looks
            if truth.stands(look.begin)
            and ((look.complete and look.asked_from <= truth.data) or (look.begin, truth.name) in self.shown_by_gaps)
        )

    def _impossible(self, truth: Truth) -> bool:
        """Return whether the rules exclude it: nothing comes and goes unseen between two complete looks in a row."""
        if self.thinned_after is not None or self._shown(truth):
            return False
        asked = sorted(look.begin for look in self.looks if look.complete and look.asked_from <= truth.data)
        return any(
            one < truth.arrived and truth.gone <= after and not self.turned_over(one, after)
            for one, after in pairwise(asked)
        )

    def turned_over(self, one: int, after: int) -> bool:
        """Return whether what came and went between two looks may have been missed by both."""
        return any(one < look <= after for look in self.turnovers)

    def _turnovers(self) -> Iterator[int]:
        complete = sorted({look.begin for look in self.looks if look.complete})
        for first, second in pairwise(complete) if self.thinned_after is None else ():
            known = [one for one in self.seen if self._shown(one.truth)[0] <= first < one.noticed]
            went = [one for one in known if one.noticed <= second and one.available[1] > first - (second - first)]
            newest = max((one.newest for one in known), default=LONG_AGO)
            # What an incomplete look in between showed stands for as long as no complete one missed it.
            came = [one for one in self.seen if first < self._shown(one.truth)[0] <= second < one.noticed]
            if went and any(one.newest > newest for one in came):
                yield second

    def _as_seen(self, truth: Truth) -> Seen | None:
        shown = self._shown(truth)
        if not shown:
            return None
        data = (truth.data - truth.data_doubt[0], truth.data + truth.data_doubt[1])
        missed = [look.begin for look in self.looks if look.complete and look.asked_from <= data[0]]
        gone = [begin for begin in missed if begin > shown[-1]]
        available = self._available(truth)
        last = shown[-1] + 1
        others = [
            (begin, other)
            for other in self.truths
            if truth.path and other.path == truth.path and other.data > truth.data
            for begin in self._shown(other)
        ]
        by_other, other = min(others, default=(FOREVER, None), key=lambda item: item[0])
        missing = min(gone, default=FOREVER)
        if other is None or missing < by_other:
            return Seen(truth, data, available, (last, missing), missing)
        overwritten = max(last, self._available(other)[1])
        complete = sorted((look.begin, look.asked_from) for look in self.looks if look.complete)
        begins = [begin for begin, _ in complete]
        before = [look for look in complete if look[0] < by_other]
        # The first of the two must have shown it: what only an incomplete look after it showed came in between.
        in_a_row = by_other in begins and bool(before) and before[-1][1] <= data[0] and shown[0] <= before[-1][0]
        held = min(other.data - other.data_doubt[0], overwritten) if in_a_row else LONG_AGO
        return Seen(truth, data, available, (last, overwritten), by_other, held)

    def _available(self, truth: Truth) -> tuple[int, int]:
        data = truth.data - truth.data_doubt[0]
        missed = [look.begin for look in self.looks if look.complete and look.asked_from <= data]
        return (
            max(truth.arrived - truth.arrival_doubt[0], *(b for b in missed if b < truth.arrived), LONG_AGO),
            min(truth.arrived + truth.arrival_doubt[1], self._shown(truth)[0]),
        )

    @property
    def counted(self) -> tuple[Seen, ...]:
        return tuple(seen for seen in self.seen if seen.counts)

    def part(self) -> Part:
        """Return what an evaluator is given of this source."""
        seen = sorted(self.seen, key=lambda seen: (seen.data[0], seen.truth.name))
        points = Points(
            source=self.source,
            of="orders",
            name=tuple(one.truth.name for one in seen),
            kind=("",) * len(seen),
            data_lo=array("q", (one.data[0] for one in seen)),
            data_hi=array("q", (one.data[1] for one in seen)),
            available_lo=array("q", (one.available[0] for one in seen)),
            available_hi=array("q", (one.available[1] for one in seen)),
            gone_lo=array("q", (one.gone[0] for one in seen)),
            gone_hi=array("q", (one.gone[1] for one in seen)),
            size=array("q", (one.truth.size for one in seen)),
            checksum=tuple(one.truth.checksum for one in seen),
            held_until={row: one.held for row, one in enumerate(seen) if one.held > LONG_AGO},
            why_not={row: "it is a stub" for row, one in enumerate(seen) if not one.counts},
        )
        return Part(points, Absence.proved_by(self.looks, self.thinned_after, self.turnovers))

    def marks(self) -> set[int]:
        """Return every instant that this source's evidence names."""
        marks = {look.begin for look in self.looks} | {look.asked_from for look in self.looks}
        for seen in self.seen:
            marks |= {
                *seen.data,
                *seen.available,
                *seen.gone,
                seen.held,
                seen.truth.data,
                seen.truth.arrived,
                seen.truth.gone,
            }
        if self.thinned_after not in (None, NEVER):
            marks |= {look.begin - self.thinned_after for look in self.looks}
        return marks - {FOREVER, LONG_AGO}


def subject(places: Iterable[Place]) -> Subject:
    """Return the data set that ``places`` hold together."""
    return Subject("orders", tuple(place.part() for place in places))


def first_complete_looks(places: Sequence[Place]) -> list[int | None]:
    """Return each source's first complete look."""
    return [min((look.begin for look in place.looks if look.complete), default=None) for place in places]


class Scale(Struct, frozen=True):
    """How coarse a world is: instants are multiples of ``step``, give or take a second, from BASE on."""

    step: int = 3 * HOUR
    count: int = 32

    @property
    def end(self) -> int:
        return BASE + self.step * self.count

    @lru_cache  # noqa: B019  a handful of scales, and building a strategy costs more than drawing from it
    def instants(self) -> st.SearchStrategy[int]:
        """Instants on the grid, often one second beside it."""
        return st.builds(
            lambda at, jitter: BASE + at * self.step + jitter,
            st.integers(0, self.count),
            st.sampled_from((0, 0, 0, -1, 1)),
        )

    @lru_cache  # noqa: B019  as above
    def durations(self, most: int = 8) -> st.SearchStrategy[int]:
        """Durations of whole steps, often one second off."""
        return st.builds(
            lambda steps, jitter: max(1, steps * self.step + jitter),
            st.integers(1, most),
            st.sampled_from((0, 0, 0, -1, 1)),
        )


@st.composite
def places(
    draw: st.DrawFn,
    name: str,
    scale: Scale,
    *,
    most: int = 4,
    certain_data: bool = False,
    sites: Sequence[str] = ("here",),
    fleeting: bool = False,
) -> Place:
    """Draw one source with its true history and the looks at it.

    ``fleeting``: what it holds comes and goes, or is overwritten, about as often as it is looked at.
    """
    thinned_after = None if fleeting else draw(st.sampled_from((None, None, NEVER)) | scale.durations(12))
    doubts = st.sampled_from((0, 0, 0, 1, scale.step // 2, scale.step, 5 * scale.step))
    pairs = st.tuples(doubts, doubts)
    truths = []
    # Half of the worlds have backups at regular distances, as in life.
    regular = _regular(scale, most)
    made = draw(regular if fleeting else st.lists(scale.instants(), max_size=most) | regular)
    for number, data in enumerate(made):
        arrived = data + draw(st.sampled_from((0, 1, 60)) | scale.durations(4))
        stood = draw(scale.durations(4) if fleeting else st.none() | st.none() | scale.durations(12))
        if thinned_after == NEVER or stood is None:
            gone = FOREVER
        else:
            gone = arrived + stood + (0 if thinned_after is None else thinned_after + 1)
        uncertain = draw(st.integers(0, 3)) == 0
        truths.append(
            Truth(
                f"{name}-{number}",
                data,
                arrived,
                gone,
                counts=draw(st.integers(0, 6)) > 0,
                data_doubt=draw(pairs) if uncertain and not certain_data else (0, 0),
                arrival_doubt=draw(pairs) if draw(st.integers(0, 2)) == 0 else (0, 0),
            )
        )
    if thinned_after is None and draw(st.integers(0, 1 if fleeting else 3)) == 0:
        truths = _overwriting(truths, f"{name}-latest")
    looks = []
    nightly = _nightly(scale)
    for begin in draw(nightly if fleeting else st.lists(scale.instants(), max_size=6, unique=True) | nightly):
        complete = draw(st.integers(0, 4)) > 0
        asked_from = LONG_AGO if draw(st.integers(0, 3)) else draw(scale.instants())
        gaps = () if complete else (Gap("the listing broke off"),)
        looks.append(Look(name, begin, begin + 5, asked_from=asked_from, gaps=gaps))
    shown = frozenset(
        (look.begin, truth.name)
        for look in looks
        if not look.complete
        for truth in truths
        if truth.stands(look.begin) and draw(st.booleans())
    )
    return Place(name, tuple(looks), shown, thinned_after, tuple(truths), draw(st.sampled_from(sites)))


def _overwriting(truths: Sequence[Truth], path: str) -> list[Truth]:
    """Return the truths that can overwrite each other under one name: each stands until the next one arrives."""
    chain: list[Truth] = []
    for truth in sorted(truths, key=lambda truth: truth.data):
        if not chain or (truth.data > chain[-1].data and truth.arrived > chain[-1].arrived):
            chain.append(replace(truth, path=path, counts=True, gone=FOREVER))
    return [replace(one, gone=after.arrived) for one, after in pairwise(chain)] + chain[-1:]


def _regular(scale: Scale, most: int) -> st.SearchStrategy[list[int]]:
    """Data instants at regular distances, beginning anywhere."""
    return st.builds(
        lambda first, apart, count: [first + number * apart for number in range(count)],
        scale.instants(),
        scale.durations(8),
        st.integers(1, most),
    )


def _nightly(scale: Scale) -> st.SearchStrategy[list[int]]:
    """Looks at regular distances over the whole world: the usual case, with absence proved nearly everywhere."""
    return st.builds(
        lambda first, steps: list(range(BASE + first, scale.end + 2 * scale.step, steps * scale.step)),
        st.sampled_from((-40 * scale.step, -1, 0, 1, scale.step)),
        st.integers(2, 8),
    )
