"""Pictures: what they say aloud, and what is drawn where."""

from __future__ import annotations

import re
from datetime import UTC, datetime
from xml.etree import ElementTree as ET
from zoneinfo import ZoneInfo

from drcheck.core.model.exhibit import Ages, ExposureStep, SlotKept, Slots, TimedRecovery, Times
from drcheck.core.model.status import Status
from drcheck.core.model.verdict import PeriodFigures, Piece, Window
from drcheck.reports.pictures.ages import ages
from drcheck.reports.pictures.downtime import downtime
from drcheck.reports.pictures.slots import slots
from drcheck.reports.pictures.strip import strip
from drcheck.reports.pictures.svg import WIDTH
from drcheck.reports.pictures.times import times

HOUR, DAY = 3600, 86400
WINDOW = Window(0, 30 * DAY)
SVG = "{http://www.w3.org/2000/svg}"


def parsed(markup: str) -> ET.Element:
    root = ET.fromstring(markup)
    assert root.get("role") == "img"
    return root


def told(markup: str) -> str:
    return parsed(markup).get("aria-label") or ""


def drawn(markup: str, what: str) -> list[dict[str, float]]:
    return [
        {key: float(value) for key, value in one.attrib.items() if key in {"x", "y", "width", "height"}}
        for one in parsed(markup).iter(f"{SVG}rect")
        if one.get("class") in {f"f-{what}", f"s-{what}"}
    ]


def test_a_strip_shows_a_breach_of_a_second_and_says_how_long_everything_was() -> None:
    pieces = (
        Piece(0, DAY, Status.MET, ""), Piece(DAY, DAY + 1, Status.BREACHED, ""), Piece(DAY + 1, 30 * DAY, Status.MET, ""),
    )  # fmt: skip
    markup = strip(pieces, WINDOW, UTC, "rpo")
    assert "breached for 1 s" in told(markup)
    (breach,) = drawn(markup, "breached")
    assert breach["width"] == 2
    assert breach["x"] == WIDTH // 30


def test_a_strip_tells_statuses_by_height_too() -> None:
    statuses = (Status.BREACHED, Status.UNKNOWN, Status.MET, None)
    pieces = tuple(Piece(n * DAY, (n + 1) * DAY, status, "") for n, status in enumerate(statuses))
    markup = strip(pieces, Window(0, 4 * DAY), UTC, "rpo")
    heights = [drawn(markup, what)[0]["height"] for what in ("breached", "unknown", "met", "not-owed")]
    assert heights == sorted(heights, reverse=True)
    assert len(set(heights)) == len(heights)


def test_ages_say_the_oldest_and_that_for_some_time_there_was_none() -> None:
    exhibit = Ages(
        2 * HOUR,
        (
            ExposureStep(0, -HOUR),
            ExposureStep(5 * HOUR, 4 * HOUR),
            ExposureStep(9 * HOUR, None),
            ExposureStep(10 * HOUR, 9 * HOUR),
        ),
    )
    pieces = (Piece(0, 2 * HOUR, Status.MET, ""), Piece(2 * HOUR, 12 * HOUR, Status.BREACHED, ""))
    markup = ages(exhibit, pieces, Window(0, 12 * HOUR), UTC, "rpo: age")
    assert told(markup) == (
        "rpo: age. the oldest that the newest data got is 6 h, and for some time there was none; the objective is 2 h"
    )
    (shade,) = drawn(markup, "shade-breached")
    assert (shade["x"], shade["width"]) == (WIDTH / 6, WIDTH * 5 / 6)


def test_of_more_ages_than_there_is_room_for_the_greatest_are_drawn() -> None:
    steps = [ExposureStep(n * 60, n * 60) for n in range(5000)]
    del steps[2000:2100]  # one age of 101 minutes
    markup = ages(Ages(HOUR, tuple(steps)), (), Window(0, 5000 * 60), UTC, "age")
    (polygon,) = parsed(markup).iter(f"{SVG}polygon")
    heights = [float(corner.split(",")[1]) for corner in (polygon.get("points") or "").split()]
    assert min(heights) < 20  # near the top
    assert len(heights) < 1000


def test_slots_say_how_many_came_to_what_and_mark_the_missed_ones() -> None:
    statuses = (Status.MET, Status.MET, Status.BREACHED, Status.UNKNOWN, None)
    kept = tuple(SlotKept(f"day {n}", n * DAY, (n + 1) * DAY, status, n == 1, 1) for n, status in enumerate(statuses))
    markup = slots(Slots(1, kept), UTC, "daily: slots")
    assert told(markup) == "daily: slots. 1 missed, 1 unknown, 1 late, 1 kept, 1 not due"
    assert len(drawn(markup, "breached")) == 1
    tips = [one.text for one in parsed(markup).iter(f"{SVG}title")][1:]
    assert "day 2: missed" in tips


def test_a_year_of_hours_is_a_cell_a_day_with_the_worst_of_it() -> None:
    kept = tuple(
        SlotKept(f"hour {n}", n * HOUR, (n + 1) * HOUR, Status.BREACHED if n == 30 else Status.MET, False, 1)
        for n in range(365 * 24)
    )
    markup = slots(Slots(1, kept), UTC, "hourly")
    assert len(drawn(markup, "met")) == 364
    assert len(drawn(markup, "breached")) == 1


def test_two_slots_of_a_day_of_which_one_is_not_due_are_not_one_that_was_missed() -> None:
    kept = tuple(
        SlotKept(f"slot {n}", n * 6 * HOUR, (n + 1) * 6 * HOUR, Status.MET if n < 3 else None, False, 1)
        for n in range(4)
    )
    assert len(drawn(slots(Slots(1, kept), UTC, "four a day"), "met")) == 1


def test_recovery_times_say_what_passed_in_time_failed_or_proves_nothing() -> None:
    several = (
        TimedRecovery("a", DAY, True, HOUR, HOUR, False),
        TimedRecovery("b", 2 * DAY, True, 5 * HOUR, 5 * HOUR, False),
        TimedRecovery("c", 3 * DAY, False, HOUR, HOUR, False),
        TimedRecovery("d", 4 * DAY, True, HOUR, None, False),
        TimedRecovery("e", 5 * DAY, True, HOUR, HOUR, False, "it restored to the site that is lost"),
    )
    heard = told(times(Times(4 * HOUR, several), UTC, "rto"))
    for part in (
        "in time after 1 h",
        "too long after 5 h",
        "failed after",
        "time not known after 1 h or more",
        "proves nothing",
    ):
        assert part in heard


def test_a_recovery_that_was_perhaps_too_long_is_not_drawn_as_one_that_was() -> None:
    perhaps = times(Times(4 * HOUR, (TimedRecovery("a", DAY, True, HOUR, 5 * HOUR, False),)), UTC, "rto")
    assert "perhaps too long" in told(perhaps)
    assert drawn(perhaps, "breached") == []
    assert len(drawn(perhaps, "unknown")) == 1
    surely = times(Times(4 * HOUR, (TimedRecovery("a", DAY, True, 5 * HOUR, None, False),)), UTC, "rto")
    assert "too long after 5 h or more" in told(surely)
    assert len(drawn(surely, "breached")) == 1


def test_what_took_too_long_is_drawn_as_that_whatever_it_proves() -> None:
    slow = TimedRecovery("a", DAY, True, 5 * HOUR, 5 * HOUR, True, "its record does not tell what it was recovered by")
    assert "too long after 5 h" in told(times(Times(4 * HOUR, (slow,)), UTC, "rto"))


def test_an_outage_that_is_not_over_is_drawn_with_how_long_it_has_lasted() -> None:
    lasting = (TimedRecovery("a", None, False, 5 * HOUR, None, True), TimedRecovery("b", None, False, HOUR, None, True))
    picture = times(Times(4 * HOUR, lasting), UTC, "rto")
    assert "not over too long after 5 h or more; not over goes on after 1 h or more" in told(picture)
    assert (len(drawn(picture, "breached")), len(drawn(picture, "unknown"))) == (1, 1)


def test_of_more_periods_than_there_is_room_for_it_says_how_the_others_stood() -> None:
    statuses = [Status.BREACHED, Status.UNKNOWN, *[Status.MET] * 38]
    several = tuple(
        PeriodFigures(f"day {n}", n * DAY, (n + 1) * DAY, DAY, status, "99.0", HOUR, HOUR)
        for n, status in enumerate(statuses)
    )
    markup = downtime(several, "uptime")
    assert "9 earlier periods are not drawn: 1 breached, 1 unknown, 7 met" in told(markup)
    assert "9 earlier periods are not drawn" in " ".join(one.text or "" for one in parsed(markup).iter(f"{SVG}text"))


def test_the_hour_that_the_clock_repeats_is_shown_by_the_worse_of_its_two_slots() -> None:
    zone = ZoneInfo("Europe/Stockholm")
    first = int(datetime(2026, 10, 25, 0, tzinfo=zone).timestamp())
    kept = tuple(
        SlotKept(
            f"hour {n}", first + n * HOUR, first + (n + 1) * HOUR, Status.BREACHED if n == 2 else Status.MET, False, 1
        )
        for n in range(25)
    )
    markup = slots(Slots(1, kept), zone, "hourly")
    assert len(drawn(markup, "breached")) == 1
    assert len(drawn(markup, "met")) == 23
    assert "1 missed, 24 kept" in told(markup)


def test_where_there_was_never_any_data_no_age_is_told() -> None:
    heard = told(ages(Ages(DAY, (ExposureStep(0, None),)), (), WINDOW, UTC, "rpo"))
    assert "no data is known" in heard
    assert "0 s" not in heard


def test_downtime_says_what_was_allowed() -> None:
    period = PeriodFigures("2026-09", 0, 30 * DAY, 30 * DAY, Status.BREACHED, "99.0", 7 * HOUR, HOUR)
    markup = downtime((period,), "uptime")
    assert "2026-09: 7 h of 1 h, breached" in told(markup)
    (bar,) = drawn(markup, "breached")
    assert bar["width"] > 400


def test_no_picture_holds_text_that_could_be_markup() -> None:
    markup = strip((Piece(0, DAY, Status.MET, ""),), WINDOW, UTC, '<b>"x"&</b>')
    assert parsed(markup).find(f"{SVG}title").text == '<b>"x"&</b>'  # type: ignore[union-attr]
    assert not re.search(r"<b>", markup)
