"""A message: what changed, the gravest first, and nothing hidden by what came often."""

from __future__ import annotations

from samples import AS_OF, HOUR

from drcheck.core.judging.transitions import ConditionKind, ConditionSubject, Event, Transition
from drcheck.reports.message import message


def test_what_broke_often_between_two_reports_is_one_line_and_hides_nothing_else():
    often = [
        Event(
            Transition.PASSED,
            ConditionSubject(ConditionKind.BREACHED, "a", "rpo"),
            AS_OF - at * HOUR,
            AS_OF - at * HOUR + 360,
            "too old",
        )
        for at in range(300, 0, -1)
    ]
    once = Event(
        Transition.PASSED,
        ConditionSubject(ConditionKind.BREACHED, "z", "rpo"),
        AS_OF - HOUR,
        AS_OF - HOUR + 60,
        "too old",
    )
    told = message([*often, once], "run", AS_OF)
    assert told.title == "drcheck: 301 broken for a time"
    assert told.body.splitlines()[1:3] == [
        (
            "- a rpo: from 2026-11-21T01:30:00Z to 2026-11-21T01:36:00Z (6 min): too old "
            "(299 more times since 2026-11-08T14:30:00Z)"
        ),
        "- z rpo: from 2026-11-21T01:30:00Z to 2026-11-21T01:31:00Z (1 min): too old",
    ]
