"""Judging by what the ledger knows already: nothing is looked at, and each service can be let go of once judged."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from functools import partial

from msgspec import Struct

from drcheck import __version__, clock
from drcheck.app.judge import judge
from drcheck.app.policy_versions import Versions, gone, versions
from drcheck.app.question import Question, begun_policies, unbegun, whole_window, windows_of, with_breaches_named
from drcheck.core.model.policy import Policy
from drcheck.core.model.verdict import Window
from drcheck.errors import UsageError
from drcheck.ledger.state import PastRun, State
from drcheck.ledger.store import Ledger, open_ledger
from drcheck.policyfile.load import Loaded
from drcheck.run_report import Fault, Judged, Report
from drcheck.settings import Settings


class KnownOffline(Struct, frozen=True):
    """What the ledger knows of policies, ready to be judged service by service."""

    ledger: Ledger
    state: State
    settings: Settings
    question: Question
    policies: Sequence[Policy]
    """All that were loaded, also those for which a period has not begun."""
    versions: Mapping[str, Versions]
    windows: Mapping[str, Window]
    newest: Mapping[str, PastRun]
    """The newest recorded run of each service that any run has judged."""
    faults: tuple[Fault, ...]

    def judged(self, *, exhibits: bool = False) -> Iterator[Judged]:
        """Yield each service, judged, in the order of the policies; each can be let go of before the next is made."""
        repeated = {service: run.began.run for service, run in self.newest.items()}
        for policy in self.policies:
            if (versions := self.versions.get(policy.service)) is None:
                assert self.question.period is not None
                yield unbegun(policy, self.question.period)
                continue
            judged = judge(
                partial(self.ledger.source, self.state),
                {policy.service: versions},
                self.windows,
                clock_tolerance=tolerance_of(self.newest.get(policy.service), self.settings),
                of_period=self.question.period is not None,
                exhibits=exhibits,
            )
            yield from with_breaches_named(judged, self.state, self.question, repeated)

    def report(self, services: tuple[Judged, ...]) -> Report:
        """Return what ``services`` come to."""
        last = max(self.newest.values(), key=lambda run: run.number).began.run
        latest = max(run.began.window.end for run in self.newest.values())
        whole = whole_window(self.windows.values(), self.question.window(latest))
        places, asked = locations_of(self.settings), self.question.told()
        signed = "" if self.settings.proof is None else self.ledger.checkpoint()
        return Report(last, __version__, whole, services, self.faults, 0, places, asked, clock.now(), checkpoint=signed)


def tolerance_of(run: PastRun | None, settings: Settings) -> int:
    """Return how far clocks may be off where nothing is looked at: as the run said whose looks are judged again.

    None: no run has judged the service.
    """
    return settings.clock_tolerance if run is None else run.began.clock_tolerance


@contextmanager
def known_offline(
    settings: Settings, paths: Sequence[str], loaded: Loaded, question: Question
) -> Iterator[KnownOffline]:
    """Open the ledger, which is only read, and prepare to judge what was loaded of ``paths``.

    Raises ``UsageError`` where no run has judged any of it.
    """
    with open_ledger(settings.ledger, read_only=True) as ledger:
        state = ledger.state(())
        newest = {
            policy.service: runs[-1] for policy in loaded.policies if (runs := state.recorded_runs(policy.service))
        }
        if not newest:
            raise UsageError(
                "the ledger knows of no run that judged any of these policies",
                "Run drcheck verify first: --offline judges by what earlier looks have shown.",
            )
        latest = max(run.began.window.end for run in newest.values())
        # What no run has judged is unknown, and never left out.
        ends = dict.fromkeys((policy.service for policy in loaded.policies), latest)
        ends |= {service: run.began.window.end for service, run in newest.items()}
        now = max(latest, clock.now())
        judgeable = begun_policies(loaded.policies, question, now)
        windows = windows_of(judgeable, question, ends, now)
        if question.until_seen:
            windows |= {
                service: Window(window.start, run.began.window.end)
                for service, window in windows.items()
                if (run := newest.get(service)) is not None and window.start < run.began.window.end < window.end == now
            }
        if question.span is None and question.as_of is None and question.period is None:
            windows |= {service: run.began.window for service, run in newest.items()}
        known = versions(ledger, state, judgeable, latest)
        faults = (*loaded.faults, *(() if paths else gone(ledger, state, loaded, settings, latest)))
        yield KnownOffline(ledger, state, settings, question, loaded.policies, known, windows, newest, faults)


def locations_of(settings: Settings) -> dict[str, str]:
    """Return where each connection leads, by its name."""
    return {name: connection.location() for name, connection in settings.connections.items()}
