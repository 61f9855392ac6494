"""Backups that are dated after the look that first showed them, and what a later look tells of that."""

from __future__ import annotations

import pytest

from drcheck.core.history.difference import difference
from drcheck.core.history.source_history import History
from drcheck.core.history.to_parts import parts_of
from drcheck.core.model.evidence import Candidate, Gap, Look
from drcheck.core.model.observation import Observation
from drcheck.core.model.policy import Arrival, Source
from drcheck.registry import READERS

DAY = 86400
T = 20_000 * DAY


def counted(looks: list[int], data: int, came: int, **stated: object) -> str:
    """Return whether a backup counts that each look showed: surely, perhaps, or why not."""
    source = Source("dumps", "host", "dumps/", READERS["objects"], ("db",), **stated)
    shown = Candidate("a", "db", "", data, data, came, came, 100, "", complete=True)
    history = History()
    for begin in looks:
        off = (Gap("the clock is off"),) if begin < looks[-1] else ()
        history.apply(difference(history, Observation(Look("dumps", begin, begin, gaps=off), (shown,))))
    points = parts_of(history, source, clock_tolerance=300)["db"].points
    return points.why_not.get(0) or (points.doubts[0][0].why if 0 in points.doubts else "")


def test_the_clock_of_a_first_look_that_was_behind_leaves_a_doubt_once_a_later_look_has_shown_the_backup():
    why = counted([T - 2 * DAY, T], T - 4 * DAY // 24, T - 3 * DAY // 24)
    assert why.startswith("the look that first showed it, ")
    assert "which of the two clocks was off then is not known" in why


@pytest.mark.parametrize(
    ("looks", "data", "came", "stated"),
    [
        ([T - 2 * DAY], T - DAY, T - DAY, {}),  # no look since
        ([T - 2 * DAY, T - DAY - 1], T - DAY, T - DAY, {}),
        ([T - 2 * DAY, T], T - DAY, T - 3 * DAY, {}),  # its place says that it had come by then
        ([T - 2 * DAY, T], T - DAY, T - 2 * DAY + 60, {}),
        ([T - 2 * DAY, T], T - DAY, T - DAY, {"available_at": Arrival.NAME}),  # only its name says so
    ],
)
def test_what_is_dated_in_the_future_never_counts_however_late_it_is(looks, data, came, stated):
    assert counted(looks, data, came, **stated).startswith("it is dated in the future")
