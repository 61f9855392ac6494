"""Immutability: no recovery point can be deleted before ``at_least`` seconds after it arrived.

A point that is missed within that time, though a lock that nobody may lift kept it, still stands behind a delete
marker (https://docs.aws.amazon.com/AmazonS3/latest/userguide/object-lock.html): the lock keeps its promise. What came
and went before anybody looked is not judged.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from datetime import tzinfo
from functools import partial
from typing import ClassVar, NamedTuple

from drcheck.core import words
from drcheck.core.evaluation import why_unknown
from drcheck.core.evaluation.every_point import Bound, EveryPoint, states, why_untold
from drcheck.core.evaluation.inputs import Records, Subject, Terms
from drcheck.core.evaluation.interface import Counts, OfBackups
from drcheck.core.history.absence import proved_at_all
from drcheck.core.history.part import Part
from drcheck.core.model.commitments import LockMode, Needs
from drcheck.core.model.evidence import FOREVER, LONG_AGO, Fact, FactValue
from drcheck.core.model.readers import Tells
from drcheck.core.model.status import Status
from drcheck.core.model.verdict import Finding, Window
from drcheck.core.time.calendar import DAY
from drcheck.core.time.spans import Span, includes, union

LATE = 7 * DAY
"""How long after its data a copy may arrive and still be looked for: a lock counts from the arrival."""

_SAID: Mapping[bool | None, str] = {True: "locked", False: "not locked for long enough", None: "not known to be locked"}


class _Locked(NamedTuple):
    """What keeps one point from being deleted."""

    enough: bool | None
    """None: nobody can tell."""
    why: str
    """What is wanting, in words, or why nobody can tell; of what is enough, what it is."""
    firmly: bool = False
    """Of what is enough, whether nobody may lift it."""


class Immutability(OfBackups, frozen=True):
    """No point can be deleted before ``at_least`` seconds after it arrived."""

    at_least: int = 0
    mode: LockMode = LockMode.ANY

    kind: ClassVar[str] = "immutability"

    @classmethod
    def needs(cls) -> Needs:
        """Return what it can be judged on."""
        return Needs(proof=frozenset({Tells.POINTS}), beside=frozenset())

    @classmethod
    def counts(cls) -> Counts:
        """Return what of its backups counts."""
        return Counts.LISTED

    def facts(self) -> frozenset[Fact]:
        """Return what it must know of each recovery point beside its listing."""
        # A legal hold can be lifted.
        held = () if self.mode is LockMode.COMPLIANCE else (Fact.LEGAL_HOLD,)
        return frozenset({Fact.LOCK, *held})

    def reach(self, start: int, grace: int, zone: tzinfo) -> int | None:  # noqa: ARG002
        """Return how far before a window's ``start`` data may lie that decides about it."""
        return self.at_least + LATE

    def locked_for(self) -> int:
        """Return for how long it wants backups to be locked."""
        return self.at_least

    def evaluate(self, subject: Subject, records: Records, terms: Terms, window: Window) -> Finding:  # noqa: ARG002
        """Judge it over ``window``."""
        return evaluate(self, subject, terms, window)


def evaluate(commitment: Immutability, subject: Subject, terms: Terms, window: Window) -> Finding:
    """Judge one data set; ``subject`` holds every source of the commitment that holds it."""
    bound = [one for part in subject.parts for one in _bound(part, commitment)]
    age = commitment.at_least + LATE
    seen = proved_at_all(part.absence.none_newer_stood(age, *window) for part in subject.parts)
    every = EveryPoint.of(bound, seen, union(one.surely for one in bound if one.keeps))
    return every.finding(subject.of, "points", _SAID, terms, window, partial(_reason, commitment, every, subject))


def _bound(part: Part, commitment: Immutability) -> Iterator[Bound]:
    points, time = part.points, commitment.at_least
    for row in points.counted():
        available_lo, available_hi = points.available_lo[row], points.available_hi[row]
        gone_lo, gone_hi = points.gone_lo[row], points.gone_hi[row]
        inside, may_be_inside = Span(available_hi, available_lo + time), Span(available_lo, available_hi + time)
        locked = _Locked(None, "")
        for span, known in states(points, row, (Fact.LOCK, Fact.LEGAL_HOLD)):
            if span.start > gone_lo and span.start != LONG_AGO:
                break
            locked = _locked(part, row, known, commitment)
            yield Bound(
                (points, row),
                locked.enough,
                Span(max(span.start, inside.start), min(span.end, inside.end, gone_lo)),
                Span(max(span.start, may_be_inside.start), min(span.end, may_be_inside.end, gone_hi)),
                locked.why,
            )
        if gone_lo < may_be_inside.end:
            after = _after_it_went(locked, gone_lo, gone_hi)
            since = gone_lo if after.enough is locked.enough else gone_hi
            yield Bound(
                (points, row),
                after.enough,
                Span(max(since, inside.start), inside.end),
                Span(max(gone_lo, may_be_inside.start), may_be_inside.end),
                after.why,
            )


def _locked(part: Part, row: int, known: Mapping[Fact, FactValue], commitment: Immutability) -> _Locked:
    """Return what keeps a point from being deleted, as far as ``known`` tells."""
    lock, hold = known.get(Fact.LOCK), known.get(Fact.LEGAL_HOLD)
    found = _lock(part, row, lock, commitment)
    if commitment.mode is LockMode.COMPLIANCE or found.enough:
        return found
    # A legal hold is a lock without end that somebody may lift.
    if hold is not None and hold.holds:
        return _Locked(True, "a legal hold")
    if found.enough is False and (hold is None or hold.holds is None):
        return _Locked(
            None,
            f"{found.why}, and whether a legal hold is on it is not known: {why_untold(part, Fact.LEGAL_HOLD, hold)}",
        )
    return found


def _lock(part: Part, row: int, lock: FactValue | None, commitment: Immutability) -> _Locked:
    if lock is None or lock.holds is None:
        return _Locked(None, why_untold(part, Fact.LOCK, lock))
    if not lock.holds:
        return _Locked(False, "no lock")
    if lock.how == "unlocked":
        return _Locked(False, "an unlocked policy, which can be removed")
    firmly = lock.how == "compliance"
    if not firmly and lock.how != "governance":
        return _Locked(None, f"its lock is of an unknown mode, {lock.how or 'not told'}")
    if not firmly and commitment.mode is LockMode.COMPLIANCE:
        return _Locked(False, "a lock in governance mode, which somebody may lift")
    points, time = part.points, commitment.at_least
    if lock.until >= points.available_hi[row] + time:
        return _Locked(True, f"{lock.how} until {words.instant(lock.until)}", firmly=firmly)
    longest = lock.until - points.available_lo[row]
    if longest < time:
        return _Locked(False, f"locked for {words.duration(max(0, longest))}")
    return _Locked(None, why_unknown.uncertain(points, row))


def _after_it_went(locked: _Locked, gone_lo: int, gone_hi: int) -> _Locked:
    """Return what holds of a point that is listed no more within its time, by the last lock known of it."""
    if gone_hi == FOREVER:
        return _unseen(locked, words.instant(gone_lo - 1))
    missed = words.instant(gone_hi)
    if locked.enough and not locked.firmly:
        why = (
            f"no longer listed at {missed} although it had {locked.why}: deleted by somebody who may lift that, "
            "or hidden by a delete marker; a look at its versions would settle which"
        )
        return _Locked(None, why)
    if locked.enough is False:
        return _Locked(False, f"gone by {missed}, {locked.why}")
    if locked.enough is None:
        return _Locked(None, f"gone by {missed}, and how it was locked is not known: {locked.why}")
    return locked


def _unseen(locked: _Locked, last_seen: str) -> _Locked:
    """Return what holds of a point within its time that nobody has seen since, by the last lock known of it."""
    if locked.enough and not locked.firmly:
        return _Locked(None, f"last seen {last_seen} with {locked.why}, which somebody may have lifted since")
    if locked.enough is False:
        return _Locked(None, f"last seen {last_seen} with {locked.why}, and whether it was locked since is not known")
    return locked


def _reason(commitment: Immutability, every: EveryPoint, subject: Subject, t: int) -> str:
    status, there, of, time = every.status_at(t), every.at(t), subject.of, words.duration(commitment.at_least)
    firmly = " in compliance mode" if commitment.mode is LockMode.COMPLIANCE else ""
    points = words.counted(len(there), "recovery point")
    if status is Status.BREACHED:
        offenders = [one for one in there if one.keeps is False]
        names = words.several([f"{one.name} ({one.why})" for one in offenders])
        are = "is" if len(offenders) == 1 else "are"
        return f"{len(offenders)} of {points} of {of} {are} not locked for {time}{firmly}: {names}"
    if status is Status.MET:
        return f"every recovery point of {of} younger than {time}, {len(there)} in all, is locked for it{firmly}"
    for one in there:
        if one.keeps is None:
            more = sum(other.keeps is None for other in there) - 1
            others = f" and {more} more" if more else ""
            return f"whether {one.name}{others} is locked for {time}{firmly} is not known: {one.why}"
        if one.keeps is False:
            return f"{one.name} is not locked for {time}{firmly} ({one.why}): {why_unknown.uncertain(*one.row, t)}"
    if not includes(every.seen, t):
        return why_unknown.unproved(subject.parts, t, f"nothing of {of} that is not locked for {time} stood")
    if there:
        return why_unknown.uncertain(*there[0].row, t)
    sources = words.several([part.points.source for part in subject.parts]) or "any source"
    return f"there is nothing of {of} that could be locked: no recovery point at {sources} is younger than {time}"
