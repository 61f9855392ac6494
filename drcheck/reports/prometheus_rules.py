"""Alert rules for Prometheus over the metrics of :mod:`drcheck.reports.prometheus`, by what the policies promise.

Each commitment has rules of its own: so a service whose metrics are gone is noticed, and an unknown is told once it has
lasted as long as its own objective (at most a day).
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping
from types import MappingProxyType
from typing import Any, Final

import yaml

from drcheck.core.kinds.rpo import Rpo
from drcheck.core.model.commitments import Commitment
from drcheck.core.model.policy import Policy

_HOUR: Final = 3600
_DAY: Final = 24 * _HOUR
_STATUS: Final = "drcheck_commitment_status"
_NONE: Final[Mapping[str, str]] = MappingProxyType({})


def rules(policies: Iterable[Policy], *, run_every: int) -> bytes:
    """Return a file of rules for ``policies``, judged at least each ``run_every`` seconds."""
    groups = [
        {"name": "drcheck", "rules": [*_of_runs(run_every)]},
        *({"name": f"drcheck {policy.service}", "rules": [*_of_service(policy)]} for policy in policies),
    ]
    text = yaml.safe_dump({"groups": groups}, sort_keys=False, width=100, allow_unicode=False)
    return (
        "# Alerts on the metrics of `drcheck verify --format prometheus`, written by `drcheck init --prometheus`.\n"
        "# Make it anew when a policy changes. promtool check rules says whether Prometheus can read it.\n" + text
    ).encode()


def _of_runs(run_every: int) -> Iterator[dict[str, Any]]:
    late = run_every + max(run_every // 2, _HOUR)
    yield _alert(
        "DrcheckDidNotRun",
        f"time() - drcheck_run_end_timestamp_seconds > {late} or absent(drcheck_run_end_timestamp_seconds)",
        "critical",
        "drcheck has not run: nobody knows whether any promise is kept",
        wait=300,
    )
    yield _alert(
        "DrcheckPolicyNotJudged",
        "drcheck_policies_invalid + drcheck_policies_gone > 0",
        "warning",
        "{{ $value }} policies are invalid or gone",
    )
    yield _alert(
        "DrcheckSourcesUnseen",
        "drcheck_service_sources_asked - drcheck_service_sources_seen > 0",
        "warning",
        "{{ $value }} sources of {{ $labels.service }} could not be seen",
        wait=run_every + _HOUR,
    )
    yield _alert(
        "DrcheckBrokenForATime",
        "drcheck_commitment_passed_breaches > 0",
        "warning",
        "{{ $labels.commitment }} of {{ $labels.service }} was broken between two runs, and is over",
    )
    yield _alert(
        "DrcheckWaiverEnds",
        f"drcheck_commitment_waived_until_timestamp_seconds - time() < {14 * _DAY}",
        "info",
        "the waiver of {{ $labels.commitment }} of {{ $labels.service }} ends in {{ $value | humanizeDuration }}",
    )
    yield _alert(
        "DrcheckRestoreTestDue",
        f'drcheck_commitment_due_timestamp_seconds{{kind="restore_test"}} - time() < {30 * _DAY}',
        "info",
        "a restore test of {{ $labels.service }} is due in {{ $value | humanizeDuration }}",
    )


def _of_service(policy: Policy) -> Iterator[dict[str, Any]]:
    for commitment in policy.commitments:
        which = f'service="{policy.service}",commitment="{commitment.id}"'
        clause = f" (clause {commitment.clause})" if commitment.clause else ""
        promise = _plain(f"{commitment.id} of {policy.service}{clause}")
        labels = {"service": policy.service, "commitment": commitment.id, "kind": commitment.kind}
        if policy.owner:
            labels["owner"] = _plain(policy.owner)
        yield _alert("DrcheckBreached", _has("breached", which), "critical", f"{promise} is breached", labels=labels)
        yield _alert(
            "DrcheckUnknown",
            _has("unknown", which),
            "warning",
            f"nobody knows whether {promise} is kept",
            wait=_patience(commitment),
            labels=labels,
        )
        yield _alert(
            "DrcheckNotJudged",
            f'absent({_STATUS}{{{which},{_STATUS}="met"}})',
            "warning",
            f"{promise} is judged no more",
            wait=_HOUR,
            labels=labels,
        )
        yield _alert(
            "DrcheckAtRisk",
            f"drcheck_commitment_at_risk{{{which}}} == 1",
            "info",
            f"{promise} is kept with little headroom",
            labels=labels,
        )


def _has(status: str, which: str) -> str:
    return f'{_STATUS}{{{which},{_STATUS}="{status}"}} == 1'


def _patience(commitment: Commitment) -> int:
    """Return for how many seconds a commitment may be unknown before somebody is told: as long as its own objective."""
    objective = commitment.at_most if isinstance(commitment, Rpo) else _DAY
    return min(max(objective, _HOUR), _DAY)


def _plain(text: str) -> str:
    """Return text in which a template of Prometheus is none: a clause may hold anything."""
    return re.sub(r"\{(?=\{)", "{ ", text)


def _alert(
    name: str, expression: str, severity: str, summary: str, *, wait: int = 0, labels: Mapping[str, str] = _NONE
) -> dict[str, Any]:
    return {
        "alert": name,
        "expr": expression,
        **({"for": f"{wait}s"} if wait else {}),
        "labels": {"severity": severity, **labels},
        "annotations": {"summary": summary},
    }
