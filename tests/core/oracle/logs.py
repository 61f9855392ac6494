"""What may stand in the lines of a log that nobody could read, when announcements were made, and random logs.

Logs are worlds of their own: every record was written at some instant, at times long after what it tells, and looks
showed what had been written by then. Records may end, or begin, together with others, in whatever order of lines.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import NamedTuple

from hypothesis import strategies as st
from msgspec.structs import replace

from drcheck.core.evaluation.inputs import Records
from drcheck.core.model.commitments import Rung
from drcheck.core.model.evidence import LONG_AGO, Gap
from drcheck.core.model.log_records import ANYTIME, Announcement, Between, Log, LogGrowth, Maintenance, Phase, Recovery

from .worlds import Scale

SITE_OF = {"dumps": "here", "offsite": "there"}
SCENARIO = "server"
CLOCKS = ("disrupted_at", "declared_at", "restore_started_at", "restored_at", "validated_at")


def proof(ends: int) -> Recovery:
    """Return a test of an hour that passed, from what survives to where the scenario takes nothing away."""
    begins = ends - 3600
    clocks = dict(zip(CLOCKS, (begins, begins, begins, ends, ends), strict=True))
    return Recovery(
        "proof", 1, begins, ends, "passed", frozenset({SCENARIO}), **clocks, target_site="there", point_source="offsite"
    )


class Hidden(NamedTuple):
    """A record that nobody could read, all of whose instants lie from ``earliest`` to ``latest``."""

    log: str
    line: int | None
    """None: it may stand after the last line that was seen, with anything since."""
    earliest: int
    latest: int | None
    announced_after: int
    """The newest look that did not show it."""


def instants(recovery: Recovery) -> list[int]:
    """Return every instant that a recovery's record tells."""
    told = (recovery.started_at, recovery.finished_at, *(getattr(recovery, clock) for clock in CLOCKS))
    return [at for at in told if at is not None]


def hidden(records: Records) -> list[Hidden]:
    """Return what the logs may hold unseen."""
    found = []
    for name, log in records.logs.items():
        times = [(recovery.line, max(instants(recovery))) for recovery in log.recoveries]
        times += [(one.line, one.announced_at) for one in log.announcements if one.announced_at is not None]
        for gap in log.gaps:
            assert gap.line is not None
            before = max((at for line, at in times if line < gap.line), default=LONG_AGO)
            showing = [look.at for look in log.looks if look.ended >= gap.line]
            missing = [look.at for look in log.looks if look.ended < gap.line]
            latest = max(before, showing[0] if showing else log.known_until)
            found.append(Hidden(name, gap.line, before, latest, missing[-1] if missing else LONG_AGO))
        found.append(Hidden(name, None, log.known_until + 1, None, log.known_until))
    return found


def announced(announcement: Announcement) -> tuple[int, int]:
    """Return the earliest and the latest instant at which an announcement can have been made.

    A look after its date that did not show it disproves that; one that showed it is later.
    """
    missed, shown = announcement.known
    word = announcement.announced_at
    assert word is not None
    return (word, word) if word > missed else (missed + 1, shown)


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
        found |= {log.known_until, *(look.at for look in log.looks)}
        for recovery in log.recoveries:
            found |= set(instants(recovery))
        found |= {one.announced_at for one in log.announcements if one.announced_at is not None}
    return found - {LONG_AGO}


def _clocks(start: int, end: int, told: Iterable[bool], shares: Iterable[int]) -> dict[str, int | None]:
    ats = [start, *(start + (end - start) * share // 8 for share in sorted(shares)), end]
    return {name: at if tell else None for name, at, tell in zip(CLOCKS, ats, told, strict=True)}


@st.composite
def recovery(
    draw: st.DrawFn, scale: Scale, number: int, others: list[tuple[int, int]], *, real: bool = False
) -> tuple[Recovery, int]:
    """Draw a restore test, or a real outage, and the instant that it had reached when it was written at the earliest.

    ``others`` are the begins and ends of those before it: it often shares one of these.
    """
    start = draw(scale.instants())
    length = draw(scale.durations(4))
    if others and draw(st.booleans()):
        begins, ends = draw(st.sampled_from(others))
        start = draw(st.sampled_from((begins, begins, ends - length)))
    finish = start + length
    told = [draw(st.integers(0, 15)) > 0 for _ in range(5)]
    open_still = real and draw(st.integers(0, 2)) == 0
    if real:
        told = [True, *(draw(st.integers(0, 2)) == 0 for _ in range(3)), not open_still]
    phases = tuple(
        Phase(draw(st.sampled_from(("dns", "copy"))), at, at + draw(scale.durations(2)))
        for at in draw(st.lists(scale.instants(), max_size=2))
    )
    found = Recovery(
        id=f"{'outage' if real else 'test'}-{number}",
        line=0,
        started_at=start,
        finished_at=None if open_still else finish,
        outcome="passed" if real else draw(st.sampled_from(("passed",) * 5 + ("failed", "failed", "aborted"))),
        scenarios=draw(
            st.sampled_from((frozenset({SCENARIO}),) * 5 + (frozenset({SCENARIO, "fire"}), frozenset({"fire"})))
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
    return found, finish


class Line(NamedTuple):
    """A record, or a line that nobody can read, with when it was written."""

    written: int
    record: Recovery | Announcement | Gap


@st.composite
def records(draw: st.DrawFn, scale: Scale, *, outages: bool, announced: bool) -> Records:
    """Draw one or two logs with gaps, and the looks at them; lines stand in the order in which they were written."""
    logs = {}
    number = 0
    others: list[tuple[int, int]] = []
    late = st.one_of(st.just(0), st.just(0), scale.durations(12))
    for name in ("drills", "more-drills")[: draw(st.sampled_from((1, 1, 2)))]:
        lines: list[Line] = []
        for _ in range(draw(st.sampled_from((2, 3, 4, 1, 0)))):
            number += 1
            one, reached = draw(recovery(scale, number, others, real=outages and draw(st.integers(0, 3)) == 0))
            others.append((one.started_at, reached))
            lines.append(Line(reached + draw(late), one))
            if announced and draw(st.integers(0, 3)) > 0:
                early = one.started_at - draw(scale.durations(12))
                lines.append(Line(early + draw(late | scale.durations(12)), Announcement(one.id, 0, early, None, "")))
        lines += [
            Line(draw(scale.instants()), Gap("the line cannot be read"))
            for _ in range(draw(st.sampled_from((1, 0, 0, 2))))
        ]
        lines = sorted(draw(st.permutations(lines)), key=lambda line: line.written)
        logs[name] = _log(draw, scale, lines)
    return Records(logs)


def _log(draw: st.DrawFn, scale: Scale, lines: list[Line]) -> Log:
    """Return the log that looks at random instants showed; at times nobody kept what each of them showed."""
    newest = max((line.written for line in lines), default=scale.end)
    last = draw(st.sampled_from((newest, newest + scale.step) + (scale.end + 30 * scale.step,) * 4))
    last = draw(st.sampled_from((last, last, last, draw(scale.instants()))))
    looks = sorted({*draw(st.lists(scale.instants(), min_size=2, max_size=5)), last})
    looks = looks[: looks.index(last) + 1]
    shown = [line for line in lines if line.written <= last]
    kept = draw(st.integers(0, 3)) > 0

    def known(line: Line) -> Between:
        first = next(at for at in looks if line.written <= at)
        return Between(max((at for at in looks if at < line.written), default=LONG_AGO), first) if kept else ANYTIME

    told: list[Recovery | Announcement | Gap] = []
    for where, line in enumerate(shown, 1):
        match line.record:
            case Gap():
                told.append(Gap(line.record.what, line=where))
            case Announcement():
                told.append(line.record._replace(line=where, known=known(line)))
            case _:
                told.append(replace(line.record, line=where))
    counts = [sum(line.written <= at for line in shown) for at in looks]
    return Log(
        recoveries=tuple(record for record in told if isinstance(record, Recovery)),
        announcements=tuple(record for record in told if isinstance(record, Announcement)),
        maintenance=tuple(
            Maintenance(f"m-{at}", 1, draw(st.sampled_from(("regular", "planned"))), None, at, at + scale.step)
            for at in draw(st.lists(scale.instants(), max_size=2))
        ),
        gaps=tuple(record for record in told if isinstance(record, Gap)),
        known_until=last,
        looks=tuple(LogGrowth(at, count, count) for at, count in zip(looks, counts, strict=True)) if kept else (),
    )
