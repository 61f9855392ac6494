"""Availability that is not certain: what nobody watched, what nobody can read, and maintenance that nobody has seen."""

from __future__ import annotations

import pytest
from msgspec.structs import replace
from uptimes import at, judge, maintenance, month, outage, records, spells, uptime

from drcheck.core.evaluation.inputs import Records
from drcheck.core.kinds.availability.commitment import Formula, MaintenanceRule
from drcheck.core.model.commitments import Notice
from drcheck.core.model.evidence import Gap
from drcheck.core.model.log_records import Log, LogGrowth, Watched
from drcheck.core.model.status import Status
from drcheck.core.model.verdict import Quantity

MINUTE = 60
PLANNED = MaintenanceRule("planned")
UNREADABLE = "it is not JSON"


# What nobody watched. -------------------------------------------------------------------------------------------------


def test_nothing_watched_is_unknown_and_says_which_records_are_missing():
    finding = judge(uptime(), records(watched=()), "11-01T00:00", "11-22T00:00")
    assert spells(finding) == [(at("11-01T00:00"), Status.UNKNOWN)]
    assert "no record of outages tells what was watched, and so what was up" in finding.reason
    assert finding.measured is None
    assert (
        judge(uptime(), records(outage("11-05T00:00", "11-05T01:00"), watched=()), "11-01T00:00", "11-22T00:00").status
        is Status.BREACHED
    )


def test_more_unwatched_than_is_allowed_is_unknown_and_says_when():
    logs = records(watched=(("10-01T00:00", "11-10T00:00"), ("11-10T01:00", "12-10T00:00")))
    finding = judge(uptime(), logs, "11-01T00:00", "12-01T00:00")
    assert spells(finding) == [(at("11-01T00:00"), Status.MET), (at("11-10T00:43:12"), Status.UNKNOWN)]
    assert "nobody watched 1 h of 2026-11 from 2026-11-10T00:00:00Z to 2026-11-10T01:00:00Z" in finding.reason
    assert finding.periods[0].unwatched == 3600
    assert finding.periods[0].credit is None


def test_a_few_unwatched_minutes_are_allowed_to_have_been_down():
    logs = records(watched=(("10-01T00:00", "11-10T00:00"), ("11-10T00:43", "12-10T00:00")))
    assert month(uptime(), logs).status is Status.MET
    # Together with downtime that is known they are not.
    down = outage("11-20T00:00", "11-20T00:01")
    assert (
        month(uptime(), records(down, watched=(("10-01T00:00", "11-10T00:00"), ("11-10T00:43", "12-10T00:00")))).status
        is Status.UNKNOWN
    )


def test_a_known_outage_needs_no_watching():
    logs = records(
        outage("11-10T00:00", "11-10T00:43"), watched=(("10-01T00:00", "11-10T00:00"), ("11-10T00:43", "12-10T00:00"))
    )
    assert (month(uptime(), logs).unwatched, month(uptime(), logs).status) == (0, Status.MET)


def test_unwatched_time_in_announced_maintenance_can_be_excused():
    logs = records(
        maintenance("11-10T00:00", "11-10T05:00"),
        watched=(("10-01T00:00", "11-10T00:00"), ("11-10T05:00", "12-10T00:00")),
    )
    assert month(uptime(maintenance=(PLANNED,)), logs).status is Status.MET
    assert month(uptime(), logs).status is Status.UNKNOWN


def test_an_open_period_is_judged_as_far_as_it_was_watched_and_says_so():
    logs = records(outage("11-05T00:00", "11-05T00:41"), watched=(("10-01T00:00", "11-22T01:40"),), known="11-22T02:00")
    finding = judge(uptime(), logs, "11-01T00:00", "11-22T02:00")
    assert finding.reason == (
        "2026-11 so far: 41 min down of 43 min 12 s allowed, judged until 2026-11-22T01:40:00Z (last watched)"
    )
    assert finding.measured == Quantity("99.905092", "%")
    assert finding.headroom == Quantity("0.005092", "%")
    assert finding.objective == Quantity("99.9", "%")
    assert finding.due_at is None
    assert finding.at_risk
    assert finding.periods[0].judged_until == at("11-22T01:40")


def test_a_period_that_was_last_watched_too_long_ago_is_unknown():
    logs = records(watched=(("10-01T00:00", "11-20T12:00"),), known="11-25T00:00")
    finding = judge(uptime(), logs, "11-01T00:00", "11-22T00:00")
    assert spells(finding) == [(at("11-01T00:00"), Status.MET), (at("11-21T12:00"), Status.UNKNOWN)]
    assert "outages was last watched 2026-11-20T12:00:00Z, more than 1 d before" in finding.reason


def test_a_period_that_is_over_needs_its_last_minutes_watched_too():
    logs = records(watched=(("10-01T00:00", "11-30T23:00"),))
    assert judge(uptime(), logs, "11-01T00:00", "11-30T23:59").status is Status.MET
    assert judge(uptime(), logs, "11-01T00:00", "12-01T00:00").status is Status.UNKNOWN


def test_watching_counts_only_as_far_as_every_log_of_outages_has_been_seen():
    logs = dict(records().logs)
    logs["more"] = Log(known_until=at("11-10T00:00"))
    finding = judge(uptime(), Records(logs, records().readers), "11-01T00:00", "11-22T00:00")
    assert spells(finding) == [(at("11-01T00:00"), Status.MET), (at("11-11T00:00"), Status.UNKNOWN)]


def test_a_log_of_outages_that_was_never_seen_leaves_it_unknown():
    logs = dict(records().logs)
    logs["more"] = Log(unseen=(Gap("connection refused"),))
    finding = judge(uptime(), Records(logs, records().readers), "11-01T00:00", "11-22T00:00")
    assert finding.status is Status.UNKNOWN
    assert finding.reason.endswith("more could not be seen: connection refused")


# What nobody can read, and maintenance that nobody has seen. -----------------------------------------------------------


def _monthly(*, unreadable: int, known: str = "12-01T00:00") -> Records:
    """Return a log that tells at the end of each month that it was watched, but for a line that nobody can read."""
    ends = ["10-01T00:00", "11-01T00:00", "12-01T00:00"]
    spans = [*zip(["09-01T00:00", *ends], ends, strict=False)]
    lines = [number for number in range(1, len(ends) + 2) if number != unreadable]
    told = tuple(Watched(at(start), at(end), line) for line, (start, end) in zip(lines, spans, strict=True))
    log = Log(watched=told, gaps=(Gap(UNREADABLE, line=unreadable),), known_until=at(known))
    return Records({"outages": log}, records().readers)


@pytest.mark.parametrize("line", [1, 3])
def test_a_line_that_may_tell_an_outage_leaves_every_period_open(line):
    # Of an outage long before it was written it may tell, as well as of one that goes on since.
    finding = judge(uptime(), _monthly(unreadable=line), "09-01T00:00", "12-01T00:00")
    assert [figures.status for figures in finding.periods] == [Status.UNKNOWN, Status.UNKNOWN, Status.UNKNOWN]
    assert f"line {line}, may tell an outage: it is not JSON" in finding.reason


def test_an_open_outage_may_have_been_closed_at_any_time_by_a_line_that_nobody_can_read():
    down = outage("11-05T00:00", None, line=1)
    watched = (("10-01T00:00", "11-10T00:00"),)
    for line, status in ((1001, Status.UNKNOWN), (0, Status.BREACHED)):
        logs = records(down, gaps=(Gap(UNREADABLE, line=line),), watched=watched, known="12-01T00:00")
        finding = judge(uptime(), logs, "11-01T00:00", "12-01T00:00")
        assert finding.status is status


def test_an_unreadable_line_of_outages_undoes_no_breach():
    logs = records(outage("11-05T00:00", "11-05T01:00", line=1), gaps=(Gap(UNREADABLE, line=2),))
    finding = judge(uptime(), logs, "11-01T00:00", "12-01T00:00")
    assert spells(finding) == [(at("11-01T00:00"), Status.UNKNOWN), (at("11-05T00:43:12"), Status.BREACHED)]


def test_an_unreadable_line_of_maintenance_may_have_excused_a_breach():
    rule = MaintenanceRule("planned", notice=Notice(seconds=3600))
    down = outage("11-05T00:00", "11-05T02:00")
    written_before = records(
        down,
        maintenance("11-01T00:00", "11-01T01:00", announced="10-20T00:00"),
        announced_gaps=(Gap(UNREADABLE, line=2),),
    )
    finding = judge(uptime(maintenance=(rule,)), written_before, "11-01T00:00", "12-01T00:00")
    assert finding.status is Status.UNKNOWN
    assert finding.reason.endswith("what maintenance excuses is not all known: maintenance, line 2: it is not JSON")
    written_after = records(
        down,
        maintenance("12-24T00:00", "12-24T01:00", announced="11-20T00:00"),
        announced_gaps=(Gap(UNREADABLE, line=2),),
    )
    assert judge(uptime(maintenance=(rule,)), written_after, "11-01T00:00", "12-01T00:00").status is Status.BREACHED
    assert judge(uptime(), written_before, "11-01T00:00", "12-01T00:00").status is Status.BREACHED


def test_maintenance_that_needs_no_notice_is_announced_when_it_begins_at_the_latest():
    down = outage("11-05T00:00", "11-05T02:00")
    for announced, status in (("11-04T00:00", Status.UNKNOWN), ("11-20T00:00", Status.BREACHED)):
        before = maintenance("12-24T00:00", "12-24T01:00", announced=announced)
        logs = records(down, before, announced_gaps=(Gap(UNREADABLE, line=2),))
        assert judge(uptime(maintenance=(PLANNED,)), logs, "11-01T00:00", "12-01T00:00").status is status


def test_hidden_maintenance_can_bring_time_back_into_the_denominator():
    """What a rule that stays in it takes first leaves no more: 2,580 s of ours are then within a thousandth."""
    rules = MaintenanceRule("regular", leaves_service_time=False), PLANNED
    down = outage("11-02T00:00", "11-02T00:43"), outage("11-20T00:00", "11-21T00:00")
    commitment = uptime(maintenance=rules, formula=Formula.OF_SERVICE_TIME)
    window = maintenance("11-20T00:00", "11-21T00:00")
    for seen, status in (("11-30T00:00", Status.BREACHED), ("11-10T00:00", Status.UNKNOWN)):
        finding = judge(commitment, records(*down, window, announced_known=seen), "11-01T00:00", "12-01T00:00")
        assert finding.status is status


def test_hidden_maintenance_can_take_excused_time_out_of_the_denominator():
    """Ten hours of the customer's, and 2,580 s of ours: a thousandth of what is left once 12,000 s have left it."""
    rule = MaintenanceRule("planned", notice=Notice(seconds=60))
    down = outage("11-05T00:00", "11-05T10:00", "customer"), outage("11-09T00:00", "11-09T00:43")
    commitment = uptime(maintenance=(rule,), causes=("customer",), formula=Formula.OF_SERVICE_TIME)
    for seen, status in (("11-10T00:00", Status.MET), ("11-01T00:00", Status.UNKNOWN)):
        finding = judge(commitment, records(*down, announced_known=seen), "11-01T00:00", "12-01T00:00")
        assert finding.status is status


def test_a_breach_beyond_what_any_maintenance_could_excuse_stands():
    rule = MaintenanceRule("planned", at_most=3600)
    logs = records(outage("11-05T00:00", "11-05T02:00"), announced_known="11-01T00:00")
    finding = judge(uptime(maintenance=(rule,)), logs, "11-01T00:00", "12-01T00:00")
    assert spells(finding) == [
        (at("11-01T00:00"), Status.MET),
        (at("11-05T00:43:12"), Status.UNKNOWN),
        (at("11-05T01:43:12"), Status.BREACHED),
    ]


def test_downtime_after_the_log_of_maintenance_was_last_seen_may_be_excused():
    down = outage("11-05T00:00", "11-05T02:00")
    for seen, status in (("11-05T01:30", Status.BREACHED), ("11-05T00:30", Status.UNKNOWN)):
        finding = judge(
            uptime(maintenance=(PLANNED,)), records(down, announced_known=seen), "11-01T00:00", "12-01T00:00"
        )
        assert finding.status is status


def test_what_a_cap_excused_is_not_certain_where_windows_may_be_hidden():
    rule = MaintenanceRule("planned", at_most=7200, notice=Notice(seconds=60))
    logs = records(
        outage("11-05T00:00", "11-05T01:00"),
        maintenance("11-05T00:00", "11-05T01:00", announced="11-02T00:00"),
        announced_known="11-03T00:00",
    )
    assert judge(uptime(maintenance=(rule,)), logs, "11-01T00:00", "12-01T00:00").status is Status.UNKNOWN


def test_maintenance_whose_log_was_read_in_this_very_run_hides_nothing():
    down = outage("11-05T00:00", "11-05T02:00")
    finding = judge(
        uptime("99.9", maintenance=(PLANNED,)),
        records(down, known="11-05T01:00", announced_known="11-05T01:00"),
        "11-01T00:00",
        "11-05T01:00:01",
    )
    assert finding.status is Status.BREACHED
    short = records(outage("11-05T00:30", None), known="11-05T01:00", announced_known="11-05T01:00", watched=())
    unknown = judge(uptime("99.9", maintenance=(PLANNED,)), short, "11-01T00:00", "11-05T01:00:01")
    assert unknown.status is Status.UNKNOWN
    assert "has not been seen since" not in unknown.reason


def test_a_line_that_no_look_before_the_outage_showed_announced_nothing_in_time():
    """Its lines before it tell of October alone, but the look of the 5th, when it began, did not show it."""
    down = outage("11-05T00:00", "11-05T02:00")
    before = maintenance("11-01T00:00", "11-01T01:00", announced="10-20T00:00")
    for looked, status in (("11-04T00:00", Status.UNKNOWN), ("11-05T02:00", Status.BREACHED)):
        logs = records(down, before, announced_gaps=(Gap(UNREADABLE, line=2),))
        looks = (LogGrowth(at(looked), 1, 1), LogGrowth(at("12-01T00:00"), 2, 2))
        told = Records({**logs.logs, "maintenance": replace(logs.logs["maintenance"], looks=looks)}, logs.readers)
        assert judge(uptime(maintenance=(PLANNED,)), told, "11-01T00:00", "12-01T00:00").status is status
