"""The log of restore tests: what was announced, what was run, how it ended, and when each of its clocks stood."""

from __future__ import annotations

from dataclasses import dataclass, field

from drcheck.core.evidence import FOREVER, Announcement, Log, Observation, Phase, Recovery
from drcheck.core.policy import Rung, Source
from drcheck.interfaces import Asked, Collector
from drcheck.readers import jsonl
from drcheck.readers.jsonl import Malformed, Record

OUTCOMES = ("passed", "failed", "aborted")
CHECK_OUTCOMES = (*OUTCOMES, "skipped")
RUNGS = {rung.name.lower(): rung for rung in Rung}


def read(collector: Collector, source: Source, name: str, asked: Asked) -> Observation:
    """Look at a log of restore tests."""
    return jsonl.read(parse, collector, source, name, asked)


def parse(data: bytes, service: str, latest: int = FOREVER) -> Log:
    """Return the records of ``service``; nothing in them can have happened after ``latest``.

    A line that is no record is a gap; this raises nothing, whatever the bytes are.
    """
    found = _Records(service)
    gaps = jsonl.each(data, latest, found.take)
    return Log(tuple(found.recoveries.values()), tuple(found.announcements), gaps=gaps)


@dataclass(slots=True)
class _Records:
    service: str
    recoveries: dict[str, Recovery] = field(default_factory=dict)
    announcements: list[Announcement] = field(default_factory=list)

    def take(self, record: Record) -> None:
        if ("test" in record) == ("announces" in record):
            raise Malformed("its kind is not known: it is neither a test nor an announcement of one")
        if "announces" in record:
            # An announcement need not repeat the service; its test tells it.
            if record.text("service") in {"", self.service}:
                self.announcements.append(_announcement(record))
        elif record.required("service") == self.service:
            test = _test(record)
            if test.id in self.recoveries:
                raise Malformed(f"test {test.id} is already recorded in line {self.recoveries[test.id].line}")
            self.recoveries[test.id] = test


def _announcement(record: Record) -> Announcement:
    return Announcement(
        test=record.required("announces"),
        line=record.line,
        announced_at=record.required_instant("announced_at"),
        planned_for=record.instant("planned_for", planned=True),
        by=record.text("by"),
    )


def _test(record: Record) -> Recovery:
    started, finished = record.required_instant("started_at"), record.required_instant("finished_at", up=True)
    jsonl.ordered([("started_at", started), ("finished_at", finished)])
    outcome = record.choice("outcome", OUTCOMES)
    for check in record.parts("checks"):
        ended = check.choice("outcome", CHECK_OUTCOMES)
        if outcome == "passed" and ended in {"failed", "aborted"}:
            raise Malformed(f"its outcome is passed, and its check {check.text('name')} {ended}")
    # Fractions of a second never make a recovery shorter.
    disrupted, declared = record.instant("disrupted_at"), record.instant("declared_at")
    begun = record.instant("restore_started_at")
    restored, validated = record.instant("restored_at", up=True), record.instant("validated_at", up=True)
    jsonl.ordered(
        [
            ("disrupted_at", disrupted),
            ("declared_at", declared),
            ("restore_started_at", begun),
            ("restored_at", restored),
            ("validated_at", validated),
        ]
    )
    point = record.part("recovery_point")
    point.instant("data_as_of")
    return Recovery(
        id=record.required("test"),
        line=record.line,
        started_at=started,
        finished_at=finished,
        outcome=outcome,
        scenarios=record.texts("scenarios"),
        disrupted_at=disrupted,
        declared_at=declared,
        restore_started_at=begun,
        restored_at=restored,
        validated_at=validated,
        target_site=record.text("target_site"),
        point_source=point.text("source"),
        point_of=point.text("of"),
        point_name=point.text("name"),
        validation=RUNGS[record.choice("validation", tuple(RUNGS))] if "validation" in record else None,
        phases=tuple(_phase(phase) for phase in record.parts("phases")),
        operator=record.text("operator"),
        notes=record.text("notes"),
    )


def _phase(record: Record) -> Phase:
    phase = Phase(
        record.required("name"), record.required_instant("started_at"), record.required_instant("finished_at")
    )
    jsonl.ordered([("the start of a phase", phase.started_at), ("the end of the same phase", phase.finished_at)])
    return phase
