"""A repository of pgBackRest, read from its own files: no command runs, and the log archive is seen segment by segment.

``backup/STANZA/backup.info`` lists the backups, ``archive/STANZA/15-1/`` has the segments. Tried with repositories of
pgBackRest 2.45 on a disk; the layout is that of 2.0 and later (https://pgbackrest.org/user-guide.html). What an
encrypted repository holds only pgBackRest itself can tell.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

from drcheck.core.model.observation import Observation
from drcheck.core.model.policy import Source
from drcheck.interfaces import Collector, LookRequest, NotFound
from drcheck.readers.tools import log_segments, pgbackrest
from drcheck.readers.tools.base_backups import Base
from drcheck.readers.tools.listing import LARGEST, Refused
from drcheck.readers.tools.log_segments import Archive

_MOST_ASKED: Final = 2500
"""Backups of which a look asks whether their manifest stands: a minute or so."""


def read(collector: Collector, source: Source, name: str, asked: LookRequest) -> Observation:
    """Look at a repository; ``name`` is not used, all of its stanzas that are data sets are looked at."""
    del name
    return log_segments.read(_find, collector, source, asked)


def _find(collector: Collector, source: Source) -> Sequence[Archive]:
    return [_archive(collector, source, of) for of in source.of]


def _archive(collector: Collector, source: Source, of: str) -> Archive:
    stanza = next(iter(source.chosen(of).get("stanza", (of,))))
    bases, archives = pgbackrest.of_file(_info(collector, stanza), stanza)
    if len(bases) > _MOST_ASKED:
        raise Refused(
            f"stanza {stanza} has {len(bases)} backups, of which no look can ask", "Let pgBackRest expire some."
        )
    bases = [_as_it_lies(collector, stanza, base) for base in bases]
    names = {base.label: f"backup/{stanza}/{base.label}/" for base in bases}
    return Archive(of, bases, names, [f"archive/{stanza}/{archive}/" for archive in archives], folders=True)


def _info(collector: Collector, stanza: str) -> bytes:
    """Return ``backup.info``, or the copy that pgBackRest keeps of it and reads where the first is not there."""
    try:
        return collector.read(f"backup/{stanza}/backup.info", at_most=LARGEST)
    except NotFound:
        return collector.read(f"backup/{stanza}/backup.info.copy", at_most=LARGEST)


def _as_it_lies(collector: Collector, stanza: str, base: Base) -> Base:
    """Return a backup with the reason if its manifest is gone: what it consists of nobody knows any more.

    Where the manifest is not there, ``restore`` takes the copy beside it (``manifestLoadFile`` in pgBackRest's source).
    """
    if base.why_not:
        return base
    manifest = f"backup/{stanza}/{base.label}/backup.manifest"
    for file in (manifest, f"{manifest}.copy"):
        try:
            collector.read(file, at_most=1)
        except NotFound:
            continue
        return base
    return base._replace(why_not=f"{manifest} is not there, nor its copy, though backup.info lists the backup")
