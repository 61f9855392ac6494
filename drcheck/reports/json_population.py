"""What only a report of a period has, as JSON: all that there was, and what its pictures are drawn from."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from drcheck.core import words
from drcheck.core.judging.population import Population
from drcheck.core.judging.sample import CONFIDENCES, Sample
from drcheck.core.model.evidence import FOREVER, LONG_AGO, UNTOLD
from drcheck.core.model.exhibit import Ages, Exhibit, Slots, Times
from drcheck.core.model.log_records import Recovery
from drcheck.core.model.points import Points


def population_object(population: Population) -> dict[str, Any]:
    """Return every candidate, as columns of one length for each source and data set, and every recovery.

    An object a candidate was rejected: fifty services with hourly backups took 1.3 GB.
    """
    return {
        "recovery_points": [_columns(points) for points in population.points],
        "recoveries": [_recovery(source, one) for source, one in population.recoveries],
    }


def exhibit_object(exhibit: Exhibit) -> dict[str, Any]:
    """Return what a picture is drawn from."""
    match exhibit:
        case Ages():
            return {
                "ages": {
                    "since": [words.instant(step.since) for step in exhibit.steps],
                    "data_as_of": [
                        None if step.data_as_of is None else words.instant(step.data_as_of) for step in exhibit.steps
                    ],
                }
            }
        case Slots():
            slots = exhibit.slots
            return {
                "slots": {
                    "label": [slot.label for slot in slots],
                    "begins": [words.instant(slot.start) for slot in slots],
                    "due": [words.instant(slot.due) for slot in slots],
                    "status": ["not_owed" if slot.status is None else slot.status.value for slot in slots],
                    "late": [slot.late for slot in slots],
                    "held": [slot.held for slot in slots],
                }
            }
        case Times():
            return {
                "recovery_times": [
                    {
                        "id": one.id,
                        "ended": None if one.ended_at is None else words.instant(one.ended_at),
                        "passed": one.passed,
                        "shortest_s": one.shortest,
                        "longest_s": one.longest,
                        "real": one.real,
                        "why_not": one.why_not,
                    }
                    for one in exhibit.recoveries
                ]
            }


def sample_object(sample: Sample) -> dict[str, Any]:
    """Return a sample, with all that it takes to draw it again."""
    return {
        "asked": sample.asked,
        "word": sample.word,
        "entry": sample.entry,
        "entry_sha256": sample.entry_sha256,
        "seed": sample.seed,
        "population": sample.population,
        "came_to": {came_to.value: count for came_to, count in sample.came_to.items()},
        "not_kept_at_most": [{"confidence": each, "slots": sample.open_at(each)} for each in CONFIDENCES],
        "drawn": [
            {
                "number": one.number,
                "service": one.service,
                "commitment": one.commitment,
                "of": one.of,
                "label": one.slot.label,
                "begins": words.instant(one.slot.start),
                "due": words.instant(one.slot.due),
                "came_to": one.slot.came_to.value,
                "held": one.slot.held,
            }
            for one in sample.drawn
        ],
    }


def _columns(points: Points) -> dict[str, Any]:
    doubts = [points.doubt_at(row) for row in range(len(points))]
    return {
        "source": points.source,
        "of": points.of,
        "name": list(points.name),
        "kind": list(points.kind),
        "data_as_of": _instants(points.data_lo),
        "data_as_of_latest": _instants(points.data_hi, points.data_lo),
        "available": _instants(points.available_lo),
        "available_latest": _instants(points.available_hi, points.available_lo),
        "gone": _instants(points.gone_lo),
        "gone_latest": _instants(points.gone_hi, points.gone_lo),
        "size": [None if size == UNTOLD else size for size in points.size],
        "checksum": list(points.checksum),
        "counts": ["surely" if doubt is None else "not" if doubt.certain else "possibly" for doubt in doubts],
        "why": ["" if doubt is None else doubt.why for doubt in doubts],
    }


def _instants(latest: Sequence[int], earliest: Sequence[int] = ()) -> list[str | None]:
    """Return instants; of latest ones nothing where none differs from its earliest."""
    return [] if latest == earliest else [_instant(one) for one in latest]


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
