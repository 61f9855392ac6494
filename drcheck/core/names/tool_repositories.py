"""Repositories of backup tools, told by the names of their own files: backups in them are no files of their own.

What lies where: restic (https://restic.readthedocs.io/en/stable/100_references.html#repository-layout), borg
(https://borgbackup.readthedocs.io/en/stable/internals/data-structures.html#repository), pgBackRest
(``backup/STANZA/backup.info``, or a manifest below it) and Barman (``base/ID/backup.info``).
"""

from __future__ import annotations

import re
from collections.abc import Collection
from typing import Final, NamedTuple


class Repository(NamedTuple):
    """A directory that is a repository of a tool."""

    directory: str
    """Ends in ``/``; empty: the place itself."""
    tool: str
    reader: str
    """What reads it."""
    command: tuple[str, ...] = ()
    """What prints the list that the reader reads, with ``REPOSITORY`` for its place; empty: its own files are read."""


_RESTIC: Final = Repository(
    "", "restic", "restic",
    ("restic", "--no-lock", "--no-cache", "--repo", "REPOSITORY", "--password-file", "FILE", "snapshots", "--json"),
)  # fmt: skip
_BORG: Final = Repository(
    "", "borg", "borg",
    ("env", "TZ=UTC", "BORG_PASSCOMMAND=cat FILE", "borg", "info", "--bypass-lock", "--json", "--glob-archives", "*",
     "REPOSITORY"),
)  # fmt: skip
_SIGNS: Final = (
    (re.compile(r"((?:.*/)?)keys/[0-9a-f]{64}$"), ("config",), _RESTIC),
    (re.compile(r"((?:.*/)?)data/[0-9]+/[0-9]+$"), ("config", "README"), _BORG),
    (
        re.compile(r"((?:.*/)?)backup/[^/]+/(?:backup\.info|[0-9]{8}-[0-9]{6}F[^/]*/backup\.manifest)(?:\.copy)?$"),
        (),
        Repository("", "pgBackRest", "pgbackrest-files"),
    ),
    (re.compile(r"((?:.*/)?)base/[0-9]{8}T[0-9]{6}/backup\.info$"), (), Repository("", "Barman", "barman-files")),
)
"""A name that such a repository has, what must stand in its directory as well, and what it is."""


def repositories(names: Collection[str]) -> tuple[Repository, ...]:
    """Return the repositories in a listing, in the order of their directories; ``names`` is asked what it holds."""
    found: dict[str, Repository] = {}
    for name in names:
        for sign, beside, repository in _SIGNS:
            match = sign.match(name)
            if match is not None and match[1] not in found and all(f"{match[1]}{one}" in names for one in beside):
                found[match[1]] = repository._replace(directory=match[1])
    return tuple(found[directory] for directory in sorted(found))


def is_inside(name: str, several: Collection[Repository]) -> bool:
    """Return whether a name is that of a repository's own file."""
    return any(name.startswith(one.directory) for one in several)
