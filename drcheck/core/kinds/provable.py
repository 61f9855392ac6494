"""Provable: the newest point that a restore has validated is no older than promised, and will stand long enough.

A point is proven from the end of the restore that validated it on, for as long as it counts and stands in a source that
survives the scenario. ``at_most`` bounds the age of the newest proven data as a recovery point objective bounds that of
any; ``outlives`` asks that the newest proven point stands so much longer, by a lock, by ``thinned_after``, or, of the
past, because it did. Only a lock that nobody may lift says what will be.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from datetime import tzinfo
from functools import cached_property, partial
from itertools import pairwise, takewhile
from typing import ClassVar, Final, NamedTuple

from msgspec import Struct

from drcheck.core import words
from drcheck.core.evaluation.every_point import states
from drcheck.core.evaluation.exposure import Exposure, cite
from drcheck.core.evaluation.headroom import at_risk
from drcheck.core.evaluation.inputs import Records, Subject, Terms
from drcheck.core.evaluation.interface import Counts, OfBackups
from drcheck.core.evaluation.proven_points import ProvenPoint, of_proven, proofs
from drcheck.core.evaluation.recoveries import cite as cite_record
from drcheck.core.evaluation.recoveries import gap_between, gap_bounds, why_not_all_seen
from drcheck.core.evaluation.requirements import all_required
from drcheck.core.history.part import Part
from drcheck.core.model.commitments import LockMode, Needs, Rung
from drcheck.core.model.evidence import FOREVER, LONG_AGO, Cited, Fact
from drcheck.core.model.points import Row
from drcheck.core.model.policy import NEVER
from drcheck.core.model.readers import Tells
from drcheck.core.model.status import Status
from drcheck.core.model.verdict import Finding, Quantity, Window
from drcheck.core.rules.dependence import DEPENDENT
from drcheck.core.time.calendar import DAY
from drcheck.core.time.spans import Span, Spans, difference, includes, union
from drcheck.core.time.timeline import cut, within

_ANY_AGE: Final = 1 << 40
"""Seconds: older than any data."""
_MOST_CITED: Final = 3
_INTERVALS: Final = 3
"""How many of the newest times between two restores say how long they come apart."""
_LOCKS_ASKED: Final = 365 * DAY
"""For how long after its arrival the lock of a point is asked for, where no ``at_most`` says: it may be extended once a
restore has proven the point."""


class Provable(OfBackups, frozen=True):
    """The newest point proven by a restore is at most ``at_most`` old, and stands ``outlives`` longer."""

    at_most: int | None = None
    outlives: int | None = None
    validation: Rung = Rung.RESTORED

    kind: ClassVar[str] = "provable"

    @classmethod
    def needs(cls) -> Needs:
        """Return what it can be judged on."""
        return Needs(proof=frozenset({Tells.POINTS}), beside=frozenset({Tells.RESTORE_TESTS, Tells.RECOVERIES}))

    @classmethod
    def counts(cls) -> Counts:
        """Return what of its backups counts."""
        return Counts.RESTORABLE

    def facts(self) -> frozenset[Fact]:
        """Return what it must know of each recovery point beside its listing."""
        return frozenset() if self.outlives is None else frozenset({Fact.LOCK})

    def reach(self, start: int, grace: int, zone: tzinfo) -> int | None:  # noqa: ARG002
        """Return how far before a window's ``start`` data may lie that decides about it."""
        return None if self.outlives is not None else self.at_most

    def locked_for(self) -> int:
        """Return for how long it wants backups to be locked: for as long as one may be the newest that is proven."""
        return 0 if self.outlives is None else self.outlives + (self.at_most or _LOCKS_ASKED)

    def over_nothing(self) -> Status:
        """Return what it comes to where nothing survives: then nothing is proven."""
        return Status.BREACHED

    def evaluate(self, subject: Subject, records: Records, terms: Terms, window: Window) -> Finding:
        """Judge it over ``window``."""
        return evaluate(self, subject, records, terms, window)


def evaluate(commitment: Provable, subject: Subject, records: Records, terms: Terms, window: Window) -> Finding:
    """Judge one data set; ``subject`` holds the sources that survive the commitment's scenario, and no others."""
    proved = tuple(proofs(subject, records, commitment.validation, terms.clock_tolerance))
    proven = of_proven(subject, proved)
    exposure = Exposure.of(proven, commitment.at_most or _ANY_AGE, terms.effective, window, until_gone=True)
    early = {part.points.source: tuple(_early(part)) for part in subject.parts}
    judged = _Judged(commitment, subject, proven, records, terms, exposure, _by_content(proved), window.end, early)
    findings = [
        *([] if commitment.at_most is None else [judged.of_age(commitment.at_most, window)]),
        *([] if commitment.outlives is None else [judged.of_standing(commitment.outlives, window)]),
    ]
    pieces, deciding = all_required(window, findings)
    first, late = findings[0], judged.found_too_late(window.end)
    return Finding(
        of=subject.of,
        pieces=pieces,
        reason=deciding.reason,
        objective=first.objective,
        measured=first.measured,
        headroom=first.headroom,
        due_at=min((one.due_at for one in findings if one.due_at is not None), default=None),
        at_risk=pieces[-1].status is Status.MET and (bool(late) or any(finding.at_risk for finding in findings)),
        evidence=judged.cited(window.end),
        notes=(late,) if late else (),
        foretold=late,
    )


def _by_content(proved: Sequence[ProvenPoint]) -> dict[tuple[str, str, int], list[ProvenPoint]]:
    found: dict[tuple[str, str, int], list[ProvenPoint]] = {}
    for proof in proved:
        found.setdefault(_content(proof.row), []).append(proof)
    return found


def _content(row: Row) -> tuple[str, str, int]:
    """Return what tells a point from others, also from what its name held before and after."""
    points, index = row
    return points.source, points.name[index], points.data_lo[index]


class _Kept(NamedTuple):
    """What says how long a point stands."""

    known: Span
    """When that is known, or believed."""
    until: int


class _There(NamedTuple):
    """A point that a restore proves, or may prove, and when it may count and stand as such."""

    newest_data: int
    during: Spans
    row: Row


class _Judged(Struct, frozen=True, dict=True):
    """The judgement of one data set."""

    commitment: Provable
    subject: Subject
    proven: Subject
    """Its proven points alone, each from when it was proven."""
    records: Records
    terms: Terms
    exposure: Exposure
    """How old they were."""
    proofs: dict[tuple[str, str, int], list[ProvenPoint]]
    seen_until: int
    """The end of what is known of what stood."""
    early: Mapping[str, Sequence[tuple[Span, Row]]]
    """Source to what went from it earlier than its ``thinned_after`` says, and when that speaks against it."""

    @cached_property
    def _keeping(self) -> dict[tuple[str, int], tuple[_Kept, ...]]:
        """Source and row to what says how long it stands, once that has been asked."""
        return {}

    def of_age(self, at_most: int, window: Window) -> Finding:
        """Judge how old the newest proven data was."""
        changes = [*self.exposure.changes(window), *self._hiding(at_most)]
        pieces = within(self.terms.binds, cut(window, changes, self._age_status, partial(self._age_reason, at_most)))
        row, measured = self.exposure.surest.before(window.end), self.exposure.age_at(window.end)
        headroom = None if measured is None else at_most - measured
        return Finding(
            of=self.subject.of,
            pieces=pieces,
            reason=self._age_reason(at_most, window.end - 1, window.end),
            objective=Quantity(at_most, "s"),
            measured=None if measured is None else Quantity(measured, "s"),
            headroom=None if headroom is None else Quantity(headroom, "s"),
            due_at=None if row is None else row[0].data_lo[row[1]] + at_most,
            at_risk=at_risk(self.commitment, pieces[-1].status, headroom, at_most),
        )

    def of_standing(self, outlives: int, window: Window) -> Finding:
        """Judge how much longer the newest proven point will stand."""
        there = self._there()
        bounds = {bound for one in there for kept in self._kept(one.row) for bound in (*kept.known, kept.until)}
        changes = [*self.exposure.best.times, *self.exposure.surest.times]
        changes += [bound for one in there for span in one.during for bound in span]
        changes += [moved for bound in bounds if LONG_AGO < bound < FOREVER for moved in (bound, bound - outlives)]
        changes += [gone - outlives for points, row in self._rows() if (gone := points.gone_hi[row]) < FOREVER]
        if self.terms.effective is not None:
            changes.append(self.terms.effective)
        pieces = within(
            self.terms.binds,
            cut(
                window,
                changes,
                lambda t: self._stands(there, outlives, t)[0],
                lambda t: self._stands(there, outlives, t)[1],
            ),
        )
        last = window.end - 1
        row = self.exposure.surest.at(last)
        until = None if row is None else self._until(row, last)
        left = None if until is None or until >= FOREVER else max(0, until - window.end)
        return Finding(
            of=self.subject.of,
            pieces=pieces,
            reason=self._stands(there, outlives, last)[1],
            objective=Quantity(outlives, "s"),
            measured=None if left is None else Quantity(left, "s"),
            headroom=None if left is None else Quantity(left - outlives, "s"),
            due_at=until - outlives if left is not None and until is not None else None,
        )

    def cited(self, end: int) -> tuple[Cited, ...]:
        """Return what it rests on: the newest proven point, and the record that proves it."""
        row = self.exposure.surest.before(end) or self.exposure.best.before(end)
        if row is None:
            return ()
        records = [cite_record(proof.by, proof.in_doubt) for proof in self._proofs(row) if proof.since < end]
        return (cite(row), *dict.fromkeys(records[:_MOST_CITED]))

    def found_too_late(self, end: int) -> str:
        """Return why what goes wrong may be found only when no proven point is left; empty: nothing says so.

        What goes wrong right after a restore has proven a point is found by the next one, and until then that point
        must stand. How long restores come apart the newest of them tell, and how long the last one lies back.
        """
        row = self.exposure.surest.before(end)
        kept = () if row is None else self._kept(row)[1:]  # but for that it was seen
        if row is None or not kept:
            return ""
        proven = {proof.since for its in self.proofs.values() for proof in its if not proof.in_doubt}
        times = [*sorted(one for one in proven if one < end)[-_INTERVALS - 1 :], end]
        apart = max(after - before for before, after in pairwise(times))
        last = max(proof.since for proof in self._proofs(row) if not proof.in_doubt and proof.since < end)
        stands = max(one.until for one in kept) - last
        if stands >= apart:
            return ""
        stands_for = f"for {words.duration(stands)} after its own" if stands > 0 else "no longer than until its own"
        return (
            f"restores that prove a point of {self.subject.of} come {words.duration(apart)} apart, and the newest such "
            f"point is kept {stands_for}: what goes wrong unseen may be found when none is left (restore more often, "
            "or keep it longer)"
        )

    def _age_status(self, t: int) -> Status | None:
        status = self.exposure.status_at(t)
        return Status.UNKNOWN if status is Status.BREACHED and self._hidden(t) else status

    def _hidden(self, t: int) -> str:
        """Return why a restore may have proven newer data by ``t`` that no record is known of; empty: none can."""
        return why_not_all_seen(self.records, t) or gap_between(self.records, t - self.exposure.objective + 1, t)

    def _hiding(self, at_most: int) -> Iterator[int]:
        for bound in gap_bounds(self.records):
            yield bound
            if bound < FOREVER - at_most:
                yield bound + at_most

    def _age_reason(self, at_most: int, t: int, as_of: int | None = None) -> str:
        of, status = self.subject.of, self._age_status(t)
        if status is None:
            if why := self.terms.before_effect(t):
                return why
            return f"nothing is owed yet: the first proven point of {of} is due within {words.duration(at_most)}"
        row = self.exposure.surest.at(t)
        newest = (
            f"no recovery point of {of} that stands is known to be proven by a restore"
            if row is None
            else f"newest proven data of {of} is of {words.instant(row[0].data_lo[row[1]])}"
        )
        if status is Status.UNKNOWN:
            if self.exposure.status_at(t) is Status.BREACHED:
                return f"{newest}; {self._hidden(t)}"
            return f"{newest}; {self.exposure.why_unknown(t, f'newer proven data of {of} did not stand')}"
        if row is None:
            return f"{newest}; one at most {words.duration(at_most)} old is owed"
        age = "" if as_of is None else f", {words.duration(max(0, as_of - row[0].data_lo[row[1]]))} old"
        return f"{newest}{age}: {self._by(row, t)}; the objective is {words.duration(at_most)}"

    def _by(self, row: Row, t: int) -> str:
        """Say which restore proved a point by ``t``."""
        points, index = row
        sure = [proof for proof in self._proofs(row) if not proof.in_doubt and proof.since <= t]
        return f"{sure[-1].by.recovery.id} restored {points.name[index]} at {points.source}" if sure else "in doubt"

    def _proofs(self, row: Row) -> Sequence[ProvenPoint]:
        return self.proofs.get(_content(row), ())

    def _rows(self) -> Iterator[Row]:
        for part in self.proven.parts:
            yield from ((part.points, row) for row in range(len(part.points)))

    def _there(self) -> list[_There]:
        """Return every proven point with when it may be one, that with the newest data first."""
        found = [
            _There(points.data_hi[row], points.there(row, surely=False, until_gone=True), (points, row))
            for points, row in self._rows()
        ]
        return sorted(found, key=lambda one: -one.newest_data)

    def _stands(self, there: Sequence[_There], outlives: int, t: int) -> tuple[Status | None, str]:
        """Return whether the newest proven point stands so much longer after ``t``, and why."""
        if why := self.terms.before_effect(t):
            return None, why
        surest, best = self.exposure.surest.at(t), self.exposure.best.at(t)
        if surest is None or best is None:
            return (
                Status.UNKNOWN,
                f"no point of {self.subject.of} that stands is surely proven: none can outlive anything",
            )
        status, why = self._of_row(surest, outlives, t)
        if _same(surest, best):
            return status, why
        oldest = surest[0].data_lo[surest[1]]
        may_be = takewhile(lambda one: one.newest_data > oldest, there)
        for points, index in (one.row for one in may_be if includes(one.during, t)):
            other, because = self._of_row((points, index), outlives, t)
            if other is not status:
                return (
                    Status.UNKNOWN,
                    f"which point is the newest proven one is not known: {points.name[index]} may be it; {because}",
                )
        return status, why

    def _of_row(self, row: Row, outlives: int, t: int) -> tuple[Status, str]:
        points, index = row
        name, time = f"{points.name[index]} at {points.source}", words.duration(outlives)
        until = self._until(row, t)
        if until is not None and until > t + outlives:
            if points.kind[index] in DEPENDENT:
                return Status.UNKNOWN, f"whether what {name} builds on stands for {time} more is not known"
            return Status.MET, f"the newest proven point, {name}, stands for {time} more, and longer"
        if points.gone_hi[index] <= t + outlives:
            gone = words.instant(points.gone_hi[index])
            return (
                Status.BREACHED,
                f"the newest proven point, {name}, was gone by {gone}; it should have stood {time} more",
            )
        if went := self._pruned_early(points.source, t):
            return Status.UNKNOWN, (
                f"what thinned_after on {points.source} says does not hold: {went}; a lock in compliance mode would "
                f"say that the newest proven point, {name}, is kept"
            )
        known = "nothing" if until is None else f"nothing after {words.instant(until)}"
        return Status.UNKNOWN, (
            f"{known} says that the newest proven point, {name}, is kept; a lock in compliance mode, or "
            f"thinned_after on {points.source}, would"
        )

    def _until(self, row: Row, t: int) -> int | None:
        """Return until when a point is known to stand, as known at ``t``; None: nothing says so."""
        ends = [until for known, until in self._kept(row) if known.includes(t) and t < until]
        return max(ends, default=None)

    def _kept(self, row: Row) -> tuple[_Kept, ...]:
        key = row[0].source, row[1]
        if key not in self._keeping:
            self._keeping[key] = tuple(self._keeps(row))
        return self._keeping[key]

    def _keeps(self, row: Row) -> Iterator[_Kept]:
        """Yield what says until when a point stands."""
        points, index = row
        arrived, gone_lo, gone_hi = points.available_hi[index], points.gone_lo[index], points.gone_hi[index]
        # What was seen to go stood at least until it was last seen, whatever was said of it.
        longest = FOREVER if gone_hi == FOREVER else gone_lo
        yield _Kept(Span(arrived, FOREVER), min(gone_lo, self.seen_until))
        thinned = next(one.absence.thinned_after for one in self.proven.parts if one.points is points)
        if thinned is not None:
            until = FOREVER if thinned >= NEVER else points.data_lo[index] + thinned
            disproved = union(when for when, _ in self.early[points.source])
            for known in difference((Span(arrived, FOREVER),), disproved):
                yield _Kept(known, min(until, longest))
        for span, told in states(points, index, (Fact.LOCK,)):
            lock = told.get(Fact.LOCK)
            # Any other lock, and a legal hold, somebody may lift tomorrow.
            if lock is not None and lock.holds and lock.how == LockMode.COMPLIANCE and span.end > arrived:
                yield _Kept(Span(max(span.start, arrived), span.end), min(lock.until, longest))

    def _pruned_early(self, source: str, t: int) -> str:
        """Return what disproves ``thinned_after`` of a source at ``t``; empty: nothing does."""
        for when, (points, row) in self.early[source]:
            if when.includes(t):
                gone = words.instant(points.gone_hi[row])
                return f"{points.name[row]}, of {words.instant(points.data_lo[row])}, was gone by {gone}"
        return ""


def _early(part: Part) -> Iterator[tuple[Span, Row]]:
    """Yield what went earlier than ``thinned_after`` of its source says, and for how long that speaks against it.

    For as long as has to pass without another one until nothing that it says is known to be wrong.
    """
    thinned, points = part.absence.thinned_after or 0, part.points
    for row in points.counted():
        gone = points.gone_hi[row]
        if gone < FOREVER and row not in points.doubts and gone - points.data_lo[row] < thinned:
            yield Span(gone, FOREVER if thinned >= NEVER else gone + thinned), (points, row)


def _same(one: Row, other: Row) -> bool:
    return one[0].source == other[0].source and one[1] == other[1]
