"""What no machine can see: dated statements by a named owner."""

from __future__ import annotations

import pytest

from drcheck import registry
from drcheck.core.evaluation.inputs import Records, Terms
from drcheck.core.judging import attested
from drcheck.core.kinds.encryption import Encryption
from drcheck.core.model.evidence import FOREVER, LONG_AGO, Gap
from drcheck.core.model.log_records import Attestation, Log, LogGrowth
from drcheck.core.model.status import Status
from drcheck.core.model.verdict import Window
from drcheck.core.time.spans import Span

DAY = 86400
WINDOW = Window(0, 100 * DAY)
COMMITMENT = Encryption("disks-encrypted", ("statements",))


def states(at, *, line=1, until=1000, holds=True, attests="disks-encrypted", by="Ada"):
    return Attestation(
        attests, line, "SSE is on for all disks", by, at * DAY, until * DAY, holds, of_kind=attests in registry.KINDS
    )


def judge(*statements, gaps=(), known_until=200 * DAY, terms=None, unseen=(), commitment=COMMITMENT, looks=()):
    log = Log(attestations=statements, gaps=gaps, known_until=known_until, unseen=unseen, looks=looks)
    return attested.evaluate(commitment, Records({"statements": log}), terms or Terms(), WINDOW)


def test_a_statement_that_holds_is_met_as_attested_with_who_and_until_when():
    finding = judge(states(10))
    assert finding.status is Status.MET
    assert finding.reason == (
        'attested by Ada at 1970-01-11T00:00:00Z until 1972-09-27T00:00:00Z: "SSE is on for all disks"'
    )
    assert (finding.measured, finding.objective, finding.due_at) == (None, None, 1000 * DAY)
    assert [piece.status for piece in finding.pieces] == [Status.UNKNOWN, Status.MET]
    assert finding.evidence[0][:3] == ("statements", "", "Ada, line 1")


def test_who_approved_a_statement_is_told_beside_who_made_it():
    for holds in (True, False):
        reason = judge(states(10, holds=holds)._replace(approved_by="Grace")).reason
        assert "Ada (approved by Grace)" in reason


def test_nobody_has_attested_it():
    finding = judge(states(10, attests="something-else"))
    assert finding.status is Status.UNKNOWN
    assert finding.reason == "nobody has attested it"


def test_the_kind_may_be_attested_as_well():
    assert judge(states(10, attests="encryption")).status is Status.MET


def test_a_kind_that_is_attested_is_never_taken_for_the_id_of_another():
    named = Encryption("copies", ("statements",))
    assert judge(states(10, attests="copies"), commitment=named).status is Status.UNKNOWN
    assert judge(states(10, attests="encryption"), commitment=named).status is Status.MET


def test_a_statement_lapses():
    finding = judge(states(10, until=50))
    assert [(piece.status, piece.end // DAY) for piece in finding.pieces] == [
        (Status.UNKNOWN, 10),
        (Status.MET, 50),
        (Status.UNKNOWN, 100),
    ]
    assert "lapsed at 1970-02-20T00:00:00Z; ask for a new one" in finding.reason
    assert finding.evidence[0].why_not == "it lapsed at 1970-02-20T00:00:00Z"


def test_a_statement_that_it_holds_no_more_breaches_until_one_that_it_does():
    finding = judge(states(10), states(30, line=2, holds=False, until=40), states(60, line=3))
    (breach,) = finding.openings(Status.BREACHED)
    assert (breach.opened_at, breach.closed_at) == (30 * DAY, 60 * DAY)
    assert "Ada stated" in breach.reason
    assert finding.status is Status.MET


@pytest.mark.parametrize("line", [1, 2])
def test_of_two_statements_of_one_instant_the_worst_wins_whatever_the_order_of_their_lines(line: int):
    kept, not_kept = states(10, line=3 - line), states(10, line=line, holds=False)
    assert judge(kept, not_kept).status is judge(not_kept, kept).status is Status.BREACHED
    longer, shorter = states(10, line=3 - line, until=190), states(10, line=line, until=90)
    assert judge(longer, shorter).status is judge(shorter, longer).status is Status.UNKNOWN  # on day 100


@pytest.mark.parametrize("line", [1, 5])
def test_of_two_logs_at_one_instant_the_statement_that_does_not_hold_wins_whatever_its_line(line):
    def log(*statements):
        return Log(attestations=statements, known_until=200 * DAY)

    doubts = states(10, line=line, holds=False, by="Bo")
    for told in (
        {"a": log(states(10, line=3)), "b": log(doubts)},
        {"a": log(doubts), "b": log(states(10, line=3))},
    ):
        finding = attested.evaluate(COMMITMENT, Records(told), Terms(), WINDOW)
        assert finding.status is Status.BREACHED
        assert finding.evidence[0].name == f"Bo, line {line}"
    mended = {"a": log(states(10, line=3)), "b": log(doubts, states(11, line=9))}
    assert attested.evaluate(COMMITMENT, Records(mended), Terms(), WINDOW).status is Status.MET


@pytest.mark.parametrize("holds", [True, False])
def test_a_statement_of_an_earlier_wording_does_not_speak_of_this_one(holds):
    reworded = Terms(binds=Span(40 * DAY, FOREVER))
    finding = judge(states(10, holds=holds), terms=reworded)
    assert [(piece.status, piece.end // DAY) for piece in finding.pieces] == [(None, 40), (Status.UNKNOWN, 100)]
    assert finding.reason == (
        "the statement of Ada of 1970-01-11T00:00:00Z is older than the wording in force since 1970-02-10T00:00:00Z; "
        "ask for a new one"
    )
    assert (finding.due_at, finding.at_risk) == (None, False)
    assert finding.evidence[0].why_not == "it is older than the wording in force"
    anew = judge(states(10, holds=holds), states(60, line=2), terms=reworded)
    assert anew.status is Status.MET


def test_a_statement_of_the_future_says_nothing_yet():
    assert judge(states(150)).reason == "nobody has attested it"


def test_it_is_at_risk_within_a_tenth_of_its_validity():
    assert judge(states(10, until=111)).at_risk is False
    assert judge(states(10, until=109)).at_risk is True


@pytest.mark.parametrize(("seen", "status"), [(9, Status.MET), (10, Status.UNKNOWN), (50, Status.UNKNOWN)])
def test_a_line_that_nobody_can_read_matters_where_no_look_before_the_one_that_decides_showed_it(seen, status):
    finding = judge(
        states(10, line=2),
        gaps=(Gap("it is no JSON", line=1),),
        looks=(LogGrowth(seen * DAY, 1, 1), LogGrowth(99 * DAY, 2, 2)),
    )
    assert finding.status is status
    if status is Status.UNKNOWN:
        assert "line 1: it is no JSON" in finding.reason


def test_what_nobody_can_read_is_no_known_statement_that_the_promise_is_kept_again():
    assert judge(states(10, holds=False), gaps=(Gap("it is no JSON", line=2),)).status is Status.BREACHED


def test_a_log_that_was_not_seen_may_hold_a_newer_one():
    assert judge(states(10), known_until=50 * DAY).status is Status.UNKNOWN
    finding = judge(known_until=LONG_AGO, unseen=(Gap("access denied"),))
    assert finding.reason == "statements could not be seen: access denied"


def test_nothing_is_owed_before_the_agreement():
    finding = judge(states(10), terms=Terms(effective=20 * DAY))
    assert [(piece.status, piece.end // DAY) for piece in finding.pieces] == [(None, 20), (Status.MET, 100)]
