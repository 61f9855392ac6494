"""What a YAML file holds, with the place of every key and value; scalars stay text until a schema has spoken."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any, NamedTuple, TypeAlias

from msgspec import Struct, field

Values: TypeAlias = Mapping[str, Any]
"""A mapping of a document, as plain values: what a schema has made of its nodes."""


class Mark(NamedTuple):
    """A place in a file; lines and columns count from 1."""

    file: str
    line: int
    column: int

    def __str__(self) -> str:
        return f"{self.file}:{self.line}:{self.column}"


class Problem(NamedTuple):
    """Something wrong at a place: what is wrong, and in brackets what would be right."""

    mark: Mark
    text: str

    def __str__(self) -> str:
        return one_line(f"{self.mark}: {self.text}")


def one_line(text: str) -> str:
    """Return ``text`` with what a terminal would not show as a character escaped; names of files may hold anything."""
    return "".join(each if each.isprintable() else ascii(each)[1:-1] for each in text)


class Scalar(Struct, frozen=True):
    """A value as it was written."""

    mark: Mark
    text: str
    plain: bool = True
    """Whether it stood without quotes."""
    hole: bool = False
    """Whether it stands where something was refused, so that nothing more is said about that place."""


class Items(Struct, frozen=True):
    """A list."""

    mark: Mark
    items: tuple[Node, ...] = ()


class KeyedValue(NamedTuple):
    """A key's place, and its value."""

    key: Mark
    value: Node


class MappingNode(Struct, frozen=True):
    """A mapping, in the order of the file."""

    mark: Mark
    entries: dict[str, KeyedValue] = field(default_factory=dict)

    def value(self, key: str) -> Node | None:
        """Return the value of ``key``, if there is one."""
        entry = self.entries.get(key)
        return None if entry is None else entry.value

    def scalar(self, key: str) -> Scalar | None:
        """Return the value of ``key`` if it is a readable scalar."""
        value = self.value(key)
        return value if isinstance(value, Scalar) and not value.hole else None

    def text(self, key: str) -> str:
        """Return the text of ``key``; empty if it is no readable scalar."""
        scalar = self.scalar(key)
        return "" if scalar is None else scalar.text

    def fields(self, key: str) -> MappingNode:
        """Return the mapping at ``key``; an empty one if there is none."""
        value = self.value(key)
        return value if isinstance(value, MappingNode) else MappingNode(self.mark)

    def scalars(self, key: str) -> Sequence[Scalar]:
        """Return the readable scalars of the list at ``key``."""
        value = self.value(key)
        items = value.items if isinstance(value, Items) else ()
        return [item for item in items if isinstance(item, Scalar) and not item.hole]

    def mappings(self) -> Iterator[tuple[str, Mark, MappingNode]]:
        """Yield name, place of the name, and mapping of every entry that is one."""
        for name, (key, value) in self.entries.items():
            if isinstance(value, MappingNode):
                yield name, key, value


Node: TypeAlias = Scalar | Items | MappingNode


def place(root: Node, path: Sequence[str | int]) -> tuple[Mark, Node]:
    """Return where to point at for the value at ``path``, and that value.

    For a mapping or a list that is the key it belongs to: its own beginning is the first thing inside it.
    """
    mark, node = root.mark, root
    for step in path:
        if isinstance(node, MappingNode) and isinstance(step, str):
            mark, node = node.entries[step]
        elif isinstance(node, Items) and isinstance(step, int):
            node = node.items[step]
            mark = node.mark
        else:
            break
    return (node.mark if isinstance(node, Scalar) and node.text else mark), node
