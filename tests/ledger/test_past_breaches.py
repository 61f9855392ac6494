"""Since when a breach stands that was open when a period began, by what run after run recorded."""

from __future__ import annotations

import pytest

from drcheck.core.kinds.rpo import Rpo
from drcheck.core.model.status import Status
from drcheck.core.model.verdict import Finding, Opening, Piece, Verdict, Window
from drcheck.ledger.entries import RecordedVerdict
from drcheck.ledger.past_breaches import PastBreaches

PERIOD = Window(1000, 2000)


def of_period(*, breached_from: int = 1000) -> Verdict:
    pieces = (Piece(1000, breached_from, Status.MET, "kept"), Piece(breached_from, 2000, Status.BREACHED, "late"))
    finding = Finding("", pieces[1:] if breached_from == 1000 else pieces, "late")
    return Verdict(Rpo("rpo", ("dumps",), at_most=60), PERIOD, finding, ())


def found(*breaches: tuple[int, int | None], kind: str = "rpo") -> RecordedVerdict:
    return RecordedVerdict("shop", "rpo", kind, None, "", breaches=tuple(Opening(*one, "late") for one in breaches))


@pytest.mark.parametrize(
    ("runs", "since"),
    [
        ((), None),
        (((found((900, None)), 950),), None),  # nobody saw it last until the period began
        (((found((900, None)), 1000),), 900),
        # each saw no more than its own window: put together they tell the begin
        (((found((100, None)), 500), (found((400, None)), 900), (found((800, None)), 1100)), 100),
        # two breaches, and the one that stands began later
        (((found((100, None)), 200), (found((100, 250), (700, None)), 1100)), 700),
        (((found((100, 300)), 500), (found((1100, None)), 1200)), None),
        (((found((900, None), kind="rto"), 1000),), None),
    ],
)
def test_since_when_it_stands(runs, since) -> None:
    breaches = PastBreaches({"shop": PERIOD})
    for one, until in runs:
        breaches.take([one], until)
    assert breaches.since("shop", of_period()) == since


def test_a_breach_that_began_in_the_period_has_no_begin_before_it() -> None:
    breaches = PastBreaches({"shop": PERIOD})
    breaches.take([found((900, None))], 1000)
    assert breaches.since("shop", of_period(breached_from=1500)) is None
