"""The head of a service: who promised what to whom, for which disaster, by which agreement."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from drcheck.core import words
from drcheck.core.model.policy import Policy
from drcheck.core.model.policy_text import separated
from drcheck.core.model.readers import Tells
from drcheck.reports.wording.local_time import Local
from drcheck.run_report import Judged

_UNSTATED = "not stated in the policy"
_MOST = 20


def about(judged: Judged, local: Local) -> Iterator[tuple[str, str]]:
    """Yield a label and what it says, each; what a policy does not state is said as well, as far as a reader asks."""
    policy, agreement = judged.policy, judged.policy.agreement
    yield "Agreement", agreement.title or _UNSTATED
    yield "Promised by", agreement.provider or _UNSTATED
    yield "Promised to", agreement.customer or _UNSTATED
    yield "Owner", policy.owner or _UNSTATED
    yield "In force from", _UNSTATED if agreement.effective is None else local.instant(agreement.effective)
    yield "Until", "no end is stated" if agreement.ends is None else local.instant(agreement.ends)
    if sets := dict.fromkeys(of for one in policy.sources.values() if one.tells(Tells.POINTS) for of in one.of):
        yield "Data sets", _list(sets)
    if policy.runs_at:
        yield "Runs at", _list(policy.runs_at)
    yield from _scenarios(policy)
    files = [name for name, _ in separated(policy.text)]
    yield "Policy", _list(files) or policy.file
    yield "SHA-256 of the policy", policy.sha256
    yield "Time zone", policy.timezone
    yield "Judged", f"{local.instant(judged.window.start)} up to {local.instant(judged.window.end)}"


def _scenarios(policy: Policy) -> Iterator[tuple[str, str]]:
    """Yield each disaster with the sites that it takes away and what is promised for it."""
    for scenario in policy.scenarios:
        promised = [one.id for one in policy.commitments if one.scenario == scenario]
        told = f"takes away {_list(sorted(policy.lost_sites(scenario)))}"
        told += f"; promised for it: {_list(promised)}" if promised else "; nothing is promised for it by name"
        yield f"Disaster: {scenario}", told


def _list(several: Iterable[str]) -> str:
    return words.several(list(several), at_most=_MOST)
