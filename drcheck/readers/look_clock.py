"""What every reader does at a place: measure its clock, and close the look."""

from __future__ import annotations

from drcheck import clock
from drcheck.core.model.evidence import Gap, Look, Unaccounted
from drcheck.core.model.policy import Source
from drcheck.interfaces import Collector, CollectorError, LookRequest


def gap(error: CollectorError) -> Gap:
    """Return what could not be seen as a gap of the look."""
    return Gap(error.message, error.hint)


def clock_of(collector: Collector, source: Source, asked: LookRequest) -> tuple[float | None, tuple[Gap, ...]]:
    """Return by how many seconds the far clock is ahead of ours, with a gap if that is beyond the tolerance."""
    try:
        offset = collector.clock_offset()
    except CollectorError as error:
        return None, (gap(error),)
    if offset is None or abs(offset) <= asked.clock_tolerance:
        return offset, ()
    return offset, (clock_gap(source.connection, offset, asked.clock_tolerance),)


def clock_gap(connection: str, offset: float, tolerance: int) -> Gap:
    """Return the gap of a look at a place whose clock is off by more than is tolerated."""
    what = f"the clock of {connection} is {abs(offset):.0f} s {'ahead of' if offset > 0 else 'behind'} ours"
    return Gap(
        f"{what}; {tolerance} s are tolerated",
        "Set both clocks by NTP; raise clock_tolerance only if nothing promised is shorter.",
    )


def close_look(
    source: Source,
    asked: LookRequest,
    *,
    asked_from: int,
    gaps: tuple[Gap, ...] = (),
    clock_offset: float | None = None,
    calls: int = 0,
    names: int = 0,
    matched: int = 0,
    unaccounted: tuple[Unaccounted, ...] = (),
) -> Look:
    """Close a look: it ends now."""
    end = max(asked.begin, clock.now())
    return Look(
        source.name,
        asked.begin,
        end,
        asked_from,
        gaps,
        clock_offset,
        calls,
        names=names,
        matched=matched,
        unaccounted=unaccounted,
    )
