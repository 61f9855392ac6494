"""The Merkle tree over the entries of a log: its nodes, of which few are kept so that no proof reads more than a few.

A *row* is up to 256 nodes of one level, a multiple of 8, beside each other, as the tiles of C2SP's tlog-tiles are.
Those of the leaves are not kept: entries are read, and checked, a row at a time. Of the levels above, each row is a
derived value of 8 kB: a hundred and fifty of them are all of ten million entries. What is not kept is worked out of the
entries.
"""

from __future__ import annotations

from collections.abc import Iterator
from functools import lru_cache
from typing import Final

from drcheck.core.proof import merkle
from drcheck.core.proof.merkle import HASH_BYTES
from drcheck.ledger.interface import Log

_HEIGHT: Final = 8
"""Levels between one row and the row above it."""
_WIDTH: Final = 1 << _HEIGHT
_ROWS: Final = 16
"""Rows that are remembered: a proof needs one or two of each level."""


class Tree:
    """The tree over a log, as far as that reaches now; what is appended later is found as well.

    Every method raises :class:`~drcheck.ledger.errors.LedgerError` where an entry is damaged or missing. A kept row
    that was tampered with leads to another root: whoever holds a signed one finds out.
    """

    def __init__(self, log: Log, *, anew: bool = False) -> None:
        """``anew``: whether nothing that is kept is used, so that all comes from the entries."""
        self._log, self._anew = log, anew
        self._read = lru_cache(_ROWS)(self._read_row)
        self._known: dict[tuple[int, int], list[bytes]] = {}

    def root(self, size: int) -> bytes:
        """Return the root over the first ``size`` entries."""
        return merkle.root(size, self.node)

    def node(self, level: int, index: int) -> bytes:
        """Return the hash of a complete subtree; see :mod:`drcheck.core.proof.merkle`."""
        above = level % _HEIGHT
        first, count = index << above, 1 << above
        number, place = divmod(first, _WIDTH)
        row = self._leaves(number) if level == above else self._row(level - above, number, place + count)
        return merkle.folded(row[place : place + count])

    def rows(self, size: int) -> Iterator[tuple[str, bytes]]:
        """Yield by name the rows that belong to the first ``size`` entries and are not kept yet, or not so far."""
        level = _HEIGHT
        while nodes := size >> level:
            number = (nodes - 1) // _WIDTH
            while number >= 0 and len(self._kept(level, number)) < _count(nodes, number):
                yield _name(level, number), b"".join(self._row(level, number, _count(nodes, number)))
                number -= 1
            level += _HEIGHT

    def differing(self, size: int) -> Iterator[str]:
        """Yield the names of kept rows that are not what the first ``size`` entries come to; reads all of these."""
        for name, row in Tree(self._log, anew=True).rows(size):
            kept = self._log.kept(name)
            if kept is not None and kept != row[: len(kept)]:
                yield name

    def _row(self, level: int, number: int, count: int) -> list[bytes]:
        """Return at least the first ``count`` nodes of a row above the leaves."""
        row = self._known.get((level, number))
        if row is None:
            row = self._known[level, number] = self._kept(level, number)
        below = level - _HEIGHT
        for index in range(number * _WIDTH + len(row), number * _WIDTH + count):
            row.append(merkle.folded(self._row(below, index, _WIDTH) if below else self._leaves(index)))
        return row

    def _kept(self, level: int, number: int) -> list[bytes]:
        kept = None if self._anew else self._log.kept(_name(level, number))
        return [kept[at : at + HASH_BYTES] for at in range(0, len(kept), HASH_BYTES)] if kept else []

    def _leaves(self, number: int) -> list[bytes]:
        """Return the leaf hashes of a row, each of an entry that was checked; the last row may be shorter."""
        return self._read(number, min((number + 1) * _WIDTH, self._log.count))

    def _read_row(self, number: int, upto: int) -> list[bytes]:
        return [merkle.leaf_hash(stored.data) for stored in self._log.read(number * _WIDTH, upto)]


def _count(nodes: int, number: int) -> int:
    """Return how many of a level's ``nodes`` stand in a row."""
    return min(_WIDTH, nodes - number * _WIDTH)


def _name(level: int, number: int) -> str:
    return f"tree {level} {number}"
