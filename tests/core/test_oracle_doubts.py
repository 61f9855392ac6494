"""Candidates in doubt, and found broken, against the worlds in which each counts or does not."""

from __future__ import annotations

from hypothesis import given
from msgspec.structs import replace
from oracle.allowed import status_at
from oracle.cases import FrequencyCase, PlacesCase, RpoCase, frequency_cases, kept_cases, rpo_cases, tier_cases
from oracle.doubts import DoubtfulCase, doubtful
from oracle.pointcases import CopiesCase, copies_cases
from oracle.profiles import briefly
from oracle.worlds import subject

from drcheck.core.evaluation.inputs import Subject
from drcheck.core.kinds import rpo
from drcheck.core.kinds.backup_frequency import evaluate as backup_frequency
from drcheck.core.kinds.copies import evaluate as copies
from drcheck.core.kinds.retention import evaluate as retention
from drcheck.core.model.status import Status
from drcheck.core.model.verdict import Finding

BAD = {None: 0, Status.MET: 0, Status.UNKNOWN: 1, Status.BREACHED: 2}
OFTEN = frequency_cases() | frequency_cases(copies=True)


def judge(case: PlacesCase, on: Subject) -> Finding:
    match case:
        case RpoCase():
            return rpo.evaluate(case.commitment, on, case.terms, case.window)
        case FrequencyCase():
            return backup_frequency.evaluate(case.commitment, on, case.terms, case.window)
        case CopiesCase():
            return copies.evaluate(case.commitment, on, case.terms, case.window)
        case _:
            return retention.evaluate(case.commitment, on, case.terms, case.window)


def check(doubted: DoubtfulCase) -> None:
    finding = judge(doubted.case, doubted.subject())
    for second in doubted.seconds():
        status, allowed = status_at(finding, second), doubted.allowed(second)
        assert status in allowed, (second, status, allowed)


@briefly
@given(doubtful(rpo_cases(), broken=True))
def test_exposure_is_judged_with_and_without_what_is_in_doubt(doubted: DoubtfulCase):
    check(doubted)


@briefly
@given(doubtful(OFTEN, broken=True))
def test_frequency_is_judged_with_and_without_what_is_in_doubt(doubted: DoubtfulCase):
    check(doubted)


@briefly
@given(doubtful(kept_cases() | tier_cases(), broken=False))
def test_each_slot_that_is_kept_is_judged_with_and_without_what_is_in_doubt(doubted: DoubtfulCase):
    check(doubted)


@briefly
@given(doubtful(copies_cases(), broken=False))
def test_copies_are_counted_with_and_without_what_is_in_doubt(doubted: DoubtfulCase):
    check(doubted)


@briefly
@given(doubtful(rpo_cases() | OFTEN, broken=True))
def test_failing_a_check_or_becoming_doubtful_never_improves(doubted: DoubtfulCase):
    sure = replace(doubted, failed={})
    before, after = judge(doubted.case, subject(doubted.judged_on)), judge(doubted.case, doubted.subject())
    others = [seen for place in doubted.judged_on for seen in place.counted if seen.truth.name not in doubted.failed]
    for second in sure.seconds():
        was, now = status_at(before, second), status_at(after, second)
        # Where nothing else had ever been made, "none any more" turns into "none yet".
        if any(seen.available[1] <= second for seen in others):
            assert BAD[now] >= BAD[was], (second, was, now)
