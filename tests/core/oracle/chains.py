"""What ``judging.md`` demands of backups that build on others, at one second, read to the letter."""

from __future__ import annotations

from array import array
from collections.abc import Iterable, Sequence
from typing import NamedTuple

from hypothesis import strategies as st

from drcheck.core.model.evidence import FOREVER
from drcheck.core.model.points import Points

KINDS = ("full", "full", "differential", "incremental", "log", "snapshot")


class Backup(NamedTuple):
    """One backup of a few sources; instants are small numbers."""

    source: str
    kind: str
    data: int
    gone: int
    complete: bool
    latest: int | None = None
    """Where its name tells only a span that begins at ``data``: its end, at which it arrived."""
    since: int | None = None
    """The instant of the backup that it builds on, where its name tells that."""

    @property
    def arrived(self) -> int:
        return self.data if self.latest is None else self.latest

    def stands(self, second: int) -> bool:
        return self.complete and self.arrived <= second < self.gone


@st.composite
def backups(draw: st.DrawFn) -> tuple[Backup, ...]:
    """Draw backups that arrive at the instant of their data, in one or two sources, mostly complete."""
    made = draw(st.lists(st.tuples(st.integers(0, 12), st.sampled_from(KINDS)), max_size=9, unique=True))
    found = []
    for data, kind in made:
        for source in draw(st.sampled_from((("a",), ("a",), ("b",), ("a", "b")))):
            gone = draw(st.just(FOREVER) | st.integers(data + 1, 20))
            found.append(Backup(source, kind, data, gone, draw(st.integers(0, 7)) > 0))
    return tuple(found)


@st.composite
def told_bases(draw: st.DrawFn) -> tuple[Backup, ...]:
    """Draw backups as :func:`backups` does, of which the names of some tell what they build on."""
    sinces = draw(st.lists(st.none() | st.integers(0, 12), min_size=13, max_size=13))
    return tuple(
        one._replace(since=sinces[one.data]) if one.kind in {"differential", "incremental", "log"} else one
        for one in draw(backups())
    )


def _turn(kind: str, data: int) -> tuple[int, int]:
    """Return where a backup stands in the order of data: of one instant a base comes before what builds on it."""
    return data, {"full": 0, "snapshot": 0, "differential": 1, "incremental": 2, "log": 3}[kind]


def restores(backup: Backup, everything: Sequence[Backup], alive: Iterable[str], second: int) -> bool:
    """Return whether all that a backup builds on counts and stands during ``second``."""
    alive = set(alive)

    def stands(link: tuple[str, int]) -> bool:
        return any((one.kind, one.data) == link and one.source in alive and one.stands(second) for one in everything)

    def of(*kinds: str) -> set[tuple[str, int]]:
        return {(one.kind, one.data) for one in everything if one.kind in kinds}

    def whole(*kinds: str) -> set[tuple[str, int]]:
        return {(one.kind, one.data) for one in everything if one.kind in kinds and one.complete}

    def order(link: tuple[str, int]) -> tuple[int, int]:
        return _turn(*link)

    def restorable(base: tuple[str, int]) -> bool:
        if base[0] == "full":
            return stands(base)
        told = [one for one in everything if (one.kind, one.data) == base and one.since is not None]
        if told:
            return stands(base) and restores(told[0], everything, alive, second)
        fulls = [full for full in whole("full") if order(full) < order(base)]
        return stands(base) and bool(fulls) and stands(max(fulls, key=order))

    me = (backup.kind, backup.data)
    if backup.since is not None:
        return any(
            stands((one.kind, one.data)) and restores(one, everything, alive, second)
            for one in everything
            if one.data == backup.since and _turn(one.kind, one.data) < _turn(*me)
        )
    match backup.kind:
        case "differential":
            fulls = [full for full in whole("full") if order(full) < order(me)]
            return bool(fulls) and stands(max(fulls, key=order))
        case "incremental" | "log":
            bases = [base for base in whole("full", "differential") if order(base) < order(me)]
            if backup.kind == "incremental":
                bases = sorted(bases, key=order)[-1:]
            return any(
                restorable(base)
                and all(stands(link) for link in of(backup.kind) if order(base) < order(link) < order(me))
                for base in bases
            )
        case _:
            return True


def columns(source: str, everything: Iterable[Backup]) -> Points:
    """Return what one source holds, as rules are given it."""
    mine = sorted((one for one in everything if one.source == source), key=lambda one: one.data)
    partial = frozenset(row for row, one in enumerate(mine) if not one.complete)
    data = array("q", (one.data for one in mine))
    arrived = array("q", (one.arrived for one in mine))
    gone = array("q", (one.gone for one in mine))
    return Points(
        source,
        "orders",
        name=tuple(f"{one.kind}-{one.data}" for one in mine),
        kind=tuple(one.kind for one in mine),
        data_lo=data,
        data_hi=arrived,
        available_lo=arrived,
        available_hi=arrived,
        gone_lo=gone,
        gone_hi=gone,
        size=array("q", (1000 for _ in mine)),
        checksum=("",) * len(mine),
        incomplete=partial,
        builds_on={row: (one.since, one.since) for row, one in enumerate(mine) if one.since is not None},
        why_not=dict.fromkeys(partial, "it is not complete"),
    )
