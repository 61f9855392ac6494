"""What every commitment has, whatever its kind; each kind is a module of :mod:`drcheck.core.kinds`.

Durations are whole seconds, percentages :class:`~fractions.Fraction` as exact as they were written.
"""

from __future__ import annotations

from abc import abstractmethod
from datetime import tzinfo
from decimal import Decimal
from enum import IntEnum, StrEnum, auto
from fractions import Fraction
from typing import ClassVar, NamedTuple, Self

from msgspec import Struct
from msgspec.structs import replace

from drcheck.core.abstract_struct import AbstractStructMeta
from drcheck.core.model.evidence import Fact
from drcheck.core.model.lateness import longest_interval
from drcheck.core.model.readers import Tells
from drcheck.core.model.slots import Per


class Standing(IntEnum):
    """Who vouches for a fact, weakest first."""

    ATTESTED = auto()
    LOG = auto()
    SIGNED = auto()
    TOOL = auto()
    STORAGE = auto()
    DRILL = auto()


class Rung(IntEnum):
    """The ladder of integrity and validation, lowest first."""

    LISTED = auto()
    COMPLETE = auto()
    CHECKSUMMED = auto()
    STRUCTURE_CHECKED = auto()
    DATA_CHECKED = auto()
    RESTORED = auto()
    VALIDATED = auto()


class Outside(StrEnum):
    """What a restore test or a maintenance window must stay out of."""

    BUSINESS_HOURS = "business_hours"
    REGULAR_MAINTENANCE = "regular_maintenance"


class LockMode(StrEnum):
    """Which locks count: only those that nobody may lift, or any."""

    COMPLIANCE = "compliance"
    ANY = "any"


class Notice(Struct, frozen=True):
    """A notice period: either plain seconds or whole business days."""

    seconds: int = 0
    business_days: int = 0


class Needs(NamedTuple):
    """What a kind can be judged on."""

    proof: frozenset[Tells]
    """What can prove it: some of its evidence must tell one of these."""
    beside: frozenset[Tells]
    """What else tells something about it, and proves nothing alone."""


class Joined(StrEnum):
    """What counts at an instant of which several wordings have something to say."""

    WORST = "worst"
    """All that are owed at once decide."""
    NEWEST_SLOT = "newest slot"
    """The newest slot that is due decides."""
    NEWEST_SLOT_HELD = "newest slot that holds points"
    """As before; that no slot of a new wording holds any settles nothing, and a breach stands."""


class Making(NamedTuple):
    """How often backups are owed."""

    every: int
    """The longest time, in seconds, between two of them."""
    of_kind: str
    """Of which kind they must be; empty: of any."""


class Commitment(Struct, frozen=True, metaclass=AbstractStructMeta):
    """What every commitment has, and what every kind must say of itself."""

    id: str
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

    kind: ClassVar[str]
    """Its name in policies and reports."""

    @classmethod
    @abstractmethod
    def needs(cls) -> Needs:
        """Return what it can be judged on."""

    @abstractmethod
    def facts(self) -> frozenset[Fact]:
        """Return what it must know of each recovery point beside its listing."""

    @abstractmethod
    def reach(self, start: int, grace: int, zone: tzinfo) -> int | None:
        """Return how far, in seconds, before a window's ``start`` data may lie that decides about it; None: anywhere.

        ``grace`` is the one that holds for it (:mod:`drcheck.core.model.grace`), ``zone`` that of its slots.
        """

    def stated_grace(self) -> int | None:
        """Return the grace, in seconds, that it states; None: :mod:`drcheck.core.model.grace` says which one holds."""
        return None

    def making(self) -> Making | None:
        """Return how often it owes backups; None: it owes none."""
        return None

    def expects(self, grace: int) -> int | None:
        """Return how soon, in seconds, after one backup the next must have come; None: it asks for none.

        ``grace`` is the one that holds for it.
        """
        making = self.making()
        return None if making is None else longest_interval(making.every, grace)

    def leaves_making_to(self, other: Commitment) -> bool:
        """Return whether a backup that was never made is a breach of ``other``, and none of this one."""
        del other
        return False

    def locked_for(self) -> int:
        """Return for how long, in seconds, it wants backups to be locked."""
        return 0

    def deleted_after(self) -> int | None:
        """Return how old, in seconds, data may be that is still held anywhere; None: it sets no bound."""
        return None

    def kept(self) -> tuple[Per, int] | None:
        """Return for how long, in seconds, it wants a backup of each slot to stand; None: it does not say."""
        return None

    def joined(self) -> Joined:
        """Return how its wordings over time are put together."""
        return Joined.WORST

    def aspects(self) -> dict[str, Self]:
        """Return what of it is judged on its own, by a name, where its wordings are put together."""
        return {"": self}

    def as_judged(self) -> Self:
        """Return it without what is only said of it."""
        return replace(self, in_force_from=None, clause="", quote="", controls=(), applies="", note="", warn_at=None)


class Money(Struct, frozen=True):
    """An amount, exactly, in a currency (ISO 4217)."""

    amount: Decimal
    currency: str
