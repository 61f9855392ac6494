"""Logs as CSV: the same records as JSON Lines, one a row, under a header with the names of their keys.

RFC 4180 with commas, in UTF-8, with or without a byte order mark. A newline inside quotes is a control character and
refused like any other, with the whole row: what follows it must not pass for a row of its own.
"""

from __future__ import annotations

import codecs
import csv
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from functools import partial
from typing import Any

from drcheck.core.evidence import Gap
from drcheck.readers import records
from drcheck.readers.records import Line, Malformed, Record


@dataclass(frozen=True, slots=True)
class Columns:
    """The columns that a log has as CSV, in any order; others may stand beside them and say nothing."""

    required: tuple[str, ...]
    """Without one of these a row could not tell what it must."""
    optional: tuple[str, ...] = ()
    parts: Mapping[str, tuple[str, str]] = field(default_factory=dict)
    """Column to the object, and the key within, that its cells are."""

    @property
    def known(self) -> tuple[str, ...]:
        """Every column that says something."""
        return (*self.required, *self.optional, *self.parts)


def each(columns: Columns, data: bytes, latest: int, take: Callable[[Record], None]) -> tuple[Gap, ...]:
    """Hand the record of every row to ``take``, and return the lines that are none.

    Without its header nobody can tell what any row says: that gap is of the whole look.
    """
    header, newline, rows = data.removeprefix(codecs.BOM_UTF8).partition(b"\n")
    try:
        names = _header(columns, header + newline)
    except Malformed as why:
        hint = f"Its first line names its columns, separated by commas: {', '.join(columns.required)}"
        if others := (*columns.optional, *columns.parts):
            hint += f"; and, if wanted, {', '.join(others)}"
        return (Gap(f"the log cannot be read as CSV: {why}", f"{hint}."),)
    return records.each(_rows(records.lines(rows, first=2)), latest, take, partial(_fields, columns, names))


def _rows(lines: Iterable[Line]) -> Iterator[Line]:
    """Join the lines that quotes hold together, as far as those close."""
    parts: list[Line] = []
    quotes = 0
    for line in lines:
        parts.append(line)
        quotes += line.written.count(b'"')
        if quotes % 2 == 0:
            yield _joined(parts)
            parts, quotes = [], 0
    if parts:
        yield _joined(parts)


def _joined(parts: Sequence[Line]) -> Line:
    return Line(parts[0].number, b"\n".join(part.written for part in parts), parts[-1].ended)


def _header(columns: Columns, line: bytes) -> Sequence[str]:
    if not line.endswith(b"\n"):
        raise Malformed("it has no header line that ends")
    names = _cells(records.text_of(line[:-1].removesuffix(b"\r")))
    for name in columns.known:
        if names.count(name) > 1:
            raise Malformed(f"column {name} stands twice")
    if missing := [name for name in columns.required if name not in names]:
        raise Malformed(f"it has no column {', '.join(missing)}")
    return names


def _fields(columns: Columns, names: Sequence[str], text: str) -> dict[str, Any]:
    """Return what a row says, as an object of JSON would; an empty cell says nothing."""
    cells = _cells(text)
    if len(cells) != len(names):
        raise Malformed(f"it has {len(cells)} cells, and the header names {len(names)}")
    told = {name: cell for name, cell in zip(names, cells, strict=True) if cell}
    fields: dict[str, Any] = {name: told[name] for name in (*columns.required, *columns.optional) if name in told}
    for column, (part, key) in columns.parts.items():
        if column in told:
            fields.setdefault(part, {})[key] = told[column]
    return fields


def _cells(text: str) -> list[str]:
    try:
        return next(csv.reader([text], strict=True), [])
    except csv.Error:
        raise Malformed("its quotes are not those of a CSV record") from None
