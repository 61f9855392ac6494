"""What one look asks of backups beside its listing: how much it may, what was told, and what could not be."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Final

from msgspec import Struct, field
from msgspec.structs import replace

from drcheck.core.model import archive_tiers
from drcheck.core.model.evidence import Candidate, Described, Fact, FactValue, Gap
from drcheck.core.model.policy import Source
from drcheck.interfaces import Collector, CollectorError, LookRequest
from drcheck.readers import look_clock

MOST_ASKED: Final = 2500
"""Requests that one look makes beside its listing: a minute or so, well within its deadline."""
IN_A_ROW: Final = 3
"""Answers in a row that a fact cannot be told, after which it is not asked of the rest: a thousand others would be
refused as well."""
FACT_NAMES: Final = {
    Fact.STORAGE_ENCRYPTION: "encryption by the storage",
    Fact.CLIENT_ENCRYPTION: "encryption of the content",
    Fact.LOCK: "lock",
    Fact.LEGAL_HOLD: "legal hold",
    Fact.CHECKSUM: "checksum",
    Fact.STATE: "state",
}
"""Facts, as messages call them."""


class FactRequests(Struct):
    """What one look has asked so far."""

    collector: Collector
    source: Source
    asked: LookRequest
    archived: Mapping[str, FactValue]
    """Name to whether it lies in an archive tier."""
    told: list[Described] = field(default_factory=list)
    gaps: list[Gap] = field(default_factory=list)
    stopped: set[Fact] = field(default_factory=set)
    """Facts that need not be asked further: the place answered for all, refused, or failed."""
    left: dict[Fact, int] = field(default_factory=dict)
    """How many backups each fact was not asked of for want of requests."""
    frozen: dict[Fact, list[str]] = field(default_factory=dict)
    """The backups whose content could not be read for each fact, as they lie in an archive tier."""
    vain: dict[Fact, int] = field(default_factory=dict)
    """How many times in a row each fact, which nobody could tell before, could not be told again."""
    until: int = 0

    def __post_init__(self) -> None:
        self.until = self.collector.calls + MOST_ASKED

    @property
    def spent(self) -> bool:
        """Whether no further request may be made."""
        return self.collector.calls >= self.until

    def in_vain(self, candidate: Candidate, fact: Fact) -> bool:
        """Return whether an earlier look asked the same, and nobody could tell.

        Credentials, or another version of drcheck, may tell it now: the newest few show whether it is worth asking.
        """
        settled = self.asked.settled.get(candidate.name)
        return settled is not None and settled.shown == candidate and fact in settled.facts

    def tell_frozen(self) -> None:
        """Say how many backups were not read as they lie in an archive tier."""
        for fact, names in sorted(self.frozen.items()):
            more = f" and {len(names) - 1} more" if names[1:] else ""
            lie = "they lie" if more else "it lies"
            what = f"the {FACT_NAMES[fact]} of {names[0]}{more} cannot be read: {lie} in an archive tier"
            hint = "Keep the newest backups in a tier that is read at once, or rest this on tests of restored copies."
            self.gaps.append(Gap(what, hint, fact=fact))

    def is_frozen(self, candidate: Candidate, fact: Fact) -> bool:
        """Say of a candidate in an archive tier that its content cannot be read; returns whether it lies in one."""
        if not self.lies_in_archive(candidate):
            return False
        self.freeze(candidate, fact, archive_tiers.tier_named(self.archived[candidate.name].how).title)
        return True

    def lies_in_archive(self, candidate: Candidate) -> bool:
        """Return whether a candidate surely lies in an archive tier; where the listing cannot tell, reading shows."""
        told = self.archived.get(candidate.name)
        return told is not None and told.holds is True

    def freeze(self, candidate: Candidate, fact: Fact, tier: str) -> None:
        """Say that the content cannot be read; that is no refusal after which others need not be asked."""
        told = FactValue(None, f"it lies in {tier}, and cannot be read before it is brought back")
        self.told.append(Described(candidate.name, fact, told))
        self.frozen.setdefault(fact, []).append(candidate.name)

    def put(self, candidate: Candidate, fact: Fact, told: FactValue) -> None:
        """Keep what was told of a candidate."""
        if self.in_vain(candidate, fact):
            self.vain[fact] = self.vain.get(fact, 0) + 1 if told.holds is None else 0
        self.told.append(Described(candidate.name, fact, told))

    def leave(self, facts: Iterable[Fact]) -> None:
        """Count a backup that ``facts`` were not asked of, as no further request may be made."""
        for fact in facts:
            self.left[fact] = self.left.get(fact, 0) + 1

    def fail(self, facts: frozenset[Fact] | set[Fact], error: CollectorError) -> None:
        """Stop asking for ``facts``, as the place could not be asked."""
        self.stopped |= facts
        self.gaps += (replace(look_clock.gap(error), fact=fact) for fact in sorted(facts))


def backups_counted(count: int) -> str:
    """Return how many backups, as the beginning of a sentence."""
    return "1 backup was" if count == 1 else f"{count} backups were"
