"""What a place still holds of backups that were overwritten or deleted there, and does not list.

That nothing is older than promised is not proved by the names of today where a bucket keeps versions, or a container
snapshots and what was deleted softly. What is young enough may be held.
"""

from __future__ import annotations

from typing import Final

from msgspec.structs import replace

from drcheck.core.model.evidence import Fact, Gap
from drcheck.core.words import counted, instant, several
from drcheck.interfaces import Collector, CollectorError
from drcheck.readers import look_clock
from drcheck.readers.points.listing import Listing

MOST: Final = 20_000
"""Of what is held and not listed, how much one look goes through."""
_TOLD: Final = 3


def retained(collector: Collector, listing: Listing) -> tuple[Gap, ...]:
    """Return what is still held of backups below the place beside its listing, or that it cannot be told, as a gap."""
    seen = 0
    found: dict[str, int] = {}
    try:
        for prefix in dict.fromkeys(stretch.prefix for stretch in listing.taken):
            for entry in collector.earlier(prefix):
                if (named := listing.match(entry.own_name)) is not None:
                    data = entry.modified if named.data_lo is None else min(named.data_lo, entry.modified)
                    if data < listing.asked.kept_from:
                        found[entry.own_name] = min(data, found.get(entry.own_name, data))
                if (seen := seen + 1) >= MOST:
                    break
    except CollectorError as error:
        return (replace(look_clock.gap(error), fact=Fact.EARLIER),)
    hint = (
        "Let a lifecycle rule delete them in time; at S3, a source with `versions: points` has each judged by its age."
    )
    if found:
        oldest = sorted(found, key=lambda name: (found[name], name))
        more = "" if seen < MOST else ", and there may be more"
        what = (
            f"what was overwritten or deleted, and is too old, is still held there, of {counted(len(found), 'name')}"
            f"{more}: {several(oldest, at_most=_TOLD)}, the oldest data of {instant(found[oldest[0]])}"
        )
        return (Gap(what, hint, fact=Fact.EARLIER),)
    if seen < MOST:
        return ()
    return (
        Gap(f"what was overwritten or deleted is still held there, more than {MOST} names", hint, fact=Fact.EARLIER),
    )
