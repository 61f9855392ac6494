"""What a shortfall of availability is worth, and until when it can be claimed.

Shares, hours and money are exact fractions until they are told: percentages and hours are then rounded half up to six
decimals, money half up to two, each from the exact value.
"""

from __future__ import annotations

from datetime import date
from fractions import Fraction
from typing import NamedTuple, assert_never

from drcheck.core import decimals
from drcheck.core.evaluation.inputs import Terms
from drcheck.core.kinds.availability.commitment import Claim, ClaimFrom, Credits
from drcheck.core.model.commitments import Money, Notice
from drcheck.core.model.slots import Per
from drcheck.core.model.verdict import Credit, Deadline, Quantity
from drcheck.core.time import calendar

HOUR = 3600
DAY = 86400
_SPELLED_OUT = 6
"""More interruptions than this are told as the sum of their hours alone."""


class Interruption(NamedTuple):
    """An outage of which some downtime counts in the period."""

    id: str
    ended_at: int | None
    """None: it is still open."""


class Downtime(NamedTuple):
    """Downtime of one interruption that counts, in seconds."""

    within: int
    """In the period."""
    before: int = 0
    """In those before it: its full hours are counted over all of it, each where it was completed."""


class Shortfall(NamedTuple):
    """A period that surely missed its target."""

    period: calendar.Slot
    target: Fraction
    availability: Fraction
    interrupted: tuple[Downtime, ...]
    """Of each interruption; outages that overlap or touch are one."""
    outages: tuple[Interruption, ...]


def credit_of(promised: Credits, shortfall: Shortfall, terms: Terms) -> Credit | None:
    """Return the credit that is owed for a shortfall; None: none is.

    The fee is that of a month: a credit for another period is counted as a part of one month's fee all the same.
    """
    fee = promised.fee
    if promised.full_hours_times is None:
        share, how = _share(promised, shortfall)
        due = share if promised.at_most is None else min(share, promised.at_most)
        amount = Quantity(decimals.rounded(due), "%")
    else:
        # An hour costs the fee over the hours of the period, so a share of the fee is as many hours as of the period.
        hours, how = _hours(promised.full_hours_times, promised.each, shortfall)
        length = Fraction(shortfall.period.end - shortfall.period.start, HOUR)
        share = hours / length
        due = share if promised.at_most is None else min(share, promised.at_most)
        amount = Quantity(decimals.number(due * length), "h")
        if fee is not None:
            how += f", of the {decimals.number(length)} h of {shortfall.period.label}"
    if due == 0:
        return None
    return Credit(
        amount=amount,
        of=promised.of,
        how=how if fee is None else f"{how}; the fee is {fee.amount} {fee.currency}",
        capped=due < share,
        money=None if fee is None else Money(decimals.cents(Fraction(fee.amount) * due), fee.currency),
        claims=() if promised.claim is None else tuple(_deadlines(promised.claim, shortfall, terms)),
    )


def _share(promised: Credits, shortfall: Shortfall) -> tuple[Fraction, str]:
    """Return the share that is credited, before any ceiling, and how it follows."""
    reached = f"{decimals.cut(shortfall.availability)} %"
    if promised.tiers:
        tiers = [(below, credit) for below, credit in promised.tiers if shortfall.availability < below]
        if not tiers:
            return Fraction(0), ""
        below, credit = min(tiers)
        return (
            credit,
            f"{reached} is below {decimals.percent_as_written(below)} %: {decimals.percent_as_written(credit)} %",
        )
    missing = shortfall.target - shortfall.availability
    below_target = f"{reached} is {decimals.rounded(missing)} % below {decimals.percent_as_written(shortfall.target)} %"
    if promised.per_percent is not None:
        points = missing * 100
        each = f"{below_target}: {decimals.percent_as_written(promised.per_percent)} % for each 1 %"
        if promised.whole:
            return promised.per_percent * int(points), f"{each}, whole per cents only"
        return promised.per_percent * points, each
    times = promised.ratio or 0
    return times * missing, f"{below_target}, times {times}"


def _hours(times: int, each: bool, shortfall: Shortfall) -> tuple[Fraction, str]:
    """Return the hours that are credited for every full hour of downtime, before any ceiling, and how they follow.

    The hours of one interruption belong to the period in which each was completed; those of a sum are the period's own.
    """
    if each:
        full = [(one.before + one.within) // HOUR - one.before // HOUR for one in shortfall.interrupted]
    else:
        full = [sum(one.within for one in shortfall.interrupted) // HOUR]
    hours = [str(count) for count in full if count]
    counted = f"{' + '.join(hours)} = {sum(full)}" if 1 < len(hours) <= _SPELLED_OUT else str(sum(full))
    how = f"{counted} full {'hour' if counted == '1' else 'hours'} down, times {times}"
    return Fraction(times * sum(full)), how


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
