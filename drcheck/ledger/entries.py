"""What the ledger's log holds: every kind of entry as a small value. :mod:`drcheck.ledger.encoding` has its bytes."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, ClassVar, Self

from msgspec import Struct

from drcheck.core.history.look_changes import LookChanges
from drcheck.core.model.commitments import Standing
from drcheck.core.model.verdict import Opening, Window
from drcheck.ledger import look_columns
from drcheck.ledger.drills import DrillAnnounced, DrillTold
from drcheck.ledger.look_columns import Facts, read_text, without_empty, writable_text
from drcheck.ledger.notifications import Notification
from drcheck.ledger.signatures import Checkpointed, KeyTaken, Timestamped


class JudgedPolicy(Struct, frozen=True):
    """A policy that a run judges."""

    service: str
    file: str
    text: int
    """The entry with its text."""


class RunBegan(Struct, frozen=True):
    """A run began."""

    KIND: ClassVar[str] = "run began"
    run: str
    started_at: int
    window: Window
    version: str
    host: str
    pid: int
    clock_tolerance: int = 0
    """Seconds by which clocks may be apart before it matters, as the run was told."""
    question: bool = False
    """Whether another instant than that of its looks is judged: its verdicts are no verdicts of record."""
    job: str = ""
    """The job of the watch that it does; empty: nobody but whoever typed the command asked for it."""
    schedule: str = ""
    """When that job is due: a cron expression and its zone, or ``every`` and seconds."""
    due: tuple[str, ...] = ()
    """Jobs that runs have done before, and that the configuration still has."""
    gone: tuple[str, ...] = ()
    """Jobs that runs have done before, and that the configuration has no more: nothing is due of them."""

    @property
    def about(self) -> str:
        """The run."""
        return self.run

    def facts(self) -> Facts:
        """Return what is written."""
        return {
            "at": self.started_at, "from": self.window.start, "to": self.window.end, "version": self.version,
            "host": writable_text(self.host), "pid": self.pid, "clock_tolerance": self.clock_tolerance,
            "question": self.question, "job": writable_text(self.job), "schedule": writable_text(self.schedule),
            "due": [writable_text(job) for job in self.due],
            "gone": [writable_text(job) for job in self.gone],
        }  # fmt: skip

    @classmethod
    def read(cls, about: str, facts: Facts) -> Self:
        """Return what was written."""
        return cls(
            about, facts.get("at", 0), Window(facts.get("from", 0), facts.get("to", 0)), facts.get("version", ""),
            read_text(facts.get("host", "")), facts.get("pid", 0), facts.get("clock_tolerance", 0),
            facts.get("question", False), read_text(facts.get("job", "")), read_text(facts.get("schedule", "")),
            tuple(map(read_text, facts.get("due", ()))), tuple(map(read_text, facts.get("gone", ()))),
        )  # fmt: skip


class PolicyText(Struct, frozen=True):
    """A policy's text, kept once under its digest."""

    KIND: ClassVar[str] = "policy text"
    sha256: str
    text: str

    @property
    def about(self) -> str:
        """The digest of the text."""
        return self.sha256

    def facts(self) -> Facts:
        """Return what is written."""
        return {"text": writable_text(self.text)}

    @classmethod
    def read(cls, about: str, facts: Facts) -> Self:
        """Return what was written."""
        return cls(about, read_text(facts.get("text", "")))


class PoliciesJudged(Struct, frozen=True):
    """Which policies the run judges."""

    KIND: ClassVar[str] = "policies judged"
    run: str
    policies: tuple[JudgedPolicy, ...]

    @property
    def about(self) -> str:
        """The run."""
        return self.run

    def facts(self) -> Facts:
        """Return what is written."""
        return {
            "service": [one.service for one in self.policies],
            "file": [writable_text(one.file) for one in self.policies],
            "text": [one.text for one in self.policies],
        }

    @classmethod
    def read(cls, about: str, facts: Facts) -> Self:
        """Return what was written."""
        rows = zip(facts.get("service", ()), facts.get("file", ()), facts.get("text", ()), strict=True)
        return cls(about, tuple(JudgedPolicy(service, read_text(file), number) for service, file, number in rows))


class SourceNamed(Struct, frozen=True):
    """A source that is looked at for the first time: its looks and lines refer to the number of this entry."""

    KIND: ClassVar[str] = "source"
    service: str
    source: str
    """Its identity: another place, or another reading, under the same name is another source."""

    @property
    def about(self) -> str:
        """The source of the service."""
        return source_key(self.service, self.source)

    def facts(self) -> Facts:
        """Return what is written: nothing more."""
        return {}

    @classmethod
    def read(cls, about: str, facts: Facts) -> Self:
        """Return what was written."""
        del facts  # there are none
        return cls(*of_source(about))


class Looked(Struct, frozen=True):
    """One look at one source, and what it changed about what is known of it."""

    KIND: ClassVar[str] = "look"
    source: int
    """The entry that names the source."""
    standing: Standing
    """Who vouches for what it shows."""
    changes: LookChanges

    @property
    def about(self) -> str:
        """The entry that names the source."""
        return str(self.source)

    def facts(self) -> Facts:
        """Return what is written."""
        return {**look_columns.written_changes(self.changes), "standing": self.standing.name.lower()}

    @classmethod
    def read(cls, about: str, facts: Facts) -> Self:
        """Return what was written."""
        return cls(int(about), Standing[facts["standing"].upper()], look_columns.read(facts))


class Lines(Struct, frozen=True):
    """What a log holds that it did not hold at the look before: logs are appended to, and kept once."""

    KIND: ClassVar[str] = "lines"
    source: int
    """The entry that names the source."""
    after: int
    """How many bytes stood before."""
    before_sha256: str
    """Their digest."""
    data: bytes

    @property
    def about(self) -> str:
        """The entry that names the source."""
        return str(self.source)

    def facts(self) -> Facts:
        """Return what is written."""
        return {"after": self.after, "before": self.before_sha256, "data": self.data}

    @classmethod
    def read(cls, about: str, facts: Facts) -> Self:
        """Return what was written."""
        return cls(int(about), facts.get("after", 0), facts.get("before", ""), facts.get("data", b""))


class RecordedVerdict(Struct, frozen=True):
    """What a run found of one commitment of a service."""

    service: str
    commitment: str
    kind: str
    status: str | None
    """``met``, ``breached``, ``unknown``; None: nothing was owed yet."""
    reason: str
    waived: bool = False
    attested: bool = False
    measured: Mapping[str, Any] | None = None
    breaches: tuple[Opening, ...] = ()
    unknowns: tuple[Opening, ...] = ()

    def facts(self) -> Facts:
        """Return what is written beside the service and the commitment."""
        return {
            "kind": self.kind, "status": self.status, "reason": writable_text(self.reason), "waived": self.waived,
            "attested": self.attested, "measured": dict(self.measured) if self.measured else None,
            "breaches": [_span(one) for one in self.breaches], "unknowns": [_span(one) for one in self.unknowns],
        }  # fmt: skip

    @classmethod
    def read(cls, service: str, commitment: str, facts: Facts) -> Self:
        """Return what was written."""
        return cls(
            service, commitment, facts.get("kind", ""), facts.get("status"), read_text(facts.get("reason", "")),
            facts.get("waived", False), facts.get("attested", False), facts.get("measured"),
            tuple(map(_opening, facts.get("breaches", ()))), tuple(map(_opening, facts.get("unknowns", ()))),
        )  # fmt: skip


class Verdicts(Struct, frozen=True):
    """What a run found, all of it: what is said of many services is alike, and takes little room together."""

    KIND: ClassVar[str] = "verdicts"
    run: str
    found: tuple[RecordedVerdict, ...]

    @property
    def about(self) -> str:
        """The run."""
        return self.run

    def facts(self) -> Facts:
        """Return what is written."""
        return {"found": [[one.service, one.commitment, without_empty(one.facts())] for one in self.found]}

    @classmethod
    def read(cls, about: str, facts: Facts) -> Self:
        """Return what was written."""
        return cls(about, tuple(RecordedVerdict.read(*one) for one in facts.get("found", ())))


class RunEnded(Struct, frozen=True):
    """A run ended; of one without this entry the process died, or still works."""

    KIND: ClassVar[str] = "run ended"
    run: str
    state: str
    """``finished``, ``interrupted`` or ``abandoned``."""
    ended_at: int
    exit_status: int | None = None
    """Of a finished run."""

    @property
    def about(self) -> str:
        """The run."""
        return self.run

    def facts(self) -> Facts:
        """Return what is written."""
        status = None if self.exit_status is None else [self.exit_status]
        return {"state": self.state, "at": self.ended_at, "status": status}

    @classmethod
    def read(cls, about: str, facts: Facts) -> Self:
        """Return what was written."""
        status = facts.get("status")
        return cls(about, facts["state"], facts.get("at", 0), status[0] if status else None)


class Published(Struct, frozen=True):
    """The report of a run that finished was handed over, whole: what it found has been shown from then on."""

    KIND: ClassVar[str] = "run published"
    run: str
    at: int

    @property
    def about(self) -> str:
        """The run."""
        return self.run

    def facts(self) -> Facts:
        """Return what is written."""
        return {"at": self.at}

    @classmethod
    def read(cls, about: str, facts: Facts) -> Self:
        """Return what was written."""
        return cls(about, facts.get("at", 0))


class Retired(Struct, frozen=True):
    """A service is promised no more: without this, one whose policy is gone stays unknown."""

    KIND: ClassVar[str] = "retirement"
    service: str
    at: int
    reason: str

    @property
    def about(self) -> str:
        """The service."""
        return self.service

    def facts(self) -> Facts:
        """Return what is written."""
        return {"at": self.at, "reason": writable_text(self.reason)}

    @classmethod
    def read(cls, about: str, facts: Facts) -> Self:
        """Return what was written."""
        return cls(about, facts.get("at", 0), read_text(facts.get("reason", "")))


Entry = (
    RunBegan
    | PolicyText
    | PoliciesJudged
    | SourceNamed
    | Looked
    | Lines
    | Verdicts
    | RunEnded
    | Published
    | Notification
    | Retired
    | DrillTold
    | DrillAnnounced
    | Checkpointed
    | KeyTaken
    | Timestamped
)


def source_key(service: str, name: str) -> str:
    """Return the one text for a source of a service."""
    return f"{service}\n{name}"


def of_source(about: str) -> tuple[str, str]:
    """Return the service, and the source, that :func:`source_key` joined."""
    service, _, name = about.partition("\n")
    return service, name


def _span(opening: Opening) -> list[Any]:
    return [opening.opened_at, opening.closed_at, writable_text(opening.reason), opening.between_looks, opening.waived]


def _opening(span: list[Any]) -> Opening:
    opened_at, closed_at, reason, between_looks, waived = span
    return Opening(opened_at, closed_at, read_text(reason), between_looks, waived)
