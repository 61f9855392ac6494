"""One file that several sources of a policy list is one copy, whatever they say of where it lies."""

from __future__ import annotations

import re
from dataclasses import replace
from itertools import chain, groupby
from operator import itemgetter

from drcheck.core.evaluation.terms import Subject, Terms
from drcheck.core.model.evidence import Points


def each_once(subject: Subject, terms: Terms) -> Subject:
    """Return ``subject`` with each file only at the source of which most is known of it, the first one of equals."""
    roots = [terms.roots.get(part.points.source, "") for part in subject.parts]
    if not any(
        root and other.startswith(root)
        for index, root in enumerate(roots)
        for other in (*roots[:index], *roots[index + 1 :])
    ):
        return subject  # of most policies no source lies within another one
    taken: set[str] = set()
    around: set[str] = set()
    """The directories that what is taken lies in."""
    kept: list[list[int]] = [[] for _ in roots]
    every = ((_unsure(part.points, row), index, row) for index, part in enumerate(subject.parts)
             for row in range(len(part.points)))  # fmt: skip
    for (_, index), its in groupby(sorted(every), key=itemgetter(0, 1)):
        root, names = roots[index], subject.parts[index].points.name
        files = {row: f"{root}{names[row]}" if root else "" for _, _, row in its}
        above = {row: _above(file) for row, file in files.items()}
        kept[index] += (
            row
            for row, file in files.items()
            # A directory that is a backup holds the files in it.
            if file not in taken and file not in around and taken.isdisjoint(above[row])
        )
        taken.update(filter(None, files.values()))
        around.update(chain.from_iterable(above.values()))
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


def _above(file: str) -> list[str]:
    """Return the directories that a file lies in, each with its slash."""
    return [file[: found.end()] for found in re.finditer("/(?=.)", file)]
