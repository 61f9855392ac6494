"""When the lines of a log were written, which bounds what a line that nobody can read may tell.

A log is appended to and never rewritten: a line was written after the lines before it, and before those after it. It is
taken to have been written when what it tells was over, unless it is a correction, or the lines before it show that it
came late.
"""

from __future__ import annotations

from bisect import bisect_left, bisect_right
from collections.abc import Iterator
from itertools import accumulate
from operator import itemgetter
from typing import NamedTuple

from drcheck.core.evidence import FOREVER, LONG_AGO, Gap, Log


class Written(NamedTuple):
    """The earliest and the latest instant at which a line can have been written."""

    lo: int
    hi: int


def written(log: Log, gap: Gap) -> Written:
    """Return when the line that ``gap`` concerns was written, as the lines around it tell."""
    if log.gaps and not log.writings:
        log.writings.update(_written(log))
    return Written(*log.writings[gap.line or 0])


def _written(log: Log) -> Iterator[tuple[int, Written]]:
    """Yield the line of each gap and when it was written."""
    told = sorted(times(log))
    lines = [line for line, _ in told]
    newest = list(accumulate((when for _, when in told), max))
    in_time = [
        (line, when)
        for (line, when), so_far in zip(told, newest, strict=True)
        if when == so_far and line not in log.corrections
    ]
    for line in {gap.line or 0 for gap in log.gaps}:
        before = bisect_left(lines, line)
        after = bisect_right(in_time, line, key=itemgetter(0))
        earliest = newest[before - 1] if before else LONG_AGO
        yield line, Written(earliest, in_time[after][1] if after < len(in_time) else FOREVER)


def times(log: Log) -> Iterator[tuple[int, int]]:
    """Yield (line, when it can have been written at the earliest) of every record."""
    for recovery in log.recoveries:
        yield recovery.line, recovery.started_at if recovery.finished_at is None else recovery.finished_at
    for outage in log.outages:
        yield outage.line, outage.started_at if outage.ended_at is None else outage.ended_at
    for watched in log.watched:
        yield watched.line, watched.end
    for announcement in log.announcements:
        yield announcement.line, announcement.announced_at
    for window in log.maintenance:
        if window.announced_at is not None:  # else nobody knows how long before its start it was written
            yield window.line, window.announced_at
    for statement in log.attestations:
        yield statement.line, statement.at
    for check in log.checks:
        yield check.line, check.finished_at
