"""What a log says was restored, held against what the policy and the places say: some of it cannot be."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace

from drcheck.core import words
from drcheck.core.evaluation.terms import Records
from drcheck.core.judging.sources import SourceEvidence
from drcheck.core.model.evidence import FOREVER, Recovery
from drcheck.core.model.policy import Policy
from drcheck.core.rules import checked_copies


def held_against(
    policy: Policy, evidence: Mapping[str, SourceEvidence], records: Records, clock_tolerance: int
) -> Records:
    """Return ``records``, with what speaks against each recovery in them.

    Of a data set that no source of the policy holds a recovery proves nothing, nor does one from a copy whose name says
    that its data is of later than the recovery's end.
    """
    sets = {of for source in policy.sources.values() for of in source.of}

    def against(one: Recovery) -> str:
        if one.contradicted:
            return one.contradicted
        if one.point_of and one.point_of not in sets:
            return f"it restored {one.point_of}, a data set that no source of the policy holds"
        return _later(one)

    def _later(one: Recovery) -> str:
        source, seen = policy.sources.get(one.point_source), evidence.get(one.point_source)
        if source is None or seen is None or not one.point_name:
            return ""
        if not all("{data_as_of:" in template for template in source.templates):
            return ""  # under a name that tells no instant there was something else before
        ended = FOREVER if one.finished_at is None else one.finished_at + clock_tolerance
        data = [
            part.points.data_lo[row]
            for part in seen.parts.values()
            for copies in checked_copies.named(part.points, {one.point_name}).values()
            for row in copies.rows
        ]
        if not data or min(data) <= ended:
            return ""
        return (
            f"it restored {one.point_name} at {one.point_source}, of {words.instant(min(data))}, "
            "which is later than its end"
        )

    def held(one: Recovery) -> Recovery:
        why = against(one)
        return one if why == one.contradicted else replace(one, contradicted=why)

    return replace(
        records,
        logs={name: replace(log, recoveries=tuple(map(held, log.recoveries))) for name, log in records.logs.items()},
    )
