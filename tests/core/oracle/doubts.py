"""What is allowed where candidates are in doubt, or found broken: what the worlds say in which each counts or not.

Nothing here knows how an evaluator weighs doubts: a world in which a candidate does not count is one in which the
oracles for certain candidates are told so.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from itertools import product

from hypothesis import strategies as st
from msgspec import Struct
from msgspec.structs import replace

from drcheck.core.evaluation.inputs import Subject
from drcheck.core.model.evidence import FOREVER, LONG_AGO
from drcheck.core.model.points import Doubt, Points
from drcheck.core.time.spans import Span

from . import worlds
from .allowed import BREACHED, MET, UNKNOWN, Allowed, both_ways
from .cases import PlacesCase, RpoCase
from .worlds import Place

ALWAYS_IN_DOUBT = FOREVER
"""In the place of the instant at which a check failed: none did, and nobody knows whether it counts at all."""


class DoubtfulCase(Struct, frozen=True):
    """A case some of whose candidates may not count."""

    case: PlacesCase
    failed: Mapping[str, int]
    """Name to the instant at which a check of it failed, or :data:`ALWAYS_IN_DOUBT`."""

    @property
    def judged_on(self) -> tuple[Place, ...]:
        return self.case.survivors if isinstance(self.case, RpoCase) else self.case.places

    def subject(self) -> Subject:
        """Return what an evaluator is given."""
        return in_doubt(worlds.subject(self._with(dict.fromkeys(self.failed, True))), self.failed)

    def seconds(self) -> list[int]:
        """Return the instants to try."""
        window = self.case.window
        failed = {at + more for at in self.failed.values() for more in (-1, 0)}
        return sorted({*self.case.seconds(), *(at for at in failed if window.start <= at < window.end)})

    def allowed(self, second: int) -> Allowed:
        """Return what the worlds allow at one second."""
        names = sorted(self.failed)
        choices = [(False,) if second >= self.failed[name] else (False, True) for name in names]
        allowed = both_ways(
            replace(self.case, places=self._everywhere(dict(zip(names, counts, strict=True)))).allowed(second)
            for counts in product(*choices)
        )
        # Whether what is known to be broken now had counted once, or never, makes "none any more" of "none ever".
        broken = any(second >= at for at in self.failed.values())
        return allowed | BREACHED | UNKNOWN if broken and not allowed & MET else allowed

    def _with(self, counts: Mapping[str, bool]) -> tuple[Place, ...]:
        return tuple(_told(place, counts) for place in self.judged_on)

    def _everywhere(self, counts: Mapping[str, bool]) -> tuple[Place, ...]:
        return tuple(_told(place, counts) for place in self.case.places)


def _told(place: Place, counts: Mapping[str, bool]) -> Place:
    truths = (replace(truth, counts=counts.get(truth.name, truth.counts)) for truth in place.truths)
    return replace(place, truths=tuple(truths))


def in_doubt(subject: Subject, failed: Mapping[str, int]) -> Subject:
    """Return ``subject`` with what ``failed`` names in doubt, and surely broken from those instants on."""

    def doubted(points: Points) -> Points:
        doubts = {row: tuple(_doubts(failed[name])) for row, name in enumerate(points.name) if name in failed}
        return points.doubting(doubts)

    return Subject(subject.of, tuple(replace(part, points=doubted(part.points)) for part in subject.parts))


def _doubts(at: int) -> Iterable[Doubt]:
    if at == ALWAYS_IN_DOUBT:
        return [Doubt("it is tiny")]
    return [
        Doubt("it failed a check", Span(at, FOREVER), certain=True, made=True),
        Doubt("it failed a check later", Span(LONG_AGO, at), made=True),
    ]


@st.composite
def doubtful(draw: st.DrawFn, cases: st.SearchStrategy[PlacesCase], *, broken: bool) -> DoubtfulCase:
    """Draw a case, and up to three of its candidates that are in doubt or, with ``broken``, were found broken."""
    case = draw(cases)
    places = case.survivors if isinstance(case, RpoCase) else case.places
    known = list(_known(places))
    names = draw(st.lists(st.sampled_from(known), min_size=1, max_size=3, unique=True)) if known else []
    first, last = case.window.start - 86400, case.window.end
    instants = st.integers(first, last) if broken else st.nothing()
    return DoubtfulCase(case, {name: draw(st.just(ALWAYS_IN_DOUBT) | instants) for name in names})


def _known(places: Iterable[Place]) -> Iterator[str]:
    # Overwriting is left out: what a name held until then says something of what came before.
    yield from (seen.truth.name for place in places for seen in place.seen if not seen.truth.path)
