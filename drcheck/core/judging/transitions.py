"""What changed since somebody was told last: what began, what is over, and nothing about what stays as it was.

A *condition* is what somebody may want to be told of: a breach, an unknown that lasts, a waiver about to end. What was
told of each is known from the messages before, so that nothing is told twice and nothing is lost, whoever runs.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from enum import StrEnum
from typing import Final, NamedTuple

from msgspec import Struct

_FLAPS_FROM: Final = 3
"""Beginnings within :data:`_RECENT` from which on a condition flaps: each further one would be one more message."""
_RECENT: Final = 7 * 86400
_SETTLED: Final = 86400
"""Seconds without a change after which what flapped has settled."""


class ConditionKind(StrEnum):
    """What can be the case."""

    BREACHED = "breached"
    UNKNOWN = "unknown"
    """For longer than is accepted."""
    AT_RISK = "at risk"
    WAIVER_ENDS = "waiver ends"
    TEST_DUE = "restore test due"
    INVALID = "invalid policy"
    UNSEEN = "unseen connection"
    """None of the sources at a connection could be seen whole."""


WAITS: Final = frozenset({ConditionKind.AT_RISK, ConditionKind.WAIVER_ENDS, ConditionKind.TEST_DUE})
"""What nobody need be woken for, and nobody need be told that it is over."""


class ConditionSubject(NamedTuple):
    """One thing that can be the case."""

    what: ConditionKind
    service: str
    """Empty: of a connection."""
    name: str
    """The commitment, the policy's file, or the connection."""


class Condition(NamedTuple):
    """Something that is the case."""

    since: int | None
    """None: nobody knows since when, and it is said to have begun when it was first told."""
    reason: str


class PassedBreach(NamedTuple):
    """A breach that began and ended since the last report."""

    subject: ConditionSubject
    since: int
    until: int
    reason: str


class End(NamedTuple):
    """How a condition ended, and when."""

    at: int
    how: str
    elsewhere: bool = False
    """Whether it lasts, and others are told of it from now on."""


class Transition(StrEnum):
    """What there is to tell of a condition."""

    BEGAN = "began"
    PASSED = "began and is over"
    LASTS = "lasts"
    OVER = "over"
    HANDED_ON = "handed on"
    """It lasts, and others are told of it from now on."""
    FLAPS = "flaps"
    SETTLED = "settled"


class Event(NamedTuple):
    """One thing to tell."""

    change: Transition
    subject: ConditionSubject
    since: int
    until: int | None
    """When it was over, of what is."""
    reason: str
    silent: bool = False
    """Whether it changes what is known and is told to nobody: what flaps, and what is not worth a message."""

    @property
    def waits(self) -> bool:
        """Whether it can wait for the morning."""
        return self.silent or self.subject.what in WAITS or self.change not in {Transition.BEGAN, Transition.FLAPS}


class LastTold(NamedTuple):
    """What was told of a condition."""

    since: int
    told_at: int
    holds: bool
    began: tuple[int, ...] = ()
    """When its recent beginnings were told."""
    flaps: bool = False
    changed_at: int = 0


Known = Mapping[ConditionSubject, LastTold]


class Rules(Struct, frozen=True):
    """When somebody is told."""

    remind_every: int = 7 * 86400
    """Seconds after which a condition that lasts is told again; 0: never."""


def events(
    now: Mapping[ConditionSubject, Condition],
    passed: Iterable[PassedBreach],
    known: Known,
    at: int,
    rules: Rules,
    end_of: Callable[[ConditionSubject, int], End | None],
) -> list[Event]:
    """Return what there is to tell at ``at``.

    ``end_of`` says of a condition that was told to have begun then, and is not among those of ``now``, how it ended;
    None: nobody can tell, for it was not judged, or is unknown.
    """
    found = [_of_condition(subject, condition, known.get(subject), at, rules) for subject, condition in now.items()]
    found += [_of_passed(one, known.get(one.subject), at) for one in passed]
    for subject, told in known.items():
        if subject in now:
            continue
        if told.holds and (end := end_of(subject, told.since)) is not None:
            silent = told.flaps or subject.what in WAITS
            change, until = (
                (Transition.HANDED_ON, None) if end.elsewhere else (Transition.OVER, max(end.at, told.since))
            )
            found.append(Event(change, subject, told.since, until, end.how, silent=silent))
        elif told.flaps and not told.holds and at - told.changed_at >= _SETTLED:
            found.append(Event(Transition.SETTLED, subject, told.since, told.changed_at, "it is over"))
    return [event for event in found if event is not None]


def _of_condition(
    subject: ConditionSubject, condition: Condition, told: LastTold | None, at: int, rules: Rules
) -> Event | None:
    since, reason = condition
    if since is None:
        since = told.since if told is not None and told.holds else at
    if told is None or not told.holds:
        if told is not None and told.flaps:
            return Event(Transition.BEGAN, subject, since, None, reason, silent=True)
        change = Transition.FLAPS if _flaps(told, at) else Transition.BEGAN
        return Event(change, subject, since, None, reason)
    if told.flaps:
        settled = at - told.changed_at >= _SETTLED
        return Event(Transition.SETTLED, subject, since, None, reason) if settled else None
    lasts = rules.remind_every and at - told.told_at >= rules.remind_every and subject.what not in WAITS
    return Event(Transition.LASTS, subject, since, None, reason) if lasts else None


def _of_passed(one: PassedBreach, told: LastTold | None, at: int) -> Event | None:
    if told is not None and told.holds and told.since >= one.since:
        return None  # that it is over is told of the condition itself
    if told is not None and told.since == one.since:
        return None  # it was told already, and the report that did so was handed over to nobody
    if told is not None and told.flaps:
        return Event(Transition.PASSED, one.subject, one.since, one.until, one.reason, silent=True)
    change = Transition.FLAPS if _flaps(told, at) else Transition.PASSED
    return Event(change, one.subject, one.since, one.until, one.reason)


def _flaps(told: LastTold | None, at: int) -> bool:
    return told is not None and len([one for one in told.began if at - one < _RECENT]) + 1 >= _FLAPS_FROM


def after(known: Known, told: Iterable[Event], at: int) -> dict[ConditionSubject, LastTold]:
    """Return what is known once the events were told at ``at``; what is over long since is forgotten."""
    its = dict(known)
    for event in told:
        before = its.get(event.subject) or LastTold(event.since, at, holds=False)
        recent = tuple(one for one in before.began if at - one < _RECENT)
        if event.change in {Transition.BEGAN, Transition.FLAPS, Transition.PASSED}:
            flaps = before.flaps or event.change is Transition.FLAPS
            its[event.subject] = LastTold(event.since, at, event.until is None, (*recent, at), flaps, at)
        elif event.change in {Transition.OVER, Transition.HANDED_ON}:
            its[event.subject] = before._replace(holds=False, began=recent, changed_at=at)
        elif event.change is Transition.SETTLED:
            its[event.subject] = before._replace(told_at=at, began=(), flaps=False)
        else:
            its[event.subject] = before._replace(told_at=at)
    return {
        subject: told
        for subject, told in its.items()
        if told.holds or told.flaps or any(at - one < _RECENT for one in told.began)
    }


def merged_events(waiting: Iterable[Event]) -> list[Event]:
    """Return what is left to tell of events that waited: what began and is over in one, and nothing twice."""
    found: dict[tuple[ConditionSubject, int], Event] = {}
    for event in waiting:
        one = event.subject, event.since
        before = found.get(one)
        if (
            event.silent
            and event.change is Transition.OVER
            and before is not None
            and before.change is Transition.BEGAN
        ):
            del found[one]  # nobody is told that it is over, so nobody need be told that it began
        if event.silent or (before is not None and event.change is Transition.LASTS):
            continue
        if before is not None and event.change is Transition.OVER and before.change is Transition.BEGAN:
            event = before._replace(change=Transition.PASSED, until=event.until)  # noqa: PLW2901  both in one
        found[one] = event
    return list(found.values())
