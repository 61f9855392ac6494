"""What a number, an instant or a name from outside can be: every collector reads what it is told through here.

Python itself takes more than any storage says: ``int`` other scripts' digits, blanks, signs and underscores, ``float``
infinities, and its parser of mail dates any year and zone. What is beyond these bounds is no fact but an answer that
makes no sense, and a gap of its source.
"""

from __future__ import annotations

import math
import re
from datetime import UTC, datetime
from typing import Final

from drcheck.collectors.confine import shown

LARGEST: Final = (1 << 63) - 1
"""Bytes that one file or object can have: what file systems and the ledger can count."""
EARLIEST: Final = -2_208_988_800
"""1900-01-01: no storage is older, and names of backups tell no earlier year either."""
LATEST: Final = 32_503_680_000
"""3000-01-01: clocks that are wrong show less, and beyond the year 9999 no calendar could reckon any more."""
LONGEST_NAME: Final = 4096
"""Bytes of a name, as Linux has it for paths; S3 and Azure allow 1,024."""

_DIGITS: Final = len(str(LARGEST))
_SECONDS: Final = re.compile(r"(-?[0-9]{1,19})(?:\.[0-9]{1,18})?")
_RFC3339: Final = re.compile(
    r"[0-9]{4}-[0-9]{2}-[0-9]{2}T[0-9]{2}:[0-9]{2}:[0-9]{2}(?:\.[0-9]{1,9})?(?:Z|[+-][0-9]{2}:[0-9]{2})"
)
_HTTP: Final = re.compile(
    r"(Mon|Tue|Wed|Thu|Fri|Sat|Sun), ([0-9]{2}) (Jan|Feb|Mar|Apr|May|Jun|Jul|Aug|Sep|Oct|Nov|Dec) ([0-9]{4}) "
    r"([0-9]{2}):([0-9]{2}):([0-9]{2}) GMT"
)
_DAYS: Final = ("Mon", "Tue", "Wed", "Thu", "Fri", "Sat", "Sun")
_MONTHS: Final = ("Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec")


class Nonsense(ValueError):  # noqa: N818  a noun that reads well where it is caught
    """An answer that contradicts itself or the question, or tells what cannot be; its text says what.

    Collectors turn it into a :class:`~drcheck.interfaces.CollectorError` that says whose answer it was.
    """


def count(text: str, what: str = "size") -> int:
    """Return a number that is written in the digits 0 to 9 alone; raises :class:`Nonsense`."""
    if not (text.isdecimal() and text.isascii() and len(text) <= _DIGITS):
        raise Nonsense(f"the {what} {_quoted(text)} is no number that can be")
    return size(int(text), what)


def size(number: int, what: str = "size") -> int:
    """Return a count of bytes or things that can be; raises :class:`Nonsense`."""
    if not 0 <= number <= LARGEST:
        raise Nonsense(f"the {what} {number} is no number that can be")
    return number


def instant(seconds: int) -> int:
    """Return seconds since the epoch that can be an instant of a file; raises :class:`Nonsense`."""
    if not EARLIEST <= seconds < LATEST:
        raise Nonsense(f"the time {_quoted(str(seconds))} lies outside of the years 1900 to 2999")
    return seconds


def decimal(text: str) -> int:
    """Return the whole seconds of a time that is written as a decimal number, as find does."""
    match = _SECONDS.fullmatch(text)
    if match is None:
        raise Nonsense(f"the time {_quoted(text)} is no number that can be")
    whole = int(match[1])
    cut = text[0] == "-" and any(digit != "0" for digit in text[match.end(1) + 1 :])
    return instant(whole - 1 if cut else whole)


def rfc3339(text: str) -> int:
    """Return the whole seconds of an instant as S3 writes it; one without a zone is none."""
    # S3's own form, of which a listing has millions: what stands between is left to fromisoformat, strict enough there
    usual = len(text) in {20, 24} and text[4] == text[7] == "-" and text[10] == "T" and text[-1] == "Z"
    if (usual and text.isascii()) or _RFC3339.fullmatch(text) is not None:
        try:
            return instant(math.floor(datetime.fromisoformat(text).timestamp()))
        except (ValueError, OverflowError):
            pass
    raise Nonsense(f"the time {_quoted(text)} is none that can be")


def http_date(text: str) -> int:
    """Return an instant as HTTP and Azure write it; raises :class:`Nonsense`."""
    return instant(math.floor(http_moment(text).timestamp()))


def http_moment(text: str) -> datetime:
    """Return a date of any year in the form of RFC 9110, IMF-fixdate; the day of the week is checked too."""
    match = _HTTP.fullmatch(text)
    if match is not None:
        _, day, month, year, hour, minute, second = match.groups()
        try:
            date = datetime(
                int(year), 1 + _MONTHS.index(month), int(day), int(hour), int(minute), int(second), tzinfo=UTC
            )
        except ValueError:
            pass
        else:
            if _DAYS[date.weekday()] == match[1]:
                return date
    raise Nonsense(f"the time {_quoted(text)} is none that can be")


def until(moment: datetime) -> int:
    """Return the end of a lock that an SDK has parsed, in seconds since the epoch.

    Locks "for ever" are given the last day that the service knows: they hold at least as long as is reckoned with here.
    """
    if moment.tzinfo is None:
        raise Nonsense(f"the time {moment.isoformat()} has no zone")
    return max(EARLIEST, min(math.floor(moment.timestamp()), LATEST - 1))


def name(text: str) -> str:
    """Return a name that a listing tells, as text; raises :class:`Nonsense` if it is empty or endless."""
    if not text:
        raise Nonsense("a name in it is empty")
    if len(text) > LONGEST_NAME // 4 and len(text.encode("utf-8", "surrogatepass")) > LONGEST_NAME:
        raise Nonsense(f"the name {_quoted(text)} is longer than {LONGEST_NAME} bytes")
    return text


def path(text: str) -> str:
    """Return the name of a file below a directory, as a host tells it; it may not lead anywhere else."""
    if "\0" in text:
        raise Nonsense(f"the name {_quoted(text)} holds a NUL")
    if any(part in {"", ".", ".."} for part in text.split("/")):
        raise Nonsense(f"the name {_quoted(text)} is none of a file: it has an empty part, . or ..")
    return name(text)


def _quoted(text: str) -> str:
    return repr(shown(text[:100]))
