"""restore_test against the oracle."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any
from zoneinfo import ZoneInfo

from hypothesis import given
from hypothesis import strategies as st
from oracle import restore_test as oracle
from oracle.allowed import assert_whole, seconds_to_try, status_at
from oracle.logs import SCENARIO, SITE_OF, marks, records
from oracle.profiles import thoroughly
from oracle.worlds import HOUR, Scale

from drcheck.core.commitments.restore_test import evaluate
from drcheck.core.policy import BusinessCalendar, Kind, Notice, Outside, RestoreTest, Rung
from drcheck.core.terms import Records, Terms
from drcheck.core.verdict import Finding, Window

SCALE = Scale(6 * HOUR, 32)
ZONES = [ZoneInfo(name) for name in ("UTC", "Europe/Stockholm", "America/New_York")]
CALENDARS = [
    BusinessCalendar(),
    BusinessCalendar(opens=9 * HOUR, closes=17 * HOUR),
    BusinessCalendar(weekdays=frozenset({0, 5, 6}), opens=0, closes=12 * HOUR + 1800, also=frozenset({(3, 30)})),
]


@dataclass(frozen=True)
class Case:
    commitment: RestoreTest
    records: Records
    terms: Terms
    window: Window

    def judge(self) -> Finding:
        return evaluate(self.commitment, self.records, self.terms, self.window)

    def seconds(self, finding: Finding) -> list[int]:
        found = marks(self.records) | ({self.terms.effective} if self.terms.effective is not None else set())
        return seconds_to_try(finding, self.window, found, [self.commitment.every or 0])

    def allowed(self, second: int) -> Any:
        return oracle.allowed(self.commitment, self.records, self.terms, second)


@st.composite
def cases(draw: st.DrawFn, *, often: bool) -> Case:
    notices = st.builds(Notice, seconds=SCALE.durations(8)) | st.builds(Notice, business_days=st.integers(1, 4))
    notice = None if often else draw(st.none() | notices)
    commitment = RestoreTest(
        "tested",
        Kind.RESTORE_TEST,
        ("drills",),
        scenario=SCENARIO,
        every=draw(SCALE.durations(12)) if often else draw(st.none() | SCALE.durations(12)),
        notice=notice,
        outside=None if often else draw(st.sampled_from(Outside) if notice is None else st.none() | st.sampled_from(Outside)),
        validation=draw(st.sampled_from((Rung.COMPLETE, Rung.RESTORED, Rung.VALIDATED))),
    )
    start = draw(SCALE.instants())
    terms = Terms(
        zone=draw(st.sampled_from(ZONES)),
        effective=draw(st.none() | SCALE.instants()),
        business=draw(st.sampled_from(CALENDARS)),
        lost_sites=draw(st.sampled_from((frozenset({"here"}), frozenset[str]()))),
        site_of=SITE_OF,
    )
    return Case(
        commitment,
        draw(records(SCALE, outages=False, announced=notice is not None)),
        terms,
        Window(start, max(start + 1, draw(SCALE.instants()))),
    )


def check(case: Case) -> None:
    finding = case.judge()
    assert_whole(finding, case.window)
    for second in case.seconds(finding):
        status = status_at(finding, second)
        assert status in case.allowed(second), (second, status, case.allowed(second))


@thoroughly
@given(cases(often=True))
def test_each_second_has_a_status_that_stepping_through_time_allows(case: Case):
    check(case)


@thoroughly
@given(cases(often=False))
def test_notice_and_business_hours_bind_every_test(case: Case):
    check(case)
