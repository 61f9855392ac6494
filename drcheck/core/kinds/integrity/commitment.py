"""What is promised about checks of backups, and what judging that needs."""

from __future__ import annotations

from datetime import tzinfo
from typing import ClassVar

from drcheck.core.evaluation.inputs import Records, Subject, Terms
from drcheck.core.evaluation.interface import Counts, OfBackups
from drcheck.core.model.commitments import Needs, Rung
from drcheck.core.model.evidence import Fact
from drcheck.core.model.readers import Tells
from drcheck.core.model.slots import Per
from drcheck.core.model.verdict import Finding, Window


class Integrity(OfBackups, frozen=True):
    """The evidence was checked to a rung of the ladder, recently enough."""

    level: Rung = Rung.CHECKSUMMED
    every: int | None = None
    """None: a check does not lapse."""

    kind: ClassVar[str] = "integrity"

    @classmethod
    def needs(cls) -> Needs:
        """Return what it can be judged on."""
        return Needs(proof=frozenset({Tells.POINTS, Tells.CHECKS}), beside=frozenset())

    @classmethod
    def counts(cls) -> Counts:
        """Return what of its backups counts."""
        return Counts.LISTED

    def facts(self) -> frozenset[Fact]:
        """Return what it must know of each recovery point beside its listing."""
        return frozenset({Fact.CHECKSUM} if self.level is Rung.CHECKSUMMED else ())

    def reach(self, start: int, grace: int, zone: tzinfo) -> int | None:  # noqa: ARG002
        """Return how far before a window's ``start`` data may lie that decides about it."""
        return max(self.every or 0, Per.MONTH.length)

    def evaluate(self, subject: Subject, records: Records, terms: Terms, window: Window) -> Finding:
        """Judge it over ``window``."""
        from drcheck.core.kinds.integrity.evaluate import evaluate

        return evaluate(self, subject, records, terms, window)
