"""Watch: do each job of the configuration when it is due, for a year and longer, without anyone thinking of it.

When a job is due follows from its schedule and from the ledger alone: a job is due whose newest time no finished run
has begun after. So one that slept through, died or was stopped runs once when it is back, however often its time has
passed; and of two watches over one ledger whichever holds it does the job, and the other one finds that it is done.
"""

from __future__ import annotations

import gc
import os
import traceback
from collections.abc import Iterator
from pathlib import Path
from typing import Final, NamedTuple, Protocol
from zoneinfo import ZoneInfo

import schedule

from drcheck import clock
from drcheck.app.look import unwatched
from drcheck.app.publish import Publication
from drcheck.app.question import Question
from drcheck.app.verify import AlreadyDone, Appointment, Outcome, verify
from drcheck.core.judging.completeness import EVERY
from drcheck.core.time.calendar import last_tick, next_tick
from drcheck.errors import EXIT_FAULT, DrcheckError, UsageError
from drcheck.ledger.errors import Busy, NoLedger
from drcheck.ledger.state import State
from drcheck.ledger.store import open_ledger, path_of
from drcheck.output_files import check_directory, check_writable, is_replaced, keep_off, put, put_all
from drcheck.policyfile.config import load_settings
from drcheck.policyfile.question_times import newest_over, period
from drcheck.registry import DOCUMENTS, renderer
from drcheck.run_report import Report
from drcheck.settings import PERIOD, Job, Settings

LONGEST_PAUSE: Final = 30
"""Seconds: so soon is it noticed that the clock was set, that the machine slept, or that the configuration changed."""
RETRY: Final = (60, 3600)
"""Seconds until a job that failed is tried again: at first, and at most, as it doubles each time."""
_RANK: Final = (0, 3, 1, 4, 2, EXIT_FAULT)
"""Exit statuses, the worst last: a breach outranks an unknown, and that nothing was judged outranks both."""


class Done(NamedTuple):
    """How a job went."""

    job: Job
    status: int
    """As ``drcheck verify`` would have ended."""
    outcome: Outcome | None
    """What it came to; None: nothing was judged."""
    took: float
    """Seconds."""
    errors: tuple[DrcheckError, ...] = ()
    """Why nothing was judged, or which of its reports could not be written."""
    traceback: str = ""
    """Of a fault in drcheck itself."""
    retry_at: int | None = None
    """When it is tried again; None: it has no need to be."""


class Show(Protocol):
    """Tells what a watch does; nothing that it cannot tell may end the watch."""

    def done(self, done: Done, settings: Settings, next_at: int | None) -> bool:
        """Tell how a job went and when the next one is due; return whether it could be told."""

    def reloaded(self) -> None:
        """Tell that the configuration was read again."""

    def trouble(self, error: DrcheckError, consequence: str) -> None:
        """Tell of an error that is no job's own, and what becomes of it."""


class _Woken(BaseException):
    """No error: it cuts a pause short."""


class _Failed(NamedTuple):
    again_at: int
    pause: int
    """Seconds."""


class Watching:
    """The jobs of one configuration."""

    def __init__(self, file: str | None, show: Show) -> None:
        """Read the configuration; raises ``UsageError`` where it cannot be used, or has no jobs."""
        self._file, self._show = file, show
        self.settings = _load(file)
        """The configuration that holds."""
        self._read = _signature(self.settings.file)
        self._reload = self._waits = False
        self._failed: dict[str, _Failed] = {}
        self._began: dict[str, int] = {}
        self._left_at: int | None = None
        """When a message that somebody claimed and did not send may be sent; None: there is none."""
        self._take(_known(self.settings))

    def reload(self) -> None:
        """Read the configuration again, as SIGHUP asks for: at once, or where a job goes on, after it."""
        self._reload = True
        if self._waits:
            raise _Woken

    def once(self) -> int:
        """Do what is due now, and return the worst exit status; what fails is not tried again."""
        self._tell_left()
        statuses = [self._do(job) for job in self._due_jobs()]
        return max(statuses, key=_RANK.index, default=0)

    def turn(self) -> None:
        """Wait until a job is due, at most for a while, and do what is due then."""
        self._refresh()
        self._tell_left()
        # Armed anew each time, by what is due by the clock as it is then: the trigger goes by the clock on the wall
        # of this machine, which is set, and put forward and back.
        trigger, now = schedule.Scheduler(), clock.now()
        for job in self._jobs():
            trigger.every(max(1, self._due_at(job, now) - now)).seconds.do(self._do_if_due, job)
        if self._wait(min(max(trigger.idle_seconds or 0, 0), LONGEST_PAUSE)):
            trigger.run_pending()

    def next_at(self) -> int | None:
        """Return when a job is due next, which may have passed; None: there is none."""
        now = clock.now()
        return min((self._due_at(job, now) for job in self._jobs()), default=None)

    def _wait(self, seconds: float) -> bool:
        """Wait, and return whether nobody cut it short."""
        try:
            self._waits = True
            clock.pause(seconds)
        except _Woken:
            return False
        finally:
            self._waits = False
        return True

    def _jobs(self) -> Iterator[Job]:
        return iter(self.settings.watch.jobs.values())

    def _due_jobs(self) -> list[Job]:
        now = clock.now()
        return [job for job in self._jobs() if self._due_at(job, now) <= now]

    def _due_at(self, job: Job, now: int) -> int:
        """Return when a job is to be done, which may have passed."""
        failed = self._failed.get(job.name)
        if failed is not None and now < failed.again_at <= now + RETRY[1]:  # else the clock was set back since
            return failed.again_at
        return due_at(job, ZoneInfo(self.settings.watch.timezone), self._began.get(job.name), now)

    def _do_if_due(self, job: Job) -> None:
        now = clock.now()
        if self._due_at(job, now) <= now:
            self._do(job)
            gc.collect()  # clients of storage leave circles behind, some 25 MB a run, and circles are sought seldom

    def _do(self, job: Job) -> int:
        """Do a job, tell how it went, and return its status: nothing that goes wrong in it ends the watch."""
        now, began = clock.now(), clock.monotonic()
        outcome: Outcome | None = None
        publication = Publication(
            self.settings,
            whole=not job.policies,
            write=lambda report: _write(self.settings, job, report),
            at_once=bool(job.period) or all(is_replaced(output.file) for output in job.outputs),
        )
        errors, trace = publication.errors, ""
        try:
            outcome = self._judged(job, now, publication)
            status = outcome.report.exit_status
            if publication.fault is not None:
                trace, status = "".join(traceback.format_exception(publication.fault)), EXIT_FAULT
        except AlreadyDone:
            self._reread()
            return 0
        except DrcheckError as error:
            errors.append(error)
            status = error.exit_status
        except Exception:  # noqa: BLE001  whatever it is, the other jobs go on, and so does this one when it is due
            trace, status = traceback.format_exc(), EXIT_FAULT
        if outcome is None or (job.period and (errors or trace)):
            retry_at = self._fail(job)
        else:
            self._failed.pop(job.name, None)
            self._began[job.name] = now
            retry_at = None
        done = Done(job, status, outcome, clock.monotonic() - began, tuple(errors), trace, retry_at)
        told = self._show.done(done, self.settings, self.next_at())
        try:
            if outcome is not None:
                publication.complete(outcome, shown=told)
            unsigned = () if outcome is None else outcome.unsigned
            for one in (*errors[len(done.errors) :], *unsigned, self._tell_end(done)):
                if one is not None:
                    self._show.trouble(one, "")
        except Exception:  # noqa: BLE001  as above: what was judged is recorded
            self._show.trouble(DrcheckError(f"a fault in drcheck: {traceback.format_exc()}"), "")
        return status

    def _tell_end(self, done: Done) -> DrcheckError | None:
        # A run that another one keeps waiting has not ended: it is tried again, or found to be done.
        waits = any(isinstance(error, Busy) for error in done.errors)
        if self.settings.notify.ping is None or done.job.period or waits:
            return None
        from drcheck.app.notify import tell_end  # it loads what no run without channels needs

        what = "a fault in drcheck" if done.traceback else done.outcome.report.told() if done.outcome else ""
        return tell_end(self.settings, done.status, what or "; ".join(error.message for error in done.errors))

    def _judged(self, job: Job, now: int, publication: Publication) -> Outcome:
        label = self._period(job, now)
        for output in job.outputs:
            file = output.file.replace(PERIOD, label)
            if file.endswith("/"):
                check_directory(file)
            else:
                check_writable(file)
                keep_off(file, path_of(self.settings.ledger))
        if label:
            return _filed(self.settings, job, label, publication)
        zone = ZoneInfo(self.settings.watch.timezone)
        schedule = f"{job.schedule} {zone.key}" if job.schedule else f"{EVERY} {job.every}"
        due = Appointment(job.name, due_at(job, zone, self._began.get(job.name), now), schedule)
        return verify(self.settings, job.policies, Question(), unwatched, due, publication.prepare)

    def _period(self, job: Job, now: int) -> str:
        return period_of(job, ZoneInfo(self.settings.watch.timezone), now) if job.period else ""

    def _fail(self, job: Job) -> int:
        before = self._failed.get(job.name)
        pause = RETRY[0] if before is None else min(2 * before.pause, RETRY[1])
        self._failed[job.name] = _Failed(clock.now() + pause, pause)
        return self._failed[job.name].again_at

    def _refresh(self) -> None:
        """Read the configuration again if it has changed; one that cannot be used changes nothing, and is told once."""
        signature = _signature(self.settings.file)
        if signature == self._read and not self._reload:
            return
        self._read, self._reload = signature, False
        try:
            self.settings = _load(self._file)
        except DrcheckError as error:
            self._show.trouble(error, "The configuration as it was before goes on.")
            return
        self._failed.clear()
        self._reread()
        self._show.reloaded()

    def _reread(self) -> None:
        try:
            self._take(_known(self.settings))
        except DrcheckError as error:
            self._show.trouble(error, "When jobs were done is taken from this watch alone.")

    def _take(self, state: State) -> None:
        """Take from the ledger when each job was done last, and what whoever did it may have left to be told."""
        self._began, self._left_at = dict(state.jobs), None
        if self.settings.notify.channels:
            from drcheck.app.notify import lapses_at  # as below

            self._left_at = lapses_at(state, clock.now())

    def _tell_left(self) -> None:
        """Send the messages that nobody sends any more who claimed them."""
        if self._left_at is None or clock.now() < self._left_at:
            return
        from drcheck.app.notify import tell_left  # it loads what no run without channels needs

        self._left_at = None
        try:
            for error in tell_left(self.settings):
                self._show.trouble(error, "")
        except Busy:
            self._left_at = clock.now() + RETRY[0]
        except Exception:  # noqa: BLE001  as with jobs: the next run tells what is left
            self._show.trouble(DrcheckError(f"messages that were left could not be sent: {traceback.format_exc()}"), "")


def due_at(job: Job, zone: ZoneInfo, began: int | None, now: int) -> int:
    """Return when a job is due, which may have passed, by when its newest run that finished ``began``.

    A job that no run has done is due since ever. One that began after ``now`` went by a clock that has been set since,
    and counts for nothing. A period is due until its reports are there.
    """
    after = now + job.every if job.every else next_tick(job.schedule, zone, now + 1)
    if job.period:
        return now if _missing(job, period_of(job, zone, now)) else after
    if began is None or began > now:
        return 0
    if job.every:
        return began + job.every
    newest = last_tick(job.schedule, zone, now)
    return newest if began < newest else after


def period_of(job: Job, zone: ZoneInfo, now: int) -> str:
    """Return the name of the period that a job judges: the newest that was over when its time came last."""
    return newest_over(job.period, zone, last_tick(job.schedule, zone, now) if job.schedule else now)


def _load(file: str | None) -> Settings:
    settings = load_settings(file)
    if not settings.watch.jobs:
        raise UsageError(
            f"{settings.file} has no jobs to watch",
            'Say what to do and when: watch: {jobs: {nightly: {schedule: "30 2 * * *"}}}.',
        )
    for job in settings.watch.jobs.values():
        for output in job.outputs:
            if output.format not in DOCUMENTS:
                renderer(output.format)  # what it needs may not be installed
    return settings


def _known(settings: Settings) -> State:
    """Return what the ledger knows of runs."""
    try:
        with open_ledger(settings.ledger, read_only=True) as ledger:
            return ledger.state(())
    except NoLedger:
        return State()


def _write(settings: Settings, job: Job, report: Report) -> Iterator[DrcheckError]:
    """Write the reports of a job, each whole or not at all, and yield why one could not be."""
    for output in job.outputs:
        try:
            render = renderer(output.format)
            put([render(report, quiet=False, verbose=False, terminal=False, config=settings.file)], output.file)
        except DrcheckError as error:
            yield error


def _filed(settings: Settings, job: Job, label: str, publication: Publication) -> Outcome:
    """Judge a period once, and write the reports of it, as ``drcheck report`` does."""
    from drcheck.app.report import judged_once  # it loads what no other job needs

    with judged_once(settings, job.policies, Question(period=period(label), offline=True), job.sample) as judged:

        def write(_: Report) -> Iterator[DrcheckError]:
            for output in job.outputs:
                file = output.file.replace(PERIOD, label)
                try:
                    put_all(judged.documents(output.format, split=file.endswith("/")), file)
                except DrcheckError as error:
                    yield error

        report = judged.report
        publication.prepare(report, None, write)
        return Outcome(report)


def _missing(job: Job, label: str) -> bool:
    for output in job.outputs:
        file = output.file.replace(PERIOD, label)
        split = output.format in DOCUMENTS and file.endswith("/")
        if not Path(file, DOCUMENTS[output.format].first_page if split else "").exists():
            return True
    return False


def _signature(file: str) -> tuple[int, ...]:
    """Return what changes when a file does; nothing of one that is gone."""
    try:
        status = os.stat(file)  # noqa: PTH116  paths are text here
    except OSError:
        return ()
    return status.st_mtime_ns, status.st_size, status.st_ino
