"""Whether an answer holds the range of bytes that was asked for: a storage that gives less would hide a log's end."""

from __future__ import annotations

import re
from typing import Final

from drcheck.collectors import bounds
from drcheck.collectors.bounds import Nonsense
from drcheck.collectors.confine import shown

_ASKED: Final = re.compile(r"bytes=([0-9]*)-([0-9]*)")
_TOLD: Final = re.compile(r"bytes ([0-9]{1,19})-([0-9]{1,19})/([0-9]{1,19})")
_BEYOND: Final = re.compile(r"bytes \*/([0-9]{1,19})")


def check_part(asked: str, told: str | None, got: int) -> None:
    """Raise :class:`Nonsense` unless ``told``, a Content-Range, is what was asked for, and ``got`` bytes are that long.

    ``asked`` is a Range of one part, by its first and last byte or by a number of bytes at the end (RFC 9110, 14).
    """
    wanted, found = _ASKED.fullmatch(asked), _TOLD.fullmatch(told or "")
    if wanted is None or found is None:
        raise Nonsense(f"its range is {shown(told or 'not told')!r}, and {asked} was asked for")
    first, last, whole = (bounds.count(number, "range") for number in found.groups())
    if wanted[1]:
        begin, end = int(wanted[1]), min(int(wanted[2] or whole), whole - 1)
    else:
        begin, end = max(0, whole - int(wanted[2])), whole - 1
    if (first, last) != (begin, end):
        raise Nonsense(f"its range is {told}, and {asked} was asked for")
    if got != last - first + 1:
        raise Nonsense(f"its range is {told}, and it has {got} bytes")


def check_beyond(asked: str, told: str | None) -> None:
    """Raise :class:`Nonsense` if a range is said to lie beyond an end that lies after its beginning."""
    wanted, found = _ASKED.fullmatch(asked), _BEYOND.fullmatch(told or "")
    if wanted is None or found is None:  # not every server tells the length
        return
    whole = bounds.count(found[1], "range")
    if whole > int(wanted[1] or 0):
        raise Nonsense(f"{asked} is said to lie beyond the end of {whole} bytes")
