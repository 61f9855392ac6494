"""Recovery point objective: the newest data that could be restored is never older than promised.

Exposure(t) is t minus the newest ``data_as_of`` among the points that stand at t in a source that survives the
scenario. It is breached while it is greater than ``at_most``.
"""

from __future__ import annotations

from datetime import tzinfo
from functools import partial
from typing import ClassVar

from msgspec.structs import replace

from drcheck.core import words
from drcheck.core.evaluation.exposure import Exposure, cite, rejected
from drcheck.core.evaluation.headroom import at_risk
from drcheck.core.evaluation.inputs import Records, Subject, Terms
from drcheck.core.evaluation.interface import Counts, OfBackups
from drcheck.core.model.commitments import Needs
from drcheck.core.model.evidence import LONG_AGO, Fact
from drcheck.core.model.readers import Tells
from drcheck.core.model.status import Status
from drcheck.core.model.verdict import Finding, Quantity, Window
from drcheck.core.time.timeline import cut, within


class Rpo(OfBackups, frozen=True):
    """Data that could be restored is never older than ``at_most``."""

    at_most: int = 0
    also: tuple[int, ...] = ()
    """Figures reported beside the objective, not judged."""

    kind: ClassVar[str] = "rpo"

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
        return frozenset()

    def reach(self, start: int, grace: int, zone: tzinfo) -> int | None:  # noqa: ARG002
        """Return how far before a window's ``start`` data may lie that decides about it."""
        return self.at_most

    def expects(self, grace: int) -> int | None:  # noqa: ARG002
        """Return how soon after one backup the next must have come."""
        return self.at_most

    def over_nothing(self) -> Status:
        """Return what it comes to where nothing survives: a recovery is then impossible."""
        return Status.BREACHED

    def as_judged(self) -> Rpo:
        """Return it without what is only said of it."""
        return replace(OfBackups.as_judged(self), also=())

    def evaluate(self, subject: Subject, records: Records, terms: Terms, window: Window) -> Finding:  # noqa: ARG002
        """Judge it over ``window``."""
        return evaluate(self, subject, terms, window)


def evaluate(commitment: Rpo, subject: Subject, terms: Terms, window: Window) -> Finding:
    """Judge one data set; ``subject`` holds the sources that survive the commitment's scenario, and no others."""
    exposure = Exposure.of(subject, commitment.at_most, terms.effective, window, until_gone=True)
    pieces = within(terms.binds, cut(window, exposure.changes(window), exposure.status_at, partial(_reason, exposure)))
    measured = exposure.age_at(window.end)
    deciding = exposure.surest.before(window.end)
    headroom = None if measured is None else commitment.at_most - measured
    return Finding(
        of=subject.of,
        pieces=pieces,
        reason=_reason(exposure, window.end - 1, window.end),
        objective=Quantity(commitment.at_most, "s"),
        measured=None if measured is None else Quantity(measured, "s"),
        worst=None if exposure.worst_age is None else Quantity(exposure.worst_age, "s"),
        headroom=None if headroom is None else Quantity(headroom, "s"),
        due_at=None if deciding is None else deciding[0].data_lo[deciding[1]] + commitment.at_most,
        at_risk=at_risk(commitment, pieces[-1].status, headroom, commitment.at_most),
        also=tuple((Quantity(figure, "s"), measured is not None and measured <= figure) for figure in commitment.also),
        evidence=(*([cite(deciding)] if deciding else []), *rejected(subject, window.start)),
        exhibit=exposure.exhibit(window) if terms.exhibits else None,
    )


def _reason(exposure: Exposure, t: int, as_of: int | None = None) -> str:
    """Say why the status right after ``t`` is what it is, with the age at ``as_of``, if that is given."""
    status, of = exposure.status_at(t), exposure.subject.of
    if status is None:
        return _not_owed(exposure, t)
    row = exposure.surest.at(t)
    if status is Status.UNKNOWN:
        why = exposure.why_unknown(t, f"newer data of {of} did not stand")
        if row is None:
            return why
        return f"newest data of {of} known to be restorable is of {words.instant(row[0].data_lo[row[1]])}; {why}"
    if row is not None:
        data = row[0].data_lo[row[1]]
        age = "" if as_of is None else f", {words.duration(max(0, as_of - data))} old"
        objective = words.duration(exposure.objective)
        newest = f"newest restorable data of {of} is of {words.instant(data)}{age}; the objective is {objective}"
        but = "" if as_of is None else exposure.passed_over(t)
        return f"{newest}; {but}" if but else newest
    sources = words.several([part.points.source for part in exposure.subject.parts])
    if (maybe := exposure.best.at(t)) is not None:
        newest = words.instant(maybe[0].data_hi[maybe[1]])
        return f"newest data of {of} that may still stand at {sources} is of {newest}, older than the objective"
    if exposure.best.steps(LONG_AGO, t)[0]:
        but = "" if as_of is None else exposure.passed_over(t)
        gone = but or f"every recovery point at {sources} is gone"
        return f"nothing of {of} can be restored any more: {gone}"
    but = "" if as_of is None else exposure.passed_over(t)
    return f"no recovery point of {of} that counts has ever been seen at {sources}{f'; {but}' if but else ''}"


def _not_owed(exposure: Exposure, t: int) -> str:
    assert exposure.effective is not None
    if t < exposure.effective:
        return f"nothing is owed yet: the agreement takes effect {words.instant(exposure.effective)}"
    due = words.instant(exposure.effective + exposure.objective)
    return f"nothing is owed yet: the first recovery point of {exposure.subject.of} is due {due}"
