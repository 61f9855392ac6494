"""A toy place: a drawer, whose content stands in the configuration, or in a file that it names."""

from __future__ import annotations

import json
from collections.abc import Mapping
from pathlib import Path
from typing import ClassVar

from msgspec import field

from drcheck.collectors.memory import MemoryCollector, MemoryConnection, StoredFile
from drcheck.settings import ConfigKeys, Connection


class DrawerConnection(Connection, frozen=True):
    """What lies in it, by name."""

    content: Mapping[str, str] = field(default_factory=dict)
    inventory: str = ""

    type: ClassVar[str] = "drawer"
    files: ClassVar[tuple[str, ...]] = ("inventory",)
    path_form: ClassVar[str] = "NAME.EXTENSION"
    keys: ClassVar[ConfigKeys] = ConfigKeys(
        "a drawer",
        "A drawer.",
        {
            "content": {
                "type": "object",
                "description": "What lies in it.",
                "examples": [{"list.txt": "none"}],
                "additionalProperties": {"$ref": "#/$defs/text", "description": "A text.", "examples": ["none"]},
            },
            "inventory": {"$ref": "#/$defs/text", "description": "The same in a file.", "examples": ["drawer.json"]},
        },
        exclusive=(("content", "inventory"),),
    )

    def location(self) -> str:
        return f"drawer://{self.name}/"

    def path_fault(self, path: str) -> str:
        return "a drawer holds no directories" if "/" in path else ""


def open_drawer(connection, root, pool):
    content = json.loads(Path(connection.inventory).read_text()) if connection.inventory else connection.content
    held = {name: StoredFile(text.encode(), 0, 0) for name, text in content.items()}
    return MemoryCollector(MemoryConnection(connection.name, entries=held), root, pool)
