"""rpo against the oracle."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from hypothesis import given
from hypothesis import strategies as st
from oracle import rpo as oracle
from oracle.allowed import assert_whole, seconds_to_try, status_at
from oracle.profiles import thoroughly
from oracle.worlds import Place, Scale, places, subject

from drcheck.core.commitments.rpo import evaluate
from drcheck.core.policy import Kind, Rpo
from drcheck.core.terms import Terms
from drcheck.core.verdict import Finding, Status, Window

SCALE = Scale()


@dataclass(frozen=True)
class Case:
    commitment: Rpo
    places: tuple[Place, ...]
    lost: frozenset[str]
    effective: int | None
    window: Window

    def judge(self) -> Finding:
        terms = Terms(
            effective=self.effective,
            lost_sites=self.lost,
            site_of={place.source: place.site for place in self.places},
        )
        survivors = [place for place in self.places if place.site not in self.lost]
        return evaluate(self.commitment, subject(survivors), terms, self.window)

    def seconds(self, finding: Finding | None = None) -> list[int]:
        marks = set[int]().union(*(place.marks() for place in self.places))
        if self.effective is not None:
            marks.add(self.effective)
        return seconds_to_try(finding, self.window, marks, [self.commitment.at_most])

    def allowed(self, second: int) -> Any:
        return oracle.allowed(self.commitment, self.places, self.lost, self.effective, second)


@st.composite
def cases(draw: st.DrawFn, most: int = 4) -> Case:
    names = ["dumps", "offsite"][: draw(st.integers(1, 2))]
    commitment = Rpo("rpo", Kind.RPO, tuple(names), at_most=draw(SCALE.durations(10)))
    found = tuple(draw(places(name, SCALE, most=most, sites=("here", "here", "there"))) for name in names)
    start = draw(SCALE.instants())
    window = Window(start, max(start + 1, draw(SCALE.instants())))
    lost = frozenset({"there"}) if draw(st.booleans()) else frozenset[str]()
    return Case(commitment, found, lost, draw(st.none() | SCALE.instants()), window)


@thoroughly
@given(cases())
def test_each_second_has_a_status_that_stepping_through_time_allows(case: Case):
    finding = case.judge()
    assert_whole(finding, case.window)
    for second in case.seconds(finding):
        status = status_at(finding, second)
        assert status in case.allowed(second), (second, status, case.allowed(second))


@thoroughly
@given(cases())
def test_what_is_said_to_be_known_is_so_in_truth(case: Case):
    finding = case.judge()
    for second in case.seconds(finding):
        if (status := status_at(finding, second)) in (Status.MET, Status.BREACHED):
            truth = oracle.truly_met(case.commitment, case.places, case.lost, second)
            assert (status is Status.MET) == truth, (second, status)


@thoroughly
@given(cases())
def test_the_oracle_itself_never_contradicts_the_truth(case: Case):
    for second in case.seconds():
        known = case.allowed(second) - {Status.UNKNOWN, None}
        truth = oracle.truly_met(case.commitment, case.places, case.lost, second)
        assert known <= {Status.MET if truth else Status.BREACHED}, (second, known)


@thoroughly
@given(cases())
def test_the_measured_exposure_is_that_of_the_newest_data(case: Case):
    finding = case.judge()
    survivors = [place for place in case.places if place.site not in case.lost]
    newest = {data for _, data in oracle.possible_states(survivors, case.window.end - 1)}
    possible = {None if data is None else max(0, case.window.end - data) for data in newest}
    measured = None if finding.measured is None else finding.measured.value
    if finding.status is None:
        return
    if len(possible) == 1:
        assert {measured} == possible
        (data,) = newest
        if data is not None:
            assert finding.due_at == data + case.commitment.at_most
    elif measured is not None:
        numbers = [exposure for exposure in possible if exposure is not None]
        assert min(numbers) <= int(measured) <= max(numbers)
