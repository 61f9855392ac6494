"""What of a JSON Schema a value breaks: the part of draft 2020-12 that our own schemas use.

A validator for every schema there is takes longer to load than a policy to judge, and says what it finds in words of
its own. The tests hold this one against it, on the schemas as they are published.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any, Final, NamedTuple

from drcheck.policyfile import formats
from drcheck.policyfile.schema import Schema, applies

Path = tuple[str | int, ...]

_ANNOTATIONS: Final = frozenset({"title", "description", "examples", "default", "then", "else"})
_TYPES: Final = {"object": dict, "array": list, "string": str, "boolean": bool, "integer": int, "null": type(None)}


class Broken(NamedTuple):
    """A keyword of a schema that a value breaks."""

    keyword: str
    path: Path
    """Keys and indices from the document to the value."""
    value: Any
    """What breaks it: the value there, or, of ``propertyNames``, the name of one of its keys."""
    part: Schema
    """The schema that the keyword stands in."""


def broken(value: Any, part: Schema, path: Path = ()) -> Iterator[Broken]:
    """Yield what ``value`` breaks of ``part``, in the order in which they say it.

    A value of a type that a keyword says nothing about does not break it, and a ``pattern`` is not looked at where a
    ``format`` of ours holds: it accepts nothing that the pattern beside it, for editors, refuses (a test holds them
    together). Raises AssertionError for a keyword that is not known here.
    """
    for keyword, wanted in part.items():
        if keyword not in _ANNOTATIONS and not _holds(keyword, wanted, value, part):
            yield Broken(keyword, path, value, part)
    if isinstance(value, dict):
        known = part.get("properties", {})
        others = part.get("additionalProperties", True)
        names = part.get("propertyNames")
        for key, inner in value.items():
            if key in known:
                yield from broken(inner, known[key], (*path, key))
            elif isinstance(others, dict):
                yield from broken(inner, others, (*path, key))
            if names is not None:
                yield from broken(key, names, path)
    elif isinstance(value, list) and "items" in part:
        for index, inner in enumerate(value):
            yield from broken(inner, part["items"], (*path, index))
    for condition in (part, *part.get("allOf", ())):
        if "if" in condition:
            chosen = condition.get("then" if applies(condition["if"], value) else "else")
            if chosen is not None:
                yield from broken(value, chosen, path)


def _holds(keyword: str, wanted: Any, value: Any, part: Schema) -> bool:
    """Return whether ``value`` itself, without what is in it, holds to one keyword of ``part``."""
    match keyword:
        case "type":
            return any(_is(kind, value) for kind in ([wanted] if isinstance(wanted, str) else wanted))
        case "enum":
            return any(_same(value, each) for each in wanted)
        case "const":
            return _same(value, wanted)
        case "format":
            return not isinstance(value, str) or formats.accepts(wanted, value)
        case "pattern":
            held_by_format = "format" in part and isinstance(value, str) and formats.accepts(part["format"], value)
            return not isinstance(value, str) or held_by_format or re.search(wanted, value) is not None
        case "minLength":
            return not isinstance(value, str) or len(value) >= wanted
        case "minimum":
            return not _is("integer", value) or bool(value >= wanted)
        case "maximum":
            return not _is("integer", value) or bool(value <= wanted)
        case "minItems":
            return not isinstance(value, list) or len(value) >= wanted
        case "uniqueItems":
            return not isinstance(value, list) or not wanted or _all_differ(value)
        case "minProperties":
            return not isinstance(value, dict) or len(value) >= wanted
        case "required":
            return not isinstance(value, dict) or all(key in value for key in wanted)
        case "dependentRequired":
            return not isinstance(value, dict) or all(
                other in value for key, others in wanted.items() if key in value for other in others
            )
        case "additionalProperties":
            return not isinstance(value, dict) or wanted is not False or value.keys() <= part["properties"].keys()
        case "properties" | "propertyNames" | "items" | "if" | "allOf":
            return True  # about what is in the value, or about other keywords
        case _:
            raise AssertionError(f"a schema of ours uses {keyword}, which is not checked")


def _is(kind: str, value: Any) -> bool:
    return isinstance(value, _TYPES[kind]) and (kind == "boolean" or not isinstance(value, bool))


def _same(one: Any, other: Any) -> bool:
    """Return whether two values are the same to JSON, to which true is not 1."""
    return type(one) is type(other) and bool(one == other)


def _all_differ(values: list[Any]) -> bool:
    return not any(_same(one, other) for index, one in enumerate(values) for other in values[:index])
