"""Recovery time objective: the recovery that decides took at most that long, and its proof has not lapsed.

The newest test of the scenario that ran to its end decides, of several that ended at one instant the worst. A pass
longer than the objective is a failure. A failure does not lapse: only a later pass ends it, and a line that nobody can
read is no known pass. A real outage longer than the objective breaches while it lasts. What was proven is unknown while
every copy that survives lies in an archive tier that takes longer to thaw than the objective.
"""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Iterable, Sequence
from datetime import tzinfo
from enum import Enum
from itertools import groupby
from typing import ClassVar, NamedTuple

from msgspec import Struct

from drcheck.core import words
from drcheck.core.evaluation.forecast import FEWEST, Forecast, TimedTest, forecast
from drcheck.core.evaluation.headroom import at_risk
from drcheck.core.evaluation.inputs import Records, Subject, Terms
from drcheck.core.evaluation.interface import OfRecoveries
from drcheck.core.evaluation.recoveries import (
    SourcedRecovery,
    cite,
    gap_between,
    gap_bounds,
    of_set,
    of_what,
    proves,
    recoveries_of,
    why_it_does_not_prove,
    why_not_all_seen,
)
from drcheck.core.evaluation.recovery_time import CountsFrom, Until, clocks_of, recovery_time
from drcheck.core.evaluation.thawing import Thawing
from drcheck.core.history.log_lines import known_open_until
from drcheck.core.model.commitments import Needs
from drcheck.core.model.evidence import FOREVER, UNTOLD, Cited, Fact
from drcheck.core.model.exhibit import TimedRecovery, Times
from drcheck.core.model.log_records import Recovery
from drcheck.core.model.readers import Tells
from drcheck.core.model.status import Status
from drcheck.core.model.verdict import Finding, Quantity, Window
from drcheck.core.rules.dependence import DEPENDENT
from drcheck.core.time.spans import Span
from drcheck.core.time.timeline import cut, within


class _State(Enum):
    UNPROVEN = "unproven"
    PROVEN = "proven"
    FAILED = "failed"


class _Step(Struct, frozen=True):
    """What holds from one recovery's end on, read favourably and unfavourably."""

    since: int
    at_best: _State
    at_worst: _State
    best: SourcedRecovery | None
    """The recovery that decides, read favourably."""
    worst: SourcedRecovery | None


_NOTHING = _Step(-FOREVER, _State.UNPROVEN, _State.UNPROVEN, None, None)


class Rto(OfRecoveries, frozen=True):
    """A recovery takes at most ``at_most``, and that has been proven."""

    at_most: int = 0
    counts_from: CountsFrom = CountsFrom.DISRUPTION
    until: Until = Until.VALIDATED
    not_counted: frozenset[str] = frozenset()
    """Names of the phases that do not count."""
    proven_within: int = 365 * 86400

    kind: ClassVar[str] = "rto"

    @classmethod
    def needs(cls) -> Needs:
        """Return what it can be judged on."""
        return Needs(proof=frozenset({Tells.RESTORE_TESTS, Tells.RECOVERIES}), beside=frozenset({Tells.MAINTENANCE}))

    def facts(self) -> frozenset[Fact]:
        """Return what it must know of each recovery point beside its listing."""
        return frozenset()

    def reach(self, start: int, grace: int, zone: tzinfo) -> int | None:  # noqa: ARG002
        """Return how far before a window's ``start`` data may lie that decides about it."""
        return 0

    def evaluate(self, surviving: Sequence[Subject], records: Records, terms: Terms, window: Window) -> Finding:
        """Judge it over ``window``."""
        return evaluate(self, surviving, records, terms, window)


def evaluate(commitment: Rto, surviving: Sequence[Subject], records: Records, terms: Terms, window: Window) -> Finding:
    """Judge what the logs tell of the commitment's scenario over ``window``.

    ``surviving`` are the data sets to be restored, each as the sources hold it that survive the scenario, or may.
    """
    thawing = [Thawing.of_set(subject, commitment.at_most, terms) for subject in surviving]
    everything = recoveries_of(records, commitment.scenario)
    outages, doubtful = _too_long(everything, commitment, records)
    drawn = _exhibit(everything, commitment, records, terms, window) if terms.exhibits else None
    everything = of_set(everything, terms)
    steps = _steps(commitment, everything, terms)
    begins = [step.since for step in steps]

    def step_at(t: int) -> _Step:
        return steps[bisect_right(begins, t) - 1]

    def judge(t: int) -> tuple[Status | None, str]:
        if why := terms.before_effect(t):
            return None, why
        if outage := outages.at(t):
            over = words.instant(outages.since_of(t))
            return Status.BREACHED, f"outage {outage.recovery.id} passed {words.duration(commitment.at_most)} at {over}"
        if why := why_not_all_seen(records, t):
            return Status.UNKNOWN, why
        status, why = _judge(commitment, step_at(t), records, terms, t)
        if status is not Status.BREACHED and (outage := doubtful.at(t)):
            return Status.UNKNOWN, f"how long outage {outage.recovery.id} took is not known: its record lacks a clock"
        if status is Status.MET and (cold := next(filter(None, (one.why(t) for one in thawing)), "")):
            return Status.UNKNOWN, cold
        return status, of_what(terms) + why

    changes = [*gap_bounds(records), *begins]
    for one in everything:
        end = one.ends
        changes += [end + commitment.proven_within, end]
    changes += [*outages.bounds, *doubtful.bounds, *(bound for one in thawing for bound in one.bounds)]
    if terms.effective is not None:
        changes.append(terms.effective)
    last = window.end - 1
    pieces = within(terms.binds, cut(window, changes, lambda t: judge(t)[0], lambda t: judge(t)[1]))
    outage, step = outages.at(last), step_at(last)
    deciding = step.worst or step.best
    measured = None
    if outage is not None:
        measured = window.end - outages.since_of(last) + commitment.at_most
    elif deciding is not None:
        measured = _took(deciding.recovery, commitment)[1]
    headroom = None if measured is None else commitment.at_most - measured
    proven = pieces[-1].status is Status.MET and deciding is not None
    lapses = deciding.ends + commitment.proven_within if proven and deciding is not None else None
    ahead = _forecast(commitment, everything, surviving, terms, window.end) if proven else None
    told_ahead = "" if ahead is None else of_what(terms) + ahead.words(commitment.at_most)
    soon = ahead is not None and lapses is not None and ahead.at < lapses
    return Finding(
        of="",
        pieces=pieces,
        reason=judge(last)[1],
        objective=Quantity(commitment.at_most, "s"),
        measured=None if measured is None else Quantity(measured, "s"),
        headroom=None if headroom is None else Quantity(headroom, "s"),
        due_at=lapses,
        at_risk=soon or at_risk(commitment, pieces[-1].status, headroom, commitment.at_most),
        evidence=(
            *_cited(everything, outage or deciding, terms, window),
            *(cited for one in thawing for cited in one.cited(last)),
        ),
        notes=tuple(filter(None, (*(one.note(last) for one in thawing), told_ahead))),
        foretold=told_ahead if soon else "",
        exhibit=drawn,
    )


def _forecast(
    commitment: Rto, everything: list[SourcedRecovery], surviving: Sequence[Subject], terms: Terms, end: int
) -> Forecast | None:
    """Return when recoveries will take too long, by the tests that ended before ``end`` and proved that they do not.

    Restores of another copy take another time: the newest of the tests says which copy it is about.
    """
    tests = [
        one.recovery
        for one in everything
        if not one.recovery.real and one.recovery.outcome == "passed" and one.ends < end and proves(one.recovery, terms)
    ]
    if len(tests) < FEWEST:
        return None
    source = tests[-1].point_source
    trials = [
        TimedTest(one.started_at, took, one.point_size)
        for one in tests
        if one.point_source == source and (took := _took(one, commitment)[1]) is not None
    ]
    sizes = [
        (part.points.data_lo[row], part.points.size[row])
        for subject in surviving
        if len(surviving) == 1 or subject.of == terms.restored
        for part in subject.parts
        if part.points.source == source
        for row in part.points.counted()
        if part.points.kind[row] not in DEPENDENT and part.points.data_hi[row] < end and part.points.size[row] != UNTOLD
    ]
    return forecast(trials, sizes, commitment.at_most, end)


def _exhibit(
    everything: list[SourcedRecovery], commitment: Rto, records: Records, terms: Terms, window: Window
) -> Times:
    """Return the recoveries that ended in ``window``, or whose proof may last into it, and all outages of that time."""
    since = window.start - commitment.proven_within
    drawn = [
        one
        for one in everything
        if since <= one.ends
        and (
            one.recovery.started_at < window.end
            if one.recovery.real
            else one.ends < window.end and _counts(one.recovery) and one.recovery.point_of not in terms.not_restored
        )
    ]
    return Times(
        commitment.at_most, tuple(_timed(one, commitment, records, window, _why_not(one, terms)) for one in drawn)
    )


def _why_not(one: SourcedRecovery, terms: Terms) -> str:
    if one.recovery.point_of in terms.not_restored:
        return "another data set was restored"
    if one.recovery.real and not one.recovery.recovered_by:
        return "its record does not tell what it was recovered by"
    return "" if proves(one.recovery, terms) else why_it_does_not_prove(one.recovery, terms)


def _timed(one: SourcedRecovery, commitment: Rto, records: Records, window: Window, why_not: str) -> TimedRecovery:
    """Return what is drawn of a recovery; an outage that was not over when ``window`` ended is open."""
    recovery, ends = one.recovery, one.ends
    if ends < window.end:
        shortest, longest = _took(recovery, commitment)
        return TimedRecovery(recovery.id, ends, recovery.outcome == "passed", shortest, longest, recovery.real, why_not)
    start, stop = clocks_of(recovery, commitment.counts_from, commitment.until)
    until = min(stop.lo, window.end, known_open_until(records.logs[one.source], recovery.line))
    return TimedRecovery(recovery.id, None, False, max(0, until - start.hi), None, True, "it had not ended")


class _TooLong(Struct, frozen=True):
    """The outages that went on longer than the objective, as far as that is certain, or possible."""

    spans: Sequence[tuple[Span, SourcedRecovery]]
    """From when to when each was too long, by when that began."""
    latest: Sequence[int]
    """Of those up to each, the number of the one that was so longest."""

    @classmethod
    def of(cls, several: Iterable[tuple[Span, SourcedRecovery]]) -> _TooLong:
        """Put outages, with from when to when each was too long, in order; empty spans are left out."""
        spans = sorted((one for one in several if one[0].start < one[0].end), key=lambda one: (one[0], one[1].source))
        latest: list[int] = []
        for number, (span, _) in enumerate(spans):
            latest.append(number if not latest or span.end > spans[latest[-1]][0].end else latest[-1])
        return cls(spans, latest)

    def at(self, t: int) -> SourcedRecovery | None:
        """Return the outage that goes on right after ``t``, too long by then; of several the one that ends last."""
        found = self._at(t)
        return None if found is None else found[1]

    def since_of(self, t: int) -> int:
        """Return from when on the outage that :meth:`at` names was too long; ``t`` where there is none."""
        found = self._at(t)
        return t if found is None else found[0].start

    @property
    def bounds(self) -> list[int]:
        """Every instant at which :meth:`at` may change its answer."""
        return [bound for span, _ in self.spans for bound in span]

    def _at(self, t: int) -> tuple[Span, SourcedRecovery] | None:
        index = bisect_right(self.spans, t, key=lambda one: one[0].start) - 1
        if index < 0 or t >= self.spans[self.latest[index]][0].end:
            return None
        return self.spans[self.latest[index]]


def _too_long(everything: Sequence[SourcedRecovery], commitment: Rto, records: Records) -> tuple[_TooLong, _TooLong]:
    """Return when outages surely, and when they perhaps, were longer than the objective.

    Where the record lacks a clock that the commitment counts from, or until, that lies between its neighbours. One that
    is open surely went on until its log was last seen, or may have ended as a line tells that nobody can read.
    """
    surely, perhaps = [], []
    for one in everything:
        if one.recovery.real:
            start, stop = clocks_of(one.recovery, commitment.counts_from, commitment.until)
            until = min(stop.lo, known_open_until(records.logs[one.source], one.recovery.line))
            surely.append((Span(start.hi + commitment.at_most, until), one))
            perhaps.append((Span(start.lo + commitment.at_most, stop.hi), one))
    return _TooLong.of(surely), _TooLong.of(perhaps)


class _Reading(NamedTuple):
    """What one recovery that ran to its end may come to."""

    told: SourcedRecovery
    may_pass: bool
    may_fail: bool
    may_prove_nothing: bool

    @property
    def surely_passes(self) -> bool:
        """Whether it passed in time and proves that the scenario can be recovered from."""
        return self.may_pass and not self.may_fail and not self.may_prove_nothing


def _steps(commitment: Rto, everything: list[SourcedRecovery], terms: Terms) -> list[_Step]:
    """Follow the recoveries that ran to their end, oldest first."""
    steps = [_NOTHING]
    over = (one for one in everything if _counts(one.recovery))
    for since, several in groupby(over, key=lambda one: one.ends):
        steps.append(_after(steps[-1], since, [_read(commitment, one, terms) for one in several]))
    return steps


def _counts(recovery: Recovery) -> bool:
    """Return whether a recovery counts once it has ended: an outage that nobody recovered from proves nothing."""
    ended = recovery.finished_at is not None and recovery.outcome in {"passed", "failed"}
    return ended and (not recovery.real or bool(recovery.recovered_by))


def _read(commitment: Rto, one: SourcedRecovery, terms: Terms) -> _Reading:
    shortest, longest = _took(one.recovery, commitment)
    if one.recovery.outcome == "failed" or shortest > commitment.at_most:
        return _Reading(one, may_pass=False, may_fail=True, may_prove_nothing=False)
    proof = proves(one.recovery, terms)
    in_time = longest is not None and longest <= commitment.at_most
    return _Reading(one, may_pass=proof is not False, may_fail=not in_time, may_prove_nothing=proof is not True)


def _after(before: _Step, since: int, readings: Sequence[_Reading]) -> _Step:
    """Return what holds once recoveries have ended at one instant, of which the worst decides."""
    if all(one.surely_passes for one in readings):
        first = readings[0].told
        return _Step(since, _State.PROVEN, _State.PROVEN, first, first)
    failed = [one.told for one in readings if one.may_fail and not one.may_pass and not one.may_prove_nothing]
    if failed:
        return _Step(since, _State.FAILED, _State.FAILED, failed[0], failed[0])
    at_best, best = before.at_best, before.best
    # Of what lacks a clock, or what it restored from, nobody knows that it passed: it ends no failure.
    passing = [one.told for one in readings if one.may_pass and (one.surely_passes or at_best is not _State.FAILED)]
    if passing:
        at_best, best = _State.PROVEN, passing[0]
    at_worst, worst = before.at_worst, before.worst
    doubtful = [one.told for one in readings if one.may_fail]
    sure = [one.told for one in readings if one.surely_passes]
    if doubtful and at_best is not _State.FAILED:
        at_worst, worst = _State.FAILED, doubtful[0]
    elif sure:
        at_worst, worst = _State.PROVEN, sure[0]
    return _Step(since, at_best, at_worst, best, worst)


def _judge(commitment: Rto, step: _Step, records: Records, terms: Terms, t: int) -> tuple[Status, str]:
    deciding = step.worst or step.best
    if deciding is None or _State.UNPROVEN in (step.at_best, step.at_worst):
        unproving = "" if step.best is None else f": {_id(step.best)} cannot prove it, "
        return Status.UNKNOWN, "never proven" + (
            unproving + why_it_does_not_prove(step.best.recovery, terms) if step.best else _scenario(commitment)
        )
    oldest = min((one for one in (step.best, step.worst) if one is not None), key=lambda one: one.ends)
    if step.at_best is not _State.FAILED and (gap := gap_between(records, oldest.ends, t)):
        return Status.UNKNOWN, f"{_id(deciding)} may not be the newest: {gap}"
    if step.at_best is not step.at_worst:
        return Status.UNKNOWN, f"how long {_id(deciding)} took cannot be told: its record lacks a clock"
    took = _took(deciding.recovery, commitment)[1]
    ended = words.instant(deciding.ends)
    if step.at_best is _State.FAILED:
        if deciding.recovery.outcome == "failed":
            return Status.BREACHED, f"{_id(deciding)} failed at {ended}, and no later one has passed"
        time = "longer" if took is None else words.duration(took)
        return Status.BREACHED, f"{_id(deciding)} took {time}; the objective is {words.duration(commitment.at_most)}"
    lapses = oldest.ends + commitment.proven_within
    if t >= lapses:
        return Status.UNKNOWN, f"the proof of {ended} by {_id(deciding)} has lapsed at {words.instant(lapses)}"
    time = "" if took is None else f" took {words.duration(took)}"
    return Status.MET, f"{_id(deciding)} of {ended}{time}; the objective is {words.duration(commitment.at_most)}"


def _scenario(commitment: Rto) -> str:
    of = f" for {commitment.scenario}" if commitment.scenario else ""
    return f": no restore test{of} has passed"


def _id(one: SourcedRecovery) -> str:
    return f"{'recovery from outage' if one.recovery.real else 'restore test'} {one.recovery.id}"


def _cited(
    everything: list[SourcedRecovery], deciding: SourcedRecovery | None, terms: Terms, window: Window
) -> list[Cited]:
    """Return the deciding recovery, then those that could not decide, newest first."""
    found = [cite(deciding)] if deciding else []
    for one in reversed(everything):
        if one is deciding or one.recovery.started_at >= window.end:
            continue
        if one.recovery.outcome == "aborted":
            found.append(cite(one, "it was aborted"))
        elif one.recovery.outcome == "passed" and not proves(one.recovery, terms):
            found.append(cite(one, why_it_does_not_prove(one.recovery, terms)))
    return found


def _took(recovery: Recovery, commitment: Rto) -> tuple[int, int | None]:
    """Return the shortest and longest time that a recovery can have taken, as the commitment counts it."""
    return recovery_time(recovery, commitment.counts_from, commitment.until, commitment.not_counted)
