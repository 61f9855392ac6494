"""What of each source counts for one commitment: the rules that need more than the looks at that source."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from msgspec.structs import replace

from drcheck.core.evaluation.inputs import Subject
from drcheck.core.evaluation.interface import Counts
from drcheck.core.history.absence import proved_at_all
from drcheck.core.history.part import Part
from drcheck.core.judging.sources import SourceEvidence
from drcheck.core.model.evidence import LONG_AGO
from drcheck.core.model.log_records import Log
from drcheck.core.model.policy import Source
from drcheck.core.rules import dependence, failed_checks


def subject_of(
    counts: Counts,
    of: str,
    parts: Mapping[str, Part],
    evidence: Mapping[str, SourceEvidence],
    surviving: Sequence[Source],
    standing: Sequence[Source],
) -> Subject:
    """Return the data set as ``surviving``, the sources that a commitment lists and that survive, hold it.

    ``parts`` has the shares of all sources that it lists, and of all others of the policy that hold the data set where
    it asks for what can be restored; ``standing`` are those of all of them that survive.
    """
    listed = [parts[source.name] for source in surviving]
    if counts < Counts.INTACT:
        return Subject(of, tuple(listed))
    logs = {name: one.log for name, one in evidence.items() if one.log is not None}
    listed = [_checked(part, logs) for part in listed]
    if counts < Counts.RESTORABLE:
        return Subject(of, tuple(listed))
    names = {part.points.source for part in listed}
    others = [_checked(part, logs) for name, part in parts.items() if name not in names]
    alive = {source.name for source in standing}
    proved = proved_at_all(part.absence.stood(LONG_AGO) for part in (*listed, *others) if part.points.source in alive)
    points = dependence.apply([part.points for part in listed], [part.points for part in others], alive, proved)
    return Subject(of, tuple(replace(part, points=one) for part, one in zip(listed, points, strict=True)))


def _checked(part: Part, logs: Mapping[str, Log]) -> Part:
    points = failed_checks.apply(part.points, logs)
    return part if points is part.points else replace(part, points=points)
