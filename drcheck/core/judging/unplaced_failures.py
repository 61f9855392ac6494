"""Failures that a log tells of, and that concern nothing the policy has: a name that is misspelled makes no silence."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass

from drcheck.core.judging.sources import SourceEvidence
from drcheck.core.kinds.integrity.commitment import Integrity
from drcheck.core.model.evidence import Log
from drcheck.core.model.policy import Policy
from drcheck.core.model.verdict import Window
from drcheck.core.rules import checked_copies
from drcheck.core.words import several


@dataclass(frozen=True, slots=True)
class Shown:
    """What looks have shown at the sources of a policy."""

    evidence: Mapping[str, SourceEvidence]
    """What the question needs of it, by source."""
    names: Callable[[str], Sequence[str]]
    """Returns every name that any look at a source has shown, however old or new it is: it reads all of its history."""

    def has(self, source: str, name: str) -> bool:
        """Return whether any look has shown what a record calls ``name``; also where nobody looks."""
        seen = self.evidence.get(source)
        if seen is None or any(checked_copies.named(part.points, {name}) for part in seen.parts.values()):
            return True
        return checked_copies.is_among(name, self.names(source))


def unplaced(policy: Policy, source: str, log: Log, shown: Shown, window: Window) -> tuple[str, ...]:
    """Return the failures of the window in the log at ``source`` that no verdict takes up, a sentence each.

    A test or an outage of a scenario, and bad data of a source or a copy, that the policy does not have, or that no
    look has shown; and bad data of which the record does not tell in which copy it was.
    """
    return tuple(_tests(policy, source, log, shown, window)) + tuple(_checks(policy, source, log, shown, window))


def _tests(policy: Policy, source: str, log: Log, shown: Shown, window: Window) -> Iterator[str]:
    for one in log.recoveries:
        failed = one.outcome == "failed"
        if not (failed or one.real) or (one.finished_at is not None and one.finished_at < window.start):
            continue
        what = f"{source}, line {one.line}: {'outage' if one.real else 'restore test'} {one.id}"
        if one.scenarios and one.scenarios.isdisjoint(policy.scenarios) and one.started_at < window.end:
            yield f"{what} is of {several(sorted(one.scenarios))}, and the policy has no scenario of that name"
        if failed and one.data_wrong and (why := _unplaced(policy, one.point_source, one.point_name, shown)):
            yield f"{what} found data wrong, and {why}: it takes out none"


def _checks(policy: Policy, source: str, log: Log, shown: Shown, window: Window) -> Iterator[str]:
    promised = any(isinstance(one, Integrity) and source in one.evidence for one in policy.commitments)
    for check in log.checks:
        if check.passed or check.finished_at < window.start or (promised and not check.point_name):
            continue  # a failed check of no copy in particular breaches the promise of integrity that rests on it
        if why := _unplaced(policy, check.point_source, check.point_name, shown):
            yield f"{source}, line {check.line}: check {check.id} failed, and {why}: it takes out none"


def _unplaced(policy: Policy, source: str, name: str, shown: Shown) -> str:
    """Return why a failure is of no copy that is known; empty: it is of one, or of what nobody looks at."""
    if not source or not name:
        return "does not tell of which copy (recovery_point.source and .name)"
    if source not in policy.sources:
        return f"the policy has no source {source}"
    return "" if shown.has(source, name) else f"no look has shown {name} at {source}"
