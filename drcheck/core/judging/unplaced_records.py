"""Records of a log that concern nothing the policy has: a name that is misspelled makes no silence, nor a proof."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from drcheck.core.judging.sources import SourceEvidence
from drcheck.core.kinds.integrity.commitment import Integrity
from drcheck.core.model.evidence import Log
from drcheck.core.model.policy import Policy
from drcheck.core.model.verdict import Window
from drcheck.core.words import several


def unplaced(
    policy: Policy, source: str, log: Log, evidence: Mapping[str, SourceEvidence], window: Window
) -> tuple[str, ...]:
    """Return the records of the window in the log at ``source`` that concern nothing known, a sentence each.

    A failed test or an outage of a scenario, and bad data of a source or a copy, that the policy does not have, or that
    no look has shown; bad data of which the record does not tell in which copy it was; and a test or a check that
    passed on a copy that no look has shown.
    """
    return (*_tests(policy, source, log, evidence, window), *_checks(policy, source, log, evidence, window))


def _tests(
    policy: Policy, source: str, log: Log, evidence: Mapping[str, SourceEvidence], window: Window
) -> Iterator[str]:
    for one in log.recoveries:
        failed = one.outcome == "failed"
        if one.finished_at is not None and one.finished_at < window.start:
            continue
        what = f"{source}, line {one.line}: {'outage' if one.real else 'restore test'} {one.id}"
        no_scenario = one.scenarios and one.scenarios.isdisjoint(policy.scenarios)
        if (failed or one.real) and no_scenario and one.started_at < window.end:
            yield f"{what} is of {several(sorted(one.scenarios))}, and the policy has no scenario of that name"
        why = _unplaced(policy, one.point_source, one.point_name, evidence)
        if why and failed and one.data_wrong:
            yield f"{what} found data wrong, and {why}: it takes out none"
        elif why and one.outcome == "passed" and one.point_source and one.point_name:
            yield f"{what} passed, and {why}"


def _checks(
    policy: Policy, source: str, log: Log, evidence: Mapping[str, SourceEvidence], window: Window
) -> Iterator[str]:
    promised = any(isinstance(one, Integrity) and source in one.evidence for one in policy.commitments)
    for check in log.checks:
        if check.finished_at < window.start or ((promised or check.passed) and not check.point_name):
            continue  # a failed check of no copy in particular breaches the promise of integrity that rests on it
        if why := _unplaced(policy, check.point_source, check.point_name, evidence):
            ended = "passed" if check.passed else "failed"
            yield f"{source}, line {check.line}: check {check.id} {ended}, and {why}{'' if check.passed else _NONE_OUT}"


_NONE_OUT = ": it takes out none"


def _unplaced(policy: Policy, source: str, name: str, evidence: Mapping[str, SourceEvidence]) -> str:
    """Return why a record is of no copy that is known; empty: it is of one, or of what nobody looks at."""
    if not source or not name:
        return "does not tell of which copy (recovery_point.source and .name)"
    if source not in policy.sources:
        return f"the policy has no source {source}"
    seen = evidence.get(source)
    return "" if seen is None or seen.has_shown(name) else f"no look has shown {name} at {source}"
