"""What builds on other backups counts only while those count and stand.

A ``full`` and a ``snapshot`` need nothing. A ``differential`` needs the newest full before it that was ever complete,
even if that was found broken since; an ``incremental`` the newest such full, or such differential with its full, and
every incremental between the two that was ever seen; a ``log`` some full, or differential with its full, that counts
and stands, and every log between the two: any such base will do. What is needed must count and stand in a source that
survives, and a link's place is taken by its copy with the same instant of data alone.

Where a name tells the instant of the very backup that it builds on (``{since:…}``), that one is needed, with all that
it builds on, and no other.

Where a name tells only a day, nobody knows what came before what within it: what may build on either of two backups is
judged both ways, once with every full as early and every change as late as their names allow, once the other way round,
and once with each beside each of the backups within its span, one place after the other.

Backups whose names tell no kind are fulls. Whether changes at *another* source build on them nobody knows: that is
judged both ways until the source says ``kind: full``.

The links are walked once in order of data, so that it takes time linear in their number.
"""

from __future__ import annotations

from bisect import bisect_left, bisect_right
from collections.abc import Iterable, Iterator, Mapping, Sequence
from functools import reduce
from typing import Final, NamedTuple

from msgspec import Struct, field

from drcheck.core import words
from drcheck.core.model.evidence import ALWAYS, FOREVER
from drcheck.core.model.points import Doubt, Points
from drcheck.core.time.spans import Spans, difference, intersection, union

DEPENDENT: Final = frozenset({"differential", "incremental", "log"})
"""Kinds that restore nothing by themselves."""
RANK: Final = {"full": 0, "snapshot": 0, "differential": 1, "incremental": 2, "log": 3}
"""Kind to its place in order: of one instant a base comes before what builds on it."""

MOST_STRETCHES: Final = 16
"""Stretches of time, with gaps between them, in which a broken chain is certain: between two looks in a row is none."""

MOST_ORDERS: Final = 16
"""Places within its span that a backup is tried at, beside both ends."""

Row = tuple[Points, int]


class Presence(NamedTuple):
    """When something counts and stands: surely, and possibly."""

    surely: Spans
    maybe: Spans

    def both(self, other: Presence) -> Presence:
        """Return when this and another thing do."""
        return Presence(intersection(self.surely, other.surely), intersection(self.maybe, other.maybe))

    @property
    def surely_until(self) -> int:
        """The last instant at which it surely does."""
        return self.surely[-1].end if self.surely else -FOREVER


NEVER: Final = Presence((), ())
AT_ALL_TIMES: Final = Presence((ALWAYS,), (ALWAYS,))


class Link(Struct):
    """All copies of one backup: of one kind, with data of one instant."""

    kind: str
    data: int
    """The earliest instant of its data, by which its copies are known."""
    latest: int
    """The latest."""
    rows: list[Row] = field(default_factory=list)
    standing: Presence = NEVER
    """Where it survives."""
    bases: set[tuple[int, int]] = field(default_factory=set)
    """The instants, earliest and latest, that names of its copies tell of what it builds on; empty: none does."""


class Chain(NamedTuple):
    """When what a backup builds on counts and stands, and the link that ends it first; None: it builds on nothing."""

    standing: Presence
    weakest: Link | None
    settled: bool = True
    """Whether names tell which backups it builds on."""
    lacking: int | None = None
    """The instant of a backup that it builds on by its name, and that nobody has seen."""

    def either(self, other: Chain) -> Chain:
        """Return what is known where it may be this chain or the other."""
        if self.standing == other.standing:
            return self
        weakest = min(self, other, key=lambda one: one.standing.surely_until).weakest
        surely = intersection(self.standing.surely, other.standing.surely)
        maybe = union((*self.standing.maybe, *other.standing.maybe))
        lacking = self.lacking if other.lacking is None else other.lacking
        return Chain(Presence(surely, maybe), weakest, settled=False, lacking=lacking)


def apply(listed: Sequence[Points], others: Sequence[Points], alive: Iterable[str], proved: Spans) -> list[Points]:
    """Return ``listed``, each in doubt where what it builds on does not, or may not, count and stand.

    ``others`` are what the remaining sources of the policy hold of the same data set, ``alive`` are the sources that
    survive, and ``proved`` is when no link can have stood unseen at any of them.
    """
    everything = [*listed, *others]
    if all(DEPENDENT.isdisjoint(points.kind) for points in everything):
        return list(listed)
    survive = frozenset(alive)
    chains = _either_way(links(everything, survive))
    return [_of_source(points, everything, chains, survive, proved) for points in listed]


def _of_source(
    points: Points,
    everything: Sequence[Points],
    chains: Mapping[tuple[str, int], Chain],
    alive: frozenset[str],
    proved: Spans,
) -> Points:
    dependent = [row for row in points.counted() if points.kind[row] in DEPENDENT and row not in points.own_chain]
    if not dependent:
        return points
    own = chains
    if any("" in other.kind for other in everything if other.source != points.source):
        own = _either_way(links(everything, alive, unkinded_at=points.source))
    doubts: dict[int, tuple[Doubt, ...]] = {}
    for row in dependent:
        key = points.kind[row], points.data_lo[row]
        with_all, with_own = chains[key], own[key]
        surely, maybe = with_all.standing
        if own is not chains:
            surely = intersection(surely, with_own.standing.surely)
            maybe = union((*maybe, *with_own.standing.maybe))
        there = points.there(row, surely=False, until_gone=False)
        unsure, lost = difference(there, surely), difference(there, maybe)
        if not unsure:
            continue
        certain = intersection(lost, _near(proved, lost))
        only_there = bool(difference(with_all.standing.maybe, with_own.standing.maybe))
        why = _why_untold(everything, points) if only_there else _why(points.kind[row], with_all, alive)
        doubts[row] = (
            *(Doubt(why, span, certain=True, made=True) for span in certain),
            *(Doubt(why, span, made=True) for span in difference(unsure, certain)),
        )
    return points.doubting(doubts)


def _near(spans: Spans, others: Spans) -> Spans:
    """Return those of ``spans`` that may touch ``others``, the newest few: a long history is not walked for each row.

    Where looks prove absence in more stretches than that, what they prove of the older ones is not used.
    """
    if not others:
        return ()
    first = bisect_right(spans, others[0].start, key=lambda span: span.end)
    last = bisect_left(spans, others[-1].end, key=lambda span: span.start)
    return spans[max(first, last - MOST_STRETCHES) : last]


def links(everything: Iterable[Points], alive: frozenset[str], unkinded_at: str | None = None) -> list[Link]:
    """Return all links; with ``unkinded_at`` backups of no kind are fulls at that source alone."""
    found: dict[tuple[str, int], Link] = {}
    for points in everything:
        for row, kind in enumerate(points.kind):
            if (not kind and unkinded_at not in {None, points.source}) or row in points.own_chain:
                continue
            data, latest = points.data_lo[row], points.data_hi[row]
            link = found.setdefault((kind or "full", data), Link(kind or "full", data, latest))
            link.latest = min(link.latest, latest)
            link.rows.append((points, row))
            if row in points.builds_on:
                link.bases.add(points.builds_on[row])
    for link in found.values():
        link.standing = _stands(link.rows, alive)
    return list(found.values())


def _stands(rows: Iterable[Row], alive: frozenset[str]) -> Presence:
    there = [row for row in rows if row[0].source in alive]
    surely = (span for points, row in there for span in points.there(row, surely=True, until_gone=True))
    maybe = (span for points, row in there for span in points.there(row, surely=False, until_gone=True))
    return Presence(union(surely), union(maybe))


def _either_way(links: Sequence[Link]) -> Mapping[tuple[str, int], Chain]:
    """Return what each link that depends on others builds on, by kind and data, whatever their names leave open."""
    first = _chains(sorted(links, key=lambda one: (one.data if one.kind == "full" else one.latest, RANK[one.kind])))
    if all(link.data == link.latest for link in links):
        return first
    found = dict(first)
    for order in _orders(links):
        for key, chain in _chains(order).items():
            found[key] = found[key].either(chain)
    return found


def _orders(links: Sequence[Link]) -> Iterator[list[Link]]:
    """Yield the links in other orders that their names allow, with those that tell only a span moved through it."""
    yield sorted(links, key=lambda one: (one.latest if one.kind == "full" else one.data, RANK[one.kind]))
    ends = sorted({end + after for link in links for end in (link.data, link.latest) for after in (0, 1)})
    within = {
        id(link): ends[bisect_right(ends, link.data) : bisect_left(ends, link.latest)]
        for link in links
        if link.data < link.latest
    }
    for turn in range(min(max(map(len, within.values())), MOST_ORDERS)):
        places = {which: its[min(turn, len(its) - 1)] for which, its in within.items() if its}
        yield sorted(links, key=lambda one: (places.get(id(one), one.data), RANK[one.kind]))


def _chains(links: Iterable[Link]) -> Mapping[tuple[str, int], Chain]:
    """Return what each link that depends on others builds on, by kind and data; links come in order of data."""
    chains: dict[tuple[str, int], Chain] = {}
    full: Link | None = None
    increments = logs = Chain(NEVER, None)
    bases: list[Presence] = []
    """Those since the last log: laid together once there is one that may build on any of them."""
    reached: dict[int, Chain] = {}
    """The earliest instant of data to what a backup that builds on that of then needs."""
    for link in links:
        told = reduce(Chain.either, [_told(reached, *base) for base in sorted(link.bases)]) if link.bases else None
        match link.kind:
            case "snapshot":
                _reach(reached, link, Chain(link.standing, link))
            case "full":
                if was_whole(link):
                    full = link
                    increments = Chain(link.standing, link)
                    bases.append(link.standing)
                    logs = Chain(logs.standing, link)
                _reach(reached, link, Chain(link.standing, link))
            case "differential":
                chain = told or Chain(NEVER if full is None else full.standing, full)
                chains[link.kind, link.data] = chain
                _reach(reached, link, _then(chain, link))
                if was_whole(link):
                    increments = _then(chain, link)
                    bases.append(increments.standing)
                    logs = Chain(logs.standing, increments.weakest)
            case "incremental":
                chain = chains[link.kind, link.data] = told or increments
                _reach(reached, link, _then(chain, link))
                increments = _then(increments, link)
            case _:
                logs = Chain(_any((logs.standing, *bases)), logs.weakest)
                bases.clear()
                chain = chains[link.kind, link.data] = told or logs
                _reach(reached, link, _then(chain, link))
                logs = _then(logs, link)
    return chains


def _reach(reached: dict[int, Chain], link: Link, chain: Chain) -> None:
    """Note what a restore up to ``link`` needs; of several backups of one instant any will do."""
    other = reached.get(link.data)
    if other is not None:
        chain = other._replace(standing=_any((other.standing, chain.standing)), lacking=other.lacking and chain.lacking)
    reached[link.data] = chain


def _told(reached: Mapping[int, Chain], earliest: int, latest: int) -> Chain:
    """Return what is needed by what builds on the backup of an instant, by its name."""
    known = reached.get(earliest) or reached.get(latest)
    return Chain(NEVER, None, lacking=earliest) if known is None else known


def _any(several: Iterable[Presence]) -> Presence:
    """Return when at least one of several things counts and stands."""
    several = tuple(several)
    return Presence(
        union(span for one in several for span in one.surely), union(span for one in several for span in one.maybe)
    )


def _then(chain: Chain, link: Link) -> Chain:
    """Return the chain with one more link, which is needed as all before it are."""
    weakest = chain.weakest
    if weakest is not None and link.standing.surely_until < weakest.standing.surely_until:
        weakest = link
    return Chain(chain.standing.both(link.standing), weakest, lacking=chain.lacking)


def was_whole(link: Link) -> bool:
    """Return whether one copy of a link was ever complete, even if it was found broken or doubtful since."""
    return any(row not in points.incomplete and points.size[row] != 0 for points, row in link.rows)


def _why(kind: str, chain: Chain, alive: frozenset[str]) -> str:
    """Return what is wrong with what a backup builds on, or may build on."""
    if not chain.settled:
        why = _why(kind, chain._replace(settled=True), alive).replace("it builds on", "it may build on", 1)
        return f"{why}; which came first their names do not tell, and with hours and minutes in them they would"
    link = chain.weakest
    if chain.lacking is not None:
        return f"it builds on a backup of {words.instant(chain.lacking)}, and none of then is known"
    if link is None:
        return f"it is {'an' if kind == 'incremental' else 'a'} {kind}, and no full backup that it builds on is known"
    points, row = next(((points, row) for points, row in link.rows if points.source in alive), link.rows[0])
    needed = f"it builds on {points.name[row]} at {points.source}"
    if points.source not in alive:
        return f"{needed}, which does not survive"
    if (lost := points.doubt_at(row)) is not None:
        return f"{needed}, which {'does' if lost.certain else 'may'} not count: {lost.why}"
    if points.gone_hi[row] < FOREVER:
        seen, missed = words.instant(points.gone_lo[row] - 1), words.instant(points.gone_hi[row])
        return f"{needed}, which is gone: it was last seen {seen} and first missed {missed}"
    if points.gone_lo[row] < FOREVER:
        seen = words.instant(points.gone_lo[row] - 1)
        return f"{needed}, which was last seen {seen}, and whether it still stands is not known"
    return f"{needed}, which had not arrived by then"


def _why_untold(everything: Iterable[Points], points: Points) -> str:
    sources = sorted({other.source for other in everything if other.source != points.source and "" in other.kind})
    return (
        f"whether it builds on the backups at {words.several(sources)} is not known, as their names tell no kind; "
        "`kind: full` (or what they are) on that source would settle it"
    )
