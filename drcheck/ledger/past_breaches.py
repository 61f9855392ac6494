"""Since when breaches stand that were open when a period began, as the verdicts of record tell."""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from drcheck.core.model.verdict import Verdict, Window
from drcheck.ledger.entries import RecordedVerdict


class PastBreaches:
    """Puts together what run after run recorded of a breach: each saw no more of it than its own window."""

    def __init__(self, windows: Mapping[str, Window]) -> None:
        """Begin; ``windows`` has the period of each service."""
        self._windows = windows
        self._newest: dict[tuple[str, str, str], tuple[int, int]] = {}
        """Of service, commitment and kind: the newest breach that began before the period, from when to when."""

    def take(self, several: Iterable[RecordedVerdict], until: int) -> None:
        """Take in what the next run found, which judged up to ``until``."""
        for found in several:
            self._take(found, until)

    def _take(self, found: RecordedVerdict, until: int) -> None:
        window = self._windows.get(found.service)
        if window is None:
            return
        key = found.service, found.commitment, found.kind
        for breach in found.breaches:
            if breach.opened_at >= window.start:
                break
            end = until if breach.closed_at is None else breach.closed_at
            start, before = self._newest.get(key, (breach.opened_at, breach.opened_at))
            goes_on = breach.opened_at <= before
            self._newest[key] = (min(start, breach.opened_at) if goes_on else breach.opened_at, max(end, before))

    def since(self, service: str, verdict: Verdict) -> int | None:
        """Return since when the breach stands with which the window of ``verdict`` begins; None: not known."""
        first = next(iter(verdict.breaches()), None)
        newest = self._newest.get((service, verdict.commitment.id, verdict.commitment.kind))
        if first is None or newest is None or first.opened_at > verdict.window.start:
            return None
        return newest[0] if newest[1] >= verdict.window.start else None
