"""Archive tiers of object storage: what lies there is listed like everything else, and cannot be read for hours."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Final, NamedTuple

from drcheck.core.model.evidence import FactValue

HOUR: Final = 3600

_AMAZON_PAGE: Final = "https://docs.aws.amazon.com/AmazonS3/latest/userguide/restoring-objects-retrieval-options.html"
_AZURE_PAGE: Final = "https://learn.microsoft.com/azure/storage/blobs/archive-rehydrate-overview"


class Tier(NamedTuple):
    """One tier, as reports name it."""

    title: str
    thaw: int
    """The longest, in seconds, that its owner says an ordinary retrieval takes. Expedited ones are quicker for small
    objects where capacity was bought, and bulk ones slower: neither is counted on."""
    page: str
    """Where its owner says so."""


AMAZON: Final = {
    # Standard retrievals typically take 3-5 hours, and from Deep Archive up to 12 hours.
    "GLACIER": Tier("S3 Glacier Flexible Retrieval", 5 * HOUR, _AMAZON_PAGE),
    "DEEP_ARCHIVE": Tier("S3 Glacier Deep Archive", 12 * HOUR, _AMAZON_PAGE),
    # A listing does not show which of its tiers an object lies in: 3-5 hours, or within 12 hours.
    "INTELLIGENT_TIERING": Tier("an archive tier of S3 Intelligent-Tiering", 12 * HOUR, _AMAZON_PAGE),
}
"""By the storage class that a listing shows. GLACIER_IR is read at once, and so is everything else."""
AZURE: Final = {
    # At standard priority a rehydration may take up to 15 hours for a blob of less than 10 GB.
    "Archive": Tier("the archive tier of Azure", 15 * HOUR, _AZURE_PAGE),
}
"""By the access tier that a listing shows; what is being rehydrated stays there until that is done."""
UNTOUCHED: Final = 90 * 24 * HOUR
"""Intelligent-Tiering archives nothing that was used in the last 90 days, and only where its bucket is set up to
(https://docs.aws.amazon.com/AmazonS3/latest/userguide/intelligent-tiering-overview.html)."""

_ALL: Final = AMAZON | AZURE
AT_HAND: Final = FactValue(holds=False)
"""What is read at once."""


def at_amazon(storage_class: str) -> FactValue:
    """Return whether an object of that class lies in an archive tier; a server that shows no class has none."""
    if storage_class == "INTELLIGENT_TIERING":
        return FactValue(None, storage_class)
    return FactValue(True, storage_class) if storage_class in AMAZON else AT_HAND


def at_azure(access_tier: str) -> FactValue:
    """Return whether a blob in that access tier must be rehydrated before it can be read."""
    return FactValue(True, access_tier) if access_tier in AZURE else AT_HAND


def settled(told: FactValue, modified: int, now: int) -> FactValue:
    """Return what a listing shows, where it cannot tell and the thing was written lately: then nothing moved it yet."""
    return AT_HAND if told.holds is None and now - modified < UNTOUCHED else told


def slowest(several: Iterable[FactValue]) -> FactValue | None:
    """Return the answer, of those about the files of one backup, that is the longest to wait for; None: of none."""

    def wait(told: FactValue) -> tuple[int, bool]:
        return (0 if told.holds is False else tier_named(told.how).thaw, told.holds is True)

    return max(several, key=wait, default=None)


def tier_named(tier: str) -> Tier:
    """Return the tier that a listing calls ``tier``, one of :data:`AMAZON` and :data:`AZURE`."""
    return _ALL[tier]
