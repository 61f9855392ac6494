"""The log of restore tests: what was announced, what was run, how it ended, and when each of its clocks stood.

It also tells of checks that restored nothing: how far up the ladder recovery points were looked at, and when.
"""

from __future__ import annotations

from collections.abc import Iterator
from functools import partial
from typing import Final

from msgspec import Struct, field
from msgspec.structs import replace

from drcheck.core.model.commitments import Rung
from drcheck.core.model.evidence import FOREVER
from drcheck.core.model.log_records import Announcement, Check, Log, Phase, Recovery
from drcheck.core.model.observation import Observation
from drcheck.core.model.policy import NOTHING_STATED, RestoreRecords, Source
from drcheck.core.names.line_template import LineTemplate
from drcheck.interfaces import Collector, LookRequest
from drcheck.readers.logs import jsonl, junit, log_file, text_lines
from drcheck.readers.logs.csv_lines import Columns
from drcheck.readers.logs.log_file import LogForm, Parse
from drcheck.readers.logs.record_fields import Malformed, Record, ordered
from drcheck.readers.logs.text_lines import CLOCKS

KINDS: Final = ("test", "announces", "check")
OUTCOMES: Final = ("passed", "failed", "aborted")
CHECK_OUTCOMES: Final = (*OUTCOMES, "skipped")
DATA: Final = ("right", "wrong")
_LARGEST: Final = 1 << 62
"""Bytes that nothing has."""
RUNGS: Final = {rung.name.lower(): rung for rung in Rung}


COLUMNS: Final = Columns(
    required=("test", "started_at", "finished_at", "outcome"),
    optional=(
        *("disrupted_at", "declared_at", "restore_started_at", "restored_at", "validated_at"),
        *("target_site", "validation", "operator", "notes"),
        *("announces", "announced_at", "planned_for", "by", "check", "level", "tool"),
    ),
    lists=("scenarios", "of"),
    parts={
        "recovery_point_source": ("recovery_point", "source"),
        "recovery_point_of": ("recovery_point", "of"),
        "recovery_point_name": ("recovery_point", "name"),
        "recovery_point_data_as_of": ("recovery_point", "data_as_of"),
    },
)


def read(collector: Collector, source: Source, name: str, asked: LookRequest) -> Observation:
    """Look at a log of restore tests, or at what a test runner reported."""
    look = junit.read if source.junit else partial(log_file.read, parser(source))
    return look(collector, source, name, asked)


def parser(source: Source) -> Parse:
    """Return what makes records of the bytes at ``source``: JUnit, text, CSV or JSON Lines.

    The path's end says which, as for every log; a text log is one whose source states the template of its lines.
    """
    restores = source.restores
    if source.junit:
        return partial(junit.parse, restores=restores)
    if restores.line:
        each: LogForm = partial(text_lines.read_records, restores)
        if not LineTemplate.parse(restores.line).tells_duration:
            # How long such a test took nobody knows: its only instant is not both of these.
            restores = replace(restores, begins_with=None, ends_with=None)
        return partial(parse, each=each, restores=restores)
    return partial(parse, each=log_file.form_of(source, COLUMNS), restores=restores)


def parse(
    data: bytes,
    service: str,
    latest: int = FOREVER,
    each: LogForm = jsonl.read_records,
    restores: RestoreRecords = NOTHING_STATED,
) -> Log:
    """Return the records of ``service``; nothing in them can have happened after ``latest``.

    ``restores`` says what holds where a test's record does not. A line that is no record is a gap; this raises
    nothing, whatever the bytes are.
    """
    found = _Records(service, restores)
    walked = each(data, service, latest, found.take)
    checks = tuple(check for check in found.checks.values() if check is not None)
    return Log(
        tuple(found.told(frozenset(walked.corrections.values()))),
        tuple(found.announcements),
        checks=checks,
        gaps=walked.gaps,
        corrections=walked.corrections,
        others=walked.others,
    )


class _Records(Struct):
    service: str
    restores: RestoreRecords
    recoveries: dict[str, Recovery] = field(default_factory=dict)
    announcements: list[Announcement] = field(default_factory=list)
    checks: dict[str, Check | None] = field(default_factory=dict)
    """None: it was aborted, and proves nothing."""
    denied: dict[str, dict[int, str]] = field(default_factory=dict)
    """Tests of which later lines say that they ended otherwise: each such line, and how."""

    def take(self, record: Record) -> bool:
        """Keep a test, an announcement of one, or a check; returns whether it is of this service."""
        if len([kind for kind in KINDS if kind in record]) != 1:
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
            test = _test(record, self.restores)
            if (first := self.recoveries.get(test.id)) is not None:
                if test.outcome != first.outcome:
                    how = "was aborted" if test.outcome == "aborted" else test.outcome
                    self.denied.setdefault(test.id, {})[test.line] = how
                raise Malformed(f"test {test.id} is already recorded in line {first.line}")
            self.recoveries[test.id] = test
        return True

    def told(self, corrected: frozenset[int]) -> Iterator[Recovery]:
        """Yield the tests; how one ended that a later line denies, and that is not ``corrected``, nobody knows."""
        if not self.denied:
            yield from self.recoveries.values()
            return
        for test in self.recoveries.values():
            denied = {line: how for line, how in self.denied.get(test.id, {}).items() if line not in corrected}
            why = next((f"line {line} of its log says that it {how}" for line, how in denied.items()), "")
            yield replace(test, contradicted=why) if why else test


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
    point = record.part("recovery_point")
    check = Check(
        id=record.required("check"),
        line=record.line,
        level=RUNGS[record.choice("level", tuple(RUNGS))],
        passed=outcome == "passed",
        finished_at=finished,
        of=record.names("of"),
        tool=record.text("tool"),
        point_source=point.named("source"),
        point_name=point.text("name"),
        started_at=started,
    )
    return None if outcome == "aborted" else check


def _test(record: Record, restores: RestoreRecords) -> Recovery:
    begins, ends = restores.begins_with, restores.ends_with
    if begins or ends:
        told = ((begins, "started_at"), (ends, "finished_at"))
        stated = {CLOCKS[clock]: record.fields.get(key) for clock, key in told if clock}
        record = Record({**stated, **record.fields}, record.line, record.latest)
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
    ordered([("the recovery point's data_as_of", point.instant("data_as_of")), ("finished_at", finished)])
    data = record.choice("data", DATA) if "data" in record else ""
    if outcome == "passed" and data == "wrong":
        raise Malformed("its outcome is passed, and its data wrong")
    return Recovery(
        id=record.required("test"),
        line=record.line,
        started_at=started,
        finished_at=finished,
        outcome=outcome,
        scenarios=record.names("scenarios") or frozenset(restores.scenarios),
        disrupted_at=disrupted,
        declared_at=declared,
        restore_started_at=begun,
        restored_at=restored,
        validated_at=validated,
        target_site=record.named("target_site") or restores.target_site,
        point_source=point.named("source") or restores.restored_from,
        point_of=point.named("of") or restores.of,
        point_name=point.text("name"),
        point_size=_size(point),
        validation=RUNGS.get(
            record.choice("validation", tuple(RUNGS)) if "validation" in record else restores.validation
        ),
        phases=tuple(_phase(phase) for phase in record.parts("phases")),
        data_wrong=data == "wrong",
        operator=record.text("operator"),
        notes=record.text("notes"),
    )


def _size(point: Record) -> int | None:
    """Return the bytes of a recovery point; whatever else stands there says nothing."""
    size = point.fields.get("size")
    return size if isinstance(size, int) and not isinstance(size, bool) and 0 < size < _LARGEST else None


def _phase(record: Record) -> Phase:
    phase = Phase(
        record.required("name"), record.required_instant("started_at"), record.required_instant("finished_at")
    )
    ordered([("the start of a phase", phase.started_at), ("the end of the same phase", phase.finished_at)])
    return phase
