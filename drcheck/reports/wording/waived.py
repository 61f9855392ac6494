"""Who accepted a breach, until when, and why, in words."""

from __future__ import annotations

from drcheck.core.model.policy import Waiver
from drcheck.reports.wording.text import prose


def accepted(waiver: Waiver, until: str) -> str:
    """Return what a waiver accepts in a line; ``until`` is its end as the report shows instants."""
    approved = f", approved by {waiver.approved_by}" if waiver.approved_by else ""
    return prose(f"waived until {until} by {waiver.owner}{approved}: {waiver.reason}")


def approver(waiver: Waiver) -> str:
    """Return who approved it, or that nobody but its owner is named."""
    return prose(waiver.approved_by) or "nobody but the owner is named"
