"""Small sources for tables: recovery points, the looks at them, and what was told of them."""

from __future__ import annotations

from array import array
from collections.abc import Sequence
from typing import NamedTuple

from drcheck.core.evaluation.inputs import Subject
from drcheck.core.history.absence import Absence
from drcheck.core.history.part import Part
from drcheck.core.model.evidence import FOREVER, Fact, FactValue, Look
from drcheck.core.model.points import Points

HOUR = 3600
DAY = 86400
START = 1774569600
"""2026-03-27T00:00Z."""


class Point(NamedTuple):
    """A candidate; instants are hours after :data:`START`."""

    data: float
    arrived: float
    gone: float | tuple[float, float | None] | None = None
    size: int = 1000
    checksum: str = ""
    why_not: str = ""
    told: dict[Fact, Sequence[tuple[float, FactValue]]] | None = None
    arrived_by: float | None = None


def at(hours: float) -> int:
    return START + int(hours * HOUR)


def daily(days: int, *, after: float = 0) -> tuple[float, ...]:
    """Return a complete look each day, the first one ``after`` so many hours."""
    return tuple(after + 24 * day for day in range(days))


def part(
    source: str,
    points: Sequence[Point],
    looks: Sequence[float] = (),
    *,
    thinned_after: int | None = None,
    unasked: dict[Fact, str] | None = None,
    gap: str = "",
) -> Part:
    """Return what one source holds of ``orders``; its points are named by their place in ``points``."""
    names = [f"{source}-{number}" for number in range(len(points))]
    rows = sorted(zip(points, names, strict=True), key=lambda item: item[0].data)
    gone = [one.gone if isinstance(one.gone, tuple) else (one.gone, one.gone) for one, _ in rows]
    columns = Points(
        source=source,
        of="orders",
        name=tuple(name for _, name in rows),
        kind=("",) * len(rows),
        data_lo=array("q", (at(one.data) for one, _ in rows)),
        data_hi=array("q", (at(one.data) for one, _ in rows)),
        available_lo=array("q", (at(one.arrived) for one, _ in rows)),
        available_hi=array("q", (at(one.arrived if one.arrived_by is None else one.arrived_by) for one, _ in rows)),
        gone_lo=array("q", (FOREVER if lo is None else at(lo) for lo, _ in gone)),
        gone_hi=array("q", (FOREVER if hi is None else at(hi) for _, hi in gone)),
        size=array("q", (one.size for one, _ in rows)),
        checksum=tuple(one.checksum for one, _ in rows),
        facts={
            (row, fact): [(at(look), told) for look, told in steps]
            for row, (one, _) in enumerate(rows)
            for fact, steps in (one.told or {}).items()
        },
        why_not={row: one.why_not for row, (one, _) in enumerate(rows) if one.why_not},
    )
    absence = Absence.proved_by([Look(source, at(look), at(look) + 5) for look in looks], thinned_after)
    return Part(columns, absence, gap, unasked or {})


def subject(*parts: Part) -> Subject:
    return Subject("orders", parts)
