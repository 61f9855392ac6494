"""Grace: how much later than promised a backup is still in time. The one place of that rule.

The grace that holds for a commitment is the one that it states; where it states none, the longest ``max_duration`` that
its sources declare; where none is declared, an hour. It is seconds that pass, whatever clocks on the wall do meanwhile.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Final

from drcheck.core.model.commitments import Commitment
from drcheck.core.model.policy import Policy, Source

DEFAULT: Final = 3600
"""Where neither the commitment states a grace nor a source its ``max_duration``."""
LATE_DELETION: Final = 2 * 86400
"""How late deletion may run, where the commitment does not say: lifecycle rules run about once a day, and late
(https://docs.aws.amazon.com/AmazonS3/latest/userguide/lifecycle-configuration-examples.html)."""


def of_commitment(policy: Policy, commitment: Commitment) -> int:
    """Return the grace that holds for ``commitment``, in seconds."""
    stated = commitment.stated_grace()
    return of_sources(policy.sources[name] for name in commitment.evidence) if stated is None else stated


def of_sources(sources: Iterable[Source]) -> int:
    """Return the grace that holds for backups at ``sources`` where no commitment states one, in seconds."""
    declared = (source.max_duration for source in sources)
    return max((duration for duration in declared if duration is not None), default=DEFAULT)


def of_deletion(commitment: Commitment) -> int:
    """Return how much later than promised something may be deleted, in seconds."""
    stated = commitment.stated_grace()
    return LATE_DELETION if stated is None else stated
