"""Validation by the schema, its errors put at their place in the file and in plain words."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from functools import cache
from typing import TYPE_CHECKING, Any

from drcheck.core.words import quoted, several
from drcheck.policyfile import scalar_formats
from drcheck.policyfile.quick_validation import ABSENT, accepts
from drcheck.policyfile.schema import schema, typed
from drcheck.policyfile.yaml_nodes import Items, MappingNode, Node, Problem, Scalar, place

if TYPE_CHECKING:
    from jsonschema.exceptions import ValidationError
    from jsonschema.protocols import Validator

_NOUNS = {"object": "a mapping of keys to values", "array": "a list", "string": "text", "boolean": "true or false",
          "integer": "a whole number", "number": "a number"}  # fmt: skip


@cache
def _validator(name: str) -> Validator:
    # Imported here: of what is accepted nobody asks it.
    from jsonschema import Draft202012Validator, validators

    # Stock jsonschema builds a validator for each key and each scalar, though most of them have no fault.
    ours = {"properties": _properties, "items": _items}
    fast = validators.extend(Draft202012Validator, ours)  # type: ignore[no-untyped-call]
    validator: Validator = fast(schema(name), format_checker=scalar_formats.checker())
    return validator


def _properties(validator: Any, parts: Any, instance: Any, _: Any) -> Iterator[ValidationError]:
    for key, value in instance.items() if isinstance(instance, dict) else ():
        if key in parts and not accepts(value, parts[key]):
            yield from validator.descend(value, parts[key], path=key, schema_path=key)


def _items(validator: Any, part: Any, instance: Any, _: Any) -> Iterator[ValidationError]:
    for index, value in enumerate(instance) if isinstance(instance, list) else ():
        if not accepts(value, part):
            yield from validator.descend(value, part, path=index)


def validate(root: Node, name: str, *, partial: bool = False) -> tuple[Any, list[Problem]]:
    """Return the document as plain values, and what the schema ``name`` finds wrong with it.

    ``partial``: the document is a template, to which others add what is missing.
    """
    value = typed(root, schema(name))
    if accepts(value, schema(name), partial=partial):
        return value, []
    problems: dict[tuple[str | int, ...], list[Problem]] = {}
    error: Any  # the fields of jsonschema's errors may be unset, to its types; those that iter_errors yields are set
    for error in _validator(name).iter_errors(value):
        if partial and error.validator in ABSENT:
            continue
        path = tuple(error.absolute_path)
        mark, node = place(root, path)
        if isinstance(node, Scalar) and node.hole:
            continue
        about = (
            error.instance if isinstance(node, MappingNode) and isinstance(error.instance, str) else ""
        )  # a key's name
        of_value = problems.setdefault((*path, about), [])
        if error.validator in {"format", "pattern", "minLength", "type"} and of_value:
            continue  # one fault a value: these say the same of it in other words
        for where, text in _in_words(error, node):
            entry = node.entries.get(where) if isinstance(node, MappingNode) else None
            at = ".".join(str(step) for step in path if isinstance(step, str))
            of_value.append(Problem(mark if entry is None else entry.key, f"{at}: {text}" if at else text))
    return value, [problem for of_value in problems.values() for problem in dict.fromkeys(of_value)]


def _in_words(error: Any, node: Node) -> Iterator[tuple[str, str]]:
    """Yield what is wrong, in plain words, each with the key it concerns (empty: the value itself)."""
    part: Any = error.schema
    match error.validator:
        case "additionalProperties":
            yield from _unknown_keys(part, node)
        case "required":
            for key in part["required"]:
                if key not in error.instance:
                    yield "", _missing(key, part)
        case "dependentRequired":
            for key, needed in part["dependentRequired"].items():
                for other in needed:
                    if key in error.instance and other not in error.instance:
                        yield key, f"{key} needs {other} beside it ({_example(other, part)})"
        case "format" | "pattern":
            key = error.instance if isinstance(node, MappingNode) else ""
            yield key, _malformed(error)
        case "enum" | "const":
            yield "", _not_one_of(error)
        case "type":
            yield "", _wrong_type(error, node)
        case "minLength" | "minItems" | "minProperties":
            yield "", f"it is empty ({_as_written(part)})"
        case "uniqueItems":
            yield "", "the list has the same value twice (keep one of them)"
        case "minimum":
            yield "", f"{error.instance} is too small (at least {error.validator_value})"
        case "maximum":
            yield "", f"{error.instance} is too large (at most {error.validator_value})"
        case _:
            raise AssertionError(f"the schema uses {error.validator}, which has no plain words yet")


def _unknown_keys(part: Any, node: Node) -> Iterator[tuple[str, str]]:
    keys = list(part["properties"])
    of = f" of {part['title']}" if part.get("title") else ""
    for key in node.entries if isinstance(node, MappingNode) else ():
        if key not in keys:
            right = suggest(key, keys) or f"the keys{of} are {', '.join(keys)}"
            yield key, f"unknown key {quoted(key)} ({right})"


def suggest(word: str, words: Sequence[str]) -> str:
    """Return ``did you mean …?`` where one of ``words`` looks like ``word``; else empty."""
    import difflib  # where something is misspelt

    close = difflib.get_close_matches(word, words) or [each for each in words if each.lower() == word.lower()]
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


def _malformed(error: Any) -> str:
    if isinstance(error.cause, scalar_formats.Malformed):
        return error.cause.told
    part: Any = error.schema
    return f"{quoted(str(error.instance))} is not {part.get('title', 'right')} ({_as_written(part)})"


def _as_written(part: Any) -> str:
    examples = _spelled(part.get("examples", []))
    return f"write it like {several(examples).replace(' and ', ' or ')}" if examples else "see drcheck schema"


def _not_one_of(error: Any) -> str:
    values = error.validator_value if error.validator == "enum" else [error.validator_value]
    choices = [str(value) for value in values]
    if not isinstance(error.instance, str | int):
        return f"expected {' or '.join(choices)}"
    word = str(error.instance)
    only = "the only value is" if len(choices) == 1 else "one of"
    return f"{quoted(word)} is not known here ({suggest(word, choices) or f'{only} ' + ', '.join(choices)})"


def _wrong_type(error: Any, node: Node) -> str:
    wanted = error.validator_value if isinstance(error.validator_value, list) else [error.validator_value]
    nouns = " or ".join(_NOUNS[kind] for kind in wanted)
    if isinstance(node, MappingNode):
        stands = "a mapping"
    elif isinstance(node, Items):
        stands = "a list"
    elif error.instance is None:
        return f"it has no value ({_as_written(error.schema)})"
    else:
        stands = quoted(str(error.instance)) if node.plain else f"text, {quoted(str(error.instance))} in quotes,"
    return f"{stands} stands where {nouns} belongs ({_as_written(error.schema)})"
