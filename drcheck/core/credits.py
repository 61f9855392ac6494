"""What a shortfall of availability is worth, and until when it can be claimed.

Shares, hours and money are exact fractions until they are told: percentages and hours are then rounded half up to six
decimals, money half up to two, each from the exact value.
"""

from __future__ import annotations

from datetime import date
from fractions import Fraction
from typing import NamedTuple, assert_never

from drcheck.core import calendar, exact
from drcheck.core.promises import Claim, ClaimFrom, Credits, Money, Notice, Per
from drcheck.core.terms import Terms
from drcheck.core.verdict import Credit, Deadline, Quantity

HOUR = 3600
DAY = 86400


class Interruption(NamedTuple):
    """An outage of which some downtime counts in the period."""

    id: str
    ended_at: int | None
    """None: it is still open."""


class Shortfall(NamedTuple):
    """A period that surely missed its target."""

    period: calendar.Slot
    target: Fraction
    availability: Fraction
    interrupted: tuple[int, ...]
    """Counted downtime of each interruption, in seconds; outages that overlap or touch are one interruption."""
    outages: tuple[Interruption, ...]


def credit_of(promised: Credits, shortfall: Shortfall, terms: Terms) -> Credit | None:
    """Return the credit that is owed for a shortfall; None: none is.

    The fee is that of a month: a credit for another period is counted as a part of one month's fee all the same.
    """
    if promised.full_hours_times is None:
        share = _share(promised, shortfall)
        due = share if promised.at_most is None else min(share, promised.at_most)
        amount = Quantity(exact.rounded(due), "%")
    else:
        # An hour costs the fee over the hours of the period, so a share of the fee is as many hours as of the period.
        hours = _hours(promised.full_hours_times, promised.each, shortfall)
        length = Fraction(shortfall.period.end - shortfall.period.start, HOUR)
        share = hours / length
        due = share if promised.at_most is None else min(share, promised.at_most)
        amount = Quantity(exact.number(due * length), "h")
    if due == 0:
        return None
    fee = promised.fee
    return Credit(
        amount=amount,
        of=promised.of,
        capped=due < share,
        money=None if fee is None else Money(exact.cents(Fraction(fee.amount) * due), fee.currency),
        claims=() if promised.claim is None else tuple(_deadlines(promised.claim, shortfall, terms)),
    )


def _share(promised: Credits, shortfall: Shortfall) -> Fraction:
    missing = shortfall.target - shortfall.availability
    if promised.tiers:
        reached = [(below, credit) for below, credit in promised.tiers if shortfall.availability < below]
        return min(reached)[1] if reached else Fraction(0)
    if promised.per_percent is not None:
        points = missing * 100
        return promised.per_percent * (int(points) if promised.whole else points)
    return (promised.ratio or 0) * missing


def _hours(times: int, each: bool, shortfall: Shortfall) -> Fraction:
    """Return the hours that are credited for every full hour of downtime."""
    if each:
        return Fraction(times * sum(seconds // HOUR for seconds in shortfall.interrupted))
    return Fraction(times * (sum(shortfall.interrupted) // HOUR))


def _deadlines(claim: Claim, shortfall: Shortfall, terms: Terms) -> list[Deadline]:
    """Return until when the period, or each outage of it that is over, can be claimed."""
    period = shortfall.period
    over = [(one.ended_at, one.id) for one in shortfall.outages if one.ended_at is not None]
    match claim.after:
        case ClaimFrom.PERIOD_END:
            end = period.end
        case ClaimFrom.MONTH_END:
            end = _month_end(period.end - 1, terms)
        case ClaimFrom.NEXT_MONTH_END:
            end = _month_end(_month_end(period.end - 1, terms), terms)
        case ClaimFrom.OUTAGE_END:
            return [Deadline(what, _later(end, _date(end, terms), claim.within, terms)) for end, what in sorted(over)]
        case ClaimFrom.LAST_REPORT:
            if len(over) < len(shortfall.outages):
                return []  # the last outage is still open
            end = max(end for end, _ in over)
            return [Deadline(period.label, _later(end, _date(end, terms), claim.within, terms))]
        case _:
            assert_never(claim.after)
    # The period's last date is the one before the instant at which it has ended.
    return [Deadline(period.label, _later(end, _date(end - 1, terms), claim.within, terms))]


def _date(instant: int, terms: Terms) -> date:
    return calendar.local_date(instant, terms.zone)


def _month_end(instant: int, terms: Terms) -> int:
    return calendar.slots(Per.MONTH, terms.zone, instant, instant + 1)[0].end


def _later(instant: int, day: date, within: Notice | None, terms: Terms) -> int:
    """Return the instant ``within`` after one; whole days are days of the calendar, business days end with the day."""
    if within is None:
        return instant
    if within.business_days:
        return calendar.business_days_later(day, within.business_days, terms.business, terms.zone)
    if within.seconds % DAY == 0:
        return calendar.days_later(instant, within.seconds // DAY, terms.zone)
    return instant + within.seconds
