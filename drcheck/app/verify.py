"""Verify: look, judge, record, and hand over what to publish. The three steps meet in the ledger alone."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from functools import partial
from typing import Final, NamedTuple, Protocol
from zoneinfo import ZoneInfo

from msgspec import Struct
from msgspec.structs import replace

from drcheck import __version__, clock
from drcheck.app.judge import Judging, judge, with_news
from drcheck.app.look import Progress, look
from drcheck.app.versions import Versions, gone, versions
from drcheck.core import words
from drcheck.core.judging import summary
from drcheck.core.model.policy import Policy
from drcheck.core.model.status import Status
from drcheck.core.model.verdict import Finding, Named, News, Verdict, Window
from drcheck.core.model.waivers import cover
from drcheck.core.time.spans import Span
from drcheck.errors import DrcheckError, UsageError
from drcheck.ledger import entries, notifications
from drcheck.ledger.errors import LedgerError
from drcheck.ledger.state import PastRun, State
from drcheck.ledger.store import Ledger, open_ledger
from drcheck.policyfile.load import Loaded, load_policies
from drcheck.policyfile.question_times import Moment, Period
from drcheck.run_report import Fault, Judged, Report
from drcheck.settings import Settings

USUAL_SPAN: Final = 30 * 86400
"""Seconds before the instant judged that a window begins, where nothing else is asked for."""


class Question(Struct, frozen=True):
    """Over which window to judge; without anything else, the ``span`` up to the instant of the looks."""

    span: int | None = None
    """Seconds before the instant judged; None: as usual, and offline as the run that is repeated had it."""
    as_of: Moment | None = None
    period: Period | None = None
    offline: bool = False
    """Whether to judge by what the ledger knows already, without looking."""
    until_seen: bool = False
    """Whether a period that is not over is judged up to the newest run alone, and not up to now, where what nobody saw
    since is unknown."""

    @property
    def is_record(self) -> bool:
        """Whether its verdicts are verdicts of record: those of a run at the instant of its own looks."""
        return self.as_of is None and self.period is None and not self.offline

    def told(self) -> str:
        """Return what is asked other than the nightly question, in words."""
        parts = ["offline"] if self.offline else []
        if self.period is not None:
            parts.append(f"over {self.period.label}")
        elif self.as_of is not None:
            parts.append("as of an instant that was asked for")
        return ", ".join(parts)

    def window(self, end: int) -> Window:
        """Return what is judged up to ``end``."""
        return Window(end - (USUAL_SPAN if self.span is None else self.span), end)


class Outcome(NamedTuple):
    """What a run came to."""

    report: Report
    tracebacks: tuple[str, ...] = ()
    """Of what looks met and nobody foresaw; each is a gap of its source."""
    recorded_at: int | None = None
    """The ledger's last entry when the run had recorded its verdicts; None: a question, which records none."""
    unkept: LedgerError | None = None
    """Why no snapshot of the ledger could be kept: the run is recorded all the same, and the next one takes longer."""
    unsigned: DrcheckError | None = None
    """Why what the ledger holds could not be signed, where it should have been; the run is recorded all the same."""


class Appointment(NamedTuple):
    """What a run is for: the job of a watch that is due."""

    job: str
    due_at: int

    def is_kept(self, began: int | None, now: int) -> bool:
        """Return whether a run of the job that ``began`` then has done it; one of after ``now`` had a wrong clock."""
        return began is not None and self.due_at <= began <= now


class Prepare(Protocol):
    """Does of a report what must be done before its run ends; raises nothing, or the run is left without an end."""

    def __call__(self, report: Report, known: Callable[[], State] | None) -> Iterable[notifications.Notification]:
        """Return what is told of it; ``known`` reads what the ledger knows, None: it is a question."""


def shown_to_nobody(report: Report, known: Callable[[], State] | None) -> Iterable[notifications.Notification]:
    """Prepare nothing."""
    del report, known
    return ()


class Kept(DrcheckError):  # noqa: N818  a word that reads well where it is caught
    """Another run has done the job since it was due: nothing was judged twice."""


def verify(
    settings: Settings,
    paths: Sequence[str],
    question: Question,
    progress: Progress,
    appointment: Appointment | None = None,
    prepare: Prepare = shown_to_nobody,
) -> Outcome:
    """Judge the policies at ``paths`` as ``question`` asks, and record what is seen and what is found.

    ``prepare`` gets the report before the run ends: whoever dies in it has not judged, and the run is done anew.
    Raises ``UsageError`` where nothing can be judged, and :class:`Kept` where the ``appointment`` was kept already.
    """
    loaded = load_policies(paths, settings)
    if question.offline:
        outcome = _offline(settings, paths, loaded, question)
        prepare(outcome.report, None)
        return outcome
    started, began = clock.now(), clock.monotonic()
    # A window is half-open: one second more, so that the looks of this run lie in it.
    ends = dict.fromkeys((policy.service for policy in loaded.policies), started + 1)
    judgeable = _begun(loaded.policies, question, started + 1)
    windows = _windows(judgeable, question, ends, started + 1)
    with open_ledger(settings.ledger) as ledger:
        state = ledger.state(())
        if appointment and appointment.is_kept(state.jobs.get(appointment.job), started):
            raise Kept(f"{appointment.job} was done meanwhile")
        if question.is_record:
            windows = _reaching_back(windows, state)
        whole = _whole(windows.values(), question.window(started + 1))
        # Who asks for the instant at which the command was typed asks for these looks: clocks are known no better.
        begin = whole.end - 1 if 0 <= started + 1 - whole.end <= settings.clock_tolerance else started
        with ledger.start(
            whole,
            version=__version__,
            started_at=started,
            clock_tolerance=settings.clock_tolerance,
            question=not question.is_record,
            job=appointment.job if appointment else "",
            state=state,
        ) as run:
            run.policies(judgeable)
            ledger.follow(state)
            bound = versions(ledger, state, judgeable, started)
            faults = (*loaded.faults, *(() if paths else gone(ledger, state, loaded, settings, started)))
            known = partial(ledger.source, state)
            # One service after the other, as its sources come in: what is known of an estate need not fit into memory.
            judging = Judging(
                lambda key: ledger.source(ledger.follow(state), key),
                bound,
                windows,
                settings.clock_tolerance,
                of_period=question.period is not None,
            )
            tracebacks = look(
                run,
                known,
                bound,
                settings,
                windows,
                begin=begin,
                progress=progress,
                came_in=judging.came_in,
                meanwhile=judging.go_on,
            )
            judged = judging.all()
            ledger.follow(state)
            services = _named(judged, state, question, {})
            if question.is_record:
                run.found([verdict for service in services for verdict in found(service)])
            report = Report(
                run.id,
                __version__,
                whole,
                _with_unbegun(services, loaded.policies, question),
                faults,
                clock.monotonic() - began,
                _locations(settings),
                question.told(),
                clock.now(),
            )
            unkept: LedgerError | None = None
            try:
                ledger.snapshot(made=run.made)
            except LedgerError as error:
                unkept = error
            unsigned: DrcheckError | None = None
            if settings.proof is not None:
                from drcheck.app.signing import sign_off  # what no run without a key needs

                checkpoint, unsigned = sign_off(ledger, settings.proof)
                report = replace(report, checkpoint=checkpoint)
            told = prepare(report, partial(ledger.state, ()) if question.is_record else None)
            run.finish(summary.exit_status(report.status), told)
            recorded_at = ledger.log.count if question.is_record else None
    return Outcome(report, tracebacks, recorded_at, unkept, unsigned)


def found(judged: Judged) -> list[entries.Found]:
    """Return what was found of a service's commitments, as the ledger keeps it."""
    return [
        entries.Found(
            service=judged.policy.service,
            commitment=verdict.commitment.id,
            kind=verdict.commitment.kind,
            status=None if verdict.status is None else verdict.status.value,
            reason=verdict.overall.reason,
            waived=summary.is_waived(verdict),
            attested=summary.is_attested(verdict),
            measured=verdict.overall.measured._asdict() if verdict.overall.measured else None,
            breaches=verdict.breaches(),
            unknowns=verdict.overall.openings(Status.UNKNOWN),
        )
        for verdict in judged.verdicts
    ]


def _offline(settings: Settings, paths: Sequence[str], loaded: Loaded, question: Question) -> Outcome:
    """Judge by what the ledger knows: nothing is fetched, and the clock says only how far a period can be judged."""
    began = clock.monotonic()
    with known_offline(settings, paths, loaded, question) as known:
        services = tuple(known.judged())
        report = known.report(services)
    return Outcome(replace(report, seconds=clock.monotonic() - began))


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
                yield _unbegun(policy, self.question.period)
                continue
            judged = judge(
                partial(self.ledger.source, self.state),
                {policy.service: versions},
                self.windows,
                clock_tolerance=tolerance_of(self.newest.get(policy.service), self.settings),
                of_period=self.question.period is not None,
                exhibits=exhibits,
            )
            yield from _named(judged, self.state, self.question, repeated)

    def report(self, services: tuple[Judged, ...]) -> Report:
        """Return what ``services`` come to."""
        last = max(self.newest.values(), key=lambda run: run.number).began.run
        latest = max(run.began.window.end for run in self.newest.values())
        whole = _whole(self.windows.values(), self.question.window(latest))
        places, asked = _locations(self.settings), self.question.told()
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
        judgeable = _begun(loaded.policies, question, now)
        windows = _windows(judgeable, question, ends, now)
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


def _begun(policies: Sequence[Policy], question: Question, now: int) -> Sequence[Policy]:
    """Return the policies in whose zone the period that is asked for has begun; without one, all of them.

    Raises ``UsageError`` where it has no time in it, or has begun for none.
    """
    if (period := question.period) is None:
        return policies
    begun = []
    for policy in policies:
        start, end = _span(period, policy)
        if start >= end:
            raise UsageError(f"{period.label} has no time in it", "Name the earlier instant first.")
        if start < now:
            begun.append(policy)
    if policies and not begun:
        raise UsageError(
            f"{period.label} begins after {words.instant(now)}, which is now", "Ask for a period that has begun."
        )
    return begun


def _span(period: Period, policy: Policy) -> Span:
    zone = ZoneInfo(policy.timezone)
    return Span(period.start(zone), period.end(zone))


def _windows(policies: Iterable[Policy], question: Question, ends: Mapping[str, int], now: int) -> dict[str, Window]:
    """Return for each service what it is judged over; ``ends`` has the instant judged where no other is asked for.

    A period is judged until ``now``, also where the last look was long before: what nobody saw is unknown.
    """
    windows: dict[str, Window] = {}
    for policy in policies:
        if question.period is not None:
            start, end = _span(question.period, policy)
            windows[policy.service] = Window(start, min(end, now))
        else:
            instant = question.as_of
            end = ends[policy.service] if instant is None else instant(ZoneInfo(policy.timezone))
            windows[policy.service] = question.window(end)
    return windows


def _reaching_back(windows: Mapping[str, Window], state: State) -> dict[str, Window]:
    """Let all windows of a run begin where the last recorded run of any of its services ended, if not before.

    Whatever was breached since then is named, however long that is ago.
    """
    recorded = (state.recorded(service, "", window.end) for service, window in windows.items())
    since = [verdict.as_of for verdict in recorded if verdict is not None]
    start = min([*(window.start for window in windows.values()), *since], default=0)
    return {service: Window(start, window.end) for service, window in windows.items()}


def _with_unbegun(services: Iterable[Judged], policies: Iterable[Policy], question: Question) -> tuple[Judged, ...]:
    """Add the services for which the period that is asked for has not begun: nothing of it is owed yet."""
    if (period := question.period) is None:
        return tuple(services)
    judged = {service.policy.service: service for service in services}
    return tuple(judged.get(policy.service) or _unbegun(policy, period) for policy in policies)


def _unbegun(policy: Policy, period: Period) -> Judged:
    start, _ = _span(period, policy)
    window, reason = Window(start, start), f"nothing is owed yet: {period.label} begins {words.instant(start)}"
    return Judged(
        policy, tuple(Verdict(commitment, window, Finding("", (), reason), ()) for commitment in policy.commitments)
    )


def _whole(windows: Iterable[Window], otherwise: Window) -> Window:
    each = list(windows) or [otherwise]
    return Window(min(window.start for window in each), max(window.end for window in each))


def _named(
    services: Iterable[Judged], state: State, question: Question, repeated: Mapping[str, str]
) -> tuple[Judged, ...]:
    """Name what was breached and is over, as far as the question asks for it.

    ``repeated`` has the newest recorded run of each service where the question repeats it.
    """
    if question.period is not None:
        return tuple(map(all_named, services))
    return tuple(services) if question.as_of is not None else with_news(services, state, before=repeated)


def all_named(judged: Judged) -> Judged:
    """Name every breach of a period: each counts, unless it was waived for as long as it lasted.

    So does what is unknown: a part of it proves no whole.
    """

    def named(verdict: Verdict) -> Verdict:
        end = verdict.window.end
        breaches = tuple(
            Named(opening, not cover(verdict.waived, opening.opened_at, opening.closed_at or end), News.OF_PERIOD)
            for opening in verdict.breaches()
        )
        unknown = [opening for opening in verdict.overall.openings(Status.UNKNOWN) if not opening.between_looks]
        if not unknown or verdict.status in {Status.BREACHED, Status.UNKNOWN}:
            return replace(verdict, since_last_run=breaches, of_period=True)
        share = words.duration(summary.shares(verdict.overall).unknown)
        reason = f"{share} of the period are unknown: {unknown[0].reason}"
        overall = replace(verdict.overall, reason=reason)
        return replace(verdict, since_last_run=breaches, overall=overall, of_period=True, unproved=True)

    return replace(judged, verdicts=tuple(map(named, judged.verdicts)))


def _locations(settings: Settings) -> dict[str, str]:
    return {name: connection.location() for name, connection in settings.connections.items()}
