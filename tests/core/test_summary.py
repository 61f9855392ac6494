"""What verdicts come to, together."""

from __future__ import annotations

from itertools import product

import pytest
from msgspec.structs import replace

from drcheck.core.judging.summary import (
    Earlier,
    Shares,
    Sources,
    Totals,
    earlier,
    exit_status,
    has_recovery_objective,
    shares,
    sources,
    status_of,
    totals,
    totals_of_sources,
    waiver_of,
)
from drcheck.core.kinds.retention.commitment import Retention
from drcheck.core.kinds.rpo import Rpo
from drcheck.core.kinds.rto import Rto
from drcheck.core.model.commitments import Standing
from drcheck.core.model.evidence import Fact, Gap
from drcheck.core.model.policy import Policy, Waiver
from drcheck.core.model.status import Status
from drcheck.core.model.verdict import Finding, NamedBreach, News, Piece, Verdict, Window
from drcheck.core.model.waivers import Waived

WINDOW = Window(0, 100)
MET, BREACHED, UNKNOWN = Status.MET, Status.BREACHED, Status.UNKNOWN


def verdict(status, *, waived=False, at_risk=False, commitment=None, gaps=()):
    finding = Finding("", (Piece(0, 100, status, ""),), "", at_risk=at_risk)
    commitment = commitment or Rpo("rpo", ("dumps", "offsite"))
    waivers = (Waived(0, 200, Waiver("rpo", 200, "cto", "")),) if waived is True else tuple(waived or ())
    return Verdict(commitment, WINDOW, finding, (), tuple(gaps), waivers)


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


@pytest.mark.parametrize(
    ("start", "until", "status"),
    [(0, 99, BREACHED), (0, 100, MET), (99, 100, MET), (99, 200, MET), (100, 200, BREACHED)],
)
def test_a_breach_is_accepted_where_a_waiver_covers_the_last_second_of_the_window(start, until, status):
    waiver = Waiver("rpo", until, "cto", "")
    found = verdict(BREACHED, waived=(Waived(start, until, waiver),))
    assert status_of([found]) is status
    assert waiver_of(found) == (waiver if status is MET else None)


def test_totals_count_each_commitment_once():
    every = [
        verdict(status, waived=waived, at_risk=status is MET)
        for status, waived in product((None, *Status), (False, True))
    ]
    found = totals(every, invalid=3)
    assert found == Totals(
        met=2, breached=1, unknown=2, waived=1, not_owed=2, invalid=3, at_risk=2, attested=0, passed=0
    )
    assert found.met + found.breached + found.unknown + found.waived + found.not_owed == len(every)


def test_the_waiver_shown_is_one_that_holds():
    spans = ((0, 50), (0, 100), (0, 300), (0, 200), (100, 400))
    late = [Waived(start, end, Waiver("rpo", end, "cto", str(end))) for start, end in spans]
    shown = waiver_of(verdict(BREACHED, waived=late))
    assert shown is not None
    assert shown.until == 300
    assert waiver_of(verdict(UNKNOWN, waived=late)) is None
    assert waiver_of(verdict(BREACHED, waived=late[:1])) is None


def test_of_a_period_a_waiver_covers_only_what_it_accepts_from_its_beginning():
    late = [Waived(60, 200, Waiver("rpo", 200, "cto", ""))]
    nightly = verdict(BREACHED, waived=late)
    period = replace(nightly, since_last_run=(NamedBreach(nightly.breaches()[0], counts=True, why=News.OF_PERIOD),))
    assert status_of([nightly]) is MET
    assert status_of([period]) is BREACHED
    assert waiver_of(period) is None
    assert shares(period.overall, period.waived) == Shares(met=0, breached=100, unknown=0, waived=40)
    assert totals([period]).breached == 1


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
    shop, wiki = sources({"dumps", "offsite"}, [whole, line, fact]), sources({"dumps"}, [])
    assert (shop, wiki) == (Sources(asked=2, seen=1, gaps=3), Sources(asked=1, seen=1, gaps=0))
    assert totals_of_sources([shop, wiki]) == Sources(asked=3, seen=2, gaps=3)
    assert totals_of_sources([]) == Sources(asked=0, seen=0, gaps=0)


def test_what_somebody_attests_is_met_and_counted_apart():
    attested = replace(verdict(MET), standing=Standing.ATTESTED)
    assert totals([attested, replace(verdict(MET), standing=Standing.LOG)])[0] == 2
    assert totals([attested, replace(verdict(UNKNOWN), standing=Standing.ATTESTED)]).attested == 1


def test_an_rpo_or_an_rto_is_a_recovery_objective():
    kept = Retention("kept", ())
    assert not has_recovery_objective(policy(kept))
    assert has_recovery_objective(policy(kept, Rto("rto", ())))
    assert has_recovery_objective(policy(Rpo("rpo", ())))
