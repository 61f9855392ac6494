"""What a path may be, whatever opens it."""

from __future__ import annotations

from typing import Final

VERSION: Final = "?versionId="
"""What stands between a name and the id of a version of it, as the address of a version has it
(https://docs.aws.amazon.com/AmazonS3/latest/API/API_GetObject.html)."""

_LONGEST_PART: Final = 255
"""Bytes of one part of a path on the file systems of hosts and disks."""


def below(path: str) -> str:
    """Return why ``path`` does not surely mean something below a root, whatever opens it; empty: it does.

    A ``/`` at its end makes a directory of it; an empty path is the root.
    """
    if "\0" in path or "\n" in path:
        return "it holds a NUL or a line break"
    if path and not {"", ".", ".."}.isdisjoint(path.removesuffix("/").split("/")):
        return "it has an empty part, . or .."
    return ""


def part_too_long(path: str) -> str:
    """Return why no file of a host or disk can lie at ``path``: the name of a part is too long; empty: none is."""
    too_long = any(len(part.encode()) > _LONGEST_PART for part in path.split("/"))
    return f"a part of it is longer than {_LONGEST_PART} bytes" if too_long else ""
