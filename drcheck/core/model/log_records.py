"""What logs tell: the records of restore tests, outages, maintenance, checks and attestations.

Instants are whole seconds since the epoch (UTC).
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from functools import cached_property
from typing import Final, NamedTuple

from msgspec import Struct, field

from drcheck.core.model.commitments import Rung
from drcheck.core.model.evidence import FOREVER, LONG_AGO, Gap
from drcheck.core.time.spans import Spans


class Phase(NamedTuple):
    """A named part of a recovery."""

    name: str
    started_at: int
    finished_at: int


class Recovery(Struct, frozen=True):
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
    point_size: int | None = None
    """Bytes of it; None: not told."""
    validation: Rung | None = None
    phases: tuple[Phase, ...] = ()
    data_wrong: bool = False
    """Whether it failed because what it restored was wrong: then that copy is known to be broken."""
    real: bool = False
    """Whether this was a real outage, not a test."""
    contradicted: str = ""
    """What speaks against its record, so that it proves nothing; empty: nothing does."""
    data_by: int = FOREVER
    """The latest instant that the data of the copy it names can be of, where that is older than all that is read."""
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


class LogGrowth(NamedTuple):
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
    of_kind: bool
    """Whether it speaks of a kind: the name of one means that kind, whatever else is called so."""
    approved_by: str = ""
    """Who approved it; empty: nobody but the one who states it is named."""


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
    point_source: str = ""
    """The source of the very copy that was checked; empty: it was not one copy, or is not told."""
    point_name: str = ""
    started_at: int = LONG_AGO
    contradicted: str = ""
    """As :attr:`Recovery.contradicted` has it."""


class ListedNames(NamedTuple):
    """What a list of what exists told at one look, and from then on until the next one."""

    at: int
    unseen: str
    """Why it could not be read; empty: it could."""
    written_at: int
    names: tuple[str, ...] = ()
    aliases: Mapping[str, tuple[str, ...]] = {}
    """Name of a host to the connections that lead to it."""


class Log(Struct, frozen=True, dict=True):
    """The records of one log, in the order of its lines."""

    recoveries: tuple[Recovery, ...] = ()
    announcements: tuple[Announcement, ...] = ()
    maintenance: tuple[Maintenance, ...] = ()
    outages: tuple[Outage, ...] = ()
    watched: tuple[Watched, ...] = ()
    attestations: tuple[Attestation, ...] = ()
    checks: tuple[Check, ...] = ()
    listed: tuple[ListedNames, ...] = ()
    """Of a list of what exists, what each look told, oldest first."""
    covering: Mapping[str, Spans] = field(default_factory=dict)
    """Beside such a list: name to when a policy covers it."""
    gaps: tuple[Gap, ...] = ()
    """Lines that could not be read; each has its ``line``."""
    corrections: Mapping[int, int] = field(default_factory=dict)
    """Lines that stand for earlier ones, each with that line: they were written at any time after what they tell."""
    others: int = 0
    """How many of its lines tell of other services: they are counted, and change nothing."""
    known_until: int = LONG_AGO
    """The newest complete look: what came later has not been seen."""
    unseen: tuple[Gap, ...] = ()
    """Why nothing after ``known_until`` was seen."""
    looks: tuple[LogGrowth, ...] = ()
    """What each complete look showed of it, oldest first; empty where nobody kept that."""

    @cached_property
    def bounds(self) -> dict[int, tuple[int, int, int]]:
        """What each line that could not be read may tell, once :mod:`drcheck.core.history.log_lines` has found out."""
        return {}

    @cached_property
    def of_copies(self) -> dict[str, Sequence[Check | Recovery]]:
        """Source to what checked one copy there, once :mod:`drcheck.core.rules.failed_checks` has sought it out."""
        return {}


class ReadLog(NamedTuple):
    """What a look has read of a log, for whoever judges it by the same bytes."""

    raw: bytes
    latest: int
    """The latest instant that anything in it could be of."""
    log: Log
