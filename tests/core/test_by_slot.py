"""When the slots of a calendar held points that stood: by a few figures where a slot is plain, else point by point."""

from __future__ import annotations

from array import array

from msgspec.structs import replace
from points import DAY, HOUR, START, Point, at, part

from drcheck.core.evaluation.by_slot import BySlot, Ruler
from drcheck.core.model.points import Doubt
from drcheck.core.time.calendar import Slot
from drcheck.core.time.spans import Span

DAYS = Ruler([Slot(START + day * DAY, START + (day + 1) * DAY, str(day)) for day in range(3)])


def test_a_slot_is_held_from_the_first_of_its_points_that_came_until_the_last_of_them_is_gone():
    held = BySlot([part("dumps", [Point(1, 2, gone=(50, 60)), Point(3, 5, gone=(70, 90))])], DAYS).stood(0)
    assert held.surely == (Span(at(2), at(70)),)
    assert held.maybe == (Span(at(2), at(90)),)
    assert (held.surely_from, held.maybe_from) == (at(2), at(2))


def test_a_slot_may_be_held_by_what_may_lie_in_it_only_until_that_is_gone():
    one = part("dumps", [Point(23, 24, gone=40)])
    either = replace(one.points, data_hi=array("q", [at(23) + 2 * HOUR]), doubts={0: (Doubt("may be another's"),)})
    held = BySlot([replace(one, points=either)], DAYS).stood(0)
    assert held.surely == ()
    assert held.maybe == (Span(at(24), at(40)),)


def test_what_surely_lay_in_a_slot_holds_it_until_it_is_gone_also_beside_what_only_may():
    one = part("dumps", [Point(1, 2, gone=30), Point(23, 24, gone=40)])
    either = replace(one.points, data_hi=array("q", [at(1), at(25)]))
    held = BySlot([replace(one, points=either)], DAYS).stood(0)
    assert (held.surely, held.maybe) == ((Span(at(2), at(30)),), (Span(at(2), at(40)),))
