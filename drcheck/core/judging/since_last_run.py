"""Which breaches a run must name and count beside what is breached at its instant.

A nightly verdict that is met at its instant says nothing of the hours between two nights. A run names every breach that
was open at some time since the last recorded run, and every earlier one in its window that no recorded run has shown: a
late line, or a gap that healed, can tell of an old breach. One that no run has shown yet counts like one that is open.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import NamedTuple

from drcheck.core.model.verdict import NamedBreach, News, Opening
from drcheck.core.time.spans import Span


class RecordedFindings(NamedTuple):
    """What recorded runs have found of one commitment."""

    as_of: int
    """The latest instant that a recorded run of its service judged."""
    known: bool
    """Whether a recorded run judged this very commitment."""
    shown: Sequence[Span]
    """The breaches that recorded runs have shown of it; one that was open then lasts until the instant judged."""


def breaches_to_name(
    breaches: Iterable[Opening], recorded: RecordedFindings | None, window_end: int
) -> tuple[NamedBreach, ...]:
    """Return the breaches of a window that ends at ``window_end`` that a run must name, oldest first.

    ``recorded`` is None for the first run of a service. That one, and the first run of a commitment, names the earlier
    breaches and counts only what is open. What a waiver covers is named, and never counts.
    """
    found: list[NamedBreach] = []
    for breach in breaches:
        is_open = breach.closed_at is None
        ends = window_end if breach.closed_at is None else breach.closed_at
        if recorded is None or not recorded.known:
            found.append(NamedBreach(breach, is_open and not breach.waived, News.EARLIER))
            continue
        is_new = all(ends <= one.start or one.end <= breach.opened_at for one in recorded.shown)
        if is_new or ends > recorded.as_of:
            why = News.NEW if is_new else News.ENDED
            found.append(NamedBreach(breach, (is_open or is_new) and not breach.waived, why))
    return tuple(found)
