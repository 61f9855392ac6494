"""Walking through the lines of a log, whatever their form: one record a line, appended and never rewritten.

What cannot be read is a gap with its line, never a record. So that a slip of the pen does not stay a gap for good, a
later record may stand for such a line; a line that could be read stands, whatever comes later. A record that is written
again, byte for byte, says nothing new.
"""

from __future__ import annotations

from array import array
from bisect import bisect_left
from collections.abc import Callable, Iterable, Iterator, Mapping
from typing import Any, Final, NamedTuple

from msgspec import Struct, field

from drcheck.core.model.evidence import Gap
from drcheck.readers.logs import record_fields
from drcheck.readers.logs.record_fields import Malformed, Record

MOST_GAPS: Final = 1000
"""Gaps that lines which cannot be read make at most; those that are too many for it are counted."""
CORRECTS: Final = "corrects"
"""The key of a record by which it stands for an earlier line that could not be read."""

SAYS_NOTHING: Final = frozenset({CORRECTS, "by", "notes"})
"""A record of these alone only says that the line it corrects tells nothing."""
_NOT_NAMED: Final = 3
"""Gaps that are left for the first and the last of those that are counted, and for a line that does not end."""

Take = Callable[[Record], bool]
"""Takes a record, and returns whether it concerns the service that is asked about; raises :class:`Malformed`."""


class Line(NamedTuple):
    """A line of a log, as it was written."""

    number: int
    written: bytes
    ended: bool
    """Whether a newline ends it; without one its writer may still be at work."""
    fault: str = ""
    """Why it can be no record, whatever is written in it."""


class Walked(Struct, frozen=True):
    """What the lines of a log are beside records."""

    gaps: tuple[Gap, ...]
    """Lines that could not be read and were not corrected."""
    corrections: Mapping[int, int] = field(default_factory=dict)
    """Lines that correct others, each with the line that it corrects."""
    others: int = 0
    """How many lines tell of other services; what is written twice counts once."""


def lines(data: bytes, first: int = 1) -> Iterator[Line]:
    """Yield the lines of ``data``, numbered from ``first``; the empty end after the last newline is none."""
    several = data.split(b"\n")
    last = several.pop()
    for number, line in enumerate(several, start=first):
        yield Line(number, line.removesuffix(b"\r"), ended=True)
    if last:
        yield Line(first + len(several), last, ended=False)


def read_records(
    written: Iterable[Line], latest: int, take: Take, fields: Callable[[str], Mapping[str, Any]], mend: str
) -> Walked:
    """Hand the record of every line to ``take``, and return the lines that are none, or that it says are malformed.

    ``fields`` makes the fields of a record out of a line's text. Empty lines say nothing. A record that corrects a line
    that could not be read takes its gap away; ``mend`` is the hint how, with ``{line}`` for its number.
    """
    walk = _Walk(mend)
    for line in written:
        if not line.ended:
            walk.unfinished = line.number
        elif line.written in walk.taken and not line.fault:
            walk.accept(line, 0, ours=walk.taken[line.written])
        elif line.written:
            try:
                record = Record(fields(_text(line)), line.number, latest)
                corrects = walk.corrects(record)
                ours = _says_nothing(record) or take(record)
            except Malformed as why:
                walk.refuse(line.number, why)
            else:
                walk.accept(line, corrects, ours=ours)
    # A line that is repeated says nothing new.
    others = sum(not ours for ours in walk.taken.values())
    return Walked(tuple(walk.gaps()), walk.corrections, others)


def _text(line: Line) -> str:
    if line.fault:
        raise Malformed(line.fault)
    return record_fields.text_of(line.written)


def _says_nothing(record: Record) -> bool:
    """Return whether a record says nothing but that the line it corrects tells nothing."""
    if CORRECTS not in record or any(key in record for key in record.fields if key not in SAYS_NOTHING):
        return False
    record.text("by"), record.text("notes")
    return True


class _Walk(Struct):
    """What became of the lines so far; there may be millions, so that most are kept as numbers."""

    mend: str
    refused: array[int] = field(default_factory=lambda: array("q"))
    """Lines that could not be read, in order, corrected or not."""
    passed: array[int] = field(default_factory=lambda: array("q"))
    """Lines that tell of other services, in order: whether those can be read, nobody looked."""
    why: dict[int, str] = field(default_factory=dict)
    """The first lines that could not be read, and were not corrected yet, with the reason."""
    corrected: set[int] = field(default_factory=set)
    corrections: dict[int, int] = field(default_factory=dict)
    """Lines that correct others, each with the line that it corrects."""
    taken: dict[bytes, bool] = field(default_factory=dict)
    """What was read as a record, and whether it tells of this service."""
    unfinished: int = 0
    """The line that does not end; 0: all do."""

    def corrects(self, record: Record) -> int:
        """Return the line that a record corrects; 0: none."""
        line = record.fields.get(CORRECTS)
        if line is None:
            return 0
        if not isinstance(line, int) or isinstance(line, bool) or not 0 < line < record.line:
            raise Malformed(f"{CORRECTS} is not the number of an earlier line")
        if not (_holds(self.refused, line) or _holds(self.passed, line)):
            raise Malformed(f"{CORRECTS} names line {line}, which could be read: what it tells stands")
        return line

    def accept(self, line: Line, corrects: int, *, ours: bool) -> None:
        """Count a line as read; what it corrects is no gap any more."""
        self.taken.setdefault(line.written, ours)
        if corrects:
            self.corrections[line.number] = corrects
            self.corrected.add(corrects)
            self.why.pop(corrects, None)
        if not ours:
            self.passed.append(line.number)

    def refuse(self, line: int, why: Malformed) -> None:
        """Count a line as one that could not be read."""
        self.refused.append(line)
        if len(self.why) < MOST_GAPS - _NOT_NAMED:
            self.why[line] = str(why)

    def gaps(self) -> Iterator[Gap]:
        """Yield the gaps that are left. Of those that are only counted, the first and the last tell between when."""
        for line, what in self.why.items():
            yield self._gap(line, what)
        counted, first, last = 0, 0, 0
        for line in self.refused:
            if line not in self.corrected and line not in self.why:
                counted, first, last = counted + 1, first or line, line
        if counted == 1:
            yield self._gap(last, "it cannot be read, like many before it")
        elif counted:
            yield self._gap(first, f"it is the first of {counted} more lines that cannot be read")
            yield self._gap(last, f"it is the last of {counted} more lines that cannot be read")
        if self.unfinished:
            hint = "A writer ends each record with a newline; if none is at work, complete or close that line."
            yield Gap("it is still being written: it does not end", hint, self.unfinished)

    def _gap(self, line: int, what: str) -> Gap:
        return Gap(what, self.mend.format(line=line), line)


def _holds(numbers: array[int], line: int) -> bool:
    where = bisect_left(numbers, line)
    return where < len(numbers) and numbers[where] == line
