"""copies, encryption and immutability against the oracle, and the laws of ``judging.md``."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st
from msgspec.structs import replace
from oracle import changes
from oracle import copies as oracle
from oracle.allowed import assert_whole, status_at
from oracle.cases import SPAN
from oracle.copycases import near_copies_cases
from oracle.pointcases import (
    CopiesCase,
    FactCase,
    PointCase,
    copies_cases,
    encryption_cases,
    immutability_cases,
)
from oracle.profiles import briefly, thoroughly
from oracle.worlds import DAY, HOUR

from drcheck.core.evaluation.inputs import Subject
from drcheck.core.model.evidence import FOREVER
from drcheck.core.model.status import Status
from drcheck.core.model.verdict import Window

BAD = {None: 0, Status.MET: 0, Status.UNKNOWN: 1, Status.BREACHED: 2}
POINTS = copies_cases() | encryption_cases() | immutability_cases()


def check(case: PointCase) -> None:
    finding = case.judge()
    assert_whole(finding, case.window)
    for second in case.seconds(finding):
        status, allowed = status_at(finding, second), case.allowed(second)
        assert status in allowed, (second, status, allowed)


@thoroughly
@given(copies_cases(certain=True))
def test_copies_have_each_second_a_status_that_stepping_through_time_allows(case: CopiesCase):
    check(case)


@thoroughly
@given(copies_cases())
def test_copies_of_uncertain_instants_and_places_are_judged_both_ways(case: CopiesCase):
    check(case)


@thoroughly
@given(near_copies_cases(certain=True))
def test_copies_near_each_other_have_a_status_that_stepping_through_time_allows(case: CopiesCase):
    check(case)


@thoroughly
@given(near_copies_cases())
def test_copies_near_each_other_of_uncertain_arrival_are_judged_both_ways(case: CopiesCase):
    check(case)


@thoroughly
@given(encryption_cases() | immutability_cases())
def test_what_binds_every_backup_has_a_status_that_stepping_through_time_allows(case: FactCase):
    check(case)


@thoroughly
@given(copies_cases(certain=True))
def test_copies_that_are_said_to_be_known_are_so_in_truth(case: CopiesCase):
    alone = replace(case, commitment=replace(case.commitment, at_least=case.commitment.at_least or 1, all_in=None))
    finding = alone.judge()
    owed = oracle.owed_slots(alone.commitment, alone.terms, SPAN)
    for second in alone.seconds(finding):
        if (status := status_at(finding, second)) in (Status.MET, Status.BREACHED):
            truth = oracle.truly(alone.commitment, alone.places, alone.terms, owed, second)
            assert status is truth, (second, status, truth)


@briefly
@given(POINTS)
def test_the_order_of_sources_changes_nothing(case: PointCase):
    subject = case.subject()
    assert changes.spans(case.judge(Subject(subject.of, subject.parts[::-1]))) == changes.spans(case.judge())


@briefly
@given(POINTS, st.integers(1, 10 * DAY), st.integers(1, 10 * DAY))
def test_the_judgement_of_an_instant_does_not_depend_on_the_window(case: PointCase, before: int, after: int):
    inner = case.judge()
    outer = replace(case, window=Window(case.window.start - before, case.window.end + after)).judge()
    for second in case.seconds(inner):
        assert status_at(inner, second) is status_at(outer, second), second


@briefly
@given(copies_cases())
def test_the_last_hour_is_judged_as_in_a_window_that_begins_before_everything(case: CopiesCase):
    whole = replace(case, window=Window(SPAN[0], case.window.end)).judge()
    last = replace(case, window=Window(case.window.end - HOUR, case.window.end))
    finding = last.judge()
    for second in last.seconds(finding):
        assert status_at(finding, second) is status_at(whole, second), second


@briefly
@given(POINTS)
def test_a_looser_promise_never_worsens(case: PointCase):
    strict, loose = case.judge(), case.looser().judge()
    for second in case.seconds(strict):
        was, now = status_at(strict, second), status_at(loose, second)
        assert BAD[now] <= BAD[was], (second, was, now)


@briefly
@given(POINTS, st.integers(0, 255))
def test_a_listing_that_breaks_off_gives_the_full_verdict_or_unknown(case: PointCase, which: int):
    # Nothing is deleted here: a proof of presence survives a gap, so a deletion that only a gap saw goes unnoticed.
    whole = tuple(
        replace(place, truths=tuple(replace(truth, gone=FOREVER) for truth in place.truths)) for place in case.places
    )
    partial = tuple(
        changes.dropped(place, {truth.name for number, truth in enumerate(place.truths) if which >> number & 1})
        for place in whole
    )
    full = replace(case, places=whole).judge()
    less = replace(case, places=partial).judge()
    for second in case.seconds(full):
        was, now = status_at(full, second), status_at(less, second)
        assert now in (was, Status.UNKNOWN, None), (second, was, now)


@briefly
@given(copies_cases(), st.integers(0, 20), *(st.sampled_from((0, 1, HOUR, 7 * HOUR, 30 * HOUR)) for _ in range(3)))
def test_a_less_certain_instant_gives_the_same_verdict_or_unknown(
    case: CopiesCase, number: int, data: int, available: int, gone: int
):
    exact = case.subject()
    before = case.judge()
    after = case.judge(changes.widened(exact, number, data=data, available=available, gone=gone))
    for second in case.seconds(before):
        was, now = status_at(before, second), status_at(after, second)
        assert now in (was, Status.UNKNOWN), (second, was, now)


@briefly
@given(
    encryption_cases() | immutability_cases(),
    st.integers(0, 20),
    *(st.sampled_from((0, 1, HOUR, 7 * HOUR, 30 * HOUR)) for _ in range(2)),
)
def test_a_less_certain_stay_gives_the_same_verdict_or_unknown(case: FactCase, number: int, available: int, gone: int):
    before = case.judge()
    after = case.judge(changes.widened(case.subject(), number, data=0, available=available, gone=gone))
    for second in case.seconds(before):
        was, now = status_at(before, second), status_at(after, second)
        assert now in (was, Status.UNKNOWN), (second, was, now)
