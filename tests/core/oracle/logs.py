"""What may stand in the lines of a log that nobody could read, and random logs."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace
from typing import NamedTuple

from hypothesis import strategies as st

from drcheck.core.evidence import LONG_AGO, Announcement, Gap, Log, Maintenance, Phase, Recovery
from drcheck.core.promises import Rung
from drcheck.core.terms import Records

from .worlds import Scale

SITE_OF = {"dumps": "here", "offsite": "there"}
SCENARIO = "server"


class Hidden(NamedTuple):
    """A record that nobody could read: later than ``earliest``, but perhaps right after it, and no later than ``latest``."""

    log: str
    line: int | None
    """None: it may stand after the last line."""
    earliest: int
    latest: int | None


def hidden(records: Records) -> list[Hidden]:
    """Return what the logs may hold unseen. A log is appended to: its lines are in the order of their time."""
    found = []
    for name, log in records.logs.items():
        times = {recovery.line: recovery.finished_at or recovery.started_at for recovery in log.recoveries}
        times |= {announcement.line: announcement.announced_at for announcement in log.announcements}
        for gap in log.gaps:
            assert gap.line is not None
            before = [at for line, at in times.items() if line < gap.line]
            after = [at for line, at in times.items() if line > gap.line]
            found.append(Hidden(name, gap.line, max(before, default=LONG_AGO), min(after, default=log.known_until)))
        found.append(Hidden(name, None, log.known_until, None))
    return found


def recoveries(records: Records) -> list[tuple[str, Recovery]]:
    """Return every recovery with the log that tells it."""
    return [(name, recovery) for name, log in records.logs.items() for recovery in log.recoveries]


def proves(recovery: Recovery, lost: frozenset[str]) -> bool | None:
    """Return whether it restored from a copy that survives, to a place that does; None: it does not tell."""
    if not lost:
        return True  # every source survives a scenario that takes nothing away, even one that the record does not tell
    if recovery.target_site in lost or SITE_OF.get(recovery.point_source) in lost:
        return False
    return None if recovery.point_source == "" else True


def marks(records: Records) -> set[int]:
    """Return every instant that the logs name."""
    found: set[int] = set()
    for log in records.logs.values():
        found.add(log.known_until)
        for recovery in log.recoveries:
            found |= {recovery.started_at, recovery.finished_at or recovery.started_at}
        found |= {announcement.announced_at for announcement in log.announcements}
    return found - {LONG_AGO}


def _clocks(start: int, end: int, told: Iterable[bool], shares: Iterable[int]) -> dict[str, int | None]:
    names = ("disrupted_at", "declared_at", "restore_started_at", "restored_at", "validated_at")
    ats = [start, *(start + (end - start) * share // 8 for share in sorted(shares)), end]
    return {name: at if tell else None for name, at, tell in zip(names, ats, told, strict=True)}


@st.composite
def recovery(draw: st.DrawFn, scale: Scale, number: int, *, real: bool = False) -> Recovery:
    """Draw a restore test, or a real outage."""
    start = draw(scale.instants())
    length = draw(scale.durations(4))
    finish = start + length
    told = [draw(st.integers(0, 11)) > 0 for _ in range(5)]
    open_still = real and draw(st.integers(0, 2)) == 0
    if real:
        told = [True, False, False, False, not open_still]
    phases = tuple(
        Phase(draw(st.sampled_from(("dns", "copy"))), at, at + draw(scale.durations(2)))
        for at in draw(st.lists(scale.instants(), max_size=2))
    )
    return Recovery(
        id=f"{'outage' if real else 'test'}-{number}",
        line=0,
        started_at=start,
        finished_at=None if open_still else finish,
        outcome="passed" if real else draw(st.sampled_from(("passed",) * 6 + ("failed", "aborted"))),
        scenarios=draw(
            st.sampled_from((frozenset({SCENARIO}),) * 3 + (frozenset({SCENARIO, "fire"}), frozenset({"fire"})))
        ),
        **_clocks(start, finish, told, [draw(st.integers(0, 8)) for _ in range(3)]),
        target_site=draw(st.sampled_from(("there",) * 4 + ("here",))),
        point_source=draw(st.sampled_from(("offsite",) * 4 + ("dumps", ""))),
        validation=draw(
            st.sampled_from((None, Rung.COMPLETE, Rung.RESTORED, Rung.VALIDATED, Rung.VALIDATED, Rung.VALIDATED))
        ),
        phases=() if real else phases,
        real=real,
        recovered_by="" if open_still or (real and draw(st.booleans())) else "restore",
    )


@st.composite
def records(draw: st.DrawFn, scale: Scale, *, outages: bool, announced: bool) -> Records:
    """Draw one or two logs with gaps; within a log, lines are in the order of their time."""
    logs = {}
    number = 0
    finishes: set[int] = set()
    for name in ("drills", "more-drills")[: draw(st.sampled_from((1, 1, 2)))]:
        lines: list[tuple[int, Recovery | Announcement | Gap]] = []
        for _ in range(draw(st.integers(0, 4))):
            number += 1
            one = draw(recovery(scale, number, real=outages and draw(st.integers(0, 3)) == 0))
            at = one.finished_at or one.started_at
            if at in finishes:
                continue  # which of two that end at once is the newer one, nobody can tell
            finishes.add(at)
            lines.append((at, one))
            if announced and draw(st.integers(0, 3)) > 0:
                early = one.started_at - draw(scale.durations(12))
                lines.append((early, Announcement(one.id, 0, early, None, "")))
        lines.sort(key=lambda item: item[0])
        newest = max((at for at, _ in lines), default=scale.end)
        for _ in range(draw(st.sampled_from((0, 0, 0, 1, 2)))):
            place = draw(st.integers(0, len(lines)))
            lines.insert(place, (0, Gap("the line cannot be read")))
        known_until = draw(st.sampled_from((newest, newest + scale.step) + (scale.end + 30 * scale.step,) * 4))
        numbered = [
            (
                Gap(record.what, line=line)
                if isinstance(record, Gap)
                else record._replace(line=line)
                if isinstance(record, Announcement)
                else replace(record, line=line)
            )
            for line, (_, record) in enumerate(lines, 1)
        ]
        logs[name] = Log(
            recoveries=tuple(record for record in numbered if isinstance(record, Recovery)),
            announcements=tuple(record for record in numbered if isinstance(record, Announcement)),
            maintenance=tuple(
                Maintenance(f"m-{at}", 1, draw(st.sampled_from(("regular", "planned"))), None, at, at + scale.step)
                for at in draw(st.lists(scale.instants(), max_size=2))
            ),
            gaps=tuple(record for record in numbered if isinstance(record, Gap)),
            known_until=max(known_until, newest),
        )
    return Records(logs)
