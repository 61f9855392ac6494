"""When breaches opened and closed, out of what run after run found of one commitment."""

from __future__ import annotations

from collections.abc import Iterable

from msgspec import Struct

from drcheck.core.model.verdict import Opening
from drcheck.ledger.state import PastVerdict


class Breach(Struct):
    """One breach, as all runs that showed it tell it."""

    opened_at: int
    """When the objective was crossed, by the evidence."""
    closed_at: int | None
    """When it was met again, by the evidence; None: the last run that showed it saw it open."""
    noticed_at: int
    """The instant judged by the first run that showed it."""
    noticed_in: str
    """That run's id."""
    waived: bool
    """Whether waivers covered it in the newest run that showed it."""
    reason: str
    cut: bool
    """Whether it opened then or before: the oldest window that shows it begins in the middle of it."""
    dropped_at: int | None = None
    """The instant judged by the run after which it was no breach any more although nobody saw it close: its evidence
    came late, the policy was corrected, or no run looked for longer than the window."""


def breaches(verdicts: Iterable[PastVerdict]) -> list[Breach]:
    """Return the breaches of one commitment, oldest first.

    ``verdicts`` are all of that commitment, of the oldest instant judged first. The same breach is in the window of
    many runs; one that a window cuts off began when an earlier run says.
    """
    known: list[Breach] = []
    for verdict in verdicts:
        shown = [_merged(known, verdict, opening) for opening in verdict.found.breaches]
        for breach in known:
            is_open = breach.closed_at is None and breach.dropped_at is None
            if is_open and all(breach is not one for one in shown) and breach.opened_at < verdict.window.end:
                breach.dropped_at = verdict.window.end
    return sorted(known, key=lambda breach: breach.opened_at)


def _merged(known: list[Breach], verdict: PastVerdict, opening: Opening) -> Breach:
    """Return the breach that ``opening`` shows, now with what this run says of it; it is in ``known`` from now on."""
    end = verdict.window.end if opening.closed_at is None else opening.closed_at
    same = [breach for breach in known if breach.opened_at <= end and opening.opened_at <= _end(breach, verdict)]
    opened_at, cut = opening.opened_at, opening.opened_at <= verdict.window.start
    if cut and same:
        first = min(same, key=lambda breach: breach.opened_at)
        if first.opened_at <= opened_at:
            opened_at, cut = first.opened_at, first.cut
    if not same:
        noticed_at = verdict.window.end
        found = Breach(opened_at, opening.closed_at, noticed_at, verdict.run, opening.waived, opening.reason, cut)
        known.append(found)
        return found
    found, *others = same
    for other in others:
        known.remove(other)
    found.opened_at, found.cut, found.closed_at, found.dropped_at = opened_at, cut, opening.closed_at, None
    found.waived, found.reason = opening.waived, opening.reason
    return found


def _end(breach: Breach, verdict: PastVerdict) -> int:
    if breach.closed_at is not None:
        return breach.closed_at
    return verdict.window.end if breach.dropped_at is None else breach.dropped_at
