"""What a configuration says of a directory of this machine, and how a path there is written."""

from __future__ import annotations

from typing import ClassVar

from drcheck.core.names.paths import part_too_long
from drcheck.settings import ConfigKeys, Connection, directory_url


class LocalConnection(Connection, frozen=True):
    """A directory of this machine."""

    root: str = "/"

    type: ClassVar[str] = "local"
    files: ClassVar[tuple[str, ...]] = ("root",)
    keys: ClassVar[ConfigKeys] = ConfigKeys(
        "a directory of this machine",
        "A directory of this machine.",
        {
            "root": {
                "$ref": "#/$defs/text",
                "description": "The directory that nothing is read outside of.",
                "examples": ["/mnt/vault"],
            }
        },
        required=("root",),
    )

    def location(self) -> str:
        """Return where it is."""
        return f"file://{directory_url(self.root)}"

    def path_fault(self, path: str) -> str:
        """Return why no file can lie at ``path``."""
        return part_too_long(path)
