"""Sightings as the columns that evaluators judge."""

from __future__ import annotations

from array import array
from collections.abc import Callable, Iterable, Sequence
from itertools import pairwise

from drcheck.core.history.likeness import Reading
from drcheck.core.history.sightings import Sighting
from drcheck.core.history.twins import second_names
from drcheck.core.model.evidence import FOREVER, LONG_AGO, Points
from drcheck.core.model.policy import Source
from drcheck.core.rules import as_listed
from drcheck.core.rules.interface import Shown


def columns(
    source: Source,
    of: str,
    sightings: Iterable[Sighting],
    unseen_from: Callable[[Sighting], int],
    reading: Reading,
    *,
    last_shown: Callable[[Sighting], int],
    clock_tolerance: int,
) -> Points:
    """Return the sightings of one data set as columns, each with the reason if it does not count.

    ``reading`` is what contents that are alike are taken for, ``last_shown`` the newest look that showed one, and
    ``unseen_from`` says from when nobody knows whether what was never missed still stands.
    """
    sightings = [one for seen in sightings for one in seen.writings(reading.apart)]
    first = second_names(sightings, clock_tolerance=clock_tolerance) if reading.second_names else {}

    def data(seen: Sighting) -> Sighting:
        """Return that of which a sighting holds the data."""
        return first.get(id(seen), seen)

    rows = sorted(sightings, key=lambda seen: (data(seen).data_lo, seen.shown.name, seen.first_seen))
    points = Points(
        source=source.name,
        of=of,
        arrival_by=source.available_at.value,
        name=tuple(seen.shown.name for seen in rows),
        kind=tuple(seen.shown.kind or source.kind for seen in rows),
        data_lo=array("q", (data(seen).data_lo for seen in rows)),
        data_hi=array("q", (data(seen).newest_data for seen in rows)),
        available_lo=array("q", (seen.available_lo for seen in rows)),
        available_hi=array("q", (seen.available_hi for seen in rows)),
        gone_lo=array("q", (max(_unseen_from(seen, unseen_from), seen.available_lo) for seen in rows)),
        gone_hi=array("q", (seen.gone_hi for seen in rows)),
        size=array("q", (seen.shown.size for seen in rows)),
        checksum=tuple(seen.content.checksum for seen in rows),
        facts={(row, fact): steps for row, seen in enumerate(rows) for fact, steps in seen.facts.items()},
        second_of={row: first[id(seen)].shown.name for row, seen in enumerate(rows) if id(seen) in first},
        rewritten={
            row: tuple((one.gone_lo - 1, again.first_seen) for one, again in pairwise(seen.rewritings))
            for row, seen in enumerate(rows)
            if seen.rewritings
        },
        overwritten=frozenset(row for row, seen in enumerate(rows) if seen.replaced_by is not None),
        held_until={
            row: min(seen.replaced_by.data_lo, seen.gone_hi)
            for row, seen in enumerate(rows)
            if seen.in_a_row and seen.replaced_by is not None
        },
    )
    complete = [seen.shown.complete for seen in rows]
    pieces = [seen.shown.pieces for seen in rows]
    whole = [seen.shown.pieces is None or seen.is_whole(last_shown(seen)) for seen in rows]
    lost_from = [seen.lost_from for seen in rows]
    first_seen = [seen.first_seen for seen in rows]
    points = as_listed(points, Shown(source, complete, first_seen, clock_tolerance, pieces, whole, lost_from))
    _bridge(rows, points)
    return points


def _unseen_from(seen: Sighting, unseen_from: Callable[[Sighting], int]) -> int:
    return seen.gone_lo if seen.gone_lo < FOREVER else unseen_from(seen)


def _bridge(rows: Sequence[Sighting], points: Points) -> None:
    """Let a point stand until another writing of the same instant that surely counts has surely replaced it."""
    row_of = {id(seen): row for row, seen in enumerate(rows)}
    for row, seen in enumerate(rows):
        after = LONG_AGO if seen.replaced_by is None else row_of.get(id(seen.replaced_by), LONG_AGO)
        if after == LONG_AGO or not seen.in_a_row or after in points.why_not or after in points.doubts:
            continue
        if rows[after].available_hi > rows[after].first_seen:
            continue  # a look found it there before it was whole: then there was neither
        ones, others = seen.shown, rows[after].shown
        if (ones.data_lo, ones.data_hi) == (others.data_lo, others.data_hi):
            points.gone_lo[row] = points.gone_hi[row] = points.available_hi[after]
