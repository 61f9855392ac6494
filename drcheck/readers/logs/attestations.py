"""The log of attestations: what somebody states of what no machine can see, from when, and until when."""

from __future__ import annotations

from functools import partial
from typing import Final

from msgspec import Struct, field

from drcheck import registry
from drcheck.core.model.evidence import FOREVER
from drcheck.core.model.log_records import Attestation, Log
from drcheck.core.model.observation import Observation
from drcheck.core.model.policy import LONGEST_NAME, Source
from drcheck.interfaces import Collector, LookRequest
from drcheck.readers.logs import jsonl, log_file
from drcheck.readers.logs.csv_lines import Columns
from drcheck.readers.logs.log_file import LogForm, Parse
from drcheck.readers.logs.record_fields import Malformed, Record

_LONGEST_ID: Final = LONGEST_NAME + 20
"""Characters of a commitment's id: one that stands for a part of a rule has the part's name after the rule's."""


COLUMNS: Final = Columns(
    required=("attests", "statement", "by", "at", "expires_at"), optional=("approved_by",), flags=("holds",)
)


def read(collector: Collector, source: Source, name: str, asked: LookRequest) -> Observation:
    """Look at a log of attestations."""
    return log_file.read(parser(source), collector, source, name, asked)


def parser(source: Source) -> Parse:
    """Return what makes records of the bytes at ``source``: CSV or JSON Lines, as its path ends."""
    return partial(parse, each=log_file.form_of(source, COLUMNS))


def parse(data: bytes, service: str, latest: int = FOREVER, each: LogForm = jsonl.read_records) -> Log:
    """Return the statements about ``service``; none can have been made after ``latest``.

    A line that is no record is a gap; this raises nothing, whatever the bytes are.
    """
    found = _Records(service)
    walked = each(data, service, latest, found.take)
    return Log(
        attestations=tuple(found.attestations), gaps=walked.gaps, corrections=walked.corrections, others=walked.others
    )


class _Records(Struct):
    service: str
    attestations: list[Attestation] = field(default_factory=list)

    def take(self, record: Record) -> bool:
        """Keep a statement; returns whether it is about this service."""
        if "attests" not in record:
            raise Malformed("its kind is not known: it attests nothing")
        if record.required_name("service") != self.service:
            return False
        self.attestations.append(_attestation(record))
        return True


def _attestation(record: Record) -> Attestation:
    attestation = Attestation(
        attests=record.required_name("attests", _LONGEST_ID),
        line=record.line,
        statement=record.required("statement"),
        by=record.required("by"),
        at=record.required_instant("at"),
        expires_at=record.required_instant("expires_at", planned=True),
        holds=record.flag("holds", default=True),
        of_kind=record.required_name("attests", _LONGEST_ID) in registry.KINDS,
        approved_by=record.text("approved_by"),
    )
    if attestation.expires_at <= attestation.at:
        raise Malformed("expires_at does not lie after at")
    return attestation
