"""What the plans of backups amount to: how much may be lost between them, and on days that are longer or shorter."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, datetime, tzinfo
from typing import Final, NamedTuple

from drcheck.core.model.policy import Source
from drcheck.core.model.slots import Per
from drcheck.core.time.calendar import DAY, Slot, slots, ticks

_YEAR: Final = 400 * DAY
"""Long enough for every clock change of a year and for a yearly plan."""
_SPARSE: Final = 4
"""A plan with at most this many starts a day is followed through the year; a denser one for some days."""

CRON_HINT: Final = "plan it at another hour, or with * for every hour"


class Loss(NamedTuple):
    """The most that plans let be lost, in seconds."""

    usual: int
    changed: int
    """With the days on which clocks change."""


def worst_loss(sources: Sequence[Source], zone: tzinfo, as_of: int) -> Loss | None:
    """Return the worst loss between the planned backups of ``sources``, which hold the same data; None: no plan.

    Between two backups that is the interval plus the duration of the later one: until it is complete, only the
    earlier one can be restored.
    """
    planned = [source for source in sources if source.planned]
    sparse = all(len(ticks(source.planned, UTC, as_of, as_of + 8 * DAY)) <= 8 * _SPARSE for source in planned)
    # In UTC no day is longer than another.
    usual = _loss(planned, UTC, as_of, as_of + (_YEAR if sparse else 8 * DAY))
    if usual is None:
        return None
    reach = 2 * (usual // DAY + 1) * DAY
    changed = [_loss(planned, zone, day.start - reach, day.end + reach) for day in changed_days(zone, as_of)]
    return Loss(usual, max([usual, *(loss for loss in changed if loss is not None)]))


def _loss(sources: Sequence[Source], zone: tzinfo, start: int, end: int) -> int | None:
    """Return the largest arrival less newest data before it, over backups that bring newer data when they arrive."""
    arrivals = sorted(
        (tick + (source.max_duration or 0), tick)
        for source in sources
        for tick in ticks(source.planned, zone, start, end)
    )
    newest: int | None = None
    worst: int | None = None
    for arrival, data in arrivals:
        if newest is not None and data > newest:
            worst = max(worst or 0, arrival - newest)
        newest = data if newest is None else max(newest, data)
    return worst


def changed_days(zone: tzinfo, as_of: int) -> tuple[Slot, ...]:
    """Return the days of the coming year that have not 24 hours."""
    return tuple(day for day in slots(Per.DAY, zone, as_of, as_of + _YEAR) if day.end - day.start != DAY)


def lost_starts(cron: str, zone: tzinfo, as_of: int) -> str:
    """Tell where a clock change leaves ``cron`` without a start that is meant; empty: nowhere.

    Debian's cron catches up a fixed time of the skipped hour right after it, where it may coincide with another
    one, and starts a fixed time of the repeated hour once; wildcards are neither caught up nor held back.
    """
    for day in changed_days(zone, as_of):
        changed = _skipped(cron, zone, day) if day.end - day.start < DAY else _repeated(cron, zone, day)
        if changed:
            return changed
    return ""


def _skipped(cron: str, zone: tzinfo, day: Slot) -> str:
    if cron.split()[1] == "*":
        return ""  # every hour that there is
    count = len(ticks(cron, zone, day.start, day.end))
    week = 7 * DAY
    meant = min(
        len(ticks(cron, zone, other.start, other.end))
        for near in (day.start - week, day.end + week - 1)
        for other in slots(Per.DAY, zone, near, near + 1)
    )
    if count >= meant:
        return ""
    return f"it has {count or 'no'} {_starts(count)} on {day.label}, when clocks skip an hour, where {meant} are meant"


def _repeated(cron: str, zone: tzinfo, day: Slot) -> str:
    """Tell where hours are listed one by one, so that the repeated one gets its starts only once."""
    change = _offset_change(zone, day)
    extra = day.end - day.start - DAY
    before = len(ticks(cron, zone, change - 2 * extra, change - extra))
    during = len(ticks(cron, zone, change - extra, change + extra))
    after = len(ticks(cron, zone, change + extra, change + 2 * extra))
    if not before or not after or during >= before + after:
        return ""
    meant = before + after
    return f"it has {during} {_starts(during)} on {day.label} in the hour that comes twice, where {meant} are meant"


def _starts(count: int) -> str:
    return "start" if count <= 1 else "starts"


def _offset_change(zone: tzinfo, day: Slot) -> int:
    """Return the minute at which the zone's offset changes within ``day``."""
    before = datetime.fromtimestamp(day.start, zone).utcoffset()
    minutes = range(day.start, day.end + 60, 60)
    return next(minute for minute in minutes if datetime.fromtimestamp(minute, zone).utcoffset() != before)
