"""integrity against the oracle, as far as looks themselves tell of it."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st
from oracle import integrity as oracle
from oracle import worlds
from oracle.allowed import Allowed, assert_whole, seconds_to_try, status_at
from oracle.cases import COARSE, PlacesCase, windows, wordings
from oracle.profiles import thoroughly

from drcheck.core.evaluation.inputs import Records, Terms
from drcheck.core.kinds.integrity import evaluate as integrity
from drcheck.core.kinds.integrity.commitment import Integrity
from drcheck.core.model.commitments import Rung
from drcheck.core.model.verdict import Finding


class IntegrityCase(PlacesCase, frozen=True):
    commitment: Integrity

    def judge(self) -> Finding:
        subject = worlds.subject(self.places)
        return integrity.evaluate(self.commitment, subject, Records({}), self.terms, self.window)

    def allowed(self, second: int) -> Allowed:
        return oracle.allowed(self.commitment, self.places, self.terms, second)


@st.composite
def cases(draw: st.DrawFn) -> IntegrityCase:
    names = ("dumps", "offsite")[: draw(st.integers(1, 2))]
    commitment = Integrity(
        "intact",
        names,
        level=draw(st.sampled_from((Rung.LISTED, Rung.COMPLETE))),
        every=draw(st.none() | COARSE.durations(8)),
    )
    places = tuple(draw(worlds.places(name, COARSE)) for name in names)
    terms = Terms(effective=draw(st.none() | COARSE.instants()), binds=draw(wordings(COARSE)))
    return IntegrityCase(places, terms, windows(draw, COARSE), commitment)


@thoroughly
@given(cases())
def test_each_second_has_a_status_that_stepping_through_time_allows(case: IntegrityCase):
    finding = case.judge()
    assert_whole(finding, case.window)
    for second in seconds_to_try(finding, case.window, case.marks(), [case.commitment.every or 0]):
        status, allowed = status_at(finding, second), case.allowed(second)
        assert status in allowed, (second, status, allowed)
