"""How many recovery points a slot had: copies of one count once, and what comes late changes nothing about before."""

from __future__ import annotations

from array import array
from time import process_time
from unittest import mock

import pytest
from hypothesis import given
from hypothesis import strategies as st
from msgspec.structs import replace
from oracle.profiles import often
from points import DAY, HOUR, START, Point, daily, part, subject

from drcheck.core.evaluation import same_point
from drcheck.core.evaluation.inputs import Terms
from drcheck.core.kinds.backup_frequency import evaluate as backup_frequency
from drcheck.core.kinds.backup_frequency.commitment import Frequency
from drcheck.core.model.evidence import FOREVER
from drcheck.core.model.exhibit import Slots
from drcheck.core.model.points import Doubt
from drcheck.core.model.slots import Per
from drcheck.core.model.status import Status
from drcheck.core.model.verdict import Window
from drcheck.core.time.spans import Span

MET, BREACHED, UNKNOWN = Status.MET, Status.BREACHED, Status.UNKNOWN
TWICE = Frequency("c", ("a", "b"), at_least=2, per=Per.DAY)
LOOKS = daily(4, after=-12)


def status(hours, *parts, commitment=TWICE):
    """Return the status that many hours after START."""
    end = START + int(hours * HOUR) + 1
    return backup_frequency.evaluate(commitment, subject(*parts), Terms(), Window(end - DAY, end)).status


def minutes(data, arrived=None, **more):
    """Return a point whose data is of so many minutes past noon."""
    return Point(12 + data / 60, 12 + (data + 5 if arrived is None else arrived) / 60, **more)


def test_a_point_that_comes_late_changes_nothing_about_before():
    b = part("b", [minutes(8)], LOOKS)
    before = status(26, part("a", [minutes(13)], LOOKS), b)
    late = part("a", [minutes(0, arrived=30 * 60), minutes(13)], LOOKS)
    assert (before, status(26, late, b)) == (BREACHED, BREACHED)
    assert status(43, late, b) is MET


def test_a_point_that_may_have_come_by_then_is_judged_both_ways():
    late = part("a", [minutes(0, arrived=12 * 60, arrived_by=36), minutes(13)], LOOKS)
    assert status(26, late, part("b", [minutes(8)], LOOKS)) is UNKNOWN


def drawn(*points, doubts=None, ends=None):
    """Return how the slots that fell due in three days after START, and the open one, are drawn."""
    dumps = part("a", points, daily(6))
    its = subject(replace(dumps, points=dumps.points.doubting(doubts or {})))
    terms, window = Terms(effective=START, ends=ends, exhibits=True), Window(START, START + 74 * HOUR)
    found = backup_frequency.evaluate(Frequency("c", ("a",), per=Per.DAY), its, terms, window)
    assert isinstance(found.exhibit, Slots)
    return [slot.status for slot in found.exhibit.slots]


def test_what_a_slot_held_while_it_decided_is_drawn_even_if_it_was_found_broken_since():
    broken = Doubt("it is broken", Span(START + 60 * HOUR, FOREVER), certain=True)
    assert drawn(Point(12, 13), Point(36, 37), Point(60, 61), doubts={0: [broken]}) == [MET, MET, MET, None]
    assert drawn(Point(12, 13), Point(36, 37), Point(60, 61), doubts={1: [broken]}) == [MET, BREACHED, MET, None]
    assert drawn(Point(12, 13), Point(36, 37), Point(60, 61), doubts={2: [broken]}) == [MET, MET, BREACHED, None]


def test_a_slot_is_drawn_as_unknown_where_nobody_knows_whether_it_was_filled_in_time():
    others = Point(36, 37), Point(60, 61)
    assert drawn(Point(12, 13, arrived_by=30), *others) == [UNKNOWN, MET, MET, None]
    assert drawn(Point(12, 30), *others) == [MET, MET, MET, None]


def test_slots_that_are_due_after_the_agreement_has_ended_are_not_drawn_as_missed():
    assert drawn(Point(12, 13)) == [MET, BREACHED, BREACHED, None]
    assert drawn(Point(12, 13), ends=START + 30 * HOUR) == [MET, None]


def test_the_only_point_of_a_day_may_have_come_by_then_and_what_is_gone_was_made():
    daily_one = Frequency("c", ("a",), per=Per.DAY)
    late = part("a", [minutes(0, arrived=12 * 60, arrived_by=36)], LOOKS)
    found = [status(hours, late, commitment=daily_one) for hours in (25.5, 35, 37)]
    assert found == [UNKNOWN, UNKNOWN, MET]
    gone = part("a", [minutes(0, gone=20)], LOOKS)
    assert status(26, gone, commitment=daily_one) is MET
    never = part("a", [minutes(-13 * 60)], LOOKS)
    assert status(26, never, commitment=daily_one) is BREACHED


@pytest.mark.parametrize(("last", "expected"), [(24 * HOUR - 1, MET), (24 * HOUR, UNKNOWN)])
def test_data_that_may_be_of_the_first_second_of_the_next_day_is_not_surely_of_this_one(last, expected):
    only = part("a", [minutes(0)], LOOKS)
    dated = replace(only.points, data_hi=array("q", [START + last]))
    assert status(26, replace(only, points=dated), commitment=Frequency("c", ("a",), per=Per.DAY)) is expected


@pytest.mark.parametrize(("end", "risky"), [(25 * HOUR, True), (25 * HOUR + 1, False)])
def test_a_day_without_its_backup_is_at_risk_up_to_the_instant_at_which_it_is_due(end, risky):
    """The day ends at 24:00, and an hour's grace later its backup is due."""
    empty = subject(part("a", [Point(-12, -11)], LOOKS))
    window = Window(START + end - DAY, START + end)
    finding = backup_frequency.evaluate(Frequency("c", ("a",), per=Per.DAY), empty, Terms(), window)
    assert finding.at_risk is risky


@pytest.mark.parametrize(("before", "expected"), [(300, (BREACHED, MET)), (301, (MET, BREACHED))])
def test_data_of_just_before_a_tick_belongs_to_that_tick_and_not_to_the_one_before_as_well(before, expected):
    """The clock that stamps it may be five minutes behind; the tick of 12:00 is due at 13:00, the next a day later."""
    noon = Frequency("c", ("a",), schedule="0 12 * * *")
    early = part("a", [Point(-12, -11), Point((36 * HOUR - before + 0.5) / HOUR, 36)], LOOKS)
    assert (status(36.5, early, commitment=noon), status(37.5, early, commitment=noon)) == expected


def test_a_copy_that_may_have_come_by_then_makes_no_second_point():
    late = part("b", [minutes(3, arrived=12 * 60, arrived_by=36)], LOOKS)
    assert status(26, part("a", [minutes(0)], LOOKS), late) is BREACHED


@pytest.mark.parametrize(
    "again",
    [
        minutes(0, arrived=60),
        minutes(0, arrived=60, size=5000),
        minutes(0, arrived=60, checksum="other"),
        minutes(0, arrived=12 * 60),
    ],
)
def test_a_file_overwritten_or_put_back_is_one_recovery_point(again):
    first = minutes(0, gone=12.9, checksum="one")
    assert status(26, part("a", [first, again], LOOKS)) is BREACHED


def test_of_what_a_source_has_of_one_instant_any_may_be_the_one_copied():
    a = part("a", [minutes(0, checksum="x"), minutes(0, checksum="y")], LOOKS)
    assert status(26, a, part("b", [minutes(0, checksum="y")], LOOKS)) is BREACHED
    assert status(26, a, part("b", [minutes(0, checksum="z")], LOOKS)) is MET


def test_two_that_were_seen_and_are_no_copies_are_two_whatever_nobody_saw():
    """What went unseen may have had the instant of the one and the size of the other: that takes away neither."""
    thinned = part("a", [minutes(0, size=499)], LOOKS, thinned_after=HOUR)
    assert status(26, thinned, part("b", [minutes(0, size=1000)], LOOKS)) is MET


def test_thousands_of_points_in_one_slot_take_no_longer_than_their_number():
    monthly = Frequency("c", ("a", "b"), at_least=3000, per=Per.MONTH)

    def seconds(every: float) -> float:
        """Return what a month takes with a backup every so many hours, and a copy of each."""
        hours = [5 * 24 + number * every for number in range(int(30 * 24 / every))]
        parts = [
            part(name, [Point(at + off, at + 1) for at in hours], daily(40)) for name, off in (("a", 0), ("b", 0.1))
        ]
        began = process_time()
        assert status(24 * 36, *parts, commitment=monthly) is BREACHED
        return process_time() - began

    assert min(seconds(0.25) for _ in range(3)) < 14 * min(seconds(2) for _ in range(3))  # 8 times as many points


def test_thousands_that_come_late_one_by_one_take_no_longer():
    monthly = Frequency("c", ("a", "b"), at_least=5900, per=Per.MONTH)
    of_april = [5 * 24 + minute / 12 for minute in range(3000)]
    prompt = part("a", [Point(at, at + 0.1) for at in of_april], daily(60))
    late = part("b", [Point(at + 0.2, 40 * 24 + at / 60) for at in of_april], daily(60))
    began = process_time()
    assert [status(hours, prompt, late, commitment=monthly) for hours in (36 * 24, 50 * 24)] == [BREACHED, BREACHED]
    both = Frequency("c", ("a", "b"), at_least=2990, per=Per.MONTH)
    assert [status(hours, late, commitment=both) for hours in (36 * 24, 50 * 24)] == [BREACHED, MET]
    assert process_time() - began < 60


@pytest.mark.parametrize("gone", [None, 15, (15, 30), (15, None)])
def test_what_was_made_does_not_depend_on_when_it_went(gone):
    a = part("a", [minutes(0, gone=gone), minutes(30, gone=gone)], LOOKS)
    assert [status(hours, a) for hours in (26, 49)] == [MET, BREACHED]


@often
@given(
    st.lists(
        st.lists(st.tuples(st.integers(0, 8).map(lambda step: 5 * step), st.booleans()), max_size=3),
        min_size=2,
        max_size=3,
    )
)
def test_a_number_that_is_bounded_holds_what_trying_every_arrival_counts(sources):
    parts = [
        part(name, [minutes(data, arrived=60, arrived_by=None if sure else 20) for data, sure in sorted(points)])
        for name, points in zip("abc", sources, strict=False)
    ]
    rows = [(one.points, row) for one in parts for row in range(len(one.points))]
    when = START + 14 * HOUR, START + 16 * HOUR
    exact = same_point.Numbers.of(rows, rows, 600, *when)
    with mock.patch.object(same_point, "MOST_TRIED", 0):
        bounded = same_point.Numbers.of(rows, rows, 600, *when)
    for t in exact.times:
        assert bounded.at(t).surely <= exact.at(t).surely
        assert exact.at(t).possibly <= bounded.at(t).possibly


def test_where_too_few_are_sure_the_reason_names_one_whose_data_is_of_an_uncertain_instant():
    unsure = part("a", [minutes(0)], LOOKS)
    later = array("q", [unsure.points.data_lo[0] + 600])
    unsure = replace(unsure, points=replace(unsure.points, data_hi=later))
    sure = part("b", [minutes(12)], LOOKS)
    end = START + 26 * HOUR
    finding = backup_frequency.evaluate(TWICE, subject(unsure, sure), Terms(), Window(end - 1, end))
    assert finding.status is UNKNOWN
    assert "a-0" in finding.reason
    assert "b-0" not in finding.reason


@pytest.mark.parametrize("points", [[], [minutes(-30 * 60)]], ids=["none ever", "an old one"])
def test_what_was_made_before_the_first_look_and_deleted_again_is_not_known_to_be_missing(points):
    every = Frequency("c", ("a",), every=3 * HOUR)  # and an hour of grace
    first = [status(hours, part("a", points, [12, 20]), commitment=every) for hours in (12, 15.9, 16, 20)]
    assert first == [UNKNOWN, UNKNOWN, BREACHED, BREACHED]
    kept = part("a", points, [12, 20], thinned_after=DAY)
    assert status(12, kept, commitment=every) is BREACHED


def daily_over(start, end, *points, at_least=1):
    """Return the finding for a window of hours, of a source with a backup at each of (data, arrival)."""
    commitment = Frequency("c", ("a",), at_least=at_least, per=Per.DAY)
    its = subject(part("a", [Point(*one) for one in points], [*daily(5, after=-12), 100]))
    window = Window(START + start * HOUR, START + end * HOUR)
    return backup_frequency.evaluate(commitment, its, Terms(), window)


@pytest.mark.parametrize(
    ("points", "due"),
    [
        ([], 25),  # the one that was missed
        ([(12, 13)], 49),  # else the next that is not filled yet
        ([(12, 13), (25, 25.5)], 73),
        ([(12, 13), (25, 26)], 49),  # what comes at the instant judged has not come before it
        ([(12, 26)], 25),
    ],
)
def test_due_is_the_day_that_was_missed_or_else_the_next_without_its_backup(points, due):
    assert daily_over(24, 26, *points).due_at == START + due * HOUR


def test_of_a_day_with_several_backups_each_instant_since_it_was_due_has_its_status():
    finding = daily_over(25, 40, (12, 13), (13, 27), (14, 30), at_least=2)
    assert [((piece.start - START) // HOUR, piece.status) for piece in finding.pieces] == [(25, BREACHED), (27, MET)]
    assert (finding.measured.value, finding.headroom.value) == (3, 1)
