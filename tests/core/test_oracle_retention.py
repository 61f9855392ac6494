"""retention against the oracle."""

from __future__ import annotations

from hypothesis import given
from oracle.allowed import status_at
from oracle.cases import RetentionCase, check, kept_cases, tier_cases
from oracle.profiles import thoroughly

from drcheck.core.model.status import Status


@thoroughly
@given(kept_cases())
def test_each_second_has_a_status_that_stepping_through_time_allows(case: RetentionCase):
    check(case)


@thoroughly
@given(tier_cases())
def test_tiers_have_a_status_that_stepping_through_time_allows(case: RetentionCase):
    check(case)


@thoroughly
@given(kept_cases())
def test_what_is_said_to_be_known_is_so_in_truth(case: RetentionCase):
    finding = case.judge()
    for second in case.seconds(finding):
        if (status := status_at(finding, second)) in (Status.MET, Status.BREACHED):
            assert status in case.truth(second), (second, status)


@thoroughly
@given(kept_cases())
def test_the_oracle_itself_never_contradicts_the_truth(case: RetentionCase):
    for second in case.seconds():
        known = case.allowed(second)
        if known in ({Status.MET}, {Status.BREACHED}):
            assert known <= case.truth(second), (second, known)
