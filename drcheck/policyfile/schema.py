"""The schemas of policy and configuration files: loading them, and reading scalars by the types they ask for."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Mapping, Sequence
from functools import cache
from pathlib import Path
from typing import Any, Final, TypeAlias

from drcheck.core.model.slots import Use, counted_by
from drcheck.policyfile.kind_language import language
from drcheck.policyfile.yaml_nodes import Items, MappingNode, Node, Scalar
from drcheck.registry import COLLECTORS, DOCUMENTS, FORMATS, KINDS, READERS, connection_of

Schema: TypeAlias = Mapping[str, Any]

_INTEGER: Final = re.compile(r"-?(?:0|[1-9][0-9]{0,17})")
_BOOLEANS: Final = {"true": True, "false": False}


@cache
def published(name: str) -> str:
    """Return the text of a schema (``policy``, ``config``, ``runbook``, …), as ``drcheck schema`` prints it."""
    whole = _raw(name)
    kinds = {kind: language(kind).schema(kind) for kind in KINDS} if name == "policy" else {}
    return json.dumps({**whole, "$defs": {**whole["$defs"], **kinds}}, ensure_ascii=False, indent=2) + "\n"


def _with_kinds_and_readers(whole: Any) -> Any:
    """Add every registered kind and reader, and the slots of the calendar, to the schema of policies.

    What a kind says of itself is not yet in it: :func:`definition` has that, and loads only what is asked for.
    """
    whole["$defs"]["kind"]["enum"] = list(KINDS)
    readers = "; ".join(f"`{reader.name}` ({reader.reads})" for reader in READERS.values())
    whole["$defs"]["reader"] |= {"description": f"How the bytes there are read: {readers}.", "enum": list(READERS)}
    whole["$defs"]["per"]["enum"] = [*counted_by(Use.BACKUPS)]
    whole["properties"]["sources"]["additionalProperties"]["allOf"] = [
        _where("reader", [name for name, reader in READERS.items() if reader.keys == keys], keys)
        for keys in dict.fromkeys(reader.keys for reader in READERS.values())
    ]
    whole["properties"]["commitments"]["additionalProperties"]["allOf"] = [
        _where("kind", [kind], kind) for kind in KINDS
    ]
    return whole


def _with_connections(whole: Any) -> Any:
    """Add every registered type of connection, and every report format, to the schema of configurations."""
    keys = {name: connection_of(name).keys for name in COLLECTORS}
    *others, last = (connection.what for connection in keys.values())
    job = whole["properties"]["watch"]["properties"]["jobs"]["additionalProperties"]["properties"]
    job["outputs"]["items"]["properties"]["format"]["enum"] = [*FORMATS, *DOCUMENTS]
    whole["$defs"]["type"] |= {"enum": list(keys), "description": f"What it leads to: {', '.join(others)}, or {last}."}
    whole["$defs"] |= {
        name: {
            "title": name,
            "type": "object",
            "description": connection.description,
            "additionalProperties": False,
            **({"required": list(connection.required)} if connection.required else {}),
            "properties": {key: {"$ref": f"#/$defs/{key}"} for key in ("type", "deadline")} | {**connection.properties},
        }
        for name, connection in keys.items()
    }
    whole["properties"]["connections"]["additionalProperties"]["allOf"] = [
        _where("type", [name], name) for name in keys
    ]
    return whole


def _where(key: str, values: Sequence[str], definition: str) -> Schema:
    """Return a condition: where ``key`` has one of ``values``, a definition says what else may be there."""
    wanted = {"const": values[0]} if len(values) == 1 else {"enum": values}
    return {"if": {"properties": {key: wanted}, "required": [key]}, "then": {"$ref": f"#/$defs/{definition}"}}


@cache
def schema(name: str) -> Schema:
    """Return a schema with every ``$ref`` replaced by what it refers to.

    Keywords beside a ``$ref`` are annotations (descriptions, examples, defaults) in our schemas, so that they may
    simply win. Looking up references would cost half the time of a validation.
    """
    root = {key: value for key, value in _raw(name).items() if key not in {"$defs", "$schema", "$id"}}
    inlined: Schema = _inlined(root, name)
    return inlined


@cache
def definition(name: str, which: str) -> Schema:
    """Return what a schema defines under ``which``, with every ``$ref`` replaced by what it refers to."""
    of_kind = name == "policy" and which in KINDS
    inlined: Schema = _inlined(language(which).schema(which) if of_kind else _raw(name)["$defs"][which], name)
    return inlined


@cache
def _raw(name: str) -> dict[str, Any]:
    whole = json.loads(Path(__file__).with_name(f"{name}.schema.json").read_text(encoding="utf-8"))
    complete = {"config": _with_connections, "policy": _with_kinds_and_readers}.get(name)
    raw: dict[str, Any] = whole if complete is None else complete(whole)
    return raw


class _OfKind(Mapping[str, Any]):
    """What a kind of commitment says of itself, once it is asked for: most policies have few of the kinds."""

    def __init__(self, kind: str) -> None:
        self._kind = kind

    def __getitem__(self, key: str) -> Any:
        return definition("policy", self._kind)[key]

    def __iter__(self) -> Iterator[str]:
        return iter(definition("policy", self._kind))

    def __len__(self) -> int:
        return len(definition("policy", self._kind))


def _inlined(part: Any, name: str) -> Any:
    if isinstance(part, list | tuple):
        return [_inlined(item, name) for item in part]
    if not isinstance(part, dict):
        return part
    if "$ref" in part:
        which = part["$ref"].removeprefix("#/$defs/")
        if name == "policy" and which in KINDS:
            return _OfKind(which)
        return {**definition(name, which), **{key: value for key, value in part.items() if key != "$ref"}}
    return {key: _inlined(value, name) for key, value in part.items()}


def applies(condition: Schema, value: Any) -> bool:
    """Return whether the ``if`` of one of our schemas holds: about the value's type, or the value of one key.

    ``value`` is a node or a value that was made of one.
    """
    if "type" in condition:
        return isinstance(value, (dict, MappingNode))
    for key, wanted in condition["properties"].items():
        text = (
            value.text(key) if isinstance(value, MappingNode) else value.get(key) if isinstance(value, dict) else None
        )
        if text not in wanted.get("enum", [wanted.get("const")]):
            return False
    return True


def branches(part: Schema, value: Any) -> Iterator[Schema]:
    """Yield ``part`` and what its conditions add to it, the most special last."""
    yield part
    for each in part.get("allOf", ()):
        yield from branches(each, value)
    if "if" in part:
        chosen = part.get("then" if applies(part["if"], value) else "else")
        if chosen is not None:
            yield from branches(chosen, value)


def typed(node: Node, part: Schema) -> Any:
    """Return ``node`` as plain values: text, unless the schema wants an integer or a boolean there and it is one."""
    if isinstance(node, MappingNode):
        chosen = list(branches(part, node))
        return {key: typed(entry.value, below(chosen, key)) for key, entry in node.entries.items()}
    if isinstance(node, Items):
        of_items = items(list(branches(part, node)))
        return [typed(item, of_items) for item in node.items]
    return _scalar(node, part)


def items(chosen: Sequence[Schema]) -> Schema:
    """Return the schema of the items of a list, by the branches chosen for it."""
    of_items: Schema = next((each["items"] for each in reversed(chosen) if "items" in each), {})
    return of_items


def below(chosen: Sequence[Schema], key: str) -> Schema:
    """Return the schema of the value at a key, by the branches chosen for its mapping."""
    for each in reversed(chosen):
        if key in each.get("properties", {}):
            at_key: Schema = each["properties"][key]
            return at_key
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
