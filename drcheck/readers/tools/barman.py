"""Backups of Barman, by what ``barman -f json list-backups SERVER`` prints, or by the ``backup.info`` of each.

Tried with Barman 3.4 (https://docs.pgbarman.org/). Errors come as ``{"_ERROR": […]}`` on standard output.

- The data is of ``end_time_timestamp``, an epoch as text, when the backup also was there; ``end_time`` has no zone.
- Of the states (``EMPTY``, ``STARTED``, ``WAITING_FOR_WALS``, ``DONE``, ``SYNCING``, ``FAILED``) only ``DONE`` does.
- ``barman-cloud-backup-list --format json`` tells times without their zone: unless ``end_time_iso`` stands beside them
  they are refused, and what lies in the bucket is read by ``barman-files`` instead.
- Of the log archive it tells nothing but sizes. A hole there it does not show.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any, Final

from drcheck.core.model.observation import Observation
from drcheck.core.model.policy import Source
from drcheck.core.names import wal
from drcheck.interfaces import Collector, LookRequest
from drcheck.readers.content.state_files import quoted
from drcheck.readers.tools import base_backups, listing
from drcheck.readers.tools.base_backups import Base
from drcheck.readers.tools.listing import Backups, Refused

_EXPECTED: Final = "`barman -f json list-backups SERVER` prints what can be read: run it by hand as the runner does."
_ID: Final = re.compile(r"[0-9]{8}T[0-9]{6}")
_UNDONE: Final = {
    "EMPTY": "its backup has not begun to copy",
    "STARTED": "its backup has not ended",
    "WAITING_FOR_WALS": "Barman waits for its log segments",
    "SYNCING": "it is still being copied from another Barman",
    "FAILED": "its backup failed",
}


def read(collector: Collector, source: Source, name: str, asked: LookRequest) -> Observation:
    """Look at what Barman tells of the backups of a server."""
    return listing.read(_understand, collector, source, name, asked)


def _understand(data: bytes, source: Source) -> Backups:
    told = listing.parsed(data, "barman", _EXPECTED)
    if not isinstance(told, dict):
        raise Refused("the output of barman is no object", _EXPECTED)
    if (errors := told.get("_ERROR")) is not None:
        said = errors[0] if isinstance(errors, list) and errors else errors
        raise Refused(f"barman failed: {quoted(str(said))}", _EXPECTED)
    if len(told) != 1:
        raise Refused(f"the output of barman is of {len(told)} servers, and not of one", _EXPECTED)
    (backups,) = told.values()
    if isinstance(backups, dict) and "base_backup_information" in backups:
        raise Refused("barman shows a single backup, and which others there are is not told", _EXPECTED)
    if not isinstance(backups, list):
        raise Refused("the output of barman is no list of backups", _EXPECTED)
    bases = [_listed(one) for one in backups]
    if len({base.label for base in bases}) < len(bases):
        raise Refused("the output of barman has a backup twice", _EXPECTED)
    return base_backups.understood(source.of[0], bases, {base.label: base.label for base in bases}, archived=False)


def _listed(told: Any) -> Base:
    """Return one backup of a list, of Barman or of its tools for object storage."""
    if not isinstance(told, dict) or not isinstance(label := told.get("backup_id"), str) or not _ID.fullmatch(label):
        raise Refused("barman lists a backup without its identity", _EXPECTED)
    status = _status(told.get("status"), label)
    if status in _UNDONE:
        return _undone(label, status)
    what = f"backup {label} of barman"
    if "end_time_timestamp" in told:
        stop = base_backups.instant(told["end_time_timestamp"], f"the end of {what}", _EXPECTED)
    elif "end_time_iso" in told:
        stop = _instant(told["end_time_iso"], f"the end of {what}")
    else:
        raise Refused(
            f"{what} ended {told.get('end_time')!a:.60}, and in which zone is not told",
            "Read the bucket, or the directory of the server, by the reader barman-files.",
        )
    size = told.get("size_bytes", told.get("size"))
    return Base(label, _kind(told), stop, stop, base_backups.size(size, f"the size of {what}", _EXPECTED))


def _kind(told: Mapping[str, Any]) -> str:
    prior = told.get("parent_backup_id")
    if prior is not None and not isinstance(prior, str):
        raise Refused(f"parent_backup_id of a backup of barman is {prior!a:.60}", _EXPECTED)
    return "incremental" if told.get("backup_type") == "incremental" or prior not in {None, "None"} else "full"


def _status(status: Any, label: str) -> str:
    if not isinstance(status, str) or (status != "DONE" and status not in _UNDONE):
        raise Refused(f"backup {label} of barman has the status {status!a:.60}", _EXPECTED)
    return status


def _undone(label: str, status: str) -> Base:
    """Return a backup that does not restore; its name has the clock of Barman's host, and no other date is told."""
    try:
        begun = int(datetime.strptime(label, "%Y%m%dT%H%M%S").replace(tzinfo=UTC).timestamp())
    except ValueError:
        raise Refused(f"backup {quoted(label)} of barman is of no date", _EXPECTED) from None
    return Base(label, "full", begun, begun, why_not=f"{_UNDONE[status]} ({status})")


def of_file(content: bytes, label: str, *, has_data: bool) -> Base:
    """Return the backup that a ``backup.info`` tells of; raises :class:`Refused` for what is none.

    ``has_data``: whether there is anything of the data beside it, unless it lies in snapshots of volumes.
    """
    file = f"base/{label}/backup.info"
    try:
        lines = content.decode().splitlines()
    except UnicodeDecodeError:
        raise Refused(f"{file} is no text in UTF-8", _EXPECTED) from None
    told = {key: value for key, equals, value in (line.partition("=") for line in lines) if equals}
    if not _ID.fullmatch(label) or "status" not in told:
        raise Refused(f"{file} is cut short, or none of Barman's", _EXPECTED)
    status = _status(told["status"], label)
    if status in _UNDONE and status != "WAITING_FOR_WALS":
        return _undone(label, status)
    for key in ("begin_wal", "end_wal"):
        if not told.get(key):
            raise Refused(f"{file} tells no {key}: which log segments the backup needs is not known", _EXPECTED)
    prior = told.get("parent_backup_id", "None")
    return Base(
        label,
        _kind(told),
        _instant(told.get("begin_time"), f"begin_time in {file}"),
        _instant(told.get("end_time"), f"end_time in {file}"),
        base_backups.size(None if told.get("size") == "None" else told.get("size"), f"size in {file}", _EXPECTED),
        base_backups.segment(told.get("begin_wal"), f"begin_wal in {file}", _EXPECTED),
        base_backups.segment(told.get("end_wal"), f"end_wal in {file}", _EXPECTED),
        lineage="wals/",
        prior="" if prior == "None" else prior,
        segment_size=_segment_size(told.get("xlog_segment_size"), f"xlog_segment_size in {file}"),
        why_not="" if has_data or told.get("snapshots_info", "None") != "None" else f"base/{label}/data is not there",
    )


def _segment_size(text: str | None, what: str) -> int:
    """Return the bytes of a log segment; 0: they are not told."""
    size = base_backups.size(text, what, _EXPECTED)
    if text is not None and size not in wal.SIZES:
        raise Refused(f"{what} is {size}, which no log segment can have", _EXPECTED)
    return 0 if text is None else size


def _instant(text: Any, what: str) -> int:
    """Return an instant in ISO 8601 with its zone, the fraction cut off."""
    try:
        told = datetime.fromisoformat(text)
    except (TypeError, ValueError):
        raise Refused(f"{what} is {text!a:.60}, which is no instant", _EXPECTED) from None
    if told.tzinfo is None:
        raise Refused(f"{what} is {text!a:.60}, without a zone", _EXPECTED)
    return base_backups.instant(int(told.timestamp()), what, _EXPECTED)
