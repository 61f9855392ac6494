"""The directives of an instant in a name: what each looks like, which of them tell an instant, how they are written.

They are those of ``date`` and ``strftime`` in the C locale. A name that tells a whole date may tell more of it (the day
of the week, the ISO week, a second date): all of it must then agree.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable
from datetime import datetime
from enum import IntEnum
from typing import Final

from drcheck.errors import DrcheckError

MONTHS: Final = (
    "January", "February", "March", "April", "May", "June", "July", "August", "September", "October", "November",
    "December",
)  # fmt: skip
WEEKDAYS: Final = ("Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday", "Sunday")


def _words(words: Iterable[str]) -> str:
    return f"(?i:{'|'.join(words)})"


DIRECTIVES: Final = {
    "Y": "(?:19|20)[0-9][0-9]",
    "y": "[0-9][0-9]",  # of 2000 to 2099
    "m": "(?:0[1-9]|1[0-2])",
    "b": _words(month[:3] for month in MONTHS),
    "B": _words(MONTHS),
    "d": "(?:0[1-9]|[12][0-9]|3[01])",
    "j": "[0-3][0-9][0-9]",
    "a": _words(day[:3] for day in WEEKDAYS),
    "A": _words(WEEKDAYS),
    "G": "(?:19|20)[0-9][0-9]",
    "V": "(?:0[1-9]|[1-4][0-9]|5[0-3])",
    "u": "[1-7]",
    "H": "(?:[01][0-9]|2[0-3])",
    "I": "(?:0[1-9]|1[0-2])",
    "p": "(?i:AM|PM)",
    "M": "[0-5][0-9]",
    "S": "[0-5][0-9]",
    "f": "[0-9]{1,9}",  # of a second; it is read down to the second
    "s": "[0-9]{10}",  # seconds since the epoch, 2001 to 2286
    "z": "(?:Z|[+-](?:[01][0-9]|2[0-3]):?[0-5][0-9])",
}
"""What each directive may look like; ``%F`` is ``%Y-%m-%d``, ``%T`` is ``%H:%M:%S``, ``%%`` a per cent sign."""

SHORT: Final = {"F": "%Y-%m-%d", "T": "%H:%M:%S", "%": "%%"}
"""Directives that stand for several."""

DATE: Final = frozenset("YymbBdjaAGVu")
"""The directives that tell something of the date."""
_MONTH: Final = tuple(frozenset((year, month)) for year in "Yy" for month in "mbB")
_WEEK: Final = frozenset("GV")
_DAY: Final = (
    *(month | {"d"} for month in _MONTH),
    *(frozenset((year, "j")) for year in "Yy"),
    *(_WEEK | {day} for day in "uaA"),
)
_HOURS: Final = ("H", "Ip")
_TIMES: Final = tuple(frozenset(hour + rest) for hour in _HOURS for rest in ("", "M", "MS", "MSf"))


class DirectiveLength(IntEnum):
    """How long the time is that a name tells, in seconds; of a month and a week the longest."""

    SECOND = 1
    MINUTE = 60
    HOUR = 3600
    DAY = 86400
    WEEK = 7 * 86400
    MONTH = 31 * 86400


def span(letters: Collection[str]) -> DirectiveLength | None:
    """Return how finely directives tell an instant; None: they do not tell one, or leave a hole in it."""
    told = frozenset(letters)
    if "s" in told:
        return DirectiveLength.SECOND if told == {"s"} or span(told - {"s"}) else None
    date, time = told & DATE, told - DATE
    whole = any(date >= day for day in _DAY)
    if not time:
        if whole:
            return DirectiveLength.DAY
        if date == _WEEK:
            return DirectiveLength.WEEK
        return DirectiveLength.MONTH if any(date >= month for month in _MONTH) and date <= {*"YymbB"} else None
    if not whole or time - {"z"} not in _TIMES:
        return None
    if "S" in time:
        return DirectiveLength.SECOND
    return DirectiveLength.MINUTE if "M" in time else DirectiveLength.HOUR


def check(letters: Collection[str], text: str, example: str) -> None:
    """Raise :class:`DrcheckError` where the directives of template ``text`` do not tell an instant."""
    if span(letters) is not None:
        return
    if {"Y", "V"} <= {*letters} or {"y", "V"} <= {*letters}:
        hint = "The year that an ISO week belongs to is %G: write %G with %V, as in %G-W%V."
    elif "p" in letters and "H" in letters:
        hint = "%p goes with %I, hours from 01 to 12; %H are hours from 00 to 23."
    elif "I" in letters and "p" not in letters:
        hint = "%I are hours from 01 to 12 and need %p (AM or PM); hours from 00 to 23 are %H."
    else:
        hint = (
            "Use %s alone, or a date (%Y or %y with %m, %b or %B, and %d; %Y with %j; %G with %V) and then, as far as "
            f"names tell them, %H, %M, %S, %f and %z, such as {example}."
        )
    raise DrcheckError(f"the instant of name template {text!r} is not a whole date with a time of day", hint)


def as_directive(letter: str, label: int, moment: datetime) -> str:
    """Return what a directive looks like at ``moment``, which is ``label`` seconds since the epoch, in UTC."""
    # Not by strftime, whose names depend on the locale.
    match letter:
        case "b":
            return MONTHS[moment.month - 1][:3]
        case "B":
            return MONTHS[moment.month - 1]
        case "a":
            return WEEKDAYS[moment.weekday()][:3]
        case "A":
            return WEEKDAYS[moment.weekday()]
        case "p":
            return "PM" if moment.hour >= 12 else "AM"  # noqa: PLR2004  noon
        case "f":
            return "000000"
        case "s":
            return f"{label:010d}"
        case "z":
            return "Z"
        case _:
            return moment.strftime(f"%{letter}")
