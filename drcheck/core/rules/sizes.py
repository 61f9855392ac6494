"""A candidate counts only if it is large enough: by what the source states, and beside what came before it."""

from __future__ import annotations

from collections import defaultdict, deque
from collections.abc import Iterator, Sequence
from fractions import Fraction
from typing import Final

from drcheck.core import integer_columns, words
from drcheck.core.model.evidence import UNTOLD
from drcheck.core.model.points import Doubt, Points
from drcheck.core.rules.failed_checks import is_broken
from drcheck.core.rules.interface import RuleInput

MEDIAN_OF: Final = 10
"""How many counted points of its kind a candidate's size is compared with."""
MEDIAN_FROM: Final = 3
"""With fewer than this before it, nothing is said about a candidate's size."""


def at_least(points: Points, shown: RuleInput) -> Points:
    """Reject what is smaller than ``min_size``, and doubt what nobody tells the size of; what is empty never counts."""
    least = shown.source.least_size
    if not points.size or integer_columns.bounds(points.size)[0] >= least:
        return points
    small = {
        row: f"it is too small: {words.size(size)}, at least {words.size(least)} is asked"
        for row, size in enumerate(points.size)
        if UNTOLD < size < least
    }
    if shown.source.min_size is None:
        return points.rejecting(small)
    return points.rejecting(small).doubting(_untold(points, f"at least {words.size(least)} is asked"))


def _untold(points: Points, asked: str) -> dict[int, tuple[Doubt, ...]]:
    """Return doubts of what nobody tells the size of, where the policy asks for one."""
    doubt = Doubt(f"nobody tells its size, and {asked}")
    return {row: (doubt,) for row, size in enumerate(points.size) if size == UNTOLD}


def not_shrunk(points: Points, shown: RuleInput) -> Points:
    """Reject what is smaller than usual by more than ``max_shrink``."""
    shrink = shown.source.max_shrink
    if shrink is None or shrink == 1:
        return points
    reasons: dict[int, str] = {}
    least = 1 - shrink
    if UNTOLD in points.size:
        points = points.doubting(_untold(points, "it may have shrunk by no more than the source says"))
    if are_alike(points, least):
        return points
    for row, before in compared(points, shown):
        if points.size[row] == UNTOLD:
            continue
        if (usual := usual_above(points.size[row], before, least)) is not None:
            share = round(100 * (1 - points.size[row] / usual))
            reasons[row] = (
                f"it shrank by {share} % against the median {words.size(int(usual))} of the {len(before)} before it"
            )
        elif row not in points.doubts and not is_broken(points, row):
            before.append(points.size[row])
    return points.rejecting(reasons)


def compared(points: Points, shown: RuleInput) -> Iterator[tuple[int, deque[int]]]:
    """Yield each row that counts with the sizes that it is compared with: of its kind, before it, by its data.

    Whoever takes a row as counted, and without doubt, adds its size to those; the sizes start afresh where the policy
    says so.
    """
    before: dict[str, deque[int]] = defaultdict(lambda: deque(maxlen=MEDIAN_OF))
    afresh = shown.source.new_size_from
    for row in points.counted():
        if afresh is not None and points.data_lo[row] >= afresh:
            before.clear()
            afresh = None
        yield row, before[points.kind[row]]


def are_alike(points: Points, share: Fraction) -> bool:
    """Return whether not even the smallest of all is less than that ``share`` of the largest."""
    smallest, largest = integer_columns.bounds(points.size) if points.size else (0, 0)
    return smallest * share.denominator >= largest * share.numerator


def usual_above(size: int, before: Sequence[int], share: Fraction) -> float | None:
    """Return the median of the sizes ``before`` if ``size`` is less than that ``share`` of it; None: it is not."""
    if len(before) < MEDIAN_FROM or size * share.denominator >= max(before) * share.numerator:
        return None  # no median lies above the largest; finding it each time takes ten times as long
    from statistics import median  # it loads a generator of random numbers, and few backups shrink

    usual = median(before)
    return usual if size < usual * share else None
