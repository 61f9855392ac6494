"""How the availability of a period is told: what was down, what is excused, what is owed for it and until when."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from drcheck.core import words
from drcheck.core.model.status import Status
from drcheck.core.model.verdict import Credit, PeriodFigures
from drcheck.reports.wording.figures import quantity

_SEVERAL = 1
"""More deadlines than this are told as the span from the first to the last."""


def lines(period: PeriodFigures, as_of: int) -> Iterator[str]:
    """Yield the lines that tell of one period, its credit included."""
    yield _figures(period)
    yield from _credit(period, as_of)


def in_short(periods: Sequence[PeriodFigures], as_of: int, *, at_most: int) -> Iterator[str]:
    """Yield what an operator must know of the periods that fell short of the target, newest first.

    The figures of the period that ``as_of`` lies in are the commitment's own, and stand in its reason already.
    """
    short = [period for period in reversed(periods) if period.status is Status.BREACHED]
    for period in short[:at_most]:
        if period.end <= as_of:
            yield _figures(period)
        yield from _credit(period, as_of)
    if short[at_most:]:
        yield f"and {words.counted(len(short) - at_most, 'more period')} that fell short"


def _figures(period: PeriodFigures) -> str:
    """Return everything that the availability follows from, to the second."""
    of = words.to_the_second(period.end - period.start)
    if period.out_of_service:
        of += f" without {words.to_the_second(period.out_of_service)} of maintenance"
    caveat = ", as far as is known" if period.status is Status.UNKNOWN else ""
    figures = [
        f"{period.label}: {period.availability} %{caveat}",
        f"{words.to_the_second(period.downtime)} down of {of}",
    ]
    if period.unwatched:
        figures.append(f"{words.to_the_second(period.unwatched)} not watched")
    if period.judged_until < period.end:
        figures.append(f"judged until {words.instant(period.judged_until)}")
    excused = [f"{words.to_the_second(excuse.seconds)} ({excuse.why})" for excuse in period.excused]
    if excused:
        figures.append(f"excused {words.several(excused, at_most=len(excused))}")
    return ", ".join(figures)


def _credit(period: PeriodFigures, as_of: int) -> Iterator[str]:
    if period.credit is not None:
        yield f"credit for {period.label}: {owed(period.credit)}{_claimed(period.credit, as_of)}"


def owed(credit: Credit) -> str:
    """Return a credit in words: ``17.5 % of monthly fee, that is 175.00 USD``."""
    if credit.amount.unit == "h":
        amount = f"{credit.amount.value} h of the service's cost"
    else:
        amount = quantity(credit.amount) + (f" of {credit.of}" if credit.of else "")
    if credit.money is not None:
        amount += f", that is {credit.money.amount} {credit.money.currency}"
    whence = [credit.how, "the agreement allows no more" if credit.capped else ""]
    return amount + (f" ({'; '.join(filter(None, whence))})" if any(whence) else "")


def _claimed(credit: Credit, as_of: int) -> str:
    """Return until when it can be claimed; deadlines that have passed are told as such."""
    if not credit.claims:
        return ""
    deadlines = sorted(credit.claims, key=lambda claim: claim.until)
    first, last = deadlines[0], deadlines[-1]
    if len(deadlines) > _SEVERAL and first.until != last.until:
        return f"; claim each outage, from {words.instant(first.until)} to {words.instant(last.until)}"
    if last.until <= as_of:
        return f"; it could be claimed until {words.instant(last.until)}"
    return f"; claim it before {words.instant(last.until)}"
