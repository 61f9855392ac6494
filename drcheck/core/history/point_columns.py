"""Sightings as the columns that evaluators judge."""

from __future__ import annotations

from array import array
from collections.abc import Callable, Iterable, Mapping, Sequence
from itertools import pairwise
from typing import TypeVar

from drcheck.core import integer_columns
from drcheck.core.history.likeness import Reading
from drcheck.core.history.same_content import second_names
from drcheck.core.history.sighting_table import SightingTable
from drcheck.core.history.sightings import Sighting
from drcheck.core.model.equal_texts import EqualTexts
from drcheck.core.model.evidence import FOREVER, LONG_AGO, Fact
from drcheck.core.model.points import Points
from drcheck.core.model.policy import Source
from drcheck.core.names.source_naming import bases_of
from drcheck.core.rules import as_listed
from drcheck.core.rules.interface import RuleInput

T = TypeVar("T")


def columns(
    source: Source,
    of: str,
    sightings: Iterable[Sighting],
    plain: SightingTable,
    unseen_from: Callable[[array[int], array[int]], array[int]],
    reading: Reading,
    *,
    last_shown: Callable[[Sighting], int],
    complete_looks: Callable[[], Sequence[tuple[int, int]]] = tuple,
    clock_tolerance: int,
) -> Points:
    """Return the sightings of one data set as columns, each with the reason if it does not count.

    ``plain`` has those that columns tell wholly, none with the content of another. ``reading`` is what contents that
    are alike are taken for, ``last_shown`` the newest look that showed one, and ``unseen_from`` says from when nobody
    knows whether what was never missed still stands: given the oldest instants of data, and the newest looks that
    showed it.
    """
    seen = [one for seen in sightings for one in seen.writings(reading.apart)]
    first = second_names(seen, clock_tolerance=clock_tolerance) if reading.second_names else {}
    rows = _Rows(seen, plain, [first.get(id(one), one).data_lo for one in seen])
    data_hi = [first.get(id(one), one).newest_data for one in seen]
    available_lo = rows.integers((one.available_lo for one in seen), plain.available_lo)
    gone_lo = rows.integers((one.gone_lo for one in seen), plain.gone_lo)
    unseen = unseen_from(
        rows.integers((one.shown.data_lo for one in seen), plain.data_lo),
        rows.integers((one.last_seen for one in seen), plain.last_seen),
    )
    if integer_columns.alike(gone_lo, FOREVER):
        gone_lo = unseen
    else:
        both = zip(gone_lo, unseen, strict=True)
        gone_lo = array("q", [unknown if gone == FOREVER else gone for gone, unknown in both])
    gone_lo = integer_columns.greater(gone_lo, available_lo)
    kinds = rows.column((one.shown.kind for one in seen), plain.kind)
    names = rows.column((one.shown.name for one in seen), plain.name)
    names = names if isinstance(names, EqualTexts) else tuple(names)
    points = Points(
        source=source.name,
        of=of,
        arrival_by=source.available_at.value,
        name=names,
        kind=tuple(kind or source.kind for kind in kinds) if source.kind else tuple(kinds),
        data_lo=rows.data_lo,
        data_hi=rows.integers(data_hi, _newest_data(plain)),
        available_lo=available_lo,
        available_hi=rows.integers((one.available_hi for one in seen), plain.available_hi),
        gone_lo=gone_lo,
        gone_hi=rows.integers((one.gone_hi for one in seen), plain.gone_hi),
        size=rows.integers((one.shown.size for one in seen), plain.size),
        checksum=tuple(rows.column((one.content.checksum for one in seen), plain.checksum)),
        facts={(rows.at[i], fact): steps for i, one in enumerate(seen) for fact, steps in one.facts.items()},
        builds_on={**_told_bases(source, names), **_known_bases(seen, rows.at)},
        second_of={rows.at[i]: first[id(one)].shown.name for i, one in enumerate(seen) if id(one) in first},
        rewritten={
            rows.at[i]: tuple((before.gone_lo - 1, again.first_seen) for before, again in pairwise(one.rewritings))
            for i, one in enumerate(seen)
            if one.rewritings
        },
        overwritten=frozenset(rows.at[i] for i, one in enumerate(seen) if one.replaced_by is not None),
        held_until={
            rows.at[i]: min(one.replaced_by.data_lo, one.gone_hi)
            for i, one in enumerate(seen)
            if one.in_a_row and one.replaced_by is not None
        },
    )
    alone = len(plain)
    whole = (one.shown.pieces is None or one.is_whole(last_shown(one)) for one in seen)
    shown = RuleInput(
        source,
        rows.column((one.shown.complete for one in seen), (True,) * alone),
        rows.integers((one.first_seen for one in seen), plain.first_seen),
        clock_tolerance,
        rows.column((one.shown.pieces for one in seen), (None,) * alone),
        rows.column(whole, (True,) * alone),
        rows.column((one.lost_from for one in seen), (FOREVER,) * alone),
        rows.column((_came_later(one, last_shown(one)) for one in seen), (LONG_AGO,) * alone),
        complete_looks,
    )
    points = as_listed(points, shown)
    _bridge(seen, rows.at, points)
    return points


def _told_bases(source: Source, names: Sequence[str]) -> dict[int, tuple[int, int]]:
    """Return which names, by row, tell the instant of what their backup builds on."""
    if not any("{since:" in template for template in source.templates) or (base := bases_of(source)) is None:
        return {}
    return {row: told for row, name in enumerate(names) if (told := base(name)) is not None}


def _known_bases(sightings: Sequence[Sighting], at: Mapping[int, int]) -> dict[int, tuple[int, int]]:
    """Return the instant of the backup that one builds on, by row, where its tool has told that."""
    told = ((at[i], one.told(Fact.BUILDS_ON)) for i, one in enumerate(sightings))
    return {row: (int(base.how), int(base.how)) for row, base in told if base is not None}


def _came_later(seen: Sighting, last_shown: int) -> int:
    """Return when the place says that it came, if that lies between the look that first showed it and the newest."""
    came = seen.shown.available_lo
    return came if seen.first_seen < came <= last_shown else LONG_AGO


class _Rows:
    """The order of rows in columns: by their data, then by name, then by the look that first showed them."""

    def __init__(self, sightings: Sequence[Sighting], plain: SightingTable, data_lo: Iterable[int]) -> None:
        data = array("q", data_lo)
        of_sightings = data[:]
        data.extend(plain.data_lo)
        self._all_plain = not sightings
        self._in_order = integer_columns.rises(data)
        self._order: Sequence[int] = range(len(data))
        if not self._in_order:
            names = [*(one.shown.name for one in sightings), *plain.name]
            first_seen = [*(one.first_seen for one in sightings), *plain.first_seen]
            self._order = sorted(self._order, key=list(zip(data, names, first_seen, strict=True)).__getitem__)
        self.data_lo = self.integers(of_sightings, plain.data_lo)
        self.at = dict(zip(self._order, range(len(data)), strict=True)) if sightings else {}
        """Where each of the sightings, and of the others after them, stands."""

    def column(self, of_sightings: Iterable[T], of_plain: Sequence[T]) -> Sequence[T]:
        """Return one column in this order, given that of the sightings, and of what columns tell wholly."""
        if self._in_order and self._all_plain:
            return of_plain
        column = [*of_sightings, *of_plain]
        return column if self._in_order else [column[row] for row in self._order]

    def integers(self, of_sightings: Iterable[int], of_plain: array[int]) -> array[int]:
        """Return one column of integers in this order; it is nobody else's."""
        return array("q", self.column(of_sightings, of_plain))


def _newest_data(plain: SightingTable) -> array[int]:
    """Return the newest instants that data may be of: data is never newer than its arrival."""
    if plain.data_lo == plain.data_hi:
        return plain.data_hi
    return array("q", map(min, plain.data_hi, map(max, plain.data_lo, plain.available_hi)))


def _bridge(sightings: Sequence[Sighting], at: Mapping[int, int], points: Points) -> None:
    """Let a point stand until another writing of the same instant that surely counts has surely replaced it."""
    following = {id(seen): index for index, seen in enumerate(sightings)}
    for index, seen in enumerate(sightings):
        if not seen.in_a_row or id(seen.replaced_by) not in following:
            continue
        by = sightings[following[id(seen.replaced_by)]]
        row, after = at[index], at[following[id(by)]]
        if after in points.why_not or after in points.doubts:
            continue
        if points.available_hi[after] > by.first_seen:
            continue  # a look found it there before it was whole: then there was neither
        if (seen.shown.data_lo, seen.shown.data_hi) == (by.shown.data_lo, by.shown.data_hi):
            points.gone_lo[row] = points.gone_hi[row] = points.available_hi[after]
