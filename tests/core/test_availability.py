"""Availability: what counts, what is excused, what nobody watched, and when a breach begins."""

from __future__ import annotations

from fractions import Fraction
from math import floor

import pytest
from msgspec.structs import replace
from uptimes import at, judge, maintenance, month, outage, records, spells, uptime

from drcheck.core.evaluation.inputs import Records, Terms
from drcheck.core.kinds.availability.commitment import Formula, MaintenanceRule
from drcheck.core.model.commitments import Notice, Outside
from drcheck.core.model.evidence import FOREVER, LONG_AGO, Gap
from drcheck.core.model.log_records import Between, Log
from drcheck.core.model.policy import BusinessCalendar
from drcheck.core.model.slots import Per
from drcheck.core.model.status import Status
from drcheck.core.model.verdict import Excused, Quantity
from drcheck.core.time.spans import Span
from drcheck.core.time.timeline import NOT_BOUND
from drcheck.registry import READERS

MINUTE = 60
PLANNED = MaintenanceRule("planned")
UNREADABLE = "it is not JSON"


# The agreements' own numbers. -----------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("days", "available", "unavailable"), [(28, 40280, 40), (29, 41718, 42), (30, 43157, 43), (31, 44595, 45)]
)
def test_interworks_table_of_minutes_is_the_exact_product_rounded(days: int, available: int, unavailable: int):
    total = days * 24 * 60
    assert available == floor(Fraction(total * 999, 1000) + Fraction(1, 2))
    assert unavailable == total - available


def test_the_tables_minutes_breach_in_31_and_29_days_and_do_not_in_30_and_28():
    always = (("2025-01-01T00:00", "2029-01-01T00:00"),)

    def of(number: int, year: int, minutes: int) -> tuple[Status | None, str]:
        down = outage(f"{year}-{number:02}-05T00:00", f"{year}-{number:02}-05T00:{minutes}")
        figures = month(uptime(), records(down, known="2029-01-01T00:00", watched=always), number, year)
        return figures.status, figures.availability

    assert of(10, 2026, 45) == (Status.BREACHED, "99.899193")
    assert of(2, 2028, 42) == (Status.BREACHED, "99.899425")
    assert of(11, 2026, 43) == (Status.MET, "99.900462")
    assert of(2, 2026, 40) == (Status.MET, "99.900793")


def test_cloudworkz_minutes_a_day_and_hours_a_year_are_rounded():
    day = month_like(Per.DAY, "11-21T00:00", "11-22T00:00")
    year = month_like(Per.YEAR, "2025-01-01T00:00", "2026-01-01T00:00")
    assert Fraction(86400, 1000) / 60 == Fraction("1.44")
    assert Fraction(365 * 24, 1000) == Fraction("8.76")
    assert day.allowed == 86  # 86.4 s are 1.44 min, told as "under 1.5 min a day"
    assert year.allowed == 31536  # 8.76 h, told as "9 hours a year"
    assert day.availability == year.availability == "100"


def month_like(per: Per, start: str, end: str):
    (figures,) = judge(
        uptime(per=per), records(watched=(("2024-12-01T00:00", "2027-01-01T00:00"),)), start, end
    ).periods
    return figures


def test_87_seconds_break_a_day_and_86_do_not():
    for seconds, status in ((86, Status.MET), (87, Status.BREACHED)):
        logs = records(outage("11-21T10:00", f"11-21T10:01:{seconds - 60}"))
        (figures,) = judge(uptime(per=Per.DAY), logs, "11-21T00:00", "11-22T00:00").periods
        assert figures.status is status


# What counts. ---------------------------------------------------------------------------------------------------------


def test_exactly_the_allowance_is_met_and_a_second_more_is_not():
    assert month(uptime(), records(outage("11-05T00:00", "11-05T00:43:12"))).status is Status.MET
    assert month(uptime(), records(outage("11-05T00:00", "11-05T00:43:13"))).status is Status.BREACHED


def test_a_breach_runs_from_the_second_the_target_gets_out_of_reach_to_the_periods_end():
    finding = judge(uptime(), records(outage("11-05T00:00", "11-05T02:00")), "11-01T00:00", "12-03T00:00")
    assert spells(finding) == [
        (at("11-01T00:00"), Status.MET),
        (at("11-05T00:43:12"), Status.BREACHED),
        (at("12-01T00:00"), Status.MET),
    ]
    assert finding.status is Status.MET
    assert [figures.label for figures in finding.periods] == ["2026-11", "2026-12"]


def test_an_allowance_of_broken_seconds_is_crossed_within_its_last_second():
    finding = judge(uptime(), records(outage("10-05T00:00", "10-05T02:00")), "10-01T00:00", "11-01T00:00")
    assert finding.pieces[1].start == at("10-05T00:44:38")  # 2678.4 s are allowed of 31 days


def test_a_period_is_judged_whole_where_it_began_before_the_window():
    finding = judge(uptime(), records(outage("11-05T00:00", "11-05T02:00")), "11-20T00:00", "11-21T00:00")
    assert spells(finding) == [(at("11-20T00:00"), Status.BREACHED)]
    assert finding.measured == Quantity("99.722222", "%")


def test_overlapping_outages_and_those_of_several_logs_count_once():
    one, other = outage("11-05T00:00", "11-05T00:30"), outage("11-05T00:20", "11-05T00:40")
    logs = dict(records(one).logs)
    logs["more"] = Log(outages=(other,), known_until=at("2027-01-01T00:00"))
    assert month(uptime(), Records(logs, records().readers)).downtime == 40 * MINUTE


def test_an_outage_over_the_edge_of_a_period_is_split_by_it():
    finding = judge(uptime(), records(outage("10-31T23:30", "11-01T00:10")), "10-01T00:00", "12-01T00:00")
    assert [figures.downtime for figures in finding.periods] == [30 * MINUTE, 10 * MINUTE]


def test_partial_outages_count_unless_only_total_ones_do():
    logs = records(outage("11-05T00:00", "11-05T02:00", total=False))
    assert month(uptime(), logs).downtime == 120 * MINUTE
    assert month(uptime(total_only=True), logs).downtime == 0
    (cited,) = judge(uptime(total_only=True), logs, "11-01T00:00", "12-01T00:00").evidence
    assert cited.why_not == "it was partial, and only total outages count"


def test_months_are_those_of_the_agreements_zone():
    logs = records(outage("10-31T23:30", "11-01T00:10"))
    finding = judge(uptime(), logs, "10-01T12:00", "11-15T00:00", zone="Europe/Stockholm")
    assert [(figures.label, figures.downtime // MINUTE) for figures in finding.periods] == [
        ("2026-10", 0),
        ("2026-11", 40),
    ]
    october = finding.periods[0]
    assert october.end - october.start == (31 * 24 + 1) * 3600  # summer time ends


def test_an_open_outage_is_certain_as_far_as_its_log_is_known():
    logs = records(outage("11-05T00:00", None), known="11-05T00:40", watched=(("10-01T00:00", "11-05T00:00"),))
    finding = judge(uptime(), logs, "11-01T00:00", "11-05T01:00")
    assert finding.status is Status.UNKNOWN
    assert spells(finding)[-1] == (at("11-05T00:43:12"), Status.UNKNOWN)
    assert "outage out-11-05T00:00 was open when outages told of it last, 2026-11-05T00:40:00Z" in finding.reason
    later = records(outage("11-05T00:00", None), known="11-05T00:50", watched=(("10-01T00:00", "11-05T00:00"),))
    assert judge(uptime(), later, "11-01T00:00", "11-05T01:00").status is Status.BREACHED


def test_a_later_line_that_nobody_can_read_may_have_closed_an_open_outage():
    logs = records(
        outage("11-05T00:00", None, line=1),
        outage("11-05T00:10", "11-05T00:20", line=2),
        gaps=(Gap(UNREADABLE, line=3),),
        known="11-06T00:00",
        watched=(),
    )
    assert judge(uptime(), logs, "11-01T00:00", "11-06T00:00").status is Status.UNKNOWN


# What is excused. -----------------------------------------------------------------------------------------------------


def test_downtime_in_announced_maintenance_is_excused_and_its_overrun_counts():
    figures = month(
        uptime(maintenance=(PLANNED,)),
        records(outage("11-05T00:00", "11-05T03:00"), maintenance("11-05T00:30", "11-05T02:30")),
    )
    assert figures.downtime == 60 * MINUTE
    assert figures.excused == (Excused("maintenance planned", 120 * MINUTE),)


def test_maintenance_without_downtime_excuses_nothing():
    figures = month(uptime(maintenance=(PLANNED,)), records(maintenance("11-05T00:30", "11-05T02:30")))
    assert (figures.downtime, figures.excused) == (0, ())


@pytest.mark.parametrize(
    ("notice", "announced", "excused"),
    [
        (Notice(seconds=48 * 3600), "11-03T00:00", True),
        (Notice(seconds=48 * 3600), "11-03T00:01", False),
        (Notice(business_days=5), "11-04T08:00", False),  # Thu, Fri, Mon, Tue lie between
        (Notice(business_days=5), "11-03T23:00", True),
        (None, "11-05T00:00", True),
        (None, "11-05T00:01", False),
    ],
)
def test_maintenance_is_excused_if_it_was_announced_in_time(notice: Notice | None, announced: str, excused: bool):
    begins = "11-11T00:00" if notice and notice.business_days else "11-05T00:00"
    window = maintenance(begins, begins.replace("T00", "T02"), announced=announced)
    logs = records(outage(begins, begins.replace("T00", "T01")), window)
    figures = month(uptime(maintenance=(MaintenanceRule("planned", notice=notice),)), logs)
    assert figures.downtime == (0 if excused else 60 * MINUTE)


def test_a_window_that_touches_business_hours_is_not_excused_at_all():
    rule = MaintenanceRule("planned", outside=Outside.BUSINESS_HOURS)
    terms = Terms(business=BusinessCalendar(opens=7 * 3600, closes=17 * 3600))
    for ends, excused in (("11-05T07:00", True), ("11-05T07:01", False)):
        logs = records(outage("11-05T05:00", "11-05T06:00"), maintenance("11-05T05:00", ends))
        finding = judge(uptime(maintenance=(rule,)), logs, "11-01T00:00", "12-01T00:00", terms)
        assert finding.periods[0].downtime == (0 if excused else 60 * MINUTE)


def test_a_window_that_overlaps_regular_maintenance_does_not_fit_a_rule_that_stays_out_of_it():
    rule = MaintenanceRule("planned", outside=Outside.REGULAR_MAINTENANCE)
    window = maintenance("11-05T05:00", "11-05T07:00")
    down = outage("11-05T05:00", "11-05T06:00")
    for begins, excused in (("11-05T07:00", True), ("11-05T06:59", False)):
        logs = records(down, window, maintenance(begins, "11-05T09:00", "regular"))
        assert month(uptime(maintenance=(rule,)), logs).downtime == (0 if excused else 60 * MINUTE)


def test_a_cap_excuses_the_earliest_seconds_of_each_period():
    rule = MaintenanceRule("planned", at_most=3600)
    down = (
        outage("11-05T00:00", "11-05T00:45"),
        outage("11-06T00:00", "11-06T00:45"),
        outage("12-01T00:00", "12-01T00:45"),
    )
    windows = tuple(maintenance(f"{day}T00:00", f"{day}T01:00") for day in ("11-05", "11-06", "12-01"))
    finding = judge(uptime(maintenance=(rule,)), records(*down, *windows), "11-01T00:00", "2027-01-01T00:00")
    assert [figures.downtime // MINUTE for figures in finding.periods] == [30, 0]


def test_what_lies_over_a_cap_falls_to_no_later_rule_and_to_no_cause():
    rules = (MaintenanceRule("planned", at_most=600), MaintenanceRule("emergency"))
    windows = maintenance("11-05T00:00", "11-05T01:00"), maintenance("11-05T00:00", "11-05T01:00", "emergency")
    commitment = uptime(maintenance=rules, causes=("third-party",))
    assert month(commitment, records(outage("11-05T00:00", "11-05T01:00"), *windows)).downtime == 50 * MINUTE
    figures = month(commitment, records(outage("11-05T00:00", "11-05T01:00", "third-party"), *windows))
    assert figures.downtime == 50 * MINUTE
    assert figures.excused == (Excused("maintenance planned", 600),)


def test_the_first_rule_that_a_window_fits_takes_it():
    rules = (
        MaintenanceRule("planned", notice=Notice(seconds=5 * 86400), at_most=600),
        MaintenanceRule("planned", notice=Notice(seconds=86400)),
    )
    down = outage("11-05T00:00", "11-05T01:00")
    early, late = ("10-01T00:00", 50 * MINUTE), ("11-03T00:00", 0)
    for announced, downtime in (early, late):
        logs = records(down, maintenance("11-05T00:00", "11-05T01:00", announced=announced))
        assert month(uptime(maintenance=rules), logs).downtime == downtime


def test_only_the_first_window_of_a_week_is_excused_where_one_a_week_is_agreed():
    rule = MaintenanceRule("regular", once_per=Per.WEEK)
    days = ("11-03", "11-05", "11-09")  # Tuesday, Thursday, and the next Monday
    down = tuple(outage(f"{day}T00:00", f"{day}T00:10") for day in days)
    windows = tuple(maintenance(f"{day}T00:00", f"{day}T01:00", "regular") for day in days)
    assert month(uptime(maintenance=(rule,)), records(*down, *windows)).downtime == 10 * MINUTE


@pytest.mark.parametrize("first", [1, 2])
def test_of_windows_of_a_week_that_begin_together_the_one_recorded_first_is_excused(first: int):
    """They differ in their ends; of the hour that the service was down one covers 10 minutes, the other 30."""
    rule = MaintenanceRule("regular", once_per=Per.WEEK)
    windows = (
        maintenance("11-03T00:00", "11-03T00:10", "regular", line=first),
        maintenance("11-03T00:00", "11-03T00:30", "regular", line=3 - first),
    )
    figures = month(uptime(maintenance=(rule,)), records(outage("11-03T00:00", "11-03T01:00"), *windows))
    assert figures.downtime == (50 if first == 1 else 30) * MINUTE


def test_which_of_two_logs_recorded_a_window_first_is_told_by_the_looks_or_unknown():
    rule = MaintenanceRule("regular", once_per=Per.WEEK)
    short = maintenance("11-03T00:00", "11-03T00:10", "regular")
    long = maintenance("11-03T00:00", "11-03T00:30", "regular")
    down = outage("11-03T00:00", "11-03T01:00")
    for seen, later, downtime in (("10-01", "10-01", 60), ("10-01", "10-02", 50), ("10-03", "10-02", 30)):
        day = 86400
        logs = dict(records(down, short._replace(known=_appeared(f"{seen}T00:00", day))).logs)
        logs["more"] = replace(
            logs["maintenance"], maintenance=(long._replace(known=_appeared(f"{later}T00:00", day)),)
        )
        readers = {**records().readers, "more": READERS["maintenance-log"]}
        figures = month(uptime(maintenance=(rule,)), Records(logs, readers))
        assert (figures.downtime // MINUTE, figures.status) == (
            downtime,
            Status.UNKNOWN if downtime == 60 else Status.BREACHED if downtime == 50 else Status.MET,
        )


def _appeared(first_shown: str, looks_every: int) -> Between:
    return Between(at(first_shown) - looks_every, at(first_shown))


# When it was announced. -----------------------------------------------------------------------------------------------

LATE = "11-05T02:00"


@pytest.mark.parametrize(
    ("word", "missed", "shown", "status"),
    [
        ("10-22T00:00", "11-04T00:00", LATE, Status.UNKNOWN),  # a look after that day did not show it: back-dated
        ("10-22T00:00", "11-05T00:00", LATE, Status.BREACHED),  # nor did one when it began
        ("10-22T00:00", "10-21T00:00", "10-23T00:00", Status.MET),
        ("10-22T00:00", "10-25T00:00", "11-04T00:00", Status.MET),  # whenever it was, it was before it began
        ("10-22T00:00", None, LATE, Status.MET),  # taken at its word until a look disproves it
        ("10-22T00:00", "10-21T00:00", LATE, Status.MET),
        (LATE, "10-21T00:00", LATE, Status.BREACHED),
        (None, None, LATE, Status.UNKNOWN),
        (None, "10-21T00:00", LATE, Status.UNKNOWN),
        (None, "11-05T00:00", LATE, Status.BREACHED),
        (None, None, "11-05T00:00", Status.MET),  # what a look showed had been announced by then
        (None, "11-04T00:00", "11-04T12:00", Status.MET),
    ],
)
def test_a_window_excuses_only_if_it_was_announced_when_it_began_as_far_as_looks_do_not_disprove_it(
    word: str | None, missed: str | None, shown: str, status: Status
):
    known = Between(LONG_AGO if missed is None else at(missed), at(shown))
    window = maintenance("11-05T00:00", "11-05T02:00", announced=word)._replace(known=known)
    finding = judge(
        uptime(maintenance=(PLANNED,)),
        records(outage("11-05T00:00", "11-05T02:00"), window),
        "11-01T00:00",
        "12-01T00:00",
    )
    assert finding.status is status
    if status is Status.UNKNOWN:
        assert "what maintenance excuses is not all known: maintenance, m-11-05T00:00: " in finding.reason
        assert "announced_at" in finding.reason


def test_a_window_whose_announcement_is_in_doubt_may_use_up_a_cap():
    """An hour a month may be excused: of the first window's hour, if it was announced, else of the second one's.

    The last of its minutes are those of the customer, which nobody need excuse unless they lie over the cap.
    """
    rule = MaintenanceRule("planned", at_most=3600)
    doubted = maintenance("11-05T00:00", "11-05T02:00", announced=None)
    down = outage("11-05T00:00", "11-05T02:00", "customer"), outage("11-06T00:00", "11-06T01:00")
    commitment = uptime(maintenance=(rule,), causes=("customer",))
    finding = judge(
        commitment, records(*down, doubted, maintenance("11-06T00:00", "11-06T01:00")), "11-01T00:00", "12-01T00:00"
    )
    # If it was, an hour lies over the cap from 01:00 on; if it was not, nothing counts at all.
    assert finding.status is Status.UNKNOWN
    assert judge(commitment, records(*down), "11-01T00:00", "11-06T00:00").status is Status.MET


def test_a_second_is_excused_by_cause_only_if_every_outage_that_covers_it_is():
    commitment = uptime(causes=("customer", "third-party"))
    theirs = outage("11-05T00:00", "11-05T01:00", "customer"), outage("11-05T00:30", "11-05T01:30", "third-party")
    assert month(commitment, records(*theirs)).excused == (
        Excused("cause customer", 60 * MINUTE),
        Excused("cause third-party", 30 * MINUTE),
    )
    ours = outage("11-05T00:50", "11-05T01:10", "us")
    assert month(commitment, records(*theirs, ours)).downtime == 20 * MINUTE


# The two formulas. ----------------------------------------------------------------------------------------------------


def test_maintenance_leaves_the_denominator_only_of_service_time():
    day = 24 * 3600
    logs = records(
        outage("11-05T00:00", "11-06T00:00"),
        maintenance("11-05T00:00", "11-06T00:00"),
        outage("11-09T00:00", "11-09T00:42"),
    )
    of_total = month(uptime(maintenance=(PLANNED,)), logs)
    of_service_time = month(uptime(maintenance=(PLANNED,), formula=Formula.OF_SERVICE_TIME), logs)
    assert (of_total.allowed, of_total.status) == (2592, Status.MET)
    assert (of_service_time.allowed, of_service_time.status) == (int(29 * day / 1000), Status.BREACHED)
    assert of_service_time.availability == "99.899425"  # 42 min of 29 days
    stays = MaintenanceRule("planned", leaves_service_time=False)
    assert month(uptime(maintenance=(stays,), formula=Formula.OF_SERVICE_TIME), logs).status is Status.MET


def test_maintenance_alone_can_put_the_target_out_of_reach():
    logs = records(
        outage("11-09T00:00", "11-09T00:43"),
        outage("11-20T00:00", "11-21T00:00"),
        maintenance("11-20T00:00", "11-21T00:00"),
    )
    finding = judge(uptime(maintenance=(PLANNED,), formula=Formula.OF_SERVICE_TIME), logs, "11-01T00:00", "12-01T00:00")
    # 2580 s are a thousandth of 2,580,000 s: it breaks once 12,000 s of the month's 2,592,000 have left.
    assert spells(finding)[1] == (at("11-20T00:00") + 12000, Status.BREACHED)


def test_a_period_that_was_all_maintenance_is_met():
    logs = records(outage("11-21T00:00", "11-22T00:00"), maintenance("11-20T00:00", "11-23T00:00"))
    commitment = uptime(maintenance=(PLANNED,), formula=Formula.OF_SERVICE_TIME, per=Per.DAY)
    (figures,) = judge(commitment, logs, "11-21T00:00", "11-22T00:00").periods
    assert (figures.status, figures.availability, figures.allowed) == (Status.MET, "100", 0)


def test_a_target_of_everything_is_broken_by_a_second():
    assert month(uptime("100"), records()).status is Status.MET
    finding = judge(uptime("100"), records(outage("11-09T00:00", "11-09T00:00:01")), "11-01T00:00", "12-01T00:00")
    assert spells(finding)[1] == (at("11-09T00:00"), Status.BREACHED)


# What is owed. --------------------------------------------------------------------------------------------------------


def test_a_partial_first_period_owes_nothing():
    logs = records(outage("04-20T00:00", "04-21T00:00"), outage("05-02T00:00", "05-03T00:00"))
    terms = Terms(effective=at("04-19T00:00"))
    finding = judge(uptime(), logs, "03-15T00:00", "06-01T00:00", terms)
    assert [piece.status for piece in finding.pieces] == [None, None, Status.MET, Status.BREACHED]
    assert "partial first period" in finding.pieces[1].reason
    assert [figures.status for figures in finding.periods] == [None, None, Status.BREACHED]


def test_a_period_that_begins_with_the_agreement_is_owed():
    finding = judge(uptime(), records(), "04-01T00:00", "05-01T00:00", Terms(effective=at("04-01T00:00")))
    assert finding.status is Status.MET


def test_a_period_is_judged_by_the_wording_in_force_when_it_began():
    down = tuple(outage(f"{month}-05T00:00", f"{month}-05T02:00") for month in ("10", "11"))
    for binds, statuses in (
        (Span(LONG_AGO, at("11-10T00:00")), [Status.MET, Status.BREACHED, Status.MET, Status.BREACHED]),
        (Span(at("10-15T00:00"), FOREVER), [None, Status.MET, Status.BREACHED]),
        (Span(LONG_AGO, at("11-01T00:00")), [Status.MET, Status.BREACHED, None]),
    ):
        finding = judge(uptime(), records(*down), "10-01T00:00", "12-01T00:00", Terms(binds=binds))
        assert [piece.status for piece in finding.pieces] == statuses
        assert all(piece.reason == NOT_BOUND for piece in finding.pieces if piece.status is None)
        assert len(finding.periods) == 2 - sum(status is None for status in statuses)


# At risk. -------------------------------------------------------------------------------------------------------------


def test_at_risk_is_nine_tenths_of_the_allowed_downtime():
    for end, risky in (("06:28:47", False), ("06:28:48", True)):
        finding = judge(uptime("99"), records(outage("11-05T00:00", f"11-05T{end}")), "11-01T00:00", "12-01T00:00")
        assert finding.at_risk is risky
    sooner = judge(
        uptime(warn_at=Fraction(1, 2)), records(outage("11-05T00:00", "11-05T00:22")), "11-01T00:00", "12-01T00:00"
    )
    assert sooner.at_risk


def test_a_target_with_many_decimals_is_told_as_it_was_written():
    finding = judge(uptime("99.99999999"), records(), "11-01T00:00", "12-01T00:00")
    assert finding.objective == Quantity("99.99999999", "%")


def test_a_log_of_which_nobody_said_how_it_is_read_tells_of_outages():
    logs = records(outage("11-05T00:00", "11-05T01:00")).logs
    finding = judge(uptime(), Records({"outages": logs["outages"]}), "11-01T00:00", "12-01T00:00")
    assert finding.status is Status.BREACHED


def test_a_look_at_maintenance_stands_for_its_second_and_what_comes_after_it_may_be_excused():
    commitment = uptime("100", maintenance=(MaintenanceRule("planned"),))
    last_second = outage("11-30T23:59:59", "12-01T00:00")
    for known, status in (("11-30T23:59:59", Status.BREACHED), ("11-30T23:59:58", Status.UNKNOWN)):
        logs = records(last_second, announced_known=known)
        assert judge(commitment, logs, "11-01T00:00", "12-01T00:00").status is status


def test_of_what_is_not_known_of_maintenance_the_earliest_is_told():
    commitment = uptime("100", maintenance=(PLANNED,))
    logs = records(
        outage("11-20T00:00", "11-20T01:00"),
        announced_gaps=(Gap(UNREADABLE, line=1),),
        announced_known="11-10T00:00",
    )
    finding = judge(commitment, logs, "11-01T00:00", "12-01T00:00")
    assert finding.status is Status.UNKNOWN
    assert f"maintenance, line 1: {UNREADABLE}" in finding.reason
    assert "has not been seen" not in finding.reason


def test_a_window_that_must_stay_out_of_regular_maintenance_may_lie_in_some_that_nobody_saw():
    commitment = uptime(maintenance=(MaintenanceRule("planned", outside=Outside.REGULAR_MAINTENANCE),))
    windows = maintenance("11-05T00:00", "11-05T02:00"), maintenance("11-20T00:00", "11-20T02:00", line=2)
    for known, status in (("11-04T00:00", Status.UNKNOWN), ("11-06T00:00", Status.MET)):
        logs = records(outage("11-05T00:00", "11-05T01:00"), *windows, announced_known=known)
        assert judge(commitment, logs, "11-01T00:00", "12-01T00:00").status is status


def test_a_period_that_begins_when_the_agreement_ends_is_owed_nothing():
    for later, said in ((0, "the agreement ended 2026-11-01T00:00:00Z"), (1, "2026-11 is a part")):
        terms = Terms(ends=at("11-01T00:00") + later)
        finding = judge(uptime(), records(), "11-01T00:00", "11-22T00:00", terms=terms)
        assert finding.status is None
        assert said in finding.pieces[0].reason
