"""Cutting a window into pieces of one status, and laying several judgements over each other."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence

from drcheck.core.verdict import SEVERITY, Piece, Status, Window


def cut(
    window: Window,
    changes: Iterable[int],
    status_at: Callable[[int], Status | None],
    reason_at: Callable[[int], str],
) -> tuple[Piece, ...]:
    """Return the window as maximal pieces of one status.

    Between two neighbours of ``changes`` nothing changes; ``status_at(t)`` tells what holds right after ``t``, and
    ``reason_at(t)`` why, asked once for each piece.
    """
    pieces: list[Piece] = []
    bounds = [window.start, *sorted({t for t in changes if window.start < t < window.end}), window.end]
    began, status = window.start, status_at(window.start)
    for bound in bounds[1:-1]:
        if (following := status_at(bound)) is not status:
            pieces.append(Piece(began, bound, status, reason_at(began)))
            began, status = bound, following
    pieces.append(Piece(began, window.end, status, reason_at(began)))
    return tuple(pieces)


def overlay(window: Window, several: Sequence[Sequence[Piece]]) -> tuple[Piece, ...]:
    """Return the worst of several judgements of one window at each instant; of equals the first one's reason."""
    if len(several) == 1:
        return tuple(several[0])
    bounds = sorted({window.start, *(piece.start for pieces in several for piece in pieces)})
    cursors = [0] * len(several)
    found: list[Piece] = []
    for bound, end in zip(bounds, [*bounds[1:], window.end], strict=True):
        deciding: Piece | None = None
        for which, pieces in enumerate(several):
            while pieces[cursors[which]].end <= bound:
                cursors[which] += 1
            piece = pieces[cursors[which]]
            if deciding is None or SEVERITY[piece.status] > SEVERITY[deciding.status]:
                deciding = piece
        if deciding is None:
            continue
        if found and found[-1].status is deciding.status:
            found[-1] = found[-1]._replace(end=end)
        else:
            found.append(Piece(bound, end, deciding.status, deciding.reason))
    return tuple(found)
