"""backup_frequency against the oracle."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any
from zoneinfo import ZoneInfo

from hypothesis import given
from hypothesis import strategies as st
from oracle import frequency as oracle
from oracle.allowed import assert_whole, seconds_to_try, status_at
from oracle.profiles import thoroughly
from oracle.worlds import BASE, DAY, HOUR, Place, Scale, places, subject

from drcheck.core.commitments.backup_frequency import evaluate
from drcheck.core.policy import Frequency, Kind, Per
from drcheck.core.terms import Terms
from drcheck.core.verdict import Finding, Status, Window

ZONES = [ZoneInfo(name) for name in ("UTC", "Europe/Stockholm", "America/New_York", "Asia/Beirut")]
SCHEDULES = ["0 3 * * *", "30 2 * * *", "0 */6 * * *", "15,45 1-4 * * *", "0 0 * * 6,0", "30 */3 * * 1,6,7"]


@dataclass(frozen=True)
class Case:
    commitment: Frequency
    places: tuple[Place, ...]
    terms: Terms
    window: Window

    def judge(self) -> Finding:
        return evaluate(self.commitment, subject(self.places), self.terms, self.window)

    @property
    def objective(self) -> int:
        assert self.commitment.every is not None
        return self.commitment.every + (self.terms.grace if self.commitment.grace is None else self.commitment.grace)

    @property
    def span(self) -> tuple[int, int]:
        # Wide enough for every case, so that the slow calendar is walked through once.
        return BASE - DAY, BASE + 6 * DAY

    def seconds(self, finding: Finding | None = None) -> list[int]:
        marks = set[int]().union(*(place.marks() for place in self.places))
        if self.terms.effective is not None:
            marks.add(self.terms.effective)
        if self.commitment.every is not None:
            return seconds_to_try(finding, self.window, marks, [self.objective])
        for slot in oracle.slots(self.commitment, self.terms, *self.span):
            marks |= {slot.start, slot.end, slot.due}
        return seconds_to_try(finding, self.window, marks)

    def allowed(self, second: int) -> Any:
        if self.commitment.every is not None:
            return oracle.allowed_every(self.objective, self.places, self.terms.effective, second)
        return oracle.allowed_slot(self.commitment, self.places, self.terms, self.span, second)

    def truly_met(self, second: int) -> bool | None:
        if self.commitment.every is not None:
            return oracle.truly_met_every(self.objective, self.places, second)
        slot = oracle.deciding_slot(self.commitment, self.terms, self.span, second)
        return None if slot is None else oracle.truly_met_slot(self.commitment, self.places, slot, second)


@st.composite
def cases(draw: st.DrawFn, *, copies: bool = False, slots: bool = True) -> Case:
    kind = draw(st.sampled_from(("every", "per", "schedule"))) if slots else "every"
    scale = Scale()
    per = None
    if kind == "per":
        per = draw(st.sampled_from((Per.HOUR, Per.DAY, Per.DAY, Per.WEEK)))
        if per is Per.HOUR:
            scale = Scale(1800, 24)
    names = ["dumps", "offsite"] if copies else ["dumps", "offsite"][: draw(st.integers(1, 2))]
    commitment = Frequency(
        "often",
        Kind.BACKUP_FREQUENCY,
        tuple(names),
        every=draw(scale.durations(8)) if kind == "every" else None,
        at_least=draw(st.integers(2, 3)) if copies else 1,
        per=per,
        schedule=draw(st.sampled_from(SCHEDULES)) if kind == "schedule" else "",
        grace=draw(st.sampled_from((None, 0, 1, HOUR, 6 * HOUR, 30 * HOUR))),
    )
    start = draw(scale.instants())
    terms = Terms(zone=draw(st.sampled_from(ZONES)), effective=draw(st.none() | scale.instants()))
    return Case(
        commitment,
        tuple(draw(places(name, scale, most=3 if copies else 4)) for name in names),
        terms,
        Window(start, max(start + 1, draw(scale.instants()))),
    )


@thoroughly
@given(cases())
def test_each_second_has_a_status_that_stepping_through_time_allows(case: Case):
    finding = case.judge()
    assert_whole(finding, case.window)
    for second in case.seconds(finding):
        status = status_at(finding, second)
        assert status in case.allowed(second), (second, status, case.allowed(second))


@thoroughly
@given(cases(copies=True))
def test_points_that_are_copies_of_one_count_once(case: Case):
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
            assert (status is Status.MET) == case.truly_met(second), (second, status)


@thoroughly
@given(cases())
def test_the_oracle_itself_never_contradicts_the_truth(case: Case):
    for second in case.seconds():
        known = case.allowed(second) - {Status.UNKNOWN, None}
        assert not known or known <= {Status.MET if case.truly_met(second) else Status.BREACHED}, (second, known)


@thoroughly
@given(cases(slots=False))
def test_the_measured_age_is_that_of_the_newest_backup_that_had_arrived(case: Case):
    finding = case.judge()
    newest = {data for _, data in oracle.possible_states(case.places, case.window.end - 1)}
    if finding.status is None or len(newest) != 1:
        return
    (data,) = newest
    measured = None if finding.measured is None else finding.measured.value
    assert measured == (None if data is None else max(0, case.window.end - data))
    assert finding.due_at == (None if data is None else data + case.objective)
