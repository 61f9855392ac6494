"""Which candidates count as recovery points, and why the others do not."""

from __future__ import annotations

from collections import defaultdict, deque
from collections.abc import Sequence

from drcheck.core import words
from drcheck.core.evidence import Points
from drcheck.core.policy import Source

MEDIAN_OF = 10
"""How many counted points of its kind a candidate's size is compared with."""
MEDIAN_FROM = 3
"""With fewer than this before it, nothing is said about a candidate's size."""


def reasons_not_to_count(
    source: Source, points: Points, complete: Sequence[bool], first_seen: Sequence[int], *, clock_tolerance: int
) -> dict[int, str]:
    """Return row to reason for every candidate that does not count.

    ``points`` are in order of ``data_lo``; ``complete`` says whether a row's marker stood beside it, ``first_seen``
    when a look first showed it. A row is told the first reason that holds.
    """
    redated = {} if source.identical_dumps else _redated(points)
    before: dict[str, deque[int]] = defaultdict(lambda: deque(maxlen=MEDIAN_OF))
    afresh = source.new_size_from
    reasons: dict[int, str] = {}
    for row in range(len(points)):
        data, size = points.data_lo[row], points.size[row]
        if afresh is not None and data >= afresh:
            before.clear()
            afresh = None
        if not complete[row]:
            marker = source.complete_when.replace("{name}", points.name[row])
            reason = f"it is not complete: no {marker} stands beside it"
        elif data > first_seen[row] + clock_tolerance:
            reason = f"it is dated in the future: {words.instant(data)}, seen {words.instant(first_seen[row])}"
        elif data > points.available_hi[row] + clock_tolerance:
            reason = f"it claims data newer than its own arrival at {words.instant(points.available_hi[row])}"
        elif size < source.min_size:
            reason = f"it is too small: {words.size(size)}, at least {words.size(source.min_size)} is asked"
        elif row in redated:
            reason = f"it has the same content as {points.name[redated[row]]}: a re-dated copy"
        else:
            reason = _shrunk(source, size, before[points.kind[row]])
        if reason:
            reasons[row] = reason
        elif source.max_shrink is not None:
            before[points.kind[row]].append(size)
    return reasons


def _shrunk(source: Source, size: int, before: Sequence[int]) -> str:
    if source.max_shrink is None or len(before) < MEDIAN_FROM:
        return ""
    shrink = source.max_shrink
    if size * shrink.denominator >= max(before) * (shrink.denominator - shrink.numerator):
        return ""  # no median lies above the largest; finding it each time takes ten times as long
    from statistics import median  # it loads a generator of random numbers, and few backups shrink

    usual = median(before)
    if size >= usual * (1 - shrink):
        return ""
    share = round(100 * (1 - size / usual))
    return f"it shrank by {share} % against the median {words.size(int(usual))} of the {len(before)} before it"


def _redated(points: Points) -> dict[int, int]:
    """Return row to the row that had the same checksum first, with data of another instant."""
    first: dict[str, int] = {}
    redated: dict[int, int] = {}
    arrival = points.available_lo
    for row, checksum in sorted(enumerate(points.checksum), key=lambda item: (arrival[item[0]], item[0])):
        if not checksum:
            continue
        original = first.setdefault(checksum, row)
        same = points.data_lo[original] == points.data_lo[row] and points.data_hi[original] == points.data_hi[row]
        if not same:
            redated[row] = original
    return redated
