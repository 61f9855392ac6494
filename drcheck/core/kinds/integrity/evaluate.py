"""Integrity: the evidence was checked to a rung of the ladder, recently enough, and no check of it failed.

A failed check does not lapse: only a later one ends it, of the same point, or of a log one that the same log tells and
that passed on at least its rung.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from itertools import zip_longest

from msgspec import Struct

from drcheck.core import words
from drcheck.core.evaluation import why_unknown
from drcheck.core.evaluation.every_point import MOST_CITED
from drcheck.core.evaluation.headroom import at_risk
from drcheck.core.evaluation.inputs import Records, Subject, Terms
from drcheck.core.evaluation.recoveries import gap_between, why_not_all_seen
from drcheck.core.kinds.integrity.checks import Checks, Failed, PassedCheck, Verifying
from drcheck.core.kinds.integrity.commitment import Integrity
from drcheck.core.model.commitments import Rung
from drcheck.core.model.evidence import LONG_AGO
from drcheck.core.model.status import Status
from drcheck.core.model.verdict import Finding, Quantity, Window
from drcheck.core.time.spans import Spans, includes
from drcheck.core.time.timeline import cut, within


def evaluate(commitment: Integrity, subject: Subject, records: Records, terms: Terms, window: Window) -> Finding:
    """Judge one data set; ``subject`` has no parts where only logs tell of checks."""
    every, last = commitment.every, window.end - 1
    checks = Checks.of(commitment.level, subject, records)
    verifying = [Verifying.of(part.points) for part in subject.parts if commitment.level is Rung.CHECKSUMMED]
    judged = _Judged(commitment, subject, records, terms, checks, verifying, subject.surely_standing())
    pieces = within(terms.binds, cut(window, judged.changes(), judged.status_at, judged.reason_at))
    newest, failing = checks.newest(last), checks.failing(last)
    age = None if newest is None else window.end - newest.at
    headroom = None if every is None or age is None else every - age
    return Finding(
        of=subject.of,
        pieces=pieces,
        reason=judged.reason_at(last),
        objective=None if every is None else Quantity(every, "s"),
        measured=None if age is None else Quantity(age, "s"),
        headroom=None if headroom is None else Quantity(headroom, "s"),
        due_at=judged.due(newest),
        at_risk=every is not None and at_risk(commitment, pieces[-1].status, headroom, every),
        evidence=(*(one.cited for one in failing[: MOST_CITED - 1]), *([] if newest is None else [newest.cited])),
    )


class _Judged(Struct, frozen=True):
    """The status of one data set at each instant, and why."""

    commitment: Integrity
    subject: Subject
    records: Records
    terms: Terms
    checks: Checks
    verifying: Sequence[Verifying]
    """One for each part of the subject, where checksums are asked."""
    standing: Spans
    """When something surely stood that can be checked."""

    def status_at(self, t: int) -> Status | None:
        """Return the status right after ``t``."""
        if self.terms.before_effect(t):
            return None
        if includes(self.checks.surely, t):
            return Status.BREACHED
        if includes(self.checks.maybe, t):
            return Status.UNKNOWN
        newest = self.checks.newest(t)
        hidden = self.checks.hides(t, self._since(newest, t))
        if self._is_fresh(newest, t):
            return Status.UNKNOWN if hidden or self._is_empty(t) else Status.MET
        if (due := self.due(newest)) is not None and t < due:
            return None
        return Status.UNKNOWN if hidden or self._is_empty(t) or self._untold(newest, t) else Status.BREACHED

    def reason_at(self, t: int) -> str:
        """Return why the status right after ``t`` is what it is."""
        if why := self.terms.before_effect(t):
            return why
        if failing := self.checks.failing(t):
            return _of_failures(failing, self.records, t)
        newest, every, of = self.checks.newest(t), self.commitment.every, self.subject.of
        hidden = why_not_all_seen(self.records, t) or gap_between(self.records, self._since(newest, t), t)
        if self._is_empty(t):
            sources = words.several([part.points.source for part in self.subject.parts])
            hidden = hidden or f"nothing of {of} that could be checked is known to stand at {sources}"
        if newest is not None and self._is_fresh(newest, t):
            passed = f"{newest.what} passed {words.instant(newest.at)}"
            if hidden:
                return f"{passed}, but {hidden}"
            return passed if every is None else f"{passed}; one is owed every {words.duration(every)}"
        if (due := self.due(newest)) is not None and t < due:
            return f"nothing is owed yet: a check of {of} is due {words.instant(due)}"
        late, why = self._overdue(newest, t), hidden or self._untold(newest, t)
        return f"{late}; {why}" if why else late

    def due(self, newest: PassedCheck | None) -> int | None:
        """Return when a check is due, counted from the newest one, or from when the agreement takes effect."""
        since = [at for at in (newest.at if newest else None, self.terms.effective) if at is not None]
        return max(since) + self.commitment.every if since and self.commitment.every is not None else None

    def changes(self) -> Iterator[int]:
        """Yield every instant at which the status may change."""
        yield from self.checks.changes(self.commitment.every)
        for part in self.subject.parts:
            for look in (part.absence.first, part.absence.last):
                if look is not None:
                    yield from (look, look + 1)
        for one in self.verifying:
            yield from one.changes()
        for span in self.standing:
            yield from span
        if self.terms.effective is not None:
            yield from (self.terms.effective, self.terms.effective + (self.commitment.every or 0))

    def _is_fresh(self, newest: PassedCheck | None, t: int) -> bool:
        # One from before the agreement takes effect must be recent as well.
        every = self.commitment.every
        return newest is not None and (every is None or t < newest.at + every)

    def _is_empty(self, t: int) -> bool:
        """Return whether nothing may have stood: over nothing, no promise is kept or broken."""
        return bool(self.subject.parts) and not includes(self.standing, t)

    def _since(self, newest: PassedCheck | None, t: int) -> int:
        """Return from when on a check that nobody could read would decide at ``t``: it failed, or passed in time."""
        if newest is not None and self._is_fresh(newest, t):
            return newest.at
        every = self.commitment.every
        return LONG_AGO if every is None else t - every + 1

    def _untold(self, newest: PassedCheck | None, t: int) -> str:
        """Return why it is not known that no check passed since the ``newest`` that is known; empty: it is."""
        if why := self.checks.contradiction(t, self._since(newest, t)):
            return why
        level, of = self.commitment.level, self.subject.of
        parts = self.subject.parts if level <= Rung.CHECKSUMMED else ()
        if not parts and not self.records.logs:
            return f"no source of this commitment can tell of a check to {_rung(level)}"
        for part, verifying in zip_longest(parts, self.verifying):
            source, first, last = part.points.source, part.absence.first, part.absence.last
            if first is None or last is None or t > last:
                return why_unknown.unproved((part,), t, f"no check of {of} passed")
            if t < first:
                return f"{source} was not looked at before {words.instant(first)}"
            if verifying is not None and (why := verifying.untold(part, t)):
                return why
        return ""

    def _overdue(self, newest: PassedCheck | None, t: int) -> str:
        of, rung, every = self.subject.of, _rung(self.commitment.level), self.commitment.every
        if newest is None:
            return f"no check of {of} to {rung} is known to have passed"
        assert every is not None
        return (
            f"the last check of {of} to {rung} passed {words.instant(newest.at)}, {words.duration(t - newest.at)} "
            f"before; one is owed every {words.duration(every)}"
        )


def _of_failures(failing: Sequence[Failed], records: Records, t: int) -> str:
    """Return what failed checks say at ``t``."""
    worst = failing[0]
    more = f" (and {len(failing) - 1} more)" if len(failing) > 1 else ""
    failed = f"{worst.what}{more} failed {words.instant(worst.maybe.start)}, and no later one has passed"
    if worst.surely.includes(t):
        return failed
    if worst.row is not None:
        return f"{failed}; {why_unknown.uncertain(*worst.row, t)}"
    told_by = worst.cited.source
    its = Records({told_by: records.logs[told_by]})
    return f"{failed}, as far as is known: {why_not_all_seen(its, t) or gap_between(its, worst.maybe.start, t)}"


def _rung(rung: Rung) -> str:
    return rung.name.lower().replace("_", " ")
