"""The ledger's own drills, in the form in which every log tells of restore tests.

So they are read, doubted and judged as any other test; what sets them apart is only who vouches for them.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator, Mapping
from typing import Any, Final

from drcheck.core import words
from drcheck.core.model.drill import Announced, Drill, Ending, Origin

_LONGEST: Final = 60_000
"""Bytes of a line that every log takes."""
_NEAR: Final = 2 * 86400
"""Seconds: what lies further apart is never of one day."""


def log_lines(drills: Iterable[Drill], announced: Iterable[Announced]) -> bytes:
    """Return drills, and what was announced, as the lines of a log of restore tests (docs/logs.md).

    A test is announced by its own id there, so that each drill repeats the announcements under which it was held.
    """
    announced = list(announced)
    records: list[Mapping[str, Any]] = []
    for drill in drills:
        records += (_announcement(given, drill.id) for given in announced if is_of(given, drill))
        records.append(log_record(drill))
    return b"".join(json.dumps(one).encode() + b"\n" for one in map(_short, records))


def _short(told: Mapping[str, Any]) -> Mapping[str, Any]:
    """Return a record without what nothing is judged by, where a log would refuse it for its length."""
    if len(json.dumps(told)) < _LONGEST:
        return told
    return {key: value for key, value in told.items() if key not in {"checks", "notes"}}


def is_of(given: Announced, drill: Drill) -> bool:
    """Return whether a drill was held under an announcement: the one that it names, else any of that time.

    Whether it was for that very day, in the zone of the policy, and early enough, is judged later.
    """
    if drill.announcement:
        return given.id == drill.announcement
    near = abs(given.planned_for - drill.began_at) < _NEAR and given.at <= drill.began_at
    return near and (not given.scenario or given.scenario in drill.scenarios)


def log_record(drill: Drill) -> dict[str, Any]:
    """Return a drill as one record of a log of restore tests.

    One that has no end was killed, or goes on: it proves nothing, as one that was aborted. Nor does one whose clocks
    disagree, or that could not run. Each of them is a test that was held all the same. What drcheck ran itself is never
    refused for the texts of others in it, such as the last words of a command: they are told as they can be shown.
    """
    ended = drill.began_at if drill.ended_at is None else drill.ended_at
    told = {
        "test": drill.id,
        "service": drill.service,
        "scenarios": list(drill.scenarios),
        "started_at": words.instant(drill.began_at),
        "finished_at": words.instant(ended),
        "outcome": _outcome(drill),
        **{key: None if at is None else words.instant(at) for key, at in drill.clocks._asdict().items()},
        "target_site": drill.target_site,
        "recovery_point": dict(_point(drill)),
        "validation": None if drill.rung is None else drill.rung.name.lower(),
        "phases": [
            {
                "name": phase.name,
                "started_at": words.instant(phase.began_at),
                "finished_at": words.instant(phase.began_at + phase.took_ms // 1000),
            }
            for phase in drill.phases
        ],
        "checks": [{key: value for key, value in check._asdict().items() if value} for check in drill.checks],
        "data": "wrong" if drill.data_wrong else None,
        "operator": drill.operator,
        "notes": drill.notes,
    }
    told = _shown(told) if drill.origin is Origin.RUN else told
    return {key: value for key, value in told.items() if value not in (None, "", [], {})}


def _shown(value: Any) -> Any:
    """Return what is told with every text in it as it can be shown."""
    match value:
        case str() if not value.isprintable():
            return "".join(each if each.isprintable() else ascii(each)[1:-1] for each in value).strip()
        case str():
            return value.strip()
        case list():
            return [_shown(each) for each in value]
        case dict():
            return {key: shown for key, each in value.items() if (shown := _shown(each)) != ""}
        case _:
            return value


def _point(drill: Drill) -> Iterator[tuple[str, str | int]]:
    point = drill.point
    for key, value in (("source", point.source), ("of", point.of), ("name", point.name)):
        if value:
            yield key, value
    if point.data_as_of is not None:
        yield "data_as_of", words.instant(point.data_as_of)
    if point.size is not None:
        yield "size", point.size


def _outcome(drill: Drill) -> str:
    match drill.outcome:
        case None | Ending.COULD_NOT_RUN:
            return Ending.ABORTED.value
        case Ending.PASSED if drill.clocks_disagree:
            return Ending.ABORTED.value
        case _:
            return drill.outcome.value


def _announcement(given: Announced, test: str) -> dict[str, Any]:
    told = {
        "announces": test,
        "service": given.service,
        "announced_at": words.instant(given.at),
        "planned_for": words.instant(given.planned_for),
        "by": given.by,
    }
    return {key: value for key, value in told.items() if value}
