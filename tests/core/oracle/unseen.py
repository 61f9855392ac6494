"""What nobody may have seen: could a backup have come, stood and gone between the looks?"""

from __future__ import annotations

import itertools
from collections.abc import Iterable

from drcheck.core.model.policy import NEVER

from .worlds import Place


def could_hide(place: Place, data: int, until: int, *, standing: bool) -> bool:
    """Return whether a backup with data of ``data`` may have arrived by the second ``until`` and be seen by no look.

    With ``standing`` it must also stand during that second. It arrived at ``data`` or later, stood for longer than
    ``thinned_after``, and every complete look that asked far enough back would have shown it.
    """
    asked = sorted({look.begin for look in place.looks if look.complete and look.asked_from <= data})
    for before, after in zip([None, *asked], [*asked, None], strict=True):
        if standing and not ((before is None or before < until) and (after is None or until < after)):
            continue
        earliest = data if before is None else max(data, before + 1)
        if earliest > until or (after is not None and earliest >= after):
            continue
        if after is None:
            return True
        if place.thinned_after is None:
            if before is None or place.turned_over(before, after):
                return True
        elif place.thinned_after != NEVER and after - earliest > place.thinned_after:
            return True
    return False


def plainly_excluded(place: Place, data: int, until: int, *, standing: bool) -> bool:
    """Return whether the rules, read to the letter, prove that no such backup was missed.

    Two complete looks in a row that both asked far enough back prove the span between them; a complete look proves
    arrivals back to ``thinned_after`` before it. Where enumeration proves more than this, an evaluator may not.
    """
    if standing and _proved(place, data, until, arrivals=False):
        return True
    marks = {data, until}
    for look in place.looks:
        kept = place.thinned_after if place.thinned_after not in (None, NEVER) else 0
        marks |= {look.begin + shift for shift in (-1, 0, 1)} | {look.begin - kept + shift for shift in (-1, 0, 1)}
    return all(_proved(place, data, at, arrivals=True) for at in marks if data <= at <= until)


def _proved(place: Place, data: int, second: int, *, arrivals: bool) -> bool:
    complete = sorted({(look.begin, look.asked_from) for look in place.looks if look.complete})
    kept = place.thinned_after
    for begin, asked in complete:
        if asked <= data and (
            second == begin
            or (kept == NEVER and second <= begin)
            or (arrivals and kept is not None and begin - kept <= second <= begin)
        ):
            return True
    return any(
        asked <= data
        and asked_next <= data
        and begin <= second <= after
        and (kept is None or after - begin <= kept)
        and not place.turned_over(begin, after)
        for (begin, asked), (after, asked_next) in itertools.pairwise(complete)
    )


def any_could_hide(places: Iterable[Place], data: int, until: int, *, standing: bool) -> bool:
    """Return whether :func:`could_hide` at one of ``places``."""
    return any(could_hide(place, data, until, standing=standing) for place in places)


def all_plainly_excluded(places: Iterable[Place], data: int, until: int, *, standing: bool) -> bool:
    """Return whether :func:`plainly_excluded` at each of ``places``."""
    return all(plainly_excluded(place, data, until, standing=standing) for place in places)
