"""How what was told has ended, by the report of a later run."""

from __future__ import annotations

from datetime import UTC

from samples import AS_OF, DAY, HOUR, WINDOW, finding, policy, report, verdict

from drcheck.app.conditions import Ends, conditions
from drcheck.core.judging.transitions import ConditionKind, ConditionSubject, End
from drcheck.core.kinds.rpo import Rpo
from drcheck.core.kinds.rto import Rto
from drcheck.core.model.status import Status
from drcheck.core.model.verdict import Piece, Quantity
from drcheck.reports.wording import reasons
from drcheck.reports.wording.local_time import Local
from drcheck.run_report import Judged
from drcheck.settings import Notify

RPO = ConditionSubject(ConditionKind.BREACHED, "web", "rpo")


def with_breaches(*breaches):
    """Return a report of a run at which an RPO is met that was breached before."""
    before, at = [], WINDOW.start
    for start, end in breaches:
        before += [Piece(at, start, Status.MET, "met"), Piece(start, end, Status.BREACHED, "too old")]
        at = end
    rpo = Rpo(id="rpo", evidence=("dumps",), at_most=HOUR)
    return report(
        Judged(policy("web", (rpo,)), (verdict(rpo, finding(Status.MET, "met", before=before)),)), faults=False
    )


def test_a_breach_that_was_told_ended_when_it_did_and_not_when_a_later_one_did():
    first, second = (AS_OF - 2 * DAY, AS_OF - DAY), (AS_OF - 5 * HOUR, AS_OF - HOUR)
    its = with_breaches(first, second)
    assert Ends(its, AS_OF, whole=True).of(RPO, first[0]) == End(first[1], "met")


def test_what_nobody_found_to_be_broken_any_more_is_over_by_now():
    assert Ends(with_breaches(), AS_OF, whole=True).of(RPO, AS_OF - DAY) == End(AS_OF, "met")


def test_of_a_service_that_is_retired_all_is_over_and_of_one_that_is_gone_nothing():
    its = report(faults=False)
    assert Ends(its, AS_OF, whole=True).of(RPO, AS_OF - DAY) is None
    assert Ends(its, AS_OF, whole=True, retired={"web"}).of(RPO, AS_OF - DAY) == End(AS_OF, "its service is retired")


def test_what_is_foretold_is_told_as_the_reason_of_its_risk_and_once():
    rto = Rto(id="rto", evidence=("log",), at_most=4 * HOUR)
    note = "recovery time is expected to pass 4 h about 2026-12-18, as it grows in the last 5 tests"
    headroom = Quantity(2 * HOUR, "s")
    found = finding(Status.MET, "test t took 2 h", of="", at_risk=True, headroom=headroom, notes=(note,), foretold=note)
    its = report(Judged(policy("web", (rto,)), (verdict(rto, found, notes=(note,)),)), faults=False)
    (judged,) = its.services
    told = [line.text for line in reasons.lines(judged, judged.verdicts[0], Local(UTC))]
    assert told == ["test t took 2 h", f"at risk: {note}"]
    holding = dict(conditions(its, Notify(), AS_OF))
    assert holding[ConditionSubject(ConditionKind.AT_RISK, "web", "rto")].reason == note
