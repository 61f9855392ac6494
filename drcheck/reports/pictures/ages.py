"""The age of the newest data over a window, as the saw-tooth that it is, against what was promised."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from datetime import tzinfo
from itertools import pairwise
from typing import Final

from drcheck.core import words
from drcheck.core.model.exhibit import Ages, ExposureStep
from drcheck.core.model.status import Status
from drcheck.core.model.verdict import Piece, Window
from drcheck.reports.pictures.axis import HEIGHT, Axis
from drcheck.reports.pictures.svg import WIDTH, Picture

_TALL: Final = 150
_MOST_OBJECTIVES: Final = 4
"""What is older than so many times the objective is cut at the picture's top."""
_MOST_STEPS: Final = 480
"""Of more steps, the greatest age in each of so many equal spans is drawn."""
_LINE: Final = 16
"""Room that a line of text takes."""
_SHADES: Final = {Status.BREACHED: "shade-breached", Status.UNKNOWN: "shade-unknown"}


def ages(exhibit: Ages, pieces: Sequence[Piece], window: Window, zone: tzinfo, title: str) -> str:
    """Return the saw-tooth as SVG; what was breached or unknown by ``pieces`` is shaded behind it."""
    teeth = list(_teeth(exhibit.steps, window))
    known = [oldest for *_, oldest in teeth if oldest is not None]
    worst = max(known, default=0)
    top = max(1, min(max(worst, exhibit.objective), _MOST_OBJECTIVES * exhibit.objective)) * 1.08
    heard = f"the oldest that the newest data got is {words.duration(worst)}" if known else "no data is known"
    lacking = known and len(known) < len(teeth)
    picture = Picture(
        _TALL + HEIGHT,
        title,
        f"{heard}{', and for some time there was none' if lacking else ''}; "
        f"the objective is {words.duration(exhibit.objective)}",
    )
    axis = Axis(window, zone)

    def y(age: float) -> float:
        return _TALL - min(age, top) / top * _TALL

    for piece in pieces:
        if (shade := _SHADES.get(piece.status) if piece.status is not None else None) is not None:
            x = axis.x(piece.start)
            picture.rect(x, 0, max(axis.x(piece.end) - x, 1), _TALL, shade)
    axis.draw(picture, 0, _TALL)
    outline: list[tuple[float, float]] = []
    for start, end, youngest, oldest in _fewer(teeth, window):
        if oldest is None:
            outline += [(axis.x(start), 0), (axis.x(end), 0)]
        else:
            outline += [(axis.x(start), y(youngest)), (axis.x(end), y(oldest))]
    if outline:
        picture.area([(outline[0][0], _TALL), *outline, (outline[-1][0], _TALL)], "area")
    limit = y(exhibit.objective)
    picture.line(0, limit, WIDTH, limit, "line", dashed=True)
    picture.text(4, limit - 4 if limit > _LINE else limit + _LINE, f"objective {words.duration(exhibit.objective)}")
    if worst > top:
        picture.text(WIDTH - 4, 12, f"cut here; up to {words.duration(worst)}", anchor="end")
    return picture.markup()


_Tooth = tuple[int, int, int, int | None]
"""From when to when, and how old the newest data was then; None: there was none."""


def _teeth(steps: Sequence[ExposureStep], window: Window) -> Iterator[_Tooth]:
    bounds = [*(max(step.since, window.start) for step in steps), window.end]
    for step, (start, end) in zip(steps, pairwise(bounds), strict=True):
        if start >= end:
            continue
        if step.data_as_of is None:
            yield start, end, 0, None
        else:
            yield start, end, max(0, start - step.data_as_of), max(0, end - step.data_as_of)


def _fewer(teeth: Sequence[_Tooth], window: Window) -> Iterator[_Tooth]:
    """Return what can be drawn: of many teeth the greatest age in each of as many equal spans as there is room for."""
    if len(teeth) <= _MOST_STEPS:
        yield from teeth
        return
    length = window.end - window.start
    worst: dict[int, int | None] = {}
    for start, end, _, oldest in teeth:
        for span in range(
            (start - window.start) * _MOST_STEPS // length, (end - 1 - window.start) * _MOST_STEPS // length + 1
        ):
            before = worst.get(span, 0)
            worst[span] = None if oldest is None or before is None else max(before, oldest)
    for span, oldest in sorted(worst.items()):
        start, end = (window.start + number * length // _MOST_STEPS for number in (span, span + 1))
        yield start, end, oldest or 0, oldest
