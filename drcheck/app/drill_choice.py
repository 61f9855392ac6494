"""Which drill is held: the recovery point that it restores, the runbook, the target, and what is promised of it.

Nothing is connected to yet: what can be restored is what the ledger knows.
"""

from __future__ import annotations

import secrets
from collections.abc import Iterable, Mapping, Sequence
from datetime import UTC, datetime

from msgspec import Struct

from drcheck import clock
from drcheck.app.drill_records import policy_of
from drcheck.app.judge import evidence_of
from drcheck.core import words
from drcheck.core.judging.sources import SourceEvidence
from drcheck.core.kinds.rto import Rto
from drcheck.core.model.evidence import LONG_AGO
from drcheck.core.model.policy import PlannedDrill, Policy
from drcheck.core.model.runbook import Runbook
from drcheck.core.restoring.answer import RestorablePoint
from drcheck.core.restoring.answering import RestoreQuestion
from drcheck.core.restoring.choosing import choose, data_set
from drcheck.drills import guards
from drcheck.drills.journal import Journal, JournaledDrill
from drcheck.errors import UsageError
from drcheck.ledger.state import Key
from drcheck.ledger.store import open_ledger
from drcheck.policyfile.runbooks import load_runbook
from drcheck.policyfile.validate import suggest
from drcheck.settings import DrillTarget, Settings


class Prepared(Struct, frozen=True):
    """A drill that is chosen, and not yet begun."""

    id: str
    policy: Policy
    planned: PlannedDrill
    target: DrillTarget
    runbook: Runbook
    point: RestorablePoint
    why_this: str
    passed_over: Sequence[str]
    seed: str
    objective: int | None
    """Seconds that the scenario allows a restore; None: nothing is promised."""
    objective_of: str
    """The commitment that says so."""
    last_counts: Mapping[str, Mapping[str, int]]
    as_of: int
    """Right after the newest look."""
    announcement: str
    """The announcement under which it is held; empty: none."""


def prepare(
    settings: Settings, service: str, scenario: str, name: str, *, seed: str = "", announcement: str = ""
) -> Prepared:
    """Choose what is restored, how and where. Nothing is connected to yet.

    Raises ``UsageError`` where policy, runbook or configuration do not allow it.
    """
    policy = policy_of(settings, service)
    planned = _planned(policy, scenario, name)
    target = guards.allowed(settings.drills.targets.values(), planned.target, settings.file)
    if target.site and target.site not in policy.sites:
        raise UsageError(
            f"the target {target.name} is at {target.site}, and the policy of {service} has no such site",
            "Name it in `sites` of the policy, or another `site` for the target: what is lost with it proves nothing.",
        )
    runbook = load_runbook(planned.runbook, settings.drills.runbooks)
    _check_values(planned, runbook)
    earlier = [drill for drill in Journal(settings.drills.records).all() if drill.begun.get("service") == service]
    seed = seed or secrets.token_hex(8)
    now = clock.now()
    evidence, as_of = _evidence(settings, policy, announcement)
    asked = RestoreQuestion(policy, planned.scenario, None, as_of, now, settings.clock_tolerance)
    chosen = choose(asked, evidence, planned, _turns(earlier), seed)
    if chosen.point is None:
        raise UsageError(chosen.why, f"`drcheck restore {service}` says what there is; `drcheck verify` looks anew.")
    objective, objective_of = _objective(policy, planned.scenario)
    return Prepared(
        f"{service}-{planned.name}-{datetime.fromtimestamp(now, UTC):%Y%m%dT%H%M%SZ}-{secrets.token_hex(2)}",
        policy,
        planned,
        target,
        runbook,
        chosen.point,
        chosen.why,
        chosen.passed_over,
        seed,
        objective,
        objective_of,
        _last_counts(earlier, planned.name, data_set(asked, planned)),
        as_of,
        announcement,
    )


def _planned(policy: Policy, scenario: str, name: str) -> PlannedDrill:
    drills = policy.drills.values()
    matching = [drill for drill in drills if scenario in {"", drill.scenario} and name in {"", drill.name}]
    if len(matching) == 1:
        return matching[0]
    what = f" of {scenario}" if scenario else ""
    if not matching:
        names = [f"{drill.name} (--scenario {drill.scenario})" if drill.scenario else drill.name for drill in drills]
        hint = f"It has {words.several(names, at_most=10)}." if names else "Name one in `drills:` of the policy."
        raise UsageError(f"the policy of {policy.service} has no such drill{what}", hint)
    raise UsageError(
        f"the policy of {policy.service} has several drills{what}",
        f"Say which with --drill: {words.several([drill.name for drill in matching], at_most=10)}.",
    )


def _check_values(planned: PlannedDrill, runbook: Runbook) -> None:
    for name, value in planned.values.items():
        if name not in runbook.values:
            hint = (
                suggest(name, sorted(runbook.values)) or f"it takes {words.several(sorted(runbook.values)) or 'none'}"
            )
            raise UsageError(f"the runbook {runbook.name} takes no value {name}", f"{hint[:1].upper()}{hint[1:]}.")
        if not value.isprintable():
            raise UsageError(f"drills.{planned.name}.with.{name} holds what is no plain text", "Write it in one line.")
    if missing := [name for name, usual in runbook.values.items() if usual is None and name not in planned.values]:
        raise UsageError(
            f"the runbook {runbook.name} needs {words.several(missing)}",
            f"Say it with `with` of drills.{planned.name} in the policy.",
        )


def _evidence(settings: Settings, policy: Policy, announcement: str) -> tuple[dict[str, SourceEvidence], int]:
    with open_ledger(settings.ledger, read_only=True) as ledger:
        state = ledger.state(())
        announced = (
            [drill.id for drill in state.drills[policy.service].announced()] if policy.service in state.drills else []
        )
        if announcement and announcement not in announced:
            hint = (
                suggest(announcement, announced) or f"announced are {words.several(announced or ['none'], at_most=9)}"
            )
            raise UsageError(f"there is no announcement {announcement}", f"{hint[:1].upper()}{hint[1:]}.")
        read = {
            name: ledger.source(state, Key(policy.service, source.identity)) for name, source in policy.sources.items()
        }
        sources = {name: source for name, source in read.items() if source is not None and source.history.looks}
        as_of = 1 + max((source.history.looks[-1].begin for source in sources.values()), default=-1)
        if not sources:
            raise UsageError(f"the ledger knows of no look at a source of {policy.service}", "`drcheck verify` looks.")
        return {
            name: evidence_of(
                policy.sources[name], source, policy.service, settings.clock_tolerance, since=LONG_AGO, until=as_of
            )
            for name, source in sources.items()
        }, as_of


def _objective(policy: Policy, scenario: str) -> tuple[int | None, str]:
    objectives = [
        (rto.at_most, rto.id) for rto in policy.commitments if isinstance(rto, Rto) and rto.scenario in {"", scenario}
    ]
    return min(objectives, default=(None, ""), key=lambda objective: objective[0] or 0)


def _turns(earlier: Iterable[JournaledDrill]) -> dict[str, int]:
    """Return when the newest drill from each source was that did restore something."""
    turns: dict[str, int] = {}
    for drill in earlier:
        if drill.record is not None and drill.record.get("outcome") in {"passed", "failed"}:
            source = str(drill.begun.get("point", [""])[0])
            turns[source] = max(turns.get(source, 0), int(drill.begun.get("began_at", 0)))
    return turns


def _last_counts(earlier: Iterable[JournaledDrill], name: str, of: str) -> dict[str, Mapping[str, int]]:
    passed = [
        drill.record
        for drill in earlier
        if drill.record is not None
        and drill.record.get("outcome") == "passed"
        and drill.record.get("drill") == name
        and drill.record.get("point", ["", ""])[1] == of
    ]
    newest = max(passed, key=lambda record: int(record["began_at"]), default=None)
    return {} if newest is None else dict(newest.get("counts", {}))
