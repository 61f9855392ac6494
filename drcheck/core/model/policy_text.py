"""A policy with the templates that it extends as one text, as the ledger keeps what was judged."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

_SEPARATOR: Final = "\x1e"
"""Stands before each file: none can hold it, as control characters are refused."""


def joined(files: Sequence[tuple[str, bytes]]) -> str:
    """Return a file and its templates, name and bytes each, as one text, which :func:`separated` takes apart again.

    A byte order mark at the beginning of a file is left out.
    """
    return "".join(f"{_SEPARATOR}{name}\n{data.decode('utf-8-sig')}" for name, data in files)


def separated(text: str) -> list[tuple[str, bytes]]:
    """Return the files, name and bytes each, of which :func:`joined` made a text."""
    parts = (part.partition("\n") for part in text.split(_SEPARATOR)[1:])
    return [(name, data.encode()) for name, _, data in parts]
