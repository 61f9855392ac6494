"""How a period is told: everything that its availability and its credit follow from."""

from __future__ import annotations

import samples

from drcheck.core.model.status import Status
from drcheck.core.model.verdict import Credit, PeriodFigures, Quantity
from drcheck.reports.wording import periods

NOVEMBER = 1793491200
DECEMBER = NOVEMBER + 30 * 86400


def november(status: Status = Status.MET, **figures) -> PeriodFigures:
    return samples.period("2026-11", NOVEMBER, DECEMBER, status, "99.9", judged_until=DECEMBER, **figures)


def test_a_period_tells_to_the_second_what_its_availability_is_counted_of():
    assert list(periods.lines(november(downtime=90061), DECEMBER)) == [
        "2026-11: 99.9 %, 1 d 1 h 1 min 1 s down of 30 d"
    ]
    assert list(periods.lines(november(downtime=0, out_of_service=7200), DECEMBER)) == [
        "2026-11: 99.9 %, 0 s down of 30 d without 2 h of maintenance"
    ]


def test_what_is_not_certain_is_told_as_such():
    assert list(periods.lines(november(Status.UNKNOWN, downtime=0, unwatched=60), DECEMBER)) == [
        "2026-11: 99.9 %, as far as is known, 0 s down of 30 d, 1 min not watched"
    ]


def test_a_credit_tells_how_it_follows_and_what_cut_it():
    credit = Credit(Quantity("100", "%"), "monthly fee", "95 % is 4.95 % below 99.95 %, times 25")
    assert periods.owed(credit) == "100 % of monthly fee (95 % is 4.95 % below 99.95 %, times 25)"
    capped = Credit(credit.amount, credit.of, credit.how, capped=True)
    assert periods.owed(capped) == (
        "100 % of monthly fee (95 % is 4.95 % below 99.95 %, times 25; the agreement allows no more)"
    )
    assert periods.owed(Credit(Quantity(7, "h"))) == "7 h of the service's cost"
