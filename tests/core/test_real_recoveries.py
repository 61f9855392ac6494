"""Real outages and the recovery time: what was recovered from proves it like a test, what is still down breaks it."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest
from uptimes import at

from drcheck.core.commitments import rto
from drcheck.core.evidence import Log, Recovery
from drcheck.core.promises import Kind, Rto
from drcheck.core.terms import Records, Terms
from drcheck.core.verdict import Finding, Quantity, Status, Window

HOUR = 3600
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


def judge(
    *recoveries: Recovery, as_of: str = "11-22T00:00", terms: Terms = DATACENTRE, scenario: str = "datacentre"
) -> Finding:
    commitment = Rto("rto", Kind.RTO, ("outages",), scenario=scenario, at_most=8 * HOUR)
    logs = Records({"outages": Log(recoveries=recoveries, known_until=at("12-01T00:00"))})
    return rto.evaluate(commitment, logs, terms, Window(at("11-01T00:00"), at(as_of)))


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


def test_a_slow_recovery_fails_whatever_it_restored_from():
    finding = judge(outage("11-10T00:00", "11-10T09:00", point_source="dumps"))
    assert finding.status is Status.BREACHED


def test_a_later_test_in_time_ends_the_failure_of_a_real_recovery():
    test = Recovery(
        id="test-1",
        line=2,
        started_at=at("11-15T00:00"),
        finished_at=at("11-15T04:00"),
        outcome="passed",
        scenarios=frozenset({"datacentre"}),
        disrupted_at=at("11-15T00:00"),
        validated_at=at("11-15T04:00"),
        target_site="azure",
        point_source="offsite",
    )
    finding = judge(outage("11-10T00:00", "11-10T09:00"), test)
    assert finding.status is Status.MET
    assert finding.pieces[-1].start == at("11-15T04:00")
