"""What judging a policy needs to be looked at, and how far back: cost follows the question."""

from __future__ import annotations

from zoneinfo import ZoneInfo

from drcheck.core.evaluation.interface import Counts, OfBackups, OfRecoveries
from drcheck.core.model import grace
from drcheck.core.model.commitments import Commitment
from drcheck.core.model.evidence import LONG_AGO, Fact
from drcheck.core.model.policy import Identical, Policy, Source
from drcheck.core.model.readers import Tells
from drcheck.core.model.verdict import Window
from drcheck.core.rules.dependence import DEPENDENT
from drcheck.core.rules.sizes import MEDIAN_OF
from drcheck.core.time import calendar

MARGIN = calendar.DAY
"""How much further back a look asks than its question strictly needs: slots shift with their zone."""


def looked_at(policy: Policy) -> tuple[Source, ...]:
    """Return the sources that must be looked at.

    Those that a commitment rests on, whose backups others build on, or that a scenario with an objective restores from;
    and logs that may tell of a backup that it is broken, where that counts.
    """
    needed = _restored_from(policy).union(name for commitment in policy.commitments for name in commitment.evidence)
    chained = _chained_sets(policy)
    intact = any(isinstance(one, OfBackups) and one.counts() >= Counts.INTACT for one in policy.commitments)
    return tuple(
        source
        for source in policy.sources.values()
        if source.name in needed
        or (source.tells(Tells.POINTS) and not chained.isdisjoint(source.of))
        or (source.tells(Tells.RESTORE_TESTS) and intact)
    )


def _chained_sets(policy: Policy) -> frozenset[str]:
    """Return the data sets of which a commitment asks for what may build on other backups."""
    names = {
        name
        for commitment in policy.commitments
        if isinstance(commitment, OfBackups) and commitment.counts() is Counts.RESTORABLE
        for name in commitment.evidence
    }
    return frozenset(of for name in names if _may_depend(policy.sources[name]) for of in policy.sources[name].of)


def _may_depend(source: Source) -> bool:
    """Return whether backups at a source may restore only with others."""
    return (
        source.reader.chains
        or source.kind in DEPENDENT
        or any("{kind}" in template or "{since:" in template for template in source.templates)
    )


def asked_at(policy: Policy, source: Source) -> frozenset[Fact]:
    """Return what must be asked of each backup at ``source`` beside its listing: only what a commitment needs."""
    if not source.tells(Tells.POINTS):
        return frozenset()
    return frozenset().union(*(commitment.facts() for commitment in _resting_on(policy, source)))


def _resting_on(policy: Policy, source: Source) -> list[Commitment]:
    return [commitment for commitment in policy.commitments if source.name in commitment.evidence]


def contents_matter(policy: Policy, source: Source) -> bool:
    """Return whether a verdict may hang on which backups at ``source`` have the same content.

    Where identical dumps are allowed, each is a backup of its own, whatever it holds.
    """
    if not source.tells(Tells.POINTS) or source.identical_dumps is Identical.ALLOWED:
        return False
    return any(
        isinstance(one, OfBackups) and one.counts() >= Counts.INTACT and _rests_on(policy, one, source)
        for one in policy.commitments
    )


def expected_since(policy: Policy, source: Source, at: int) -> int:
    """Return since when something must have come to ``source`` if ``policy`` is kept; ``LONG_AGO``: nothing must."""
    asked = (one.expects(grace.of_commitment(policy, one)) for one in _resting_on(policy, source))
    return at - min((longest for longest in asked if longest is not None), default=at - LONG_AGO)


def restored_sets(policy: Policy, commitment: Commitment) -> tuple[str, ...]:
    """Return the data sets that a recovery restores: those that the logs of its tests name, else all."""
    points = [source for source in policy.sources.values() if source.tells(Tells.POINTS)]
    every = tuple(dict.fromkeys(of for source in points for of in source.of))
    named = {of for name in commitment.evidence for of in policy.sources[name].of}
    return tuple(of for of in every if of in named) or every


def restored_from(policy: Policy, commitment: OfRecoveries) -> tuple[Source, ...]:
    """Return the sources of what a recovery restores that survive its scenario, or of which nobody stated the site."""
    lost = policy.lost_sites(commitment.scenario)
    restored = set(restored_sets(policy, commitment))
    return tuple(
        source
        for source in policy.sources.values()
        if source.tells(Tells.POINTS) and source.site not in lost and not restored.isdisjoint(source.of)
    )


def _restored_from(policy: Policy) -> frozenset[str]:
    """Return the sources whose copies must be at hand in time."""
    return frozenset(
        source.name
        for commitment in policy.commitments
        if isinstance(commitment, OfRecoveries)
        and any(not policy.sources[name].tells(Tells.ATTESTATIONS) for name in commitment.evidence)
        for source in restored_from(policy, commitment)
    )


def either_encrypts(policy: Policy, source: Source) -> bool:
    """Return whether encryption by the storage is enough for every commitment that rests on ``source``."""
    asked = (commitment.facts() for commitment in _resting_on(policy, source))
    return not any(Fact.CLIENT_ENCRYPTION in facts and Fact.STORAGE_ENCRYPTION not in facts for facts in asked)


def locked_for(policy: Policy, source: Source) -> int:
    """Return the longest time, in seconds, that a commitment wants the backups at ``source`` to be locked."""
    return max((commitment.locked_for() for commitment in _resting_on(policy, source)), default=0)


def kept_from(policy: Policy, source: Source, at: int) -> int:
    """Return of when data may be, at the oldest, that ``source`` holds at all; ``LONG_AGO``: of any time."""
    bounds = (commitment.deleted_after() for commitment in _resting_on(policy, source))
    return at - min((bound for bound in bounds if bound is not None), default=at - LONG_AGO)


def needed_since(policy: Policy, source: Source, window: Window, *, with_bases: bool = True) -> int:
    """Return the oldest data at ``source`` that judging ``policy`` over ``window`` needs; ``LONG_AGO``: all of it.

    ``with_bases``: and of what that builds on, however old it is.
    """
    if with_bases and source.tells(Tells.POINTS) and not _chained_sets(policy).isdisjoint(source.of):
        return LONG_AGO  # however old the full is that others build on
    back = 0
    for commitment in policy.commitments:
        if not _rests_on(policy, commitment, source):
            continue
        zone = ZoneInfo(commitment.zone or policy.timezone)
        reach = commitment.reach(window.start, grace.of_commitment(policy, commitment), zone)
        if reach is None:
            return LONG_AGO
        back = max(back, reach)
    sizes = MEDIAN_OF * _interval(policy, source) if source.compares_sizes else 0
    return window.start - back - MARGIN - (source.max_duration or 0) - sizes


def _rests_on(policy: Policy, commitment: Commitment, source: Source) -> bool:
    """Return whether a commitment needs to know what lies at ``source``.

    What is kept is also held against where backups are counted as made: a day that was never made is no day deleted.
    """
    if source.name in commitment.evidence:
        return True
    kept = {of for name in commitment.evidence for of in policy.sources[name].of}
    return not kept.isdisjoint(source.of) and any(
        source.name in other.evidence and commitment.leaves_making_to(other) for other in policy.commitments
    )


def _interval(policy: Policy, source: Source) -> int:
    """Return how far apart, in seconds, the backups at ``source`` are meant to be, and at least a day."""
    planned = [calendar.longest_gap(source.planned)] if source.planned else []
    owed = (commitment.making() for commitment in _resting_on(policy, source))
    return max([calendar.DAY, *planned, *(making.every for making in owed if making is not None)])
