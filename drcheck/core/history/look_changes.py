"""What one look changed about what is known of a source: the unit that the ledger keeps.

Applied in order they are the source's history (:mod:`drcheck.core.history.source_history`).
"""

from __future__ import annotations

from collections.abc import Sequence

from msgspec import Struct

from drcheck.core.model.evidence import (
    Candidate,
    Described,
    Look,
)
from drcheck.core.model.rewritten_logs import Inventory, ReportedTest, Stretch


class LookChanges(Struct, frozen=True):
    """What one look changed about what is known of a source."""

    look: Look
    appeared: Sequence[Candidate] = ()
    """New names, and names that show something else than before."""
    gone: tuple[str, ...] = ()
    """Names that a complete look missed."""
    shown: tuple[str, ...] = ()
    """Of an incomplete look, the names that it showed as they were: a complete one shows all that did not go."""
    described: tuple[Described, ...] = ()
    """Facts of what stands that were not known yet, or are not as they were."""
    unlisted: tuple[str, ...] = ()
    unread: int = 0
    stretches: tuple[Stretch, ...] = ()
    """What an export told that was not known."""
    tests: tuple[ReportedTest, ...] = ()
    """What a test runner's report told that was not known."""
    inventory: Inventory | None = None
    """What a list of what exists told that was not known."""
