"""When waivers hold: from when each was first seen until it ends, and no longer than a text that has it is in force.

A waiver accepts what is broken while it holds. What was broken and over before anybody wrote it down was accepted by
nobody, and a report of that time must say so.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from itertools import pairwise

from drcheck.core.judging.wordings import Version
from drcheck.core.model.evidence import FOREVER
from drcheck.core.model.waivers import Waived


def waivers_of(commitment: str, versions: Sequence[Version]) -> Iterator[Waived]:
    """Yield when each text's waivers of a commitment hold; ``versions`` are all texts, oldest first."""
    for version, after in pairwise([*versions, None]):
        assert version is not None
        replaced = FOREVER if after is None else after.in_force_from
        for waiver in version.policy.waivers:
            start, end = version.in_force_from, min(waiver.until, replaced)
            if waiver.commitment == commitment and start < end:
                yield Waived(start, end, waiver)
