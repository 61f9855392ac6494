"""What ``judging.md`` demands of an rto at one second."""

from __future__ import annotations

from collections.abc import Iterator
from functools import lru_cache
from itertools import pairwise, product
from typing import NamedTuple

from msgspec.structs import replace

from drcheck.core.evaluation.inputs import Records, Terms
from drcheck.core.evaluation.recovery_time import CountsFrom, Until
from drcheck.core.kinds.rto import Rto
from drcheck.core.model.log_records import Recovery

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
    lasting = [too_long(commitment, one, _seen_open(records, log, one), second) for log, one in named if one.real]
    if {True} in lasting:
        return BREACHED  # that it lasted was seen
    states = {State(failed=False, proven_at=None, decided_by=None)}
    over = [(log, one) for log, one in named if one.finished_at is not None and one.finished_at <= second]
    for end in sorted({one.finished_at or 0 for _, one in over}):
        latest = end if bounded else end + LONG
        together = [
            (verdicts(commitment, one, lost, latest), (log, one.line, end))
            for log, one in over
            if one.finished_at == end
        ]
        states = {after for state in states for after in _after(state, together)}
    worlds = [_status(commitment, state, records, second) for state in states]
    if {True, False} in lasting and BREACHED not in worlds:
        worlds.append(BREACHED)
    return both_ways(worlds)


def _seen_open(records: Records, log: str, outage: Recovery) -> int:
    """Return the last second at which an outage that no record ends surely went on: a later line may have ended it."""
    maybe_closed = [one.earliest - 1 for one in hidden(records) if one.log == log and (one.line or 0) > outage.line]
    return min([records.logs[log].known_until, *maybe_closed])


def too_long(commitment: Rto, outage: Recovery, seen: int, second: int) -> set[bool]:
    """Return whether an outage goes on at a second, too long by then, in each way in which its clocks can have stood.

    What is open lasted as long as its log was seen; what was restored, and not validated, may have been so at any time.
    """
    first = {CountsFrom.DISRUPTION: 0, CountsFrom.DECLARATION: 1, CountsFrom.RESTORE_START: 2}[commitment.counts_from]
    last = {Until.RESTORED: 3, Until.VALIDATED: 4}[commitment.until]
    beyond = max(seen, second) + LONG
    found: set[bool] = set()
    stands = outage if outage.finished_at is not None else replace(outage, validated_at=beyond)
    for chain in _chains(stands, outage.finished_at or beyond):
        goes_on = chain[first] + commitment.at_most <= second < chain[last]
        found |= {goes_on, False} if goes_on and second > seen else {goes_on}
    return found


def _after(state: State, together: list[tuple[set[str], tuple[str, int, int]]]) -> Iterator[State]:
    """Yield what may hold once several have ended at one instant, of which the worst decides."""
    for choice in product(*(sorted(found) for found, _ in together)):
        several = [(verdict, *one) for verdict, one in zip(choice, together, strict=True)]
        failed = [key for verdict, _, key in several if verdict == "failed"]
        # A pass whose time is unknown does not end a failure.
        passed = [
            key for verdict, found, key in several if verdict == "passed" and not (state.failed and "failed" in found)
        ]
        if failed:
            yield State(failed=True, proven_at=None, decided_by=failed[0])
        elif passed:
            yield State(failed=False, proven_at=passed[0][2], decided_by=passed[0])
        else:
            yield state


def _status(commitment: Rto, state: State, records: Records, second: int) -> Allowed:
    if state.decided_by is None:
        return UNKNOWN
    unseen = any(one.line is None and one.earliest <= second for one in hidden(records))
    if state.failed:
        return UNKNOWN if unseen else BREACHED  # a line that nobody can read is no known pass
    _, _, end = state.decided_by
    if unseen or any(
        one.earliest <= second and one.latest is not None and end <= one.latest for one in hidden(records)
    ):
        return UNKNOWN
    return MET if state.proven_at is not None and second < state.proven_at + commitment.proven_within else UNKNOWN
