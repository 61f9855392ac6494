"""Looking for lists of checksums beside backups where a listing shows only names that begin as the template does."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import suppress
from itertools import islice
from typing import Final

from drcheck.core.model.candidate_columns import CandidateColumns
from drcheck.core.model.evidence import Candidate, Fact
from drcheck.interfaces import CollectorError, Seek
from drcheck.readers.content import checksum_names
from drcheck.readers.content.request_budget import MOST_ASKED
from drcheck.readers.points.listing import PAGE, Listing

MOST_DIRECTORIES: Final = 10
"""Those of the newest backups, where no commitment asks for checksums: what is older was, or is not checked."""
PAGES: Final = {Seek.AFTER: PAGE, Seek.PREFIX: 5 * PAGE, Seek.NONE: PAGE}
"""Names in one page of a listing of S3, and of Azure; of a disk as many as of S3."""


def find(listing: Listing, candidates: CandidateColumns, names_of: Callable[[Candidate], Sequence[str]]) -> None:
    """List what is named as lists of checksums are, beside backups that have no checksum of their own.

    Only where that can matter: beside what is new, or every time where checksums are promised. ``names_of`` tells the
    files of a candidate. That is no part of what the look was to show: what of it cannot be seen hides nothing.
    """
    asked, promised = listing.asked, Fact.CHECKSUM in listing.asked.facts
    if not (asked.verify or promised) or listing.gaps or listing.source.versions:
        return
    summed = {checksum_names.about(name) for name in listing.others if checksum_names.of_one(name)}
    directories: dict[str, None] = {}
    for row in candidates.newest_first():
        name = candidates.name[row]
        directory = name[: name.rfind("/", 0, -1) + 1]
        if directory in directories or not (candidates.complete[row] and candidates.size[row]):
            continue
        one = candidates[row]
        settled = asked.settled.get(one.name)
        is_new = settled is None or settled.shown != one
        if (promised or is_new) and not _has_its_own(names_of(one), summed):
            directories[directory] = None
    most = MOST_ASKED // (1 + len(checksum_names.STARTS)) if promised else MOST_DIRECTORIES
    beside = list(islice(directories, most))
    above = dict.fromkeys(directory[:at] for directory in beside for at in _above(directory))
    if listing.collector.seek is Seek.NONE:
        beside.clear()  # the listing walked those, and showed the lists in them
    with suppress(CollectorError):
        for directory in (*beside, *(each for each in above if each not in directories)):
            _look(listing, directory)


def _above(directory: str) -> Iterator[int]:
    """Yield where each directory ends that lies above another one, the nearest first."""
    at = len(directory) - 1
    while at >= 0:
        at = directory.rfind("/", 0, at)
        yield at + 1


def _look(listing: Listing, directory: str) -> None:
    """List the names in a directory that begin as those of lists do, as far as that was not done.

    One page, from the first such name on where a listing can begin there, shows all that a directory holds beside names
    that sort before them. Only what lies beyond it takes a request for each beginning.
    """
    starts = [
        start for start in (directory + each for each in sorted(checksum_names.STARTS)) if not listing.shows(start)
    ]
    if not starts:
        return
    if listing.collector.seek is Seek.NONE:
        for start in starts:  # to list all of this one would walk whatever lies below
            _take(listing, start)
        return
    # Where a listing cannot begin there, what sorts before would be paged through to its end.
    after = starts[0][:-1] if listing.collector.seek is Seek.AFTER else ""
    reached = _take(listing, directory, after=after)
    for start in starts:
        if reached and reached[: len(start)] <= start:
            _take(listing, start)


def _take(listing: Listing, prefix: str, *, after: str = "") -> str:
    """Keep what is named as lists are on one page of a listing; return the last name on it, or nothing at its end."""
    page = PAGES[listing.collector.seek]
    entries = list(islice(listing.collector.list(prefix, after=after), page))
    for entry in entries:
        if entry.name not in listing.rows and checksum_names.of_several(entry.name):
            listing.others.setdefault(entry.name, entry)
    return entries[-1].name if len(entries) == page else ""


def _has_its_own(names: Iterable[str], summed: set[str]) -> bool:
    """Return whether each file has a checksum of its own, or the backup holds a list of them."""
    names = list(names)
    if any(map(checksum_names.holds_checksums, names)):
        return True
    return all(name in summed or name.rpartition(".")[0] in summed for name in names)
