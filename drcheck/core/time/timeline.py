"""Cutting a window into pieces of one status, and laying several judgements over each other."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Iterable, Mapping, Sequence

from drcheck.core.model.status import SEVERITY, Status, worst
from drcheck.core.model.verdict import Piece, Window
from drcheck.core.time.spans import Span

NOT_BOUND = "nothing is owed by this wording of the commitment, which binds only what begins while it is in force"


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
    began, status = window.start, status_at(window.start)
    for bound in sorted({t for t in changes if window.start < t < window.end}):
        if (following := status_at(bound)) is not status:
            pieces.append(Piece(began, bound, status, reason_at(began)))
            began, status = bound, following
    pieces.append(Piece(began, window.end, status, reason_at(began)))
    return tuple(pieces)


def overlay(window: Window, several: Sequence[Sequence[Piece]]) -> tuple[Piece, ...]:
    """Return the worst of several judgements of one window at each instant; of equals the first one's reason."""

    def pick(holding: Mapping[Status | None, set[int]]) -> int:
        return min(holding[worst(*(status for status, those in holding.items() if those))])

    return _lay(window, several, pick)


def first_of(window: Window, several: Sequence[Sequence[Piece]], *, breach_stands: bool = False) -> tuple[Piece, ...]:
    """Return at each instant the first of several judgements by which something is owed; the first if there is none.

    With ``breach_stands`` a breach of a later one outranks an unknown of the first.
    """

    def pick(holding: Mapping[Status | None, set[int]]) -> int:
        first = min((which for status, those in holding.items() if status is not None for which in those), default=0)
        if breach_stands and first in holding[Status.UNKNOWN] and holding[Status.BREACHED]:
            return min(holding[Status.BREACHED])
        return first

    return _lay(window, several, pick)


def _lay(
    window: Window, several: Sequence[Sequence[Piece]], pick: Callable[[Mapping[Status | None, set[int]]], int]
) -> tuple[Piece, ...]:
    """Lay judgements of one window over each other; ``pick`` says which decides, given which have which status."""
    starting: dict[int, list[tuple[int, Piece]]] = defaultdict(list)
    for which, pieces in enumerate(several):
        for piece in pieces:
            starting[piece.start].append((which, piece))
    current: dict[int, Piece] = {}
    holding: dict[Status | None, set[int]] = {status: set() for status in SEVERITY}
    found: list[Piece] = []
    for start in sorted(starting):
        for which, piece in starting[start]:
            if which in current:
                holding[current[which].status].discard(which)
            current[which] = piece
            holding[piece.status].add(which)
        deciding = current[pick(holding)]
        if not found or found[-1].status is not deciding.status:
            if found:
                found[-1] = found[-1]._replace(end=start)
            found.append(Piece(start, window.end, deciding.status, deciding.reason))
    return tuple(found)


def within(owed: Span, pieces: Sequence[Piece]) -> tuple[Piece, ...]:
    """Return ``pieces`` where they lie in ``owed``; outside of it nothing is owed."""
    found: list[Piece] = []
    for piece in pieces:
        start, end = max(piece.start, owed.start), min(piece.end, owed.end)
        if start >= end:
            found.append(piece._replace(status=None, reason=NOT_BOUND))
            continue
        if piece.start < start:
            found.append(Piece(piece.start, start, None, NOT_BOUND))
        found.append(piece._replace(start=start, end=end))
        if end < piece.end:
            found.append(Piece(end, piece.end, None, NOT_BOUND))
    return tuple(found)


def replaced(pieces: Sequence[Piece], during: Span, status: Status | None, reason: str) -> tuple[Piece, ...]:
    """Return ``pieces`` with another status, and its reason, where something is owed in ``during``."""
    parts = (
        part
        for piece in pieces
        for part in (
            piece._replace(end=min(piece.end, during.start)),
            Piece(max(piece.start, during.start), min(piece.end, during.end), status, reason)
            if piece.status is not None
            else piece._replace(start=max(piece.start, during.start), end=min(piece.end, during.end)),
            piece._replace(start=max(piece.start, during.end)),
        )
    )
    return tuple(part for part in parts if part.start < part.end)


def where_both_breached(window: Window, one: Sequence[Piece], other: Sequence[Piece], doubt: str) -> tuple[Piece, ...]:
    """Return ``one``, but for its breaches that are none by ``other``: these are unknown, because of ``doubt``."""
    unknown = (Piece(window.start, window.end, Status.UNKNOWN, doubt),)

    def pick(holding: Mapping[Status | None, set[int]]) -> int:
        return 2 if 0 in holding[Status.BREACHED] and 1 not in holding[Status.BREACHED] else 0

    return _lay(window, [one, other, unknown], pick)


def where_agreed(window: Window, one: Sequence[Piece], other: Sequence[Piece], doubt: str) -> tuple[Piece, ...]:
    """Return two judgements of one window where they agree, and unknown, because of ``doubt``, where they do not."""
    unknown = (Piece(window.start, window.end, Status.UNKNOWN, doubt),)

    def pick(holding: Mapping[Status | None, set[int]]) -> int:
        return 0 if any({0, 1} <= those for those in holding.values()) else 2

    return _lay(window, [one, other, unknown], pick)
