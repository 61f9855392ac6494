"""What a reader made of one look at one source."""

from __future__ import annotations

from collections.abc import Sequence

from msgspec import Struct

from drcheck.core.model.evidence import Candidate, Described, Look
from drcheck.core.model.log_records import Log
from drcheck.core.model.rewritten_logs import Inventory, ReportedTest, Stretch


class Observation(Struct, frozen=True):
    """What a reader made of one look at one source."""

    look: Look
    candidates: Sequence[Candidate] = ()
    log: Log | None = None
    stretches: tuple[Stretch, ...] = ()
    """What an export of a monitoring system tells."""
    tests: tuple[ReportedTest, ...] = ()
    """What a test runner's report tells."""
    inventory: Inventory | None = None
    """What a list of what exists tells."""
    described: tuple[Described, ...] = ()
    """Facts of the candidates, as far as they were asked."""
    unlisted: tuple[str, ...] = ()
    """Data sets that were seen and that the policy does not list."""
    unread: int = 0
    """Names under the place that are no candidates (side-cars, partial files, other files)."""
    raw: bytes = b""
    """The answer that was judged, to be kept under its hash; empty for listings (their columns are kept)."""
