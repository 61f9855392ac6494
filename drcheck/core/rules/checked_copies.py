"""Which candidates a log speaks of, where it names the copy that was checked.

A record is written by people and tools that know nothing of how names are read here: the name may begin with the path
of the source, a directory is named without its slash or by a file in it, what is split into parts by one of its parts,
and what has several versions without the id of one.
"""

from __future__ import annotations

import re
from array import array
from bisect import bisect_right
from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from typing import Final, NamedTuple

from drcheck.core.model.points import Points
from drcheck.core.names.matching import LONGEST_LABEL
from drcheck.core.names.paths import VERSION

_PART: Final = "{part}"
_BEFORE: Final = re.compile("[/:]")
"""What ends the path that may stand before a name, and the connection before that."""
_DEEPEST: Final = 32
"""Directories of a name that are tried; names have fewer."""


class NamedCopies(NamedTuple):
    """The candidates that a name stands for, in the order in which they came: it may have held several contents."""

    rows: Sequence[int]
    whole: bool
    """Whether it names all of the backup; else it is one file or part of it, and vouches for no other."""
    newest: bool = False
    """Whether it names the newest of them alone: all versions of a name stand at once."""


def copies_named(points: Points, names: set[str]) -> Mapping[str, NamedCopies]:
    """Return what each of ``names`` stands for, as far as it names any of ``points``.

    It takes time linear in the number of points and the length of the names.
    """
    spelled = {spelling for name in names for spelling, _ in _spellings(name)}
    rows: dict[str, list[int]] = defaultdict(list)
    parted: dict[tuple[str, str], list[int]] = defaultdict(list)
    versions: dict[str, list[int]] = defaultdict(list)
    for row, name in enumerate(points.name):
        if name in spelled:
            rows[name].append(row)
        elif _PART in name:
            before, _, after = name.partition(_PART)
            parted[before, after].append(row)
        elif (key := name.rpartition(VERSION)[0]) in spelled:
            versions[key].append(row)
    for those in (*rows.values(), *parted.values(), *versions.values()):
        those.sort(key=lambda row: (points.available_lo[row], row))
    found: dict[str, NamedCopies] = {}
    for name in names:
        for spelling, whole in _spellings(name):
            if spelling in rows:
                found[name] = NamedCopies(rows[spelling], whole)
            elif spelling in versions:
                found[name] = NamedCopies(versions[spelling], whole, newest=True)
            elif whole and parted and (around := next((pair for pair in _parted(spelling) if pair in parted), None)):
                found[name] = NamedCopies(parted[around], whole=False)
            else:
                continue
            break
    return found


def spellings(name: str) -> Iterator[str]:
    """Yield the whole backups that ``name`` may stand for, as listings spell them, the likeliest first."""
    return (spelling for spelling, whole in _spellings(name) if whole)


def among(names: set[str], shown: Sequence[str]) -> set[str]:
    """Return which of ``names`` stand for anything among the names of what was ever ``shown``."""
    return set(copies_named(Points("", "", name=shown, available_lo=array("q", bytes(8 * len(shown)))), names))


def _spellings(name: str) -> Iterator[tuple[str, bool]]:
    """Yield the names that ``name`` may stand for, the likeliest first, each with whether it names all of a backup."""
    starts = [0, *(found.end() for found in _BEFORE.finditer(name, 0, len(name) - 1))][:_DEEPEST]
    for start in starts:
        yield name[start:], True
        if not name.endswith("/"):
            yield f"{name[start:]}/", True
    for start in starts:
        directory = name[start:].removesuffix("/").rpartition("/")[0]
        for _ in range(_DEEPEST):
            if not directory:
                break
            yield f"{directory}/", False
            directory = directory.rpartition("/")[0]


def _parted(name: str) -> Iterator[tuple[str, str]]:
    """Yield what may stand before and after the label of a part in ``name``, a whole label first."""
    for start in range(len(name)):
        for end in range(min(start + LONGEST_LABEL, len(name)), start, -1):
            if name[start:end].isalnum():
                yield name[:start], name[end:]


def contents_checked(points: Points, copies: NamedCopies, begun: int, ended: int) -> Sequence[int]:
    """Return those contents of one name of which a check from ``begun`` to ``ended`` may be.

    Of several nobody knows which was read: the name was written anew meanwhile, or between the looks around it.
    """
    rows = copies.rows
    index = bisect_right(rows, ended, key=lambda row: points.available_lo[row]) - 1
    there: list[int] = []
    for place in range(index, -1, -1):
        gone = points.gone_hi[rows[place]]
        if copies.newest and place < index:
            gone = min(gone, points.available_hi[rows[place + 1]])
        if gone <= begun:
            break
        there.append(rows[place])
    if there:
        return there
    if index + 1 < len(rows) and points.data_lo[rows[index + 1]] <= ended:
        # It was checked before it, or its marker, was put there; or the clocks differ.
        return rows[index + 1 : index + 2]
    return rows[max(index, 0) : index + 1]
