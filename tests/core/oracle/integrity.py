"""What ``judging.md`` demands of an integrity that the looks themselves tell of, at one second."""

from __future__ import annotations

from collections.abc import Sequence

from drcheck.core.evaluation.inputs import Terms
from drcheck.core.kinds.integrity.commitment import Integrity

from .allowed import BREACHED, MET, NOTHING_OWED, UNKNOWN, Allowed
from .worlds import Place


def allowed(commitment: Integrity, places: Sequence[Place], terms: Terms, second: int) -> Allowed:
    """Return what is allowed for the rungs that a complete look proves: that a point is there, and whole."""
    if terms.effective is not None and second < terms.effective:
        return NOTHING_OWED
    if not terms.binds.start <= second < terms.binds.end:
        return NOTHING_OWED
    passed = [
        look.begin
        for place in places
        for look in place.looks
        if look.complete and look.begin <= second and _shows_a_point(place, look.begin)
    ]
    owed_since = [*passed, *([] if terms.effective is None else [terms.effective])]
    every = commitment.every
    fresh = bool(passed) and (every is None or second < max(passed) + every)
    if not fresh and every is not None and owed_since and second < max(owed_since) + every:
        return NOTHING_OWED
    # A promise over nothing is unknown; whether what was there went meanwhile is judged both ways.
    if not any(seen.available[1] <= second < seen.gone[0] for place in places for seen in place.seen):
        return UNKNOWN
    if fresh:
        return MET
    looked = [[look.begin for look in place.looks if look.complete] for place in places]
    return BREACHED if all(one and min(one) <= second <= max(one) for one in looked) else UNKNOWN


def _shows_a_point(place: Place, begin: int) -> bool:
    return any(seen.available[1] <= begin <= seen.gone[0] for seen in place.counted)
