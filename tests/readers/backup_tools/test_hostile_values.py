"""What tools print with any of its values replaced by one of another kind: understood, or refused in words."""

from __future__ import annotations

import copy
import json
from collections.abc import Iterator
from typing import Any

import pytest

from drcheck.collectors.memory import MemoryConnection, StoredFile, open_memory
from drcheck.collectors.pool import Connections
from drcheck.core.model.evidence import LONG_AGO, Fact
from drcheck.core.model.policy import Source
from drcheck.interfaces import LookRequest
from drcheck.registry import READERS, place, reader

NOW = 1_795_400_000
SEGMENT = "000000010000000000000002"
FULL, INCR = "20261119-191745F", "20261119-191745F_20261120-191803I"
ID = "20261119T192346"

STRANGE = (
    None, True, False, 0, -1, 7, 1.5, 1e300, 1 << 70, 10**400, "", "x", "None", "9" * 5000, "../" * 9, "\u202e\0\ud800",
    "2026-11-19T19:17:45", "0001-01-01T00:00:00+14:00", [], [None], [[]], [1], ["x"], {}, {"id": []}, {"x": {"y": None}},
)  # fmt: skip


def of_pgbackrest(label: str, kind: str, prior: str | None, stop: int) -> dict[str, Any]:
    return {
        "archive": {"start": SEGMENT, "stop": SEGMENT}, "backrest": {"format": 5, "version": "2.45"},
        "database": {"id": 1, "repo-key": 1}, "error": False,
        "info": {"delta": 9, "repository": {"delta": 3, "size": 3}, "size": 22992629}, "label": label,
        "lsn": {"start": "0/2000028", "stop": "0/2000100"}, "prior": prior,
        "reference": None if prior is None else [prior], "timestamp": {"start": stop - 14, "stop": stop}, "type": kind,
    }  # fmt: skip


STATUS = {"code": 0, "lock": {"backup": {"held": False}}, "message": "ok"}
LISTS = {
    "pgbackrest": [{
        "archive": [{"database": {"id": 1, "repo-key": 1}, "id": "15-1", "max": "00000001000000000000000D", "min": SEGMENT}],
        "backup": [of_pgbackrest(FULL, "full", None, 1_795_115_879), of_pgbackrest(INCR, "incr", FULL, 1_795_202_294)],
        "cipher": "none", "db": [{"id": 1, "repo-key": 1, "system-id": 7713303680810553975, "version": "15"}],
        "name": "main", "repo": [{"cipher": "none", "key": 1, "status": STATUS}], "status": STATUS,
    }],
    "barman": {"pg": [
        {
            "backup_id": ID, "end_time": "Thu Nov 19 19:23:51 2026", "end_time_timestamp": "1795116231",
            "retention_status": "-", "size": "54.1 MiB", "size_bytes": 56692947, "status": "DONE", "tablespaces": [],
            "wal_size": "16.0 MiB", "wal_size_bytes": 16777216, "backup_type": "full", "parent_backup_id": None,
        },
        {"backup_id": "20261120T192346", "end_time_iso": "2026-11-20T19:23:51+00:00", "size": 7, "status": "DONE"},
        {"backup_id": "20261121T192346", "status": "FAILED"},
    ]},
    "borg": {
        "archives": [{
            "archive": "web-2026-11-19", "name": "web-2026-11-19", "id": "a" * 64, "start": "2026-11-19T02:00:00.000000",
            "end": "2026-11-19T02:05:00.000000", "hostname": "web", "username": "root",
            "stats": {"original_size": 100, "compressed_size": 50, "deduplicated_size": 20, "nfiles": 3},
        }],
        "encryption": {"mode": "repokey"}, "repository": {"id": "b" * 64, "location": "/srv/borg"},
    },
    "restic": [{
        "time": "2026-11-19T02:00:00.123Z", "tree": "c" * 64, "paths": ["/srv"], "hostname": "web", "username": "root",
        "tags": ["nightly"], "id": "d" * 64, "short_id": "d" * 8, "original": "e" * 64,
        "summary": {"backup_end": "2026-11-19T02:05:00Z", "total_bytes_processed": 100},
    }],
}  # fmt: skip
INFO = {
    "begin_time": "2026-11-19 19:23:46.256666+00:00", "begin_wal": SEGMENT, "end_time": "2026-11-19 19:23:51.844212+00:00",
    "end_wal": SEGMENT, "error": "None", "size": "23138515", "status": "DONE", "xlog_segment_size": "16777216",
    "parent_backup_id": "None", "backup_type": "full", "snapshots_info": "None",
}  # fmt: skip
SECTIONS = {
    "backup:current": {
        label: {
            "backup-archive-start": SEGMENT, "backup-archive-stop": SEGMENT, "backup-error": False,
            "backup-info-size": 23_000_000, "backup-lsn-start": "0/2000028", "backup-prior": prior,
            "backup-reference": None if prior is None else [prior], "backup-timestamp-start": 1_795_115_800,
            "backup-timestamp-stop": 1_795_115_879, "backup-type": kind, "db-id": 1, "option-online": True,
        }
        for label, kind, prior in ((FULL, "full", None), (INCR, "incr", FULL))
    },
    "db:history": {"1": {"db-version": "15", "db-system-id": 7}},
    "backrest": {"backrest-checksum": "0", "backrest-format": 5},
}  # fmt: skip


def changed(told: Any) -> Iterator[tuple[list[Any], Any]]:
    """Yield ``told`` with each of its values, whole objects too, replaced by each strange one, and where that is."""

    def paths(node: Any, at: list[Any]) -> Iterator[list[Any]]:
        for key in node if isinstance(node, dict) else range(len(node)) if isinstance(node, list) else ():
            yield [*at, key]
            yield from paths(node[key], [*at, key])

    for strange in STRANGE:
        yield [], strange
    for path in paths(told, []):
        for strange in STRANGE:
            other = copy.deepcopy(told)
            inner = other
            for key in path[:-1]:
                inner = inner[key]
            inner[path[-1]] = strange
            yield path, other


def looked_at(which: str, files: dict[str, bytes], at: str) -> None:
    """Look at files; what cannot be understood must be one gap that says so, and raise nothing."""
    connection = MemoryConnection("disk", entries={name: StoredFile(told, NOW, NOW) for name, told in files.items()})
    source = Source("pg", "disk", at, READERS[which], ("main",), name_zone="UTC")
    root, name = place(source)
    collector = open_memory(connection, root, Connections({"disk": connection}, 1, 100_000))
    asked = LookRequest(LONG_AGO, NOW, 300, "shop", facts=frozenset({Fact.CLIENT_ENCRYPTION}))
    seen = reader(source)(collector, source, name, asked)
    for gap in seen.look.gaps:
        assert gap.what
        assert gap.hint
    if seen.look.gaps:
        assert not list(seen.candidates)


@pytest.mark.parametrize("which", LISTS)
def test_a_list_with_strange_values_is_understood_or_refused(which):
    for path, told in changed(LISTS[which]):
        try:
            looked_at(which, {"list.json": json.dumps(told).encode()}, "list.json")
        except Exception as error:
            raise AssertionError(f"{which}: {path} {told!a:.300}") from error


def test_a_backup_info_of_barman_with_strange_values_is_understood_or_refused():
    for path, told in changed(INFO):
        lines = [f"{key}={value}" for key, value in told.items()] if isinstance(told, dict) else [str(told)]
        files = {
            f"base/{ID}/backup.info": "\n".join(lines).encode(errors="replace"),
            f"base/{ID}/data/PG_VERSION": b"15",
        }
        try:
            looked_at("barman-files", files, "")
        except Exception as error:
            raise AssertionError(f"{path}: {lines!a:.300}") from error


def test_a_backup_info_of_pgbackrest_with_strange_values_is_understood_or_refused():
    for path, told in changed(SECTIONS):
        lines = []
        for section, values in told.items() if isinstance(told, dict) else ():
            lines.append(f"[{section}]")
            held = values.items() if isinstance(values, dict) else [("x", values)]
            lines += [f"{key}={json.dumps(value)}" for key, value in held]
        files = {"backup/main/backup.info": "\n".join(lines).encode()}
        files |= {f"backup/main/{label}/backup.manifest": b"x" for label in (FULL, INCR)}
        try:
            looked_at("pgbackrest-files", files, "")
        except Exception as error:
            raise AssertionError(f"{path}: {lines!a:.300}") from error
