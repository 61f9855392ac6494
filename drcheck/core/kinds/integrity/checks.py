"""What is known of the checks of one data set: which passed, which failed, and until when nothing is hidden.

Checks are told by the looks themselves (``listed``, ``complete``), by checksums that drcheck verified, by logs of
checks, and by restore tests, which prove more.
"""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Iterator, Sequence
from heapq import heappop, heappush
from itertools import groupby, pairwise
from typing import NamedTuple

from msgspec import Struct

from drcheck.core import words
from drcheck.core.evaluation.every_point import why_untold
from drcheck.core.evaluation.exposure import cite
from drcheck.core.evaluation.inputs import Records, Subject
from drcheck.core.history.log_lines import Unread, unread
from drcheck.core.history.part import Part
from drcheck.core.model.commitments import Rung
from drcheck.core.model.evidence import FOREVER, LONG_AGO, Cited, Fact, FactValue
from drcheck.core.model.log_records import Log, Recovery
from drcheck.core.model.points import Points, Row
from drcheck.core.time.spans import Span, Spans, union


class PassedCheck(NamedTuple):
    """A check that passed on the rung asked, or a higher one."""

    at: int
    what: str
    cited: Cited


class Failed(NamedTuple):
    """A failed check, for as long as it counts."""

    surely: Span
    maybe: Span
    what: str
    cited: Cited
    row: Row | None
    """The point that failed; None: a log tells of it, and what nobody could read in that may end it."""


class Checks(Struct, frozen=True):
    """The checks of one data set."""

    passed: Sequence[PassedCheck]
    """Oldest first."""
    failed: Sequence[Failed]
    surely: Spans
    """When something surely had failed and not passed since."""
    maybe: Spans
    known_until: int
    """Until when every log has been seen."""
    unread: Sequence[Unread]
    """What lines that nobody can read may tell of checks."""
    contradicted: Sequence[tuple[int, str]]
    """Checks that passed by a record which something speaks against, with when that was and what it is."""

    @classmethod
    def of(cls, level: Rung, subject: Subject, records: Records) -> Checks:
        """Gather what ``subject`` and ``records`` tell of checks to ``level``."""
        passed = sorted(_passed(level, subject, records), key=lambda one: (one.at, one.what))
        failed = tuple(_failed(level, subject, records))
        logs = records.logs.values()
        logged = (one for source, log in records.logs.items() for one in _logged(source, log, level, subject.of))
        return cls(
            passed,
            failed,
            union(one.surely for one in failed),
            union(one.maybe for one in failed),
            min((log.known_until for log in logs), default=FOREVER),
            tuple({unread(log, gap) for log in logs for gap in log.gaps}),
            [(one.at, f"{one.what} passed, but {one.contradicted}") for one in logged if one.contradicted],
        )

    def newest(self, t: int) -> PassedCheck | None:
        """Return the newest check that had passed at ``t``."""
        index = bisect_right(self.passed, t, key=lambda one: one.at) - 1
        return self.passed[index] if index >= 0 else None

    def failing(self, t: int) -> list[Failed]:
        """Return what may have failed at ``t`` and not passed since, what surely has first."""
        there = [one for one in self.failed if one.maybe.includes(t)]
        return sorted(there, key=lambda one: (not one.surely.includes(t), -one.maybe.start))

    def hides(self, t: int, since: int) -> bool:
        """Return whether a log may hold a check from ``since`` to ``t`` that nobody has seen, or could read."""
        return t > self.known_until or any(one.lo <= t and since <= one.hi for one in self.unread)

    def contradiction(self, t: int, since: int) -> str:
        """Return what speaks against a check that passed by its record from ``since`` to ``t``; empty: nothing does."""
        return next((why for at, why in self.contradicted if since <= at <= t), "")

    def changes(self, every: int | None) -> Iterator[int]:
        """Yield every instant at which what is known of the checks changes; one lapses ``every`` so many seconds."""
        for spans in (self.surely, self.maybe):
            for span in spans:
                yield from span
        yield self.known_until + 1
        for hidden in self.unread:
            yield from (hidden.lo, hidden.hi + (every or 0))
        for at, _ in self.contradicted:
            yield from (at, at + (every or 0))
        yield from (one.at for one in self.passed)
        if every is not None and self.passed:
            yield from (one.at + every for one, after in pairwise(self.passed) if one.at + every < after.at)
            yield self.passed[-1].at + every


def _passed(level: Rung, subject: Subject, records: Records) -> Iterator[PassedCheck]:
    sources = {part.points.source for part in subject.parts}
    for part in subject.parts:
        if level <= Rung.CHECKSUMMED:
            yield from _verified(part.points)
        if level <= Rung.COMPLETE:
            yield from _shown(part)
    for source, log in records.logs.items():
        for one in _logged(source, log, level, subject.of):
            # What was checked elsewhere says nothing of what lies here.
            elsewhere = one.point_source and sources and one.point_source not in sources
            if one.passed and one.rung >= level and not (elsewhere or one.contradicted):
                yield PassedCheck(one.at, f"{one.what} at {source}", one.cited)


def _failed(level: Rung, subject: Subject, records: Records) -> Iterator[Failed]:
    """Yield every failed check, on whatever rung: what is broken lower down does not hold higher up."""
    for part in subject.parts:
        for (row, fact), steps in part.points.facts.items():
            if fact is Fact.CHECKSUM:
                yield from _rotten(part.points, row, [told for _, told in steps if told.holds is not None])
    for source, log in records.logs.items():
        logged = _logged(source, log, level, subject.of)
        passes: dict[tuple[bool, Rung], int] = {}
        for one in reversed(logged):
            if one.passed:
                if not one.contradicted:
                    passes[one.restored, one.rung] = one.at
                continue
            # Only what checks the same thing as well ends it: of the same log, and a restore reads but one backup.
            ends = min(
                (at for (restored, rung), at in passes.items() if restored is one.restored and rung >= one.rung),
                default=FOREVER,
            )
            # A line that nobody can read is no known pass, and what was not looked at since may hold one.
            surely = Span(one.at, min(ends, log.known_until + 1))
            cited = one.cited._replace(told="it failed")
            yield Failed(surely, Span(one.at, ends), f"{one.what} at {source}", cited, None)


class _Logged(NamedTuple):
    """A check, or a restore test, as a log tells of it."""

    at: int
    line: int
    rung: Rung
    passed: bool
    restored: bool
    """Whether it is a restore test."""
    what: str
    cited: Cited
    contradicted: str
    """What speaks against its record; empty: nothing does."""
    point_source: str = ""
    """Of a check, the source whose copy it names; empty: it names none."""


def _logged(source: str, log: Log, level: Rung, of: str) -> list[_Logged]:
    """Return what one log tells of the checks of a data set, oldest first, a failure after a pass of its instant."""
    found = [
        _Logged(
            check.finished_at,
            check.line,
            check.level,
            check.passed,
            False,
            f"check {check.id}",
            Cited(source, of, check.id, None, check.finished_at),
            check.contradicted,
            check.point_source,
        )
        for check in log.checks
        if not check.of or of in check.of
    ]
    for test in log.recoveries:
        rung = _tested(test, level)
        if rung is None or test.finished_at is None or test.point_of not in {"", of}:
            continue
        cited = Cited(source, of, test.id, None, test.finished_at)
        what, passed = f"restore test {test.id}", test.outcome == "passed"
        against = test.contradicted if passed else ""
        found.append(_Logged(test.finished_at, test.line, rung, passed, True, what, cited, against))
    return sorted(found, key=lambda one: (one.at, not one.passed, one.line))


def _tested(test: Recovery, level: Rung) -> Rung | None:
    """Return the rung to which a restore test tells of a check; None: to none.

    One that failed, and does not tell how far it was to go, is taken to have failed on the rung asked.
    """
    match test.outcome:
        case "passed":
            return test.validation
        case "failed":
            rung = level if test.validation is None else test.validation
            return rung if rung >= level else None
        case _:
            return None


def _verified(points: Points) -> Iterator[PassedCheck]:
    """Yield the checksums of recovery points that count and that held when drcheck verified them."""
    for (row, fact), steps in points.facts.items():
        if fact is Fact.CHECKSUM and row not in points.why_not:
            point = cite((points, row))
            for _, told in steps:
                if told.holds:
                    yield PassedCheck(told.until, f"the checksum of {point.name} at {point.source}", point)


def _rotten(points: Points, row: int, verified: Sequence[FactValue]) -> Iterator[Failed]:
    """Yield when a point did not have its checksum: from the check that found so to one that passed."""
    for holds, those in groupby(verified, key=lambda told: told.holds):
        if holds:
            continue
        first = next(those)
        ends = next((told.until for told in verified if told.until > first.until and told.holds), FOREVER)
        point = cite((points, row))
        yield Failed(
            Span(first.until, min(ends, points.gone_lo[row])),
            Span(first.until, min(ends, points.gone_hi[row])),
            f"the checksum of {point.name} at {point.source}",
            point._replace(told=first.how or "its checksum is not the one kept beside it"),
            (points, row),
        )


def _shown(part: Part) -> Iterator[PassedCheck]:
    """Yield the complete looks that showed a recovery point that counts: they prove that it was there, and whole."""
    points = part.points
    arriving = sorted(points.counted(), key=points.available_hi.__getitem__, reverse=True)
    standing: list[int] = []
    """The rows that have arrived, newest data first, each negative so that it is at the top."""
    for begin, _ in part.absence.complete:
        while arriving and points.available_hi[arriving[-1]] <= begin:
            heappush(standing, -arriving.pop())
        while standing and points.gone_lo[-standing[0]] < begin:
            heappop(standing)
        if standing:
            yield PassedCheck(begin, f"the look at {points.source}", cite((points, -standing[0])))


class Verifying(Struct, frozen=True):
    """How far the looks at one source could verify checksums."""

    since: int | None
    """The first look that was asked to; None: none was, which is no proof that no checksum holds."""
    newest: Sequence[tuple[int, FactValue]]
    """From which look on which answer was the one about the newest point, oldest first."""
    until: int
    """When one was last verified; ``LONG_AGO``: never."""

    @classmethod
    def of(cls, points: Points) -> Verifying:
        """Gather what was told of the checksums of ``points``."""
        asked = {row: steps for (row, fact), steps in points.facts.items() if fact is Fact.CHECKSUM}
        newest: list[tuple[int, FactValue]] = []
        last = -1
        for row in sorted(asked, key=lambda row: (asked[row][0][0], row)):
            if row > last and row not in points.why_not:
                last = row
                newest.append((asked[row][0][0], asked[row][-1][1]))
        verified = (told.until for steps in asked.values() for _, told in steps if told.holds is not None)
        return cls(
            min((steps[0][0] for steps in asked.values()), default=None), newest, max(verified, default=LONG_AGO)
        )

    def changes(self) -> Iterator[int]:
        """Yield every instant at which :meth:`untold` may change its answer."""
        yield self.until
        yield from () if self.since is None else (self.since,)
        yield from (look for look, _ in self.newest)

    def untold(self, part: Part, t: int) -> str:
        """Return why nothing verified at ``part`` by ``t`` proves nothing; empty: something could have been."""
        source = part.points.source
        if why := self._refused(part, t):
            return f"at {source} no checksum could be verified: {why}"
        if self.since is None or t < self.since:
            before = "" if self.since is None else f" before {words.instant(self.since)}"
            return f"no look at {source} was asked to verify checksums{before}"
        return ""

    def _refused(self, part: Part, t: int) -> str:
        """Return why the newest point could not be verified by the looks up to ``t``; empty: nothing kept them."""
        index = bisect_right(self.newest, t, key=lambda one: one[0]) - 1
        if index >= 0 and self.newest[index][1].holds is None:
            return why_untold(part, Fact.CHECKSUM, self.newest[index][1])
        # What the newest look could not ask, perhaps no look could since a checksum was last verified.
        return part.unasked.get(Fact.CHECKSUM, "") if t >= self.until else ""
