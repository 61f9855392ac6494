"""What a policy may ask of a place: said when a policy is read, and again before anybody looks there.

One page for both, so that nothing passes as a policy that no look could ever answer.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Final, NamedTuple

from drcheck.core.naming import Part, Template
from drcheck.core.policy import Arrival

_BUCKET: Final = re.compile(r"[A-Za-z0-9._-]{1,255}")
"""What every client of S3 sends (botocore's ``VALID_BUCKET``); AWS itself allows less, other servers as much."""
_CONTAINER: Final = re.compile(r"(?=.{3,63}\Z)[a-z0-9]+(-[a-z0-9]+)*|\$root|\$web|\$logs")
"""https://learn.microsoft.com/rest/api/storageservices/naming-and-referencing-containers--blobs--and-metadata"""


class Unreadable(NamedTuple):
    """Why a source cannot be read as the policy says."""

    key: str
    """The key of the source that says so."""
    what: str
    hint: str


def below(path: str) -> str:
    """Return why ``path`` does not surely mean something below a root, whatever opens it; empty: it does.

    A ``/`` at its end makes a directory of it; an empty path is the root.
    """
    if "\0" in path or "\n" in path:
        return "it holds a NUL or a line break"
    if path and not {"", ".", ".."}.isdisjoint(path.removesuffix("/").split("/")):
        return "it has an empty part, . or .."
    return ""


def is_bucket(name: str) -> bool:
    """Return whether a bucket of S3 can have that name."""
    return _BUCKET.fullmatch(name) is not None and bool(name.strip("."))


def is_container(name: str) -> bool:
    """Return whether a container of Azure Blob Storage can have that name."""
    return _CONTAINER.fullmatch(name) is not None


def unreadable(
    template: Template, *, sets: int, name_zone: bool, available_at: str, complete_when: str
) -> Iterator[Unreadable]:
    """Yield why backups cannot be told by their names, given what the policy says of a source.

    ``sets`` is how many data sets it holds, ``name_zone`` whether the zone of times in names is stated, and
    ``complete_when`` the marker, empty for none.
    """
    if wrong := template_fault(template):
        yield Unreadable("name", wrong, "Write single slashes between its parts, and no part . or ..")
    if sets > 1 and not template.has_of:
        yield Unreadable("name", f"it does not tell which of {sets} data sets a backup is of", "Put {of} in it.")
    if template.has_instant and not template.has_zone and not name_zone:
        yield Unreadable("name", "its times carry no zone", "Add name_zone, or Z after the time if it is UTC.")
    if available_at == Arrival.MANIFEST:
        yield Unreadable("available_at", "manifests are not read by this version", "Say storage, mtime or name.")
    if available_at == Arrival.NAME and not template.has_instant:
        yield Unreadable(
            "available_at",
            "names that tell no instant cannot tell the arrival",
            "Put {data_as_of:FORMAT} in them, or say storage or mtime.",
        )
    if complete_when and (wrong := marker_fault(complete_when)):
        yield Unreadable("complete_when", wrong, "Use {name} once for the backup's own name, as in {name}.sha256.")


def template_fault(template: Template) -> str:
    """Return why no name below a root looks like ``template``; empty: some may."""
    # What stands in the place of a field is no part of dots: no data set, kind or time has such a name.
    path = "".join(piece.text if piece.part is Part.TEXT else "x" for piece in template.pieces)
    return f"no name looks like {template.text!r}: {why}" if (why := below(path)) else ""


def marker_fault(marker: str) -> str:
    """Return why a marker does not tell which backup it stands beside; empty: it does."""
    if marker == "{name}":
        return "a backup cannot be its own marker"
    if marker.count("{name}") != 1 or not {"{", "}"}.isdisjoint(marker.replace("{name}", "")):
        return f"{marker!r} does not tell which backup it stands beside"
    return below(marker)
