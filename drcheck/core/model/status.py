"""What a commitment comes to: met, breached or unknown, and which of these decides where several bind together."""

from __future__ import annotations

from enum import Enum
from itertools import count


class Status(Enum):
    """Met, breached or unknown. ``None`` in its place means that nothing is owed yet."""

    MET = "met"
    BREACHED = "breached"
    UNKNOWN = "unknown"


SEVERITY: dict[Status | None, int] = dict(zip((None, Status.MET, Status.UNKNOWN, Status.BREACHED), count()))
"""A breach always outranks an unknown, which outranks everything else."""


def worst(*statuses: Status | None) -> Status | None:
    """Return the status that decides where several bind together; nothing owed where none is given."""
    return max(statuses, key=SEVERITY.__getitem__, default=None)
