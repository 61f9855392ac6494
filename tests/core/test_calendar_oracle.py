"""The calendar against a walk through time in small steps."""

from __future__ import annotations

from datetime import datetime
from itertools import pairwise
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st
from oracle import calendar as naive
from oracle import restore_test
from oracle.profiles import briefly
from oracle.worlds import DAY, HOUR

from drcheck.core.evaluation.inputs import Terms
from drcheck.core.model.commitments import Notice
from drcheck.core.model.policy import BusinessCalendar
from drcheck.core.model.slots import Per
from drcheck.core.time import calendar

CHANGES = {
    "summer time begins in Stockholm": ("Europe/Stockholm", "2026-03-29T00:00"),
    "summer time ends in Stockholm": ("Europe/Stockholm", "2026-10-25T00:00"),
    "summer time begins in New York": ("America/New_York", "2026-03-08T00:00"),
    "summer time ends in New York": ("America/New_York", "2026-11-01T00:00"),
    "midnight is skipped in Beirut": ("Asia/Beirut", "2026-03-29T00:00"),
    "the hour before midnight is repeated in Beirut": ("Asia/Beirut", "2026-10-24T22:00"),
    "midnight is skipped in Sao Paulo": ("America/Sao_Paulo", "2017-10-15T03:00"),
    "the hour before midnight is repeated in Sao Paulo": ("America/Sao_Paulo", "2018-02-18T02:00"),
    "half an hour is skipped on Lord Howe": ("Australia/Lord_Howe", "2026-10-03T15:00"),
    "half an hour is repeated on Lord Howe": ("Australia/Lord_Howe", "2026-04-04T15:00"),
    "a date is skipped in Apia": ("Pacific/Apia", "2011-12-30T10:00"),
    "an offset of 45 minutes changes on Chatham": ("Pacific/Chatham", "2026-04-04T14:00"),
    "midnight is shown twice in Havana": ("America/Havana", "2026-11-01T05:00"),
    "midnight is skipped in Havana": ("America/Havana", "2026-03-08T05:00"),
    "nothing changes in UTC": ("UTC", "2026-03-29T00:00"),
    "nothing changes in Kathmandu": ("Asia/Kathmandu", "2026-03-29T00:00"),
    "Casablanca sets its clocks back for Ramadan": ("Africa/Casablanca", "2026-02-15T02:00"),
}
EVERY_CHANGE = pytest.mark.parametrize(("zone", "at"), CHANGES.values(), ids=CHANGES)

SCHEDULES = [
    "0 0 * * *",
    "30 0 * * *",
    "30 1 * * *",
    "0 2 * * *",
    "30 2 * * *",
    "15,45 1-3 * * *",
    "0 23 * * *",
    "59 23 * * *",
    "30 23,0,2 * * *",
    "0 */2 * * *",
    "15 * * * *",
    "*/30 * * * *",
    "*/20 2 * * *",
    "*/20 0,23 * * *",
    "10 2 * * sun",
    "0 3 1 * 1",
    "0 3 1-7 * */7",
    "45 2 29 mar *",
    "0 0 */2 * *",
    "5 0 1,15,25 * 0,6",
]


def instant(text: str) -> int:
    return int(datetime.fromisoformat(text + "+00:00").timestamp())


def spans(per: Per, zone: ZoneInfo, start: int, end: int) -> list[tuple[int, int]]:
    return [(slot.start, slot.end) for slot in calendar.slots(per, zone, start, end)]


def naive_spans(per: Per, zone: ZoneInfo, start: int, end: int) -> list[tuple[int, int]]:
    return [(slot.start, slot.end) for slot in naive.slots(per, zone, start, end)]


@pytest.mark.parametrize(
    "schedule",
    [
        "0 3 * * *",
        "30 0-3 * * *",
        "15,45 */4 * * *",
        "0 3 * * 1-5",
        "0 3 * * 0",
        "0 3 1-30 * *",
        "0 12 31 * *",
        "0 0 * 1-6 *",
        "0 3 1,15 * 3",
        "0 0,23 */2 * *",
        "* * * * *",
        "59 23 * * 6",
    ],
)
def test_the_longest_gap_of_a_schedule_lies_between_two_of_its_ticks(schedule: str):
    start = int(datetime.fromisoformat("2024-01-01T00:00Z").timestamp())
    long = next((days for field, days in RARE.items() if field in schedule.split()), 16)
    ticks = naive.ticks(schedule, ZoneInfo("UTC"), start, start + long * DAY)
    assert calendar.longest_gap(schedule) == max(after - one for one, after in pairwise(ticks))


RARE = {"31": 160, "1-30": 70, "1-6": 400, "1,15": 70}
"""Fields of rare ticks, and after how many days their longest gap surely was."""


def test_the_longest_gap_of_a_leap_day_is_four_years():
    assert calendar.longest_gap("0 0 29 2 *") == 1461 * DAY


@EVERY_CHANGE
@pytest.mark.parametrize("per", [Per.HOUR, Per.DAY, Per.WEEK])
def test_slots_begin_where_the_clocks_first_show_them(zone: str, at: str, per: Per):
    around, where = instant(at), ZoneInfo(zone)
    reach = DAY if per is Per.HOUR else 3 * DAY
    for start, end in ((around - reach, around + reach), (around - 1, around + 1), (around + 1800, around + 2 * HOUR)):
        assert spans(per, where, start, end) == naive_spans(per, where, start, end)


@EVERY_CHANGE
@pytest.mark.parametrize("per", [Per.MONTH, Per.QUARTER])
def test_longer_slots_begin_where_the_clocks_first_show_them(zone: str, at: str, per: Per):
    around, where = instant(at), ZoneInfo(zone)
    assert spans(per, where, around - DAY, around + DAY) == naive_spans(per, where, around - DAY, around + DAY)


@pytest.mark.parametrize("zone", ["Europe/Stockholm", "Pacific/Apia", "Pacific/Chatham"])
def test_years_begin_where_the_clocks_first_show_them(zone: str):
    around, where = instant("2011-12-31T10:00"), ZoneInfo(zone)
    assert spans(Per.YEAR, where, around - DAY, around + DAY) == naive_spans(
        Per.YEAR, where, around - DAY, around + DAY
    )


def test_slots_are_labelled_as_people_say_them():
    zone, at = ZoneInfo("Europe/Stockholm"), instant("2026-11-21T02:30")
    labels = {per: slot.label for per in Per for slot in calendar.slots(per, zone, at, at + 1)}
    assert labels == {
        Per.HOUR: "2026-11-21 03:00",
        Per.DAY: "2026-11-21",
        Per.WEEK: "week 47 of 2026",
        Per.MONTH: "2026-11",
        Per.QUARTER: "2026-Q4",
        Per.YEAR: "2026",
    }


def test_quarters_and_years_follow_each_other_over_the_turn_of_the_year():
    zone = ZoneInfo("UTC")
    quarters = calendar.slots(Per.QUARTER, zone, instant("2025-11-15T00:00"), instant("2026-07-01T00:00"))
    assert [slot.label for slot in quarters] == ["2025-Q4", "2026-Q1", "2026-Q2"]
    assert [(slot.end - slot.start) // DAY for slot in quarters] == [92, 90, 91]
    years = calendar.slots(Per.YEAR, zone, instant("2023-12-31T23:59"), instant("2024-01-01T00:01"))
    assert [(slot.label, (slot.end - slot.start) // DAY) for slot in years] == [("2023", 365), ("2024", 366)]


DAYS_LATER = [
    # (zone, from, calendar days, later): wall clocks, so that days have 23 to 25 hours
    ("UTC", "2026-11-01T00:00", 15, "2026-11-16T00:00"),
    ("Europe/Stockholm", "2026-02-28T23:00", 30, "2026-03-30T22:00"),  # midnight stays midnight over the change
    ("Europe/Stockholm", "2026-03-20T09:00", 15, "2026-04-04T08:00"),
    ("Asia/Beirut", "2026-03-27T22:00", 1, "2026-03-28T22:00"),  # the 29th begins at 01:00
    ("Asia/Beirut", "2026-03-28T22:00", 1, "2026-03-29T21:00"),
]


@pytest.mark.parametrize(("zone", "start", "days", "later"), DAYS_LATER)
def test_days_are_counted_on_by_the_clocks_on_the_wall(zone: str, start: str, days: int, later: str):
    assert calendar.days_later(instant(start), days, ZoneInfo(zone)) == instant(later)


def test_business_days_are_counted_on_to_the_end_of_the_last_one():
    """Friday 30 October 2026; the first Monday of November is no business day here."""
    business, zone = BusinessCalendar(also=frozenset({(11, 2)})), ZoneInfo("Europe/Stockholm")
    friday = calendar.local_date(instant("2026-10-30T12:00"), zone)
    assert calendar.business_days_later(friday, 1, business, zone) == instant("2026-11-03T23:00")
    assert calendar.business_days_later(friday, 5, business, zone) == instant("2026-11-09T23:00")


@EVERY_CHANGE
def test_slots_follow_each_other_without_a_hole(zone: str, at: str):
    around, where = instant(at), ZoneInfo(zone)
    for per in Per:
        found = spans(per, where, around - 40 * DAY, around + 40 * DAY)
        assert found[0][0] <= around - 40 * DAY < found[0][1]
        assert found[-1][0] < around + 40 * DAY <= found[-1][1]
        assert all(one[1] == after[0] for one, after in pairwise(found))


@briefly
@given(
    st.sampled_from([Per.HOUR, Per.DAY, Per.WEEK, Per.MONTH]),
    st.sampled_from(sorted(set(CHANGES.values()))),
    st.integers(-5 * DAY, 5 * DAY),
    st.integers(1, 2 * DAY),
)
def test_any_stretch_of_time_has_the_slots_that_overlap_it(per: Per, change: tuple[str, str], shift: int, length: int):
    zone, start = ZoneInfo(change[0]), instant(change[1]) + shift
    assert spans(per, zone, start, start + length) == naive_spans(per, zone, start, start + length)


def test_a_date_that_the_zone_skips_has_no_slot():
    labels = [
        slot.label
        for slot in calendar.slots(
            Per.DAY, ZoneInfo("Pacific/Apia"), instant("2011-12-28T12:00"), instant("2012-01-01T12:00")
        )
    ]
    assert not any("12-30" in label for label in labels)
    assert any("12-29" in label for label in labels)
    assert any("12-31" in label for label in labels)


def test_days_have_twenty_three_to_twenty_five_hours():
    zone = ZoneInfo("Europe/Stockholm")
    (spring,) = spans(Per.DAY, zone, instant("2026-03-29T12:00"), instant("2026-03-29T12:01"))
    (autumn,) = spans(Per.DAY, zone, instant("2026-10-25T12:00"), instant("2026-10-25T12:01"))
    assert spring[1] - spring[0] == 23 * HOUR
    assert autumn[1] - autumn[0] == 25 * HOUR


CRON = [
    pytest.param(zone, at, schedule, id=f"{schedule}, {name}")
    for name, (zone, at) in CHANGES.items()
    for schedule in SCHEDULES
    # cron(8) takes a change of three hours or more for a correction of the clock.
    if zone != "Pacific/Apia"
    # cronsim 2.8 walks in whole hours and then cuts the minutes off: where half an hour is skipped or repeated, it loses
    # ticks of schedules that follow the clock.
    and not (zone == "Australia/Lord_Howe" and any(text.startswith("*") for text in schedule.split()[:2]))
]


@pytest.mark.parametrize(("zone", "at", "schedule"), CRON)
def test_cron_ticks_when_debian_would_start_the_job(zone: str, at: str, schedule: str):
    around, where = instant(at), ZoneInfo(zone)
    found = calendar.ticks(schedule, where, around - 2 * DAY, around + 2 * DAY)
    assert list(found) == list(naive.ticks(schedule, where, around - 2 * DAY, around + 2 * DAY))


@briefly
@given(st.sampled_from([case.values for case in CRON]), st.integers(-2 * DAY, 2 * DAY), st.integers(1, 2 * DAY))
def test_ticks_do_not_depend_on_where_one_begins_to_look(case: tuple[str, str, str], shift: int, length: int):
    zone, around, schedule = ZoneInfo(case[0]), instant(case[1]), case[2]
    whole = naive.ticks(schedule, zone, around - 3 * DAY, around + 5 * DAY)
    start = around + shift
    found = calendar.ticks(schedule, zone, start, start + length)
    assert list(found) == [tick for tick in whole if start <= tick < start + length]


ZONES = [ZoneInfo(name) for name in ("UTC", "Europe/Stockholm", "America/New_York", "Asia/Beirut", "Pacific/Apia")]
BUSINESS = [
    BusinessCalendar(),
    BusinessCalendar(opens=7 * HOUR, closes=17 * HOUR),
    BusinessCalendar(weekdays=frozenset({0, 1, 2, 3, 6}), opens=90 * 60, closes=150 * 60, also=frozenset({(3, 31)})),
]
AROUND = st.sampled_from([instant(at) for _, at in CHANGES.values()])


@briefly
@given(
    st.sampled_from(ZONES),
    st.sampled_from(BUSINESS),
    AROUND,
    st.integers(-3 * DAY, 3 * DAY),
    st.integers(0, 9 * DAY),
    st.integers(1, 6),
)
def test_whole_business_days_lie_between_two_dates(
    zone: ZoneInfo, business: BusinessCalendar, around: int, shift: int, ahead: int, days: int
):
    terms = Terms(zone=zone, business=business)
    announced = around + shift
    event = announced + ahead
    one, other = naive.wall(announced, zone).date(), naive.wall(event, zone).date()
    expected = sum(restore_test.is_business_day(terms, day) for day in naive.whole_days_between(one, other))
    assert calendar.business_days_between(business, zone, announced, event) == expected
    for notice in (Notice(business_days=days), Notice(seconds=days * DAY)):
        kept = restore_test.notice_kept(notice, terms, announced, event)
        assert calendar.notice_kept(notice, business, zone, announced, event) == kept


def test_business_hours_that_the_clocks_show_twice_are_business_hours_both_times():
    # Clocks in Stockholm went back from 3 to 2 at 01:00Z.
    early, zone = (
        BusinessCalendar(weekdays=frozenset({6}), opens=90 * 60, closes=150 * 60),
        ZoneInfo("Europe/Stockholm"),
    )
    touches = [
        calendar.touches_business_hours(early, zone, instant(f"2026-10-25T{at}"), instant(f"2026-10-25T{at}") + 1)
        for at in ("00:29", "00:30", "00:59", "01:00", "01:29", "01:30")
    ]
    assert touches == [True, False, False, True, True, False]


def test_a_date_that_the_zone_skips_has_no_business_hours():
    # In Apia the Saturday of 31 December 2011 followed the Thursday.
    start = instant("2011-12-30T09:59")
    office = BusinessCalendar(opens=7 * HOUR, closes=17 * HOUR)
    assert not calendar.touches_business_hours(office, ZoneInfo("Pacific/Apia"), start, start + 8 * HOUR)


@briefly
@given(
    st.sampled_from(ZONES), st.sampled_from(BUSINESS), AROUND, st.integers(-3 * DAY, 3 * DAY), st.integers(0, 5 * DAY)
)
def test_business_hours_are_those_that_the_clocks_show(
    zone: ZoneInfo, business: BusinessCalendar, around: int, shift: int, length: int
):
    start = (around + shift) // 60 * 60
    terms = Terms(zone=zone, business=business)
    found = calendar.touches_business_hours(business, zone, start, start + length)
    assert found == restore_test.in_business_hours(terms, start, start + length)


@pytest.mark.parametrize("start", ["2026-11-06T19:00", "2026-11-07T12:00", "2026-11-08T12:00"])
def test_what_lasts_from_a_weekend_into_monday_touches_its_business_hours(start: str):
    """6 November 2026 is a Friday; work ends at 17:00 and begins at 8:00."""
    office, zone = BusinessCalendar(opens=8 * HOUR, closes=17 * HOUR), ZoneInfo("UTC")
    begins, monday = instant(start), instant("2026-11-09T08:00")
    assert not calendar.touches_business_hours(office, zone, begins, monday)
    assert calendar.touches_business_hours(office, zone, begins, monday + 1)


def test_public_holidays_are_not_business_days():
    """Holidays of Sweden in spring 2026 that fall on weekdays, after the law on public holidays (1989:253)."""
    sweden = BusinessCalendar(country="SE")
    zone = ZoneInfo("Europe/Stockholm")
    # From Maundy Thursday to the Wednesday after Easter: Good Friday and Easter Monday do not count.
    assert calendar.business_days_between(sweden, zone, instant("2026-04-02T08:00"), instant("2026-04-08T08:00")) == 1
    # The first of May is a Friday.
    assert calendar.business_days_between(sweden, zone, instant("2026-04-30T08:00"), instant("2026-05-04T08:00")) == 0
    # Without a country both weeks have their five days.
    plain = BusinessCalendar()
    assert calendar.business_days_between(plain, zone, instant("2026-04-02T08:00"), instant("2026-04-08T08:00")) == 3
