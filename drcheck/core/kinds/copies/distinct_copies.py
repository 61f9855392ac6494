"""How many copies of a recovery point there were, far enough apart and in time."""

from __future__ import annotations

from bisect import bisect_left, bisect_right
from collections.abc import Iterable, Iterator, Sequence
from typing import NamedTuple

from drcheck.core import words
from drcheck.core.evaluation.inputs import Subject, Terms
from drcheck.core.evaluation.same_point import are_alike, are_copies, are_one_file, differ_in_size
from drcheck.core.history.likeness import checksums_differ
from drcheck.core.kinds.copies.commitment import Copies
from drcheck.core.model.evidence import FOREVER
from drcheck.core.model.points import Row
from drcheck.core.model.sites import Different, Place, Where

_NOWHERE = Place()


class Distinction(NamedTuple):
    """What tells a place from another one, as far as a commitment asks that they differ."""

    stated: bool
    """Whether the policy states it; what is not stated may be the same as anything else."""
    value: str
    around: frozenset[str] = frozenset()
    """Of a site, those that it is part of: it is lost with each of them, and so no other place than they are."""


class CountedCopies(NamedTuple):
    """The copies of one recovery point that count."""

    number: int
    """How many of them lie far enough apart."""
    rows: tuple[Row, ...]


class CopyCounter:
    """Counts the copies of recovery points of one data set."""

    def __init__(self, commitment: Copies, subject: Subject, terms: Terms) -> None:
        """Take what a commitment asks of copies, and where the policy says that the sources of ``subject`` lie."""
        self._within, self._matching = commitment.within, commitment.matching
        self._parts = {part.points.source: part.points for part in subject.parts}
        self._width = {
            source: max((hi - lo for lo, hi in zip(points.data_lo, points.data_hi, strict=True)), default=0)
            for source, points in self._parts.items()
        }
        self.places = {source: terms.places.get(source, _NOWHERE) for source in self._parts}
        self.counts = {source: _counts(commitment, place) for source, place in self.places.items()}
        self.keys = {source: _key(commitment.different, source, place) for source, place in self.places.items()}
        self.ceiling = self.at_most(self._parts)
        """No point can have more copies than this."""
        self._doubtful = any(points.doubts for points in self._parts.values())
        self._surely: dict[tuple[str, int, int], CountedCopies] = {}

    def surely(self, anchor: Row, by: int) -> CountedCopies:
        """Return the copies that a recovery point surely had that had arrived ``by`` then; the point itself is one.

        A copy counts if it arrived within ``within`` of the instant of its own data.
        """
        points, row = anchor
        settled = FOREVER if self._doubtful else points.data_hi[row] + self._matching + self._within
        asked = (points.source, row, min(by, settled))
        if (known := self._surely.get(asked)) is not None:
            return known
        options = [
            [
                (other, index)
                for other, index in self._near(anchor, source, self._matching)
                if other.available_hi[index] <= min(other.data_lo[index] + self._within, by)
                and other.counts_at(index, by, surely=True)
                and self._copies(anchor, (other, index), self._matching, surely=True)
            ]
            for source in self._parts
            if self.counts[source]
        ]
        chosen = self._most(options, beside=())
        found = self._surely[asked] = CountedCopies(self._fewest(chosen), chosen)
        return found

    def touching(self, start: int, end: int) -> Iterator[Row]:
        """Yield the points that count and whose data may be of [start, end)."""
        for source, points in self._parts.items():
            first = bisect_left(points.data_lo, start - self._width[source])
            for row in range(first, bisect_left(points.data_lo, end)):
                if points.data_hi[row] >= start and row not in points.why_not:
                    yield points, row

    def beside(self, anchor: Row) -> list[Row]:
        """Return what may be a copy of a recovery point, in time or not."""
        return [
            other
            for source in self._parts
            for other in self._near(anchor, source, self._matching)
            if source != anchor[0].source and self._copies(anchor, other, self._matching, surely=False)
        ]

    def possibly(self, anchor: Row, unseen: Iterable[str], by: int, *, through_unseen: bool = False) -> int:
        """Return how many copies a recovery point may have had ``by`` then, if one lies unseen at each of ``unseen``.

        With ``through_unseen`` the point is one that nobody saw, and ``anchor`` a copy of it, as the others are.
        """
        beside = tuple(source for source in unseen if self.counts[source] is not False)
        reach = (2 if through_unseen else 1) * self._matching
        options = [
            [
                (other, index)
                for other, index in self._near(anchor, source, reach)
                if other.available_lo[index] <= min(other.data_hi[index] + self._within, by)
                and other.counts_at(index, by, surely=False)
                and self._copies(anchor, (other, index), reach, surely=False)
            ]
            for source in self._parts
            if self.counts[source] is not False and source not in beside
        ]
        chosen = self._most(options, beside=beside)
        return self.at_most([*(other.source for other, _ in chosen), *beside])

    def at_most(self, sources: Iterable[str]) -> int:
        """Return how many places far enough apart these sources may be."""
        return len(_apart(self.keys[source] for source in sources if self.counts[source] is not False))

    def why_not(self, anchor: Row) -> str:
        """Return why something beside a recovery point is not a copy of it; empty: nothing lies there."""
        points, row = anchor
        for source in self._parts:
            for other, index in () if source == points.source else self._near(anchor, source, self._matching):
                name = f"{other.name[index]} at {source}"
                lost = other.doubt_at(index)
                if lost is not None:
                    return f"{name} {'does' if lost.certain else 'may'} not count: {lost.why}"
                if are_one_file(anchor, (other, index)):
                    return f"{name} is no copy of it: both are names of one file (hard links)"
                if differ_in_size(anchor, (other, index)):
                    sizes = f"{words.size(other.size[index])} beside {words.size(points.size[row])}"
                    return f"{name} is no copy of it: {sizes}"
                if checksums_differ(points.checksum[row], other.checksum[index]):
                    return f"{name} is no copy of it: its checksum is another one"
                if other.available_lo[index] > other.data_hi[index] + self._within:
                    late = words.duration(other.available_lo[index] - other.data_hi[index])
                    return f"{name} came {late} after the instant of its data"
        return ""

    def _near(self, anchor: Row, source: str, reach: int) -> Sequence[Row]:
        """Return what lies at ``source`` with data that may be within ``reach`` of a point's, nearest first."""
        points, row = anchor
        if source == points.source:
            return (anchor,)  # two points of one source are never copies of each other
        other = self._parts[source]
        first = bisect_left(other.data_lo, points.data_lo[row] - reach - self._width[source])
        after = bisect_right(other.data_lo, points.data_hi[row] + reach)
        near = ((other, index) for index in range(first, after) if other.data_hi[index] >= points.data_lo[row] - reach)
        found = list(near)
        if len(found) > 1:
            found.sort(key=lambda item: abs(item[0].data_lo[item[1]] - points.data_lo[row]))
        return found

    def _copies(self, anchor: Row, other: Row, reach: int, *, surely: bool) -> bool:
        points, row = other
        if points is anchor[0]:
            return True
        return row not in points.why_not and are_copies(anchor, other, reach, surely=surely)

    def _most(self, options: list[list[Row]], *, beside: Sequence[str]) -> tuple[Row, ...]:
        """Choose at most one row of each of ``options``, all alike, from as many places as can be."""

        def tally(sources: Iterable[str]) -> int:
            return self.at_most([*sources, *beside])

        ceiling = tally(rows[0][0].source for rows in options if rows)
        best: tuple[Row, ...] = ()
        best_tally = tally(())

        def extend(index: int, chosen: tuple[Row, ...]) -> None:
            nonlocal best, best_tally
            if index == len(options):
                if (number := tally(points.source for points, _ in chosen)) > best_tally:
                    best, best_tally = chosen, number
                return
            for row in options[index]:
                if all(are_alike(row, other) and not are_one_file(row, other) for other in chosen):
                    extend(index + 1, (*chosen, row))
                    if best_tally == ceiling:
                        return
            extend(index + 1, chosen)

        extend(0, ())
        return best

    def _fewest(self, rows: Iterable[Row]) -> int:
        keys = _apart(self.keys[points.source] for points, _ in rows)
        # What is not stated may be the same as anything else; alone, it is still some place.
        return sum(key.stated for key in keys) or min(len(keys), 1)


def one_fate(one: Place, other: Place) -> str:
    """Return what takes two places away together, as far as the policy says; empty: nothing known does."""
    if one.site and one.site == other.site:
        return f"both lie at {one.site}"
    if common := sorted(one.sites & other.sites):
        return f"both are part of {words.several(common)}"
    if one.account and one.account == other.account and one.provider == other.provider:
        return f"both are of account {one.account}"
    return ""


def _counts(commitment: Copies, place: Place) -> bool | None:
    """Return whether copies at ``place`` count at all; None: what the policy states of it does not tell."""
    outside = _fits(commitment.counted_outside, place)
    told = (None if outside is None else not outside) if commitment.counted_outside is not None else True
    inside = _fits(commitment.counted_in, place)
    if False in (told, inside):
        return False
    return None if None in (told, inside) else True


def _fits(where: Where | None, place: Place) -> bool | None:
    return True if where is None else where.fits(place)


def _key(different: Different | None, source: str, place: Place) -> Distinction:
    if different is None:
        return Distinction(True, source)
    if value := place.of(different):
        return Distinction(True, value, place.sites - {value} if different is Different.SITE else frozenset())
    # Two sources at one site are alike in whatever nobody states of it.
    return Distinction(False, f"site {place.site}" if place.site else f"source {source}")


def _apart(keys: Iterable[Distinction]) -> set[Distinction]:
    """Return the most of ``keys`` that are different places, each from each.

    Sites are nested like boxes: the innermost ones are apart, and a site around one of them is the same place.
    """
    found = set(keys)
    around = frozenset[str]().union(*(key.around for key in found))
    return {key for key in found if not (key.stated and key.value in around)}
