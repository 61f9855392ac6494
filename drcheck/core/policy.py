"""What was promised: one policy, as values.

Durations are whole seconds, sizes bytes, instants seconds since the epoch (UTC), percentages
:class:`~fractions.Fraction` or :class:`~decimal.Decimal` as exact as they were written.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import IntEnum, StrEnum
from fractions import Fraction
from typing import Final


class Kind(StrEnum):
    """The kinds of commitment."""

    RPO = "rpo"
    RTO = "rto"
    BACKUP_FREQUENCY = "backup_frequency"
    RETENTION = "retention"
    ENCRYPTION = "encryption"
    COPIES = "copies"
    IMMUTABILITY = "immutability"
    INTEGRITY = "integrity"
    RESTORE_TEST = "restore_test"
    AVAILABILITY = "availability"


class Standing(IntEnum):
    """Who vouches for a fact, weakest first."""

    ATTESTED = 1
    LOG = 2
    SIGNED = 3
    TOOL = 4
    STORAGE = 5
    DRILL = 6


class Rung(IntEnum):
    """The ladder of integrity and validation, lowest first."""

    LISTED = 1
    COMPLETE = 2
    CHECKSUMMED = 3
    STRUCTURE_CHECKED = 4
    DATA_CHECKED = 5
    RESTORED = 6
    VALIDATED = 7


class Per(StrEnum):
    """A calendar slot."""

    HOUR = "hour"
    DAY = "day"
    WEEK = "week"
    MONTH = "month"


class Reader(StrEnum):
    """How the bytes at a source are read."""

    OBJECTS = "objects"
    RESTORE_LOG = "restore-log"
    OUTAGE_LOG = "outage-log"
    MAINTENANCE_LOG = "maintenance-log"
    ATTESTATIONS = "attestations"


class Arrival(StrEnum):
    """Whose word counts for the instant at which a recovery point was complete, and here."""

    STORAGE = "storage"
    MTIME = "mtime"
    MANIFEST = "manifest"
    NAME = "name"


class CountsFrom(StrEnum):
    """Where the clock of a recovery time starts."""

    DISRUPTION = "disruption"
    DECLARATION = "declaration"
    RESTORE_START = "restore_start"


class Until(StrEnum):
    """Where the clock of a recovery time stops."""

    RESTORED = "restored"
    VALIDATED = "validated"


class Outside(StrEnum):
    """What a restore test or a maintenance window must stay out of."""

    BUSINESS_HOURS = "business_hours"
    REGULAR_MAINTENANCE = "regular_maintenance"


NEVER: Final = 1 << 62
"""``thinned_after: never``: nothing is ever pruned at this source."""


@dataclass(frozen=True, slots=True)
class Site:
    """Where copies lie: a copy's fate is its site's fate."""

    name: str
    provider: str = ""
    region: str = ""
    area: str = ""
    account: str = ""
    part_of: str = ""
    """The site that this one is lost with."""


@dataclass(frozen=True, slots=True)
class Notice:
    """A notice period: either plain seconds or whole business days."""

    seconds: int = 0
    business_days: int = 0


@dataclass(frozen=True, slots=True)
class BusinessCalendar:
    """Which days and hours are business."""

    weekdays: frozenset[int] = frozenset({0, 1, 2, 3, 4})
    """0 is Monday."""
    opens: int = 0
    """Seconds after local midnight."""
    closes: int = 86400
    country: str = ""
    """ISO 3166-1 code whose public holidays are not business days (package ``holidays``); empty: none."""
    also: frozenset[tuple[int, int]] = frozenset()
    """Further (month, day) that are not business days."""


@dataclass(frozen=True, slots=True)
class Source:
    """Where evidence lies, and how to read it."""

    name: str
    connection: str
    """The alias of the runner's connection."""
    path: str
    """Below the connection's root; for blob storage ``BUCKET/PREFIX``. ``!NAME`` is a named read."""
    reader: Reader
    of: tuple[str, ...]
    """The data sets it must hold."""
    site: str = ""
    template: str = ""
    """How a name tells data set, instant and kind (policy key ``name``)."""
    name_zone: str = ""
    planned: str = ""
    """Cron expression of when backups are meant to start; lint and forecasts only."""
    max_duration: int | None = None
    min_size: int = 1
    max_shrink: Fraction | None = None
    """Largest share by which a candidate may be smaller than the median before it."""
    new_size_from: int | None = None
    """Instant from which the median of sizes starts afresh."""
    complete_when: str = ""
    """Name of the marker that stands beside a complete candidate, with ``{name}``."""
    available_at: Arrival = Arrival.STORAGE
    thinned_after: int | None = None
    """Points younger than this have not been pruned; None: not stated; :data:`NEVER`."""
    identical_dumps: bool = False
    """Whether two backups may truly have the same content."""

    @property
    def identity(self) -> str:
        """What makes it the same place, read in the same way: another one begins a history of its own."""
        read = f"{self.reader}\n{self.template}\n{self.name_zone}\n{self.complete_when}\n{self.available_at}"
        return f"{self.name}\n{self.connection}:{self.path}\n{' '.join(sorted(self.of))}\n{read}"


@dataclass(frozen=True, slots=True)
class Commitment:
    """What every commitment has, whatever its kind."""

    id: str
    kind: Kind
    evidence: tuple[str, ...]
    scenario: str = ""
    zone: str = ""
    clause: str = ""
    quote: str = ""
    controls: tuple[str, ...] = ()
    applies: str = ""
    note: str = ""
    min_standing: Standing | None = None
    in_force_from: int | None = None
    warn_at: Fraction | None = None
    """Share of the objective below which headroom is *at risk*; None: a tenth."""


@dataclass(frozen=True, slots=True)
class Rpo(Commitment):
    """Data that could be restored is never older than ``at_most``."""

    at_most: int = 0
    also: tuple[int, ...] = ()
    """Figures reported beside the objective, not judged."""


@dataclass(frozen=True, slots=True)
class Rto(Commitment):
    """A recovery takes at most ``at_most``, and that has been proven."""

    at_most: int = 0
    counts_from: CountsFrom = CountsFrom.DISRUPTION
    until: Until = Until.VALIDATED
    not_counted: frozenset[str] = frozenset()
    """Names of the phases that do not count."""
    proven_within: int = 365 * 86400


@dataclass(frozen=True, slots=True)
class Frequency(Commitment):
    """Backups are made often enough: exactly one of ``every``, ``per`` and ``schedule`` is set."""

    every: int | None = None
    at_least: int = 1
    per: Per | None = None
    schedule: str = ""
    grace: int | None = None


@dataclass(frozen=True, slots=True)
class Retention(Commitment):
    """What is owed still stands; nothing older than ``at_most`` does."""

    keep: int | None = None
    per: Per = Per.DAY
    tiers: Mapping[Per, int] = field(default_factory=dict)
    at_most: int | None = None
    grace: int | None = None
    """How late deletion may run (default two days) and slots may be filled (default: see ``core.terms``)."""


@dataclass(frozen=True, slots=True)
class RestoreTest(Commitment):
    """Restore tests pass often enough, on the rung asked, announced in time."""

    every: int | None = None
    notice: Notice | None = None
    outside: Outside | None = None
    validation: Rung = Rung.RESTORED


@dataclass(frozen=True, slots=True)
class NotYetJudged(Commitment):
    """A kind that the language knows and this version does not judge yet."""


@dataclass(frozen=True, slots=True)
class Waiver:
    """An accepted breach, with owner, reason and expiry."""

    commitment: str
    until: int
    """The first instant at which it no longer holds: the end of its last day, in the policy's zone."""
    owner: str
    reason: str


@dataclass(frozen=True, slots=True)
class Agreement:
    """The document that the promises come from."""

    title: str = ""
    provider: str = ""
    effective: int | None = None
    """Before this instant nothing is judged."""
    ends: int | None = None
    """From this instant nothing is owed any more."""


@dataclass(frozen=True, slots=True)
class Policy:
    """The commitments of one service."""

    service: str
    file: str
    """The file it was read from, as the user named it."""
    sha256: str
    """Of that file's bytes and of the templates it extends."""
    text: str
    """What was read: the file, then the templates it extends, each after a line that names it."""
    timezone: str
    sources: Mapping[str, Source]
    commitments: tuple[Commitment, ...]
    title: str = ""
    owner: str = ""
    agreement: Agreement = field(default_factory=Agreement)
    silent_on: tuple[Kind, ...] = ()
    business: BusinessCalendar = field(default_factory=BusinessCalendar)
    sites: Mapping[str, Site] = field(default_factory=dict)
    runs_at: tuple[str, ...] = ()
    scenarios: Mapping[str, frozenset[str]] = field(default_factory=dict)
    """Scenario to the sites it takes away, as written (``part_of`` not yet followed)."""
    waivers: tuple[Waiver, ...] = ()

    def lost_sites(self, scenario: str) -> frozenset[str]:
        """Return every site that ``scenario`` takes away: a site is lost with the one it is part of."""
        lost = set(self.scenarios.get(scenario, frozenset()))
        for site in self.sites.values():
            chain = [site.name]
            while (parent := self.sites[chain[-1]].part_of) and parent in self.sites and parent not in chain:
                chain.append(parent)
            if lost.intersection(chain):
                lost.add(site.name)
        return frozenset(lost)
