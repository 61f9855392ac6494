"""What is known of a time when a policy said what this version of drcheck cannot read."""

from __future__ import annotations

import pytest
from msgspec.structs import replace

from drcheck.app.policy_versions import _unreadable
from drcheck.core.judging.unreadable_texts import UnreadableText, unknown_times, unless_readable
from drcheck.core.judging.wordings import Version
from drcheck.core.kinds.rpo import Rpo
from drcheck.core.model.evidence import LONG_AGO
from drcheck.core.model.policy import Policy
from drcheck.core.model.status import Status
from drcheck.core.model.verdict import Finding, PeriodFigures, Piece, Quantity, Window
from drcheck.core.time.spans import Span

MET, BREACHED, UNKNOWN = Status.MET, Status.BREACHED, Status.UNKNOWN
WINDOW = Window(0, 100)
RPO = Rpo("rpo", ("dumps",), at_most=3600)


def text(commitment=RPO):
    return Policy("shop", "shop.yaml", "", "", "UTC", {}, (commitment,))


@pytest.mark.parametrize(
    ("known", "found"),
    [
        ([(10, text()), (20, None)], [UnreadableText(Span(20, 60), 1)]),
        (
            [(10, text()), (20, None), (30, None), (40, text())],
            [UnreadableText(Span(20, 30), 1), UnreadableText(Span(30, 40), 1)],
        ),
        # The earliest text known binds what lies before it.
        ([(20, None), (40, text())], [UnreadableText(Span(LONG_AGO, 40), 0)]),
        # The clock was ahead by an unknown time: it may have been judged at any time since the text before it.
        ([(10, text()), (90, None), (30, text())], [UnreadableText(Span(10, 30), 1)]),
        ([(10, text()), (95, text()), (90, None)], [UnreadableText(Span(10, 60), 2)]),
        ([(10, text())], []),
    ],
)
def test_a_text_bound_until_the_next_one_was_seen(known, found):
    assert list(_unreadable(known, 60)) == found


def test_what_was_promised_is_unknown_but_where_a_later_text_says_what_was_in_force():
    texts = (UnreadableText(Span(20, 60), 1),)
    stated = replace(RPO, in_force_from=40)
    earlier, today = Version(10, text()), Version(60, text())
    assert unknown_times(RPO, (earlier, today), texts, WINDOW) == (Span(20, 60),)
    assert unknown_times(stated, (earlier, Version(60, text(stated))), texts, WINDOW) == (Span(20, 40),)
    assert unknown_times(RPO, (Version(10, text(stated)), today), texts, WINDOW) == (Span(20, 60),), "it came before"
    assert unknown_times(RPO, (earlier, today), texts, Window(70, 90)) == ()
    other = replace(RPO, id="other", in_force_from=0)
    assert unknown_times(RPO, (earlier, Version(60, text(other))), texts, WINDOW) == (Span(20, 60),)


def test_only_where_something_was_owed_it_is_unknown_what():
    pieces = (Piece(0, 30, None, "not owed"), Piece(30, 50, BREACHED, "old"), Piece(50, 100, MET, "new"))
    finding = Finding("", pieces, "new", measured=Quantity(7, "s"))
    found = unless_readable(finding, (Span(20, 60),))
    assert [(one.start, one.end, one.status) for one in found.pieces] == [
        (0, 20, None), (20, 30, None), (30, 50, UNKNOWN), (50, 60, UNKNOWN), (60, 100, MET),
    ]  # fmt: skip
    assert (found.reason, found.measured) == ("new", Quantity(7, "s"))
    at_its_end = unless_readable(finding, (Span(20, 100),))
    assert (at_its_end.status, at_its_end.measured) == (UNKNOWN, None)
    assert "cannot read the policy's text of then" in at_its_end.reason


def test_of_a_period_that_it_touches_nobody_knows_the_promise():
    periods = tuple(PeriodFigures(f"{start}", start, start + 50, start + 50, MET, "100", 0, 0) for start in (0, 50))
    finding = Finding("", (Piece(0, 100, MET, "up"),), "up", periods=periods)
    found = unless_readable(finding, (Span(10, 20),))
    assert [one.status for one in found.periods] == [UNKNOWN, MET]
