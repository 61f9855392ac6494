"""Which points of different sources are copies of one recovery point."""

from __future__ import annotations

from collections.abc import Sequence

from drcheck.core.evidence import Points

SMALLEST_COPY = 2
"""A point with less than this part (one half) of another's bytes is not a copy of it."""


def groups(rows: Sequence[tuple[Points, int]], matching: int, *, favourable: bool) -> list[int]:
    """Return when each recovery point among ``rows`` became available, oldest first; copies of one count once.

    ``matching`` is how many seconds the data of two copies may lie apart. Taken favourably, every uncertain instant
    is at the end that makes more points, and earlier; else at the one that makes fewer, and later.
    """
    if len(rows) == 1:
        points, row = rows[0]
        return [points.available_lo[row] if favourable else points.available_hi[row]]
    found: list[tuple[int, list[tuple[Points, int]]]] = []
    for points, row in sorted(rows, key=lambda item: (item[0].data_lo[item[1]], item[0].source)):
        available = points.available_lo[row] if favourable else points.available_hi[row]
        for index, (since, members) in enumerate(found):
            # Two points of one source are never copies of each other.
            if all(member[0].source != points.source for member in members) and are_copies(
                members[0], (points, row), matching, favourable=favourable
            ):
                found[index] = (min(since, available), [*members, (points, row)])
                break
        else:
            found.append((available, [(points, row)]))
    return sorted(since for since, _ in found)


def are_copies(one: tuple[Points, int], other: tuple[Points, int], matching: int, *, favourable: bool) -> bool:
    """Return whether two points of one data set at different sources are copies of each other.

    Where their data is uncertain, ``favourable`` asks for certainty (copies make one of two), else for the possibility.
    """
    (a, i), (b, j) = one, other
    if a.checksum[i] and b.checksum[j] and a.checksum[i] != b.checksum[j]:
        return False
    if min(a.size[i], b.size[j]) * SMALLEST_COPY < max(a.size[i], b.size[j]):
        return False
    nearest = max(0, a.data_lo[i] - b.data_hi[j], b.data_lo[j] - a.data_hi[i])
    farthest = max(abs(a.data_hi[i] - b.data_lo[j]), abs(b.data_hi[j] - a.data_lo[i]))
    return (farthest if favourable else nearest) <= matching
