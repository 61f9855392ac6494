"""The answer to "what do I restore, and from where?", as values.

Durations are whole seconds, sizes bytes, instants seconds since the epoch (UTC).
"""

from __future__ import annotations

from collections.abc import Mapping
from enum import StrEnum
from typing import NamedTuple

from msgspec import Struct

from drcheck.core.model.commitments import Rung
from drcheck.core.model.status import Status


class Usable(StrEnum):
    """Whether a recovery point can be restored, by what counts for a recovery point objective."""

    YES = "yes"
    """It counted and stood at the newest look."""
    UNKNOWN = "unknown"
    """It may count, or may stand: nobody knows."""
    NO = "no"
    """It is there, and does not count."""


class Objective(NamedTuple):
    """A recovery time objective that the duration of a restore is held against."""

    commitment: str
    at_most: int
    shortest: int
    """The shortest time that the restore can have taken, as the commitment counts it."""
    longest: int | None
    """The longest; None: its record lacks the clock that would bound it."""

    @property
    def is_met(self) -> bool | None:
        """Whether the restore was in time; None: its record cannot tell."""
        if self.shortest > self.at_most:
            return False
        return True if self.longest is not None and self.longest <= self.at_most else None


class Restored(Struct, frozen=True):
    """The newest restore that passed of backups of one data set, source and kind."""

    record: str
    """The id of its record."""
    log: str
    """The source whose log tells of it."""
    real: bool
    """Whether it was a real recovery, not a test."""
    finished_at: int
    point_source: str
    point_name: str
    reached: Rung | None
    """The rung to which it was validated; None: not told."""
    took: int
    """Seconds from the start to the end that its record tells."""
    objectives: tuple[Objective, ...]
    in_doubt: str = ""
    """Why its record may be of something else; empty: it surely is of that."""


class RestoreStep(NamedTuple):
    """A backup that must be restored before another one."""

    source: str
    name: str
    place: str
    kind: str
    data_as_of: int
    size: int
    stands: bool
    """Whether a copy of it surely counts and stands."""


class KeyNeeded(NamedTuple):
    """What is known of a backup's encryption, and so of the key that a restore needs."""

    by_client: bool | None
    """Whether its own bytes are encrypted; None: not known."""
    client_how: str
    """The tool or format, or why it is not known."""
    by_storage: bool | None
    storage_how: str
    asked_by: tuple[str, ...]
    """The commitments that ask for encryption by the client there."""


class Thaw(NamedTuple):
    """An archive tier from which a backup must be brought back before it can be read."""

    tier: str
    longest: int
    """Seconds that its owner says an ordinary retrieval may take."""
    sure: bool
    """Whether it surely lies there."""


class Retained(NamedTuple):
    """Something that is known of how long a backup will stand."""

    until: int | None
    """None: without an end."""
    why: str
    """Who says so, in words."""
    firm: bool
    """Whether nobody can delete it before then."""
    ends: bool = False
    """Whether it must be gone by then, rather than stand until then."""


class RestorablePoint(Struct, frozen=True):
    """A recovery point, as one source holds it."""

    source: str
    site: str
    name: str
    place: str
    """The file, as policies write it: ``CONNECTION:PATH``."""
    kind: str
    """``full``, ``log``, …; empty: nobody told."""
    data_lo: int
    """The earliest instant that its data may be of."""
    data_hi: int
    arrived_at: int
    """By when it was there."""
    size: int
    usable: Usable
    why: str
    """Why it is not, or may not be, usable; empty: it is."""
    seen_at: int
    """The newest look that showed it."""
    survives: Mapping[str, bool | None]
    """Scenario to whether it survives; None: nobody stated where it lies."""
    steps: tuple[RestoreStep, ...]
    """What must be restored before it, in that order."""
    chain_in_doubt: str
    """Why ``steps`` may not be all, or in another order; empty: they are."""
    key: KeyNeeded
    thaw: Thaw | None
    standing: tuple[Retained, ...]
    restored: Restored | None
    """The newest restore that passed from this source, of this kind; None: none is known."""
    instead: str = ""
    """Of an alternative, why it is not the first choice."""


class Proven(NamedTuple):
    """A recovery point that a restore validated."""

    point: RestorablePoint
    restored: Restored


class DataSet(Struct, frozen=True):
    """What is known of one data set."""

    of: str
    usable: Usable
    """Whether ``first`` can be restored; of nothing at all, whether that is certain (``no``)."""
    why: str
    """Where it is not yes, the reason."""
    first: RestorablePoint | None
    """What to restore; None: nothing that stands may count."""
    copies: tuple[RestorablePoint, ...]
    """The other copies of it."""
    newer: tuple[RestorablePoint, ...]
    """What has newer data and does not count, or may not; newest first."""
    more_newer: int
    """How many more of these there are."""
    older: tuple[RestorablePoint, ...]
    """What else may be restored, in order of data, newest first."""
    more_older: int
    restored: Restored | None
    """The newest restore that passed of any backup of it; None: none is known."""
    proven: Proven | None
    """The newest point that stands and that a restore surely validated; None: none is known."""
    proven_in_doubt: str
    """Why there may be a newer one; empty: there is none."""


class Due(NamedTuple):
    """A promise that breaks by itself where nothing new comes."""

    commitment: str
    kind: str
    status: Status | None
    """As the newest look left it."""
    due_at: int | None
    """When it breaks; None: nothing says when, or it is broken or unknown already."""
    reason: str


class SourceKnowledge(NamedTuple):
    """How old, and how whole, the knowledge of one source is."""

    source: str
    place: str
    is_log: bool
    looked_at: int | None
    """The newest look; None: there was none."""
    whole_at: int | None
    """The newest complete one."""
    gaps: tuple[str, ...]
    """What the newest look could not see."""


class RestoreAnswer(Struct, frozen=True):
    """What is known of one service."""

    service: str
    title: str
    timezone: str
    scenario: str
    """What has happened; empty: nothing is taken to be lost."""
    lost_sites: tuple[str, ...]
    wanted: int | None
    """The instant whose state is wanted; None: the newest."""
    as_of: int
    """The instant that is judged: right after the newest look."""
    now: int
    sets: tuple[DataSet, ...]
    dues: tuple[Due, ...]
    known: tuple[SourceKnowledge, ...]
    notes: tuple[str, ...] = ()

    @property
    def usable(self) -> Usable:
        """What it comes to for all data sets together: the worst."""
        return max((one.usable for one in self.sets), key=tuple(Usable).index, default=Usable.UNKNOWN)
