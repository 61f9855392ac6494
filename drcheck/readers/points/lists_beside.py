"""Looking for lists of checksums beside backups where a listing shows only names that begin as the template does."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from contextlib import suppress
from itertools import islice
from typing import Final

from drcheck.core.model.evidence import Candidate, Fact
from drcheck.interfaces import CollectorError, Seek
from drcheck.readers.content import checksum_names
from drcheck.readers.content.asking import MOST_ASKED
from drcheck.readers.points.listing import PAGE, Listing

MOST_DIRECTORIES: Final = 10
"""Those of the newest backups, where no commitment asks for checksums: what is older was, or is not checked."""


def find(listing: Listing, candidates: Iterable[Candidate], names_of: Callable[[Candidate], Sequence[str]]) -> None:
    """List what is named as lists of checksums are, beside backups that have no checksum of their own.

    Only where that can matter: beside what is new, or every time where checksums are promised. ``names_of`` tells the
    files of a candidate. That is no part of what the look was to show: what of it cannot be seen hides nothing.
    """
    asked, promised = listing.asked, Fact.CHECKSUM in listing.asked.facts
    if not (asked.verify or promised) or listing.gaps or listing.collector.seek is Seek.NONE or listing.source.versions:
        return
    summed = {checksum_names.about(name) for name in listing.others if checksum_names.of_one(name)}
    directories: dict[str, None] = {}
    for one in sorted(candidates, key=lambda one: (one.data_hi, one.name), reverse=True):
        settled = asked.settled.get(one.name)
        is_new = settled is None or settled.shown != one
        if one.complete and one.size and (promised or is_new) and not _has_its_own(names_of(one), summed):
            name = one.name.rstrip("/")
            directories[name[: name.rfind("/") + 1]] = None
    most = MOST_ASKED // len(checksum_names.STARTS) if promised else MOST_DIRECTORIES
    with suppress(CollectorError):
        for directory in islice(directories, most):
            for start in checksum_names.STARTS:
                listing.look_beside(directory + start, at_most=PAGE)


def _has_its_own(names: Iterable[str], summed: set[str]) -> bool:
    """Return whether each file has a checksum of its own, or the backup holds a list of them."""
    names = list(names)
    if any(map(checksum_names.holds_checksums, names)):
        return True
    return all(name in summed or name.rpartition(".")[0] in summed for name in names)
