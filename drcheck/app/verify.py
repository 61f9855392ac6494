"""Verify: look, judge, record, and hand over what to publish. The three steps meet in the ledger alone."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from functools import partial
from typing import NamedTuple, Protocol

from msgspec.structs import replace

from drcheck import __version__, clock
from drcheck.app.judge import Judging
from drcheck.app.look import Progress, look
from drcheck.app.offline import known_offline, locations_of
from drcheck.app.policy_versions import gone, versions
from drcheck.app.question import Question, begun_policies, whole_window, windows_of, with_breaches_named, with_unbegun
from drcheck.core.judging import summary
from drcheck.core.model.status import Status
from drcheck.core.model.verdict import Window
from drcheck.errors import DrcheckError
from drcheck.ledger import entries, notifications
from drcheck.ledger.errors import LedgerError
from drcheck.ledger.state import State
from drcheck.ledger.store import open_ledger
from drcheck.policyfile.load import Loaded, load_policies
from drcheck.run_report import Judged, Report
from drcheck.settings import Settings


class Outcome(NamedTuple):
    """What a run came to."""

    report: Report
    tracebacks: tuple[str, ...] = ()
    """Of what looks met and nobody foresaw; each is a gap of its source."""
    recorded_at: int | None = None
    """The ledger's last entry when the run had recorded its verdicts; None: a question, which records none."""
    unkept: LedgerError | None = None
    """Why no snapshot of the ledger could be kept: the run is recorded all the same, and the next one takes longer."""
    unsigned: tuple[DrcheckError, ...] = ()
    """Why what the ledger holds could not be signed, where it should have been, and to which places the checkpoint did
    not come; the run is recorded all the same."""


class Appointment(NamedTuple):
    """What a run is for: the job of a watch that is due."""

    job: str
    due_at: int
    schedule: str = ""
    """When the job is due: a cron expression and its zone, or ``every`` and seconds."""

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


class AlreadyDone(DrcheckError):  # noqa: N818  a word that reads well where it is caught
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
    Raises ``UsageError`` where nothing can be judged, and :class:`AlreadyDone` where the ``appointment`` was kept.
    """
    loaded = load_policies(paths, settings)
    if question.offline:
        outcome = _offline(settings, paths, loaded, question)
        prepare(outcome.report, None)
        return outcome
    started, began = clock.now(), clock.monotonic()
    # A window is half-open: one second more, so that the looks of this run lie in it.
    ends = dict.fromkeys((policy.service for policy in loaded.policies), started + 1)
    judgeable = begun_policies(loaded.policies, question, started + 1)
    windows = windows_of(judgeable, question, ends, started + 1)
    with open_ledger(settings.ledger) as ledger:
        state = ledger.state(())
        if appointment and appointment.is_kept(state.jobs.get(appointment.job), started):
            raise AlreadyDone(f"{appointment.job} was done meanwhile")
        if question.is_record:
            windows = _reaching_back(windows, state)
        whole = whole_window(windows.values(), question.window(started + 1))
        looking = {job.name for job in settings.watch.jobs.values() if not job.period}
        # Who asks for the instant at which the command was typed asks for these looks: clocks are known no better.
        begin = whole.end - 1 if 0 <= started + 1 - whole.end <= settings.clock_tolerance else started
        with ledger.start(
            whole,
            version=__version__,
            started_at=started,
            clock_tolerance=settings.clock_tolerance,
            question=not question.is_record,
            job=appointment.job if appointment else "",
            schedule=appointment.schedule if appointment else "",
            due=tuple(sorted(state.jobs.keys() & looking)),
            gone=tuple(sorted(state.jobs.keys() - looking)),
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
            services = with_breaches_named(judged, state, question, {})
            if question.is_record:
                run.found([verdict for service in services for verdict in verdicts_of_record(service)])
            report = Report(
                run.id,
                __version__,
                whole,
                with_unbegun(services, loaded.policies, question),
                faults,
                clock.monotonic() - began,
                locations_of(settings),
                question.told(),
                clock.now(),
            )
            unkept: LedgerError | None = None
            try:
                ledger.snapshot(made=run.made)
            except LedgerError as error:
                unkept = error
            unsigned: tuple[DrcheckError, ...] = ()
            if settings.proof is not None:
                from drcheck.app.signing import sign_off  # what no run without a key needs

                checkpoint, unsigned = sign_off(ledger, settings)
                report = replace(report, checkpoint=checkpoint)
            told = prepare(report, partial(ledger.state, ()) if question.is_record else None)
            run.finish(summary.exit_status(report.status), told)
            recorded_at = ledger.log.count if question.is_record else None
    return Outcome(report, tracebacks, recorded_at, unkept, unsigned)


def verdicts_of_record(judged: Judged) -> list[entries.RecordedVerdict]:
    """Return what was found of a service's commitments, as the ledger keeps it."""
    return [
        entries.RecordedVerdict(
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


def _reaching_back(windows: Mapping[str, Window], state: State) -> dict[str, Window]:
    """Let all windows of a run begin where the last recorded run of any of its services ended, if not before.

    Whatever was breached since then is named, however long that is ago.
    """
    recorded = (state.recorded(service, "", window.end) for service, window in windows.items())
    since = [verdict.as_of for verdict in recorded if verdict is not None]
    start = min([*(window.start for window in windows.values()), *since], default=0)
    return {service: Window(start, window.end) for service, window in windows.items()}
