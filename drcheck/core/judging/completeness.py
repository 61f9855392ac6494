"""Whether a period is complete: a run each time that one was due, and every promise judged in each of them.

What is missing is a fact like any other: it stands in the report, and nothing here makes up for it.
"""

from __future__ import annotations

from bisect import bisect_left, bisect_right
from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from itertools import groupby
from typing import Final, NamedTuple
from zoneinfo import ZoneInfo

from drcheck.core.model.drill import Drill
from drcheck.core.model.verdict import Window
from drcheck.core.time.calendar import DAY, next_tick, ticks

EVERY: Final = "every"
"""First word of a schedule that counts seconds from one beginning to the next."""
_LONGEST: Final = 3 * 366 * DAY
"""Seconds of a window in which the times of cron expressions are gone through."""


class Ran(NamedTuple):
    """A run, as far as it matters here."""

    run: str
    at: int
    """When it began."""
    state: str
    """``finished``, ``interrupted``, ``abandoned``; ``running``: nothing tells of its end yet."""
    job: str = ""
    """Which job of a watch it did; empty: a command asked for it."""
    schedule: str = ""
    """When that job is due: a cron expression and its zone, or ``every`` and seconds; empty: nobody said."""
    gone: tuple[str, ...] = ()
    """Jobs that it says there are no more."""
    recorded: bool = True
    """Whether it recorded verdicts."""
    services: frozenset[str] = frozenset()
    """Those that it judged."""
    lacking: tuple[tuple[str, str], ...] = ()
    """(service, commitment) of its policies of which it recorded no verdict."""
    unread: frozenset[str] = frozenset()
    """Services of which is not known what they promised, as the text cannot be read here."""
    hidden: bool = False
    """Whether what it judged is not shown."""


class Without(NamedTuple):
    """Times that follow on each other at which a run was due, and none began before the next one."""

    job: str
    start: int
    """The first of them."""
    last: int
    times: int


class NotJudged(NamedTuple):
    """A promise that runs left out."""

    service: str
    commitment: str
    """Empty: the whole service."""
    first: int
    """When the first run that left it out began."""
    last: int
    runs: int


class NotInReport(NamedTuple):
    """A service that runs judged in the period and of which the report does not tell."""

    service: str
    judged_until: int
    """When the newest run that judged it began."""
    retired_at: int | None
    """When somebody said that it is promised no more; None: nobody did."""


class Completeness(NamedTuple):
    """What of a period is there, and what is missing."""

    entries: int
    """It is taken from the ledger's entries up to this one."""
    recorded: int
    """Runs that recorded verdicts in the period."""
    stopped: tuple[Ran, ...]
    """Runs in it that did not come to their end."""
    schedules: tuple[tuple[str, str], ...]
    """Job and schedule, each that held in the period."""
    gone: tuple[tuple[str, int], ...]
    """Job, and when in the period a run first said that there is no such job any more, and none has done it since."""
    without: tuple[Without, ...]
    """Where no schedule is known, calendar days in UTC take the place of times, of the job without a name."""
    not_judged: tuple[NotJudged, ...]
    not_in_report: tuple[NotInReport, ...]
    unread: tuple[str, ...]
    """What cannot be read here: services of which some run judged such a text, and jobs with such a schedule."""
    hidden: int
    """Runs of which is not shown what they judged."""
    drills: Mapping[str, int]
    """How many drills of the period came to what."""
    unended: tuple[tuple[str, str, int], ...]
    """Service, id and beginning of each drill that began in the period and of whose end nothing tells."""
    whole: bool = True
    """Whether it tells of every service that runs judged, and not of those of the report alone."""


def completeness(
    runs: Sequence[Ran],
    window: Window,
    *,
    entries: int,
    reported: frozenset[str],
    retired: Mapping[str, int],
    drills: Iterable[Drill],
) -> Completeness:
    """Return what of ``window`` is there, by all ``runs`` in it and those before it that matter, oldest first.

    Those are the last one, and the last one of each job, unless there was no such job any more before the period.
    ``reported``: the services of the report. ``retired``: service to when it was promised no more.
    """
    recorded = [run for run in runs if run.recorded]
    within = [run for run in runs if window.start <= run.at < window.end]
    kept = [run for run in recorded if run.at < window.end]
    jobs: dict[str, list[Ran]] = defaultdict(list)
    for run in recorded:
        jobs[run.job].append(run)
    unread = {service for run in kept for service in run.unread}
    gone = _gone(runs)
    without: list[Without] = []
    for job, its in jobs.items():
        try:
            without += _without(job, its, window, min(window.end, gone.get(job, window.end)))
        except ValueError:
            unread.add(f"the schedule of {job}")
    if not any(run.schedule for run in recorded):
        without = list(_days_without(recorded, window))
    begun = [drill for drill in drills if window.start <= drill.began_at < window.end]
    return Completeness(
        entries,
        sum(run.recorded for run in within),
        tuple(run for run in within if run.state in {"interrupted", "abandoned"}),
        tuple(dict.fromkeys((run.job, run.schedule) for run in kept if run.schedule)),
        tuple((job, at) for job, at in gone.items() if window.start <= at < window.end),
        tuple(without),
        tuple(sorted((*_commitments_left_out(kept), *_services_left_out(kept, retired)))),
        tuple(_not_in_report(kept, reported, retired)),
        tuple(sorted(unread)),
        sum(run.hidden for run in kept),
        dict(sorted(Counter(drill.outcome.value for drill in begun if drill.outcome is not None).items())),
        tuple((drill.service, drill.id, drill.began_at) for drill in begun if drill.outcome is None),
    )


def _gone(runs: Iterable[Ran]) -> dict[str, int]:
    """Return job to when a run first said that there is no such job any more, of those that none has done since."""
    gone: dict[str, int] = {}
    for run in runs:
        gone.pop(run.job, None)
        for job in run.gone:
            gone.setdefault(job, run.at)
    return gone


def _without(job: str, runs: Sequence[Ran], window: Window, until: int) -> Iterator[Without]:
    """Yield the times at which a job was due, by what the run before them said, and no run of it began.

    ``until``: the end of the window, or since when there is no such job any more. Of the times between two runs the
    second one kept the last, however late it was. Nothing is told of the time before the first run.
    """
    cron = {run.schedule: _ticks(run.schedule, window) for run in runs if run.schedule and not _step(run.schedule)}
    for run, after in zip(runs, [*runs[1:], None], strict=True):
        if not run.schedule:
            continue
        end = until if after is None else min(after.at + 1, window.end)
        step = _step(run.schedule)
        times: Sequence[int]
        if step:
            first = run.at + step * max(1, -(-(window.start - run.at) // step))
            times = range(first, end, step)
            next_one = range(first, window.end + step, step)[-1] if first < window.end else first
        else:
            all_times, next_one = cron[run.schedule]
            times = all_times[bisect_right(all_times, run.at) : bisect_left(all_times, end)]
        if after is not None and not window.end <= next_one <= after.at:
            times = times[:-1]
        if times:
            yield Without(job, times[0], times[-1], len(times))


def _step(schedule: str) -> int:
    """Return the seconds of a schedule that counts them; 0: it is a cron expression."""
    head, _, tail = schedule.rpartition(" ")
    if head != EVERY:
        return 0
    if (seconds := int(tail)) < 1:
        raise ValueError("it is due more often than anybody could do it")
    return seconds


def _ticks(schedule: str, window: Window) -> tuple[Sequence[int], int]:
    """Return the times of a cron expression within a window, and the next one behind it; raises ValueError."""
    head, _, zone = schedule.rpartition(" ")
    if window.end - window.start > _LONGEST:
        raise ValueError("it is of a time too long")
    try:
        where = ZoneInfo(zone)
        return ticks(head, where, window.start, window.end), next_tick(head, where, window.end)
    except Exception as error:  # libraries name in many ways what is no expression, and no zone
        raise ValueError("it is no schedule") from error


def _days_without(runs: Sequence[Ran], window: Window) -> Iterator[Without]:
    """Yield the calendar days in UTC on which no run began, those that follow on each other together."""
    seen = {run.at // DAY for run in runs}
    days = (day for day in range(window.start // DAY, -(-window.end // DAY)) if day not in seen)
    for _, group in groupby(enumerate(days), key=lambda one: one[1] - one[0]):
        several = [day * DAY for _, day in group]
        yield Without("", several[0], several[-1], len(several))


def _commitments_left_out(runs: Iterable[Ran]) -> Iterator[NotJudged]:
    by_promise: dict[tuple[str, str], list[int]] = defaultdict(list)
    for run in runs:
        for promise in run.lacking:
            by_promise[promise].append(run.at)
    for (service, commitment), times in by_promise.items():
        yield NotJudged(service, commitment, times[0], times[-1], len(times))


def _services_left_out(runs: Sequence[Ran], retired: Mapping[str, int]) -> Iterator[NotJudged]:
    """Yield the services that a job judged, and some later runs of it did not, unless they were retired in between.

    Of runs that no schedule asked for, those of one day count as one: not each of them judges everything. What another
    job has judged since is not left out.
    """
    newest: dict[str, int] = {}
    for run in runs:
        newest.update(dict.fromkeys(run.services, run.at))
    for job, units in _units(runs).items():
        last: dict[str, int] = {}
        missing: dict[str, list[int]] = defaultdict(list)
        for services, group in groupby(units, key=lambda unit: unit[1]):
            times = [at for at, _ in group]
            for service in last.keys() - services:
                since = retired.get(service)
                missing[service] += [at for at in times if since is None or not last[service] < since <= at]
            last.update(dict.fromkeys(services, times[-1]))
        for service, times in missing.items():
            moved = job and newest[service] > last[service]  # another job judges it now
            left_out = [at for at in times if not moved or at < last[service]]
            if left_out:
                yield NotJudged(service, "", left_out[0], left_out[-1], len(left_out))


def _units(runs: Iterable[Ran]) -> dict[str, list[tuple[int, frozenset[str]]]]:
    """Return for each job what its runs judged, with when they began."""
    units: dict[str, list[tuple[int, frozenset[str]]]] = defaultdict(list)
    for run in runs:
        if run.hidden:
            continue
        its = units[run.job]
        if not run.job and its and its[-1][0] // DAY == run.at // DAY:
            its[-1] = (its[-1][0], its[-1][1] | run.services)
        else:
            its.append((run.at, run.services))
    return units


def _not_in_report(runs: Iterable[Ran], reported: frozenset[str], retired: Mapping[str, int]) -> Iterator[NotInReport]:
    newest: dict[str, int] = {}
    for run in runs:
        newest.update(dict.fromkeys(run.services - reported, run.at))
    for service, at in sorted(newest.items()):
        since = retired.get(service)
        yield NotInReport(service, at, None if since is None or since < at else since)
