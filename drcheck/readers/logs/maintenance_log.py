"""The log of maintenance windows: what was announced, and when."""

from __future__ import annotations

from functools import partial
from typing import Final

from msgspec import Struct, field

from drcheck.core.model.evidence import FOREVER
from drcheck.core.model.log_records import Log, Maintenance
from drcheck.core.model.observation import Observation
from drcheck.core.model.policy import Source
from drcheck.interfaces import Collector, LookRequest
from drcheck.readers.logs import jsonl, log_file
from drcheck.readers.logs.csv_lines import Columns
from drcheck.readers.logs.log_file import LogForm, Parse
from drcheck.readers.logs.record_fields import Malformed, Record, ordered

TYPES: Final = ("planned", "regular", "emergency")
COLUMNS: Final = Columns(required=("maintenance", "type", "starts_at", "ends_at"), optional=("announced_at",))


def read(collector: Collector, source: Source, name: str, asked: LookRequest) -> Observation:
    """Look at a log of maintenance windows."""
    return log_file.read(parser(source), collector, source, name, asked)


def parser(source: Source) -> Parse:
    """Return what makes records of the bytes at ``source``: CSV or JSON Lines, as its path ends."""
    return partial(parse, each=log_file.form_of(source, COLUMNS))


def parse(data: bytes, service: str, latest: int = FOREVER, each: LogForm = jsonl.read_records) -> Log:
    """Return the maintenance windows of ``service``; nothing can have been announced after ``latest``.

    A line that is no record is a gap; this raises nothing, whatever the bytes are.
    """
    found = _Records(service)
    walked = each(data, service, latest, found.take)
    return Log(
        maintenance=tuple(found.windows.values()),
        gaps=walked.gaps,
        corrections=walked.corrections,
        others=walked.others,
    )


class _Records(Struct):
    service: str
    windows: dict[str, Maintenance] = field(default_factory=dict)

    def take(self, record: Record) -> bool:
        """Keep a window; returns whether it is of this service."""
        if "maintenance" not in record:
            raise Malformed("its kind is not known: it tells no maintenance")
        if record.required_name("service") != self.service:
            return False
        window = Maintenance(
            id=record.required("maintenance"),
            line=record.line,
            type=record.choice("type", TYPES),
            announced_at=record.instant("announced_at"),
            starts_at=record.required_instant("starts_at", planned=True),
            ends_at=record.required_instant("ends_at", planned=True, up=True),
        )
        ordered([("starts_at", window.starts_at), ("ends_at", window.ends_at)])
        if window.id in self.windows:
            raise Malformed(f"maintenance {window.id} is already recorded in line {self.windows[window.id].line}")
        self.windows[window.id] = window
        return True
