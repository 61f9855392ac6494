"""Why an answer is unknown, in words, with the setting or the step that would settle it."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Final

from drcheck.core import words
from drcheck.core.history.part import Part
from drcheck.core.model.evidence import FOREVER
from drcheck.core.model.points import Points
from drcheck.core.model.policy import NEVER


def unproved(parts: Iterable[Part], at: int, what: str) -> str:
    """Return why the looks at ``parts`` do not prove that ``what`` was not there at ``at``."""
    parts = tuple(parts)
    for part in parts:
        source, absence = part.points.source, part.absence
        if absence.first is None or absence.last is None:
            return f"{source} could not be seen: {part.gap or 'no complete look yet'}"
        if at > absence.last:
            gap = f": {part.gap}" if part.gap else ""
            return f"{source} has not been seen since {words.instant(absence.last)}{gap}"
    for part in parts:
        source, absence = part.points.source, part.absence
        if absence.thinned_after == NEVER:
            continue
        if absence.first is not None and at < absence.first:
            would = (
                f"thinned_after on {source} would, if it prunes nothing younger"
                if absence.thinned_after is None
                else "what stood there longer ago than thinned_after may have been pruned since"
            )
            return (
                f"nothing proves that {what} before the first complete look at {source}, "
                f"{words.instant(absence.first)}; {would}"
            )
    sources = words.several([part.points.source for part in parts])
    if any(part.absence.turnovers for part in parts):
        return (
            f"nothing proves that {what} between the looks at {sources}: backups come and go there faster than it is "
            "looked at; look more often, or state thinned_after"
        )
    between = f"nothing proves that {what} between the looks at {sources}"
    return f"{between}; look more often, or state a longer thinned_after"


def undecided(points: Points, row: int, t: int, *, of_presence: bool = True) -> str:
    """Return why nobody knows whether a recovery point counts at ``t``, and what would settle it.

    With ``of_presence`` it must also stand then.
    """
    doubt = points.doubt_at(row, t)
    if doubt is not None and not doubt.certain:
        return f"{points.name[row]} at {points.source} may not count: {doubt.why}"
    return uncertain(points, row, t if of_presence else None)


def uncertain(points: Points, row: int, at: int | None = None) -> str:
    """Return which instant of a recovery point is not known well enough, and what would settle it.

    ``at`` is the instant judged: what was uncertain before it and is not any more decides nothing.
    """
    name = f"{points.name[row]} at {points.source}"
    gone_lo, gone_hi = points.gone_lo[row], points.gone_hi[row]
    if at is not None and gone_lo <= at < gone_hi:
        if gone_hi == FOREVER and gone_lo == points.taken_until:
            return f"{name} is taken to stand until {words.instant(gone_lo)} (seen_every), and was not seen since"
        if gone_hi == FOREVER:
            return f"{name} was last seen {words.instant(gone_lo - 1)}, and whether it still stands is not known"
        return _went(points, row)
    if points.available_lo[row] != points.available_hi[row]:
        between = f"{words.instant(points.available_lo[row])} and {words.instant(points.available_hi[row])}"
        return f"{name} arrived somewhere between {between}; {_ARRIVAL_SETTLED.get(points.arrival_by, _SETTLED)}"
    if points.data_lo[row] != points.data_hi[row]:
        between = f"{words.instant(points.data_lo[row])} and {words.instant(points.data_hi[row])}"
        return (
            f"{name} holds data of somewhere between {between}; a name with hours and minutes would settle it, in UTC "
            "or with its offset (%z): local time without one cannot tell an hour that comes twice"
        )
    if gone_hi not in {FOREVER, gone_lo}:
        return _went(points, row)
    return f"what is known of {name} cannot decide it"


_SETTLED: Final = (
    "on the source `available_at: mtime` would settle when, if nothing there keeps older times, or "
    "`available_at: name` if it was moved; for an upload to S3 in parts, last_modified of the connection or "
    "max_duration"
)
_ARRIVAL_SETTLED: Final = {
    "name": "`available_at: name` needs max_duration to say how long after its instant a backup comes at the latest, "
    "and what a look did not show came after it: more looks would tell when",
    "mtime": "what a look did not show came after it, whatever its mtime says: more looks would tell when",
}
"""What would settle an arrival where the source takes another word for it than the storage's."""


def _went(points: Points, row: int) -> str:
    name = f"{points.name[row]} at {points.source}"
    between = f"{words.instant(points.gone_lo[row] - 1)} and {words.instant(points.gone_hi[row])}"
    return f"{name} went somewhere between {between}; looking more often would settle when"
