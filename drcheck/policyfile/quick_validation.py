"""Whether a document is what its schema asks for, without a word on what is wrong with it.

jsonschema takes longer to be loaded than looking and judging take together, and most documents have no fault. So it is
asked only of what is not accepted here, and says all that is said of faults. What is accepted here jsonschema finds no
fault in, and the other way round (tests hold them against each other). A keyword that is not known here accepts
nothing.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from typing import Any, Final

from drcheck.policyfile import scalar_formats
from drcheck.policyfile.schema import Schema, applies

ABSENT: Final = frozenset({"required", "dependentRequired", "minProperties"})
"""Keywords that ask for something to be there."""
_ANNOTATIONS: Final = {"$schema", "$id", "$defs", "title", "description", "examples", "default"}


def accepts(value: Any, part: Schema, *, partial: bool = False) -> bool:
    """Return whether ``value``, of text, integers, booleans, lists and mappings, is what a schema asks for.

    ``partial``: to what is there others add what is missing.
    """
    return all(
        keyword in _ANNOTATIONS
        or (partial and keyword in ABSENT)
        or (keyword in _HOLD and _HOLD[keyword](value, wanted, part, partial))
        for keyword, wanted in part.items()
    )


def _type(value: Any, wanted: Any, _: Schema, __: bool) -> bool:
    return any(_TYPES[name](value) for name in ([wanted] if isinstance(wanted, str) else wanted))


def _properties(value: Any, wanted: Any, _: Schema, partial: bool) -> bool:
    inner = value.items() if isinstance(value, dict) else ()
    return all(accepts(each, wanted[key], partial=partial) for key, each in inner if key in wanted)


def _additional_properties(value: Any, wanted: Any, part: Schema, partial: bool) -> bool:
    known = part.get("properties", ())
    others = [each for key, each in value.items() if key not in known] if isinstance(value, dict) else []
    return not others if wanted is False else all(accepts(each, wanted, partial=partial) for each in others)


def _property_names(value: Any, wanted: Any, _: Schema, partial: bool) -> bool:
    return not isinstance(value, dict) or all(accepts(key, wanted, partial=partial) for key in value)


def _items(value: Any, wanted: Any, _: Schema, partial: bool) -> bool:
    return not isinstance(value, list) or all(accepts(each, wanted, partial=partial) for each in value)


def _if(value: Any, condition: Any, part: Schema, partial: bool) -> bool:
    return accepts(value, part.get("then" if applies(condition, value) else "else", {}), partial=partial)


def _dependent(value: Any, wanted: Any, _: Schema, __: bool) -> bool:
    return not isinstance(value, dict) or all(value.keys() >= {*wanted[key]} for key in wanted if key in value)


def _text(value: Any, wanted: Any, part: Schema, _: bool) -> bool:
    """Return whether a pattern is met; one beside a format is for editors, and refuses nothing that that accepts."""
    return not isinstance(value, str) or "format" in part or re.search(wanted, value) is not None


def _alike(value: Any, other: Any) -> bool:
    return isinstance(value, bool) is isinstance(other, bool) and bool(value == other)


def _is_number(value: Any) -> bool:
    return isinstance(value, int) and not isinstance(value, bool)


_TYPES: Final[Mapping[str, Callable[[Any], bool]]] = {
    "object": lambda value: isinstance(value, dict),
    "array": lambda value: isinstance(value, list),
    "string": lambda value: isinstance(value, str),
    "boolean": lambda value: isinstance(value, bool),
    "integer": _is_number,
    "number": _is_number,
}


_HOLD: Final[Mapping[str, Callable[[Any, Any, Schema, bool], bool]]] = {
    "type": _type,
    "properties": _properties,
    "additionalProperties": _additional_properties,
    "propertyNames": _property_names,
    "items": _items,
    "if": _if,
    "then": lambda *_: True,
    "else": lambda *_: True,
    "allOf": lambda value, parts, _, partial: all(accepts(value, each, partial=partial) for each in parts),
    "required": lambda value, keys, *_: not isinstance(value, dict) or value.keys() >= {*keys},
    "dependentRequired": _dependent,
    "minProperties": lambda value, least, *_: not isinstance(value, dict) or len(value) >= least,
    "minItems": lambda value, least, *_: not isinstance(value, list) or len(value) >= least,
    "minLength": lambda value, least, *_: not isinstance(value, str) or len(value) >= least,
    "maxLength": lambda value, most, *_: not isinstance(value, str) or len(value) <= most,
    "uniqueItems": lambda value, *_: (
        not isinstance(value, list) or (all(isinstance(each, str) for each in value) and len(set(value)) == len(value))
    ),
    "enum": lambda value, values, *_: any(_alike(value, each) for each in values),
    "const": lambda value, other, *_: _alike(value, other),
    "minimum": lambda value, least, *_: not _is_number(value) or value >= least,
    "maximum": lambda value, most, *_: not _is_number(value) or value <= most,
    "pattern": _text,
    "format": lambda value, name, *_: not isinstance(value, str) or scalar_formats.accepts(name, value),
}
"""Keyword to whether a value meets what it asks for, given the value, what it asks for, the schema that it stands in,
and whether something may be missing."""
