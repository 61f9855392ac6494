"""Records of a log that concern nothing the policy has: a name that is misspelled makes no silence, nor a proof."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping

from drcheck.core.judging.sources import SourceEvidence
from drcheck.core.kinds.integrity.commitment import Integrity
from drcheck.core.model.log_records import Check, Log, Recovery
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
    records: Iterable[Recovery | Check] = (*log.recoveries, *log.checks)
    shown = _Shown(
        policy, evidence, (one for one in records if one.finished_at is None or one.finished_at >= window.start)
    )
    return (*_tests(policy, source, log, shown, window), *_checks(policy, source, log, shown, window))


class _Shown:
    """Which copies that records name were ever shown: all of one source are sought out at once."""

    def __init__(
        self, policy: Policy, evidence: Mapping[str, SourceEvidence], records: Iterable[Recovery | Check]
    ) -> None:
        self._policy = policy
        names: dict[str, set[str]] = defaultdict(set)
        for one in records:
            names[one.point_source].add(one.point_name)
        self._unshown = {
            source: its - evidence[source].shown(its - {""}) for source, its in names.items() if source in evidence
        }

    def unplaced(self, source: str, name: str) -> str:
        """Return why a record is of no copy that is known; empty: it is of one, or of what nobody looks at."""
        if not source or not name:
            return "does not tell of which copy (recovery_point.source and .name)"
        if source not in self._policy.sources:
            return f"the policy has no source {source}"
        return f"no look has shown {name} at {source}" if name in self._unshown.get(source, ()) else ""


def _tests(policy: Policy, source: str, log: Log, shown: _Shown, window: Window) -> Iterator[str]:
    for one in log.recoveries:
        failed = one.outcome == "failed"
        if one.finished_at is not None and one.finished_at < window.start:
            continue
        # Records of the ledger's own have no lines.
        own = source in policy.sources and policy.sources[source].reader.own is not None
        where = source if own else f"{source}, line {one.line}"
        what = f"{where}: {'outage' if one.real else 'restore test'} {one.id}"
        no_scenario = one.scenarios and one.scenarios.isdisjoint(policy.scenarios)
        if (failed or one.real) and no_scenario and one.started_at < window.end:
            yield f"{what} is of {several(sorted(one.scenarios))}, and the policy has no scenario of that name"
        why = shown.unplaced(one.point_source, one.point_name)
        if why and failed and one.data_wrong:
            yield f"{what} found data wrong, and {why}: it takes out none"
        elif why and one.outcome == "passed" and one.point_source and one.point_name:
            yield f"{what} passed, and {why}"


def _checks(policy: Policy, source: str, log: Log, shown: _Shown, window: Window) -> Iterator[str]:
    promised = any(isinstance(one, Integrity) and source in one.evidence for one in policy.commitments)
    for check in log.checks:
        if check.finished_at < window.start or ((promised or check.passed) and not check.point_name):
            continue  # a failed check of no copy in particular breaches the promise of integrity that rests on it
        if why := shown.unplaced(check.point_source, check.point_name):
            ended = "passed" if check.passed else "failed"
            yield f"{source}, line {check.line}: check {check.id} {ended}, and {why}{'' if check.passed else _NONE_OUT}"


_NONE_OUT = ": it takes out none"
