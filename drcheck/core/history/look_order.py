"""Which looks of a source tell their instants by a clock that was right, as far as their order tells.

Looks are kept in the order in which they were made. One that seems to be made before the one in front of it shows that
the clock was set in between, and the two do not tell which of them it told the wrong time.
"""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Iterable
from operator import le

from drcheck.core.history.looks import Looks
from drcheck.core.model.evidence import Look


def in_order(made: Iterable[Look]) -> Looks:
    """Return the most of ``made``, the newest among them, that follow each other by their own instants as well.

    The newest is believed: it was made at the instant that is now. Of the others as few as possible are left out, so
    that one night of a clock that was off costs what that night proved, and nothing else.
    """
    looks = Looks.from_any(made)
    if all(map(le, looks.begins, looks.begins[1:])):
        return looks
    *earlier, last = looks
    # The longest sequence that does not fall: for each length the one so far that ends the earliest.
    ends: list[int] = []
    rows: list[int] = []
    before: list[int] = []
    for row, look in enumerate(earlier):
        length = bisect_right(ends, look.begin) if look.begin <= last.begin else -1
        before.append(rows[length - 1] if length > 0 else -1)
        if length >= 0:
            ends[length : length + 1], rows[length : length + 1] = [look.begin], [row]
    found = [last]
    row = rows[-1] if rows else -1
    while row >= 0:
        found.append(earlier[row])
        row = before[row]
    return Looks(reversed(found))
