"""Several judgements of one window laid over each other."""

from __future__ import annotations

from drcheck.core.model.status import Status
from drcheck.core.model.verdict import Piece, Window
from drcheck.core.time.spans import Span
from drcheck.core.time.timeline import NOT_BOUND, cut, first_of, overlay, within

WINDOW = Window(0, 100)
MET, BREACHED, UNKNOWN = Status.MET, Status.BREACHED, Status.UNKNOWN


def whole(status: Status | None, reason: str) -> tuple[Piece, ...]:
    return (Piece(0, 100, status, reason),)


def test_of_equally_bad_judgements_the_first_gives_the_reason():
    for status in Status:
        several = [whole(status, "first"), whole(status, "second"), whole(status, "third")]
        assert overlay(WINDOW, several) == whole(status, "first")
        assert first_of(WINDOW, several) == whole(status, "first")


def test_the_worst_of_several_judgements_holds_at_each_instant():
    late = (Piece(0, 40, MET, "kept"), Piece(40, 100, BREACHED, "late"))
    hidden = (Piece(0, 20, UNKNOWN, "hidden"), Piece(20, 100, MET, "kept too"))
    assert overlay(WINDOW, [late, hidden]) == (
        Piece(0, 20, UNKNOWN, "hidden"),
        Piece(20, 40, MET, "kept"),
        Piece(40, 100, BREACHED, "late"),
    )


def test_the_first_judgement_by_which_something_is_owed_decides_unless_a_breach_stands():
    nothing, hidden = whole(None, "not yet"), whole(UNKNOWN, "hidden")
    late, later = whole(BREACHED, "late"), whole(BREACHED, "later")
    assert first_of(WINDOW, [nothing, hidden, late]) == hidden
    assert first_of(WINDOW, [nothing, hidden, late, later], breach_stands=True) == late
    assert first_of(WINDOW, [nothing, whole(MET, "kept"), late], breach_stands=True) == whole(MET, "kept")
    assert first_of(WINDOW, [nothing, whole(None, "neither")]) == nothing


def test_a_window_is_cut_only_within_it_and_only_where_the_status_changes():
    pieces = cut(WINDOW, [-5, 0, 30, 60, 100, 130], lambda t: BREACHED if t >= 60 else MET, lambda t: f"since {t}")
    assert pieces == (Piece(0, 60, MET, "since 0"), Piece(60, 100, BREACHED, "since 60"))


def test_outside_of_what_is_bound_nothing_is_owed():
    pieces = (Piece(0, 50, MET, "kept"), Piece(50, 100, BREACHED, "late"))
    assert within(Span(10, 50), pieces) == (
        Piece(0, 10, None, NOT_BOUND),
        Piece(10, 50, MET, "kept"),
        Piece(50, 100, None, NOT_BOUND),
    )
    assert within(Span(0, 70), pieces) == (
        Piece(0, 50, MET, "kept"),
        Piece(50, 70, BREACHED, "late"),
        Piece(70, 100, None, NOT_BOUND),
    )
