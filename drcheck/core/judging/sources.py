"""What is known of each source, as far as a commitment may count it."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Final, NamedTuple

from msgspec import Struct, field

from drcheck.core.evaluation.inputs import Records
from drcheck.core.history.absence import Absence
from drcheck.core.history.looks import Looks
from drcheck.core.history.part import Part
from drcheck.core.model.commitments import Commitment, Standing
from drcheck.core.model.evidence import Fact, Gap, Unaccounted
from drcheck.core.model.log_records import Log
from drcheck.core.model.points import Points
from drcheck.core.model.policy import Policy, Source
from drcheck.core.model.readers import Tells
from drcheck.core.model.verdict import Window
from drcheck.core.rules import checked_copies

OF_ALL: Final = frozenset({None, Fact.STATE, Fact.DIGEST})
"""What a gap is of that concerns every promise: a look as a whole, a line of a log, whether backups are complete, or a
digest that tells nothing of what it stands beside."""
_NEVER_LOOKED: Final = Gap("it has never been looked at", "Run drcheck verify without --offline.")


class SourceEvidence(Struct, frozen=True):
    """What is known of one source."""

    standing: Standing
    parts: Mapping[str, Part] = field(default_factory=dict)
    """Data set to the candidates seen; empty for logs."""
    log: Log | None = None
    gaps: tuple[Gap, ...] = ()
    """What the newest look could not see."""
    unaccounted: tuple[Unaccounted, ...] = ()
    """The newest names there that nothing accounts for."""
    ever_matched: bool = True
    """Whether a name there was ever read as that of a backup; a log has none to read."""
    looks: Looks = field(default_factory=Looks)
    """All looks at it, in the order in which they were made."""
    names: Callable[[], Sequence[str]] = tuple
    """Returns every name of a backup that any look has shown, however old or new it is: it reads all of its history."""

    def looks_within(self, window: Window) -> int:
        """Return how many complete looks began within ``window``."""
        return sum(window.start <= begin < window.end for begin, _ in self.looks.complete())

    def shown(self, names: set[str]) -> set[str]:
        """Return which of ``names``, as records call something there, stand for what any look has shown."""
        found = {name for part in self.parts.values() for name in checked_copies.copies_named(part.points, names)}
        return found | checked_copies.among(rest, self.names()) if (rest := names - found) else found


class Evidence(NamedTuple):
    """What is known of the sources of a policy, by name, as each of its texts reads them."""

    today: Mapping[str, SourceEvidence]
    earlier: Mapping[str, Mapping[str, SourceEvidence]]
    """By the digest of an earlier text; one that is not in here reads them as that of today does."""

    def of(self, policy: Policy) -> Mapping[str, SourceEvidence]:
        """Return what is known of the sources of one of its texts."""
        return self.earlier.get(policy.sha256, self.today)


def counted_sources(commitment: Commitment, evidence: Mapping[str, SourceEvidence]) -> dict[str, SourceEvidence]:
    """Return what is known of the sources that a commitment rests on, as far as it has the standing that is asked."""
    return {name: _of_standing(evidence.get(name), commitment.min_standing) for name in commitment.evidence}


def part_of(source: Source, of: str, seen: SourceEvidence) -> Part:
    """Return a source's share of a data set; of one that was never seen, nothing."""
    return seen.parts.get(of) or Part(Points(source.name, of), Absence((), source.thinned_after))


def records_of(policy: Policy, seen: Mapping[str, SourceEvidence], *, attested: bool = False) -> Records:
    """Return what the logs among the sources say; one that was never looked at says why nothing of it is known.

    Attestations are somebody's word: beside what can be seen they decide nothing.
    """
    readers = {name: policy.sources[name].reader for name in seen}
    return Records(
        {
            name: one.log or Log(unseen=one.gaps or (_NEVER_LOOKED,))
            for name, one in seen.items()
            if Tells.POINTS not in readers[name].yields and (Tells.ATTESTATIONS in readers[name].yields) is attested
        },
        readers,
    )


def _of_standing(one: SourceEvidence | None, standing: Standing | None) -> SourceEvidence:
    """Return evidence as far as it has the standing that is asked: what has less proves nothing, nor its absence."""
    if one is None:
        return SourceEvidence(Standing.ATTESTED)
    if standing is None or one.standing >= standing:
        return one
    gap = Gap(
        f"its evidence has the standing {one.standing.name.lower()}, and {standing.name.lower()} is asked",
        "Name a source with more standing, or lower min_standing.",
    )
    return SourceEvidence(
        one.standing,
        {of: Part(Points(part.points.source, of), Absence((), None), gap.what) for of, part in one.parts.items()},
        None if one.log is None else Log(unseen=(gap,)),
        (gap,),
    )


def gaps_of(commitment: Commitment, one: SourceEvidence | None, used: SourceEvidence) -> Sequence[Gap]:
    """Return what of a source could not be seen, as far as it concerns a commitment."""
    whole = dict.fromkeys((*(one.gaps if one else (_NEVER_LOOKED,)), *used.gaps))
    concerned = (gap for gap in whole if gap.fact in {*OF_ALL, *commitment.facts()})
    return (*concerned, *(one.log.gaps if one and one.log else ()))


def gaps_beside(one: SourceEvidence | None) -> tuple[Gap, ...]:
    """Return what could not be seen of a source that no commitment rests on, but that may tell of what others hold."""
    if one is None:
        return (_NEVER_LOOKED,)
    return (*(gap for gap in one.gaps if gap.fact in OF_ALL), *(one.log.gaps if one.log else ()))
