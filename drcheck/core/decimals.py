"""Fractions as decimal strings: percentages and money are exact until the last step, and how that rounds is said."""

from __future__ import annotations

from decimal import Decimal
from fractions import Fraction
from math import floor
from typing import Final

PLACES: Final = 6
"""Decimals of a percentage that is not finite."""
_LONGEST: Final = 15


def cut(share: Fraction) -> str:
    """Return a share in per cent, cut downwards (never rounded up) to six decimals: 0.99899193… is ``99.899193``."""
    return _text(floor(share * 100 * 10**PLACES), PLACES)


def rounded(share: Fraction) -> str:
    """Return a share, not negative, in per cent, rounded half up to six decimals."""
    return _text(_half_up(share * 100 * 10**PLACES), PLACES)


def percent_as_written(share: Fraction) -> str:
    """Return a share in per cent with as many decimals as it was written with: 999/1000 is ``99.9``."""
    for places in range(_LONGEST):
        scaled = share * 100 * 10**places
        if scaled.denominator == 1:
            return _text(int(scaled), places)
    return cut(share)


def cents(amount: Fraction) -> Decimal:
    """Return an amount of money, not negative, rounded half up to two decimals."""
    return Decimal(_half_up(amount * 100)).scaleb(-2)


def number(value: Fraction) -> int | str:
    """Return a figure, not negative, as a whole number, or rounded half up to six decimals."""
    return int(value) if value.denominator == 1 else _text(_half_up(value * 10**PLACES), PLACES)


def _half_up(value: Fraction) -> int:
    return floor(value + Fraction(1, 2))


def _text(scaled: int, places: int) -> str:
    text = f"{Decimal(scaled).scaleb(-places):f}"
    return text.rstrip("0").rstrip(".") if "." in text else text
