"""From the plain values of a faultless file to what the types that its schema declares stand for."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import tzinfo
from typing import Any, Final

from drcheck.policyfile import scalar_formats, units
from drcheck.policyfile.schema import Schema, below, branches, items

_FORMATS: Final[Mapping[str, Callable[[str], object]]] = {
    "drcheck-duration": units.duration,
    "drcheck-tolerance": units.tolerance,
    "drcheck-size": units.size,
    "drcheck-percentage": units.percentage,
    "drcheck-target": units.target,
    "drcheck-money": units.money,
    "drcheck-notice": units.notice,
    "drcheck-hours": units.hours,
    "drcheck-month-day": units.month_day,
    "drcheck-shrink": scalar_formats.shrink,
    "drcheck-thinned": scalar_formats.thinned,
}
"""What text of other formats says is the text itself."""
_IN_ZONE: Final[Mapping[str, Callable[[str, tzinfo], int]]] = {
    "drcheck-instant": units.instant,
    "drcheck-until": units.until,
}


def converted(value: Any, part: Schema, zone: tzinfo) -> Any:
    """Return what ``value`` stands for by ``part``, its schema; bare dates are of ``zone``.

    Durations are seconds, sizes bytes, instants seconds since the epoch, shares fractions, lists tuples.
    """
    chosen = list(branches(part, value))
    if isinstance(value, dict):
        return {key: converted(each, below(chosen, key), zone) for key, each in value.items()}
    if isinstance(value, list):
        return tuple(converted(each, items(chosen), zone) for each in value)
    form = next((choice["format"] for choice in reversed(chosen) if "format" in choice), "")
    if form in _IN_ZONE:
        return _IN_ZONE[form](value, zone)
    return _FORMATS[form](value) if form in _FORMATS else value
