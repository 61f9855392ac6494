"""Figures in words: what was measured, and what was promised."""

from __future__ import annotations

from drcheck.core import words
from drcheck.core.model.verdict import Finding, Quantity

NONE = "-"
"""In place of a figure that there is not."""


def quantity(figure: Quantity | None) -> str:
    """Return a figure with its unit in words: ``1 h 30 min``, ``99.9 %``, ``1 point``; a dash if there is none."""
    if figure is None:
        return NONE
    if figure.unit == "s" and isinstance(figure.value, int):
        return words.duration(figure.value)
    unit = {"points": "point", "copies": "copy"}.get(figure.unit, figure.unit) if figure.value == 1 else figure.unit
    return f"{figure.value} {unit}"


def promised(finding: Finding) -> str:
    """Return the objective: times are kept at most, everything else at least."""
    if finding.objective is None:
        return NONE
    return f"{'≤' if finding.objective.unit == 's' else '≥'} {quantity(finding.objective)}"
