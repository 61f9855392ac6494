"""What of a period is there and what is missing, in words."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Final

from drcheck.core import words
from drcheck.core.judging.completeness import Completeness, NotInReport, NotJudged, Without
from drcheck.core.time.calendar import DAY
from drcheck.reports.wording.text import printable

COMPLETE: Final = "nothing is missing: no run that was due, no promise of a policy in a run, and no end of a drill"
_MOST: Final = 20
"""Of one kind of thing that is missing; the JSON has all."""

Shown = Callable[[int], str]
"""Writes an instant."""


def missing(its: Completeness, shown: Shown = words.instant) -> Iterator[str]:
    """Yield a line for each thing that is missing in a period; nothing: nothing is known to be."""
    yield from _some([_without(one, shown) for one in its.without])
    yield from _some([f"{job} is due no more since {shown(at)}: it was taken out of the jobs" for job, at in its.gone])
    yield from _some([_not_judged(one, shown) for one in its.not_judged])
    yield from _some([_not_in_report(one, shown) for one in its.not_in_report])
    yield from _some(
        [
            f"the drill {id_} of {service} began {shown(at)}, and nothing tells how it ended"
            for service, id_, at in its.unended
        ]
    )
    yield from _some([f"run {one.run} began {shown(one.at)} and was {one.state}" for one in its.stopped])
    if its.unread:
        yield printable(f"what was promised cannot be read here of {words.several(list(its.unread), at_most=_MOST)}")
    if its.hidden:
        yield hidden(its)


def hidden(its: Completeness) -> str:
    """Return of how many runs it is not shown what they judged."""
    return f"what {words.counted(its.hidden, 'run')} judged is not shown: it tells of other services as well"


def schedules(its: Completeness) -> str:
    """Return when runs were due, as they said themselves."""
    told = [f"{schedule} ({job})" for job, schedule in its.schedules]
    return printable(words.several(told, at_most=_MOST)) or "no run says of any: each day in UTC is looked for"


def drills(its: Completeness) -> str:
    """Return what came of the drills of a period that are entries of their own: drcheck ran them, or was told."""
    told = [f"{count} {outcome.replace('-', ' ')}" for outcome, count in its.drills.items()]
    counted = words.several(told) if told else "none that it knows an end of"
    return f"{counted}; restore tests that a log tells of are not counted here"


def _some(lines: list[str]) -> Iterator[str]:
    yield from map(printable, lines[:_MOST])
    if lines[_MOST:]:
        yield f"and {len(lines) - _MOST} more such lines, which the report as JSON has"


def _without(one: Without, shown: Shown) -> str:
    if not one.job:  # days in UTC
        first, last = (words.instant(at)[: len("2026-07-01")] for at in (one.start, one.last))
        days = first if first == last else f"{first} to {last}, {words.duration(one.last - one.start + DAY)}"
        return f"no run began on {days} (UTC)"
    if one.times == 1:
        return f"{one.job} was due {shown(one.start)}, and no run of it began"
    return f"{one.job} was due {one.times} times from {shown(one.start)} to {shown(one.last)}, and no run of it began"


def _not_judged(one: NotJudged, shown: Shown) -> str:
    what = f"{one.commitment} of {one.service}" if one.commitment else one.service
    when = shown(one.first) if one.runs == 1 else f"{shown(one.first)} to {shown(one.last)}"
    return f"{what} was not judged in {words.counted(one.runs, 'run')} ({when})"


def _not_in_report(one: NotInReport, shown: Shown) -> str:
    why = "nobody retired it" if one.retired_at is None else f"it was retired {shown(one.retired_at)}"
    return f"{one.service} was judged until {shown(one.judged_until)}, and is not in this report: {why}"
