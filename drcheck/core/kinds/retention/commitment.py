"""What is promised about how long backups are kept, and what judging that needs."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import tzinfo
from typing import ClassVar

from msgspec import field
from msgspec.structs import replace

from drcheck.core.evaluation.inputs import Records, Subject, Terms
from drcheck.core.evaluation.interface import Counts, OfBackups
from drcheck.core.history.part import of_kind
from drcheck.core.model import grace
from drcheck.core.model.commitments import Commitment, Needs
from drcheck.core.model.evidence import Fact
from drcheck.core.model.readers import Tells
from drcheck.core.model.slots import Per
from drcheck.core.model.verdict import Finding, Window


class Retention(OfBackups, frozen=True):
    """What is owed still stands; nothing older than ``at_most`` does."""

    keep: int | None = None
    per: Per = Per.DAY
    tiers: Mapping[Per, int] = field(default_factory=dict)
    at_most: int | None = None
    grace: int | None = None
    """How late deletion may run, and slots may be filled; None: :mod:`drcheck.core.model.grace` says for both."""
    of_kind: str = ""
    """Only backups of this kind count; empty: of any."""

    kind: ClassVar[str] = "retention"

    @classmethod
    def needs(cls) -> Needs:
        """Return what it can be judged on."""
        return Needs(proof=frozenset({Tells.POINTS}), beside=frozenset())

    @classmethod
    def counts(cls) -> Counts:
        """Return what of its backups counts."""
        return Counts.RESTORABLE

    def facts(self) -> frozenset[Fact]:
        """Return what it must know of each recovery point beside its listing, or of the place."""
        return frozenset() if self.at_most is None else frozenset({Fact.EARLIER})

    def reach(self, start: int, grace: int, zone: tzinfo) -> int | None:  # noqa: ARG002
        """Return how far before a window's ``start`` data may lie that decides about it."""
        if self.at_most is not None:
            return None
        # A slot without a backup uses up no place in a tier: look twice as far.
        tiers = (2 * (count + 1) * per.length for per, count in self.tiers.items())
        return max(self.keep or 0, *tiers, 0) + self.per.length

    def stated_grace(self) -> int | None:
        """Return the grace that it states, for slots and for deletion alike."""
        return self.grace

    def leaves_making_to(self, other: Commitment) -> bool:
        """Return whether ``other`` owes backups as often as this one keeps them: what was never made is its breach."""
        making = other.making()
        often = self.per.longest
        often_enough = making is not None and making.every <= often and self.of_kind in {"", making.of_kind}
        return often_enough and self.keep is not None

    def deleted_after(self) -> int | None:
        """Return how old data may be, with what deletion may be late."""
        return None if self.at_most is None else self.at_most + grace.of_deletion(self)

    def kept(self) -> tuple[Per, int] | None:
        """Return for how long a backup of each slot stands; of tiers nobody can say so: newer slots push out older."""
        return None if self.keep is None else (self.per, self.keep)

    def evaluate(self, subject: Subject, records: Records, terms: Terms, window: Window) -> Finding:  # noqa: ARG002
        """Judge it over ``window``."""
        from drcheck.core.kinds.retention.evaluate import evaluate

        made = tuple(of_kind(part, self.of_kind) for part in terms.made)
        return evaluate(self, subject.only(self.of_kind), replace(terms, made=made), window)
