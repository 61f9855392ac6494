"""A candidate counts only if it is rightly dated: not in the future, and with no data newer than its own arrival."""

from __future__ import annotations

from operator import le

from drcheck.core import words
from drcheck.core.model.evidence import Points
from drcheck.core.model.policy import Arrival, Source
from drcheck.core.rules.interface import Shown


def apply(points: Points, shown: Shown) -> Points:
    """Reject what is dated after it was seen, or had arrived, by more than clocks may differ."""
    if all(map(le, points.data_lo, shown.first_seen)) and all(map(le, points.data_lo, points.available_hi)):
        return points
    reasons: dict[int, str] = {}
    perhaps = _perhaps(shown.source)
    columns = zip(points.data_lo, shown.first_seen, points.available_hi, strict=True)
    for row, (data, seen, arrived) in enumerate(columns):
        if data > seen + shown.clock_tolerance:
            reasons[row] = f"it is dated in the future: {words.instant(data)}, seen {words.instant(seen)}{perhaps}"
        elif data > arrived + shown.clock_tolerance:
            reasons[row] = f"it claims data newer than its own arrival at {words.instant(arrived)}{perhaps}"
    return points.rejecting(reasons)


def _perhaps(source: Source) -> str:
    """Return what of the policy may be the reason, as words to follow what is wrong."""
    if source.name_zone:
        return f"; perhaps {source.name_zone} (name_zone) is not the zone of the clock that wrote its name"
    if source.available_at is Arrival.MTIME:
        return "; perhaps its time was set back, and available_at: mtime takes that at its word"
    return ""
