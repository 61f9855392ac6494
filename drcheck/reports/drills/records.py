"""Drills as records: the list of them, and one with everything that is known of it."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from typing import Any, Final
from zoneinfo import ZoneInfo

from drcheck.core import words
from drcheck.core.model.drill import Announced, Drill, Ending, Origin
from drcheck.core.model.status import Status
from drcheck.reports.console.cells import fit
from drcheck.reports.console.terminal import Paper, Screen
from drcheck.reports.json import json_text
from drcheck.reports.wording.local_time import Local
from drcheck.reports.wording.status_marks import mark
from drcheck.reports.wording.text import printable

Rows = Iterable[tuple[str, ZoneInfo, Sequence[Drill], Sequence[Announced]]]
"""Of each service its zone, its drills, and what is announced and was not held yet."""

_LABEL: Final = 14
_ENDINGS: Final = {
    None: (Status.UNKNOWN, "no end"),
    Ending.PASSED: (Status.MET, "passed"),
    Ending.FAILED: (Status.BREACHED, "failed"),
    Ending.ABORTED: (Status.UNKNOWN, "aborted"),
    Ending.COULD_NOT_RUN: (Status.UNKNOWN, "not run"),
}
_NO_END: Final = "it began, and nobody has said how it ended: it goes on, or was killed, and counts as aborted"


def drills_as_text(rows: Rows, screen: Screen) -> bytes:
    """Return all drills as text, the newest of each service first."""
    paper = Paper(screen)
    for number, (service, zone, drills, announced) in enumerate(rows):
        if number:
            paper.blank()
        paper.line((printable(service), "bold"))
        local = Local(zone)
        for given in announced:
            _announced(paper, given, local)
        for drill in reversed(drills):
            _line(paper, drill, local)
        if not drills:
            paper.line("  no drill is recorded")
    return paper.text().encode()


def _announced(paper: Paper, given: Announced, local: Local) -> None:
    of = f" for {given.scenario}" if given.scenario else ""
    by = f" by {given.by}" if given.by else ""
    paper.line("  ", fit("· announced", 12), f"for {local.instant(given.planned_for)}{printable(of)}")
    paper.wrapped(printable(f"{given.id}: announced {local.instant(given.at)}{by}"), indent=_LABEL, style="dim")


def _line(paper: Paper, drill: Drill, local: Local) -> None:
    status, word = _ENDINGS[drill.outcome]
    marked = mark(status)
    measured = "".join(f"  {each}" for each in _measured(drill))
    paper.line("  ", (fit(f"{marked.symbol} {word}", 12), marked.style), local.instant(drill.began_at), measured)
    paper.wrapped(printable(f"{drill.id}: {'; '.join(_told(drill))}"), indent=_LABEL, style="dim")
    if drill.why:
        paper.wrapped(printable(drill.why), indent=_LABEL)


def _measured(drill: Drill) -> Iterator[str]:
    if drill.recovery_seconds is not None:
        yield f"took {words.duration(drill.recovery_seconds)}"
    if drill.recovery_point_age is not None:
        yield f"data {words.duration(drill.recovery_point_age)} old"


def _told(drill: Drill) -> Iterator[str]:
    if drill.scenarios:
        yield f"for {words.several(list(drill.scenarios))}"
    if drill.point.source:
        yield f"from {drill.point.source}"
    if drill.rung is not None:
        yield _rung(drill)
    yield _origin(drill)


def _rung(drill: Drill) -> str:
    return "" if drill.rung is None else drill.rung.name.lower().replace("_", " ")


def _origin(drill: Drill) -> str:
    match drill.origin:
        case Origin.RUN:
            return "run by drcheck"
        case Origin.TYPED:
            return f"typed in, the word of {drill.operator}" if drill.operator else "typed in"
        case Origin.IMPORTED:
            return f"imported from {drill.told_by}" if drill.told_by else "imported"


def drill_as_text(drill: Drill, zone: ZoneInfo, screen: Screen) -> bytes:
    """Return all that is known of one drill as text."""
    paper, local = Paper(screen), Local(zone)
    status, word = _ENDINGS[drill.outcome]
    marked = mark(status)
    paper.line(
        (printable(drill.id), "bold"), f"  {printable(drill.service)}  ", (f"{marked.symbol} {word}", marked.style)
    )
    for label, text in _facts(drill, local):
        first = (label.ljust(_LABEL - 2), "bold") if label else " " * (_LABEL - 2)
        paper.wrapped(printable(text), indent=2, first=first)
    return paper.text().encode()


def _facts(drill: Drill, local: Local) -> Iterator[tuple[str, str]]:
    """Yield what is known of a drill, each with its label; a label of nothing goes on with the one before."""
    if drill.outcome is None:
        yield "why", _NO_END
    elif drill.why:
        yield "why", drill.why
    if apart := drill.clocks_disagree:
        yield "clocks", f"they disagree by {words.duration(apart)}: it measured nothing, and counts as aborted"
    yield "told by", _origin(drill)
    yield "began", local.instant(drill.began_at)
    for key, at in drill.clocks._asdict().items():
        if at is not None:
            yield "", f"{key.removesuffix('_at').replace('_', ' ')} {local.instant(at)}"
    if drill.ended_at is not None:
        yield "ended", local.instant(drill.ended_at)
    if drill.recovery_seconds is not None:
        yield "took", words.to_the_second(drill.recovery_seconds)
    if drill.recovery_point_age is not None:
        yield "data lost", f"{words.to_the_second(drill.recovery_point_age)}: so old was the data when it began"
    if drill.scenarios:
        yield "scenarios", words.several(list(drill.scenarios), at_most=9)
    yield from _restored(drill, local)
    for number, phase in enumerate(drill.phases):
        yield "" if number else "phases", f"{phase.name}: {phase.took_ms / 1000:.1f} s"
    if drill.rung is not None:
        yield "validated", f"up to {_rung(drill)}"
    for number, check in enumerate(drill.checks):
        detail = f": {check.detail}" if check.detail else ""
        yield "" if number else "checks", f"{check.name} {check.outcome}{detail}"
    for label, text in (
        ("operator", drill.operator),
        ("announced", drill.announcement),
        ("reference", drill.reference),
        ("output", f"SHA-256 {drill.output_sha256}" if drill.output_sha256 else ""),
        ("notes", drill.notes),
        ("written by", f"drcheck {drill.version}" if drill.version else ""),
    ):
        if text:
            yield label, text


def _restored(drill: Drill, local: Local) -> Iterator[tuple[str, str]]:
    point = drill.point
    if point.name:
        yield "restored", point.name
    source = " of ".join(filter(None, (f"from {point.source}" if point.source else "", point.of)))
    size = "" if point.size is None else words.size(point.size)
    data = "" if point.data_as_of is None else f"data of {local.instant(point.data_as_of)}"
    if said := ", ".join(filter(None, (source, data, size))):
        yield "" if point.name else "restored", said
    if drill.target_site:
        yield "to", drill.target_site
    if drill.data_wrong:
        yield "", "its data was wrong: that copy is known to be broken"


def as_json(rows: Rows) -> bytes:
    """Return all drills as one JSON object."""
    return json_text(
        {
            "services": [
                {
                    "service": service,
                    "drills": [drill_as_json(one) for one in drills],
                    "announced": [
                        {
                            "id": one.id,
                            "announced_at": words.instant(one.at),
                            "planned_for": words.instant(one.planned_for),
                            "scenario": one.scenario or None,
                            "by": one.by or None,
                            "notes": one.notes or None,
                        }
                        for one in announced
                    ],
                }
                for service, _, drills, announced in rows
            ]
        }
    ).encode()


def drill_as_json(drill: Drill) -> dict[str, Any]:
    """Return one drill as JSON has it; ``docs/drills.md`` says what each key means."""
    point = drill.point
    return {
        "id": drill.id,
        "service": drill.service,
        "origin": drill.origin.value,
        "outcome": None if drill.outcome is None else drill.outcome.value,
        "began_at": words.instant(drill.began_at),
        "ended_at": _instant(drill.ended_at),
        "clocks": {key: _instant(at) for key, at in drill.clocks._asdict().items()},
        "clocks_disagree": drill.clocks_disagree,
        "recovery_time": drill.recovery_seconds,
        "recovery_point_age": drill.recovery_point_age,
        "took_ms": drill.took_ms,
        "phases": [
            {"name": one.name, "began_at": words.instant(one.began_at), "took_ms": one.took_ms} for one in drill.phases
        ],
        "scenarios": list(drill.scenarios),
        "recovery_point": {
            "source": point.source or None,
            "of": point.of or None,
            "name": point.name or None,
            "data_as_of": _instant(point.data_as_of),
            "size": point.size,
        },
        "target_site": drill.target_site or None,
        "validation": None if drill.rung is None else drill.rung.name.lower(),
        "checks": [one._asdict() for one in drill.checks],
        "data_wrong": drill.data_wrong,
        "why": drill.why or None,
        "operator": drill.operator or None,
        "announcement": drill.announcement or None,
        "reference": drill.reference or None,
        "told_by": drill.told_by or None,
        "output_sha256": drill.output_sha256 or None,
        "version": drill.version or None,
        "notes": drill.notes or None,
        "policy_sha256": drill.policy_sha256 or None,
    }


def _instant(at: int | None) -> str | None:
    return None if at is None else words.instant(at)
