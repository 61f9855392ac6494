"""How long recoveries took, against the time that was promised."""

from __future__ import annotations

from datetime import UTC, datetime, tzinfo
from typing import Final

from drcheck.core import words
from drcheck.core.model.exhibit import TimedRecovery, Times
from drcheck.reports.pictures.svg import WIDTH, Picture

_LEFT: Final = 200
_RIGHT: Final = 110
_ROW: Final = 20
_MOST: Final = 24
"""The newest so many are drawn."""
_CLASS: Final = {
    "in time": "met",
    "too long": "breached",
    "failed": "breached",
    "perhaps too long": "unknown",
    "goes on": "unknown",
    "time not known": "unknown",
    "proves nothing": "not-owed",
}


def times(exhibit: Times, zone: tzinfo, title: str) -> str:
    """Return a bar a recovery as SVG: solid what it surely took, lighter what it may have taken at most."""
    drawn = exhibit.recoveries[-_MOST:]
    longest = max((one.longest or one.shortest for one in drawn), default=0)
    top = max(1, longest, exhibit.objective) * 1.05
    told = [f"{_date(one, zone)} {word(one, exhibit)} after {length(one)}" for one in drawn]
    left_out = len(exhibit.recoveries) - len(drawn)
    picture = Picture(
        max(1, len(drawn)) * _ROW + 20,
        title,
        f"the objective is {words.duration(exhibit.objective)}; "
        + ("; ".join(told) or "no recovery is known")
        + (f"; {left_out} older ones are not drawn" if left_out else ""),
    )

    def x(seconds: float) -> float:
        return _LEFT + seconds / top * (WIDTH - _LEFT - _RIGHT)

    for number, one in enumerate(drawn):
        y = number * _ROW + 18
        said = word(one, exhibit)
        picture.text(0, y + 11, f"{_date(one, zone)}  {said}")
        picture.rect(_LEFT, y, x(one.shortest) - _LEFT, _ROW - 6, _CLASS[said])
        end = x(one.longest if one.longest is not None else top)
        picture.frame(_LEFT, y, max(end - _LEFT, 1), _ROW - 6, "line")
        picture.text(end + 5, y + 11, length(one))
    limit = x(exhibit.objective)
    picture.line(limit, 14, limit, len(drawn) * _ROW + 18, "line", dashed=True)
    picture.text(limit, 11, f"objective {words.duration(exhibit.objective)}", anchor="middle")
    return picture.markup()


def word(one: TimedRecovery, exhibit: Times) -> str:
    """Return how a recovery went: what took too long counts against the promise, whatever it proves."""
    if one.ended_at is not None and not one.passed:
        return "failed"
    if one.shortest > exhibit.objective:
        return "too long"
    if one.ended_at is None:
        return "goes on"
    if one.longest is None:
        return "time not known"
    if one.longest > exhibit.objective:
        return "perhaps too long"
    return "proves nothing" if one.why_not else "in time"


def length(one: TimedRecovery) -> str:
    """Return how long it took, without what does not count."""
    if one.longest is None:
        return f"{words.duration(one.shortest)} or more"
    return words.duration(one.longest)


def _date(one: TimedRecovery, zone: tzinfo) -> str:
    if one.ended_at is None:
        return "not over"
    return datetime.fromtimestamp(one.ended_at, UTC).astimezone(zone).date().isoformat()
