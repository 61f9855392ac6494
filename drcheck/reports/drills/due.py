"""What is due next, for people and for programs."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any, Final

from drcheck.core import words
from drcheck.core.model.status import Status
from drcheck.core.restoring.due_tests import CopyTested, DuePromise, DueTest, Overview, Test, Urgency
from drcheck.reports.console.terminal import Paper, Screen
from drcheck.reports.json import json_text
from drcheck.reports.wording.local_time import Local
from drcheck.reports.wording.status_marks import mark
from drcheck.reports.wording.text import printable

_STATUS: Final = {
    Urgency.OVERDUE: Status.BREACHED,
    Urgency.UNPROVEN: Status.UNKNOWN,
    Urgency.DUE: Status.MET,
    Urgency.NEVER: Status.UNKNOWN,
}
_INDENT: Final = 4
_COPIES_SHOWN: Final = 3


def render(overview: Overview, screen: Screen) -> bytes:
    """Return what is due as text, most pressing first."""
    paper = Paper(screen)
    for number, test in enumerate(overview.tests):
        if number:
            paper.blank()
        _test(paper, test, overview.now)
    if overview.tests:
        paper.blank()
    for service in overview.unjudged:
        paper.wrapped(
            f"{printable(service)} was never judged: what is due of it is not known (drcheck verify)", first="? "
        )
    for file in overview.invalid:
        paper.wrapped(f"{printable(file)} cannot be read: what is due by it is not known (drcheck lint)", first="? ")
    if overview.silent:
        names = printable(words.several(list(overview.silent), at_most=9))
        paper.wrapped(f"nothing is due of {names}: no promise asks for a test, and each copy was restored from once")
    if not (overview.tests or overview.unjudged or overview.invalid or overview.silent):
        paper.line("there is no policy")
    return paper.text().encode()


def _test(paper: Paper, test: Test, now: int) -> None:
    due, local = test.due, Local(test.zone)
    marked = mark(_STATUS[due.urgency])
    what = f"{due.service}: {due.scenario or 'any restore'}" if due.asking else f"{due.service}: {due.copies[0].source}"
    paper.line((f"{marked.symbol} ", marked.style), (printable(what), "bold"), f"  {local.text(when(due, now))}")

    def say(text: str) -> None:
        paper.wrapped(printable(local.text(text)), indent=_INDENT)

    for asking in due.asking:
        clause = f" ({asking.clause})" if asking.clause else ""
        by = f", by {words.instant(asking.by)}" if asking.by is not None and asking.status is Status.MET else ""
        say(f"`{asking.commitment}`{clause}{by}: {asking.reason}")
        for note in asking.notes:
            say(note)
    if due.asking:
        passed = (
            "no test is known to have passed"
            if due.passed_at is None
            else f"a test last passed {_ago(due.passed_at, now)}"
        )
        say(passed)
        for copy in due.copies[:_COPIES_SHOWN]:
            say(_copy(copy, now))
        if not due.copies:
            say("no copy survives it: there is nothing to test")
        elif rest := len(due.copies) - _COPIES_SHOWN:
            say(f"and {rest} more copies" if rest > 1 else "and 1 more copy") if rest > 0 else None
    for given in due.planned:
        say(f"announced for {words.instant(given.planned_for)} ({given.id})")
    if due.asking and not due.planned and test.notices:
        earliest = max(one.earliest(now) for one in test.notices)
        owed = " and ".join(one.words for one in test.notices)
        say(f"{owed} ahead is owed: announced now, for {words.instant(earliest)} at the earliest")


def when(due: DueTest, now: int) -> str:
    """Return how pressing a test is, in words."""
    match due.urgency:
        case Urgency.OVERDUE if due.by is not None and due.by <= now:
            return f"overdue since {words.instant(due.by)}"
        case Urgency.OVERDUE:
            return "overdue"
        case Urgency.UNPROVEN:
            return "not known to be proven"
        case Urgency.DUE if due.by is not None:
            return f"in {words.duration(due.by - now)}, by {words.instant(due.by)}"
        case Urgency.DUE:
            return "kept"
        case Urgency.NEVER:
            return "never restored from, and no promise asks for it"


def _ago(at: int, now: int) -> str:
    return f"{words.instant(at)}, {words.duration(max(0, now - at))} ago"


def _copy(copy: CopyTested, now: int) -> str:
    where = f"{copy.source} at {copy.site}" if copy.site else copy.source
    tested = (
        "nothing was ever restored from it"
        if copy.passed_at is None
        else f"last restored from {_ago(copy.passed_at, now)}"
    )
    return f"from {where}: {tested}{'' if copy.survives else '; whether it survives nobody stated'}"


def as_json(overview: Overview) -> bytes:
    """Return what is due as one JSON object; ``docs/drills.md`` says what each key means."""
    return json_text(
        {
            "now": words.instant(overview.now),
            "due": [_json(test, overview.now) for test in overview.tests],
            "never_judged": list(overview.unjudged),
            "invalid_policies": list(overview.invalid),
            "nothing_due": list(overview.silent),
        }
    ).encode()


def _json(test: Test, now: int) -> dict[str, Any]:
    due = test.due
    return {
        "service": due.service,
        "scenario": due.scenario or None,
        "urgency": due.urgency.name.lower(),
        "by": _instant(due.by),
        "in": None if due.by is None else due.by - now,
        "last_passed_at": _instant(due.passed_at),
        "promises": [_promise(one) for one in due.asking],
        "copies": list(_copies(due.copies)),
        "announced": [{"id": one.id, "planned_for": words.instant(one.planned_for)} for one in due.planned],
        "earliest_with_notice": _instant(max((one.earliest(now) for one in test.notices), default=None)),
    }


def _promise(one: DuePromise) -> dict[str, Any]:
    return {
        "commitment": one.commitment,
        "kind": one.kind,
        "clause": one.clause or None,
        "status": None if one.status is None else one.status.value,
        "by": _instant(one.by),
        "every": one.strictness,
        "reason": one.reason,
        "notes": list(one.notes),
    }


def _copies(copies: Sequence[CopyTested]) -> Iterator[dict[str, Any]]:
    for one in copies:
        yield {
            "source": one.source,
            "site": one.site or None,
            "survives": one.survives,
            "last_restored_at": _instant(one.passed_at),
        }


def _instant(at: int | None) -> str | None:
    return None if at is None else words.instant(at)
