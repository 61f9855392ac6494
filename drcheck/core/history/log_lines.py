"""What the looks at a log tell of its lines: between which two each appeared, and what a line that is unread may tell.

A log is appended to and never rewritten, so that the number of lines that each complete look showed says when every
line came.
"""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Iterable, Iterator, Sequence
from itertools import accumulate
from operator import attrgetter
from typing import NamedTuple

from msgspec.structs import replace

from drcheck.core.model.evidence import LONG_AGO, Gap, Look
from drcheck.core.model.log_records import Announcement, Between, Log, LogGrowth, Maintenance


class Unread(NamedTuple):
    """What a line that nobody can read may tell: a record of anything, all of whose instants lie from lo to hi."""

    lo: int
    """The newest instant that a line before it tells."""
    hi: int
    """The first look that showed it."""
    missed: int
    """The newest complete look that showed nothing of it."""

    @property
    def announces_from(self) -> int:
        """The earliest instant at which what it announces was announced: no look showed it before."""
        return self.lo if self.missed == LONG_AGO else max(self.lo, self.missed + 1)


def dated(log: Log, raw: bytes, looks: Iterable[Look]) -> Log:
    """Return ``log``, which was read from ``raw``, with between which of its source's ``looks`` each record appeared.

    The looks are given oldest first; only complete ones tell what stood there and what did not. What a correction says
    was written, as far as anybody can tell, with the line that it corrects or with its own; an instant that its own
    line came too late for is not taken at its word.
    """
    shown = tuple(_shown(raw, [look for look in looks if look.complete]))
    if not shown:
        return log

    def known(one: Announcement | Maintenance) -> Between:
        first = log.corrections.get(one.line)
        return appeared(shown, one.line) if first is None else Between(_missed(shown, first), _seen(shown, one.line))

    def word(one: Announcement | Maintenance) -> int | None:
        late = one.announced_at is not None and one.announced_at <= appeared(shown, one.line).lo
        return None if late and one.line in log.corrections else one.announced_at

    return replace(
        log,
        announcements=tuple(one._replace(announced_at=word(one), known=known(one)) for one in log.announcements),
        maintenance=tuple(one._replace(announced_at=word(one), known=known(one)) for one in log.maintenance),
        looks=shown,
    )


def reaching(complete: Sequence[Look], size: int, newest: Look) -> Sequence[Look]:
    """Return ``complete`` looks, oldest first, so that the last one shows all ``size`` bytes of a log.

    What none of them showed was shown by a look that its clock puts after the ``newest`` one, which it came before.
    """
    last = complete[-1]
    return complete if last.size >= size else (*complete, replace(last, begin=newest.begin, size=size))


def _shown(raw: bytes, looks: Iterable[Look]) -> Iterator[LogGrowth]:
    ended = size = 0
    for look in looks:
        reached = max(size, min(look.size, len(raw)))
        ended += raw.count(b"\n", size, reached)
        size = reached
        yield LogGrowth(look.begin, ended + (size > 0 and raw[size - 1 : size] != b"\n"), ended)


def appeared(looks: tuple[LogGrowth, ...], line: int) -> Between:
    """Return the newest complete look that did not show a line, and the first that did."""
    first = bisect_left(looks, line, key=attrgetter("ended"))
    # Of a line that no look showed whole the newest one showed what there is of it.
    hi = looks[min(first, len(looks) - 1)].at
    return Between(min(hi, looks[first - 1].at if first else LONG_AGO), hi)


def _missed(looks: tuple[LogGrowth, ...], line: int) -> int:
    """Return the newest complete look that showed nothing of a line, not even its beginning."""
    first = bisect_left(looks, line, key=attrgetter("begun"))
    return looks[first - 1].at if first else LONG_AGO


def _seen(looks: tuple[LogGrowth, ...], line: int) -> int:
    """Return the first complete look that showed a line."""
    return appeared(looks, line).hi


def unread(log: Log, gap: Gap) -> Unread:
    """Return what the line that ``gap`` concerns may tell."""
    if log.gaps and not log.bounds:
        log.bounds.update(_bounds(log))
    return Unread(*log.bounds[gap.line or 0])


def known_open_until(log: Log, line: int) -> int:
    """Return until when what the record in ``line`` says is open surely was.

    That is up to the newest complete look, or the earliest instant that a later line tells which nobody can read.
    """
    unknown = (unread(log, gap).lo for gap in log.gaps if (gap.line or 0) > line)
    return min((log.known_until + 1, *unknown))


def _bounds(log: Log) -> Iterator[tuple[int, Unread]]:
    told = sorted(times(log))
    lines = [line for line, _ in told]
    newest = list(accumulate((when for _, when in told), max))
    for line in {gap.line or 0 for gap in log.gaps}:
        before = bisect_left(lines, line)
        lo = newest[before - 1] if before else LONG_AGO
        hi = _seen(log.looks, line) if log.looks else log.known_until
        yield line, Unread(lo, max(lo, hi), _missed(log.looks, line) if log.looks else LONG_AGO)


def times(log: Log) -> Iterator[tuple[int, int]]:
    """Yield (line, the newest instant that had passed when it was written) of every record that tells one."""
    for recovery in log.recoveries:
        clocks = (
            recovery.finished_at,
            recovery.declared_at,
            recovery.restore_started_at,
            recovery.restored_at,
            recovery.validated_at,
        )
        yield recovery.line, max([recovery.started_at, *(clock for clock in clocks if clock is not None)])
    for outage in log.outages:
        yield outage.line, outage.started_at if outage.ended_at is None else outage.ended_at
    for watched in log.watched:
        yield watched.line, watched.end
    for announcement in log.announcements:
        if announcement.announced_at is not None:
            yield announcement.line, announcement.announced_at
    for window in log.maintenance:
        if window.announced_at is not None:  # else nobody knows how long before its start it was written
            yield window.line, window.announced_at
    for statement in log.attestations:
        yield statement.line, statement.at
    for check in log.checks:
        yield check.line, check.finished_at
