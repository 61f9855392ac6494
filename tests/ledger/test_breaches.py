"""Breaches across runs: tables of what runs showed, and what it comes to."""

from __future__ import annotations

from drcheck.core.model.verdict import Opening, Window
from drcheck.ledger.breaches import breaches
from drcheck.ledger.entries import RecordedVerdict
from drcheck.ledger.state import PastVerdict


def ran(as_of, *spans, back=100, waived=()):
    openings = tuple(Opening(*span, "too old", waived=span in waived) for span in spans)
    status = "breached" if spans and spans[-1][1] is None else "met"
    window = Window(as_of - back, as_of)
    return PastVerdict(f"run-{as_of}", window, RecordedVerdict("web", "rpo", "rpo", status, "", breaches=openings))


def told(*verdicts):
    return [(one.opened_at, one.noticed_at, one.closed_at, one.dropped_at) for one in breaches(verdicts)]


def test_no_runs_no_breaches():
    assert told() == []
    assert told(ran(100), ran(200)) == []


def test_a_breach_is_noticed_once_and_closed_by_the_evidence():
    assert told(ran(100), ran(200, (150, None)), ran(300, (150, 230)), ran(310, (150, 230))) == [(150, 200, 230, None)]


def test_a_breach_that_began_and_ended_between_two_runs_is_told():
    assert told(ran(100), ran(200, (120, 130), (150, 160))) == [(120, 200, 130, None), (150, 200, 160, None)]


def test_an_open_breach_is_open():
    assert told(ran(200, (150, None)), ran(250, (150, None))) == [(150, 200, None, None)]


def test_a_breach_longer_than_the_window_keeps_its_beginning():
    runs = [ran(200, (150, None)), ran(280, (180, None)), ran(380, (280, None)), ran(400, (300, 390))]
    assert told(*runs) == [(150, 200, 390, None)]


def test_later_evidence_moves_the_beginning():
    assert told(ran(200, (150, None)), ran(210, (170, None))) == [(170, 200, None, None)]
    assert told(ran(200, (150, None)), ran(210, (140, None))) == [(140, 200, None, None)]


def test_a_breach_that_nobody_saw_close_was_over_by_the_run_that_no_longer_shows_it():
    assert told(ran(200, (150, None)), ran(250)) == [(150, 200, None, 250)]
    assert told(ran(200, (150, None)), ran(900)) == [(150, 200, None, 900)]


def test_a_breach_that_comes_back_is_the_same_one():
    assert told(ran(200, (150, None)), ran(250), ran(260, (150, None))) == [(150, 200, None, None)]


def test_two_breaches_that_turn_out_to_be_one_become_one():
    assert told(ran(200, (120, 130), (150, 160)), ran(210, (120, 160))) == [(120, 200, 160, None)]


def test_a_breach_of_its_own_stays_apart():
    assert told(ran(200, (120, 130)), ran(210, (120, 130), (140, None))) == [
        (120, 200, 130, None),
        (140, 210, None, None),
    ]


def test_the_newest_run_says_whether_it_is_waived():
    (breach,) = breaches([ran(200, (150, None)), ran(210, (150, None), waived=[(150, None)])])
    assert breach.waived


def test_a_waiver_of_a_later_breach_is_none_of_one_that_was_over_before():
    old, new = breaches([ran(200, (150, 160)), ran(210, (150, 160), (205, None), waived=[(205, None)])])
    assert (old.waived, new.waived) == (False, True)


def test_a_breach_older_than_every_window_is_known_to_be_cut_off():
    def cut(*verdicts):
        return [(one.opened_at, one.cut) for one in breaches(verdicts)]

    assert cut(ran(200, (100, 150))) == [(100, True)]
    assert cut(ran(200, (100, 150)), ran(220, (120, 150))) == [(100, True)]
    assert cut(ran(200, (150, None)), ran(300, (200, None))) == [(150, False)]
    assert cut(ran(200, (100, None)), ran(200, (80, None), back=150)) == [(80, False)]


def test_a_breach_that_closed_is_never_dropped():
    assert told(ran(200, (150, 180)), ran(250)) == [(150, 200, 180, None)]


def test_a_breach_that_began_where_the_one_before_ended_is_the_same_one():
    assert told(ran(200, (120, 150)), ran(260, (150, 170))) == [(120, 200, 170, None)]
