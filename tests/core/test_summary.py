"""What verdicts come to, together."""

from __future__ import annotations

from dataclasses import replace
from itertools import product

import pytest

from drcheck.core.evidence import Fact, Gap
from drcheck.core.policy import Policy, Waiver
from drcheck.core.promises import Kind, Retention, Rpo, Rto, Standing
from drcheck.core.summary import (
    Earlier,
    Sources,
    Totals,
    earlier,
    exit_status,
    has_recovery_objective,
    sources,
    status_of,
    totals,
    waiver_of,
)
from drcheck.core.verdict import Finding, Piece, Status, Verdict, Window

WINDOW = Window(0, 100)
MET, BREACHED, UNKNOWN = Status.MET, Status.BREACHED, Status.UNKNOWN


def verdict(status, *, waived=False, at_risk=False, commitment=None, gaps=()):
    finding = Finding("", (Piece(0, 100, status, ""),), "", at_risk=at_risk)
    commitment = commitment or Rpo("rpo", Kind.RPO, ("dumps", "offsite"))
    return Verdict(commitment, WINDOW, finding, (), tuple(gaps), waived)


def policy(*commitments, waivers=()):
    return Policy("web", "web.yaml", "", "", "UTC", {}, commitments, waivers=waivers)


@pytest.mark.parametrize(
    ("statuses", "invalid", "expected", "exits"),
    [
        ((), 0, None, 0),
        ((None,), 0, None, 0),
        ((None, MET), 0, MET, 0),
        ((MET, UNKNOWN), 0, UNKNOWN, 3),
        ((MET, UNKNOWN, BREACHED), 0, BREACHED, 1),
        ((MET,), 1, UNKNOWN, 3),
        ((None,), 2, UNKNOWN, 3),
        ((BREACHED,), 1, BREACHED, 1),
    ],
)
def test_a_breach_outranks_an_unknown_which_outranks_everything_else(statuses, invalid, expected, exits):
    found = status_of(map(verdict, statuses), invalid=invalid)
    assert found is expected
    assert exit_status(found) == exits


def test_an_accepted_breach_counts_as_met_and_an_accepted_unknown_does_not():
    assert status_of([verdict(BREACHED, waived=True)]) is MET
    assert status_of([verdict(UNKNOWN, waived=True)]) is UNKNOWN
    assert status_of([verdict(BREACHED, waived=True), verdict(BREACHED)]) is BREACHED


def test_totals_count_each_commitment_once():
    every = [
        verdict(status, waived=waived, at_risk=status is MET)
        for status, waived in product((None, *Status), (False, True))
    ]
    found = totals(every, invalid=3)
    assert found == Totals(met=2, breached=1, unknown=2, waived=1, not_owed=2, invalid=3, at_risk=2, attested=0)
    assert found.met + found.breached + found.unknown + found.waived + found.not_owed == len(every)


def test_the_waiver_shown_is_one_that_holds():
    late = [Waiver("rpo", until, "cto", str(until)) for until in (50, 100, 300, 200)]
    shown = waiver_of(policy(waivers=(*late, Waiver("rto", 999, "cto", ""))), verdict(BREACHED, waived=True))
    assert shown is not None
    assert shown.until == 300
    assert waiver_of(policy(waivers=tuple(late)), verdict(UNKNOWN, waived=True)) is None


def test_what_went_before_is_told_without_what_lasts():
    statuses = (BREACHED, MET, BREACHED, UNKNOWN, None, BREACHED)
    pieces = tuple(Piece(n * 10, n * 10 + 10, status, "") for n, status in enumerate(statuses))
    finding = Finding("", pieces, "")
    assert earlier(finding, BREACHED) == Earlier(times=2, seconds=20, last=30)
    assert earlier(finding, UNKNOWN) == Earlier(times=1, seconds=10, last=40)
    assert earlier(Finding("", pieces[-1:], ""), BREACHED) is None


def test_sources_with_a_gap_of_the_whole_look_were_not_seen():
    whole, line = ("offsite", Gap("down")), ("dumps", Gap("no JSON", line=3))
    fact = ("dumps", Gap("HeadObject is refused", fact=Fact.LOCK))
    assert sources([[verdict(MET, gaps=[whole, line, fact])], [verdict(MET)]]) == Sources(asked=4, seen=3)


def test_what_somebody_attests_is_met_and_counted_apart():
    attested = replace(verdict(MET), standing=Standing.ATTESTED)
    assert totals([attested, replace(verdict(MET), standing=Standing.LOG)])[0] == 2
    assert totals([attested, replace(verdict(UNKNOWN), standing=Standing.ATTESTED)]).attested == 1


def test_an_rpo_or_an_rto_is_a_recovery_objective():
    kept = Retention("kept", Kind.RETENTION, ())
    assert not has_recovery_objective(policy(kept))
    assert has_recovery_objective(policy(kept, Rto("rto", Kind.RTO, ())))
    assert has_recovery_objective(policy(Rpo("rpo", Kind.RPO, ())))
