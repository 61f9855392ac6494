"""Columns of values of one width as bytes of a snapshot, which become columns again without a loop over their rows.

All first bytes of the values come first, then all second ones, up to the last: what changes little from one row to the
next lies together, and compresses. Integers have 8 bytes, the lowest first; names that are of one length, and plain
ASCII, as many as characters.
"""

from __future__ import annotations

import sys
from array import array
from collections.abc import Sequence
from typing import Any, Final

from drcheck.core.model.equal_texts import EqualTexts
from drcheck.ledger.look_columns import read_text, writable_text

_INTEGER: Final = 8
_SWAP: Final = sys.byteorder == "big"


def written_integers(column: array[int]) -> bytes:
    """Return a column of integers of 8 bytes as it is written."""
    if _SWAP:
        column = column[:]
        column.byteswap()
    return _apart(column.tobytes(), _INTEGER)


def read(data: bytes, typecode: str = "q") -> array[int]:
    """Return the column that :func:`written_integers` was given."""
    column = array(typecode, _together(data, _INTEGER))
    if _SWAP:
        column.byteswap()
    return column


def written_names(names: Sequence[str]) -> list[Any]:
    """Return names as they are written."""
    together, lengths = "".join(names), set(map(len, names))
    if len(lengths) == 1 and together and together.isascii():
        (length,) = lengths
        return [length, _apart(together.encode(), length)]
    return [0, list(map(writable_text, names))]


def read_names(value: Sequence[Any]) -> Sequence[str]:
    """Return the names that :func:`written_names` was given."""
    length, names = value
    return EqualTexts(_together(names, length).decode(), length) if length else list(map(read_text, names))


def _apart(values: bytes, width: int) -> bytes:
    return b"".join(values[place::width] for place in range(width))


def _together(planes: bytes, width: int) -> bytes:
    rows = len(planes) // width
    values = bytearray(len(planes))
    for place in range(width):
        values[place::width] = planes[place * rows : (place + 1) * rows]
    return bytes(values)
