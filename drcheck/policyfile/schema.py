"""The schemas of policy and configuration files: loading them, and reading scalars by the types they ask for."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Mapping
from functools import cache
from pathlib import Path
from typing import Any, Final, TypeAlias

from drcheck.policyfile.nodes import Fields, Items, Node, Scalar

Schema: TypeAlias = Mapping[str, Any]
Values: TypeAlias = Mapping[str, Any]
"""A mapping of a document, as plain values."""

_INTEGER: Final = re.compile(r"-?(?:0|[1-9][0-9]{0,17})")
_BOOLEANS: Final = {"true": True, "false": False}


@cache
def published(name: str) -> str:
    """Return the text of the schema ``policy`` or ``config``, as ``drcheck schema`` prints it."""
    return Path(__file__).with_name(f"{name}.schema.json").read_text(encoding="utf-8")


@cache
def schema(name: str) -> Schema:
    """Return a schema with every ``$ref`` replaced by what it refers to.

    Keywords beside a ``$ref`` are annotations (descriptions, examples, defaults) in our schemas, so that they may
    simply win. Looking up references would cost half the time of a validation.
    """
    root = json.loads(published(name))
    definitions = root.pop("$defs")
    root.pop("$schema")
    root.pop("$id")

    def inlined(part: Any) -> Any:
        if isinstance(part, list):
            return [inlined(item) for item in part]
        if not isinstance(part, dict):
            return part
        if "$ref" in part:
            beside = {key: value for key, value in part.items() if key != "$ref"}
            return {**target(part["$ref"].removeprefix("#/$defs/")), **beside}
        return {key: inlined(value) for key, value in part.items()}

    @cache
    def target(name: str) -> Any:
        return inlined(definitions[name])

    inlined_root: Schema = inlined(root)
    return inlined_root


def applies(condition: Schema, told: Any) -> bool:
    """Return whether the ``if`` of one of our schemas holds: about the value's type, or the value of one key.

    ``told`` is a node or a value that was made of one.
    """
    if "type" in condition:
        return isinstance(told, (dict, Fields))
    for key, wanted in condition["properties"].items():
        found = told.text(key) if isinstance(told, Fields) else told.get(key) if isinstance(told, dict) else None
        if found not in wanted.get("enum", [wanted.get("const")]):
            return False
    return True


def branches(part: Schema, told: Any) -> Iterator[Schema]:
    """Yield ``part`` and what its conditions add to it, the most special last."""
    yield part
    for each in part.get("allOf", ()):
        yield from branches(each, told)
    if "if" in part:
        chosen = part.get("then" if applies(part["if"], told) else "else")
        if chosen is not None:
            yield from branches(chosen, told)


def typed(node: Node, part: Schema) -> Any:
    """Return ``node`` as plain values: text, unless the schema wants an integer or a boolean there and it is one."""
    if isinstance(node, Fields):
        chosen = list(branches(part, node))
        return {key: typed(entry.value, _below(chosen, key)) for key, entry in node.entries.items()}
    if isinstance(node, Items):
        items: Schema = next((each["items"] for each in reversed(list(branches(part, node))) if "items" in each), {})
        return [typed(item, items) for item in node.items]
    return _scalar(node, part)


def _below(chosen: list[Schema], key: str) -> Schema:
    for each in reversed(chosen):
        if key in each.get("properties", {}):
            found: Schema = each["properties"][key]
            return found
    for each in reversed(chosen):
        others = each.get("additionalProperties")
        if isinstance(others, dict):
            return others
    return {}


def _scalar(node: Scalar, part: Schema) -> str | int | bool | None:
    if not node.plain:
        return node.text
    wanted = _types(part)
    if "if" in part:
        wanted = [*wanted, *_types(part["else"])]  # conditions on a type ask for mappings; a scalar is none
    if not node.text:
        return None  # a key without a value
    if "string" in wanted:
        return node.text
    if "integer" in wanted and _INTEGER.fullmatch(node.text):
        return int(node.text)
    if "boolean" in wanted and node.text in _BOOLEANS:
        return _BOOLEANS[node.text]
    return node.text


def _types(part: Schema) -> list[str]:
    types = part.get("type", [])
    return [types] if isinstance(types, str) else types
