"""What ``judging.md`` demands of an rto at one second."""

from __future__ import annotations

from collections.abc import Iterator
from functools import lru_cache
from itertools import pairwise, product
from typing import NamedTuple

from drcheck.core.evidence import Recovery
from drcheck.core.promises import CountsFrom, Rto, Until
from drcheck.core.terms import Records, Terms

from .allowed import BREACHED, MET, NOTHING_OWED, UNKNOWN, Allowed, both_ways
from .logs import hidden, proves, recoveries

LONG = 10**9


class State(NamedTuple):
    """What holds in one world: proven by the recovery that ended then, failed, or neither."""

    failed: bool
    proven_at: int | None
    decided_by: tuple[str, int, int] | None
    """Log, line and end of the recovery that decided."""


def _chains(recovery: Recovery, latest: int) -> Iterator[tuple[int, ...]]:
    """Yield the five clocks, what is not told put at every corner that their order allows."""
    clocks = (
        recovery.disrupted_at,
        recovery.declared_at,
        recovery.restore_started_at,
        recovery.restored_at,
        recovery.validated_at,
    )
    known = sorted(clock for clock in clocks if clock is not None)
    corners = [min([*known, latest]) - LONG, *known, latest]
    for chain in product(*((clock,) if clock is not None else corners for clock in clocks)):
        if all(one <= after for one, after in pairwise(chain)):
            yield chain


@lru_cache(maxsize=4096)
def recovery_times(
    recovery: Recovery, counts_from: CountsFrom, until: Until, not_counted: frozenset[str], latest: int
) -> tuple[int, int]:
    """Return the shortest and the longest time that a recovery may have taken."""
    first = {CountsFrom.DISRUPTION: 0, CountsFrom.DECLARATION: 1, CountsFrom.RESTORE_START: 2}[counts_from]
    last = {Until.RESTORED: 3, Until.VALIDATED: 4}[until]
    times = []
    for chain in _chains(recovery, latest):
        start, stop = chain[first], chain[last]
        left_out = 0
        edges = sorted(
            {start, stop, *(at for phase in recovery.phases for at in (phase.started_at, phase.finished_at))}
        )
        for one, after in pairwise(edges):
            if start <= one < stop and any(
                phase.name in not_counted and phase.started_at <= one < phase.finished_at for phase in recovery.phases
            ):
                left_out += after - one
        times.append(stop - start - left_out)
    return min(times), max(times)


def verdicts(commitment: Rto, recovery: Recovery, lost: frozenset[str], latest: int) -> set[str]:
    """Return what a finished recovery may be: ``failed``, ``passed``, or ``void``, which proves nothing."""
    if recovery.outcome == "aborted" or (recovery.real and not recovery.recovered_by):
        return {"void"}
    if recovery.outcome == "failed":
        return {"failed"}
    shortest, longest = recovery_times(
        recovery, commitment.counts_from, commitment.until, commitment.not_counted, latest
    )
    kept = "passed" if proves(recovery, lost) else "void"
    return (
        {"failed"} if shortest > commitment.at_most else {kept} if longest <= commitment.at_most else {"failed", kept}
    )


def allowed(commitment: Rto, records: Records, terms: Terms, second: int) -> Allowed:
    """Return the statuses that an evaluator may give to ``second``."""
    if (terms.effective is not None and second < terms.effective) or not terms.binds.start <= second < terms.binds.end:
        return NOTHING_OWED
    # Whether the end of a test bounds a last clock that is not told, the rules leave open.
    return _allowed(commitment, records, terms.lost_sites, second, bounded=True) | _allowed(
        commitment, records, terms.lost_sites, second, bounded=False
    )


def _allowed(commitment: Rto, records: Records, lost: frozenset[str], second: int, *, bounded: bool) -> Allowed:
    named = [(log, one) for log, one in recoveries(records) if commitment.scenario in one.scenarios]
    for log, one in named:
        if one.real and one.started_at + commitment.at_most <= second:
            if one.finished_at is None:
                # That it lasted was seen; that it has ended since, nobody can exclude.
                return BREACHED if second <= records.logs[log].known_until else BREACHED | UNKNOWN
            if second < one.finished_at:
                return BREACHED
    states = {State(failed=False, proven_at=None, decided_by=None)}
    over = [(log, one) for log, one in named if one.finished_at is not None and one.finished_at <= second]
    for log, one in sorted(over, key=lambda item: item[1].finished_at or 0):
        assert one.finished_at is not None
        latest = one.finished_at if bounded else one.finished_at + LONG
        found = verdicts(commitment, one, lost, latest)
        key = (log, one.line, one.finished_at)
        states = {after for state in states for after in _after(state, found, key)}
    return both_ways(_status(commitment, state, records, second) for state in states)


def _after(state: State, found: set[str], key: tuple[str, int, int]) -> Iterator[State]:
    for verdict in found:
        if verdict == "failed":
            yield State(failed=True, proven_at=None, decided_by=key)
        elif verdict == "void" or (state.failed and len(found) > 1):
            yield state  # a pass whose time is unknown does not end a failure
        else:
            yield State(failed=False, proven_at=key[2], decided_by=key)


def _status(commitment: Rto, state: State, records: Records, second: int) -> Allowed:
    if state.decided_by is None:
        return UNKNOWN
    log, line, end = state.decided_by
    status = BREACHED if state.failed else UNKNOWN
    if state.proven_at is not None and second < state.proven_at + commitment.proven_within:
        status = MET
    loose = False
    for one in hidden(records):
        after = one.latest is None or one.latest > end
        if after and one.earliest < second and (one.log != log or one.line is None or one.line > line):
            return UNKNOWN
        loose = loose or (one.line is not None and (one.line > line or one.log != log))
    return status | UNKNOWN if loose else status
