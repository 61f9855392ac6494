"""The log of outages: what was down, since when, until when, which recovery ended it, and what was watched."""

from __future__ import annotations

from functools import partial
from typing import Final

from msgspec import Struct, field

from drcheck.core.model.evidence import FOREVER
from drcheck.core.model.log_records import Log, Outage, Recovery, Watched
from drcheck.core.model.observation import Observation
from drcheck.core.model.policy import Source
from drcheck.interfaces import Collector, LookRequest
from drcheck.readers.logs import jsonl, log_file, monitoring
from drcheck.readers.logs.csv_lines import Columns
from drcheck.readers.logs.log_file import LogForm, Parse
from drcheck.readers.logs.record_fields import Malformed, Record, ordered

SCOPES: Final = ("total", "partial")
COLUMNS: Final = Columns(
    required=("outage", "started_at", "ended_at"),
    optional=(
        *("scope", "cause", "scenario", "recovered_by", "notes"),
        *("declared_at", "restore_started_at", "restored_at"),
    ),
    parts={
        "recovery_point_source": ("recovery_point", "source"),
        "recovery_point_of": ("recovery_point", "of"),
        "recovery_point_name": ("recovery_point", "name"),
        "watched_from": ("watched", "from"),
        "watched_to": ("watched", "to"),
    },
)


def read(collector: Collector, source: Source, name: str, asked: LookRequest) -> Observation:
    """Look at a log of outages, or at what a monitoring system exported."""
    look = monitoring.read if source.export else partial(log_file.read, parser(source))
    return look(collector, source, name, asked)


def parser(source: Source) -> Parse:
    """Return what makes records of the bytes at ``source``: an export, CSV or JSON Lines, as its path ends."""
    if source.export:
        return monitoring.parse
    return partial(parse, each=log_file.form_of(source, COLUMNS))


def parse(data: bytes, service: str, latest: int = FOREVER, each: LogForm = jsonl.read_records) -> Log:
    """Return the outages of ``service``, also as real recoveries; nothing in them can have happened after ``latest``.

    A line that is no record is a gap; this raises nothing, whatever the bytes are.
    """
    found = _Records(service)
    walked = each(data, service, latest, found.take)
    told = sorted(found.outages.values(), key=lambda one: one[0].line)
    return Log(
        tuple(recovery for _, recovery in told),
        outages=tuple(outage for outage, _ in told),
        watched=tuple(found.watched),
        gaps=walked.gaps,
        corrections=walked.corrections,
        others=walked.others,
    )


class _Records(Struct):
    service: str
    outages: dict[str, tuple[Outage, Recovery]] = field(default_factory=dict)
    watched: list[Watched] = field(default_factory=list)

    def take(self, record: Record) -> bool:
        """Keep an outage, or what was watched; returns whether it is of this service."""
        if ("outage" in record) == ("watched" in record):
            raise Malformed("its kind is not known: it neither tells an outage nor what was watched")
        if "watched" in record:
            watched = _watched(record)
            # It need not name a service: then whoever keeps the log watched everything that it tells of.
            if record.named("service") not in {"", self.service}:
                return False
            self.watched.append(watched)
            return True
        if record.required_name("service") != self.service:
            return False
        outage = _outage(record)
        known, _ = self.outages.get(outage.id, (None, None))
        # An open outage is closed by a second record: the log is never rewritten.
        closes = known is not None and known.ended_at is None and known.started_at == outage.started_at
        if known is not None and not closes:
            raise Malformed(f"outage {outage.id} is already recorded in line {known.line}")
        self.outages[outage.id] = outage, _recovery(record, outage)
        return True


def _watched(record: Record) -> Watched:
    watched = record.part("watched")
    start, end = watched.required_instant("from"), watched.required_instant("to")
    ordered([("from", start), ("to", end)])
    return Watched(start, end, record.line)


def _outage(record: Record) -> Outage:
    started, ended = record.required_instant("started_at"), record.instant("ended_at", up=True)
    ordered([("started_at", started), ("ended_at", ended)])
    total = "scope" not in record or record.choice("scope", SCOPES) == "total"
    return Outage(record.required("outage"), record.line, started, ended, total, record.name("cause"))


def _recovery(record: Record, outage: Outage) -> Recovery:
    point = record.part("recovery_point")
    point.instant("data_as_of")
    declared, begun = record.instant("declared_at"), record.instant("restore_started_at")
    restored = record.instant("restored_at", up=True)
    ordered(
        [
            ("started_at", outage.started_at),
            ("declared_at", declared),
            ("restore_started_at", begun),
            ("restored_at", restored),
            ("ended_at", outage.ended_at),
        ]
    )
    scenario = record.named("scenario")
    return Recovery(
        id=outage.id,
        line=outage.line,
        started_at=outage.started_at,
        finished_at=outage.ended_at,
        outcome="" if outage.ended_at is None else "passed",
        scenarios=frozenset({scenario} if scenario else ()),
        disrupted_at=outage.started_at,
        declared_at=declared,
        restore_started_at=begun,
        restored_at=restored,
        validated_at=outage.ended_at,
        point_source=point.named("source"),
        point_of=point.named("of"),
        point_name=point.text("name"),
        real=True,
        recovered_by=record.name("recovered_by"),
        notes=record.text("notes"),
    )
