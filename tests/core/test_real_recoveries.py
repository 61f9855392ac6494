"""Real outages and the recovery time: what was recovered from proves it like a test, what is still down breaks it."""

from __future__ import annotations

from typing import Any

import pytest
from msgspec.structs import replace
from uptimes import at

from drcheck.core.evaluation.inputs import Records, Terms
from drcheck.core.evaluation.recovery_time import CountsFrom, Until
from drcheck.core.kinds import rto
from drcheck.core.kinds.rto import Rto
from drcheck.core.model.evidence import Gap
from drcheck.core.model.exhibit import Times
from drcheck.core.model.log_records import Log, LogGrowth, Recovery
from drcheck.core.model.status import Status
from drcheck.core.model.verdict import Finding, Quantity, Window

HOUR = 3600
RTO = Rto("rto", ("outages",), scenario="datacentre", at_most=8 * HOUR)
WINDOW = Window(at("11-01T00:00"), at("11-22T00:00"))
DATACENTRE = Terms(lost_sites=frozenset({"sto"}), site_of={"dumps": "sto", "offsite": "azure"})


def outage(start: str, end: str | None, **more: Any) -> Recovery:
    """Return an outage as an outage log tells it: no target site, its two clocks, and what it was recovered by."""
    ended = None if end is None else at(end)
    told: dict[str, Any] = {
        "scenarios": frozenset({"datacentre"}),
        "recovered_by": "runbook 7",
        "point_source": "offsite",
        **more,
    }
    return Recovery(
        id="out-1",
        line=1,
        started_at=at(start),
        finished_at=ended,
        outcome="" if end is None else "passed",
        disrupted_at=at(start),
        validated_at=ended,
        real=True,
        **told,
    )


def drill(start: str, end: str, *, line: int = 2) -> Recovery:
    """Return a restore test that passed."""
    return Recovery(
        id="test-1",
        line=line,
        started_at=at(start),
        finished_at=at(end),
        outcome="passed",
        scenarios=frozenset({"datacentre"}),
        disrupted_at=at(start),
        restore_started_at=at(start),
        restored_at=at(end),
        validated_at=at(end),
        target_site="azure",
        point_source="offsite",
    )


def judge(
    *recoveries: Recovery,
    as_of: str = "11-22T00:00",
    terms: Terms = DATACENTRE,
    scenario: str = "datacentre",
    **counted: Any,
) -> Finding:
    commitment = replace(RTO, scenario=scenario, **counted)
    logs = Records({"outages": Log(recoveries=recoveries, known_until=at("12-01T00:00"))})
    return rto.evaluate(commitment, (), logs, terms, Window(at("11-01T00:00"), at(as_of)))


def test_a_real_outage_that_was_recovered_from_in_time_proves_like_a_test():
    finding = judge(outage("11-10T00:00", "11-10T07:00"))
    assert [piece.status for piece in finding.pieces] == [Status.UNKNOWN, Status.MET]
    assert finding.pieces[1].start == at("11-10T07:00")
    assert finding.measured == Quantity(7 * HOUR, "s")
    assert "recovery from outage out-1" in finding.reason


def test_its_proof_lapses_like_that_of_a_test():
    finding = judge(outage("2025-10-01T00:00", "2025-10-01T07:00"))
    assert finding.status is Status.UNKNOWN
    assert "has lapsed" in finding.reason


def test_a_later_recovery_that_may_prove_nothing_lengthens_no_proof():
    sure, unsure = drill("11-01T00:00", "11-01T07:00"), replace(drill("11-05T00:00", "11-05T07:00"), point_source="")
    finding = judge(sure, unsure, proven_within=10 * 24 * HOUR)
    assert [(piece.start, piece.status) for piece in finding.pieces[1:]] == [
        (at("11-01T07:00"), Status.MET),
        (at("11-11T07:00"), Status.UNKNOWN),
    ]
    assert "the proof of 2026-11-01T07:00:00Z by restore test test-1 has lapsed" in finding.reason


def test_a_real_outage_without_a_recovery_does_not_prove():
    finding = judge(outage("11-10T00:00", "11-10T07:00", recovered_by=""))
    assert [piece.status for piece in finding.pieces] == [Status.UNKNOWN]
    assert "never proven" in finding.reason


def test_a_real_outage_of_another_scenario_does_not_prove():
    assert judge(outage("11-10T00:00", "11-10T07:00", scenarios=frozenset({"server"}))).status is Status.UNKNOWN
    assert judge(outage("11-10T00:00", "11-10T07:00", scenarios=frozenset())).status is Status.UNKNOWN


def test_any_outage_counts_where_the_commitment_names_no_scenario():
    """Teamplify's objective is of every interruption."""
    finding = judge(outage("11-10T00:00", "11-10T07:00", scenarios=frozenset()), terms=Terms(), scenario="")
    assert finding.status is Status.MET


@pytest.mark.parametrize(
    ("point_source", "reason"),
    [
        ("dumps", "it restored from dumps at sto, which the scenario takes away"),
        ("", "its record does not tell a recovery point of a source whose site is known"),
    ],
)
def test_a_real_recovery_from_a_copy_that_the_scenario_takes_away_or_that_is_not_told_does_not_prove(
    point_source: str, reason: str
):
    finding = judge(outage("11-10T00:00", "11-10T07:00", point_source=point_source))
    assert finding.status is Status.UNKNOWN
    assert any(reason in told for told in (finding.reason, *(cited.why_not for cited in finding.evidence)))


def test_a_real_outage_longer_than_the_objective_breaches_from_when_it_is_passed():
    finding = judge(outage("11-10T00:00", "11-10T09:00"))
    assert [(piece.start, piece.status) for piece in finding.pieces] == [
        (at("11-01T00:00"), Status.UNKNOWN),
        (at("11-10T08:00"), Status.BREACHED),  # and its recovery, which took too long, is a failure
    ]


def test_one_that_nobody_recovered_from_breaches_until_it_ends():
    finding = judge(outage("11-10T00:00", "11-10T09:00", recovered_by=""))
    assert [(piece.start, piece.status) for piece in finding.pieces] == [
        (at("11-01T00:00"), Status.UNKNOWN),
        (at("11-10T08:00"), Status.BREACHED),
        (at("11-10T09:00"), Status.UNKNOWN),
    ]


def drawn(*recoveries: Recovery, **more: Any) -> list[tuple[int | None, int, int | None, str]]:
    """Return the end, shortest and longest time of each recovery in the picture, and why it does not prove."""
    exhibit = judge(*recoveries, terms=replace(DATACENTRE, exhibits=True), **more).exhibit
    assert isinstance(exhibit, Times)
    return [(one.ended_at, one.shortest, one.longest, one.why_not) for one in exhibit.recoveries]


def test_an_outage_that_breached_is_drawn_whatever_ended_it():
    ((ended, shortest, longest, why_not),) = drawn(outage("11-10T00:00", "11-10T09:00", recovered_by=""))
    assert (ended, shortest, longest) == (at("11-10T09:00"), 9 * HOUR, 9 * HOUR)
    assert "recovered by" in why_not
    assert drawn(outage("11-10T00:00", "11-10T09:00"))[0][3] == ""


def test_an_outage_that_is_not_over_at_the_end_is_drawn_up_to_there():
    to_the_end = (None, 24 * HOUR, None, "it had not ended")
    assert drawn(outage("11-21T00:00", None)) == [to_the_end]
    assert drawn(outage("11-21T00:00", "11-23T00:00")) == [to_the_end]
    assert drawn(outage("11-22T00:00", "11-23T00:00")) == []


def test_an_open_outage_breaches_once_the_objective_is_passed():
    finding = judge(outage("11-10T00:00", None, recovered_by=""))
    assert [(piece.start, piece.status) for piece in finding.pieces][1:] == [(at("11-10T08:00"), Status.BREACHED)]
    assert finding.measured == Quantity(at("11-22T00:00") - at("11-10T00:00"), "s")


def test_of_outages_that_overlap_the_one_that_ends_last_is_named_while_any_is_too_long():
    one = outage("11-10T00:00", "11-12T00:00", recovered_by="")
    within = replace(outage("11-10T04:00", "11-10T20:00", recovered_by=""), id="out-2", line=2)
    after = replace(outage("11-11T12:00", "11-13T00:00", recovered_by=""), id="out-3", line=3)
    finding = judge(one, within, after)
    assert [(piece.start, piece.status) for piece in finding.pieces] == [
        (at("11-01T00:00"), Status.UNKNOWN),
        (at("11-10T08:00"), Status.BREACHED),
        (at("11-13T00:00"), Status.UNKNOWN),
    ]
    assert judge(one, within, after, as_of="11-10T18:00").reason.startswith("outage out-1 passed 8 h")
    assert judge(one, within, after, as_of="11-11T21:00").reason.startswith("outage out-3 passed 8 h")


@pytest.mark.parametrize(("took", "status"), [(8 * HOUR, Status.MET), (8 * HOUR + 1, Status.BREACHED)])
def test_a_recovery_that_takes_just_as_long_as_the_objective_is_in_time(took, status):
    its, ended = drill("11-10T00:00", "11-10T08:00"), at("11-10T00:00") + took
    assert judge(replace(its, finished_at=ended, restored_at=ended, validated_at=ended)).status is status


def test_a_slow_recovery_fails_whatever_it_restored_from():
    finding = judge(outage("11-10T00:00", "11-10T09:00", point_source="dumps"))
    assert finding.status is Status.BREACHED


def test_a_later_test_in_time_ends_the_failure_of_a_real_recovery():
    test = drill("11-15T00:00", "11-15T04:00")
    finding = judge(outage("11-10T00:00", "11-10T09:00"), test)
    assert finding.status is Status.MET
    assert finding.pieces[-1].start == at("11-15T04:00")


@pytest.mark.parametrize("line", [2, 4])
@pytest.mark.parametrize("counts_from", [CountsFrom.RESTORE_START, CountsFrom.DECLARATION])
def test_an_outage_whose_record_lacks_the_clock_that_counts_is_unknown_while_it_lasts_and_once_it_has_ended(
    counts_from: CountsFrom, line: int
):
    """A test of before it had passed; when the restore began, the outage's record does not tell."""
    before = drill("11-02T00:00", "11-02T04:00", line=line)
    for end in ("11-10T20:00", None):
        finding = judge(before, replace(outage("11-10T00:00", end), line=3), counts_from=counts_from)
        assert [(piece.start, piece.status) for piece in finding.pieces][1:] == [
            (at("11-02T04:00"), Status.MET),
            (at("11-10T08:00"), Status.UNKNOWN),
        ]
        assert "lacks a clock" in finding.reason


def test_an_open_outage_that_tells_when_the_restore_began_breaches_from_then_and_the_objective_on():
    lasting = outage("11-10T00:00", None, declared_at=at("11-10T01:00"), restore_started_at=at("11-10T05:00"))
    for counts_from, over in (
        (CountsFrom.DISRUPTION, "11-10T08:00"),
        (CountsFrom.DECLARATION, "11-10T09:00"),
        (CountsFrom.RESTORE_START, "11-10T13:00"),
    ):
        finding = judge(lasting, counts_from=counts_from)
        assert finding.pieces[-1][0:3:2] == (at(over), Status.BREACHED)
        assert finding.measured == Quantity(at("11-22T00:00") - at(over) + 8 * HOUR, "s")


def test_what_is_restored_and_not_yet_validated_is_over_where_the_objective_ends_with_the_restore():
    restored = outage("11-10T00:00", None, restored_at=at("11-10T09:00"), recovered_by="")
    finding = judge(restored, until=Until.RESTORED)
    assert [(piece.start, piece.status) for piece in finding.pieces][1:] == [
        (at("11-10T08:00"), Status.BREACHED),
        (at("11-10T09:00"), Status.UNKNOWN),  # never proven
    ]
    untold = judge(drill("11-02T00:00", "11-02T04:00"), outage("11-10T00:00", None), until=Until.RESTORED)
    assert untold.pieces[-1][0:3:2] == (at("11-10T08:00"), Status.UNKNOWN)
    assert untold.pieces[-2].status is Status.MET


# Order of lines, and lines that nobody can read. ----------------------------------------------------------------------


@pytest.mark.parametrize("line", [1, 2])
def test_of_a_test_that_passed_and_one_that_failed_at_the_same_instant_the_worst_decides(line: int):
    passed = drill("11-05T00:00", "11-05T04:00", line=line)
    failed = replace(drill("11-05T01:00", "11-05T04:00", line=3 - line), id="other", outcome="failed")
    assert judge(passed, failed).status is judge(failed, passed).status is Status.BREACHED
    slow = replace(drill("11-04T00:00", "11-05T04:00", line=3 - line), id="other")
    assert judge(passed, slow).status is judge(slow, passed).status is Status.BREACHED
    untold = replace(passed, id="other", line=3 - line, disrupted_at=None)
    assert judge(passed, untold).status is judge(untold, passed).status is Status.UNKNOWN
    void = replace(drill("11-05T01:00", "11-05T04:00", line=3 - line), id="other", point_source="dumps")
    assert judge(passed, void).status is judge(void, passed).status is Status.MET


def test_of_two_logs_one_of_which_tells_a_failure_of_the_same_instant_it_decides():
    passed, failed = (replace(drill("11-05T00:00", "11-05T04:00"), outcome=how) for how in ("passed", "failed"))
    for first, second in ((passed, failed), (failed, passed)):
        logs = {
            "a": Log(recoveries=(first,), known_until=at("12-01T00:00")),
            "b": Log(recoveries=(second,), known_until=at("12-01T00:00")),
        }
        assert rto.evaluate(RTO, (), Records(logs), DATACENTRE, WINDOW).status is Status.BREACHED


def test_a_failure_that_a_pass_of_unknown_time_follows_at_one_instant_with_a_sure_pass_is_ended_or_renewed():
    failed = replace(drill("11-03T00:00", "11-03T04:00"), outcome="failed", id="first")
    untold = replace(drill("11-05T00:00", "11-05T04:00", line=3), id="other", disrupted_at=None)
    assert judge(failed, untold).status is Status.BREACHED
    assert judge(failed, untold, drill("11-05T00:00", "11-05T04:00", line=2)).status is Status.UNKNOWN


def test_a_pass_that_does_not_tell_what_it_restored_from_ends_no_failure():
    failed = replace(drill("11-03T00:00", "11-03T04:00"), outcome="failed", id="first")
    untold = replace(drill("11-05T00:00", "11-05T04:00", line=3), point_source="")
    assert judge(failed, untold).status is Status.BREACHED
    assert judge(untold).status is Status.UNKNOWN


UNREADABLE = Gap("it is no JSON", line=2)


@pytest.mark.parametrize(
    ("first_shown", "outcome", "pieces"),
    [
        # It may tell of a failure from the pass before it on, whenever that was shown.
        ("11-06T00:00", "passed", [("11-05T04:00", Status.UNKNOWN)]),
        ("11-05T04:00", "passed", [("11-05T04:00", Status.UNKNOWN)]),
        # What nobody can read is no known pass.
        ("11-06T00:00", "failed", [("11-05T04:00", Status.BREACHED)]),
    ],
)
def test_a_line_that_nobody_can_read_doubts_the_pass_before_it_and_no_failure(first_shown, outcome, pieces):
    decides = replace(drill("11-05T00:00", "11-05T04:00", line=1), outcome=outcome)
    finding = unreadable(decides, first_shown=first_shown)
    assert [(piece.start, piece.status) for piece in finding.pieces][1:] == (
        [(at(start), status) for start, status in pieces] if outcome == "failed" else []
    )
    assert finding.status is pieces[-1][1]


@pytest.mark.parametrize(
    ("first_shown", "status"),
    [("11-05T03:00", Status.MET), ("11-05T04:00", Status.UNKNOWN), ("11-06T00:00", Status.UNKNOWN)],
)
def test_a_line_before_the_pass_matters_unless_a_look_showed_it_before_that_ended(first_shown: str, status: Status):
    finding = unreadable(drill("11-05T00:00", "11-05T04:00", line=3), first_shown=first_shown)
    assert finding.status is status


def test_what_a_line_that_nobody_can_read_tells_is_no_older_than_the_lines_before_it():
    passed, later = drill("11-05T00:00", "11-05T04:00", line=1), drill("11-08T00:00", "11-08T04:00", line=2)
    aborted = replace(later, id="later", outcome="aborted")
    log = Log(recoveries=(passed, aborted), gaps=(replace(UNREADABLE, line=3),), known_until=at("12-01T00:00"))
    finding = rto.evaluate(RTO, (), Records({"drills": log}), DATACENTRE, WINDOW)
    assert [(piece.start, piece.status) for piece in finding.pieces][1:] == [
        (at("11-05T04:00"), Status.MET),
        (at("11-08T04:00"), Status.UNKNOWN),
    ]


def unreadable(*recoveries: Recovery, first_shown: str) -> Finding:
    """Return what becomes of the rto where line 2 cannot be read and a look showed it first at an instant."""
    looks = (LogGrowth(at(first_shown), 2, 2), LogGrowth(at("12-01T00:00"), 9, 9))
    log = Log(recoveries=recoveries, gaps=(UNREADABLE,), known_until=at("12-01T00:00"), looks=looks)
    return rto.evaluate(RTO, (), Records({"drills": log}), DATACENTRE, WINDOW)


def test_an_open_outage_may_have_been_closed_by_a_later_line_that_nobody_can_read():
    lasting = outage("11-05T00:00", None)
    for line, status in ((lasting.line + 1, Status.UNKNOWN), (lasting.line - 1, Status.BREACHED)):
        log = Log(recoveries=(lasting,), known_until=at("12-01T00:00"), gaps=(Gap("no JSON", line=line),))
        commitment = replace(RTO, scenario="datacentre")
        window = Window(at("11-01T00:00"), at("11-22T00:00"))
        assert rto.evaluate(commitment, (), Records({"outages": log}), DATACENTRE, window).status is status


def test_what_could_not_decide_is_shown_whether_it_came_before_what_decides_or_after():
    passed = drill("11-05T00:00", "11-05T07:00")
    aborted = [
        replace(drill(f"11-{day}T00:00", f"11-{day}T02:00", line=line), id=day, outcome="aborted")
        for line, day in ((1, "03"), (3, "07"))
    ]
    finding = judge(aborted[0], passed, aborted[1])
    assert [(one.name, one.why_not) for one in finding.evidence] == [
        ("test-1", ""),
        ("07", "it was aborted"),
        ("03", "it was aborted"),
    ]
