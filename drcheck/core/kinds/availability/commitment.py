"""What is promised about availability and its credits, and what judging that needs."""

from __future__ import annotations

from datetime import tzinfo
from enum import StrEnum
from fractions import Fraction
from typing import ClassVar

from msgspec import Struct, field

from drcheck.core.evaluation.inputs import Records, Terms
from drcheck.core.evaluation.interface import OfRecords
from drcheck.core.model.commitments import Money, Needs, Notice, Outside
from drcheck.core.model.evidence import Fact
from drcheck.core.model.readers import Tells
from drcheck.core.model.slots import Per
from drcheck.core.model.verdict import Finding, Window


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


class MaintenanceRule(Struct, frozen=True):
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


class Excuses(Struct, frozen=True):
    """Downtime that does not count."""

    maintenance: tuple[MaintenanceRule, ...] = ()
    """The first rule that fits a window takes its minutes."""
    causes: frozenset[str] = frozenset()
    """Causes, as outage logs name them."""


class Claim(Struct, frozen=True):
    """By when a credit must be claimed."""

    after: ClaimFrom
    within: Notice | None = None
    """None: at once, by that instant itself."""


class Credits(Struct, frozen=True):
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


class Availability(OfRecords, frozen=True):
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

    kind: ClassVar[str] = "availability"

    @classmethod
    def needs(cls) -> Needs:
        """Return what it can be judged on."""
        return Needs(proof=frozenset({Tells.OUTAGES, Tells.WATCHED}), beside=frozenset({Tells.MAINTENANCE}))

    def facts(self) -> frozenset[Fact]:
        """Return what it must know of each recovery point beside its listing."""
        return frozenset()

    def reach(self, start: int, grace: int, zone: tzinfo) -> int | None:  # noqa: ARG002
        """Return how far before a window's ``start`` data may lie that decides about it."""
        return 0

    def evaluate(self, records: Records, terms: Terms, window: Window) -> Finding:
        """Judge it over ``window``."""
        from drcheck.core.kinds.availability.evaluate import evaluate

        return evaluate(self, records, terms, window)
