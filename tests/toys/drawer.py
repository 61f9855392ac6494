"""A toy place: a drawer, whose content stands in its connection."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import ClassVar

from drcheck.collectors.memory import Held, MemoryCollector, MemoryConnection
from drcheck.settings import Connection


@dataclass(frozen=True, slots=True)
class DrawerConnection(Connection):
    """What lies in it, by name."""

    content: Mapping[str, bytes] = field(default_factory=dict)

    type: ClassVar[str] = "drawer"

    def location(self) -> str:
        return f"drawer://{self.name}/"


def open_drawer(connection, root, pool):
    held = {name: Held(content, 0, 0) for name, content in connection.content.items()}
    return MemoryCollector(MemoryConnection(connection.name, entries=held), root, pool)
