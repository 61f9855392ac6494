"""How what one look changed is kept as bytes: columns of integers and texts, compressed.

The look's own figures are columns of the table ``look``; a look that changed nothing and missed nothing, which is
most of them, needs no bytes at all. Format 3 is the byte ``3``, then a zlib stream (its Adler-32 tells damage) of
columns in the fixed order of :func:`encode`. There are two forms of column, all numbers little-endian:

- integers: a count of 4 bytes, then 8 bytes each, modulo 2**64. Columns of instants hold the difference to another
  column of the same row, or to the row before, because those repeat and so compress to almost nothing.
- texts: a column of integers with the length of each in characters, a count of bytes (4 bytes), then all of them on
  end in UTF-8. Lone surrogates, which is how Python shows file names that are not UTF-8, are encoded like any other
  character (``surrogatepass``), so that every name comes back as it was.

A reader of a later format must still read this one: what was written is never rewritten.
"""

from __future__ import annotations

import struct
import sys
import zlib
from array import array
from collections.abc import Iterable, Sequence
from dataclasses import replace
from itertools import accumulate, pairwise
from operator import add, sub
from typing import Final

from drcheck.core.evidence import Candidate, Described, Fact, Gap, Look, Told
from drcheck.core.history import Record

FORMAT: Final = 3
_HOLDS: Final = (None, False, True)
_LEVEL: Final = 1
"""Higher levels take several times as long for a tenth of the size."""
_MASK: Final = (1 << 64) - 1
_SWAP: Final = sys.byteorder == "big"
_NO_LINE: Final = -1
"""Of a gap that concerns the whole look; lines count from 1."""


class Damaged(ValueError):  # noqa: N818  a word that reads well where it is caught
    """These bytes are not a record, or not all of one."""


UNREADABLE: Final = (Damaged, zlib.error, ValueError, TypeError, KeyError)
"""What reading back raises where a value is not what was written, be it its bytes, its JSON or its type."""


def encode(record: Record) -> bytes:
    """Return what ``record`` holds beside its look's figures: gaps, facts, what appeared and went; empty: nothing.

    Raises OverflowError for an integer that does not fit in 64 bits.
    """
    gaps, rows, facts = record.look.gaps, record.appeared, record.described
    if not (gaps or rows or facts or record.gone or record.shown or record.unlisted):
        return b""
    data_lo = [row.data_lo for row in rows]
    available_lo = [row.available_lo for row in rows]
    columns = _Writer()
    columns.texts([gap.what for gap in gaps])
    columns.texts([gap.hint for gap in gaps])
    columns.integers([_NO_LINE if gap.line is None else gap.line for gap in gaps])
    columns.texts(record.unlisted)
    columns.texts(record.gone)
    columns.texts(record.shown)
    columns.texts([row.name for row in rows])
    columns.words([row.of for row in rows])
    columns.words([row.kind for row in rows])
    columns.texts([row.checksum for row in rows])
    columns.integers([row.size for row in rows])
    columns.integers([row.complete for row in rows])
    columns.integers(_differences(data_lo, [0, *data_lo[:-1]]))
    columns.integers(_differences([row.data_hi for row in rows], data_lo))
    columns.integers(_differences(available_lo, data_lo))
    columns.integers(_differences([row.available_hi for row in rows], available_lo))
    columns.words([gap.fact or "" for gap in gaps])
    columns.texts([one.name for one in facts])
    columns.words([one.fact for one in facts])
    columns.integers([_HOLDS.index(one.told.holds) for one in facts])
    columns.words([one.told.how for one in facts])
    columns.integers([one.told.until for one in facts])
    return bytes([FORMAT]) + zlib.compress(b"".join(columns.parts), _LEVEL)


def decode(data: bytes, look: Look, unread: int) -> Record:
    """Return the record that :func:`encode` made these bytes of; ``look`` has everything but its gaps.

    Raises :class:`Damaged`.
    """
    if not data:
        return Record(look, unread=unread)
    if data[0] != FORMAT:
        raise Damaged(f"format {data[0]} is not known")
    try:
        columns = _Reader(zlib.decompress(data[1:]))
        record = _record(columns, look, unread)
    except (zlib.error, struct.error, ValueError, OverflowError, IndexError) as error:
        raise Damaged(str(error)) from error
    if columns.left:
        raise Damaged(f"{columns.left} bytes too many")
    return record


def _record(columns: _Reader, look: Look, unread: int) -> Record:
    whats, hints, lines = columns.texts(), columns.texts(), columns.integers()
    unlisted, gone, shown = tuple(columns.texts()), tuple(columns.texts()), tuple(columns.texts())
    names, ofs, kinds, checksums = columns.texts(), columns.words(), columns.words(), columns.texts()
    sizes, complete = columns.integers(), columns.integers()
    data_lo = _signed(list(accumulate(columns.integers())))
    data_hi = _sums(columns.integers(), data_lo)
    available_lo = _sums(columns.integers(), data_lo)
    available_hi = _sums(columns.integers(), available_lo)
    table = zip(
        names,
        ofs,
        kinds,
        data_lo,
        data_hi,
        available_lo,
        available_hi,
        sizes,
        checksums,
        map(bool, complete),
        strict=True,
    )
    gaps = tuple(
        Gap(what, hint, None if line == _NO_LINE else line, Fact(fact) if fact else None)
        for what, hint, line, fact in zip(whats, hints, lines, columns.words(), strict=True)
    )
    appeared = tuple(map(Candidate._make, table))
    return Record(replace(look, gaps=gaps), appeared, gone, shown, _described(columns), unlisted, unread)


def _described(columns: _Reader) -> tuple[Described, ...]:
    names, facts, holds = columns.texts(), columns.words(), columns.integers()
    hows, untils = columns.words(), columns.integers()
    return tuple(
        Described(name, Fact(fact), Told(_HOLDS[held], how, until))
        for name, fact, held, how, until in zip(names, facts, holds, hows, untils, strict=True)
    )


def _differences(column: Sequence[int], base: Sequence[int]) -> list[int]:
    return list(map(sub, column, base))


def _signed(sums: list[int]) -> list[int]:
    # The difference of two extreme instants does not fit in 64 bits by itself, and was kept modulo 2**64.
    if sums and not -(1 << 63) <= min(sums) <= max(sums) < 1 << 63:
        return [((value + (1 << 63)) & _MASK) - (1 << 63) for value in sums]
    return sums


def _sums(column: Iterable[int], base: Sequence[int]) -> list[int]:
    return _signed(list(map(add, column, base)))


class _Writer:
    """Columns, one after the other."""

    def __init__(self) -> None:
        self.parts: list[bytes] = []

    def integers(self, column: Sequence[int]) -> None:
        try:
            values = array("q", column)
        except OverflowError:
            values = array("Q", [value & _MASK for value in column])
        if _SWAP:
            values.byteswap()
        self.parts += (struct.pack("<I", len(values)), values.tobytes())

    def texts(self, column: Sequence[str]) -> None:
        self.integers(list(map(len, column)))
        text = "".join(column).encode("utf-8", "surrogatepass")
        self.parts += (struct.pack("<I", len(text)), text)

    def words(self, column: Sequence[str]) -> None:
        """Write a column of few different texts: each of them once, then which of them every row has."""
        different = {word: number for number, word in enumerate(dict.fromkeys(column))}
        self.texts(list(different))
        self.integers([different[word] for word in column])


class _Reader:
    """The columns that a :class:`_Writer` wrote, in the same order."""

    def __init__(self, data: bytes) -> None:
        self._data, self._at = data, 0

    @property
    def left(self) -> int:
        """How many bytes were not read."""
        return len(self._data) - self._at

    def integers(self) -> array[int]:
        values = array("q")
        values.frombytes(self._take(8 * self._count()))
        if _SWAP:
            values.byteswap()
        return values

    def texts(self) -> list[str]:
        lengths = self.integers()
        text = self._take(self._count()).decode("utf-8", "surrogatepass")
        ends = list(accumulate(lengths, initial=0))
        if ends[-1] != len(text) or any(length < 0 for length in lengths):
            raise ValueError("the lengths of a column of texts do not fit it")
        return [text[start:end] for start, end in pairwise(ends)]

    def words(self) -> list[str]:
        different = self.texts()
        return [different[number] for number in self.integers()]

    def _count(self) -> int:
        (count,) = struct.unpack("<I", self._take(4))
        return int(count)

    def _take(self, count: int) -> bytes:
        end = self._at + count
        if end > len(self._data):
            raise ValueError("it ends too early")
        taken, self._at = self._data[self._at : end], end
        return taken
