"""What a rule about what counts is given, and gives back."""

from __future__ import annotations

from array import array
from collections.abc import Callable, Sequence
from typing import NamedTuple

from drcheck.core.model.evidence import Pieces
from drcheck.core.model.points import Points
from drcheck.core.model.policy import Source


class RuleInput(NamedTuple):
    """What the looks at one source showed beside its columns, and what the policy says of it."""

    source: Source
    complete: Sequence[bool]
    """By row: whether its marker stood beside it, or none is asked for."""
    first_seen: array[int]
    """By row: the look that first showed it."""
    clock_tolerance: int
    pieces: Sequence[Pieces | None]
    """By row: what it consists of, if that is several files."""
    whole: Sequence[bool]
    """By row: whether no more of its files were expected."""
    lost_from: Sequence[int]
    """By row: from when on some of its files may have been missing; :data:`~drcheck.core.model.evidence.FOREVER`: none
    was ever seen to go."""
    came_later: Sequence[int]
    """By row: when it came by the clock of its place, if that is after the look that first showed it, and one of then
    or later has shown it; :data:`~drcheck.core.model.evidence.LONG_AGO`: that is not so."""
    complete_looks: Callable[[], Sequence[tuple[int, int]]] = tuple
    """Returns when each complete look began, and how far back it asked, in order."""


Rule = Callable[[Points, RuleInput], Points]
"""Returns the same candidates, more of them rejected or in doubt; it changes nothing else, and never takes either back.

It takes time linear in the number of candidates.
"""
