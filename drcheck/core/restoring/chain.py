"""What must be restored before a backup that builds on others, by the rules of :mod:`drcheck.core.rules.dependence`."""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Iterable, Sequence

from msgspec import Struct, field

from drcheck.core.model.points import Points, Row
from drcheck.core.rules.dependence import DEPENDENT, RANK, Link, links, was_whole
from drcheck.core.time.spans import includes


class Chains(Struct, frozen=True):
    """The backups of one data set that others build on, in order of their data."""

    alive: frozenset[str]
    """The sources that survive."""
    t: int
    """The instant judged."""
    ordered: Sequence[Link] = ()
    _places: dict[tuple[str, int], int] = field(default_factory=dict)

    @classmethod
    def of(cls, everything: Iterable[Points], alive: Iterable[str], t: int) -> Chains:
        """Read what ``everything``, the sources' shares of a data set, says of what builds on what."""
        everything, survive = tuple(everything), frozenset(alive)
        if all(DEPENDENT.isdisjoint(points.kind) for points in everything):
            return cls(survive, t)
        ordered = sorted(links(everything, survive), key=_order)
        return cls(survive, t, ordered, {(link.kind, link.data): place for place, link in enumerate(ordered)})

    def steps(self, row: Row) -> tuple[Row, ...]:
        """Return what must be restored before it, the first first: of each the copy that is best to have."""
        points, index = row
        if (points.kind[index] or "full") not in DEPENDENT:
            return ()
        if index in points.own_chain:  # PostgreSQL itself fetches the segments between
            return () if (base := _base(row)) is None else (*self.steps(base), base)
        found = self._before(self._places[points.kind[index], points.data_lo[index]])
        return tuple(self._copy(self.ordered[place], points.source) for place in found)

    def in_doubt(self, row: Row) -> str:
        """Return why :meth:`steps` may not be right; empty: it is."""
        points, index = row
        if (points.kind[index] or "full") not in DEPENDENT:
            return ""
        if index in points.own_chain:
            return "no backup that it builds on is known" if (base := _base(row)) is None else self.in_doubt(base)
        before = self._before(self._places[points.kind[index], points.data_lo[index]])
        if self._is_untold(index, points, before):
            return "no backup that it builds on is known"
        chain = [self.ordered[place] for place in before]
        if points.data_lo[index] != points.data_hi[index] or any(link.data != link.latest for link in chain):
            return "what came before what, names that tell only a day do not say"
        return ""

    def stands(self, row: Row) -> bool:
        """Return whether a backup surely counts and stands, and survives."""
        points, index = row
        if points.source not in self.alive:
            return False
        return includes(points.there(index, surely=True, until_gone=True), self.t)

    def _is_untold(self, index: int, points: Points, before: Sequence[int]) -> bool:
        return not before or self.ordered[before[0]].kind in DEPENDENT or (points.kind[index] == "")

    def _before(self, place: int) -> list[int]:
        """Return the places of the links that one needs, the first first."""
        found: list[int] = []
        seen: set[int] = set()
        following: int | None = place
        while following is not None and following not in seen:
            seen.add(following)
            several, following = self._one_back(following)
            found += [each for each in several if each != following]
            if following is not None:
                found.append(following)
        return sorted(found)

    def _one_back(self, place: int) -> tuple[list[int], int | None]:
        """Return what a link needs up to the next one that may need more itself, and that one; None: there is none."""
        link = self.ordered[place]
        if link.kind not in DEPENDENT:
            return [], None
        if link.bases:
            return [], self._at(min(link.bases))
        between: list[int] = []
        for back in range(place - 1, -1, -1):
            other = self.ordered[back]
            if other.kind == "full" and was_whole(other) and (link.kind != "log" or self._link_stands(other)):
                return between, back
            if link.kind == "differential":
                continue
            if other.kind == "differential" and was_whole(other) and (link.kind != "log" or self._base_stands(back)):
                return between, back
            if other.kind == link.kind:
                between.append(back)
        return between, None

    def _base_stands(self, place: int) -> bool:
        _, full = self._one_back(place)
        return self._link_stands(self.ordered[place]) and full is not None and self._link_stands(self.ordered[full])

    def _link_stands(self, link: Link) -> bool:
        return includes(link.standing.surely, self.t)

    def _at(self, instants: tuple[int, int]) -> int | None:
        """Return the link whose data is of an instant that a name tells, one that stands if there is one."""
        found: list[int] = []
        for instant in dict.fromkeys(instants):
            first = bisect_left(self.ordered, instant, key=lambda link: link.data)
            for place in range(first, len(self.ordered)):
                if self.ordered[place].data != instant:
                    break
                found.append(place)
        return max(found, key=lambda place: self._link_stands(self.ordered[place]), default=None)

    def _copy(self, link: Link, source: str) -> Row:
        """Return the copy of a link to take: one that stands, best at the same source."""
        return max(link.rows, key=lambda row: (self.stands(row), row[0].source == source))


def _base(row: Row) -> Row | None:
    """Return the base backup that a log segment is replayed after."""
    points, index = row
    data = points.own_chain[index]
    for other in range(bisect_left(points.data_lo, data), index):
        if points.data_lo[other] != data:
            break
        if other not in points.own_chain:
            return points, other
    return None


def _order(link: Link) -> tuple[int, int]:
    return link.data, RANK[link.kind]
