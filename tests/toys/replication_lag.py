"""A toy kind: the newest data at every source is never older than ``at_most``; its value, needs and evaluator."""

from __future__ import annotations

from datetime import tzinfo
from typing import ClassVar

from drcheck.core.evaluation.inputs import Records, Subject, Terms
from drcheck.core.evaluation.interface import Counts, OfBackups
from drcheck.core.model.commitments import Needs
from drcheck.core.model.evidence import Fact
from drcheck.core.model.readers import Tells
from drcheck.core.model.status import Status
from drcheck.core.model.verdict import Finding, Piece, Window


class ReplicationLag(OfBackups, frozen=True):
    """The newest data at every source is never older than ``at_most``."""

    at_most: int = 0

    kind: ClassVar[str] = "replication_lag"

    @classmethod
    def needs(cls) -> Needs:
        return Needs(proof=frozenset({Tells.POINTS}), beside=frozenset())

    @classmethod
    def counts(cls) -> Counts:
        return Counts.LISTED

    def facts(self) -> frozenset[Fact]:
        return frozenset()

    def reach(self, start: int, grace: int, zone: tzinfo) -> int | None:
        return self.at_most

    def evaluate(self, subject: Subject, records: Records, terms: Terms, window: Window) -> Finding:
        late = [
            part.points.source
            for part in subject.parts
            if max(part.points.data_lo, default=0) < window.end - self.at_most
        ]
        status, reason = (Status.BREACHED, f"{late[0]} lags behind") if late else (Status.MET, "nothing lags behind")
        return Finding(subject.of, (Piece(window.start, window.end, status, reason),), reason)
