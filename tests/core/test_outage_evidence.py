"""What the figures of availability rest on: outages and windows of maintenance, so told that anybody can add them up."""

from __future__ import annotations

import re
from collections import Counter
from fractions import Fraction

import pytest
from hypothesis import given
from oracle.profiles import briefly
from oracle.uptime_worlds import Case, cases
from uptimes import at, judge, maintenance, outage, records, uptime

from drcheck.core import decimals
from drcheck.core.evaluation.inputs import Records, Terms
from drcheck.core.kinds.availability.cited import AT_MOST
from drcheck.core.kinds.availability.commitment import Availability, Formula, MaintenanceRule
from drcheck.core.model.commitments import Notice, Outside
from drcheck.core.model.evidence import Cited
from drcheck.core.model.log_records import Log, Maintenance, Outage
from drcheck.core.model.policy import BusinessCalendar
from drcheck.core.model.slots import Per

PLANNED = MaintenanceRule("planned")
SECONDS = {"d": 86400, "h": 3600, "min": 60, "s": 1}


def evidence(commitment: Availability, *told: Outage | Maintenance, start: str = "11-01T00:00") -> tuple[Cited, ...]:
    """Return what is cited up to December."""
    return judge(commitment, records(*told), start, "12-01T00:00").evidence


# Outages. -------------------------------------------------------------------------------------------------------------


def test_outages_of_every_period_that_is_shown_are_cited_newest_first():
    finding = judge(
        uptime(causes=("customer",)),
        records(
            outage("11-05T00:00", "11-05T01:00", "customer", name="theirs"),
            outage("11-07T00:00", "11-07T00:05", name="ours"),
            outage("10-07T00:00", "10-07T00:05", total=False, name="the month before"),
            outage("09-30T00:00", "10-01T00:00", name="in a month that is not judged"),
        ),
        "10-15T00:00",
        "12-01T00:00",
    )
    assert [period.label for period in finding.periods] == ["2026-10", "2026-11"]
    assert finding.evidence == (
        Cited(
            "outages", "", "ours", None, at("11-07T00:05"),
            told="down 2026-11-07T00:00:00Z to 2026-11-07T00:05:00Z, total; 5 min counted",
        ),
        Cited(
            "outages", "", "theirs", None, at("11-05T01:00"), "all of it is excused",
            "down 2026-11-05T00:00:00Z to 2026-11-05T01:00:00Z, total, cause customer; 1 h excused (cause customer)",
        ),
        Cited(
            "outages", "", "the month before", None, at("10-07T00:05"),
            told="down 2026-10-07T00:00:00Z to 2026-10-07T00:05:00Z, partial; 5 min counted",
        ),
    )  # fmt: skip
    assert finding.notes == ()


def test_an_outage_tells_what_of_it_counts_and_what_is_excused():
    (window, down) = evidence(
        uptime(maintenance=(PLANNED,)),
        outage("10-18T20:00", "10-18T23:15:20", "third-party"),
        maintenance("10-18T20:15", "10-18T23:15"),
        start="10-01T00:00",
    )
    assert down.told.endswith("total, cause third-party; 15 min 20 s counted, 3 h excused (maintenance planned)")
    assert window.told.endswith("from 2026-10-18T20:15:00Z to 2026-10-18T23:15:00Z; 3 h excused")
    assert (down.why_not, window.why_not) == ("", "")


def test_an_outage_over_the_edge_of_a_period_is_told_for_each():
    (one,) = evidence(uptime(), outage("10-31T23:30", "11-01T00:10"), start="10-01T00:00")
    assert one.told.endswith("total; 2026-10: 30 min counted; 2026-11: 10 min counted")
    (one,) = evidence(uptime(), outage("10-31T23:30", "11-01T00:10"))
    assert one.told.endswith("total; 2026-11: 10 min counted")


def test_what_several_outages_tell_counts_with_the_first():
    second, first = evidence(
        uptime(), outage("11-05T00:00", "11-05T00:30"), outage("11-05T00:20", "11-05T00:40", name="other")
    )
    assert first.told.endswith("; 30 min counted")
    assert second.told.endswith("; 20 min counted (10 min of it with an earlier outage)")


def test_an_open_outage_tells_until_when_it_is_known():
    logs = records(outage("11-05T00:00", None), known="11-05T00:40", watched=())
    (one,) = judge(uptime(), logs, "11-01T00:00", "11-06T00:00").evidence
    assert one.told == (
        "down since 2026-11-05T00:00:00Z, still open when outages was last seen, 2026-11-05T00:40:00Z, total; "
        "40 min counted"
    )
    assert one.available_at is None


def test_a_partial_outage_that_does_not_count_hides_nothing_of_one_that_does():
    partial = outage("11-05T00:00", "11-05T01:00", total=False, name="partial")
    total, its = evidence(uptime(total_only=True), partial, outage("11-05T00:30", "11-05T00:50"))
    assert total.told.endswith("; 20 min counted")
    assert its.why_not == "it was partial, and only total outages count"
    assert its.told.endswith("2026-11-05T01:00:00Z, partial")


def test_of_many_outages_the_newest_are_cited_and_the_rest_are_counted():
    told = [
        outage(f"11-{day:02}T{hour:02}:00", f"11-{day:02}T{hour:02}:01") for day in range(1, 6) for hour in range(24)
    ]
    told += [maintenance("11-01T00:00", "11-01T01:00"), maintenance("11-01T02:00", "11-01T03:00")]
    finding = judge(uptime(), records(*told), "11-01T00:00", "12-01T00:00")
    assert len(finding.evidence) == AT_MOST
    assert finding.evidence[0].name == "out-11-05T23:00"
    assert finding.notes == (
        "of what these periods rest on, 20 older outages and 2 older windows of maintenance are not shown",
    )


def test_an_outage_that_begins_as_the_last_period_ends_is_none_of_its():
    assert evidence(uptime(), outage("12-01T00:00", "12-01T01:00")) == ()
    (down,) = evidence(uptime(), outage("11-30T23:59:59", "12-01T01:00"))
    assert down.told.endswith("1 s counted")


# Maintenance. ---------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("rules", "announced", "why_not"),
    [
        ((), "11-01T00:00", "the agreement excuses no planned maintenance"),
        ((MaintenanceRule("regular"),), "11-01T00:00", "the agreement excuses no planned maintenance"),
        (
            (MaintenanceRule("planned", notice=Notice(seconds=5 * 86400)),),
            "11-08T20:30",
            "it was announced too late: 2 d 11 h 30 min before, 5 d asked",
        ),
        (
            (MaintenanceRule("planned", notice=Notice(business_days=5)),),
            "11-08T20:00",
            "it was announced too late: 2 business days before, 5 asked",
        ),
        (
            (MaintenanceRule("planned", notice=Notice(business_days=1)),),
            "11-11T08:01",
            "it was announced after it had begun",
        ),
        (
            (MaintenanceRule("planned", notice=Notice(seconds=0)),),
            None,
            "its record does not tell announced_at",
        ),
        ((MaintenanceRule("planned", outside=Outside.BUSINESS_HOURS),), None, "it touches business hours"),
        ((MaintenanceRule("planned", outside=Outside.REGULAR_MAINTENANCE),), None, "it overlaps regular maintenance"),
        ((MaintenanceRule("planned", once_per=Per.WEEK),), "11-01T00:00", "it is not the first of its week"),
        (
            (
                MaintenanceRule("planned", once_per=Per.DAY, outside=Outside.BUSINESS_HOURS),
                MaintenanceRule("planned", notice=Notice(seconds=3600)),
            ),
            "11-11T07:30",
            "it touches business hours; it was announced too late: 30 min before, 1 h asked",
        ),
    ],
)
def test_maintenance_that_excuses_no_downtime_tells_why(
    rules: tuple[MaintenanceRule, ...], announced: str | None, why_not: str
):
    logs = records(
        outage("11-11T08:00", "11-11T09:00"),
        maintenance("11-11T08:00", "11-11T09:00", announced=announced),
        maintenance("11-09T08:00", "11-09T09:00"),
        maintenance("11-11T08:59", "11-11T10:00", "regular"),
    )
    terms = Terms(business=BusinessCalendar(opens=7 * 3600, closes=17 * 3600))
    finding = judge(uptime(maintenance=rules), logs, "11-01T00:00", "12-01T00:00", terms)
    (window,) = (one for one in finding.evidence if one.name == "m-11-11T08:00")
    assert window.why_not == why_not
    assert window.told.startswith("planned, " + ("from" if announced is None else "announced 2026-"))


def test_maintenance_that_no_downtime_met_is_not_cited():
    commitment = uptime(maintenance=(PLANNED,))
    assert evidence(commitment, maintenance("11-05T00:00", "11-05T02:00")) == ()
    (down,) = evidence(commitment, maintenance("11-05T00:00", "11-05T02:00"), outage("11-05T02:00", "11-05T02:10"))
    assert down.name == "out-11-05T02:00"


def test_a_cap_that_was_used_up_is_told():
    cited = evidence(
        uptime(maintenance=(MaintenanceRule("planned", at_most=3600),)),
        *(outage(f"11-0{day}T00:00", f"11-0{day}T00:45") for day in (4, 5, 6)),
        *(maintenance(f"11-0{day}T00:00", f"11-0{day}T01:00") for day in (4, 5, 6)),
    )
    told = {one.name: (one.told.partition("; ")[2], one.why_not) for one in cited if one.source == "maintenance"}
    cap = "its rule excuses at most 1 h a month"
    assert told == {
        "m-11-04T00:00": (f"45 min excused; {cap}", ""),
        "m-11-05T00:00": (f"15 min excused; {cap}", ""),
        "m-11-06T00:00": ("", "downtime before it used up what may be excused, at most 1 h a month"),
    }


def test_what_falls_to_an_earlier_rule_over_its_cap_falls_to_no_other():
    rules = (MaintenanceRule("planned", at_most=600), MaintenanceRule("emergency"))
    cited = evidence(
        uptime(maintenance=rules),
        outage("11-05T00:00", "11-05T01:00"),
        maintenance("11-05T00:00", "11-05T01:00"),
        maintenance("11-05T00:30", "11-05T01:00", "emergency"),
    )
    (emergency,) = (one for one in cited if one.name == "m-11-05T00:30")
    assert emergency.why_not == "downtime before it used up what may be excused"


def test_a_window_that_several_logs_tell_is_cited_once():
    logs = dict(records(outage("11-05T00:00", "11-05T01:00"), maintenance("11-05T00:00", "11-05T01:00")).logs)
    logs["again"] = Log(maintenance=logs["maintenance"].maintenance, known_until=at("2027-01-01T00:00"))
    finding = judge(uptime(maintenance=(PLANNED,)), Records(logs, records().readers), "11-01T00:00", "12-01T00:00")
    assert [one.source for one in finding.evidence if one.name.startswith("m-")] == ["again"]


# Adding up. -----------------------------------------------------------------------------------------------------------


def seconds(text: str) -> int:
    return sum(int(count) * SECONDS[unit] for count, unit in re.findall(r"(\d+) (d|h|min|s)\b", text))


PART = re.compile(r"([\d dhmins]+) (counted|excused)(?: \(((?:maintenance|cause) [^)]+)\))?(?: \(([^)]+) of it with)?")


@briefly
@given(cases())
def test_what_is_told_of_outages_adds_up_to_the_figures_of_the_periods(case: Case):
    finding = case.judge()
    summed: Counter[str] = Counter()
    expected: Counter[str] = Counter()
    for one in finding.evidence:
        if one.told.startswith("down "):
            for length, what, why, again in PART.findall(one.told):
                summed[f"{what} {why}"] += seconds(length) - seconds(again)
    for period in finding.periods:
        expected["counted "] += period.downtime
        expected.update({f"excused {one.why}": one.seconds for one in period.excused})
        served = period.end - period.start - period.out_of_service
        assert period.availability == decimals.cut(1 - Fraction(period.downtime, served) if served else Fraction(1))
    assert summed == expected


def test_time_that_left_the_denominator_is_told():
    logs = records(outage("11-05T00:00", "11-05T03:00"), maintenance("11-05T00:00", "11-05T02:00"))
    for formula, left in ((Formula.OF_TOTAL, 0), (Formula.OF_SERVICE_TIME, 7200)):
        commitment = uptime(maintenance=(PLANNED,), formula=formula)
        (figures,) = judge(commitment, logs, "11-01T00:00", "12-01T00:00").periods
        assert (figures.out_of_service, figures.downtime) == (left, 3600)
