"""In which order restore tests are due."""

from __future__ import annotations

from itertools import pairwise

from hypothesis import given
from hypothesis import strategies as st

from drcheck.core.kinds.restore_test import RestoreTest
from drcheck.core.kinds.rto import Rto
from drcheck.core.model.policy import Policy
from drcheck.core.model.status import Status
from drcheck.core.model.verdict import Finding, Piece, Verdict, Window
from drcheck.core.restoring.due_tests import DueTest, Urgency, due_tests

NOW = 1_800_000_000
DAY = 86400
statuses = st.sampled_from([*Status, None])
dues = st.none() | st.integers(NOW - 90 * DAY, NOW + 90 * DAY)


def verdict(commitment: RestoreTest | Rto, status: Status | None, due: int | None) -> Verdict:
    piece = Piece(NOW - 1, NOW, status, "because")
    finding = Finding("", (piece,), "because", due_at=due)
    return Verdict(commitment, Window(NOW - 1, NOW), finding, (finding,))


def promise(number: int, every: int, scenario: str) -> RestoreTest:
    return RestoreTest(f"c{number}", ("log",), scenario=scenario, every=every * DAY)


several = st.lists(
    st.tuples(st.integers(1, 400), st.sampled_from(["", "fire", "flood"]), statuses, dues), max_size=6
).map(lambda rows: [verdict(promise(number, every, of), *rest) for number, (every, of, *rest) in enumerate(rows)])


def due(verdicts: list[Verdict]) -> list[DueTest]:
    return due_tests(Policy("shop", "p", "0", "", "UTC", {}, ()), verdicts, {}, (), NOW, clock_tolerance=300)


@given(several)
def test_what_is_owed_already_comes_before_what_nobody_knows_and_that_before_what_lapses(verdicts):
    found = due(verdicts)
    assert [one.urgency for one in found] == sorted(one.urgency for one in found)
    for before, after in pairwise(found):
        if before.urgency is after.urgency and before.by is not None:
            assert after.by is not None
            assert before.by <= after.by


@given(several)
def test_no_promise_is_left_out_or_named_twice(verdicts):
    owed = sorted(one.commitment.id for one in verdicts if one.status is not None or one.overall.due_at is not None)
    assert sorted(one.commitment for test in due(verdicts) for one in test.asking) == owed


@given(several, st.randoms(use_true_random=False))
def test_the_order_of_the_promises_changes_nothing(verdicts, dice):
    shuffled = list(verdicts)
    dice.shuffle(shuffled)
    assert due(shuffled) == due(verdicts)


@given(several)
def test_a_test_is_as_pressing_as_the_most_pressing_promise(verdicts):
    for test in due(verdicts):
        known = [one.status for one in test.asking]
        assert (test.urgency is Urgency.OVERDUE) == (Status.BREACHED in known)
        assert test.urgency is not Urgency.DUE or Status.UNKNOWN not in known


def test_what_has_lapsed_since_the_newest_look_is_not_known():
    (test,) = due([verdict(promise(1, 90, ""), Status.MET, NOW - 5)])
    assert (test.urgency, test.asking[0].status) == (Urgency.UNPROVEN, Status.UNKNOWN)
