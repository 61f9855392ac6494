"""Which services are so alike that one template holds what all of them have."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterable, Sequence
from statistics import median
from typing import Final, NamedTuple

from msgspec import Struct

from drcheck.core.names.estimates import Estimate
from drcheck.core.names.series import Series

FEWEST: Final = 3
"""Services that a template is worth while for."""
_ALIKE: Final = 4
"""Sizes are alike that differ by no more than this factor from the middle one."""


class ServiceForm(NamedTuple):
    """A service that was found."""

    service: str
    """Its name, safe and its own."""
    wanted: str
    """What it would be called if every text were a name."""
    at: str
    """``CONNECTION:PATH`` of its backups."""
    series: Series
    seen: Estimate


class Common(Struct, frozen=True):
    """What services that are alike have in common; one that differs says so itself."""

    services: tuple[ServiceForm, ...]
    at: str
    """Empty: each has its own."""
    name: str
    """Empty: each has its own."""
    min_size: int
    kept: int | None
    """The most common, in seconds; None: nothing."""
    max_shrink: int
    rpo: int


def groups(found: Iterable[ServiceForm]) -> list[Common]:
    """Return the services that are alike, in groups of at least :data:`FEWEST`, the largest first."""
    by_habit: dict[tuple[object, ...], list[ServiceForm]] = defaultdict(list)
    for one in found:
        series, seen = one.series, one.seen
        by_habit[_general(one), series.marker, bool(series.sets), seen.every, seen.unit].append(one)
    alike = [_common(those) for those in by_habit.values() if len(those) >= FEWEST]
    return sorted(alike, key=lambda common: (-len(common.services), common.services[0].service))


def _general(one: ServiceForm) -> str:
    """Return the template of names without what is the service's own in it."""
    text = one.series.template
    own = {one.series.label, *one.series.directory.split("/")} - {""}
    for part in sorted(own, key=len, reverse=True):
        text = text.replace(part, "\0")
    return text


def _common(those: Sequence[ServiceForm]) -> Common:
    places = {one.at for one in those}
    names = {one.series.template for one in those}
    sizes = [one.seen.min_size for one in those]
    middle = median(sizes)
    kept = Counter(one.seen.kept for one in those if one.seen.kept is not None)
    return Common(
        services=tuple(those),
        at=places.pop() if len(places) == 1 else "",
        name=names.pop() if len(names) == 1 else "",
        min_size=min(size for size in sizes if middle <= _ALIKE * size and size <= _ALIKE * middle),
        kept=kept.most_common(1)[0][0] if kept else None,
        max_shrink=max(one.seen.max_shrink for one in those),
        rpo=those[0].seen.rpo,
    )


def own_size(one: ServiceForm, common: Common) -> bool:
    """Return whether a service's sizes differ from those of the others."""
    return not common.min_size <= one.seen.min_size <= _ALIKE * _ALIKE * common.min_size
