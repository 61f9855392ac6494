"""The kinds of commitment, as values.

Durations are whole seconds, percentages :class:`~fractions.Fraction` as exact as they were written.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from decimal import Decimal
from enum import IntEnum, StrEnum
from fractions import Fraction

from drcheck.core.places import Different, Where


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


@dataclass(frozen=True, slots=True)
class Notice:
    """A notice period: either plain seconds or whole business days."""

    seconds: int = 0
    business_days: int = 0


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
