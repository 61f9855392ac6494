"""The log of restore tests: what was announced, what was run, how it ended, and when each of its clocks stood.

It also tells of checks that restored nothing: how far up the ladder recovery points were looked at, and when.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Final

from drcheck.core.evidence import FOREVER, Announcement, Check, Log, Observation, Phase, Recovery
from drcheck.core.policy import Source
from drcheck.core.promises import Rung
from drcheck.interfaces import Asked, Collector
from drcheck.readers import jsonl, log_file
from drcheck.readers.records import Malformed, Record, ordered

KINDS: Final = ("test", "announces", "check")
OUTCOMES: Final = ("passed", "failed", "aborted")
CHECK_OUTCOMES: Final = (*OUTCOMES, "skipped")
RUNGS: Final = {rung.name.lower(): rung for rung in Rung}


def read(collector: Collector, source: Source, name: str, asked: Asked) -> Observation:
    """Look at a log of restore tests."""
    return log_file.read(parse, collector, source, name, asked)


def parse(data: bytes, service: str, latest: int = FOREVER) -> Log:
    """Return the records of ``service``; nothing in them can have happened after ``latest``.

    A line that is no record is a gap; this raises nothing, whatever the bytes are.
    """
    found = _Records(service)
    walked = jsonl.each(data, latest, found.take)
    checks = tuple(check for check in found.checks.values() if check is not None)
    return Log(
        tuple(found.recoveries.values()),
        tuple(found.announcements),
        checks=checks,
        gaps=walked.gaps,
        corrections=walked.corrections,
    )


@dataclass(slots=True)
class _Records:
    service: str
    recoveries: dict[str, Recovery] = field(default_factory=dict)
    announcements: list[Announcement] = field(default_factory=list)
    checks: dict[str, Check | None] = field(default_factory=dict)
    """None: it was aborted, and proves nothing."""

    def take(self, record: Record) -> bool:
        """Keep a test, an announcement of one, or a check; returns whether it is of this service."""
        if sum(kind in record for kind in KINDS) != 1:
            raise Malformed("its kind is not known: it is neither a test, nor an announcement of one, nor a check")
        if "announces" in record:
            # An announcement need not repeat the service; its test tells it.
            if record.named("service") not in {"", self.service}:
                return False
            self.announcements.append(_announcement(record))
        elif record.required_name("service") != self.service:
            return False
        elif "check" in record:
            name, check = record.required("check"), _check(record)
            if name in self.checks:
                raise Malformed(f"check {name} is already recorded")
            self.checks[name] = check
        else:
            test = _test(record)
            if test.id in self.recoveries:
                raise Malformed(f"test {test.id} is already recorded in line {self.recoveries[test.id].line}")
            self.recoveries[test.id] = test
        return True


def _announcement(record: Record) -> Announcement:
    return Announcement(
        test=record.required("announces"),
        line=record.line,
        announced_at=record.required_instant("announced_at"),
        planned_for=record.instant("planned_for", planned=True),
        by=record.text("by"),
    )


def _check(record: Record) -> Check | None:
    started, finished = record.required_instant("started_at"), record.required_instant("finished_at")
    ordered([("started_at", started), ("finished_at", finished)])
    outcome = record.choice("outcome", OUTCOMES)
    record.text("notes")
    check = Check(
        id=record.required("check"),
        line=record.line,
        level=RUNGS[record.choice("level", tuple(RUNGS))],
        passed=outcome == "passed",
        finished_at=finished,
        of=record.names("of"),
        tool=record.text("tool"),
    )
    return None if outcome == "aborted" else check


def _test(record: Record) -> Recovery:
    started, finished = record.required_instant("started_at"), record.required_instant("finished_at", up=True)
    ordered([("started_at", started), ("finished_at", finished)])
    outcome = record.choice("outcome", OUTCOMES)
    for check in record.parts("checks"):
        ended = check.choice("outcome", CHECK_OUTCOMES)
        if outcome == "passed" and ended in {"failed", "aborted"}:
            raise Malformed(f"its outcome is passed, and its check {check.text('name')} {ended}")
    # Fractions of a second never make a recovery shorter.
    disrupted, declared = record.instant("disrupted_at"), record.instant("declared_at")
    begun = record.instant("restore_started_at")
    restored, validated = record.instant("restored_at", up=True), record.instant("validated_at", up=True)
    ordered(
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
        scenarios=record.names("scenarios"),
        disrupted_at=disrupted,
        declared_at=declared,
        restore_started_at=begun,
        restored_at=restored,
        validated_at=validated,
        target_site=record.named("target_site"),
        point_source=point.named("source"),
        point_of=point.named("of"),
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
    ordered([("the start of a phase", phase.started_at), ("the end of the same phase", phase.finished_at)])
    return phase
