"""What was seen: looks, what they showed, facts of it, and evidence gaps.

Instants are whole seconds since the epoch (UTC). What is uncertain is a pair (earliest, latest), ``*_lo`` and
``*_hi``. :data:`FOREVER` stands for "no upper bound is known".
"""

from __future__ import annotations

from collections.abc import Mapping
from enum import StrEnum
from typing import Final, NamedTuple

from msgspec import Struct

from drcheck.core.time.spans import Span

FOREVER: Final = 1 << 62
LONG_AGO: Final = -(1 << 62)
ALWAYS: Final = Span(LONG_AGO, FOREVER)
UNTOLD: Final = -1
"""The size of what nobody tells the size of."""
ZEROS: Final = "zeros"
"""The fingerprint of what holds nothing but zeros in all pieces of it that were read."""


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
    NEEDS = "needs"
    """Which segments of a log must stand beside it for it to be restored: the first and the last, and their place, in
    ``how`` (:func:`drcheck.core.rules.log_archives.needed`). Of a segment, which one it follows."""
    BUILDS_ON = "builds-on"
    """The very backup that it builds on, as its tool knows it: the instant of that one's data, in ``how``."""
    INODE = "inode"
    """Which file of its disk it is, in ``how``, where that file has several names (hard links)."""


class FactValue(NamedTuple):
    """What is known of one fact of one thing."""

    holds: bool | None
    """None: it could not be told."""
    how: str = ""
    """How it holds (``AES256``, ``age``, ``compliance``, ``governance``, ``unlocked``), or why it cannot be told."""
    until: int = 0
    """Of a lock its end, of a checksum the instant of the check, of a state when what says so was written; else 0."""


class StateRead(NamedTuple):
    """What an earlier look read of a candidate's state."""

    look: int
    """The look that first told so."""
    told: FactValue


class Described(NamedTuple):
    """A fact of one candidate, as one look found it."""

    name: str
    fact: Fact
    told: FactValue


class Gap(Struct, frozen=True):
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


class Look(Struct, frozen=True):
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
    """Bytes; :data:`UNTOLD` where what lists it does not tell."""
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
    facts: Mapping[Fact, FactValue]
    """Each with what was told of it."""


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

    def placed(self, place: str) -> Cited:
        """Return it as it lies in, or is told by, the file ``place``."""
        source, of, name, data_as_of, available_at, why_not, told, _, in_doubt = self
        return Cited(source, of, name, data_as_of, available_at, why_not, told, place, in_doubt)
