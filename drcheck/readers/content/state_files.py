"""What a file beside a backup says of its state: JSON by dotted path, or lines of ``KEY=VALUE`` or ``KEY: VALUE``."""

from __future__ import annotations

import json
from collections.abc import Iterator, Sequence
from typing import Any, Final

from drcheck.core.model.evidence import FactValue

MOST: Final = 1 << 20
"""Bytes of such a file that are read; Barman's and Velero's have some kilobytes."""
_SHOWN: Final = 60
"""Characters of a value that are quoted."""
_DEEPEST: Final = 64
"""Levels of JSON; what nests deeper is no manifest, and would end Python's own parser."""

Says = Sequence[tuple[str, tuple[str, ...]]]
"""Keys, each with the values of which the file must have one."""


def state_of(content: bytes, says: Says, *, written_at: int) -> FactValue:
    """Return whether a file says all that is asked, and what it says instead; ``holds`` is None: nobody can tell.

    ``until`` of what is returned is ``written_at``, the time of the file, by which a later look sees whether it may say
    something else by then. Words of the file are quoted short, and printable: they are somebody else's.
    """
    if len(content) > MOST:
        return FactValue(None, f"it is larger than the {MOST} bytes that are read", written_at)
    try:
        text = content.decode("utf-8-sig")
    except UnicodeDecodeError:
        return FactValue(None, "it is no text in UTF-8", written_at)
    if text.lstrip()[:1] in {"{", "["}:
        try:
            document = _parsed(text)
        except (ValueError, RecursionError):
            return FactValue(None, "it is not whole JSON, or has a key twice", written_at)
        values = {key: list(_at(document, key)) for key, _ in says}
    else:
        values = _lines(text, {key for key, _ in says})
    for key, accepted in says:
        if not values[key]:
            return FactValue(False, f"it does not say {quoted(key)}", written_at)
        # A key that stands twice must say so each time.
        if refused := next((value for value in values[key] if value not in accepted), None):
            return FactValue(False, f"it says {quoted(key)}: {quoted(refused)}", written_at)
        if "" in values[key] and "" not in accepted:
            return FactValue(False, f"it says nothing for {quoted(key)}", written_at)
    return FactValue(True, "", written_at)


def quoted(text: str) -> str:
    """Return foreign words for a message: printable, at most so many characters."""
    seen = "".join(each if each.isprintable() else each.encode("unicode_escape").decode() for each in text[:_SHOWN])
    return seen if len(text) <= _SHOWN else f"{seen}…"


def _parsed(text: str) -> Any:
    if text.count("{") + text.count("[") > _DEEPEST and _depth(text) > _DEEPEST:
        raise ValueError
    return json.loads(text, object_pairs_hook=_once)


def _depth(text: str) -> int:
    """Return at most how deep brackets nest, those in strings counted too."""
    depth = deepest = 0
    for each in text:
        depth += (each in "{[") - (each in "}]")
        deepest = max(deepest, depth)
    return deepest


def _once(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    document = dict(pairs)
    if len(document) != len(pairs):
        raise ValueError
    return document


def _at(document: Any, path: str) -> Iterator[str]:
    """Yield the value at a dotted path, as text; keys with dots in them and numbers of a list's items are found too."""
    if isinstance(document, list):
        number, _, rest = path.partition(".")
        if number.isdecimal() and int(number) < len(document):
            yield from _at(document[int(number)], rest) if rest else _spelled(document[int(number)])
        return
    if not isinstance(document, dict):
        return
    if path in document:
        yield from _spelled(document[path])
        return
    key, dot, rest = path.partition(".")
    if dot and key in document:
        yield from _at(document[key], rest)


def _spelled(value: Any) -> Iterator[str]:
    if isinstance(value, str):
        yield value
    elif isinstance(value, dict | list):
        yield "a mapping" if isinstance(value, dict) else "a list"
    else:
        yield json.dumps(value)


def _lines(text: str, keys: set[str]) -> dict[str, list[str]]:
    """Return what lines say of ``keys``, in their order; a value may stand in quotes."""
    found: dict[str, list[str]] = {key: [] for key in keys}
    for line in text.splitlines():
        ends = [at for at in (line.find("="), line.find(":")) if at >= 0]
        if not ends:
            continue
        key, value = line[: min(ends)].strip(), line[min(ends) + 1 :].strip()
        if key in found:
            if len(value) > 1 and value[0] == value[-1] and value[0] in "\"'":
                value = value[1:-1]
            found[key].append(value)
    return found
