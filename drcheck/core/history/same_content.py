"""Several names of one source with the same content: which of them is the recovery point, and what would settle it."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from drcheck.core import words
from drcheck.core.history.likeness import Likeness, Reading
from drcheck.core.history.sightings import Sighting
from drcheck.core.model.policy import Identical, Source


def second_names(rows: Iterable[Sighting], *, clock_tolerance: int) -> dict[int, Sighting]:
    """Return what has the same content as something of older data that came before it, by the id of the later one.

    Of points with the same content in one source the one that arrived first is itself; what claims data newer than its
    own arrival is no measure for others. Two names of one instant are one point, whatever they hold.
    """
    having: dict[str, list[Sighting]] = {}
    for seen in rows:
        for key in seen.marks():
            having.setdefault(key, []).append(seen)
    several = {id(seen): seen for its in having.values() if len(its) > 1 for seen in its}
    first: dict[str, Sighting] = {}
    found: dict[int, Sighting] = {}
    for seen in sorted(several.values(), key=lambda one: (one.available_lo, one.data_lo, *_order(one))):
        content = seen.content
        alike = [first[key] for key in seen.marks() if key in first]
        known = next((one for one in alike if content.like(one.content) is not Likeness.OTHER), None)
        if known is None:
            if seen.data_lo <= seen.available_hi + clock_tolerance:
                first.update((key, seen) for key in seen.marks())
        elif known.data_lo < seen.data_lo or known.data_hi < seen.data_hi:
            found[id(seen)] = known
    return found


def alike_in(source: Source, sightings: Sequence[Sighting], other: Reading, *, clock_tolerance: int) -> str:
    """Return which contents ``other`` does not take for one, and what would settle that; empty: there are none."""
    if not other.second_names and (twins := second_names(sightings, clock_tolerance=clock_tolerance)):
        newest = max((seen for seen in sightings if id(seen) in twins), key=lambda seen: (seen.data_lo, *_order(seen)))
        first = twins[id(newest)]
        seems = "has" if newest.content.like(first.content) is Likeness.SAME else "seems, by pieces of it, to have"
        before = first.shown.name if first.shown.name != newest.shown.name else f"it had {words.instant(first.data_lo)}"
        return (
            f"{newest.shown.name} at {source.name} {seems} the same content as {before}: either the data did "
            f"not change, or an old backup was given a new date; identical_dumps on {source.name} would settle it"
        )
    again = (one for seen in sightings for one in seen.rewritings[1:] if one.like in other.apart)
    if (last := max(again, key=lambda one: (one.data_lo, *_order(one)), default=None)) is None:
        return ""
    by = "its size" if last.like is Likeness.SIZE else "its size and pieces of it"
    setting = "" if source.identical_dumps is Identical.REFUSED else f"identical_dumps on {source.name} or "
    return (
        f"{last.shown.name} at {source.name} was written anew {words.instant(last.available_lo)} and is alike by {by}: "
        f"whether its data is new is not known; {setting}a checksum beside it would settle it"
    )


def _order(seen: Sighting) -> tuple[str, int, int]:
    """Return what comes first of several that are alike in time: it must not hang on how they came into memory."""
    return seen.shown.name, seen.first_seen, seen.last_seen
