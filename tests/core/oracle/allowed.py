"""Sets of statuses that the rules allow at one second."""

from __future__ import annotations

from collections.abc import Iterable
from itertools import pairwise, product

from drcheck.core.model.status import Status
from drcheck.core.model.verdict import Finding, Window

Allowed = frozenset[Status | None]

MET: Allowed = frozenset({Status.MET})
BREACHED: Allowed = frozenset({Status.BREACHED})
UNKNOWN: Allowed = frozenset({Status.UNKNOWN})
NOTHING_OWED: Allowed = frozenset({None})

_ORDER: tuple[Status | None, ...] = (None, Status.MET, Status.UNKNOWN, Status.BREACHED)


def both_ways(worlds: Iterable[Allowed]) -> Allowed:
    """Return what is allowed where each of ``worlds`` may be the true one: one answer if they agree, else unknown."""
    worlds = list(worlds)
    agreed = frozenset.intersection(*worlds)
    if any(Status.UNKNOWN in world for world in worlds) or not agreed:
        agreed |= UNKNOWN
    return agreed


def worst_of(parts: Iterable[Allowed]) -> Allowed:
    """Return what is allowed where the worst of ``parts`` decides."""
    worst = NOTHING_OWED
    for part in parts:
        worst = frozenset(max(choice, key=_ORDER.index) for choice in product(worst, part))
    return worst


def status_at(finding: Finding, second: int) -> Status | None:
    """Return the status that a finding gives to ``second``."""
    (piece,) = (piece for piece in finding.pieces if piece.start <= second < piece.end)
    return piece.status


def assert_whole(finding: Finding, window: Window) -> None:
    """Check that the pieces fill the window, without holes, overlaps or empty ones."""
    assert finding.pieces, "no pieces at all"
    assert finding.pieces[0].start == window.start
    assert finding.pieces[-1].end == window.end
    assert all(one.end == after.start for one, after in pairwise(finding.pieces))
    assert all(piece.start < piece.end for piece in finding.pieces)
    assert all(piece.reason for piece in finding.pieces)
    assert finding.reason


def seconds_to_try(
    finding: Finding | None, window: Window, marks: Iterable[int], offsets: Iterable[int] = ()
) -> list[int]:
    """Return the seconds around everything that could matter: marks, marks moved by durations, and the pieces' edges."""
    marks = set(marks)
    around = {mark + sign * offset for mark in marks for offset in (0, *offsets) for sign in (1, -1)}
    if finding is not None:
        around |= {piece.start for piece in finding.pieces}
    around |= {window.start, window.end, *range(window.start, window.end, max(1, (window.end - window.start) // 9))}
    return sorted({at for mark in around for at in (mark - 1, mark) if window.start <= at < window.end})
