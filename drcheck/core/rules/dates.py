"""A candidate counts only if it is rightly dated: not in the future, and with no data newer than its own arrival."""

from __future__ import annotations

from typing import Final

from drcheck.core import integer_columns, words
from drcheck.core.model.points import Doubt, Points
from drcheck.core.model.policy import Arrival, Source
from drcheck.core.rules.interface import RuleInput

_ZONES_APART: Final = 26 * 3600
"""Seconds between the earliest zone, UTC+14, and the latest, UTC-12."""


def apply(points: Points, shown: RuleInput) -> Points:
    """Reject what is dated after it was seen, or had arrived, by more than clocks may differ.

    Where its place also says that it came only after it was seen, and a look since then has shown it, the clock of that
    first look may have been behind: it is in doubt.
    """
    if all(integer_columns.none_less(column, points.data_lo) for column in (shown.first_seen, points.available_hi)):
        return points
    reasons: dict[int, str] = {}
    doubts: dict[int, tuple[Doubt]] = {}
    tells_arrival = shown.source.available_at is not Arrival.NAME
    columns = zip(points.data_lo, shown.first_seen, points.available_hi, shown.came_later, strict=True)
    for row, (data, seen, arrived, came) in enumerate(columns):
        if data > seen + shown.clock_tolerance and tells_arrival and data <= came + shown.clock_tolerance:
            why = (
                f"the look that first showed it, {words.instant(seen)}, was made before it came by the clock of its "
                f"place, {words.instant(came)}: which of the two clocks was off then is not known"
            )
            doubts[row] = (Doubt(why),)
        elif data > seen + shown.clock_tolerance:
            reasons[row] = f"it is dated in the future: {words.instant(data)}, seen {words.instant(seen)}"
            reasons[row] += _other_zone(shown.source, data - seen)
        elif data > arrived + shown.clock_tolerance:
            reasons[row] = f"it claims data newer than its own arrival at {words.instant(arrived)}"
            reasons[row] += _other_zone(shown.source, data - arrived) or _set_back(shown.source)
    return points.rejecting(reasons).doubting(doubts)


def _other_zone(source: Source, ahead: int) -> str:
    """Return that a zone may be the reason for data so many seconds ahead; empty: none makes so great a difference."""
    if not source.name_zone or ahead > _ZONES_APART:
        return ""
    return f"; perhaps {source.name_zone} (name_zone) is not the zone of the clock that wrote its name"


def _set_back(source: Source) -> str:
    """Return that the time a place shows may be the reason; empty: nobody took it at its word."""
    if source.available_at is not Arrival.MTIME:
        return ""
    return "; perhaps its time was set back, and available_at: mtime takes that at its word"
