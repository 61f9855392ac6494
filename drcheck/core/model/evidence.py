"""What was seen: looks, candidates as columns, log records, and evidence gaps.

Instants are whole seconds since the epoch (UTC). What is uncertain is a pair (earliest, latest), as two columns
``*_lo`` and ``*_hi``. :data:`FOREVER` stands for "no upper bound is known".
"""

from __future__ import annotations

from array import array
from collections.abc import Iterator, Mapping, Sequence
from collections.abc import Set as AbstractSet
from dataclasses import dataclass, field, fields, replace
from enum import StrEnum
from typing import Final, NamedTuple

from drcheck.core.model.commitments import Rung
from drcheck.core.model.rewritten_logs import ReportedTest, Stretch
from drcheck.core.time.spans import Span, Spans, difference, intersection, union

FOREVER: Final = 1 << 62
LONG_AGO: Final = -(1 << 62)
ALWAYS: Final = Span(LONG_AGO, FOREVER)


ZEROS: Final = "zeros"
"""The fingerprint of what holds nothing but zeros in all pieces of it that were read."""


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
    DIGEST = "digest"
    """A checksum of all its bytes, computed or read beside it; ``how`` has it as :attr:`Candidate.checksum` does."""
    PIECES = "pieces"
    """A fingerprint of pieces of it, in ``how``: other pieces are other content, the same prove nothing."""
    STATE = "state"
    """Whether the file beside it says that it is complete, in the words that the source asks for."""
    ARCHIVED = "archived"
    """Whether it must be brought back from an archive tier, in hours, before it can be read; ``how`` names the tier."""
    EARLIER = "earlier"
    """Of a place: whether it still holds what was overwritten or deleted there, which its listing does not show."""
    INODE = "inode"
    """Which file of its disk it is, in ``how``, where that file has several names (hard links)."""


class Told(NamedTuple):
    """What is known of one fact of one thing."""

    holds: bool | None
    """None: it could not be told."""
    how: str = ""
    """How it holds (``AES256``, ``age``, ``compliance``, ``governance``, ``unlocked``), or why it cannot be told."""
    until: int = 0
    """Of a lock its end, of a checksum the instant of the check, of a state when what says so was written; else 0."""


class State(NamedTuple):
    """What an earlier look read of a candidate's state."""

    look: int
    """The look that first told so."""
    told: Told


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


class Unaccounted(NamedTuple):
    """A name that no policy's template reads, and that belongs to nothing that one does."""

    name: str
    modified: int
    """The time that the place shows for it."""
    newer: bool
    """Whether that is newer than that of everything there that a template reads."""


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
    names: int = 0
    """How many names a listing showed."""
    matched: int = 0
    """How many of them may be recovery points."""
    unaccounted: tuple[Unaccounted, ...] = ()
    """The newest few of those that nothing accounts for, newest first."""

    @property
    def complete(self) -> bool:
        """Whether nothing hid."""
        return not any(gap.hides for gap in self.gaps)


class Pieces(NamedTuple):
    """What is kept of a candidate that consists of several files: parts, or all that lies below a directory."""

    files: bytes
    """A hash of 4 bytes of each file's name within it, sorted: they tell whether one came or went."""
    wanted: int = 0
    """How many parts there must be; 0: not known."""
    hole: str = ""
    """The first part that is missing in their order; empty: none is."""
    full: bool = False
    """Whether the last part is as large as the one before it, or alone: others may have followed."""
    young: bool = False
    """Whether its newest file is so young that more may come, and no marker says that none will."""
    parts: int = 0
    """How many parts there are; 0: its files have no such labels."""

    @property
    def number(self) -> int:
        """How many parts, or files, there are."""
        return self.parts or len(self.files) // 4

    def lost(self, now: Pieces) -> bool:
        """Return whether a file of it is not there ``now``."""
        return not _names(self.files) <= _names(now.files)

    def shares(self, now: Pieces) -> bool:
        """Return whether a file of it is there ``now``."""
        return not _names(self.files).isdisjoint(_names(now.files))


def _names(files: bytes) -> set[bytes]:
    return {files[at : at + 4] for at in range(0, len(files), 4)}


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
    """As the storage tells it: equal ones prove equal content, and unlike ones of one algorithm other content. One that
    is not MD5 has its algorithm before it, with a colon. Empty: not told."""
    complete: bool
    """Whether its marker stands beside it and says so, or none is asked for, and as many parts as must be stand."""
    pieces: Pieces | None = None
    """Of what consists of several files; None: it is a single one."""


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
    stretches: tuple[Stretch, ...] = ()
    """What an export of a monitoring system tells."""
    tests: tuple[ReportedTest, ...] = ()
    """What a test runner's report tells."""
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
    data_wrong: bool = False
    """Whether it failed because what it restored was wrong: then that copy is known to be broken."""
    real: bool = False
    """Whether this was a real outage, not a test."""
    contradicted: str = ""
    """What speaks against its record, so that it proves nothing; empty: nothing does."""
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
    of_kind: bool
    """Whether it speaks of a kind: the name of one means that kind, whatever else is called so."""


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
    others: int = 0
    """How many of its lines tell of other services: they are counted, and change nothing."""
    known_until: int = LONG_AGO
    """The newest complete look: what came later has not been seen."""
    unseen: tuple[Gap, ...] = ()
    """Why nothing after ``known_until`` was seen."""
    looks: tuple[Shown, ...] = ()
    """What each complete look showed of it, oldest first; empty where nobody kept that."""
    bounds: dict[int, tuple[int, int, int]] = field(default_factory=dict, init=False, compare=False, repr=False)
    """What each line that could not be read may tell, once :mod:`drcheck.core.history.log_lines` has worked it out."""
    of_copies: dict[str, Sequence[Check | Recovery]] = field(
        default_factory=dict, init=False, compare=False, repr=False
    )
    """Source to what checked one copy there, once :mod:`drcheck.core.rules.checks` has sought it out."""


class Doubt(NamedTuple):
    """Why a candidate does not surely count, for all of time or for a part of it."""

    why: str
    """Lower case, no full stop; what hangs on a setting names the one that would settle it."""
    during: Span = ALWAYS
    certain: bool = False
    """Whether it surely does not count then; else it may, or may not, and is judged both ways."""
    made: bool = False
    """Whether it was a whole backup when it was made, and only later found broken, or its chain gone."""


@dataclass(frozen=True, slots=True)
class Points:
    """The candidates of one source and data set, with their whole history: columns of one length, by ``data_lo``.

    A candidate counts surely, possibly or not: one in ``why_not`` never does; of any other its ``doubts`` say when it
    does not, or may not; one in neither always counts. Evaluators judge it favourably, counted whenever it may be, and
    unfavourably, counted only when it surely is, and where the two differ nobody knows.

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
    rewritten: Mapping[int, Sequence[tuple[int, int]]] = field(default_factory=dict)
    """Row to each time that its content was written anew: the last look that showed the older time of it, and the first
    that showed the newer one."""
    overwritten: AbstractSet[int] = frozenset()
    """Rows of what went as something else was written under its name."""
    second_of: Mapping[int, str] = field(default_factory=dict)
    """Row to the name of older data that has the same content: taken for a second name of it, with the data of that."""
    builds_on: Mapping[int, tuple[int, int]] = field(default_factory=dict)
    """Row to the instant of the very backup that it builds on, earliest and latest, where its name tells that."""
    incomplete: AbstractSet[int] = frozenset()
    """Rows of what was never complete: nothing can build on it."""
    why_not: Mapping[int, str] = field(default_factory=dict)
    """Row to the reason why that candidate never counts."""
    taken_until: int = 0
    """Until when what the newest complete look showed is taken to stand, where the source says so; 0: it does not."""
    arrival_by: str = ""
    """Whose word for arrivals the source takes: ``storage``, ``mtime``, ``manifest`` or ``name``."""
    doubts: Mapping[int, Sequence[Doubt]] = field(default_factory=dict)
    """Row to why, and when, that candidate does not surely count; the reason to give first comes first."""

    def __len__(self) -> int:
        return len(self.data_lo)

    @property
    def exact(self) -> bool:
        """Whether no instant is uncertain, and nothing in doubt."""
        instants = self.data_lo == self.data_hi and self.available_lo == self.available_hi
        return instants and self.gone_lo == self.gone_hi and not self.doubts

    def only(self, rows: Sequence[int]) -> Points:
        """Return the points of these rows alone, which are in order."""
        place = {row: index for index, row in enumerate(rows)}
        changes: dict[str, object] = {}
        for each in fields(self):
            told = getattr(self, each.name)
            if isinstance(told, Mapping):  # by row, or by row and something else
                changes[each.name] = {
                    (place[key[0]], *key[1:]) if isinstance(key, tuple) else place[key]: value
                    for key, value in told.items()
                    if (key[0] if isinstance(key, tuple) else key) in place
                }
            elif isinstance(told, AbstractSet):
                changes[each.name] = frozenset(place[row] for row in told if row in place)
            elif isinstance(told, array):
                changes[each.name] = array(told.typecode, (told[row] for row in rows))
            elif not isinstance(told, str | int) and told:
                changes[each.name] = tuple(told[row] for row in rows)
        return replace(self, **changes)  # type: ignore[arg-type]

    def counted(self) -> Iterator[int]:
        """Yield the rows that count surely or possibly, if only for some time, in order of ``data_lo``."""
        return (row for row in range(len(self.data_lo)) if row not in self.why_not)

    def counts(self, row: int, *, surely: bool, as_made: bool = False) -> Spans:
        """Return when a candidate counts: surely, or possibly, whether it stands then or not.

        With ``as_made`` what was found broken since, or lost its chain, counts as it did when it was made.
        """
        if row in self.why_not:
            return ()
        doubts = (one for one in self.doubts.get(row, ()) if not (as_made and one.made))
        return difference((ALWAYS,), union(one.during for one in doubts if surely or one.certain))

    def lies_within(self, row: int, start: int, end: int) -> bool:
        """Return whether the data of a candidate surely is of [start, end), whatever its instant."""
        return start <= self.data_lo[row] and self.data_hi[row] < end

    def counts_at(self, row: int, t: int, *, surely: bool) -> bool:
        """Return whether a candidate counts right after ``t``: surely, or possibly."""
        doubts = self.doubts.get(row, ())
        return row not in self.why_not and not any(one.during.includes(t) for one in doubts if surely or one.certain)

    def there(self, row: int, *, surely: bool, until_gone: bool, as_made: bool = False) -> Spans:
        """Return when a candidate was available and counted: surely, or possibly.

        What is gone since still counts, unless ``until_gone``; ``as_made``: see :meth:`counts`.
        """
        arrived, gone = (self.available_hi, self.gone_lo) if surely else (self.available_lo, self.gone_hi)
        span = Span(arrived[row], gone[row] if until_gone else FOREVER)
        if span.start >= span.end:
            return ()
        if row not in self.doubts and row not in self.why_not:
            return (span,)
        return intersection((span,), self.counts(row, surely=surely, as_made=as_made))

    def made_from(self, row: int) -> int:
        """Return from when a candidate surely was a backup, even if it has been found broken since.

        :data:`FOREVER`: never.
        """
        return next((span.start for span in self.there(row, surely=True, until_gone=False, as_made=True)), FOREVER)

    def doubt_at(self, row: int, t: int = FOREVER - 1) -> Doubt | None:
        """Return why a candidate does not surely count right after ``t``, or in the end; None: it does.

        What is certain comes first.
        """
        if why := self.why_not.get(row):
            return Doubt(why, certain=True)
        there = [one for one in self.doubts.get(row, ()) if one.during.includes(t)]
        return min(there, key=lambda one: not one.certain, default=None)

    def rejecting(self, reasons: Mapping[int, str]) -> Points:
        """Return the same candidates, of which those in ``reasons`` do not count; an earlier reason stands."""
        return replace(self, why_not={**reasons, **self.why_not}) if reasons else self

    def doubting(self, doubts: Mapping[int, Sequence[Doubt]]) -> Points:
        """Return the same candidates with further ``doubts``, by row, after those that were there."""
        if not doubts:
            return self
        more = {row: (*self.doubts.get(row, ()), *those) for row, those in doubts.items() if row not in self.why_not}
        return replace(self, doubts={**self.doubts, **more})


Row = tuple[Points, int]
"""A recovery point: the columns that it lies in, and its row there."""


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
    place: str = ""
    """The file that it is, or that tells of it, as ``CONNECTION:PATH``."""
    in_doubt: str = ""
    """Why it may not count; empty: it surely does, or surely does not."""
