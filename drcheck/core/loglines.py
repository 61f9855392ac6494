"""When the lines of a log were written, which bounds what a line that nobody can read may tell.

A log is appended to and never rewritten: a line was written after the lines before it, and before those after it.
"""

from __future__ import annotations

from bisect import bisect_left, insort
from collections.abc import Iterator
from itertools import accumulate
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
    """Yield the line of each gap and when it was written, from the last to the first."""
    told = sorted(times(log))
    lines = [line for line, _ in told]
    newest = list(accumulate((when for _, when in told), max))
    after: list[int] = []
    """What the lines after it tell, sorted."""
    left = len(told)
    for line in sorted({gap.line or 0 for gap in log.gaps}, reverse=True):
        while left and lines[left - 1] > line:
            left -= 1
            insort(after, told[left][1])
        before = bisect_left(lines, line)
        earliest = newest[before - 1] if before else LONG_AGO
        # A line that tells of something older than the lines before it was written late, and bounds nothing.
        latest = bisect_left(after, earliest)
        yield line, Written(earliest, after[latest] if latest < len(after) else FOREVER)


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
