"""Whether an answer holds the range of bytes that was asked for: a storage that gives less would hide a log's end."""

from __future__ import annotations

import re
from typing import Final

from drcheck.collectors import value_bounds
from drcheck.collectors.confine import shown
from drcheck.collectors.value_bounds import Nonsense

_ASKED: Final = re.compile(r"bytes=([0-9]*)-([0-9]*)")
_TOLD: Final = re.compile(r"bytes ([0-9]{1,19})-([0-9]{1,19})/([0-9]{1,19})")
_BEYOND: Final = re.compile(r"bytes \*/([0-9]{1,19})")


def check_part(requested: str, answered: str | None, got: int) -> int:
    """Return how long the whole is; raises :class:`Nonsense` unless that fits.

    It must be what was asked for that is ``answered``, a Content-Range, and ``got`` bytes must be that long.
    ``requested`` is a Range of one part, by its first and last byte or by a number of bytes at the end (RFC 9110, 14).
    """
    wanted, content_range = _ASKED.fullmatch(requested), _TOLD.fullmatch(answered or "")
    if wanted is None or content_range is None:
        raise Nonsense(f"its range is {shown(answered or 'not told')!r}, and {requested} was asked for")
    first, last, whole = (value_bounds.count(number, "range") for number in content_range.groups())
    if wanted[1]:
        begin, end = int(wanted[1]), min(int(wanted[2] or whole), whole - 1)
    else:
        begin, end = max(0, whole - int(wanted[2])), whole - 1
    if (first, last) != (begin, end):
        raise Nonsense(f"its range is {answered}, and {requested} was asked for")
    if got != last - first + 1:
        raise Nonsense(f"its range is {answered}, and it has {got} bytes")
    return whole


def check_beyond(requested: str, answered: str | None) -> int | None:
    """Return how long the whole is, of which a range is said to lie beyond the end; None: that is not told.

    Raises :class:`Nonsense` if that end lies after the beginning of the range.
    """
    wanted, content_range = _ASKED.fullmatch(requested), _BEYOND.fullmatch(answered or "")
    if wanted is None or content_range is None:  # not every server tells the length
        return None
    whole = value_bounds.count(content_range[1], "range")
    if whole > int(wanted[1] or 0):
        raise Nonsense(f"{requested} is said to lie beyond the end of {whole} bytes")
    return whole
