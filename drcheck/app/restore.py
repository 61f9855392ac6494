"""Restore: what to restore from where, out of the ledger alone. Nothing is fetched, and nothing is restored."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import NamedTuple
from zoneinfo import ZoneInfo

from drcheck import clock
from drcheck.app.judge import evidence_of
from drcheck.app.policy_versions import versions
from drcheck.core import words
from drcheck.core.judging.judge import judge
from drcheck.core.model.evidence import LONG_AGO
from drcheck.core.model.policy import Policy
from drcheck.core.model.verdict import Window
from drcheck.core.restoring.answer import RestoreAnswer
from drcheck.core.restoring.answering import RestoreQuestion, answer
from drcheck.errors import DrcheckError, UsageError
from drcheck.ledger.state import Key, PastPolicy, SourceState, State
from drcheck.ledger.store import Ledger, open_ledger
from drcheck.policyfile.load import load_policies, reload
from drcheck.policyfile.question_times import Moment
from drcheck.policyfile.validate import suggest
from drcheck.settings import Settings


class Restoring(NamedTuple):
    """An answer, and where its connections are."""

    answer: RestoreAnswer
    locations: Mapping[str, str]
    """Alias of a connection to where that is, as the beginning of a URL without secrets."""


def restore(settings: Settings, service: str, scenario: str, at: Moment | None) -> Restoring:
    """Answer for a service by the text of its policy that was judged last, and by all that the ledger knows.

    ``scenario`` is what has happened, empty: nothing is lost; ``at`` the instant whose state is wanted, None: the
    newest. Raises ``UsageError`` where the ledger knows nothing of the service, or the policy no such scenario.
    """
    now = clock.now()
    with open_ledger(settings.ledger, read_only=True) as ledger:
        state = ledger.state(())
        past = _past(state, service)
        policy = _policy(ledger, state, past)
        _known("scenario", scenario, sorted(policy.scenarios), f"the policy of {service}")
        sources = _sources(ledger, state, policy)
        as_of = 1 + max((one.history.looks[-1].begin for one in sources.values()), default=-1)
        if not sources:
            raise UsageError(f"the ledger knows of no look at a source of {service}", "`drcheck verify` looks.")
        evidence = {
            name: evidence_of(policy.sources[name], one, service, settings.clock_tolerance, since=LONG_AGO, until=as_of)
            for name, one in sources.items()
        }
        texts = versions(ledger, state, [policy], now)[service]
    verdicts = judge(
        policy,
        evidence,
        Window(as_of - 1, as_of),
        clock_tolerance=settings.clock_tolerance,
        first_seen=texts.first_seen,
        earlier=texts.earlier,
        unreadable=texts.unreadable,
    )
    asked = RestoreQuestion(
        policy,
        scenario,
        None if at is None else at(ZoneInfo(policy.timezone)),
        as_of,
        now,
        settings.clock_tolerance,
        tuple(_notes(settings, state, past, as_of, now)),
    )
    locations = {name: connection.location() for name, connection in settings.connections.items()}
    return Restoring(answer(asked, evidence, verdicts), locations)


def _past(state: State, service: str) -> PastPolicy:
    _known("service", service, state.services(), "the ledger")
    found = [past for past in state.policies if past.service == service]
    if not found:
        raise UsageError("the ledger has no service at all", "`drcheck verify` looks and judges.")
    return found[-1]


def _policy(ledger: Ledger, state: State, past: PastPolicy) -> Policy:
    policy = reload(ledger.policy_text(state, past.sha256))
    if policy is None:
        raise UsageError(
            f"the policy of {past.service} that was judged last cannot be read by this version of drcheck",
            "`drcheck verify` judges the one of today.",
        )
    return policy


def _sources(ledger: Ledger, state: State, policy: Policy) -> dict[str, SourceState]:
    """Return what is known of each source that was ever looked at."""
    read = {name: ledger.source(state, Key(policy.service, source.identity)) for name, source in policy.sources.items()}
    return {name: one for name, one in read.items() if one is not None and one.history.looks}


def _known(what: str, name: str, names: list[str], where: str) -> None:
    if name and names and name not in names:
        hint = suggest(name, names) or f"Known are {words.several(names, at_most=10)}."
        raise UsageError(f"{where} has no {what} {name}", hint[:1].upper() + hint[1:])
    if name and not names and what == "scenario":
        raise UsageError(f"{where} has no scenarios", "Leave --scenario out: then nothing is taken to be lost.")


def _notes(settings: Settings, state: State, past: PastPolicy, as_of: int, now: int) -> list[str]:
    """Return what whoever reads the answer should know of what it rests on."""
    notes = []
    if past.service in state.retired:
        notes.append("the service is retired: it is promised no more, and nobody looks at its sources any more")
    if as_of - 1 > now + settings.clock_tolerance:
        notes.append(
            f"the newest look is of {words.instant(as_of - 1)}, later than the clock here says: ages are wrong"
        )
    judged = f"this answers by the text that was judged last, {words.instant(past.last_seen)}"
    try:
        (policy,) = load_policies([past.file], None).policies if Path(past.file).exists() else ()
    except (DrcheckError, ValueError):
        return [*notes, f"{past.file} is gone or cannot be read; {judged}"]
    if policy.sha256 != past.sha256:
        notes.append(f"{past.file} has changed since; {judged}")
    return notes
