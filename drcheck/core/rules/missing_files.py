"""A candidate of several files counts once all of them stand: parts, and what lies in a directory.

Without a number or a marker nobody says how many there must be. Then more may come while the newest file is young, a
hole in the order of parts shows that one is missing, and so does a last part that is as large as the one before it
where there were more before: what splits a backup into parts of equal size leaves a smaller one at the end.
"""

from __future__ import annotations

from collections import deque

from msgspec.structs import replace

from drcheck.core.model.evidence import FOREVER, Pieces
from drcheck.core.model.points import Doubt, Points
from drcheck.core.rules.interface import RuleInput
from drcheck.core.rules.sizes import MEDIAN_OF
from drcheck.core.time.spans import Span


def apply(points: Points, shown: RuleInput) -> Points:
    """Reject what has fewer parts than there must be, and doubt what may lack some, or lost one."""
    if not any(shown.pieces):
        return points
    reasons: dict[int, str] = {}
    doubts: dict[int, list[Doubt]] = {}
    before: deque[int] = deque(maxlen=MEDIAN_OF)
    for row, pieces in enumerate(shown.pieces):
        if pieces is None or row in points.why_not:
            continue
        if pieces.number < pieces.wanted:
            empty = " and hold something" if pieces.parts and len(pieces.files) // 4 > pieces.parts else ""
            reasons[row] = f"it is not complete: {pieces.number} of its {pieces.wanted} parts stand there{empty}"
            continue
        found = [Doubt(why) for why in _lacks(pieces, before)]
        if not shown.whole[row]:
            found.append(Doubt("its files are so new that more may come; a marker (complete_when) would settle it"))
        if shown.lost_from[row] < FOREVER:
            lost = Span(shown.lost_from[row], FOREVER)
            found.append(Doubt("a file of it that was seen is gone", lost, made=True))
        if found:
            doubts[row] = found
        else:
            before.append(pieces.number)
    return replace(points, incomplete=points.incomplete | reasons.keys()).rejecting(reasons).doubting(doubts)


def _lacks(pieces: Pieces, before: deque[int]) -> list[str]:
    """Return why parts may be missing; ``before`` are the numbers of parts of those before it that count."""
    if pieces.wanted or not pieces.parts:
        return []
    if pieces.hole:
        return [f"its part {pieces.hole} is missing or empty; `parts:` on the source says how many there must be"]
    usual = sorted(before)[(len(before) - 1) // 2] if before else 0
    if pieces.parts < usual and pieces.full:
        parts = "1 part" if pieces.parts == 1 else f"{pieces.parts} parts"
        why = f"it has {parts} where there were {usual} before, and the last one is not smaller than the one before it"
        return [f"{why}; `parts:` on the source says how many there must be"]
    return []
