"""The slots that backups are owed in, by the calendar or a schedule, each with when it is due."""

from __future__ import annotations

from array import array
from collections.abc import Sequence
from datetime import tzinfo
from functools import lru_cache
from itertools import pairwise
from typing import NamedTuple

from drcheck.core import words
from drcheck.core.evaluation.by_slot import Ruler
from drcheck.core.evaluation.inputs import Terms
from drcheck.core.kinds.backup_frequency.commitment import Frequency
from drcheck.core.model.lateness import due, promised_by
from drcheck.core.model.slots import Per
from drcheck.core.model.verdict import Window
from drcheck.core.time import calendar


class OwedSlot(NamedTuple):
    """A slot that backups are owed in."""

    slot: calendar.Slot
    begins: int
    """Its first instant, by which it falls under a wording; a schedule's slot holds data from a little before."""
    due: int


class OwedSlots:
    """The slots that backups are owed in, oldest first: the same for all services of an estate."""

    __slots__ = ("dues", "owed", "ruler")

    def __init__(self, owed: Sequence[OwedSlot]) -> None:
        """Note the slots ``owed``, and when each is due."""
        self.owed = owed
        self.dues = array("q", [one.due for one in owed])
        self.ruler = Ruler([one.slot for one in owed])

    def bound(self, start: int, end: int) -> OwedSlots:
        """Return those that begin in [start, end)."""
        if not self.owed or (start <= self.owed[0].begins and self.owed[-1].begins < end):
            return self
        return OwedSlots([one for one in self.owed if start <= one.begins < end])


def owed_slots(commitment: Frequency, terms: Terms, window: Window) -> OwedSlots:
    """Return the slots that may decide in ``window``, and the open one."""
    # The newest slot that was due when the window begins decides there. Where a wording binds no longer by then, its
    # last slot does, until one of the next wording is due.
    begin = min(promised_by(window.start, terms.grace), terms.binds.end - 1)
    end = min(window.end, terms.binds.end)
    if commitment.per is not None:
        # A slot and a day, as zones skip dates; of short ones enough to find the next that is not filled yet.
        least = calendar.DAY if commitment.per is Per.HOUR else Per.MONTH.length + calendar.DAY
        reach = max(commitment.per.length + calendar.DAY, least)
        return _calendar(commitment.per, terms.zone, begin - 2 * reach, end + reach, terms.grace)
    first = calendar.last_tick(commitment.schedule, terms.zone, begin)
    after = calendar.next_tick(commitment.schedule, terms.zone, end)
    ticks = calendar.ticks(commitment.schedule, terms.zone, first, after + 1)
    early = terms.clock_tolerance
    return OwedSlots(
        [
            OwedSlot(
                calendar.Slot(tick - early, following - early, f"the slot of {words.instant(tick)}"),
                tick,
                due(tick, terms.grace),
            )
            for tick, following in pairwise(ticks)
        ]
    )


@lru_cache(maxsize=16)
def _calendar(per: Per, zone: tzinfo, start: int, end: int, grace: int) -> OwedSlots:
    """Return the calendar's slots that overlap [start, end)."""
    return OwedSlots(
        [OwedSlot(slot, slot.start, due(slot.end, grace)) for slot in calendar.slots(per, zone, start, end)]
    )
