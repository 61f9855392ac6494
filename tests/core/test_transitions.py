"""What there is to tell: each change once, nothing of what stays, and nothing lost on the way."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from drcheck.core.judging.transitions import (
    Condition,
    ConditionKind,
    ConditionSubject,
    End,
    Event,
    PassedBreach,
    Rules,
    Transition,
    after,
    events,
    merged_events,
)

DAY = 86400
RPO = ConditionSubject(ConditionKind.BREACHED, "web", "rpo")
RISK = ConditionSubject(ConditionKind.AT_RISK, "web", "rpo")


class Reader:
    """Somebody who is told, over nights."""

    def __init__(self, rules=None):
        self.known, self.rules = {}, rules or Rules()

    def night(self, at, *subjects, passed=(), unknown=False):
        now = {subject: Condition(at, "why") for subject in subjects}
        end = None if unknown else End(at, "it is met")
        new = events(now, passed, self.known, at, self.rules, lambda *_: end)
        self.known = after(self.known, new, at)
        return [(event.change, event.subject) for event in new if not event.silent]


def test_what_stays_as_it_was_is_told_once_and_again_after_a_week():
    reader = Reader()
    told = [reader.night(day * DAY, RPO) for day in range(16)]
    assert [day for day, its in enumerate(told) if its] == [0, 7, 14]
    assert [its[0][0] for its in told if its] == [Transition.BEGAN, Transition.LASTS, Transition.LASTS]


def test_what_lasts_lasts_since_it_was_first_told_where_nobody_knows_since_when():
    now, known = {RISK._replace(what=ConditionKind.UNSEEN): Condition(None, "why")}, {}
    for day in (1, 3, 8):
        told = events(now, (), known, day * DAY, Rules(), lambda *_: None)
        known = after(known, told, day * DAY)
    assert [(event.change, event.since) for event in told] == [(Transition.LASTS, DAY)]


def test_nobody_is_reminded_where_nobody_wants_to_be():
    reader = Reader(Rules(remind_every=0))
    assert [day for day in range(100) if reader.night(day * DAY, RPO)] == [0]


def test_that_it_is_over_is_told_once_and_not_while_it_is_unknown():
    reader = Reader()
    reader.night(0, RPO)
    assert reader.night(DAY, unknown=True) == []
    assert reader.night(2 * DAY) == [(Transition.OVER, RPO)]
    assert reader.night(3 * DAY) == []


def test_what_can_wait_is_told_and_that_it_is_over_is_not():
    reader = Reader()
    assert reader.night(0, RISK) == [(Transition.BEGAN, RISK)]
    assert reader.night(DAY) == []
    assert reader.night(2 * DAY, RISK) == [(Transition.BEGAN, RISK)]


def test_a_breach_that_began_and_ended_between_two_reports_is_told_though_it_is_over():
    reader = Reader()
    assert reader.night(DAY, passed=[PassedBreach(RPO, 100, 200, "why")]) == [(Transition.PASSED, RPO)]
    assert reader.night(2 * DAY) == []


def test_the_end_of_a_breach_that_was_told_is_told_once_where_it_is_named_as_passed_too():
    reader = Reader()
    reader.night(100, RPO)
    assert reader.night(DAY, passed=[PassedBreach(RPO, 100, 200, "why")]) == [(Transition.OVER, RPO)]


def test_a_breach_that_was_told_is_not_told_again_where_its_report_reached_nobody():
    reader = Reader()
    passed = [PassedBreach(RPO, 100, 200, "why")]
    assert reader.night(DAY, passed=passed) == [(Transition.PASSED, RPO)]
    assert reader.night(2 * DAY, passed=passed) == []


def test_what_waited_and_is_over_without_a_word_is_not_told_to_have_begun():
    began, over = (
        Event(Transition.BEGAN, RISK, 1, None, "little"),
        Event(Transition.OVER, RISK, 1, 9, "met", silent=True),
    )
    assert merged_events([began, over]) == []


def test_what_flaps_is_told_once_as_that_and_then_when_it_has_settled():
    reader = Reader()
    told = []
    for hour in range(24):
        told += reader.night(hour * 3600, *([RPO] if hour % 2 else []))
    assert [change for change, _ in told] == [
        Transition.BEGAN, Transition.OVER, Transition.BEGAN, Transition.OVER, Transition.FLAPS,
    ]  # fmt: skip
    assert reader.night(24 * 3600) == []
    assert reader.night(47 * 3600) == []
    assert reader.night(49 * 3600) == [(Transition.SETTLED, RPO)]
    assert reader.night(50 * 3600) == []


def test_what_flapped_and_stays_broken_is_told_as_that():
    reader = Reader()
    for hour in range(10):
        reader.night(hour * 3600, *([RPO] if hour % 2 else []))
    told = [reader.night((10 + hour) * 3600, RPO) for hour in range(30)]
    assert [its for its in told if its] == [[(Transition.SETTLED, RPO)]]


@pytest.mark.parametrize(
    ("changes", "left"),
    [
        ([(Transition.BEGAN, None), (Transition.OVER, 9)], [(Transition.PASSED, 9)]),
        ([(Transition.BEGAN, None), (Transition.LASTS, None)], [(Transition.BEGAN, None)]),
        ([(Transition.LASTS, None), (Transition.OVER, 9)], [(Transition.OVER, 9)]),
        ([(Transition.PASSED, 3), (Transition.PASSED, 5)], [(Transition.PASSED, 3), (Transition.PASSED, 5)]),
    ],
)
def test_what_waited_is_told_as_it_is_by_then(changes, left):
    waiting = [
        Event(change, RPO, index if change is Transition.PASSED else 1, until, "why")
        for index, (change, until) in enumerate(changes)
    ]
    assert [(event.change, event.until) for event in merged_events(waiting)] == left


@given(st.lists(st.tuples(st.integers(1, 3 * DAY), st.sets(st.sampled_from("abc")), st.booleans()), max_size=60))
def test_whatever_happens_a_reader_who_believes_the_messages_knows_what_holds(nights):
    """By the messages alone, silent ones aside where it flaps, everybody knows what is broken once it has settled."""
    reader, believed, at = Reader(), set(), 0
    for gap, names, unknown in nights:
        at += gap
        subjects = [ConditionSubject(ConditionKind.BREACHED, "web", name) for name in sorted(names)]
        for change, subject in reader.night(at, *subjects, unknown=unknown):
            if change in {Transition.BEGAN, Transition.FLAPS, Transition.LASTS}:
                believed.add(subject)
            elif change is Transition.OVER:
                assert subject in believed
                believed.discard(subject)
        holding = {subject for subject, told in reader.known.items() if told.holds}
        flapping = {subject for subject, told in reader.known.items() if told.flaps}
        assert set(subjects) <= holding
        assert believed - flapping >= holding - flapping
    # Once all is quiet, nothing is believed to be broken that is not.
    for night in range(1, 10):
        for change, subject in reader.night(at + night * DAY):
            assert change in {Transition.OVER, Transition.SETTLED}
            believed.discard(subject)
    assert not any(told.holds for told in reader.known.values())
    assert not believed
