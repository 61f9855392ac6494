"""Strict YAML: the part of it that reads the same to everybody.

Anchors, aliases, tags, merge keys, duplicate keys, several documents and control characters are refused; so is a
file that is too large, too deep or not UTF-8. No scalar is given a type here. Faults are collected: only bytes that
are not YAML at all end the reading early.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any, Final

import yaml

from drcheck.policyfile.yaml_nodes import Items, KeyedValue, MappingNode, Mark, Node, Problem, Scalar

LARGEST: Final = 256 * 1024
"""Bytes. A policy for one service has a hundred lines; what is larger was not written by a person."""
DEEPEST: Final = 20
"""Levels of nesting. Without a limit, a kilobyte of brackets costs a recursion error."""
OPEN: Final = 200
"""Brackets that one line may leave open, in quotes and comments too. The parser reads ahead within a line, before it
reports the levels that :data:`DEEPEST` counts, and has a limit of its own there in some releases: this one comes first.
"""

_LOADER: Final = getattr(yaml, "CLoader", yaml.SafeLoader)
# Everything that a terminal or an editor does not show as it is read: C0 but tab and line ends, DEL, C1, line and
# paragraph separators (line ends to YAML 1.1, not to people), bidirectional overrides, byte order marks inside, and
# halves of characters, which an escape can name.
_UNSEEN: Final = re.compile(
    "[\x00-\x08\x0b\x0c\x0e-\x1f\x7f-\x9f\u2028\u2029\u202a-\u202e\u2066-\u2069\ud800-\udfff\ufeff\ufffe\uffff]|\r(?!\n)"
)
_BRACKET: Final = re.compile(r"[\[{\]}\n]")


def parse(data: bytes, file: str) -> tuple[Node | None, list[Problem]]:
    """Return the document in ``data`` and what is wrong with it; None where nothing could be read.

    ``file`` is how faults name the file.
    """
    start = Mark(file, 1, 1)
    if len(data) > LARGEST:
        return None, [Problem(start, f"the file is larger than {LARGEST // 1024} KiB (one file holds one service)")]
    try:
        text = data.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        before = data[: error.start]
        column = len(before[before.rfind(b"\n") + 1 :].decode(errors="replace")) + 1
        mark = Mark(file, before.count(b"\n") + 1, column)
        return None, [Problem(mark, "this is not UTF-8 (save the file as UTF-8 text)")]
    if unseen := _UNSEEN.search(text):
        return None, [Problem(_mark_at(text, unseen.start(), file), _refused(unseen.group()))]
    if (many := _many_open(text)) is not None:
        return None, [Problem(_mark_at(text, many, file), f"this line leaves over {OPEN} brackets open (close them)")]
    builder = _Builder(file)
    try:
        root = builder.document(yaml.parse(text, Loader=_LOADER))
    except (yaml.YAMLError, ValueError, OverflowError) as error:  # the latter ones: the parser in Python, of an escape
        builder.problems.append(_no_yaml(error, text, file))
        return None, builder.problems
    except _TooDeepError as error:
        builder.problems.append(Problem(error.mark, f"nested deeper than {DEEPEST} levels (flatten it)"))
        return None, builder.problems
    return root, builder.problems


class _TooDeepError(Exception):
    def __init__(self, mark: Mark) -> None:
        super().__init__()
        self.mark = mark


class _Builder:
    """Builds nodes out of the parser's events."""

    def __init__(self, file: str) -> None:
        self.file = file
        self.problems: list[Problem] = []

    def document(self, events: Iterator[Any]) -> Node | None:
        """Return the first document; a second one is a fault."""
        root: Node | None = None
        documents = 0
        for event in events:
            if isinstance(event, yaml.DocumentStartEvent):
                documents += 1
                if documents > 1:
                    self.fault(
                        self.mark(event), "a second document starts here (one file holds one document: remove the ---)"
                    )
                    return root
                root = self.node(next(events), events, 1)
        return root

    def node(self, event: Any, events: Iterator[Any], depth: int) -> Node:
        mark = self.mark(event)
        if isinstance(event, yaml.AliasEvent):
            self.fault(mark, f"*{event.anchor} is an alias (write the value out, or use a template with extends)")
            return Scalar(mark, "", hole=True)
        if event.anchor is not None:
            self.fault(mark, f"&{event.anchor} is an anchor (write the value out, or use a template with extends)")
        if event.tag is not None:
            tag = event.tag.replace("tag:yaml.org,2002:", "!!")
            self.fault(mark, f"{tag} is a tag (remove it: the schema says what type a value has)")
        if isinstance(event, yaml.ScalarEvent):
            text: str = event.value
            if event.style == '"' and (unseen := _UNSEEN.search(text)):  # only in these can it be escaped
                self.fault(mark, _refused(unseen.group()))
                return Scalar(mark, "", hole=True)
            return Scalar(mark, text, not event.style)
        if depth > DEEPEST:
            raise _TooDeepError(mark)
        if isinstance(event, yaml.SequenceStartEvent):
            items: list[Node] = []
            while not isinstance(inner := next(events), yaml.SequenceEndEvent):
                items.append(self.node(inner, events, depth + 1))
            return Items(mark, tuple(items))
        return MappingNode(mark, self.entries(events, depth))

    def entries(self, events: Iterator[Any], depth: int) -> dict[str, KeyedValue]:
        entries: dict[str, KeyedValue] = {}
        while not isinstance(inner := next(events), yaml.MappingEndEvent):
            key = self.node(inner, events, depth + 1)
            value = self.node(next(events), events, depth + 1)
            if not isinstance(key, Scalar):
                self.fault(key.mark, "a key must be plain text (not a list or a mapping)")
            elif key.hole:
                continue  # told already
            elif key.plain and key.text == "<<":
                self.fault(key.mark, "<< merges mappings (use a template with extends)")
            elif key.text in entries:
                first = entries[key.text].key.line
                self.fault(key.mark, f"{key.text} stands twice, first in line {first} (keep one of them)")
            else:
                entries[key.text] = KeyedValue(key.mark, value)
        return entries

    def mark(self, event: Any) -> Mark:
        start = event.start_mark
        return Mark(self.file, start.line + 1, start.column + 1)

    def fault(self, mark: Mark, text: str) -> None:
        self.problems.append(Problem(mark, text))


def _mark_at(text: str, offset: int, file: str) -> Mark:
    return Mark(file, text.count("\n", 0, offset) + 1, offset - (text.rfind("\n", 0, offset) + 1) + 1)


def _many_open(text: str) -> int | None:
    """Return where a line opens one bracket more than :data:`OPEN`, or None."""
    open_here = 0
    for bracket in _BRACKET.finditer(text):
        character = bracket.group()
        if character in "[{":
            open_here += 1
            if open_here > OPEN:
                return bracket.start()
        elif character == "\n":
            open_here = 0
        else:
            open_here = max(0, open_here - 1)
    return None


def _refused(character: str) -> str:
    return f"the character U+{ord(character):04X} cannot be seen when read (remove it)"


def _no_yaml(error: Exception, text: str, file: str) -> Problem:
    """Say where the parser stopped, and why: in its words, but for its commonest fault, which they hardly explain."""
    at = (error.problem_mark or error.context_mark) if isinstance(error, yaml.MarkedYAMLError) else None
    if not isinstance(error, yaml.MarkedYAMLError) or at is None:
        return Problem(Mark(file, 1, 1), "this is not YAML (check quotes, brackets and escapes)")
    mark = Mark(file, at.line + 1, at.column + 1)
    stopped_at = text[at.index : at.index + 1]
    if stopped_at == ":":
        why = "a second colon, or an indentation that does not fit (put the value in quotes, or align the key)"
    elif stopped_at == "\t":
        why = "a tab (indent with spaces)"
    else:
        context = f", {error.context}" if error.context else ""
        why = f"{error.problem}{context} (check quotes, brackets and indentation just before)"
    return Problem(mark, f"this is not YAML: {why}")
