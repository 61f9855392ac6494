"""rto against the oracle."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from hypothesis import given
from hypothesis import strategies as st
from oracle import rto as oracle
from oracle.allowed import assert_whole, seconds_to_try, status_at
from oracle.logs import SCENARIO, SITE_OF, marks, records
from oracle.profiles import thoroughly
from oracle.worlds import Scale

from drcheck.core.commitments.rto import evaluate
from drcheck.core.policy import CountsFrom, Kind, Rto, Until
from drcheck.core.terms import Records, Terms
from drcheck.core.verdict import Finding, Window

SCALE = Scale()


@dataclass(frozen=True)
class Case:
    commitment: Rto
    records: Records
    lost: frozenset[str]
    effective: int | None
    window: Window

    def judge(self) -> Finding:
        terms = Terms(effective=self.effective, lost_sites=self.lost, site_of=SITE_OF)
        return evaluate(self.commitment, self.records, terms, self.window)

    def seconds(self, finding: Finding) -> list[int]:
        found = marks(self.records) | ({self.effective} if self.effective is not None else set())
        return seconds_to_try(finding, self.window, found, [self.commitment.at_most, self.commitment.proven_within])

    def allowed(self, second: int) -> Any:
        return oracle.allowed(self.commitment, self.records, self.lost, self.effective, second)


@st.composite
def cases(draw: st.DrawFn, *, outages: bool = True) -> Case:
    commitment = Rto(
        "rto",
        Kind.RTO,
        ("drills",),
        scenario=SCENARIO,
        at_most=draw(SCALE.durations(5)),
        counts_from=draw(st.sampled_from(CountsFrom)),
        until=draw(st.sampled_from(Until)),
        not_counted=draw(st.sampled_from((frozenset(), frozenset({"dns"}), frozenset({"dns", "copy"})))),
        proven_within=draw(SCALE.durations(20)),
    )
    start = draw(SCALE.instants())
    return Case(
        commitment,
        draw(records(SCALE, outages=outages, announced=False)),
        draw(st.sampled_from((frozenset({"here"}), frozenset[str]()))),
        draw(st.none() | SCALE.instants()),
        Window(start, max(start + 1, draw(SCALE.instants()))),
    )


def check(case: Case) -> None:
    finding = case.judge()
    assert_whole(finding, case.window)
    for second in case.seconds(finding):
        status = status_at(finding, second)
        assert status in case.allowed(second), (second, status, case.allowed(second))


@thoroughly
@given(cases(outages=False))
def test_each_second_has_a_status_that_stepping_through_time_allows(case: Case):
    check(case)


@thoroughly
@given(cases())
def test_real_outages_have_a_status_that_stepping_through_time_allows(case: Case):
    check(case)
