"""One file that several sources of a policy list is one copy, whatever they say of where it lies."""

from __future__ import annotations

import re
from collections import defaultdict
from itertools import chain, permutations
from typing import Final

from msgspec.structs import replace

from drcheck.core.evaluation.inputs import Subject, Terms
from drcheck.core.model.points import Points

_VERSION: Final = re.compile(r"\?versionId=[^/]*$")
"""What names end in where each version of an object is a backup of its own."""


def each_once(subject: Subject, terms: Terms) -> Subject:
    """Return ``subject`` with each file only at the source of which most is known of it, the first one of equals."""
    roots = [terms.roots.get(part.points.source, "") for part in subject.parts]
    if not any(other.startswith(root) for root, other in permutations(filter(None, roots), 2)):
        return subject  # of most policies no source lies within another one
    taken: dict[str, set[int]] = defaultdict(set)
    """File to the sources that it is kept at: at one, each time that it was written is a point of its own."""
    around: dict[str, set[int]] = defaultdict(set)
    """Directory to the sources of what is kept in it."""
    kept: list[list[int]] = [[] for _ in roots]
    every = ((_unsure(part.points, row), index, row) for index, part in enumerate(subject.parts)
             for row in range(len(part.points)))  # fmt: skip
    for _, index, row in sorted(every):
        file = f"{roots[index]}{subject.parts[index].points.name[row]}" if roots[index] else ""
        version = _version(subject.parts[index].points, row, file)
        above = _above(file)
        # A directory that is a backup holds the files in it.
        if not {index}.issuperset(
            chain(around.get(file, ()), *(taken.get(path, ()) for path in (file, version, *above)))
        ):
            continue
        kept[index].append(row)
        if file:
            taken[file].add(index)
            taken[version].add(index)
        for path in above:
            around[path].add(index)
    parts = zip(subject.parts, map(sorted, kept), strict=True)
    return Subject(
        subject.of,
        tuple(
            part if len(rows) == len(part.points) else replace(part, points=part.points.only(rows))
            for part, rows in parts
        ),
    )


def _unsure(points: Points, row: int) -> tuple[bool, bool, bool, bool]:
    """Return how little is known of a point, for sorting."""
    return (
        row in points.why_not,
        row in points.doubts,
        points.data_lo[row] < points.data_hi[row],
        points.available_lo[row] < points.available_hi[row],
    )


def _version(points: Points, row: int, file: str) -> str:
    """Return the name and data of a file: the version of an object that a source lists is that object at another."""
    return f"{_VERSION.sub('', file)} of {points.data_lo[row]}" if file else ""


def _above(file: str) -> list[str]:
    """Return the directories that a file lies in, each with its slash."""
    return [file[: found.end()] for found in re.finditer("/(?=.)", file)]
