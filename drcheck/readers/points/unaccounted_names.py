"""Names that nothing accounts for: no policy's template reads them, and they belong to nothing that one does."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from heapq import nlargest
from typing import Final

from drcheck.core.model.evidence import Unaccounted
from drcheck.core.model.policy import Source
from drcheck.core.names.marker_names import is_like_a_marker
from drcheck.core.names.source_naming import matcher_of
from drcheck.errors import DrcheckError
from drcheck.interfaces import Entry, LookRequest

SMALL: Final = 1000
"""Bytes: what is smaller is a placeholder, a marker or a note, and no backup."""
MOST_KEPT: Final = 5
"""How many names a look keeps, the newest."""
MOST_TRIES: Final = 2_000_000
"""How many times a name is held against another source, some seconds: of a place that holds the names of a thousand
services the newest 2,000 names, of one that holds those of ten all that anybody has."""
_DIGEST: Final = re.compile(
    r"\.(?:(?:sha\d+|md5)(?:sums?)?(?:\.txt)?|sig|asc|sign)$|(?:^|/)(?:(?:sha\d+|md5)sums?|checksums?)(?:\.txt)?$",
    re.IGNORECASE,
)


def unaccounted(
    source: Source, newest: int, others: Mapping[str, Entry], asked: LookRequest, known: Callable[[str], bool]
) -> tuple[Unaccounted, ...]:
    """Return the newest of ``others``, what was listed and is no backup of ``source``, that nothing accounts for.

    ``newest`` is the newest time that the place shows for what may be its backups; ``known`` says whether a name
    belongs to one of them, or is of a data set that nobody listed.
    """
    large = (entry for entry in others.values() if entry.size >= SMALL and not entry.name.endswith("/"))
    most = MOST_TRIES // max(1, len(asked.also_read))
    tried = nlargest(most, large, key=lambda entry: (entry.modified, entry.name))
    readers = [_reading(source, other) for other in asked.also_read if other.templates] if tried else []
    found: list[Unaccounted] = []
    for entry in tried:
        name = entry.name
        if not _DIGEST.search(name) and not known(name) and not any(reads(name) for reads in readers):
            found.append(Unaccounted(name, entry.modified, newer=entry.modified > newest))
            if len(found) == MOST_KEPT:
                break
    return tuple(found)


def _reading(source: Source, other: Source) -> Callable[[str], bool]:
    """Return whether ``other`` accounts for a name below ``source``, as it is written from there."""
    try:
        match = matcher_of(other)
    except DrcheckError:
        return lambda _: False  # the look at that one says so
    ours, theirs = source.root, other.root
    before = ours[len(theirs) :] if ours.startswith(theirs) else ""
    below = theirs[len(ours) :] if theirs.startswith(ours) else ""
    marker = other.complete_when

    def reads(name: str) -> bool:
        if not name.startswith(below):
            return False
        name = before + name[len(below) :]
        return match(name) is not None or bool(match.unlisted(name)) or is_like_a_marker(marker, name)

    return reads
