"""What was seen: looks, candidates as columns, log records, and evidence gaps.

Instants are whole seconds since the epoch (UTC). What is uncertain is a pair (earliest, latest), as two columns
``*_lo`` and ``*_hi``. :data:`FOREVER` stands for "no upper bound is known".
"""

from __future__ import annotations

from array import array
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Final, NamedTuple

from drcheck.core.promises import Rung

FOREVER: Final = 1 << 62
LONG_AGO: Final = -(1 << 62)


def _column() -> array[int]:
    return array("q")


class Fact(StrEnum):
    """What can be asked of a thing that lies at a place, beside its listing."""

    STORAGE_ENCRYPTION = "storage-encryption"
    """Whether the storage encrypts it at rest."""
    CLIENT_ENCRYPTION = "client-encryption"
    """Whether its own bytes are encrypted."""
    LOCK = "lock"
    """Whether, until when and how firmly it is kept from being deleted."""
    LEGAL_HOLD = "legal-hold"
    """Whether it is kept from being deleted until somebody lifts that."""
    CHECKSUM = "checksum"
    """Whether its bytes have the checksum that was kept beside it."""


class Told(NamedTuple):
    """What is known of one fact of one thing."""

    holds: bool | None
    """None: it could not be told."""
    how: str = ""
    """How it holds (``AES256``, ``age``, ``compliance``, ``governance``, ``unlocked``), or why it cannot be told."""
    until: int = 0
    """Of a lock its end, of a checksum the instant of the check; else 0."""


class Described(NamedTuple):
    """A fact of one candidate, as one look found it."""

    name: str
    fact: Fact
    told: Told


@dataclass(frozen=True, slots=True)
class Gap:
    """An evidence gap: what could not be seen, and what to do about it."""

    what: str
    """Lower case, no full stop."""
    hint: str = ""
    """A sentence with the next step."""
    line: int | None = None
    """Of a log, the line it concerns; None: the whole look."""
    fact: Fact | None = None
    """The fact of what lies there that could not be asked; the listing itself is whole."""

    @property
    def hides(self) -> bool:
        """Whether something may lie there unseen: a malformed line, or a fact, is a gap of its own, not of the look."""
        return self.line is None and self.fact is None


@dataclass(frozen=True, slots=True)
class Look:
    """One look at one source.

    A look is taken to be an instant, ``begin``: a complete one proves what stood then. ``end`` is kept as evidence.
    """

    source: str
    begin: int
    end: int
    asked_from: int = LONG_AGO
    """The look could only miss candidates whose data is of this instant or later."""
    gaps: tuple[Gap, ...] = ()
    """Empty: the look is complete."""
    clock_offset: float | None = None
    """Seconds by which the far clock is ahead of ours; None: it could not be measured."""
    calls: int = 0
    """Requests that the look took (listing pages, reads, commands)."""
    digest: str = ""
    """SHA-256 of the raw answer kept in the ledger, if one was kept."""
    size: int = 0
    """Bytes of that answer: of a log, which is only appended to, they tell what of it this look showed."""

    @property
    def complete(self) -> bool:
        """Whether nothing hid."""
        return not any(gap.hides for gap in self.gaps)


class Candidate(NamedTuple):
    """A row of :class:`Candidates`: something that may be a recovery point."""

    name: str
    of: str
    kind: str
    """``full``, ``incremental``, … as the name tells it, or empty."""
    data_lo: int
    data_hi: int
    available_lo: int
    available_hi: int
    """:data:`FOREVER` where only the first look that showed it bounds its arrival."""
    size: int
    checksum: str
    """Equal checksums prove equal content; empty: not told."""
    complete: bool
    """Whether its marker stands beside it, or none is asked for."""


class Settled(NamedTuple):
    """What earlier looks told of a candidate and what cannot have changed since."""

    shown: Candidate
    """As a look showed it: if the listing shows anything else, nothing is settled."""
    facts: Mapping[Fact, Told]
    """Each with what was told of it."""


@dataclass(frozen=True, slots=True)
class Observation:
    """What a reader made of one look at one source."""

    look: Look
    candidates: Sequence[Candidate] = ()
    log: Log | None = None
    described: tuple[Described, ...] = ()
    """Facts of the candidates, as far as they were asked."""
    unlisted: tuple[str, ...] = ()
    """Data sets that were seen and that the policy does not list."""
    unread: int = 0
    """Names under the place that are no candidates (side-cars, partial files, other files)."""
    raw: bytes = b""
    """The answer that was judged, to be kept under its hash; empty for listings (their columns are kept)."""


class Phase(NamedTuple):
    """A named part of a recovery."""

    name: str
    started_at: int
    finished_at: int


@dataclass(frozen=True, slots=True)
class Recovery:
    """A restore test, or a real recovery out of an outage log.

    The five clocks are None where the record does not tell them (see ``judging.md``, rto).
    """

    id: str
    line: int
    started_at: int
    finished_at: int | None
    """None: still open (outages only)."""
    outcome: str
    """``passed``, ``failed`` or ``aborted``; an outage that ended has ``passed``, an open one nothing."""
    scenarios: frozenset[str] = frozenset()
    disrupted_at: int | None = None
    declared_at: int | None = None
    restore_started_at: int | None = None
    restored_at: int | None = None
    validated_at: int | None = None
    target_site: str = ""
    point_source: str = ""
    """The source its recovery point came from; empty: not told."""
    point_of: str = ""
    point_name: str = ""
    validation: Rung | None = None
    phases: tuple[Phase, ...] = ()
    real: bool = False
    """Whether this was a real outage, not a test."""
    recovered_by: str = ""
    operator: str = ""
    notes: str = ""


class Between(NamedTuple):
    """An instant of which is known only that it lies after ``lo``, or at it, and not after ``hi``."""

    lo: int
    hi: int


ANYTIME: Final = Between(LONG_AGO, FOREVER)


class Announcement(NamedTuple):
    """A restore test was announced."""

    test: str
    line: int
    announced_at: int | None
    """As its record says; None where that is not to be believed."""
    planned_for: int | None
    by: str
    known: Between = ANYTIME
    """The newest complete look that did not show the record, and the first that did."""

    @property
    def announced(self) -> Between:
        """When the announcement was made."""
        return _announced(self.announced_at, self.known)


class Maintenance(NamedTuple):
    """A maintenance window was announced."""

    id: str
    line: int
    type: str
    announced_at: int | None
    """As its record says; None where it does not, or where that is not to be believed."""
    starts_at: int
    ends_at: int
    known: Between = ANYTIME
    """The newest complete look that did not show the record, and the first that did."""

    @property
    def announced(self) -> Between:
        """When the window was announced."""
        return _announced(self.announced_at, self.known)


def _announced(word: int | None, known: Between) -> Between:
    """Return when an announcement was made: at its word, unless a look that did not show it disproves that."""
    if word is None or word <= known.lo:
        # What a look did not show had not been announced by then; what one showed had.
        return Between(min(known.lo + 1, known.hi) if known.lo > LONG_AGO else LONG_AGO, known.hi)
    return Between(min(word, known.hi), min(word, known.hi))


class Shown(NamedTuple):
    """How much of a log one complete look showed."""

    at: int
    begun: int
    """How many lines, the last of which may not have had its end yet."""
    ended: int
    """How many whole lines."""


class Outage(NamedTuple):
    """A service was down, or a part of it."""

    id: str
    line: int
    started_at: int
    ended_at: int | None
    """None: it is still open."""
    total: bool | None
    """Whether all of the service was down; a record without a scope says so. None: a part was, and nobody saw more."""
    cause: str


class Watched(NamedTuple):
    """From ``start`` up to ``end`` somebody watched: what is not told as an outage was up."""

    start: int
    end: int
    line: int


class Attestation(NamedTuple):
    """A dated statement by a named owner."""

    attests: str
    """The id, or the kind, of the commitment that it speaks of."""
    line: int
    statement: str
    by: str
    at: int
    expires_at: int
    holds: bool
    """Whether it says that the commitment is kept, or that it is not any more."""


class Check(NamedTuple):
    """A check of recovery points, as a log tells it."""

    id: str
    line: int
    level: Rung
    passed: bool
    finished_at: int
    of: frozenset[str]
    """The data sets that were checked; empty: all."""
    tool: str


@dataclass(frozen=True, slots=True)
class Log:
    """The records of one log, in the order of its lines."""

    recoveries: tuple[Recovery, ...] = ()
    announcements: tuple[Announcement, ...] = ()
    maintenance: tuple[Maintenance, ...] = ()
    outages: tuple[Outage, ...] = ()
    watched: tuple[Watched, ...] = ()
    attestations: tuple[Attestation, ...] = ()
    checks: tuple[Check, ...] = ()
    gaps: tuple[Gap, ...] = ()
    """Lines that could not be read; each has its ``line``."""
    corrections: Mapping[int, int] = field(default_factory=dict)
    """Lines that stand for earlier ones, each with that line: they were written at any time after what they tell."""
    known_until: int = LONG_AGO
    """The newest complete look: what came later has not been seen."""
    unseen: tuple[Gap, ...] = ()
    """Why nothing after ``known_until`` was seen."""
    looks: tuple[Shown, ...] = ()
    """What each complete look showed of it, oldest first; empty where nobody kept that."""
    bounds: dict[int, tuple[int, int, int]] = field(default_factory=dict, init=False, compare=False, repr=False)
    """What each line that could not be read may tell, once :mod:`drcheck.core.loglines` has worked it out."""


@dataclass(frozen=True, slots=True)
class Points:
    """The candidates of one source and data set, with their whole history: columns of one length, by ``data_lo``.

    A point counts from ``available`` until ``gone``. Of what no complete look missed, ``gone_lo`` is the second after
    the newest look that showed it, and ``gone_hi`` is :data:`FOREVER`: since then nobody knows whether it stands.
    """

    source: str
    of: str
    name: Sequence[str] = ()
    kind: Sequence[str] = ()
    data_lo: array[int] = field(default_factory=_column)
    data_hi: array[int] = field(default_factory=_column)
    available_lo: array[int] = field(default_factory=_column)
    available_hi: array[int] = field(default_factory=_column)
    gone_lo: array[int] = field(default_factory=_column)
    gone_hi: array[int] = field(default_factory=_column)
    size: array[int] = field(default_factory=_column)
    checksum: Sequence[str] = ()
    facts: Mapping[tuple[int, Fact], Sequence[tuple[int, Told]]] = field(default_factory=dict)
    """(row, fact) to what was told of it, oldest first, each with the look that first told so; what is not in here was
    never asked. The first answer holds from the row's arrival on, a later one from its look on."""
    held_until: Mapping[int, int] = field(default_factory=dict)
    """Row to until when its name surely held it or something newer, where two complete looks in a row show that it was
    overwritten: its own content may have gone from ``gone_lo`` on."""
    why_not: Mapping[int, str] = field(default_factory=dict)
    """Row to the reason why that candidate does not count; a row that is not in here counts."""

    def __len__(self) -> int:
        return len(self.data_lo)

    @property
    def exact(self) -> bool:
        """Whether no instant is uncertain."""
        return self.data_lo == self.data_hi and self.available_lo == self.available_hi and self.gone_lo == self.gone_hi

    def counted(self) -> Iterator[int]:
        """Yield the rows that count, in order of ``data_lo``."""
        return (row for row in range(len(self.data_lo)) if row not in self.why_not)


class Cited(NamedTuple):
    """A fact that a verdict rests on, as reports show it."""

    source: str
    of: str
    name: str
    data_as_of: int | None
    available_at: int | None
    why_not: str = ""
    """Why it does not count; empty: it does."""
    told: str = ""
    """What is known of it that the verdict rests on: ``encrypted (age)``, ``locked until …``, ``10 min down, …``."""
