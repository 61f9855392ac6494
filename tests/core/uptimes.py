"""Logs and commitments of availability, briefly written; instants are ``MM-DDTHH:MM[:SS]`` of 2026, UTC."""

from __future__ import annotations

from datetime import UTC, datetime
from fractions import Fraction
from typing import Any
from zoneinfo import ZoneInfo

from drcheck.core.evaluation.inputs import Records, Terms
from drcheck.core.kinds.availability import evaluate as availability
from drcheck.core.kinds.availability.commitment import Availability, Credits, Excuses
from drcheck.core.model.evidence import Gap
from drcheck.core.model.log_records import Log, Maintenance, Outage, Watched
from drcheck.core.model.status import Status
from drcheck.core.model.verdict import Finding, PeriodFigures, Window
from drcheck.registry import READERS


def at(text: str) -> int:
    """Return an instant; a year may stand before it."""
    year, text = (text[:4], text[5:]) if text[4:5] == "-" else ("2026", text)
    return int(datetime.fromisoformat(f"{year}-{text}").replace(tzinfo=UTC).timestamp())


def outage(
    start: str, end: str | None, cause: str = "", *, total: bool = True, line: int = 1, name: str = ""
) -> Outage:
    return Outage(name or f"out-{start}", line, at(start), None if end is None else at(end), total, cause)


def maintenance(
    start: str, end: str, sort: str = "planned", announced: str | None = "01-01T00:00", *, line: int = 1
) -> Maintenance:
    when = None if announced is None else at(announced)
    return Maintenance(f"m-{start}", line, sort, when, at(start), at(end))


def records(
    *told: Outage | Maintenance,
    watched: tuple[tuple[str, str], ...] = (("2025-12-01T00:00", "2027-02-01T00:00"),),
    known: str = "2027-02-01T00:00",
    announced_known: str = "2027-02-01T00:00",
    gaps: tuple[Gap, ...] = (),
    announced_gaps: tuple[Gap, ...] = (),
) -> Records:
    """Return a log of outages and one of maintenance."""
    outages = Log(
        outages=tuple(one for one in told if isinstance(one, Outage)),
        watched=tuple(Watched(at(start), at(end), line) for line, (start, end) in enumerate(watched, 1000)),
        gaps=gaps,
        known_until=at(known),
    )
    windows = Log(
        maintenance=tuple(one for one in told if isinstance(one, Maintenance)),
        gaps=announced_gaps,
        known_until=at(announced_known),
    )
    readers = {"outages": READERS["outage-log"], "maintenance": READERS["maintenance-log"]}
    return Records({"outages": outages, "maintenance": windows}, readers)


def uptime(
    target: str = "99.9",
    *,
    maintenance: tuple[Any, ...] = (),
    causes: tuple[str, ...] = (),
    owed: Credits | None = None,
    **more: Any,
) -> Availability:
    return Availability(
        id="uptime",
        evidence=("outages", "maintenance"),
        at_least=Fraction(target) / 100,
        excused=Excuses(maintenance, frozenset(causes)),
        credits=owed,
        **more,
    )


def judge(
    commitment: Availability, logs: Records, start: str, end: str, terms: Terms | None = None, *, zone: str = "UTC"
) -> Finding:
    return availability.evaluate(commitment, logs, terms or Terms(zone=ZoneInfo(zone)), Window(at(start), at(end)))


def month(commitment: Availability, logs: Records, number: int = 11, year: int = 2026) -> PeriodFigures:
    """Return the figures of one whole month, in UTC."""
    after = f"{year}-{number + 1:02}-01T00:00" if number < 12 else f"{year + 1}-01-01T00:00"
    return judge(commitment, logs, f"{year}-{number:02}-01T00:00", after).periods[-1]


def spells(finding: Finding) -> list[tuple[int, Status | None]]:
    """Return when each piece begins, and its status."""
    return [(piece.start, piece.status) for piece in finding.pieces]
