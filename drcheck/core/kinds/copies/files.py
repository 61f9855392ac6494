"""One file that several sources of a policy list is one copy, whatever they say of where it lies."""

from __future__ import annotations

from dataclasses import replace

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
    parts: list[Part] = []
    for root, part in zip(roots, subject.parts, strict=True):
        files = [f"{root}{name}" if root else "" for name in part.points.name]
        rows = [row for row, file in enumerate(files) if file not in taken]
        taken.update(filter(None, files))
        parts.append(part if len(rows) == len(files) else replace(part, points=part.points.only(rows)))
    return Subject(subject.of, tuple(parts))
