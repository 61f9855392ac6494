"""What is promised about copies, and what judging that needs."""

from __future__ import annotations

from datetime import tzinfo
from typing import ClassVar

from msgspec.structs import replace

from drcheck.core.evaluation.inputs import Records, Subject, Terms
from drcheck.core.evaluation.interface import Counts, OfBackups
from drcheck.core.model.commitments import Joined, Needs
from drcheck.core.model.evidence import Fact
from drcheck.core.model.readers import Tells
from drcheck.core.model.sites import Different, Where
from drcheck.core.model.slots import Per
from drcheck.core.model.verdict import Finding, Window


class Copies(OfBackups, frozen=True):
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

    kind: ClassVar[str] = "copies"

    @classmethod
    def needs(cls) -> Needs:
        """Return what it can be judged on."""
        return Needs(proof=frozenset({Tells.POINTS}), beside=frozenset())

    @classmethod
    def counts(cls) -> Counts:
        """Return what of its backups counts."""
        return Counts.RESTORABLE

    def facts(self) -> frozenset[Fact]:
        """Return what it must know of each recovery point beside its listing."""
        return frozenset() if self.at_least is None else frozenset({Fact.INODE})

    def reach(self, start: int, grace: int, zone: tzinfo) -> int | None:  # noqa: ARG002
        """Return how far before a window's ``start`` data may lie that decides about it."""
        if self.at_least is None or self.all_in is not None:
            return None  # every copy that stands, however old
        return 2 * (self.per.length + self.matching) + self.within

    def joined(self) -> Joined:
        """Return how its wordings over time are put together: of what is counted by slots, the newest one decides."""
        return Joined.WORST if self.at_least is None else Joined.NEWEST_SLOT_HELD

    def aspects(self) -> dict[str, Copies]:
        """Return how many copies there are, by slots, and where all lie, as far as it says so."""
        counted = {} if self.at_least is None else {"counted": replace(self, all_in=None)}
        return counted if self.all_in is None else {**counted, "everywhere": replace(self, at_least=None)}

    def evaluate(self, subject: Subject, records: Records, terms: Terms, window: Window) -> Finding:  # noqa: ARG002
        """Judge it over ``window``."""
        from drcheck.core.kinds.copies.evaluate import evaluate

        return evaluate(self, subject, terms, window)
