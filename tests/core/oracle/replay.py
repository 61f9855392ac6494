"""What can be restored from base backups and log segments at one second, replayed segment by segment."""

from __future__ import annotations

from array import array
from collections.abc import Sequence
from typing import NamedTuple

from hypothesis import strategies as st

from drcheck.core.model.evidence import FOREVER, Fact, FactValue
from drcheck.core.model.points import Points
from drcheck.core.rules import log_archives


class Log(NamedTuple):
    """A segment of timeline 1, or of timeline 2 that left it right before ``SWITCH``."""

    timeline: int
    number: int
    arrived: int
    gone: int


class Base(NamedTuple):
    """A base backup of one timeline, that needs its segments from the first to the last."""

    timeline: int
    first: int
    last: int
    arrived: int
    gone: int


SWITCH = 258
"""The first segment of timeline 2."""
FIRST, LAST = 253, 262
"""Segments are of these: log files change after 255."""


def name(timeline: int, number: int) -> str:
    return f"{timeline:08X}{number // 256:08X}{number % 256:08X}"


@st.composite
def archives(draw: st.DrawFn) -> tuple[tuple[Log, ...], tuple[Base, ...]]:
    """Draw an archive, with mostly few holes: some segments were never there, others went."""
    gone = st.just(FOREVER) | st.just(FOREVER) | st.integers(41, 60)
    logs: list[Log] = []
    for timeline, start in ((1, FIRST), (2, SWITCH)):
        there = [number for number in range(start, LAST) if draw(st.integers(0, 9))]
        logs += (Log(timeline, number, draw(st.integers(2, 30)), draw(gone)) for number in there)
    bases = []
    for _ in range(draw(st.integers(0, 3))):
        timeline = draw(st.sampled_from((1, 2)))
        first = draw(st.integers(FIRST if timeline == 1 else SWITCH, LAST - 1))
        last = draw(st.integers(first, min(first + 2, LAST - 1)))
        bases.append(Base(timeline, first, last, draw(st.integers(2, 30)), draw(gone)))
    return tuple(logs), tuple(bases)


def restores(log: Log, logs: Sequence[Log], bases: Sequence[Base], second: int) -> bool:
    """Return whether all that ``log`` is replayed after stands: a base, and each segment from its begin on."""
    there = {(one.timeline, one.number) for one in logs if one.arrived <= second < one.gone}

    def replays(base: Base) -> bool:
        if not base.arrived <= second < base.gone or base.last > log.number:
            return False
        if base.timeline != log.timeline and not (base.timeline == 1 and base.last < SWITCH):
            return False
        at = (base.timeline, base.first)
        while at != (log.timeline, log.number):
            if at not in there:
                return False
            timeline, number = at
            at = (log.timeline if number + 1 >= SWITCH else timeline, number + 1)
        return True

    return any(map(replays, bases))


def whole(base: Base, logs: Sequence[Log], second: int) -> bool:
    """Return whether a base backup's own segments stand."""
    there = {(one.timeline, one.number) for one in logs if one.arrived <= second < one.gone}
    return all((base.timeline, number) in there for number in range(base.first, base.last + 1))


def columns(logs: Sequence[Log], bases: Sequence[Base]) -> tuple[Points, list[Log | Base]]:
    """Return the same as columns, and what each row is."""
    everything: list[Log | Base] = sorted([*logs, *bases], key=lambda one: one.arrived)
    facts = {}
    for row, one in enumerate(everything):
        if isinstance(one, Base):
            told = log_archives.needed("wal/", name(one.timeline, one.first), name(one.timeline, one.last))
            facts[row, Fact.NEEDS] = ((1, FactValue(True, told)),)
    later = [one for one in logs if one.timeline == 2]
    if later:
        first = min(later, key=lambda one: one.number)
        right_before = name(1 if first.number == SWITCH else 2, first.number - 1)
        told = log_archives.needed("wal/", name(1, SWITCH - 1), right_before)
        facts[everything.index(first), Fact.NEEDS] = ((1, FactValue(True, told)),)
    instants = [array("q", (one.arrived for one in everything)) for _ in range(4)]
    gone = [array("q", (one.gone for one in everything)) for _ in range(2)]
    return Points(
        "pg",
        "db",
        tuple(f"base{row}" if isinstance(one, Base) else f"wal/{name(one.timeline, one.number)}.gz"
              for row, one in enumerate(everything)),
        tuple("full" if isinstance(one, Base) else "log" for one in everything),
        *instants,
        *gone,
        array("q", [100] * len(everything)),
        ("",) * len(everything),
        facts=facts,
    ), everything  # fmt: skip
