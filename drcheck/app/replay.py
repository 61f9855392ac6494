"""Replay: judge a recorded run again by what was known then and by the policies of then; it must find the same."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final

from msgspec import Struct

from drcheck import __version__
from drcheck.app.judge import judge, keys_of
from drcheck.app.policy_versions import versions
from drcheck.app.verify import verdicts_of_record
from drcheck.errors import UsageError
from drcheck.ledger.entries import RecordedVerdict
from drcheck.ledger.state import PastRun, State
from drcheck.ledger.store import open_ledger
from drcheck.policyfile.load import reload
from drcheck.settings import Settings

_SHOWN: Final = ("status", "waived", "attested", "measured", "breaches", "unknowns", "reason", "kind")
"""What is compared of a verdict, what matters most first."""


class Difference(Struct, frozen=True):
    """A verdict that is not found again."""

    service: str
    commitment: str
    what: str
    """Which part of it differs, or why it cannot be judged again."""
    recorded: RecordedVerdict | None
    """None: the run recorded none."""
    again: RecordedVerdict | None
    """None: none is found now."""


class Replayed(Struct, frozen=True):
    """What replaying a run came to."""

    run: PastRun
    same: int
    """How many verdicts were found again to the letter."""
    differences: tuple[Difference, ...]

    @property
    def other_version(self) -> bool:
        """Whether another version of drcheck made the run."""
        return self.run.began.version != __version__


def replay(settings: Settings, run: str) -> Replayed:
    """Judge the recorded run whose id begins with ``run`` again; empty: the newest one.

    Raises ``UsageError`` where there is no such run, or it recorded no verdicts.
    """
    with open_ledger(settings.ledger, read_only=True) as ledger:
        known_now = ledger.state((), folded=True)
        past = _run(known_now, run)
        recorded = {
            (verdict.found.service, verdict.found.commitment): verdict.found
            for verdicts in known_now.verdicts.values()
            for verdict in verdicts
            if verdict.run == past.began.run
        }
        then = ledger.state((), upto=past.looked_until)
        texts = {policy.service: reload(ledger.policy_text(then, policy.sha256)) for policy in past.policies}
        policies = [text for text in texts.values() if text is not None]
        bound = versions(ledger, then, policies, past.began.started_at)
        windows = dict.fromkeys(bound, past.began.window)
        state = ledger.state(keys_of(bound), upto=past.looked_until)
        judged = judge(state.known, bound, windows, clock_tolerance=past.began.clock_tolerance)
    again = {
        (finding.service, finding.commitment): finding for service in judged for finding in verdicts_of_record(service)
    }
    differences = tuple(_differences(recorded, again, {service for service, text in texts.items() if text is None}))
    return Replayed(past, len(recorded.keys() | again.keys()) - len(differences), differences)


def _run(state: State, name: str) -> PastRun:
    judged = [run for run in state.runs.values() if run.judged and run.state == "finished"]
    named = [run for run in judged if run.began.run.startswith(name)]
    if not judged:
        raise UsageError("no run has recorded a verdict yet", "`drcheck verify` records them.")
    if not named:
        raise UsageError(f"no run that recorded verdicts is called {name}", "drcheck ledger show lists the runs.")
    if name and len(named) > 1:
        raise UsageError(f"{len(named)} runs begin with {name}", "Give more of the run's id.")
    return named[-1]


def _differences(
    recorded: dict[tuple[str, str], RecordedVerdict],
    again: dict[tuple[str, str], RecordedVerdict],
    unreadable: set[str],
) -> Iterator[Difference]:
    for key in sorted(recorded.keys() | again.keys()):
        before, now = recorded.get(key), again.get(key)
        if before == now:
            continue
        if key[0] in unreadable:
            what = "its policy cannot be read by this version of drcheck"
        elif before is None or now is None:
            what = "it was not recorded" if before is None else "it is not judged any more"
        else:
            names = {name for name in RecordedVerdict.__struct_fields__ if getattr(before, name) != getattr(now, name)}
            what = ", ".join(name for name in _SHOWN if name in names)
        yield Difference(*key, what, before, now)
