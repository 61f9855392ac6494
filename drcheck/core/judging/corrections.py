"""What a correction of a wording changes about the past: the verdict before it beside the one after it."""

from __future__ import annotations

from collections.abc import Iterator

from drcheck.core import words
from drcheck.core.judging.wordings import Correction
from drcheck.core.model.status import Status
from drcheck.core.model.verdict import Finding, PeriodFigures

_AT_MOST = 4
"""How many differences are listed; the others are counted."""


def changes_by(correction: Correction, before: Finding, after: Finding) -> str:
    """Return in one sentence what ``correction`` changes in the verdict; empty: nothing.

    ``before`` judges as if the wording were in force only since it was first seen, ``after`` by the correction.
    """
    changes = [*_spans(before, after), *_periods(before, after)]
    if not changes:
        return ""
    since, seen = words.instant(correction.in_force_from), words.instant(correction.first_seen)
    return (
        f"the wording first seen {seen} corrects what was in force from {since} on: "
        f"{words.several(changes, at_most=_AT_MOST)}"
    )


def _spans(before: Finding, after: Finding) -> Iterator[str]:
    """Yield where the two differ, in spans as long as they differ alike."""
    found: list[tuple[int, int, Status | None, Status | None]] = []
    ones, others = iter(before.pieces), iter(after.pieces)
    one, other = next(ones, None), next(others, None)
    while one is not None and other is not None:
        start, end = max(one.start, other.start), min(one.end, other.end)
        if one.status is not other.status:
            if found and found[-1][1:] == (start, one.status, other.status):
                start = found.pop()[0]
            found.append((start, end, one.status, other.status))
        if one.end == end:
            one = next(ones, None)
        if other.end == end:
            other = next(others, None)
    for start, end, was, now in found:
        yield f"{words.instant(start)} to {words.instant(end)} was {_word(was)} before it and is {_word(now)} by it"


def _word(status: Status | None) -> str:
    return "not owed" if status is None else status.value


def _periods(before: Finding, after: Finding) -> Iterator[str]:
    """Yield the periods of which another credit is owed."""
    old = {(period.start, period.end): period for period in before.periods}
    for period in after.periods:
        was = old.get((period.start, period.end))
        if was is not None and _credit(was) != _credit(period):
            yield f"the credit for {period.label} was {_credit(was)} before it and is {_credit(period)} by it"


def _credit(period: PeriodFigures) -> str:
    if period.credit is None:
        return "none"
    amount = period.credit.amount
    return f"{amount.value} {amount.unit}"
