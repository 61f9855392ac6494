"""Logs as CSV: the same records as JSON Lines, one a row, under a header with the names of their keys.

RFC 4180 in UTF-8, with or without a byte order mark; separated by commas or, as spreadsheets of many countries write
it, by semicolons, whichever the header shows. A header without ``service`` is of a log of one service, the one
whose policy names it. A newline inside quotes is a control character and
refused like any other, with every line that the quotes hold: none of them must pass for a row of its own.
"""

from __future__ import annotations

import codecs
import csv
import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from functools import partial
from typing import Any, Final, NamedTuple

from msgspec import Struct, field

from drcheck.core.model.evidence import Gap
from drcheck.readers.logs import line_reader, record_fields
from drcheck.readers.logs.line_reader import CORRECTS, SAYS_NOTHING, Line, Take, Walked
from drcheck.readers.logs.record_fields import Malformed

_MEND: Final = f"Append the right row with {{line}} in its column {CORRECTS}; the log is never rewritten."
_NO_COLUMN: Final = (
    f"Its header has no column {CORRECTS}: begin a new log that has one, as a source of its own; no log is rewritten."
)


_NUMBER: Final = re.compile("[0-9]{1,9}")
_SEPARATORS: Final = ",;"
_FLAGS: Final = {"true": True, "false": False}
_SERVICE: Final = ("service",)


class Header(NamedTuple):
    """The first line of a log."""

    names: Sequence[str]
    separator: str


class Columns(Struct, frozen=True):
    """The columns that a log has as CSV, in any order; others may stand beside them and say nothing."""

    required: tuple[str, ...]
    """Without one of these a row could not tell what it must."""
    optional: tuple[str, ...] = ()
    lists: tuple[str, ...] = ()
    """Columns whose cells are names, separated by blanks."""
    flags: tuple[str, ...] = ()
    """Columns whose cells are true or false."""
    parts: Mapping[str, tuple[str, str]] = field(default_factory=dict)
    """Column to the object, and the key within, that its cells are."""

    @property
    def known(self) -> tuple[str, ...]:
        """Every column that says something."""
        return (*self.required, *self.others)

    @property
    def others(self) -> tuple[str, ...]:
        """Those of them that need not be there."""
        return (*_SERVICE, *self.optional, *self.lists, *self.flags, *self.parts, CORRECTS)


def read_records(columns: Columns, data: bytes, service: str, latest: int, take: Take) -> Walked:
    """Hand the record of every row to ``take``, and return what the others are.

    Without its header nobody can tell what any row says: that gap is of the whole look.
    """
    first, newline, rows = data.removeprefix(codecs.BOM_UTF8).partition(b"\n")
    try:
        header = _header(columns, first + newline)
    except Malformed as why:
        wanted = f"{', '.join(columns.required)}; and, if wanted, {', '.join(columns.others)}"
        hint = f"Its first line names its columns, separated by commas or semicolons: {wanted}."
        return Walked((Gap(f"the log cannot be read as CSV: {why}", hint),))
    lines, mend = _rows(line_reader.lines(rows, first=2)), _MEND if CORRECTS in header.names else _NO_COLUMN
    return line_reader.read_records(lines, latest, take, partial(_fields, columns, header, service), mend)


def _rows(lines: Iterable[Line]) -> Iterator[Line]:
    """Yield the lines; those that quotes hold together are none of them a row."""
    held: list[Line] = []
    quotes = 0
    for line in lines:
        held.append(line)
        quotes += line.written.count(b'"')
        if quotes % 2 == 0:
            if len(held) == 1:
                yield line
            else:
                yield from _held(held, f"it is held by the quotes of line {held[0].number} to line {line.number}")
            held, quotes = [], 0
    if held:
        opened = f"quotes that line {held[0].number} opens and nothing closes"
        yield from _held(held, f"it is held by {opened}: a line of one double quote does")


def _held(lines: Iterable[Line], fault: str) -> Iterator[Line]:
    return (line._replace(fault=fault) for line in lines)


def _header(columns: Columns, line: bytes) -> Header:
    if not line.endswith(b"\n"):
        raise Malformed("it has no header line that ends")
    text = record_fields.text_of(line[:-1].removesuffix(b"\r"))
    # The separator is the one with which the fewest columns are missing.
    read = (Header(_cells(text, separator), separator) for separator in _SEPARATORS)
    header = min(read, key=lambda one: sum(name not in one.names for name in columns.required))
    for name in header.names:
        if name != name.strip():
            raise Malformed(f"column {name!r} begins or ends with white space")
    for name in columns.known:
        if header.names.count(name) > 1:
            raise Malformed(f"column {name} stands twice")
    if missing := [name for name in columns.required if name not in header.names]:
        raise Malformed(f"it has no column {', '.join(missing)}")
    return header


def _fields(columns: Columns, header: Header, service: str, text: str) -> dict[str, Any]:
    """Return what a row says, as an object of JSON would; an empty cell says nothing."""
    cells = _cells(text, header.separator)
    if len(cells) != len(header.names):
        raise Malformed(f"it has {len(cells)} cells, and the header names {len(header.names)}")
    told = {name: cell for name, cell in zip(header.names, cells, strict=True) if cell}
    fields: dict[str, Any] = {
        name: told[name] for name in (*_SERVICE, *columns.required, *columns.optional) if name in told
    }
    fields |= {name: told[name].split(" ") for name in columns.lists if name in told}
    fields |= {name: _FLAGS.get(told[name].lower(), told[name]) for name in columns.flags if name in told}
    for column, (part, key) in columns.parts.items():
        if column in told:
            fields.setdefault(part, {})[key] = told[column]
    if "service" not in header.names and fields.keys() - SAYS_NOTHING:
        fields["service"] = service
    if CORRECTS in told:
        number = told[CORRECTS]
        fields[CORRECTS] = int(number) if _NUMBER.fullmatch(number) else number
    return fields


def _cells(text: str, separator: str) -> list[str]:
    try:
        return next(csv.reader([text], strict=True, delimiter=separator), [])
    except csv.Error:
        raise Malformed("its quotes are not those of a CSV record") from None
