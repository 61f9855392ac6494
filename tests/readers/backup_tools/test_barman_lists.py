"""What ``barman -f json list-backups`` prints, as Barman 3.4 writes it, its ``backup.info``, and what is none."""

from __future__ import annotations

import json
from datetime import UTC, datetime

import pytest

from drcheck.collectors.memory import MemoryConnection, StoredFile, open_memory
from drcheck.collectors.pool import Connections
from drcheck.core.model.evidence import LONG_AGO, Fact
from drcheck.core.model.policy import Source
from drcheck.interfaces import LookRequest
from drcheck.readers.tools import barman, barman_files
from drcheck.registry import READERS

NOW = 1_795_900_000
ID = "20261126T192346"


def backup(label=ID, **more):
    return {
        "backup_id": label,
        "end_time": "Thu Nov 26 19:23:51 2026",
        "end_time_timestamp": "1795721031",
        "retention_status": "-",
        "size": "54.1 MiB",
        "size_bytes": 56692947,
        "status": "DONE",
        "tablespaces": [],
        "wal_size": "16.0 MiB",
        "wal_size_bytes": 16777216,
    } | more


def info(status="DONE", **more):
    lines = {
        "begin_time": "2026-11-26 19:23:46.256666+00:00", "begin_wal": "000000010000000000000005",
        "end_time": "2026-11-26 19:23:51.844212+00:00", "end_wal": "000000010000000000000006", "error": "None",
        "size": "23138515", "status": status, "xlog_segment_size": "16777216",
    } | more  # fmt: skip
    return "".join(f"{key}={value}\n" for key, value in lines.items()).encode()


def collector_of(entries):
    held = {name: StoredFile(content, at, at) for name, (content, at) in sorted(entries.items())}
    connection = MemoryConnection("disk", entries=held)
    return open_memory(connection, "", Connections({"disk": connection}, 1, 100_000))


def look(content, saved_at=NOW):
    content = content if isinstance(content, bytes) else json.dumps(content).encode()
    source = Source("pg", "disk", "list.json", READERS["barman"], ("shop",))
    return barman.read(
        collector_of({"list.json": (content, saved_at)}), source, "list.json", LookRequest(LONG_AGO, NOW, 300, "shop")
    )


def look_at_files(entries, since=LONG_AGO):
    source = Source("pg", "disk", "", READERS["barman-files"], ("shop",))
    collector = collector_of(entries)
    return barman_files.read(
        collector, source, "", LookRequest(LONG_AGO, NOW, 300, "shop", judged_since=since)
    ), collector


def gap(seen):
    assert not list(seen.candidates)
    (only,) = seen.look.gaps
    assert only.hint
    return only.what


def test_a_backup_is_of_when_it_ended():
    seen = look({"pg": [backup()]})
    assert seen.look.complete
    (one,) = seen.candidates
    assert (one.name, one.kind, one.data_lo, one.size, one.complete) == (ID, "full", 1_795_721_031, 56692947, True)


@pytest.mark.parametrize("status", ["EMPTY", "STARTED", "WAITING_FOR_WALS", "SYNCING", "FAILED"])
def test_only_what_is_done_restores(status):
    seen = look({"pg": [{"backup_id": ID, "status": status}]})
    (one,) = seen.candidates
    assert not one.complete
    (state,) = (each.told for each in seen.described if each.fact is Fact.STATE)
    assert status in state.how


def test_a_server_without_backups_has_none():
    seen = look({"pg": []})
    assert seen.look.complete
    assert not list(seen.candidates)


@pytest.mark.parametrize(
    ("content", "why"),
    [
        ({"_ERROR": ["Unknown server 'nosuch'"]}, "Unknown server"),
        ({"pg": {"backup_id": ID, "base_backup_information": {}}}, "a single backup"),
        ({"a": [], "b": []}, "of 2 servers"),
        (b'{"pg": [', "cut short"),
        (b"", "empty"),
        (b"pg 20261126T192346 - Thu Nov 26", "no JSON"),
        ({"pg": [backup(status="NEW")]}, "NEW"),
        ({"pg": [backup(end_time_timestamp="soon")]}, "soon"),
        ({"pg": [backup("../x")]}, "without its identity"),
        ({"pg": [backup(), backup()]}, "twice"),
        ({"backups_list": [{"backup_id": ID, "status": "DONE", "end_time": "Thu Nov 26 19:23:51 2026"}]}, "zone"),
    ],
)  # fmt: skip
def test_what_is_not_understood_is_refused(content, why):
    assert why in gap(look(content))


@pytest.mark.parametrize(("ahead", "is_read"), [(300, True), (301, False)])
def test_a_list_that_was_saved_in_the_future_is_of_no_time(ahead, is_read):
    seen = look({"pg": [backup()]}, saved_at=NOW + ahead)
    if is_read:
        assert (seen.look.complete, seen.look.begin) == (True, NOW)
    else:
        assert "still to come" in gap(seen)


@pytest.mark.parametrize(
    ("beside", "snapshots", "is_whole"),
    [
        ("data/PG_VERSION", "None", True),
        ("data.tar.gz", "None", True),
        ("backup.info.bak", "None", False),
        ("backup.info.bak", '{"provider": "gcp"}', True),
    ],
)
def test_a_backup_of_which_only_the_information_is_left_restores_nothing(beside, snapshots, is_whole):
    files = {f"base/{ID}/backup.info": (info(snapshots_info=snapshots), NOW), f"base/{ID}/{beside}": (b"x", NOW)}
    seen, _ = look_at_files(files)
    (one,) = seen.candidates
    assert one.complete is is_whole
    states = [each.told.how for each in seen.described if each.fact is Fact.STATE]
    assert states == ([] if is_whole else [f"base/{ID}/data is not there"])


def test_a_directory_of_a_server_is_read_with_its_log():
    segments = {
        f"wals/0000000100000000/00000001000000000000000{number}": (b"x" * 300, 1_795_721_000 + number * 60)
        for number in range(5, 9)
    }
    files = {
        f"base/{ID}/backup.info": (info(), NOW),
        f"base/{ID}/data/base.tar": (b"x", NOW),
        "wals/xlog.db": (b"", NOW),
    }
    seen, _ = look_at_files(files | segments)
    assert seen.look.complete
    base, *logs = seen.candidates
    assert (base.name, base.data_lo, base.size) == (f"base/{ID}/", 1_795_721_031, 23138515)
    assert [one.kind for one in logs] == ["log"] * 4
    (needs,) = (one.told.how for one in seen.described if one.fact is Fact.NEEDS)
    assert needs == "000000010000000000000005 000000010000000000000006 16777216 wals/"


def test_only_what_the_question_needs_of_a_long_archive_is_listed():
    first = 1_790_000_000
    files = {}
    for day in range(40):
        number, at = day * 100, first + day * 86400
        name = f"00000001{number // 256:08X}{number % 256:08X}"
        files[f"base/2026{day:04}T000000/backup.info"] = (
            info(begin_time=_iso(at), end_time=_iso(at + 60), begin_wal=name, end_wal=name), at,
        )  # fmt: skip
        files[f"base/2026{day:04}T000000/data/PG_VERSION"] = (b"15", at)
    for number in range(4000):
        name = f"00000001{number // 256:08X}{number % 256:08X}"
        files[f"wals/{name[:16]}/{name}.gz"] = (b"x", first + number * 864)
    seen, _ = look_at_files(files, since=first + 35 * 86400)
    logs = [one for one in seen.candidates if one.kind == "log"]
    assert len(logs) == 4000 - 3300  # from the backup before the newest one before what is judged
    assert seen.look.asked_from == first + 33 * 86400 + 60
    assert len(seen.candidates) - len(logs) == 40


def _iso(at):
    return datetime.fromtimestamp(at, UTC).isoformat(" ")


@pytest.mark.parametrize(
    ("content", "why"),
    [
        (b"", "cut short"),
        (info("NEW"), "NEW"),
        (info(end_time="2026-11-26 19:23:51"), "without a zone"),
        (info(begin_wal="x"), "no log segment"),
        (info(begin_wal=""), "tells no begin_wal"),
        (info(end_wal=""), "tells no end_wal"),
        (info(xlog_segment_size="16777217"), "no log segment can have"),
        (b"\xff\xfe", "no text"),
    ],
)
def test_a_backup_info_that_is_not_understood_is_refused(content, why):
    seen, _ = look_at_files({f"base/{ID}/backup.info": (content, NOW)})
    assert why in gap(seen)


def test_a_directory_without_anything_of_barman_is_a_gap():
    seen, _ = look_at_files({"x/y": (b"", NOW)})
    assert "nothing of Barman" in gap(seen)
