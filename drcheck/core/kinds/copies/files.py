"""One file that several sources of a policy list is one copy, whatever they say of where it lies."""

from __future__ import annotations

import re
from dataclasses import replace
from itertools import chain

from drcheck.core.evaluation.terms import Subject, Terms
from drcheck.core.history.part import Part


def each_once(subject: Subject, terms: Terms) -> Subject:
    """Return ``subject`` with each file only where the first of its sources lists it."""
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
    parts: list[Part] = []
    for root, part in zip(roots, subject.parts, strict=True):
        files = [f"{root}{name}" if root else "" for name in part.points.name]
        above = list(map(_above, files))
        rows = [
            row
            for row, (file, directories) in enumerate(zip(files, above, strict=True))
            # A directory that is a backup holds the files in it.
            if file not in taken and file not in around and taken.isdisjoint(directories)
        ]
        taken.update(filter(None, files))
        around.update(chain.from_iterable(above))
        parts.append(part if len(rows) == len(files) else replace(part, points=part.points.only(rows)))
    return Subject(subject.of, tuple(parts))


def _above(file: str) -> list[str]:
    """Return the directories that a file lies in, each with its slash."""
    return [file[: found.end()] for found in re.finditer("/(?=.)", file)]
