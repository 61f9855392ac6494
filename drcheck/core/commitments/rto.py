"""Recovery time objective: the recovery that decides took at most that long, and its proof has not lapsed.

The newest test of the scenario that ran to its end decides. A pass longer than the objective is a failure. A failure
does not lapse: only a later pass ends it. A real outage longer than the objective breaches while it lasts.
"""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Sequence
from dataclasses import dataclass
from enum import Enum

from drcheck.core import words
from drcheck.core.commitments.common import at_risk
from drcheck.core.evidence import FOREVER, Cited
from drcheck.core.pieces import cut, within
from drcheck.core.promises import Rto
from drcheck.core.recoveries import (
    Told,
    cite,
    gap_bounds,
    gap_since,
    proves,
    recovery_time,
    told,
    unseen,
    why_it_does_not_prove,
)
from drcheck.core.terms import Records, Terms
from drcheck.core.verdict import Finding, Quantity, Status, Window


class _State(Enum):
    UNPROVEN = "unproven"
    PROVEN = "proven"
    FAILED = "failed"


@dataclass(frozen=True, slots=True)
class _Step:
    """What holds from one recovery's end on, read favourably and unfavourably."""

    since: int
    at_best: _State
    at_worst: _State
    best: Told | None
    """The recovery that decides, read favourably."""
    worst: Told | None


_NOTHING = _Step(-FOREVER, _State.UNPROVEN, _State.UNPROVEN, None, None)


def evaluate(commitment: Rto, records: Records, terms: Terms, window: Window) -> Finding:
    """Judge what the logs tell of the commitment's scenario over ``window``."""
    everything = told(records, commitment.scenario)
    steps = _steps(commitment, everything, terms)
    begins = [step.since for step in steps]
    outages = _TooLong.of(everything, commitment.at_most)

    def step_at(t: int) -> _Step:
        return steps[bisect_right(begins, t) - 1]

    def judge(t: int) -> tuple[Status | None, str]:
        if why := terms.before_effect(t):
            return None, why
        if why := unseen(records, t):
            return Status.UNKNOWN, why
        if outage := outages.at(t):
            over = words.instant(outage.recovery.started_at + commitment.at_most)
            return Status.BREACHED, f"outage {outage.recovery.id} passed {words.duration(commitment.at_most)} at {over}"
        return _judge(commitment, step_at(t), records, terms, t)

    changes = [*gap_bounds(records), *begins]
    for one in everything:
        end = one.ends
        changes += [end + commitment.proven_within, one.recovery.started_at + commitment.at_most, end]
    if terms.effective is not None:
        changes.append(terms.effective)
    last = window.end - 1
    pieces = within(terms.binds, cut(window, changes, lambda t: judge(t)[0], lambda t: judge(t)[1]))
    outage, step = outages.at(last), step_at(last)
    deciding = step.worst or step.best
    measured = None
    if outage is not None:
        measured = window.end - outage.recovery.started_at
    elif deciding is not None:
        measured = recovery_time(deciding.recovery, commitment)[1]
    headroom = None if measured is None else commitment.at_most - measured
    proven = pieces[-1].status is Status.MET and deciding is not None
    return Finding(
        of="",
        pieces=pieces,
        reason=judge(last)[1],
        objective=Quantity(commitment.at_most, "s"),
        measured=None if measured is None else Quantity(measured, "s"),
        headroom=None if headroom is None else Quantity(headroom, "s"),
        due_at=deciding.ends + commitment.proven_within if proven and deciding is not None else None,
        at_risk=at_risk(commitment, pieces[-1].status, headroom, commitment.at_most),
        evidence=tuple(_cited(everything, outage or deciding, terms, window)),
    )


@dataclass(frozen=True, slots=True)
class _TooLong:
    """The outages that went on longer than the objective."""

    since: Sequence[int]
    """From when on each was too long, oldest first."""
    latest: Sequence[Told]
    """Of those up to each, the one that ended last."""

    @classmethod
    def of(cls, everything: Sequence[Told], at_most: int) -> _TooLong:
        """Pick the outages among ``everything`` that lasted longer than ``at_most`` seconds."""
        over = sorted(
            (one for one in everything if one.recovery.real and one.recovery.started_at + at_most < one.ends),
            key=lambda one: one.recovery.started_at,
        )
        latest: list[Told] = []
        for one in over:
            latest.append(one if not latest or one.ends > latest[-1].ends else latest[-1])
        return cls([one.recovery.started_at + at_most for one in over], latest)

    def at(self, t: int) -> Told | None:
        """Return the outage that goes on right after ``t``, too long by then; of several the one that ends last."""
        index = bisect_right(self.since, t) - 1
        return self.latest[index] if index >= 0 and t < self.latest[index].ends else None


def _steps(commitment: Rto, everything: list[Told], terms: Terms) -> list[_Step]:
    """Follow the recoveries that ran to their end, oldest first."""
    steps = [_NOTHING]
    for one in everything:
        recovery = one.recovery
        ended = recovery.finished_at is not None and recovery.outcome in {"passed", "failed"}
        if not ended or (recovery.real and not recovery.recovered_by):
            continue
        before = steps[-1]
        shortest, longest = recovery_time(recovery, commitment)
        proof = proves(recovery, terms)
        in_time = longest is not None and longest <= commitment.at_most
        if recovery.outcome == "failed" or shortest > commitment.at_most:
            step = _Step(one.ends, _State.FAILED, _State.FAILED, one, one)
        elif proof is False and in_time:
            continue
        elif in_time:
            step = _Step(
                one.ends,
                _State.PROVEN,
                _State.PROVEN if proof else before.at_worst,
                one,
                one if proof else before.worst,
            )
        elif before.at_best is _State.FAILED:
            continue  # nobody knows whether it took too long: it ends no failure
        else:
            at_best = (before.at_best, before.best) if proof is False else (_State.PROVEN, one)
            step = _Step(one.ends, at_best[0], _State.FAILED, at_best[1], one)
        steps.append(step)
    return steps


def _judge(commitment: Rto, step: _Step, records: Records, terms: Terms, t: int) -> tuple[Status, str]:
    deciding = step.worst or step.best
    if deciding is None or _State.UNPROVEN in (step.at_best, step.at_worst):
        unproving = "" if step.best is None else f": {_id(step.best)} cannot prove it, "
        return Status.UNKNOWN, "never proven" + (
            unproving + why_it_does_not_prove(step.best.recovery, terms) if step.best else _scenario(commitment)
        )
    oldest = min((one for one in (step.best, step.worst) if one is not None), key=lambda one: one.ends)
    if gap := gap_since(records, t, oldest.recovery):
        return Status.UNKNOWN, f"{_id(deciding)} may not be the newest: {gap}"
    if step.at_best is not step.at_worst:
        return Status.UNKNOWN, f"how long {_id(deciding)} took cannot be told: its record lacks a clock"
    took = recovery_time(deciding.recovery, commitment)[1]
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


def _id(one: Told) -> str:
    return f"{'recovery from outage' if one.recovery.real else 'restore test'} {one.recovery.id}"


def _cited(everything: list[Told], deciding: Told | None, terms: Terms, window: Window) -> list[Cited]:
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
