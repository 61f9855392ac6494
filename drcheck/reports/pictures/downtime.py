"""Downtime of each period against what its target allows."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from typing import Final

from drcheck.core import words
from drcheck.core.model.status import Status
from drcheck.core.model.verdict import PeriodFigures
from drcheck.reports.pictures.svg import WIDTH, Picture

_LEFT: Final = 150
_RIGHT: Final = 230
_ROW: Final = 20
_MOST: Final = 31


def downtime(periods: Sequence[PeriodFigures], title: str) -> str:
    """Return a bar a period as SVG, up to its downtime, with a line at the downtime that is allowed."""
    drawn = periods[-_MOST:]
    top = max(1, *(max(one.downtime, one.allowed) for one in drawn)) * 1.05 if drawn else 1
    told = [f"{one.label}: {_told(one)}" for one in drawn]
    left_out = _left_out(periods[:-_MOST])
    told += [left_out] if left_out else []
    height = max(1, len(drawn)) * _ROW + 4
    picture = Picture(height + (_ROW if left_out else 0), title, "; ".join(told) or "no period has begun")
    if left_out:
        picture.text(0, height + 12, left_out)
    for number, one in enumerate(drawn):
        y = number * _ROW + 2
        scale = (WIDTH - _LEFT - _RIGHT) / top
        status = "not-owed" if one.status is None else one.status.value
        picture.text(0, y + 12, one.label)
        picture.frame(_LEFT, y, one.allowed * scale, _ROW - 5, "faint")
        picture.rect(_LEFT, y, max(one.downtime * scale, 1), _ROW - 5, status)
        limit = _LEFT + one.allowed * scale
        picture.line(limit, y - 2, limit, y + _ROW - 3, "line", dashed=True)
        picture.text(WIDTH, y + 12, _told(one), anchor="end")
    return picture.markup()


def _left_out(earlier: Sequence[PeriodFigures]) -> str:
    if not earlier:
        return ""
    count = Counter("not owed" if one.status is None else one.status.value for one in earlier)
    stood = ", ".join(f"{count[word]} {word}" for word in ("breached", "unknown", "met", "not owed") if count[word])
    return f"{words.counted(len(earlier), 'earlier period')} {'is' if len(earlier) == 1 else 'are'} not drawn: {stood}"


def _told(one: PeriodFigures) -> str:
    mark = {Status.MET: "", Status.BREACHED: ", breached", Status.UNKNOWN: ", unknown", None: ", not owed"}[one.status]
    return f"{words.duration(one.downtime)} of {words.duration(one.allowed)}{mark}"
