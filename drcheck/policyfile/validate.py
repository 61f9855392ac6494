"""Validation by the schema, its errors put at their place in the file and in plain words."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any

from drcheck.core.words import several
from drcheck.policyfile import formats
from drcheck.policyfile.conforms import Broken, broken
from drcheck.policyfile.nodes import Fields, Items, Node, Problem, Scalar, place
from drcheck.policyfile.schema import schema, typed
from drcheck.policyfile.units import shown

_NOUNS = {"object": "a mapping of keys to values", "array": "a list", "string": "text", "boolean": "true or false",
          "integer": "a whole number"}  # fmt: skip


def validate(root: Node, name: str, *, partial: bool = False) -> tuple[Any, list[Problem]]:
    """Return the document as plain values, and what the schema ``name`` finds wrong with it.

    ``partial``: the document is a template, to which others add what is missing.
    """
    value = typed(root, schema(name))
    problems: dict[tuple[str | int, ...], list[Problem]] = {}
    for error in broken(value, schema(name)):
        if partial and error.keyword in {"required", "dependentRequired", "minProperties"}:
            continue
        path = error.path
        mark, node = place(root, path)
        if isinstance(node, Scalar) and node.hole:
            continue
        about = error.value if isinstance(node, Fields) and isinstance(error.value, str) else ""  # a key's name
        told = problems.setdefault((*path, about), [])
        if error.keyword in {"format", "pattern", "minLength", "type"} and told:
            continue  # one fault a value: these say the same of it in other words
        for where, text in _told(error, node):
            entry = node.entries.get(where) if isinstance(node, Fields) else None
            at = ".".join(str(step) for step in path if isinstance(step, str))
            told.append(Problem(mark if entry is None else entry.key, f"{at}: {text}" if at else text))
    return value, [problem for told in problems.values() for problem in dict.fromkeys(told)]


def _told(error: Broken, node: Node) -> Iterator[tuple[str, str]]:
    """Yield what is wrong, in plain words, each with the key it concerns (empty: the value itself)."""
    part = error.part
    match error.keyword:
        case "additionalProperties":
            yield from _unknown_keys(part, node)
        case "required":
            for key in part["required"]:
                if key not in error.value:
                    yield "", _missing(key, part)
        case "dependentRequired":
            for key, needed in part["dependentRequired"].items():
                for other in needed:
                    if key in error.value and other not in error.value:
                        yield key, f"{key} needs {other} beside it ({_example(other, part)})"
        case "format" | "pattern":
            key = error.value if isinstance(node, Fields) else ""
            yield key, _malformed(error)
        case "enum" | "const":
            yield "", _not_one_of(error)
        case "type":
            yield "", _wrong_type(error, node)
        case "minLength" | "minItems" | "minProperties":
            yield "", f"it is empty ({_asked(part)})"
        case "uniqueItems":
            yield "", "the list has the same value twice (keep one of them)"
        case "minimum":
            yield "", f"{error.value} is too small (at least {error.part[error.keyword]})"
        case "maximum":
            yield "", f"{error.value} is too large (at most {error.part[error.keyword]})"
        case _:
            raise AssertionError(f"the schema uses {error.keyword}, which has no plain words yet")


def _unknown_keys(part: Any, node: Node) -> Iterator[tuple[str, str]]:
    known = list(part["properties"])
    of = f" of {part['title']}" if part.get("title") else ""
    for key in node.entries if isinstance(node, Fields) else ():
        if key not in known:
            right = suggest(key, known) or f"the keys{of} are {', '.join(known)}"
            yield key, f"unknown key {shown(key)} ({right})"


def suggest(word: str, known: Sequence[str]) -> str:
    """Return ``did you mean …?`` where one of ``known`` looks like ``word``; else empty."""
    import difflib  # where something is misspelt

    close = difflib.get_close_matches(word, known) or [each for each in known if each.lower() == word.lower()]
    # Of equally close ones, a slip of the fingers keeps the letters, or at least the first one.
    close.sort(key=lambda each: (sorted(each) != sorted(word), each[:1] != word[:1]))
    return f"did you mean {close[0]}?" if close else ""


def _missing(key: str, part: Any) -> str:
    return f"{key} is missing ({_example(key, part)})"


def _example(key: str, part: Any) -> str:
    examples = _spelled(part.get("properties", {}).get(key, {}).get("examples", []))
    return f"write it like {key}: {examples[0]}" if examples else f"add {key}"


def _spelled(examples: list[Any]) -> list[str]:
    """Return the examples that fit on a line, as YAML has them."""
    spelled = []
    for example in examples:
        if isinstance(example, bool):
            spelled.append(str(example).lower())
        elif isinstance(example, str | int):
            spelled.append(str(example))
        elif isinstance(example, list) and all(isinstance(item, str) for item in example):
            spelled.append(f"[{', '.join(example)}]")
    return spelled


def _malformed(error: Broken) -> str:
    part = error.part
    if error.keyword == "format":
        return formats.fault(part["format"], error.value)
    return f"{shown(str(error.value))} is not {part.get('title', 'right')} ({_asked(part)})"


def _asked(part: Any) -> str:
    examples = _spelled(part.get("examples", []))
    return f"write it like {several(examples).replace(' and ', ' or ')}" if examples else "see drcheck schema"


def _not_one_of(error: Broken) -> str:
    values = error.part[error.keyword] if error.keyword == "enum" else [error.part[error.keyword]]
    known = [str(value) for value in values]
    if not isinstance(error.value, str | int):
        return f"expected {' or '.join(known)}"
    word = str(error.value)
    one = "the only value is" if len(known) == 1 else "one of"
    return f"{shown(word)} is not known here ({suggest(word, known) or f'{one} ' + ', '.join(known)})"


def _wrong_type(error: Broken, node: Node) -> str:
    wanted = error.part[error.keyword] if isinstance(error.part[error.keyword], list) else [error.part[error.keyword]]
    nouns = " or ".join(_NOUNS[kind] for kind in wanted)
    if isinstance(node, Fields):
        found = "a mapping"
    elif isinstance(node, Items):
        found = "a list"
    elif error.value is None:
        return f"it has no value ({_asked(error.part)})"
    else:
        found = shown(str(error.value)) if node.plain else f"text, {shown(str(error.value))} in quotes,"
    return f"{found} stands where {nouns} belongs ({_asked(error.part)})"
