"""The reference page of the policy language and of the configuration, made from their schemas.

``python -m drcheck.policyfile.reference > docs/policy-reference.md`` writes it; a test fails where it has drifted.
"""

from __future__ import annotations

import json
import re
import sys
from collections.abc import Iterator, Mapping
from typing import Any, Final

from drcheck.policyfile.schema import Schema, schema

_NUMBER: Final = re.compile(r"[0-9.]+")
_HEAD: Final = """\
# Reference of policies and configuration

This page is made from the schemas that `drcheck schema` prints:
`python -m drcheck.policyfile.reference > docs/policy-reference.md`.

Durations are written `90s`, `15m`, `8h`, `1d12h`, `90d`, `2w`; a bare number is an error, and months and years do not
exist as durations. Notice periods may also be `20 business days`. Sizes are `500 kB` (powers of 1000) or `10 MiB`
(powers of 1024), percentages `99.9%`, amounts of money `249.90 EUR`. An instant carries its offset,
`2026-01-31T22:30:00+01:00`; a bare date is its first instant in the policy's zone. Text is text as it stands: `22:30`,
`no` and `010` need no quotes.

Files are strict YAML: UTF-8, one document, at most 256 KiB and 20 levels, no anchors, aliases, tags or merge keys, no
key twice.
"""


def reference() -> str:
    """Return the whole page."""
    parts = [_HEAD, "## A policy\n", schema("policy")["description"] + "\n", *_mapping(schema("policy"), "")]
    parts += ["## The configuration, drcheck.yaml\n", schema("config")["description"] + "\n"]
    parts += _mapping(schema("config"), "")
    return "\n".join(parts)


def _mapping(part: Schema, path: str) -> Iterator[str]:
    """Yield a table of the keys of a mapping, then the mappings below them."""
    required = part.get("required", [])
    yield "| key | | meaning | example |\n| --- | --- | --- | --- |"
    for key, value in part["properties"].items():
        needed = "required" if key in required else ""
        yield f"| `{key}` | {needed} | {_cell(_meaning(value))} | {_cell(_example(value))} |"
    yield ""
    for key, value in part["properties"].items():
        yield from _below(value, f"{path}.{key}" if path else key)


def _below(part: Schema, path: str) -> Iterator[str]:
    if isinstance(part.get("items"), Mapping):
        part, path = part["items"], f"{path}[]"
    if isinstance(part.get("additionalProperties"), Mapping):
        named = part["additionalProperties"]
        choices = [choice["then"] for choice in named.get("allOf", ())]
        if choices:
            for choice in choices:
                yield f"### `{path}.NAME`: {choice['title']}\n\n{choice['description']}\n"
                yield from _mapping(choice, f"{path}.NAME")
        elif "properties" in named:
            yield f"### `{path}.NAME`\n\n{named['description']}\n"
            yield from _mapping(named, f"{path}.NAME")
    elif "properties" in part:
        yield f"#### `{path}`\n\n{part['description']}\n"
        yield from _mapping(part, path)
    elif "then" in part:  # a value of either form, as tiers of retention
        yield f"#### `{path}`, as {part['then']['title']}\n"
        yield from _mapping(part["then"], path)


def _meaning(part: Schema) -> str:
    values = part.get("enum") or part.get("items", {}).get("enum") or []
    choices = f" One of {', '.join(f'`{value}`' for value in values)}." if values else ""
    return f"{part['description']}{choices}"


def _example(part: Schema) -> str:
    return " or ".join(f"`{_spelled(example)}`" for example in part["examples"])


def _spelled(example: Any) -> str:
    """Return an example in YAML's flow style, with quotes where YAML needs them."""
    if isinstance(example, dict):
        return "{" + ", ".join(f"{key}: {_spelled(value)}" for key, value in example.items()) + "}"
    if isinstance(example, list):
        return "[" + ", ".join(map(_spelled, example)) + "]"
    if isinstance(example, str) and (set(example) & set("{}[]#*!&|>,") or ": " in example):
        return json.dumps(example)
    if isinstance(example, str) and not _NUMBER.fullmatch(example):
        return example
    return json.dumps(example)


def _cell(text: str) -> str:
    return text.replace("|", "\\|").replace("\n", " ")


if __name__ == "__main__":
    sys.stdout.write(reference())
