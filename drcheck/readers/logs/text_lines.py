"""Plain text logs of restore tests: one line a test, told by a template that the policy states."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta, tzinfo
from functools import partial
from typing import Any, Final
from zoneinfo import ZoneInfo

from drcheck.core.model.evidence import Gap
from drcheck.core.model.policy import Clock, RestoreRecords
from drcheck.core.names.line_template import LineTemplate, UnreadableLine
from drcheck.readers.logs import line_reader, record_fields
from drcheck.readers.logs.line_reader import Line, Take, Walked
from drcheck.readers.logs.record_fields import Malformed

CLOCKS: Final = {
    Clock.DISRUPTION: "disrupted_at",
    Clock.DECLARATION: "declared_at",
    Clock.RESTORE_START: "restore_started_at",
    Clock.RESTORED: "restored_at",
    Clock.VALIDATED: "validated_at",
}
"""The key of a record for each clock."""
_MEND: Final = (
    "Correct the source's `line` or `outcomes`; where lines that do not fit it say nothing of restore tests, say "
    "`other_lines: ignored`."
)


def read_records(restores: RestoreRecords, data: bytes, service: str, latest: int, take: Take) -> Walked:
    """Hand the record of every line that fits the template to ``take``, and return what the others are."""
    template = LineTemplate.parse(restores.line)
    zone = ZoneInfo(restores.zone) if restores.zone else UTC
    lines = line_reader.lines(data)
    if restores.ignores_others:
        fitting = list(_fitting(template, lines))
        if not fitting and data.strip():
            count = len(data.splitlines())
            what = f"none of its {count} lines fits the source's `line`"
            return Walked((Gap(what, "Copy a line of the log, and put {fields} for what changes in it."),))
        lines = iter(fitting)
    return line_reader.read_records(lines, latest, take, partial(_fields, template, restores, zone, service), _MEND)


def _fitting(template: LineTemplate, lines: Iterator[Line]) -> Iterator[Line]:
    """Leave out what cannot be a record; one that fits and holds what is refused stays, and is a gap."""
    for line in lines:
        if not line.ended or template.regex.fullmatch(line.written.decode(errors="replace")):
            yield line


def _fields(template: LineTemplate, restores: RestoreRecords, zone: tzinfo, service: str, text: str) -> dict[str, Any]:
    """Return what a line says, as an object of JSON would."""
    try:
        told = template.match(text, zone)
        if told is None:
            raise Malformed("it does not fit the source's `line`")
        fields: dict[str, Any] = {"service": service, **told}
        _both_ends(template, fields)
    except UnreadableLine as why:
        raise Malformed(str(why)) from None
    words = dict(restores.outcomes)
    fields["outcome"] = words.get(told["outcome"], told["outcome"])
    point = {key: told[key] for key in ("source", "of") if key in told}
    if point:
        fields["recovery_point"] = point
    if "scenario" in told:
        fields["scenarios"] = [told["scenario"]]
    # Names recur each night: only with its instant is it the name of one test.
    fields["test"] = f"{told.get('test', 'restore')} {told.get('finished_at') or told['started_at']}"
    if template.tells_duration:
        fields[CLOCKS[restores.begins_with or Clock.RESTORE_START]] = fields["started_at"]
        fields[CLOCKS[restores.ends_with or Clock.VALIDATED]] = fields["finished_at"]
    return fields


def _both_ends(template: LineTemplate, fields: dict[str, Any]) -> None:
    """Complete the instants of a test: by how long it took, else with nothing known of that."""
    took = template.seconds(fields["took"]) if "took" in fields else 0
    if "finished_at" not in fields:
        fields["finished_at"] = _moved(fields["started_at"], took)
    elif "started_at" not in fields:
        fields["started_at"] = _moved(fields["finished_at"], -took)


def _moved(instant: str, by: int) -> str:
    record_fields.Record({"at": instant}, 0).instant("at")  # it may be what no calendar has
    try:
        return (datetime.fromisoformat(instant.upper()) + timedelta(seconds=by)).isoformat()
    except OverflowError:
        raise Malformed("it tells an instant that no calendar has") from None
