"""A commitment of several requirements: it is met while all of them are."""

from __future__ import annotations

from collections.abc import Sequence

from drcheck.core.model.verdict import Finding, Piece, Window
from drcheck.core.time.timeline import overlay


def all_required(window: Window, findings: Sequence[Finding]) -> tuple[tuple[Piece, ...], Finding]:
    """Return the worst of ``findings`` at each instant, and the first one that decides at the window's end."""
    pieces = overlay(window, [finding.pieces for finding in findings])
    return pieces, next(finding for finding in findings if finding.status is pieces[-1].status)
