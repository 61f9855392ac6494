"""What was promised: one policy, as values.

Durations are whole seconds, sizes bytes, instants seconds since the epoch (UTC), percentages
:class:`~fractions.Fraction` or :class:`~decimal.Decimal` as exact as they were written.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from decimal import Decimal
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
    QUARTER = "quarter"
    YEAR = "year"


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


class Different(StrEnum):
    """In what copies must differ to count as several."""

    SITE = "site"
    REGION = "region"
    PROVIDER = "provider"
    ACCOUNT = "account"
    MEDIA = "media"


class By(StrEnum):
    """Who encrypts: the storage at rest, the backup tool before it leaves, or either."""

    STORAGE = "storage"
    CLIENT = "client"
    EITHER = "either"


class LockMode(StrEnum):
    """Which locks count: only those that nobody may lift, or any."""

    COMPLIANCE = "compliance"
    ANY = "any"


class Formula(StrEnum):
    """How availability is counted: of all minutes of the period, or of those without maintenance."""

    OF_TOTAL = "of_total"
    """(T - D) / T."""
    OF_SERVICE_TIME = "of_service_time"
    """(T - M - D) / (T - M), with M the downtime excused as maintenance."""


class ClaimFrom(StrEnum):
    """From when the time to claim a credit runs."""

    PERIOD_END = "period_end"
    MONTH_END = "month_end"
    NEXT_MONTH_END = "next_month_end"
    OUTAGE_END = "outage_end"
    LAST_REPORT = "last_report"


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
    media: str = ""
    """What the copies lie on: disk, tape, object storage, …"""
    part_of: str = ""
    """The site that this one is lost with."""


@dataclass(frozen=True, slots=True)
class Place:
    """Where a source lies, with everything that its site has from the sites it is part of; empty: not stated."""

    site: str = ""
    sites: frozenset[str] = frozenset()
    """The site and every site that it is part of."""
    provider: str = ""
    region: str = ""
    area: str = ""
    account: str = ""
    media: str = ""

    def of(self, different: Different) -> str:
        """Return what a place is by one property; empty: not stated."""
        match different:
            case Different.SITE:
                return self.site
            case Different.REGION:
                return self.region
            case Different.PROVIDER:
                return self.provider
            case Different.ACCOUNT:
                return self.account
            case Different.MEDIA:
                return self.media


@dataclass(frozen=True, slots=True)
class Where:
    """A choice of places: a place fits if it fits every key that is given (none: empty)."""

    site: frozenset[str] = frozenset()
    region: frozenset[str] = frozenset()
    provider: frozenset[str] = frozenset()
    account: frozenset[str] = frozenset()
    area: frozenset[str] = frozenset()

    def fits(self, place: Place) -> bool | None:
        """Return whether ``place`` fits; None: what is stated of it does not tell.

        A site fits with everything that is part of it.
        """
        told: list[bool | None] = []
        if self.site:
            told.append(not self.site.isdisjoint(place.sites) if place.sites else None)
        for asked, its in (
            (self.region, place.region),
            (self.provider, place.provider),
            (self.account, place.account),
            (self.area, place.area),
        ):
            if asked:
                told.append(its in asked if its else None)
        if False in told:
            return False
        return None if None in told else True


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
    def export(self) -> bool:
        """Whether a monitoring system writes it anew each time, for a range of its own; a log is appended to."""
        return self.reader is Reader.OUTAGE_LOG and self.path.endswith(".json")

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
class Copies(Commitment):
    """Each slot has a point with enough complete copies, far enough apart, in time; every copy lies where it must."""

    at_least: int | None = None
    different: Different | None = None
    counted_outside: Where | None = None
    counted_in: Where | None = None
    all_in: Where | None = None
    within: int = 86400
    """Seconds after the instant of its data at which a copy must have arrived."""
    per: Per = Per.DAY
    matching: int = 600
    """Points of different sources whose data lies this close, in seconds, are copies of one."""


@dataclass(frozen=True, slots=True)
class Encryption(Commitment):
    """Every candidate that holds data is encrypted."""

    by: By = By.EITHER


@dataclass(frozen=True, slots=True)
class Immutability(Commitment):
    """No point can be deleted before ``at_least`` seconds after it arrived."""

    at_least: int = 0
    mode: LockMode = LockMode.ANY


@dataclass(frozen=True, slots=True)
class Integrity(Commitment):
    """The evidence was checked to a rung of the ladder, recently enough."""

    level: Rung = Rung.CHECKSUMMED
    every: int | None = None
    """None: a check does not lapse."""


@dataclass(frozen=True, slots=True)
class MaintenanceRule:
    """Which announced maintenance is excused."""

    type: str
    notice: Notice | None = None
    outside: Outside | None = None
    at_most: int | None = None
    """Seconds that are excused in a period, the earliest first."""
    leaves_service_time: bool = True
    """Whether it leaves the denominator of ``of_service_time`` as well."""
    once_per: Per | None = None
    """Of the windows that begin in one such slot, only the first is excused."""


@dataclass(frozen=True, slots=True)
class Excuses:
    """Downtime that does not count."""

    maintenance: tuple[MaintenanceRule, ...] = ()
    """The first rule that fits a window takes its minutes."""
    causes: frozenset[str] = frozenset()
    """Causes, as outage logs name them."""


@dataclass(frozen=True, slots=True)
class Claim:
    """By when a credit must be claimed."""

    after: ClaimFrom
    within: Notice | None = None
    """None: at once, by that instant itself."""


@dataclass(frozen=True, slots=True)
class Money:
    """An amount, exactly, in a currency (ISO 4217)."""

    amount: Decimal
    currency: str


@dataclass(frozen=True, slots=True)
class Credits:
    """What a shortfall costs: exactly one of ``tiers``, ``per_percent``, ``full_hours_times`` and ``ratio`` is set."""

    of: str = ""
    """What the credit is a part of, in words."""
    tiers: tuple[tuple[Fraction, Fraction], ...] = ()
    """(availability below, credit as a share): the lowest one reached decides."""
    per_percent: Fraction | None = None
    """Credit, as a share, for each per cent under the target."""
    whole: bool = False
    """With ``per_percent``: only whole per cents count."""
    full_hours_times: int | None = None
    """Hours credited for every full hour of downtime."""
    each: bool = True
    """With ``full_hours_times``: full hours are counted in each outage, not in their sum."""
    ratio: int | None = None
    """The credit is this many times the shortfall, as a share."""
    at_most: Fraction | None = None
    claim: Claim | None = None
    paid_within: int | None = None
    fee: Money | None = None
    """What is paid for a month, if the policy tells."""


@dataclass(frozen=True, slots=True)
class Availability(Commitment):
    """The period's availability, without what is excused, reaches the target."""

    at_least: Fraction = Fraction(0)
    per: Per = Per.MONTH
    """``DAY``, ``MONTH``, ``QUARTER`` or ``YEAR``."""
    total_only: bool = False
    """Whether partial outages do not count."""
    formula: Formula = Formula.OF_TOTAL
    excused: Excuses = field(default_factory=Excuses)
    credits: Credits | None = None
    fresh_within: int = 86400
    """How old, in seconds, the last watched instant of an open period may be."""


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
        lost = self.scenarios.get(scenario, frozenset())
        return lost.union(name for name in self.sites if not lost.isdisjoint(self._chain(name)))

    def place(self, site: str) -> Place:
        """Return where ``site`` is: what it does not state of itself it has from the site that it is part of."""
        chain = [self.sites[name] for name in self._chain(site)]

        def first(told: Iterable[str]) -> str:
            return next(filter(None, told), "")

        return Place(
            site=site,
            sites=frozenset(one.name for one in chain),
            provider=first(one.provider for one in chain),
            region=first(one.region for one in chain),
            area=first(one.area for one in chain),
            account=first(one.account for one in chain),
            media=first(one.media for one in chain),
        )

    def _chain(self, site: str) -> list[str]:
        """Return a site and those that it is part of, nearest first."""
        chain = [site] if site in self.sites else []
        while chain and (parent := self.sites[chain[-1]].part_of) in self.sites and parent not in chain:
            chain.append(parent)
        return chain
