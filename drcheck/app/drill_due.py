"""Which restore tests are due next, over all services: out of the ledger, with the drills that it was told of since."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from functools import partial
from zoneinfo import ZoneInfo

from msgspec.structs import replace

from drcheck import clock
from drcheck.app.judge import evidence_of
from drcheck.app.policy_versions import Versions, versions
from drcheck.core.judging.judge import judge
from drcheck.core.judging.sources import SourceEvidence
from drcheck.core.model.commitments import Commitment
from drcheck.core.model.policy import Policy
from drcheck.core.model.status import Status
from drcheck.core.model.verdict import Verdict, Window
from drcheck.core.restoring.due_tests import DueTest, Overview, Test, asks_for_tests, due_tests
from drcheck.core.restoring.notices import owed_notices
from drcheck.errors import UsageError
from drcheck.ledger.drills import DrillsState
from drcheck.ledger.state import Key, SourceState, State
from drcheck.ledger.store import Ledger, open_ledger
from drcheck.policyfile.load import load_policies
from drcheck.policyfile.validate import suggest
from drcheck.settings import Settings


def overview(settings: Settings, service: str = "") -> Overview:
    """Return what is due; of one service, or of all that have a policy.

    Raises ``UsageError`` where there is no policy, or none of that service; ``NoLedger`` where nothing was ever judged.
    """
    loaded = load_policies((), settings)
    policies = [policy for policy in loaded.policies if service in {"", policy.service}]
    if service and not policies:
        hint = (
            suggest(service, sorted(policy.service for policy in loaded.policies)) or "drcheck lint names the faults."
        )
        raise UsageError(f"no policy is of service {service}", hint[:1].upper() + hint[1:])
    now = clock.now()
    tests: list[Test] = []
    unjudged, silent = [], []
    with open_ledger(settings.ledger, read_only=True) as ledger:
        state = ledger.state(())
        known = versions(ledger, state, policies, now)
        for policy in policies:
            found = _of_service(settings, ledger, state, policy, known[policy.service], now)
            if found is None:
                unjudged.append(policy.service)
            elif not found:
                silent.append(policy.service)
            zone = ZoneInfo(policy.timezone)
            tests += (Test(one, zone, owed_notices(policy, one.scenario)) for one in found or ())
    tests.sort(key=lambda one: one.due.rank)
    invalid = tuple(dict.fromkeys(fault.file for fault in loaded.faults)) if not service else ()
    return Overview(now, tuple(tests), tuple(unjudged), invalid, tuple(silent))


def _of_service(
    settings: Settings, ledger: Ledger, state: State, policy: Policy, texts: Versions, now: int
) -> list[DueTest] | None:
    """Return what is due of one service; None: no run has judged it."""
    if not any(past.service == policy.service for past in state.policies):
        return None
    sources = dict(_sources(ledger, state, policy, now))
    looks = [one.history.looks[-1].begin for name, one in sources.items() if policy.sources[name].reader.own is None]
    seen = 1 + max(looks, default=now)
    read = partial(_evidence, policy, texts, sources, settings.clock_tolerance)
    asking = [one for one in policy.commitments if asks_for_tests(one) is not None]
    evidence = read(seen)
    verdicts = {one.commitment.id: one for one in _judged(policy, asking, evidence, texts, settings, seen)}
    # What lies elsewhere has not been seen since; what the ledger itself was told it knows now.
    own = {name for name, source in policy.sources.items() if source.reader.own is not None}
    if (resting := [one for one in asking if not own.isdisjoint(one.evidence)]) and now >= seen:
        later = _judged(policy, resting, read(now + 1), texts, settings, now + 1)
        verdicts |= {one.commitment.id: one for one in later if one.status is not Status.UNKNOWN}
    announced = state.drills.get(policy.service, DrillsState()).announced()
    return due_tests(policy, verdicts.values(), evidence, announced, now, clock_tolerance=settings.clock_tolerance)


def _sources(ledger: Ledger, state: State, policy: Policy, now: int) -> list[tuple[str, SourceState]]:
    """Return what is known of each source that was ever looked at, and of the ledger's own by now."""
    found = []
    for name, source in policy.sources.items():
        key = Key(policy.service, source.identity)
        one = state.drills_of(key, now=now) if source.reader.own is not None else ledger.source(state, key)
        if one is not None and one.history.looks:
            found.append((name, one))
    return found


def _evidence(
    policy: Policy, texts: Versions, sources: Mapping[str, SourceState], tolerance: int, until: int
) -> dict[str, SourceEvidence]:
    window = Window(until - 1, until)
    return {
        name: evidence_of(
            policy.sources[name],
            one,
            policy.service,
            tolerance,
            since=texts.since(policy.sources[name], window),
            until=until,
        )
        for name, one in sources.items()
    }


def _judged(
    policy: Policy,
    commitments: Sequence[Commitment],
    evidence: Mapping[str, SourceEvidence],
    texts: Versions,
    settings: Settings,
    until: int,
) -> Sequence[Verdict]:
    """Judge some of a policy's commitments at one instant."""
    return judge(
        replace(policy, commitments=tuple(commitments)),
        evidence,
        Window(until - 1, until),
        clock_tolerance=settings.clock_tolerance,
        first_seen=texts.first_seen,
        earlier=texts.earlier,
        unreadable=texts.unreadable,
    )
