"""Judging both ways: what hangs on a question that nobody answered is known only where every answer agrees.

Whether contents that are alike are one backup or several changes which points there are, and of when: no bound on
single points says as much. So each answer is judged whole, and evaluators know nothing of the question.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from itertools import product
from typing import Final

from msgspec.structs import replace

from drcheck.core.history.part import Part
from drcheck.core.model.status import Status
from drcheck.core.model.verdict import Finding, Window
from drcheck.core.time.timeline import where_agreed

MOST_SOURCES: Final = 2
"""Sources whose answers are combined, each with each; of more, all at once and each alone."""


def other_readings(parts: Mapping[str, Part]) -> Iterator[tuple[dict[str, Part], str]]:
    """Yield the other ways to read what is alike at ``parts``, by source, each with why nobody knows which holds."""
    doubtful = [name for name, part in parts.items() if part.otherwise is not None]
    for flipped in _combinations(doubtful):
        read = {name: part.otherwise or part if name in flipped else part for name, part in parts.items()}
        yield read, parts[flipped[0]].alike


def _combinations(names: list[str]) -> Iterator[tuple[str, ...]]:
    if len(names) > MOST_SOURCES:
        yield tuple(names)
        yield from ((name,) for name in names)
        return
    for chosen in product((True, False), repeat=len(names)):
        if any(chosen):
            yield tuple(name for name, is_flipped in zip(names, chosen, strict=True) if is_flipped)


def agreed(window: Window, finding: Finding, other: Finding, doubt: str) -> Finding:
    """Return ``finding`` where ``other`` says the same; elsewhere nobody knows, because of ``doubt``.

    What keeps one of the two from being known is told as well: settling the doubt alone may not settle the verdict.
    """
    both = replace(finding, pieces=where_agreed(window, finding.pieces, other.pieces, doubt))
    if both.status is not Status.UNKNOWN or finding.status is other.status:
        return both
    unknown = next((one for one in (finding, other) if one.status is Status.UNKNOWN), None)
    reason = doubt if unknown is None or unknown.reason == doubt else f"{unknown.reason}; and {doubt}"
    evidence = finding.evidence if unknown is None else unknown.evidence
    return replace(both, reason=reason, evidence=evidence, at_risk=False, measured=None, headroom=None, due_at=None)
