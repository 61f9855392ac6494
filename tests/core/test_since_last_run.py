"""Which breaches a run names, and which count."""

from __future__ import annotations

import pytest

from drcheck.core.judging.since_last_run import RecordedFindings, breaches_to_name
from drcheck.core.model.verdict import News, Opening
from drcheck.core.time.spans import Span

END = 1000


def told(breaches, recorded):
    """Return (opened_at, counts) of what is named of breaches, each (opened_at, closed_at)."""
    openings = [Opening(opened, closed, "too old") for opened, closed in breaches]
    return [(one.breach.opened_at, one.counts) for one in breaches_to_name(openings, recorded, END)]


def last(as_of, *shown, known=True):
    return RecordedFindings(as_of, known, [Span(*one) for one in shown])


def test_a_breach_that_opened_and_closed_since_the_last_run_counts():
    assert told([(910, 920)], last(900)) == [(910, True)]


def test_a_breach_that_a_run_has_shown_and_that_closed_since_is_named_and_counts_no_more():
    assert told([(800, 920)], last(900, (800, 900))) == [(800, False)]


def test_a_breach_that_a_run_has_shown_closed_is_not_named_again():
    assert told([(100, 200)], last(900, (100, 200))) == []


def test_an_old_breach_that_no_run_has_shown_counts():
    assert told([(100, 200)], last(900, (300, 400))) == [(100, True)]


def test_a_breach_of_which_a_run_has_shown_a_part_is_not_new():
    assert told([(100, 300)], last(900, (200, 250))) == []


def test_breaches_that_only_touch_are_two():
    assert told([(100, 200)], last(900, (200, 300), (50, 100))) == [(100, True)]


def test_an_open_breach_always_counts():
    assert told([(100, None)], last(900, (100, 900))) == [(100, True)]


@pytest.mark.parametrize("recorded", [None, last(900, known=False)], ids=["service", "commitment"])
def test_the_first_run_names_what_was_earlier_and_counts_what_is_open(recorded):
    assert told([(100, 200), (950, None)], recorded) == [(100, False), (950, True)]


def test_a_breach_that_ends_at_the_instant_of_the_last_run_was_not_open_since():
    assert told([(100, 900)], last(900, (100, 900))) == []


def test_each_is_named_with_why():
    breaches = [Opening(opened, closed, "too old") for opened, closed in ((100, 200), (800, 920))]
    assert [one.why for one in breaches_to_name(breaches, last(900, (800, 900)), END)] == [News.NEW, News.ENDED]
    assert {one.why for one in breaches_to_name(breaches, None, END)} == {News.EARLIER}
