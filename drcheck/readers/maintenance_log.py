"""The log of maintenance windows: what was announced, and when."""

from __future__ import annotations

from dataclasses import dataclass, field

from drcheck.core.evidence import FOREVER, Log, Maintenance, Observation
from drcheck.core.policy import Source
from drcheck.interfaces import Asked, Collector
from drcheck.readers import jsonl
from drcheck.readers.jsonl import Malformed, Record

TYPES = ("planned", "regular", "emergency")


def read(collector: Collector, source: Source, name: str, asked: Asked) -> Observation:
    """Look at a log of maintenance windows."""
    return jsonl.read(parse, collector, source, name, asked)


def parse(data: bytes, service: str, latest: int = FOREVER) -> Log:
    """Return the maintenance windows of ``service``; nothing can have been announced after ``latest``.

    A line that is no record is a gap; this raises nothing, whatever the bytes are.
    """
    found = _Records(service)
    gaps = jsonl.each(data, latest, found.take)
    return Log(maintenance=tuple(found.windows.values()), gaps=gaps)


@dataclass(slots=True)
class _Records:
    service: str
    windows: dict[str, Maintenance] = field(default_factory=dict)

    def take(self, record: Record) -> None:
        if "maintenance" not in record:
            raise Malformed("its kind is not known: it tells no maintenance")
        if record.required("service") != self.service:
            return
        window = Maintenance(
            id=record.required("maintenance"),
            line=record.line,
            type=record.choice("type", TYPES),
            announced_at=record.instant("announced_at"),
            starts_at=record.required_instant("starts_at", planned=True),
            ends_at=record.required_instant("ends_at", planned=True, up=True),
        )
        jsonl.ordered([("starts_at", window.starts_at), ("ends_at", window.ends_at)])
        if window.id in self.windows:
            raise Malformed(f"maintenance {window.id} is already recorded in line {self.windows[window.id].line}")
        self.windows[window.id] = window
