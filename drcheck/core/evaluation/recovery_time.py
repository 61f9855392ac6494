"""How long a recovery took: from which clock, to which clock, without which phases."""

from __future__ import annotations

from enum import StrEnum
from typing import Final

from drcheck.core.model.evidence import FOREVER, LONG_AGO
from drcheck.core.model.log_records import Between, Recovery
from drcheck.core.time.spans import Span, Spans, intersection, union


class CountsFrom(StrEnum):
    """Where the clock of a recovery time starts."""

    DISRUPTION = "disruption"
    DECLARATION = "declaration"
    RESTORE_START = "restore_start"


class Until(StrEnum):
    """Where the clock of a recovery time stops."""

    RESTORED = "restored"
    VALIDATED = "validated"


_STARTS: Final = {CountsFrom.DISRUPTION: 0, CountsFrom.DECLARATION: 1, CountsFrom.RESTORE_START: 2}
_STOPS: Final = {Until.RESTORED: 3, Until.VALIDATED: 4}
"""Where each stands among the five clocks of a recovery."""


def recovery_time(
    recovery: Recovery, counts_from: CountsFrom, until: Until, not_counted: frozenset[str]
) -> tuple[int, int | None]:
    """Return the shortest and longest time that the recovery can have taken, from ``counts_from`` to ``until``.

    A missing clock lies between its neighbours; a missing first one is unbounded below, and the longest time None.
    The phases ``not_counted`` are taken out.
    """
    start, stop = clocks_of(recovery, counts_from, until)
    left_out: Spans = ()
    if not_counted and recovery.phases:
        left_out = union(
            Span(phase.started_at, phase.finished_at) for phase in recovery.phases if phase.name in not_counted
        )
    shortest = _counted(start.hi, stop.lo, left_out)
    longest = None if start.lo == LONG_AGO or stop.hi == FOREVER else _counted(start.lo, stop.hi, left_out)
    return shortest, longest


def clocks_of(recovery: Recovery, counts_from: CountsFrom, until: Until) -> tuple[Between, Between]:
    """Return when the time from ``counts_from`` to ``until`` began and ended; ``FOREVER``: it goes on.

    What is still open has not been validated, and may have been restored.
    """
    clocks = (
        recovery.disrupted_at,
        recovery.declared_at,
        recovery.restore_started_at,
        recovery.restored_at,
        FOREVER if recovery.finished_at is None else recovery.validated_at,
    )
    ends = recovery.finished_at
    return _between(clocks, _STARTS[counts_from], ends), _between(clocks, _STOPS[until], ends)


def _between(clocks: tuple[int | None, ...], which: int, ends: int | None) -> Between:
    exact = clocks[which]
    if exact is not None:
        return Between(exact, exact)
    earliest = max((clock for clock in clocks[:which] if clock is not None), default=LONG_AGO)
    latest = min(
        (clock for clock in clocks[which + 1 :] if clock is not None), default=FOREVER if ends is None else ends
    )
    return Between(earliest, latest)


def _counted(start: int, stop: int, left_out: Spans) -> int:
    if stop <= start:
        return 0
    if not left_out:
        return stop - start
    return stop - start - sum(span.end - span.start for span in intersection((Span(start, stop),), left_out))
