"""When a file came, as the place that holds it tells: what is uncertain stays a pair."""

from __future__ import annotations

from drcheck.core.model.evidence import FOREVER
from drcheck.core.model.policy import Arrival, Source
from drcheck.interfaces import Entry


def arrival(source: Source, entry: Entry, ahead: float = 0) -> tuple[int, int]:
    """Return between which instants ``entry`` was complete and here, as the place tells it.

    ``ahead``: by how many seconds the far clock cannot be trusted.
    """
    return between(source, entry.arrived_lo, entry.arrived_hi, entry.modified, ahead)


def between(source: Source, lo: int, hi: int, modified: int, ahead: float = 0) -> tuple[int, int]:
    """Return the same as :func:`arrival`, given what the place tells of a file's times."""
    if source.available_at is Arrival.MTIME:
        return modified, modified
    if hi == FOREVER and source.max_duration is not None:
        hi = lo + source.max_duration
    wrong = int(abs(ahead)) + 1 if ahead else 0
    return lo - (wrong if ahead > 0 else 0), hi if hi == FOREVER or ahead >= 0 else hi + wrong


def came(source: Source, entry: Entry) -> int:
    """Return when ``entry`` came at the latest: on a disk, what is copied with its times comes long after mtime."""
    by_storage = source.available_at is Arrival.STORAGE and entry.arrived_hi < FOREVER
    return max(entry.modified, entry.arrived_hi) if by_storage else entry.modified
