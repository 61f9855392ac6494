"""The strip of a commitment: met, breached, unknown or not owed at each time of the window."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import tzinfo
from itertools import groupby
from typing import Final

from drcheck.core import words
from drcheck.core.model.status import SEVERITY, Status
from drcheck.core.model.verdict import Piece, Window
from drcheck.reports.pictures.axis import HEIGHT, Axis
from drcheck.reports.pictures.svg import WIDTH, Picture

_TALL: Final = 30
_COLUMNS: Final = WIDTH // 2
_SHARE: Final = {Status.BREACHED: 1.0, Status.UNKNOWN: 0.66, Status.MET: 0.33, None: 0.1}
"""How much of the strip's height a status takes, so that it is told without colour."""
_CLASS: Final = {Status.BREACHED: "breached", Status.UNKNOWN: "unknown", Status.MET: "met", None: "not-owed"}


def strip(pieces: Sequence[Piece], window: Window, zone: tzinfo, title: str) -> str:
    """Return the strip as SVG: each of its columns shows the worst that it covers, however short that was."""
    spent = {status: sum(one.end - one.start for one in pieces if one.status is status) for status in (*Status, None)}
    told = [
        f"{'not owed' if status is None else status.value} for {words.duration(length)}"
        for status, length in spent.items()
        if length
    ]
    picture = Picture(_TALL + HEIGHT, title, ", ".join(told) or "nothing of it has begun")
    axis = Axis(window, zone)
    axis.draw(picture, 0, _TALL)
    at = 0
    for status, several in groupby(_columns(pieces, window)):
        width = len([*several])
        high = _TALL * _SHARE[status]
        picture.rect(at * 2, _TALL - high, width * 2, high, _CLASS[status], _CLASS[status].replace("-", " "))
        at += width
    return picture.markup()


def _columns(pieces: Sequence[Piece], window: Window) -> list[Status | None]:
    """Return the worst status in each column of the strip."""
    length = max(1, window.end - window.start)
    columns: list[Status | None] = [None] * _COLUMNS
    for piece in pieces:
        if piece.end <= piece.start:
            continue
        first = (piece.start - window.start) * _COLUMNS // length
        last = (piece.end - 1 - window.start) * _COLUMNS // length
        for column in range(max(first, 0), min(last, _COLUMNS - 1) + 1):
            columns[column] = max(columns[column], piece.status, key=SEVERITY.__getitem__)
    return columns
