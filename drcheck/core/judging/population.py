"""All that lay at the sources of a policy within a window, counted or not: what an audit calls the population."""

from __future__ import annotations

from collections.abc import Mapping

from msgspec import Struct

from drcheck.core.evaluation.interface import Counts
from drcheck.core.judging.sources import SourceEvidence, part_of
from drcheck.core.judging.subjects import subject_of
from drcheck.core.model.log_records import Recovery
from drcheck.core.model.points import Points
from drcheck.core.model.policy import Policy
from drcheck.core.model.readers import Tells
from drcheck.core.model.verdict import Window


class Population(Struct, frozen=True):
    """Every candidate and every recovery that concerns a window."""

    points: tuple[Points, ...] = ()
    """For each source and data set, in the order of the policy, those that stood or had data of within it."""
    recoveries: tuple[tuple[str, Recovery], ...] = ()
    """Restore tests and recoveries from outages that went on within it, each with the source that tells of it, by
    when they began; an aborted one is among them."""


def population(policy: Policy, held: Mapping[str, SourceEvidence], window: Window) -> Population:
    """Return what there was, each candidate with whether it could be restored as all sources stand.

    ``held`` is what is known of the sources, with what speaks against the records in it.
    """
    holding = [source for source in policy.sources.values() if source.tells(Tells.POINTS) and source.name in held]
    found = []
    for of in dict.fromkeys(of for source in holding for of in source.of):
        its = [source for source in holding if of in source.of]
        parts = {source.name: part_of(source, of, held[source.name]) for source in its}
        found += [part.points for part in subject_of(Counts.RESTORABLE, of, parts, held, its, its).parts]
    recoveries = [
        (name, recovery)
        for name, one in held.items()
        if one.log is not None
        for recovery in one.log.recoveries
        if recovery.started_at < window.end and (recovery.finished_at is None or recovery.finished_at > window.start)
    ]
    recoveries.sort(key=lambda one: (one[1].started_at, one[0], one[1].line))
    return Population(tuple(points.only(_rows(points, window)) for points in found), tuple(recoveries))


def _rows(points: Points, window: Window) -> list[int]:
    """Return the rows of what may have stood at some time of ``window``, or has data of it."""
    return [
        row
        for row in range(len(points))
        if (points.available_lo[row] < window.end and points.gone_hi[row] > window.start)
        or window.start <= points.data_hi[row] < window.end
    ]
