"""The log of outages: what was down, since when, until when, and which recovery ended it."""

from __future__ import annotations

from dataclasses import dataclass, field

from drcheck.core.evidence import FOREVER, Log, Observation, Recovery
from drcheck.core.policy import Source
from drcheck.interfaces import Asked, Collector
from drcheck.readers import jsonl
from drcheck.readers.jsonl import Malformed, Record

SCOPES = ("total", "partial")


def read(collector: Collector, source: Source, name: str, asked: Asked) -> Observation:
    """Look at a log of outages."""
    return jsonl.read(parse, collector, source, name, asked)


def parse(data: bytes, service: str, latest: int = FOREVER) -> Log:
    """Return the outages of ``service`` as real recoveries; nothing in them can have happened after ``latest``.

    A line that is no record is a gap; this raises nothing, whatever the bytes are.
    """
    found = _Records(service)
    gaps = jsonl.each(data, latest, found.take)
    return Log(tuple(sorted(found.outages.values(), key=lambda one: one.line)), gaps=gaps)


@dataclass(slots=True)
class _Records:
    service: str
    outages: dict[str, Recovery] = field(default_factory=dict)

    def take(self, record: Record) -> None:
        if ("outage" in record) == ("watched" in record):
            raise Malformed("its kind is not known: it neither tells an outage nor what was watched")
        if "watched" in record:
            watched = record.part("watched")
            between = ("from", watched.required_instant("from")), ("to", watched.required_instant("to"))
            jsonl.ordered(list(between))
        elif record.required("service") == self.service:
            outage = _outage(record)
            known = self.outages.get(outage.id)
            # An open outage is closed by a second record: the log is never rewritten.
            closes = known is not None and known.finished_at is None and known.started_at == outage.started_at
            if known is not None and not closes:
                raise Malformed(f"outage {outage.id} is already recorded in line {known.line}")
            self.outages[outage.id] = outage


def _outage(record: Record) -> Recovery:
    started, ended = record.required_instant("started_at"), record.instant("ended_at", up=True)
    jsonl.ordered([("started_at", started), ("ended_at", ended)])
    if "scope" in record:
        record.choice("scope", SCOPES)
    record.text("cause")
    point = record.part("recovery_point")
    point.instant("data_as_of")
    scenario = record.text("scenario")
    return Recovery(
        id=record.required("outage"),
        line=record.line,
        started_at=started,
        finished_at=ended,
        outcome="" if ended is None else "passed",
        scenarios=frozenset({scenario} if scenario else ()),
        disrupted_at=started,
        validated_at=ended,
        point_source=point.text("source"),
        point_of=point.text("of"),
        point_name=point.text("name"),
        real=True,
        recovered_by=record.text("recovered_by"),
        notes=record.text("notes"),
    )
