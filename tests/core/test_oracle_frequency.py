"""backup_frequency against the oracle."""

from __future__ import annotations

from hypothesis import given
from oracle import frequency as oracle
from oracle.allowed import status_at
from oracle.cases import FrequencyCase, check, frequency_cases
from oracle.profiles import thoroughly

from drcheck.core.model.status import Status


@thoroughly
@given(frequency_cases())
def test_each_second_has_a_status_that_stepping_through_time_allows(case: FrequencyCase):
    check(case)


@thoroughly
@given(frequency_cases(copies=True))
def test_points_that_are_copies_of_one_count_once(case: FrequencyCase):
    check(case)


@thoroughly
@given(frequency_cases(copies=True))
def test_a_number_of_points_that_is_said_to_be_known_is_so_in_truth(case: FrequencyCase):
    finding = case.judge()
    for second in case.seconds(finding):
        if (status := status_at(finding, second)) in (Status.MET, Status.BREACHED):
            assert status in case.truth(second), (second, status)


@thoroughly
@given(frequency_cases())
def test_what_is_said_to_be_known_is_so_in_truth(case: FrequencyCase):
    finding = case.judge()
    for second in case.seconds(finding):
        if (status := status_at(finding, second)) in (Status.MET, Status.BREACHED):
            assert status in case.truth(second), (second, status)


@thoroughly
@given(frequency_cases())
def test_the_oracle_itself_never_contradicts_the_truth(case: FrequencyCase):
    for second in case.seconds():
        known = case.allowed(second) - {Status.UNKNOWN, None}
        assert known <= case.truth(second), (second, known)


@thoroughly
@given(frequency_cases(every=True))
def test_the_measured_age_is_that_of_the_newest_backup_that_had_arrived(case: FrequencyCase):
    finding = case.judge()
    newest = {data for _, data in oracle.possible_states(case.places, case.window.end - 1)}
    if finding.status is None or len(newest) != 1:
        return
    (data,) = newest
    measured = None if finding.measured is None else finding.measured.value
    assert measured == (None if data is None else max(0, case.window.end - data))
    assert finding.due_at == (None if data is None else data + case.objective)
