"""What only a report of a period has, as JSON: all that there was, and what its pictures are drawn from."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from drcheck.core import words
from drcheck.core.judging.population import Population
from drcheck.core.model.evidence import FOREVER, LONG_AGO
from drcheck.core.model.exhibit import Ages, Exhibit, Slots, Times
from drcheck.core.model.log_records import Recovery
from drcheck.core.model.points import Points


def population_object(population: Population) -> dict[str, Any]:
    """Return every candidate and every recovery; an instant that is not known exactly has its earliest and latest."""
    return {
        "recovery_points": [point for points in population.points for point in _points(points)],
        "recoveries": [_recovery(source, one) for source, one in population.recoveries],
    }


def exhibit_object(exhibit: Exhibit) -> dict[str, Any]:
    """Return what a picture is drawn from."""
    match exhibit:
        case Ages():
            return {
                "ages": [
                    {
                        "since": words.instant(step.since),
                        "data_as_of": None if step.data_as_of is None else words.instant(step.data_as_of),
                    }
                    for step in exhibit.steps
                ]
            }
        case Slots():
            return {
                "slots": [
                    {
                        "label": slot.label,
                        "begins": words.instant(slot.start),
                        "due": words.instant(slot.due),
                        "status": "not_owed" if slot.status is None else slot.status.value,
                        "late": slot.late,
                        "held": slot.held,
                    }
                    for slot in exhibit.slots
                ]
            }
        case Times():
            return {
                "recovery_times": [
                    {
                        "id": one.id,
                        "ended": words.instant(one.ended_at),
                        "passed": one.passed,
                        "shortest_s": one.shortest,
                        "longest_s": one.longest,
                        "real": one.real,
                        "why_not": one.why_not,
                    }
                    for one in exhibit.recoveries
                ]
            }


def _points(points: Points) -> Iterator[dict[str, Any]]:
    for row in range(len(points)):
        doubt = points.doubt_at(row)
        yield {
            "source": points.source,
            "of": points.of,
            "name": points.name[row],
            "kind": points.kind[row] if points.kind else "",
            "data_as_of": _between(points.data_lo[row], points.data_hi[row]),
            "available": _between(points.available_lo[row], points.available_hi[row]),
            "gone": _between(points.gone_lo[row], points.gone_hi[row]),
            "size": points.size[row] if points.size else None,
            "checksum": points.checksum[row] if points.checksum else "",
            "counts": "surely" if doubt is None else "not" if doubt.certain else "possibly",
            "why": "" if doubt is None else doubt.why,
        }


def _between(earliest: int, latest: int) -> dict[str, str | None]:
    return {"earliest": _instant(earliest), "latest": _instant(latest)}


def _instant(seconds: int) -> str | None:
    return words.instant(seconds) if LONG_AGO < seconds < FOREVER else None


def _recovery(source: str, one: Recovery) -> dict[str, Any]:
    return {
        "source": source,
        "id": one.id,
        "line": one.line,
        "began": words.instant(one.started_at),
        "ended": None if one.finished_at is None else words.instant(one.finished_at),
        "outcome": one.outcome or "open",
        "real": one.real,
        "scenarios": sorted(one.scenarios),
        "of": one.point_of,
        "point_source": one.point_source,
        "point": one.point_name,
        "operator": one.operator,
        "contradicted": one.contradicted,
    }
