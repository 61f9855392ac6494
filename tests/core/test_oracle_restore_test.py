"""restore_test against the oracle."""

from __future__ import annotations

from hypothesis import given
from oracle.cases import RestoreTestCase, check, restore_test_cases
from oracle.profiles import often


@often
@given(restore_test_cases(often=True))
def test_each_second_has_a_status_that_stepping_through_time_allows(case: RestoreTestCase):
    check(case)


@often
@given(restore_test_cases(often=False))
def test_notice_and_business_hours_bind_every_test(case: RestoreTestCase):
    check(case)
