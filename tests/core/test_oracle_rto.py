"""rto against the oracle."""

from __future__ import annotations

from hypothesis import given
from oracle.cases import RtoCase, check, rto_cases, thaw_cases
from oracle.profiles import often


@often
@given(rto_cases(outages=False))
def test_each_second_has_a_status_that_stepping_through_time_allows(case: RtoCase):
    check(case)


@often
@given(rto_cases(outages=True))
def test_real_outages_have_a_status_that_stepping_through_time_allows(case: RtoCase):
    check(case)


@often
@given(thaw_cases())
def test_copies_in_archive_tiers_give_a_status_that_stepping_through_time_allows(case: RtoCase):
    check(case)
