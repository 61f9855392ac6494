"""Which points of different sources are copies of one recovery point."""

from __future__ import annotations

from collections.abc import Sequence

from drcheck.core.evidence import Points

SMALLEST_COPY = 2
"""A point with less than this part (one half) of another's bytes is not a copy of it."""

Row = tuple[Points, int]


def groups(rows: Sequence[Row], matching: int, *, favourable: bool) -> list[int]:
    """Return when each recovery point among ``rows`` became available, oldest first; copies of one count once.

    ``matching`` is how many seconds the data of two copies may lie apart. Taken favourably, every uncertain instant
    is at the end that makes more points, and earlier; else at the one that makes fewer, and later.
    """
    return sorted(
        min(points.available_lo[row] if favourable else points.available_hi[row] for points, row in members)
        for members in grouped(rows, matching, favourable=favourable)
    )


def grouped(rows: Sequence[Row], matching: int, *, favourable: bool) -> list[list[Row]]:
    """Return the recovery points among ``rows``, each with its copies, oldest data first; see :func:`groups`."""
    if len(rows) == 1:
        return [list(rows)]
    found: list[list[Row]] = []
    for points, row in sorted(rows, key=lambda item: (item[0].data_lo[item[1]], item[0].source)):
        for members in found:
            # Two points of one source are never copies of each other.
            if all(member[0].source != points.source for member in members) and are_copies(
                members[0], (points, row), matching, favourable=favourable
            ):
                members.append((points, row))
                break
        else:
            found.append([(points, row)])
    return found


def are_copies(one: Row, other: Row, matching: int, *, favourable: bool) -> bool:
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
