"""One source's share of a data set: its recovery points, and where their absence is proved."""

from __future__ import annotations

from collections.abc import Mapping

from msgspec import Struct, field
from msgspec.structs import replace

from drcheck.core.history.absence import Absence
from drcheck.core.model.evidence import Fact
from drcheck.core.model.points import Points


class Part(Struct, frozen=True):
    """One source's share of a data set."""

    points: Points
    absence: Absence
    gap: str = ""
    """Why the newest look was not complete; empty: it was."""
    unasked: Mapping[Fact, str] = field(default_factory=dict)
    """Why the newest look could not ask a fact of what lies there."""
    otherwise: Part | None = None
    """The same looks, read the other way where contents are alike; None: nothing hangs on that."""
    alike: str = ""
    """Which contents those are, and what would settle whether they are one."""
    copied_since: Points | None = None
    """The points with what has the content of one of them and came after the question's end; None: nothing did."""


def of_kind(part: Part, kind: str) -> Part:
    """Return what of a source's share is of that kind; a kind that is not known is full, and an empty one is any."""
    points = part.points
    known = points.kind or [""] * len(points)
    rows = [row for row in range(len(points)) if (known[row] or "full") == kind]
    return part if not kind or len(rows) == len(points) else replace(part, points=points.only(rows))
