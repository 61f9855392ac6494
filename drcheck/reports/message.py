"""What changed, as the title and the text of a message: plain, one line a thing, the gravest first."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from itertools import groupby
from typing import Final, NamedTuple

from drcheck.core import words
from drcheck.core.judging.transitions import WAITS, ConditionKind, Event, Transition
from drcheck.reports.wording.text import printable

_MOST: Final = 30
"""Lines of one kind: a message is read, and the report has the rest."""


class Message(NamedTuple):
    """What a channel hands over."""

    title: str
    body: str
    urgent: bool


class _Section(NamedTuple):
    word: str
    """In the title, behind how many there are."""
    head: str


_BROKEN: Final = _Section("broken", "Broken")
_FLAPS: Final = _Section("flapping", "Broken and kept in turns; told again once it has settled")
_PASSED: Final = _Section("broken for a time", "Broken since the last report, and over")
_UNSEEN: Final = _Section("connection unseen", "Connections at which nothing could be seen")
_UNKNOWN: Final = _Section("unknown", "Unknown")
_INVALID: Final = _Section("invalid policy", "Policies that cannot be judged")
_LASTS: Final = _Section("still so", "Still so")
_TO_SEE_TO: Final = _Section("to see to", "To see to")
_HANDED_ON: Final = _Section("handed on", "Still so, and told to others from now on")
_SETTLED: Final = _Section("settled", "Settled")
_OVER: Final = _Section("over", "Over")
_IN_ORDER: Final = (
    _BROKEN, _FLAPS, _PASSED, _UNSEEN, _UNKNOWN, _INVALID, _LASTS, _TO_SEE_TO, _HANDED_ON, _SETTLED, _OVER,
)  # fmt: skip


def _section(event: Event) -> _Section:
    match event.change:
        case Transition.BEGAN:
            return _OF_WHAT[event.subject.what]
        case Transition.PASSED:
            return _PASSED
        case Transition.LASTS:
            return _LASTS
        case Transition.OVER:
            return _OVER
        case Transition.HANDED_ON:
            return _HANDED_ON
        case Transition.FLAPS:
            return _FLAPS
        case Transition.SETTLED:
            return _SETTLED


_OF_WHAT: Final = {
    ConditionKind.BREACHED: _BROKEN,
    ConditionKind.UNKNOWN: _UNKNOWN,
    ConditionKind.AT_RISK: _TO_SEE_TO,
    ConditionKind.WAIVER_ENDS: _TO_SEE_TO,
    ConditionKind.TEST_DUE: _TO_SEE_TO,
    ConditionKind.INVALID: _INVALID,
    ConditionKind.UNSEEN: _UNSEEN,
}


def message(events: Sequence[Event], run: str, at: int) -> Message:
    """Return what to tell of ``events``, which ``run`` found at ``at``."""
    known = {(one.subject.service, one.subject.name) for one in events if one.subject.what is ConditionKind.BREACHED}
    left = [
        one
        for one in events
        # That it is not unknown any more goes without saying where it is told to be broken.
        if not (
            one.subject.what is ConditionKind.UNKNOWN and one.change is Transition.OVER and one.subject[1:] in known
        )
    ]
    title, lines = [], []
    for section in _IN_ORDER:
        if its := [one for one in left if _section(one) is section]:
            title.append(f"{len(its)} {section.word}")
            lines += [f"{section.head}:", *_lines(its), ""]
    lines.append(f"Run {run}, {words.instant(at)}.")
    return Message(f"drcheck: {', '.join(title)}", "\n".join(lines), not all(one.waits for one in events))


def _lines(events: Iterable[Event]) -> list[str]:
    in_order = sorted(events, key=lambda one: (one.subject[1:], one.subject.what, one.since))
    lines = [f"- {printable(_of_one([*its]))}" for _, its in groupby(in_order, key=lambda one: one.subject)]
    return lines if len(lines) <= _MOST else [*lines[:_MOST], f"- and {len(lines) - _MOST} more"]


def _of_one(events: Sequence[Event]) -> str:
    """Return the newest of what there is to tell of one thing: what came often must not hide the rest."""
    newest, more = events[-1], len(events) - 1
    often = f" ({words.counted(more, 'more time')} since {words.instant(events[0].since)})" if more else ""
    return f"{_line(newest)}{often}"


def _line(event: Event) -> str:
    what, service, name = event.subject
    named = " ".join(part for part in (service, name) if part)
    kind = (
        ""
        if what is ConditionKind.BREACHED or (event.change is Transition.BEGAN and what not in WAITS)
        else f"{what.value}, "
    )
    when = f"since {words.instant(event.since)}"
    if event.until is not None:
        lasted = words.duration(event.until - event.since)
        when = f"from {words.instant(event.since)} to {words.instant(event.until)} ({lasted})"
    return f"{named}: {kind}{when}: {event.reason}"
