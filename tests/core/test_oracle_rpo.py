"""rpo against the oracle."""

from __future__ import annotations

from hypothesis import given
from oracle import rpo as oracle
from oracle.allowed import status_at
from oracle.cases import RpoCase, check, rpo_cases
from oracle.profiles import thoroughly

from drcheck.core.model.status import Status

CASES = rpo_cases() | rpo_cases() | rpo_cases(fleeting=True)


@thoroughly
@given(CASES)
def test_each_second_has_a_status_that_stepping_through_time_allows(case: RpoCase):
    check(case)


@thoroughly
@given(CASES)
def test_what_is_said_to_be_known_is_so_in_truth(case: RpoCase):
    finding = case.judge()
    for second in case.seconds(finding):
        if (status := status_at(finding, second)) in (Status.MET, Status.BREACHED):
            assert status in case.truth(second), (second, status)


@thoroughly
@given(CASES)
def test_the_oracle_itself_never_contradicts_the_truth(case: RpoCase):
    for second in case.seconds():
        known = case.allowed(second) - {Status.UNKNOWN, None}
        assert known <= case.truth(second), (second, known)


@thoroughly
@given(CASES)
def test_the_measured_exposure_is_that_of_the_newest_data(case: RpoCase):
    finding = case.judge()
    if finding.status is None:
        return
    newest = {data for _, data in oracle.possible_states(case.survivors, case.window.end - 1)}
    possible = {None if data is None else max(0, case.window.end - data) for data in newest}
    measured = None if finding.measured is None else finding.measured.value
    if len(possible) == 1:
        assert {measured} == possible
        (data,) = newest
        assert finding.due_at == (None if data is None else data + case.commitment.at_most)
    elif measured is not None:
        numbers = [exposure for exposure in possible if exposure is not None]
        assert min(numbers) <= int(measured) <= max(numbers)
