"""What ``judging.md`` demands of an rpo at one second."""

from __future__ import annotations

from collections.abc import Sequence

from drcheck.core.evaluation.inputs import Terms
from drcheck.core.kinds.rpo import Rpo

from .allowed import BREACHED, MET, NOTHING_OWED, UNKNOWN, Allowed, both_ways
from .unseen import all_plainly_excluded, any_could_hide
from .worlds import Place, Truth, first_complete_looks

State = tuple[bool, int | None]
"""Whether any point had been available yet, and the newest data that stands."""


def possible_states(places: Sequence[Place], second: int) -> set[State]:
    """Return every state that the uncertain instants allow, by trying all their corners."""
    states: set[State] = {(False, None)}
    for place in places:
        for seen in place.counted:
            corners = {
                (available <= second, data if available <= second < gone else None)
                for data in seen.data
                for available in seen.available
                for gone in (max(seen.gone[0], seen.held), seen.gone[1])
            }
            states = {
                (ever or had, max((data for data in (newest, adds) if data is not None), default=None))
                for ever, newest in states
                for had, adds in corners
            }
    return states


def allowed(commitment: Rpo, survivors: Sequence[Place], terms: Terms, second: int) -> Allowed:
    """Return the statuses that an evaluator may give to ``second``, judging the sources that survive the scenario."""
    effective = terms.effective
    if (effective is not None and second < effective) or not terms.binds.start <= second < terms.binds.end:
        return NOTHING_OWED
    return both_ways(
        _in_one_world(commitment, survivors, effective, second, ever=ever, newest=newest)
        for ever, newest in possible_states(survivors, second)
    )


def _in_one_world(
    commitment: Rpo, survivors: Sequence[Place], effective: int | None, second: int, *, ever: bool, newest: int | None
) -> Allowed:
    # Strictly inside the second, exposure exceeds the objective from data + at_most on.
    if newest is not None and second < newest + commitment.at_most:
        return MET
    if not ever and effective is not None and second < effective + commitment.at_most:
        return NOTHING_OWED
    fresh = second + 1 - commitment.at_most
    if any_could_hide(survivors, fresh, second, standing=True):
        return UNKNOWN
    # Proof for data a second older is as good: an evaluator need not split hairs at the edge of what is proved.
    breached = BREACHED if all_plainly_excluded(survivors, fresh - 1, second, standing=True) else BREACHED | UNKNOWN
    if not ever:
        firsts = [first for first in first_complete_looks(survivors) if first is not None]
        if not firsts or second < min(firsts):
            return UNKNOWN
        if second < max(firsts):
            return breached | UNKNOWN
    return breached


def truly_met(commitment: Rpo, survivors: Sequence[Place], second: int) -> bool:
    """Return whether, in truth, data that could be restored was new enough."""
    standing: list[Truth] = [
        truth for place in survivors for truth in place.truths if truth.counts and truth.stands(second)
    ]
    return any(second < truth.data + commitment.at_most for truth in standing)
