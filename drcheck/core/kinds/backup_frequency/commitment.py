"""What is promised about how often backups are made, and what judging that needs."""

from __future__ import annotations

from datetime import tzinfo
from typing import ClassVar

from drcheck.core.evaluation.inputs import Records, Subject, Terms
from drcheck.core.evaluation.interface import Counts, OfBackups
from drcheck.core.model.commitments import Joined, Making, Needs
from drcheck.core.model.evidence import Fact
from drcheck.core.model.lateness import longest_interval, promised_by
from drcheck.core.model.readers import Tells
from drcheck.core.model.slots import Per
from drcheck.core.model.verdict import Finding, Window
from drcheck.core.time import calendar


class Frequency(OfBackups, frozen=True):
    """Backups are made often enough: exactly one of ``every``, ``per`` and ``schedule`` is set."""

    every: int | None = None
    at_least: int = 1
    per: Per | None = None
    schedule: str = ""
    grace: int | None = None
    of_kind: str = ""
    """Only backups of this kind count; empty: of any."""

    kind: ClassVar[str] = "backup_frequency"

    @classmethod
    def needs(cls) -> Needs:
        """Return what it can be judged on."""
        return Needs(proof=frozenset({Tells.POINTS}), beside=frozenset())

    @classmethod
    def counts(cls) -> Counts:
        """Return what of its backups counts."""
        return Counts.INTACT

    def facts(self) -> frozenset[Fact]:
        """Return what it must know of each recovery point beside its listing."""
        return frozenset()

    def reach(self, start: int, grace: int, zone: tzinfo) -> int | None:
        """Return how far before a window's ``start`` data may lie that decides about it."""
        if self.every is not None:
            return longest_interval(self.every, grace)
        if self.per is not None:
            return longest_interval(2 * self.per.length, grace)
        return start - calendar.last_tick(self.schedule, zone, promised_by(start, grace))

    def stated_grace(self) -> int | None:
        """Return the grace that it states."""
        return self.grace

    def making(self) -> Making:
        """Return how often it owes backups."""
        if self.every is not None:
            return Making(self.every, self.of_kind)
        if self.per is not None:
            return Making(self.per.longest, self.of_kind)
        return Making(calendar.longest_gap(self.schedule), self.of_kind)

    def joined(self) -> Joined:
        """Return how its wordings over time are put together: one slot decides."""
        return Joined.NEWEST_SLOT

    def evaluate(self, subject: Subject, records: Records, terms: Terms, window: Window) -> Finding:  # noqa: ARG002
        """Judge it over ``window``."""
        from drcheck.core.kinds.backup_frequency.evaluate import evaluate

        return evaluate(self, subject.only(self.of_kind), terms, window)
