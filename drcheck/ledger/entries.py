"""What the ledger's log holds: every kind of entry as a small value, and how each is written as bytes.

An entry's bytes are CBOR (RFC 8949, section 4.2.1: the same value always becomes the same bytes): an array of the
kind (text), what the entry is about (text: a service, a source, a run), and a map of its facts. A large map stands
there as a byte string that holds the map compressed (zlib, RFC 1950). Instants are whole seconds since the epoch.

Keys whose value is empty, zero, false or null are left out, so that a kind can get new keys: what has none of them
reads as it always did. Names that are not valid UTF-8, which Python shows with lone surrogates, are byte strings in
which each surrogate is encoded like any other character. docs/ledger.md has all of it for readers in other languages.
"""

from __future__ import annotations

import io
import zlib
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from enum import StrEnum
from functools import lru_cache
from typing import Any, ClassVar, Final, Self, get_args

import cbor2

from drcheck.core.history.changes import Record
from drcheck.core.judging import transitions
from drcheck.core.judging.transitions import Change, Event, What
from drcheck.core.model.commitments import Standing
from drcheck.core.model.verdict import Opening, Window
from drcheck.ledger import columns
from drcheck.ledger.columns import Damaged, Facts, plain, text, told

_COMPRESSED_FROM: Final = 256
"""Bytes of a map from which on it is compressed: smaller ones would hardly shrink."""
_LEVEL: Final = 6
_MOST: Final = 1 << 31
"""Bytes that a compressed map may become: what claims to hold more is damaged, or meant to fill the memory."""
_UNREADABLE: Final = (
    ValueError, TypeError, LookupError, AttributeError, OverflowError, RecursionError, cbor2.CBORDecodeError,
    zlib.error,
)  # fmt: skip
"""What reading bytes that are no entry raises: the library's own errors, and those of values of other types."""


@dataclass(frozen=True, slots=True)
class JudgedPolicy:
    """A policy that a run judges."""

    service: str
    file: str
    text: int
    """The entry with its text."""


@dataclass(frozen=True, slots=True)
class RunBegan:
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

    @property
    def about(self) -> str:
        """The run."""
        return self.run

    def facts(self) -> Facts:
        """Return what is written."""
        return {
            "at": self.started_at, "from": self.window.start, "to": self.window.end, "version": self.version,
            "host": plain(self.host), "pid": self.pid, "clock_tolerance": self.clock_tolerance,
            "question": self.question, "job": plain(self.job),
        }  # fmt: skip

    @classmethod
    def read(cls, about: str, facts: Facts) -> Self:
        """Return what was written."""
        return cls(
            about, facts.get("at", 0), Window(facts.get("from", 0), facts.get("to", 0)), facts.get("version", ""),
            text(facts.get("host", "")), facts.get("pid", 0), facts.get("clock_tolerance", 0),
            facts.get("question", False), text(facts.get("job", "")),
        )  # fmt: skip


@dataclass(frozen=True, slots=True)
class PolicyText:
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
        return {"text": plain(self.text)}

    @classmethod
    def read(cls, about: str, facts: Facts) -> Self:
        """Return what was written."""
        return cls(about, text(facts.get("text", "")))


@dataclass(frozen=True, slots=True)
class PoliciesJudged:
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
            "file": [plain(one.file) for one in self.policies],
            "text": [one.text for one in self.policies],
        }

    @classmethod
    def read(cls, about: str, facts: Facts) -> Self:
        """Return what was written."""
        rows = zip(facts.get("service", ()), facts.get("file", ()), facts.get("text", ()), strict=True)
        return cls(about, tuple(JudgedPolicy(service, text(file), number) for service, file, number in rows))


@dataclass(frozen=True, slots=True)
class SourceNamed:
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


@dataclass(frozen=True, slots=True)
class Looked:
    """One look at one source, and what it changed about what is known of it."""

    KIND: ClassVar[str] = "look"
    source: int
    """The entry that names the source."""
    standing: Standing
    """Who vouches for what it shows."""
    record: Record

    @property
    def about(self) -> str:
        """The entry that names the source."""
        return str(self.source)

    def facts(self) -> Facts:
        """Return what is written."""
        return {**columns.written(self.record), "standing": self.standing.name.lower()}

    @classmethod
    def read(cls, about: str, facts: Facts) -> Self:
        """Return what was written."""
        return cls(int(about), Standing[facts["standing"].upper()], columns.read(facts))


@dataclass(frozen=True, slots=True)
class Lines:
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


@dataclass(frozen=True, slots=True)
class Found:
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
            "kind": self.kind, "status": self.status, "reason": plain(self.reason), "waived": self.waived,
            "attested": self.attested, "measured": dict(self.measured) if self.measured else None,
            "breaches": [_span(one) for one in self.breaches], "unknowns": [_span(one) for one in self.unknowns],
        }  # fmt: skip

    @classmethod
    def read(cls, service: str, commitment: str, facts: Facts) -> Self:
        """Return what was written."""
        return cls(
            service, commitment, facts.get("kind", ""), facts.get("status"), text(facts.get("reason", "")),
            facts.get("waived", False), facts.get("attested", False), facts.get("measured"),
            tuple(map(_opening, facts.get("breaches", ()))), tuple(map(_opening, facts.get("unknowns", ()))),
        )  # fmt: skip


@dataclass(frozen=True, slots=True)
class Verdicts:
    """What a run found, all of it: what is said of many services is alike, and takes little room together."""

    KIND: ClassVar[str] = "verdicts"
    run: str
    found: tuple[Found, ...]

    @property
    def about(self) -> str:
        """The run."""
        return self.run

    def facts(self) -> Facts:
        """Return what is written."""
        return {"found": [[one.service, one.commitment, told(one.facts())] for one in self.found]}

    @classmethod
    def read(cls, about: str, facts: Facts) -> Self:
        """Return what was written."""
        return cls(about, tuple(Found.read(*one) for one in facts.get("found", ())))


@dataclass(frozen=True, slots=True)
class RunEnded:
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


@dataclass(frozen=True, slots=True)
class Published:
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


class Sending(StrEnum):
    """What became of a message."""

    HELD = "held"
    """It waits for the next one."""
    CLAIMED = "claimed"
    """Whoever wrote this sends it now."""
    SENT = "sent"
    FAILED = "failed"


@dataclass(frozen=True, slots=True)
class Notification:
    """What is new to those behind a channel, or what became of a message to them."""

    KIND: ClassVar[str] = "notification"
    channel: str
    run: str
    at: int
    state: Sending
    events: tuple[Event, ...] = ()
    """Of what is held or claimed: what is new since the entry before."""
    count: int = 0
    """Of what was claimed and sent: how many events, from the oldest on, the message tells; of what is held: how many
    need no telling any more."""
    error: str = ""
    """Why it could not be sent."""

    @property
    def about(self) -> str:
        """The channel."""
        return self.channel

    def facts(self) -> Facts:
        """Return what is written."""
        return {
            "run": self.run, "at": self.at, "state": self.state.value, "count": self.count,
            "error": plain(self.error), "events": written_events(self.events),
        }  # fmt: skip

    @classmethod
    def read(cls, about: str, facts: Facts) -> Self:
        """Return what was written."""
        return cls(
            about, facts.get("run", ""), facts.get("at", 0), Sending(facts["state"]),
            read_events(facts.get("events", ())), facts.get("count", 0), text(facts.get("error", "")),
        )  # fmt: skip


def written_events(events: Iterable[Event]) -> list[Any]:
    """Return events as they are written."""
    return [
        [
            one.change.value, one.subject.what.value, one.subject.service, plain(one.subject.name),
            one.since, one.until, plain(one.reason), one.silent,
        ]
        for one in events
    ]  # fmt: skip


def read_events(rows: Iterable[Any]) -> tuple[Event, ...]:
    """Return what :func:`written_events` was given."""
    return tuple(
        Event(Change(change), transitions.Subject(What(what), service, text(name)), since, until, text(reason), silent)
        for change, what, service, name, since, until, reason, silent in rows
    )


@dataclass(frozen=True, slots=True)
class Retired:
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
        return {"at": self.at, "reason": plain(self.reason)}

    @classmethod
    def read(cls, about: str, facts: Facts) -> Self:
        """Return what was written."""
        return cls(about, facts.get("at", 0), text(facts.get("reason", "")))


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
)

_KINDS: Final[Mapping[str, type[Entry]]] = {kind.KIND: kind for kind in get_args(Entry)}


def encode(entry: Entry) -> bytes:
    """Return the bytes of an entry."""
    body = cbor2.dumps(told(entry.facts()), canonical=True)
    if len(body) >= _COMPRESSED_FROM:
        body = cbor2.dumps(zlib.compress(body, _LEVEL), canonical=True)
    return _header(entry.KIND, entry.about) + body


def decode(data: bytes) -> Entry:
    """Return the entry that :func:`encode` made these bytes of; raises :class:`Damaged`."""
    try:
        kind, about, facts = cbor2.loads(data)
        if isinstance(facts, bytes):
            unpacked = zlib.decompressobj()
            facts = cbor2.loads(unpacked.decompress(facts, _MOST))
            if not unpacked.eof or unpacked.unused_data:
                raise Damaged("its compressed part does not end where it must")
        if not isinstance(about, str | bytes) or not isinstance(facts, dict):
            raise Damaged("it is about no text, or its facts are no map")
        return _KINDS[kind].read(text(about), facts)
    except _UNREADABLE as error:
        raise Damaged(f"{type(error).__name__}: {error}") from error


def kind(data: bytes) -> str:
    """Return the kind of an entry's bytes, without reading the rest of it; raises :class:`Damaged`."""
    return _head(data)[0]


def about(data: bytes) -> str:
    """Return what an entry's bytes are about, without reading the rest of it; raises :class:`Damaged`."""
    return _head(data)[1]


def is_of(data: bytes, kind: str) -> bool:
    """Return whether an entry's bytes are of that kind."""
    return data.startswith(_kind(kind))


def source_key(service: str, name: str) -> str:
    """Return the one text for a source of a service."""
    return f"{service}\n{name}"


def of_source(about: str) -> tuple[str, str]:
    """Return the service, and the source, that :func:`source_key` joined."""
    service, _, name = about.partition("\n")
    return service, name


def _head(data: bytes) -> tuple[str, str]:
    decoder = cbor2.CBORDecoder(io.BytesIO(data[1:]))  # behind the head of the array
    try:
        return text(decoder.decode()), text(decoder.decode())
    except _UNREADABLE as error:
        raise Damaged(f"{type(error).__name__}: {error}") from error


def _header(kind: str, about: str) -> bytes:
    return _kind(kind) + cbor2.dumps(plain(about), canonical=True)


@lru_cache
def _kind(kind: str) -> bytes:
    array_of_three = b"\x83"
    return array_of_three + cbor2.dumps(kind, canonical=True)


def _span(opening: Opening) -> list[Any]:
    return [opening.opened_at, opening.closed_at, plain(opening.reason), opening.between_looks, opening.waived]


def _opening(span: list[Any]) -> Opening:
    opened_at, closed_at, reason, between_looks, waived = span
    return Opening(opened_at, closed_at, text(reason), between_looks, waived)
