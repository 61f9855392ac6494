"""What Barman keeps of one server, read from its own files: on Barman's host, or in object storage.

``base/ID/backup.info`` tells of each backup, ``wals/`` has the segments; ``barman-cloud-backup`` and
``barman-cloud-wal-archive`` lay both out alike. Tried with Barman 3.4 on a disk.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Final

from drcheck.core.model.observation import Observation
from drcheck.core.model.policy import Source
from drcheck.interfaces import Collector, LookRequest, Seek
from drcheck.readers.tools import barman, log_segments
from drcheck.readers.tools.base_backups import Base
from drcheck.readers.tools.listing import Refused
from drcheck.readers.tools.log_segments import Archive

_BASE: Final = "base/"
_INFO: Final = "/backup.info"
_DATA: Final = "/data"
"""The data directory on a disk, or ``data.tar``, compressed or not, in object storage."""
_LARGEST: Final = 1 << 20
"""Bytes of a ``backup.info`` that are read: it has about one kilobyte."""
_MOST: Final = 2500
"""Backups that one look reads: a minute or so."""


def read(collector: Collector, source: Source, name: str, asked: LookRequest) -> Observation:
    """Look at the directory of a server; ``name`` is not used."""
    del name
    return log_segments.read(_find, collector, source, asked)


def _find(collector: Collector, source: Source) -> Sequence[Archive]:
    found = _found(collector)
    if not found and not any(True for _ in collector.list("wals/")):
        raise Refused(
            f"there is nothing of Barman at {source.place}",
            "Name the directory of the server in `at`: the one with base and wals in it.",
        )
    if len(found) > _MOST:
        raise Refused(
            f"{source.place} holds {len(found)} backups, of which no look can read", "Let Barman delete some."
        )
    bases = [_base(collector, label, has_data=has_data) for label, has_data in found.items()]
    return [
        Archive(source.of[0], bases, {base.label: f"{_BASE}{base.label}/" for base in bases}, ["wals/"], folders=True)
    ]


def _base(collector: Collector, label: str, *, has_data: bool) -> Base:
    content = collector.read(f"{_BASE}{label}{_INFO}", at_most=_LARGEST)
    return barman.of_file(content, label, has_data=has_data)


def _found(collector: Collector) -> Mapping[str, bool]:
    """Return the backups that have a ``backup.info``, and whether there is anything of their data.

    Their files are passed over where the place can do so.
    """
    told: set[str] = set()
    with_data: set[str] = set()
    if collector.seek is not Seek.AFTER:
        for entry in collector.list(_BASE):
            label, _, rest = entry.name[len(_BASE) :].partition("/")
            if rest == _INFO[1:]:
                told.add(label)
            elif rest.startswith(_DATA[1:]):
                with_data.add(label)
        return {label: label in with_data for label in sorted(told)}
    after = ""
    while (first := next(iter(collector.list(_BASE, after=after)), None)) is not None:
        label = first.name[len(_BASE) :].partition("/")[0]
        if any(one.name == f"{_BASE}{label}{_INFO}" for one in collector.list(f"{_BASE}{label}{_INFO}")):
            told.add(label)
        if next(iter(collector.list(f"{_BASE}{label}{_DATA}")), None) is not None:
            with_data.add(label)
        after = f"{_BASE}{label}/~"
    return {label: label in with_data for label in sorted(told)}
