"""Logs as JSON Lines: one object a line, appended and never rewritten, in UTF-8."""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any, Final, NoReturn

from drcheck.readers.logs import line_reader, record_fields
from drcheck.readers.logs.line_reader import CORRECTS, Take, Walked
from drcheck.readers.logs.record_fields import Malformed

DEEPEST: Final = 100
"""Levels of nesting. How many the decoder bears differs between releases of Python, and a verdict must not."""
_TOO_DEEP: Final = f"it is nested deeper than {DEEPEST} levels"

_MEND: Final = f'Append the right record with "{CORRECTS}": {{line}}; the log is never rewritten.'


def read_records(data: bytes, service: str, latest: int, take: Take) -> Walked:  # noqa: ARG001  every record names its service
    """Hand the record of every line to ``take``, and return what the others are."""
    return line_reader.read_records(line_reader.lines(data), latest, take, _fields, _MEND)


def strict(text: str) -> Any:
    """Return what a JSON text says; raises :class:`Malformed` where it says nothing, or one thing in two ways."""
    try:
        value = _DECODER.decode(text)
    except RecursionError:  # it bears more levels than we do
        raise Malformed(_TOO_DEEP) from None
    except ValueError:
        raise Malformed("it is not JSON") from None
    # What has no more brackets than that has no more levels.
    if text.count("{") + text.count("[") > DEEPEST and _is_deep(value):
        raise Malformed(_TOO_DEEP)
    return value


def _is_deep(value: Any) -> bool:
    level = [value] if isinstance(value, dict | list) else []
    for _ in range(DEEPEST):
        inside = (each.values() if isinstance(each, dict) else each for each in level)
        level = [one for inner in inside for one in inner if isinstance(one, dict | list)]
        if not level:
            return False
    return True


def _fields(text: str) -> dict[str, Any]:
    if not text.lstrip(" ").startswith("{"):
        raise Malformed("it is not a JSON object")
    value: dict[str, Any] = strict(text)
    # Escaped ones: what stands in the line itself has been looked at already.
    if "\\" in text:
        for string in _strings(value):
            record_fields.no_control(string)
    return value


def _strings(value: Any) -> Iterator[str]:
    """Yield every key and string within ``value``, however deep."""
    stack = [value]
    while stack:
        match stack.pop():
            case str() as text:
                yield text
            case list() as several:
                stack += several
            case dict() as fields:
                stack += [*fields, *fields.values()]
            case _:
                pass  # numbers, true, false and null say nothing in words


def _unique(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    made = dict(pairs)
    if len(made) == len(pairs):
        return made
    seen: set[str] = set()
    for key, _ in pairs:
        if key in seen:
            raise Malformed(f"key {key!r} stands twice")
        seen.add(key)
    return made


def _no_number(name: str) -> NoReturn:
    raise Malformed(f"{name} is not a number")


_DECODER: Final = json.JSONDecoder(object_pairs_hook=_unique, parse_constant=_no_number)
