"""Logs as JSON Lines: one object a line, appended and never rewritten, in UTF-8.

Reading is strict, since whoever can write a line must not be able to write anything but that line: no control
characters, no key twice, no NaN, bounded sizes. What cannot be read is a gap with its line, never a record.
"""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Iterator, Mapping
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from itertools import pairwise
from textwrap import shorten
from typing import Any, Final, NoReturn

from drcheck.core.evidence import FOREVER, LONG_AGO, Gap, Log, Observation
from drcheck.core.policy import Source
from drcheck.interfaces import Asked, Collector, CollectorError, NotFound
from drcheck.readers import looking

LONGEST_LINE: Final = 64 * 1024
"""Bytes; a record is a few hundred."""
LARGEST_LOG: Final = 16 * 1024 * 1024
"""Bytes; more is a gap: cut in the middle, a log would hide what its end says."""
LONGEST_REASON: Final = 200
"""Characters of the reason why a line is malformed; it may quote the line."""
MOST_GAPS: Final = 1000
"""Malformed lines that are named one by one."""

_EPOCH: Final = datetime(1970, 1, 1, tzinfo=UTC)
_SECOND: Final = timedelta(seconds=1)
_INSTANT: Final = re.compile(
    r"[0-9]{4}-[0-9]{2}-[0-9]{2}[Tt ][0-9]{2}:[0-9]{2}:[0-9]{2}(?:\.[0-9]{1,9})?(?:[Zz]|[+-][0-9]{2}:[0-9]{2})"
)
_REFUSED: Final = re.compile(
    # C0 and C1 control characters, marks and overrides of writing direction, half a surrogate pair
    "[\x00-\x1f\x7f-\x9f\u061c\u200e\u200f\u2028-\u202e\u2066-\u2069\ud800-\udfff]"
)


class Malformed(Exception):  # noqa: N818  a line is malformed, nothing failed
    """A line is no record; the message says why, lower case, no full stop."""


class Record:
    """One object of a log, read field by field; every reading raises :class:`Malformed` where it cannot be."""

    def __init__(self, fields: Mapping[str, Any], line: int, latest: int = FOREVER) -> None:
        """``latest`` is the instant after which nothing can have happened yet."""
        self.fields = fields
        self.line = line
        self._latest = latest

    def __contains__(self, key: str) -> bool:
        return self.fields.get(key) is not None

    def text(self, key: str) -> str:
        """Return an optional string, empty where it is absent or null."""
        value = self.fields.get(key)
        if value is None:
            return ""
        if not isinstance(value, str):
            raise Malformed(f"{key} is not a string")
        return value

    def required(self, key: str) -> str:
        """Return a string that must be there."""
        if not (value := self.text(key)):
            raise Malformed(f"{key} is missing")
        return value

    def choice(self, key: str, known: tuple[str, ...]) -> str:
        """Return a string that must be one of ``known``."""
        value = self.required(key)
        if value not in known:
            raise Malformed(f"{key} is {value!r}, not one of {', '.join(known)}")
        return value

    def texts(self, key: str) -> frozenset[str]:
        """Return an optional list of strings."""
        value = self.fields.get(key)
        if value is None:
            return frozenset()
        if not isinstance(value, list) or not all(isinstance(one, str) and one for one in value):
            raise Malformed(f"{key} is not a list of strings")
        return frozenset(value)

    def part(self, key: str) -> Record:
        """Return an optional object, empty where it is absent or null."""
        value = self.fields.get(key)
        if value is None:
            return Record({}, self.line, self._latest)
        if not isinstance(value, dict):
            raise Malformed(f"{key} is not an object")
        return Record(value, self.line, self._latest)

    def parts(self, key: str) -> list[Record]:
        """Return an optional list of objects."""
        value = self.fields.get(key)
        if value is None:
            return []
        if not isinstance(value, list) or not all(isinstance(one, dict) for one in value):
            raise Malformed(f"{key} is not a list of objects")
        return [Record(one, self.line, self._latest) for one in value]

    def instant(self, key: str, *, planned: bool = False, up: bool = False) -> int | None:
        """Return an optional instant (RFC 3339 with an offset), in whole seconds.

        One in the future is only taken where it is ``planned``; a fraction is cut, or counted ``up``.
        """
        value = self.fields.get(key)
        if value is None:
            return None
        if not isinstance(value, str) or not _INSTANT.fullmatch(value):
            raise Malformed(f"{key} is not an instant with offset, such as 2026-11-21T02:30:00Z")
        try:
            since = datetime.fromisoformat(value.upper()) - _EPOCH
        except (ValueError, OverflowError):
            raise Malformed(f"{key} is no instant that a calendar has") from None
        seconds = -(-since // _SECOND) if up else since // _SECOND
        if seconds > self._latest and not planned:
            raise Malformed(f"{key} lies in the future")
        return seconds

    def required_instant(self, key: str, *, planned: bool = False, up: bool = False) -> int:
        """Return an instant that must be there."""
        if (value := self.instant(key, planned=planned, up=up)) is None:
            raise Malformed(f"{key} is missing")
        return value


def each(data: bytes, latest: int, take: Callable[[Record], None]) -> tuple[Gap, ...]:
    """Hand the record of every line to ``take``, and return the lines that are none, or that it says are malformed.

    Empty lines say nothing. If very many are malformed, the rest is one gap, at the last line that is concerned.
    """
    gaps: list[Gap] = []
    lines = data.split(b"\n")
    for number, line in enumerate(lines, start=1):
        text = line.removesuffix(b"\r")
        if number == len(lines) and line:
            hint = "A writer ends each record with a newline; if none is at work, complete or close that line."
            gaps.append(Gap("it is still being written: it does not end", hint, number))
        elif text:
            try:
                take(Record(_object(text), number, latest))
            except Malformed as why:
                gaps.append(
                    Gap(
                        shorten(str(why), LONGEST_REASON),
                        "Append a corrected record; the log is never rewritten.",
                        number,
                    )
                )
    if len(gaps) <= MOST_GAPS:
        return tuple(gaps)
    rest = len(gaps) - MOST_GAPS + 1
    return (*gaps[: MOST_GAPS - 1], Gap(f"{rest} more lines cannot be read", gaps[-1].hint, gaps[-1].line))


def ordered(clocks: list[tuple[str, int | None]]) -> None:
    """Raise :class:`Malformed` if instants that follow one another are out of order; None may lie anywhere."""
    told = [(name, instant) for name, instant in clocks if instant is not None]
    for (name, instant), (later_name, later) in pairwise(told):
        if later < instant:
            raise Malformed(f"{later_name} lies before {name}")


Parse = Callable[[bytes, str, int], Log]


def read(parse: Parse, collector: Collector, source: Source, name: str, asked: Asked) -> Observation:
    """Look at a log; ``parse`` makes records of its bytes for the service, given the latest instant there can be."""
    before, raw = collector.calls, b""
    gaps: tuple[Gap, ...] = ()
    offset = None
    try:
        raw = collector.read(name, at_most=LARGEST_LOG + 1)
    except NotFound as error:
        what = f"there is no log {name} at {source.connection}:{source.path} ({error.message})"
        gaps = (Gap(what, "Create it, empty if nothing is to be told yet, or correct the source's path."),)
    except CollectorError as error:
        gaps = (looking.gap(error),)
    else:
        offset, gaps = looking.clock_of(collector, source, asked)
    if len(raw) > LARGEST_LOG:
        gaps += (Gap(f"log {name} is larger than {LARGEST_LOG >> 20} MiB", "Begin a new log, and keep the old one."),)
        raw = b""
    log = parse(raw, asked.service, asked.begin + asked.clock_tolerance)
    look = looking.look(
        source,
        asked,
        asked_from=LONG_AGO,
        gaps=gaps + log.gaps,
        clock_offset=offset,
        calls=collector.calls - before,
    )
    return Observation(look, log=replace(log, known_until=LONG_AGO if gaps else asked.begin, unseen=gaps), raw=raw)


def _object(line: bytes) -> dict[str, Any]:
    if len(line) > LONGEST_LINE:
        raise Malformed(f"it is longer than {LONGEST_LINE >> 10} KiB")
    try:
        text = line.decode()
    except UnicodeDecodeError:
        raise Malformed("it is not UTF-8") from None
    if _REFUSED.search(text):
        raise Malformed("it holds control characters")
    try:
        value = json.loads(text, object_pairs_hook=_unique, parse_constant=_no_number)
    except RecursionError:
        raise Malformed("it is nested too deeply") from None
    except ValueError:
        raise Malformed("it is not JSON") from None
    if not isinstance(value, dict):
        raise Malformed("it is not an object")
    return value


def _unique(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    made: dict[str, Any] = {}
    for key, value in pairs:
        if key in made:
            raise Malformed(f"key {key!r} stands twice")
        # Escaped ones: what stands in the line itself has been looked at already.
        if any(isinstance(text, str) and _REFUSED.search(text) for text in (key, value, *_strings(value))):
            raise Malformed("it holds control characters")
        made[key] = value
    return made


def _strings(value: Any) -> Iterator[Any]:
    """Yield what lies in lists; objects within have been looked at when they were made."""
    stack = [value] if isinstance(value, list) else []
    while stack:
        for one in stack.pop():
            if isinstance(one, list):
                stack.append(one)
            else:
                yield one


def _no_number(name: str) -> NoReturn:
    raise Malformed(f"{name} is not a number")
