"""Snapshots of restic, by what ``restic snapshots --json`` prints.

Tried with restic 0.14; fields that later versions add (``summary``, since 0.17) are read where they stand, and the rest
is left alone (https://restic.readthedocs.io/en/stable/075_scripting.html#snapshots).

- The data is of ``time``: when the backup began, by the clock of the machine that was backed up, or as ``--time`` says.
- It was there at ``summary.backup_end``; before 0.17 nothing tells when, but the look that first shows it.
- How much was read is ``summary.total_bytes_processed``; before 0.17 no size is told.
- A snapshot names host, paths and tags. What is of another host, or lacks a tag or a path that the source states, never
  counts; snapshots of several hosts, or of several sets of paths, are no one data set, and refused.
- ``restic tag`` and ``restic rewrite`` give a snapshot another id, and keep the first one as ``original``: as long as
  it holds the same tree it is the same recovery point.
- A snapshot from which files are missing, because they could not be read (exit status 3), looks like any other.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from typing import Any, Final, NamedTuple

from drcheck.core import words
from drcheck.core.model.evidence import FOREVER, UNTOLD, Candidate, Fact, FactValue, Unaccounted
from drcheck.core.model.observation import Observation
from drcheck.core.model.policy import Source
from drcheck.interfaces import Collector, LookRequest
from drcheck.readers import arrivals
from drcheck.readers.logs.record_fields import Malformed, Record
from drcheck.readers.tools import listing
from drcheck.readers.tools.listing import Backups, Refused

_EXPECTED: Final = (
    "`restic snapshots --json` prints what can be read: run it by hand as the runner does, with the same repository "
    "and password."
)
_ID: Final = re.compile("[0-9a-f]{64}")
_LARGEST_SIZE: Final = 1 << 62


class _Snapshot(NamedTuple):
    id: str
    time: int
    host: str
    paths: frozenset[str]
    tags: frozenset[str]
    tree: str
    original: str
    ended: int | None
    size: int

    def fits(self, chosen: Mapping[str, frozenset[str]]) -> bool:
        """Return whether it is one of those that a source chooses: of one of the hosts, with all paths and all tags."""
        hosts = chosen.get("host")
        return (
            (hosts is None or self.host in hosts)
            and chosen.get("paths", frozenset()) <= self.paths
            and chosen.get("tags", frozenset()) <= self.tags
        )

    def __str__(self) -> str:
        return f"{self.id[:8]} of {self.host or 'no host'} ({', '.join(sorted(self.paths)) or 'no path'})"


def read(collector: Collector, source: Source, name: str, asked: LookRequest) -> Observation:
    """Look at a list of snapshots."""
    return listing.read(_understand, collector, source, name, asked)


def _understand(data: bytes, source: Source) -> Backups:
    told = listing.parsed(data, "restic", _EXPECTED)
    if isinstance(told, dict) and isinstance(told.get("message"), str):
        raise Refused(f"restic failed: {told['message']}", _EXPECTED)
    if isinstance(told, list) and told and all(isinstance(one, dict) and "snapshots" in one for one in told):
        told = [each for one in told for each in _listed(one["snapshots"])]  # as with --group-by
    snapshots = [_snapshot(one) for one in _listed(told)]
    if len({one.id for one in snapshots}) < len(snapshots):
        raise Refused("the output of restic has a snapshot twice", _EXPECTED)
    candidates: list[Candidate] = []
    taken: dict[str, str] = {}
    for of in source.of:
        chosen = source.chosen(of)
        its = [one for one in snapshots if one.fits(chosen)]
        _refuse_mixed(of, its, chosen)
        for one in its:
            if one.id in taken:
                what = f"snapshot {one} is of {taken[one.id]} and of {of}, as the policy says it"
                raise Refused(what, f"State more of host, paths and tags in `select` of {source.name}.")
            taken[one.id] = of
            candidates.append(_candidate(one, of, source))
    newest = max((one.data_hi for one in candidates), default=-FOREVER)
    others = sorted((one for one in snapshots if one.id not in taken), key=lambda one: (-one.time, one.id))
    return Backups(
        candidates,
        [Unaccounted(f"snapshot {one}", one.time, newer=one.time > newest) for one in others],
        # Every version of its format encrypts all but the keys (https://restic.readthedocs.io/en/stable/100_references.html).
        facts={Fact.CLIENT_ENCRYPTION: FactValue(True, "restic")},
    )


def _listed(told: Any) -> Sequence[Any]:
    if not isinstance(told, list):
        raise Refused("the output of restic is no list of snapshots", _EXPECTED)
    return told


def _snapshot(told: Any) -> _Snapshot:
    """Return one snapshot; raises :class:`Refused` where it is not as restic writes them."""
    if not isinstance(told, dict):
        raise Refused("the output of restic has a snapshot that is none", _EXPECTED)
    record = Record(told, 0)
    try:
        summary = record.part("summary")
        return _Snapshot(
            _id(record),
            record.required_instant("time"),
            record.text("hostname"),
            frozenset(_texts(told, "paths")),
            frozenset(_texts(told, "tags")),
            record.text("tree"),
            record.text("original"),
            summary.instant("backup_end", up=True),
            _size(summary),
        )
    except Malformed as why:
        named = str(told.get("id", ""))[:8]
        raise Refused(f"the output of restic has a snapshot {named} that is not understood: {why}", _EXPECTED) from None


def _id(record: Record) -> str:
    text = record.required("id")
    if not _ID.fullmatch(text):
        raise Malformed("its id is none of restic's")
    return text


def _texts(told: Mapping[str, Any], key: str) -> Iterable[str]:
    if (texts := told.get(key)) is None:
        return ()
    if not isinstance(texts, list) or not all(isinstance(text, str) for text in texts):
        raise Malformed(f"{key} is no list of texts")
    return texts


def _size(summary: Record) -> int:
    size = summary.fields.get("total_bytes_processed", UNTOLD)
    if isinstance(size, bool) or not isinstance(size, int) or not UNTOLD <= size <= _LARGEST_SIZE:
        raise Malformed("summary.total_bytes_processed is no size")
    return size


def _refuse_mixed(of: str, its: Sequence[_Snapshot], chosen: Mapping[str, frozenset[str]]) -> None:
    """Refuse snapshots of several things as one data set: as one of them stops, the others would hide it."""
    hosts = {one.host for one in its}
    if "host" not in chosen and len(hosts) > 1:
        raise Refused(
            f"{of} has snapshots of {len(hosts)} hosts: {words.several(sorted(hosts))}",
            "Say which is meant with `host`, or make data sets of them with `of` and `select`.",
        )
    paths = {one.paths for one in its}
    if "paths" not in chosen and len(paths) > 1:
        several = sorted(", ".join(sorted(one)) for one in paths)
        raise Refused(
            f"{of} has snapshots of {len(paths)} sets of paths: {words.several([f'({one})' for one in several])}",
            "Say with `paths` which must be in a snapshot, or make data sets of them with `of` and `select`.",
        )


def _candidate(one: _Snapshot, of: str, source: Source) -> Candidate:
    arrived = one.time if one.ended is None else max(one.time, one.ended)
    latest = FOREVER if one.ended is None else arrived
    lo, hi = arrivals.between(source, arrived, latest, one.time)
    # Trees that are alike prove that contents are, and other snapshots of data that did not change have the same: only
    # those that were made of one snapshot are held against each other.
    content = f"restic {one.original or one.id}:{one.tree}" if one.tree else ""
    return Candidate(one.id, of, "snapshot", one.time, one.time, lo, hi, one.size, content, complete=True)
