"""Waivers of one commitment, each with when it holds."""

from __future__ import annotations

from collections.abc import Iterable
from typing import NamedTuple

from drcheck.core.model.policy import Waiver


class Waived(NamedTuple):
    """From ``start`` up to ``end`` a waiver of one commitment holds."""

    start: int
    end: int
    waiver: Waiver


def cover(waived: Iterable[Waived], start: int, end: int) -> bool:
    """Return whether waivers hold throughout [start, end), one after the other."""
    reached = start
    for one in sorted(waived, key=lambda one: one.start):
        if one.start <= reached:
            reached = max(reached, one.end)
    return reached >= end
