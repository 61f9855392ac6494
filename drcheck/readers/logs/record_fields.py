"""Records of a log, whatever form its lines have: read field by field, strictly.

Whoever can write a line must not be able to write anything but that line: no control characters, bounded sizes, no
instant without an offset or in the future.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from functools import lru_cache
from typing import Any, Final

from drcheck.core.model.evidence import FOREVER
from drcheck.core.model.policy import LONGEST_NAME, is_name

LONGEST_LINE: Final = 64 * 1024
"""Bytes; a record is a few hundred."""
LONGEST_REASON: Final = 200
"""Characters of the reason why a line is malformed; it may quote the line."""

_EPOCH: Final = datetime(1970, 1, 1, tzinfo=UTC)
_SECOND: Final = timedelta(seconds=1)
_LONGEST: Final = 64
"""Characters that no instant has; longer text is not kept."""
_NONE: Final = (0, False, "is not an instant with offset, such as 2026-11-21T02:30:00Z")
_INSTANT: Final = re.compile(
    r"[0-9]{4}-[0-9]{2}-[0-9]{2}[Tt ][0-9]{2}:[0-9]{2}:[0-9]{2}(?:\.[0-9]{1,9})?(?:[Zz]|[+-][0-9]{2}:[0-9]{2})"
)
_REFUSED: Final = re.compile(
    # C0 and C1 control characters, marks and overrides of writing direction, half a surrogate pair
    "[\x00-\x1f\x7f-\x9f\u061c\u200e\u200f\u2028-\u202e\u2066-\u2069\ud800-\udfff]"
)


class Malformed(Exception):  # noqa: N818  a line is malformed, nothing failed
    """A line, or a document, is not what it must be; the message says why, lower case, no full stop."""

    def __str__(self) -> str:
        """Return the reason, cut where it is long: it may quote one endless word."""
        reason = super().__str__()
        return reason if len(reason) <= LONGEST_REASON else f"{reason[: LONGEST_REASON - 1]}…"


class Record:
    """One object of a log, read field by field; every reading raises :class:`Malformed` where it cannot be."""

    __slots__ = ("fields", "latest", "line")

    def __init__(self, fields: Mapping[str, Any], line: int, latest: int = FOREVER) -> None:
        """Read ``fields``, of that line."""
        self.fields = fields
        self.line = line
        self.latest = latest
        """The instant after which nothing can have happened yet."""

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

    def name(self, key: str) -> str:
        """Return an optional string that names something, empty where it is absent or null.

        White space around it would silently make another name of it.
        """
        value = self.fields.get(key)
        if value is None:
            return ""
        if not isinstance(value, str):
            raise Malformed(f"{key} is not a string")
        return _trimmed(key, value)

    def named(self, key: str, longest: int = LONGEST_NAME) -> str:
        """Return an optional name of something that policies name, empty where it is absent or null.

        One that no policy could have, such as a look-alike of a name in another script, is no other service's, data
        set's or scenario's: its line is malformed.
        """
        if (value := self.name(key)) and not is_name(value, longest):
            raise Malformed(f"{key} is {value!a}, a name that no policy can have")
        return value

    def required_name(self, key: str, longest: int = LONGEST_NAME) -> str:
        """Return a name of something that policies name, which must be there."""
        if not (value := self.named(key, longest)):
            raise Malformed(f"{key} is missing")
        return value

    def names(self, key: str) -> frozenset[str]:
        """Return an optional list of names of what policies name."""
        for value in (told := self.texts(key)):
            if not is_name(value):
                raise Malformed(f"{key} holds {value!a}, a name that no policy can have")
        return told

    def required(self, key: str) -> str:
        """Return a string that must be there, without white space around it."""
        if not (value := self.name(key)):
            raise Malformed(f"{key} is missing")
        return value

    def choice(self, key: str, known: tuple[str, ...]) -> str:
        """Return a string that must be one of ``known``."""
        value = self.required(key)
        if value not in known:
            raise Malformed(f"{key} is {value!r}, not one of {', '.join(known)}")
        return value

    def flag(self, key: str, *, default: bool) -> bool:
        """Return a boolean, ``default`` where it is absent; null would not say which."""
        value = self.fields.get(key, default)
        if not isinstance(value, bool):
            raise Malformed(f"{key} is neither true nor false")
        return value

    def texts(self, key: str) -> frozenset[str]:
        """Return an optional list of names."""
        value = self.fields.get(key)
        if value is None:
            return frozenset()
        if not isinstance(value, list) or not all(isinstance(one, str) and one for one in value):
            raise Malformed(f"{key} is not a list of strings")
        return frozenset(_trimmed(key, one) for one in value)

    def part(self, key: str) -> Record:
        """Return an optional object, empty where it is absent or null."""
        value = self.fields.get(key)
        if value is None:
            return Record({}, self.line, self.latest)
        if not isinstance(value, dict):
            raise Malformed(f"{key} is not an object")
        return Record(value, self.line, self.latest)

    def parts(self, key: str) -> list[Record]:
        """Return an optional list of objects."""
        value = self.fields.get(key)
        if value is None:
            return []
        if not isinstance(value, list) or not all(isinstance(one, dict) for one in value):
            raise Malformed(f"{key} is not a list of objects")
        return [Record(one, self.line, self.latest) for one in value]

    def instant(self, key: str, *, planned: bool = False, up: bool = False) -> int | None:
        """Return an optional instant (RFC 3339 with an offset), in whole seconds.

        One in the future is only taken where it is ``planned``; a fraction is cut, or counted ``up``.
        """
        value = self.fields.get(key)
        if value is None:
            return None
        whole, cut, why = _seconds(value) if isinstance(value, str) and len(value) < _LONGEST else _NONE
        if why:
            raise Malformed(f"{key} {why}")
        seconds = whole + (cut and up)
        if seconds > self.latest and not planned:
            raise Malformed(f"{key} lies in the future")
        return seconds

    def required_instant(self, key: str, *, planned: bool = False, up: bool = False) -> int:
        """Return an instant that must be there."""
        if (value := self.instant(key, planned=planned, up=up)) is None:
            raise Malformed(f"{key} is missing")
        return value


@lru_cache(maxsize=1024)  # the clocks of one record mostly stand at a few instants
def _seconds(text: str) -> tuple[int, bool, str]:
    """Return the whole seconds of an instant, whether a fraction was cut off it, and why it is none."""
    if not _INSTANT.fullmatch(text):
        return _NONE
    try:
        since = datetime.fromisoformat(text.upper()) - _EPOCH
    except (ValueError, OverflowError):
        return 0, False, "is no instant that a calendar has"
    if not "1970" <= text[:4] < "3000":  # as in policies: a slip of the pen, and beyond it calendars end
        return 0, False, "lies outside the years 1970 to 2999"
    return since // _SECOND, bool(since % _SECOND), ""


def _trimmed(key: str, value: str) -> str:
    if value != value.strip():
        raise Malformed(f"{key} begins or ends with white space")
    return value


def text_of(line: bytes) -> str:
    """Return a line as text; raises :class:`Malformed` if it is too long, not UTF-8, or holds control characters."""
    if len(line) > LONGEST_LINE:
        raise Malformed(f"it is longer than {LONGEST_LINE >> 10} KiB")
    try:
        text = line.decode()
    except UnicodeDecodeError:
        raise Malformed("it is not UTF-8") from None
    no_control(text)
    return text


def no_control(text: str) -> None:
    """Raise :class:`Malformed` if a text holds a character that can make a terminal or a page show something else."""
    # What is printable holds none of these, and that is known in a tenth of the time.
    if not text.isprintable() and _REFUSED.search(text):
        raise Malformed("it holds control characters")


def ordered(clocks: list[tuple[str, int | None]]) -> None:
    """Raise :class:`Malformed` if instants that follow one another are out of order; None may lie anywhere."""
    before, latest = "", None
    for name, instant in clocks:
        if instant is not None:
            if latest is not None and instant < latest:
                raise Malformed(f"{name} lies before {before}")
            before, latest = name, instant
