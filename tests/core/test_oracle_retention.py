"""retention against the oracle."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Any
from zoneinfo import ZoneInfo

from hypothesis import given
from hypothesis import strategies as st
from oracle import calendar
from oracle import retention as oracle
from oracle.allowed import assert_whole, seconds_to_try, status_at
from oracle.profiles import thoroughly
from oracle.worlds import BASE, DAY, HOUR, Place, Scale, places, subject

from drcheck.core.commitments.retention import evaluate
from drcheck.core.policy import Kind, Per, Retention
from drcheck.core.terms import Terms
from drcheck.core.verdict import Finding, Status, Window

ZONES = [ZoneInfo(name) for name in ("UTC", "Europe/Stockholm", "America/New_York")]
SCALE = Scale(6 * HOUR, 24)


@dataclass(frozen=True)
class Case:
    commitment: Retention
    places: tuple[Place, ...]
    terms: Terms
    window: Window

    def judge(self) -> Finding:
        return evaluate(self.commitment, subject(self.places), self.terms, self.window)

    @property
    def span(self) -> tuple[int, int]:
        return BASE - 7 * DAY, BASE + 8 * DAY

    def seconds(self, finding: Finding | None = None) -> list[int]:
        marks = set[int]().union(*(place.marks() for place in self.places))
        if self.terms.effective is not None:
            marks.add(self.terms.effective)
        grace = self.terms.grace if self.commitment.grace is None else self.commitment.grace
        for per in {self.commitment.per, *self.commitment.tiers}:
            for slot in calendar.slots(per, self.terms.zone, *self.span):
                marks |= {slot.start, slot.end, slot.end + grace, slot.start + (self.commitment.keep or 0)}
        offsets = []
        if self.commitment.at_most is not None:
            offsets = [self.commitment.at_most + (2 * DAY if self.commitment.grace is None else self.commitment.grace)]
        return seconds_to_try(finding, self.window, marks, offsets)[:: 2 if self.commitment.tiers else 1]

    def allowed(self, second: int) -> Any:
        return oracle.allowed(self.commitment, self.places, self.terms, self.span, second)


def draw_case(draw: st.DrawFn, commitment: Retention, most: int) -> Case:
    names = ["dumps", "offsite"][: draw(st.integers(1, 2))]
    start = draw(SCALE.instants())
    terms = Terms(
        zone=draw(st.sampled_from(ZONES)),
        effective=draw(st.none() | SCALE.instants()),
        covered=draw(st.booleans()),
    )
    return Case(
        replace(commitment, evidence=tuple(names)),
        tuple(draw(places(name, SCALE, most=most)) for name in names),
        terms,
        Window(start, max(start + 1, draw(SCALE.instants()))),
    )


@st.composite
def kept(draw: st.DrawFn) -> Case:
    keep = draw(st.none() | SCALE.durations(16))
    commitment = Retention(
        "kept",
        Kind.RETENTION,
        (),
        keep=keep,
        per=draw(st.sampled_from((Per.DAY, Per.DAY, Per.HOUR))) if keep is not None and keep < 2 * DAY else Per.DAY,
        at_most=draw(SCALE.durations(12)) if keep is None else draw(st.none() | SCALE.durations(12)),
        grace=draw(st.sampled_from((None, 0, 1, 6 * HOUR))),
    )
    return draw_case(draw, commitment, 3)


@st.composite
def tiered(draw: st.DrawFn) -> Case:
    tiers = draw(st.dictionaries(st.sampled_from((Per.DAY, Per.WEEK)), st.integers(1, 3), min_size=1))
    return draw_case(draw, Retention("kept", Kind.RETENTION, (), tiers=tiers), 2)


def check(case: Case) -> None:
    finding = case.judge()
    assert_whole(finding, case.window)
    for second in case.seconds(finding):
        status = status_at(finding, second)
        assert status in case.allowed(second), (second, status, case.allowed(second))


@thoroughly
@given(kept())
def test_each_second_has_a_status_that_stepping_through_time_allows(case: Case):
    check(case)


@thoroughly
@given(tiered())
def test_tiers_have_a_status_that_stepping_through_time_allows(case: Case):
    check(case)


@thoroughly
@given(kept())
def test_what_is_said_to_be_known_is_so_in_truth(case: Case):
    finding = case.judge()
    for second in case.seconds(finding):
        if (status := status_at(finding, second)) in (Status.MET, Status.BREACHED):
            truth = oracle.truly_allowed(case.commitment, case.places, case.terms, case.span, second)
            assert status in truth, (second, status)


@thoroughly
@given(kept())
def test_the_oracle_itself_never_contradicts_the_truth(case: Case):
    for second in case.seconds():
        known = case.allowed(second)
        if len(known) == 1 and known <= {Status.MET, Status.BREACHED}:
            truth = oracle.truly_allowed(case.commitment, case.places, case.terms, case.span, second)
            assert known <= truth, (second, known)
