"""Integrity: the evidence was checked to a rung of the ladder, recently enough, and no check of it failed.

Checks are told by the looks themselves (``listed``, ``complete``), by checksums that drcheck verified, by logs of
checks, and by restore tests, which prove more. A failed check does not lapse: only a later one of the same point (of a
log: one that passed on at least its rung) ends it.
"""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import groupby
from typing import NamedTuple

from drcheck.core import doubt, words
from drcheck.core.commitments.common import at_risk
from drcheck.core.every import MOST_CITED, why_untold
from drcheck.core.evidence import FOREVER, LONG_AGO, Cited, Fact, Points, Told
from drcheck.core.exposure import Row, cite
from drcheck.core.pieces import cut, within
from drcheck.core.promises import Integrity, Rung
from drcheck.core.recoveries import gap_after, gap_bounds, unseen
from drcheck.core.spans import Span
from drcheck.core.terms import Part, Records, Subject, Terms
from drcheck.core.verdict import Finding, Quantity, Status, Window


class _Passed(NamedTuple):
    """A check that passed on the rung asked, or a higher one."""

    at: int
    what: str
    cited: Cited


class _Failed(NamedTuple):
    """A failed check, for as long as it counts."""

    surely: Span
    maybe: Span
    what: str
    cited: Cited
    row: Row | None
    """The point that failed; None: a log tells of it."""


@dataclass(frozen=True, slots=True)
class _Checks:
    """What is known of the checks of one data set."""

    passed: Sequence[_Passed]
    """Oldest first."""
    failed: Sequence[_Failed]

    def newest(self, t: int) -> _Passed | None:
        """Return the newest check that had passed at ``t``."""
        index = bisect_right(self.passed, t, key=lambda one: one.at) - 1
        return self.passed[index] if index >= 0 else None

    def failing(self, t: int) -> list[_Failed]:
        """Return what may have failed at ``t`` and not passed since, what surely has first."""
        there = [one for one in self.failed if one.maybe.start <= t < one.maybe.end]
        return sorted(there, key=lambda one: (not one.surely.start <= t < one.surely.end, -one.maybe.start))

    def changes(self) -> Iterator[int]:
        """Yield every instant at which what is known of the checks changes."""
        for one in self.failed:
            yield from (*one.surely, *one.maybe)
        for check in self.passed:
            yield check.at


def evaluate(commitment: Integrity, subject: Subject, records: Records, terms: Terms, window: Window) -> Finding:
    """Judge one data set; ``subject`` has no parts where only logs tell of checks."""
    checks = _Checks(sorted(_passed(commitment, subject, records)), tuple(_failed(subject, records)))
    every = commitment.every

    def judge(t: int) -> tuple[Status | None, str]:
        if why := terms.before_effect(t):
            return None, why
        if failing := checks.failing(t):
            return _of_failures(failing, records, t)
        newest = checks.newest(t)
        gap = _hidden_since(records, t, LONG_AGO if newest is None else newest.at)
        due = _due(newest, commitment, terms)
        if newest is not None and (due is None or t < due):
            if gap:
                return Status.UNKNOWN, f"{newest.what} passed {words.instant(newest.at)}, but {gap}"
            owed = "" if every is None else f"; one is owed every {words.duration(every)}"
            return Status.MET, f"{newest.what} passed {words.instant(newest.at)}{owed}"
        if due is not None and t < due:
            return None, f"nothing is owed yet: the first check of {subject.of} is due {words.instant(due)}"
        late = _overdue(commitment, subject, newest, t)
        if why := gap or _untold(commitment, subject, records, t):
            return Status.UNKNOWN, f"{late}; {why}"
        return Status.BREACHED, late

    last = window.end - 1
    changes = [*checks.changes(), *gap_bounds(records), *_looked(subject)]
    if every is not None:
        changes += [one.at + every for one in checks.passed]
    if terms.effective is not None:
        changes += [terms.effective, terms.effective + (every or 0)]
    pieces = within(terms.binds, cut(window, changes, lambda t: judge(t)[0], lambda t: judge(t)[1]))
    newest, failing = checks.newest(last), checks.failing(last)
    age = None if newest is None else window.end - newest.at
    headroom = None if every is None or age is None else every - age
    return Finding(
        of=subject.of,
        pieces=pieces,
        reason=judge(last)[1],
        objective=None if every is None else Quantity(every, "s"),
        measured=None if age is None else Quantity(age, "s"),
        headroom=None if headroom is None else Quantity(headroom, "s"),
        due_at=_due(newest, commitment, terms),
        at_risk=every is not None and at_risk(commitment, pieces[-1].status, headroom, every),
        evidence=(*(one.cited for one in failing[: MOST_CITED - 1]), *([] if newest is None else [newest.cited])),
    )


def _due(newest: _Passed | None, commitment: Integrity, terms: Terms) -> int | None:
    """Return when the next check is due, counted from the newest one, or from when the agreement takes effect."""
    since = [at for at in (newest.at if newest else None, terms.effective) if at is not None]
    return max(since) + commitment.every if since and commitment.every is not None else None


def _of_failures(failing: Sequence[_Failed], records: Records, t: int) -> tuple[Status, str]:
    """Return what failed checks say at ``t``."""
    worst = failing[0]
    more = f" (and {len(failing) - 1} more)" if len(failing) > 1 else ""
    failed = f"{worst.what}{more} failed {words.instant(worst.maybe.start)}, and no later one has passed"
    if not worst.surely.start <= t < worst.surely.end:
        assert worst.row is not None
        return Status.UNKNOWN, f"{failed}; {doubt.uncertain(*worst.row)}"
    if worst.row is None and (gap := _hidden_since(records, t, worst.maybe.start)):
        return Status.UNKNOWN, f"{failed}, as far as is known: {gap}"
    return Status.BREACHED, failed


def _passed(commitment: Integrity, subject: Subject, records: Records) -> Iterator[_Passed]:
    level, of = commitment.level, subject.of
    for part in subject.parts:
        if level <= Rung.CHECKSUMMED:
            for row, at, holds, _ in _verified(part):
                if holds:
                    point = cite((part.points, row))
                    yield _Passed(at, f"the checksum of {point.name} at {point.source}", point)
        if level <= Rung.COMPLETE:
            yield from _shown(part)
    for source, log in records.logs.items():
        for check in log.checks:
            if check.passed and check.level >= level and (not check.of or of in check.of):
                cited = Cited(source, of, check.id, None, check.finished_at)
                yield _Passed(check.finished_at, f"check {check.id} at {source}", cited)
        for one in log.recoveries:
            proven = one.outcome == "passed" and one.validation is not None and one.validation >= level
            if proven and one.finished_at is not None and one.point_of in {"", of}:
                cited = Cited(source, of, one.id, None, one.finished_at)
                yield _Passed(one.finished_at, f"restore test {one.id} at {source}", cited)


def _failed(subject: Subject, records: Records) -> Iterator[_Failed]:
    """Yield every failed check, on whatever rung: what is broken lower down does not hold higher up."""
    for part in subject.parts:
        for (row, fact), steps in part.points.facts.items():
            if fact is Fact.CHECKSUM:
                yield from _rotten(part.points, row, [told for _, told in steps if told.holds is not None])
    told = [
        (source, check)
        for source, log in records.logs.items()
        for check in log.checks
        if not check.of or subject.of in check.of
    ]
    told.sort(key=lambda item: (item[1].finished_at, item[1].line, item[0]))
    for n, (source, check) in enumerate(told):
        if check.passed:
            continue
        # A check of one data set ends a failure of all of them for that one.
        ends = next(
            (later.finished_at for _, later in told[n + 1 :] if later.passed and later.level >= check.level), FOREVER
        )
        span = Span(check.finished_at, ends)
        cited = Cited(source, subject.of, check.id, None, check.finished_at, told="it failed")
        yield _Failed(span, span, f"check {check.id} at {source}", cited, None)


def _rotten(points: Points, row: int, verified: Sequence[Told]) -> Iterator[_Failed]:
    """Yield when a point did not have its checksum: from the check that found so to one that passed."""
    for holds, those in groupby(verified, key=lambda told: told.holds):
        if holds:
            continue
        first = next(those)
        ends = next((told.until for told in verified if told.until > first.until and told.holds), FOREVER)
        point = cite((points, row))
        yield _Failed(
            Span(first.until, min(ends, points.gone_lo[row])),
            Span(first.until, min(ends, points.gone_hi[row])),
            f"the checksum of {point.name} at {point.source}",
            point._replace(told=first.how or "its checksum is not the one kept beside it"),
            (points, row),
        )


def _verified(part: Part) -> Iterator[tuple[int, int, bool, str]]:
    """Yield (row, when, whether it held, how) of every checksum that was verified, oldest first for each row."""
    for (row, fact), steps in part.points.facts.items():
        if fact is Fact.CHECKSUM:
            for _, told in steps:
                if told.holds is not None:
                    yield row, told.until, told.holds, told.how


def _shown(part: Part) -> Iterator[_Passed]:
    """Yield the complete looks that showed a recovery point that counts: they prove that it was there, and whole."""
    points = part.points
    standing = [(points.available_hi[row], points.gone_lo[row], row) for row in points.counted()]
    for begin, _ in part.absence.complete:
        shown = [row for available, last_seen, row in standing if available <= begin <= last_seen]
        if shown:
            yield _Passed(begin, f"the look at {points.source}", cite((points, shown[-1])))


def _hidden_since(records: Records, t: int, decided_at: int) -> str:
    """Return why a later check may be told where nobody could read; empty: all logs were read."""
    return unseen(records, t) or gap_after(records, t, decided_at)


def _untold(commitment: Integrity, subject: Subject, records: Records, t: int) -> str:
    """Return why it is not known that no check passed; empty: it is."""
    parts = subject.parts if commitment.level <= Rung.CHECKSUMMED else ()
    if not parts and not records.logs:
        return f"no source of this commitment can tell of a check to {_rung(commitment.level)}"
    for part in parts:
        source, first, last = part.points.source, part.absence.first, part.absence.last
        if first is None or last is None or t > last:
            return doubt.unproved((part,), t, f"no check of {subject.of} passed")
        if t < first:
            return f"{source} was not looked at before {words.instant(first)}"
        if commitment.level is Rung.CHECKSUMMED:
            if why := _why_not_verified(part):
                return f"at {source} no checksum could be verified: {why}"
            asked = _asked_since(part)
            if asked is None or t < asked:
                before = "" if asked is None else f" before {words.instant(asked)}"
                return f"no look at {source} was asked to verify checksums{before}"
    return ""


def _asked_since(part: Part) -> int | None:
    """Return the first look that was asked to verify checksums; None: none was, which is no proof of their absence."""
    looks = (steps[0][0] for (_, fact), steps in part.points.facts.items() if fact is Fact.CHECKSUM)
    return min(looks, default=None)


def _why_not_verified(part: Part) -> str:
    """Return why the newest look could not verify a checksum of the newest points; empty: it was not asked for."""
    told = [steps[-1][1] for (_, fact), steps in sorted(part.points.facts.items()) if fact is Fact.CHECKSUM]
    if told:
        return why_untold(part, Fact.CHECKSUM, told[-1]) if told[-1].holds is None else ""
    return part.unasked.get(Fact.CHECKSUM, "")


def _overdue(commitment: Integrity, subject: Subject, newest: _Passed | None, t: int) -> str:
    rung = _rung(commitment.level)
    if newest is None:
        return f"no check of {subject.of} to {rung} is known to have passed"
    assert commitment.every is not None
    return (
        f"the last check of {subject.of} to {rung} passed {words.instant(newest.at)}, "
        f"{words.duration(t - newest.at)} before; one is owed every {words.duration(commitment.every)}"
    )


def _rung(rung: Rung) -> str:
    return rung.name.lower().replace("_", " ")


def _looked(subject: Subject) -> Iterator[int]:
    for part in subject.parts:
        for look in (part.absence.first, _asked_since(part), part.absence.last):
            if look is not None:
                yield from (look, look + 1)
