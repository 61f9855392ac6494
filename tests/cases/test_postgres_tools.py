"""Repositories that pgBackRest and Barman made of a real PostgreSQL, healthy and damaged, beside the tools' own word."""

from __future__ import annotations

import json
import os
import shutil
import tempfile
import time
from pathlib import Path

import pytest
from lab import postgres_archives
from situation import assert_tells

SOURCES = """\
  pg: {at: "disk:repo/", reader: pgbackrest-files, stanza: main, available_at: mtime}
  listed: {at: "disk:info.json", reader: pgbackrest, stanza: main, seen_every: 25h}
"""
COMMITMENTS = """\
  rpo: {kind: rpo, at_most: 3h, evidence: [pg]}
  fulls: {kind: backup_frequency, of_kind: full, every: 3d, evidence: [pg]}
  checked: {kind: integrity, level: checksummed, every: 30d, evidence: [pg]}
  listed: {kind: rpo, at_most: 30h, evidence: [listed]}
"""
OF_BARMAN = """\
  pg: {at: "disk:pg/", reader: barman-files, available_at: mtime, thinned_after: never}
  listed: {at: "disk:list.json", reader: barman, seen_every: 25h}
"""
FULLS = """\
  rpo: {kind: rpo, at_most: 3h, evidence: [pg]}
  day: {kind: backup_frequency, of_kind: full, every: 1d, grace: 0m, evidence: [pg]}
  days: {kind: backup_frequency, of_kind: full, every: 3d, grace: 0m, evidence: [listed]}
"""


@pytest.fixture(scope="module")
def archives():
    """Make the repositories once, where another account may: pytest keeps its own directories to who runs it."""
    with tempfile.TemporaryDirectory(prefix="drcheck-archives-", ignore_cleanup_errors=True) as root:
        Path(root).chmod(0o755)
        yield postgres_archives.make(Path(root))


@pytest.fixture
def pgbackrest(situation, archives):
    """Return a situation with a copy of the repository, and what pgBackRest tells of it."""
    shutil.copytree(archives.root / "pgbackrest", situation.disk / "repo", copy_function=os.link)
    situation.policy(sources=SOURCES, commitments=COMMITMENTS)
    (situation.disk / "info.json").write_text(archives.asked(situation.disk / "repo", "info", "--output=json"))
    return situation


@pytest.fixture
def barman(situation, archives):
    """Return a situation with a copy of what Barman keeps, and what it tells of it."""
    shutil.copytree(archives.root / "barman/pg", situation.disk / "pg", copy_function=os.link)
    situation.policy(sources=OF_BARMAN, commitments=FULLS)
    (situation.disk / "list.json").write_text(archives.barman("-f", "json", "list-backups", "pg"))
    return situation


def status_of(archives, situation):
    (stanza,) = json.loads(archives.asked(situation.disk / "repo", "info", "--output=json"))
    return stanza["status"]["code"]


def segments(place):
    return sorted(path for path in place.glob("*/*") if ".backup" not in path.name)


def first_of_the_last_day(place):
    return min(path for path in segments(place) if path.stat().st_mtime > time.time() - 12 * 3600)


def test_a_healthy_repository_keeps_its_promises_and_a_killed_backup_is_none(pgbackrest, archives):
    found = pgbackrest.judged()
    assert {name: one["status"] for name, one in found.items()} == {
        "rpo": "met", "fulls": "met", "listed": "met", "checked": "unknown",
    }  # fmt: skip
    assert status_of(archives, pgbackrest) == 0
    labels = {path.name for path in (pgbackrest.disk / "repo/backup/main").glob("2*")}
    (full,) = (one["name"] for one in found["fulls"]["evidence"])
    assert len(labels) == 3  # one of them was killed
    assert full.split("/")[-2] in labels


def test_a_deleted_segment_is_named_that_neither_info_nor_verify_notices(pgbackrest, archives):
    missing = first_of_the_last_day(pgbackrest.disk / "repo/archive/main/15-1")
    missing.unlink()
    found = pgbackrest.judged()
    assert found["rpo"]["status"] == "breached"
    assert_tells(found["rpo"], [missing.name[:24], "not in the archive"])
    assert found["listed"]["status"] == "met"
    assert status_of(archives, pgbackrest) == 0
    verified = archives.asked(pgbackrest.disk / "repo", "verify", "--log-level-console=info")
    assert "status: error" not in verified


def test_a_full_that_was_deleted_under_an_incremental_is_named(pgbackrest, archives):
    (full,) = {path.name for path in (pgbackrest.disk / "repo/backup/main").glob("*F_*I")}
    shutil.rmtree(pgbackrest.disk / "repo/backup/main" / full[:16])
    found = pgbackrest.judged()
    assert found["rpo"]["status"] == "breached"
    assert_tells(found["rpo"], [full[:16]])
    assert found["fulls"]["status"] == "unknown"  # the first look says nothing of what stood before it
    assert status_of(archives, pgbackrest) == 0


def test_a_flipped_byte_keeps_no_promise_of_integrity(pgbackrest):
    segment = segments(pgbackrest.disk / "repo/archive/main/15-1")[-2]
    content = bytearray(segment.read_bytes())
    content[len(content) // 2] ^= 1
    segment.unlink()
    segment.write_bytes(content)
    assert pgbackrest.statuses()["checked"] == "unknown"


def test_a_missing_stanza_is_unknown(pgbackrest, archives):
    for place in ("backup", "archive"):
        shutil.rmtree(pgbackrest.disk / "repo" / place)
    (pgbackrest.disk / "info.json").write_text(archives.asked(pgbackrest.disk / "repo", "info", "--output=json"))
    found = pgbackrest.judged()
    assert {found[name]["status"] for name in ("rpo", "fulls", "listed")} == {"unknown"}
    assert "status code 1" in json.dumps(found["listed"]["gaps"])


def test_barman_and_drcheck_agree_on_the_age_of_the_newest_backup(barman, archives):
    found = barman.statuses()
    assert found == {"rpo": "met", "day": "breached", "days": "met"}
    for age, name in (("1 DAYS", "day"), ("3 DAYS", "days")):
        archives.configure(age=age)
        told = json.loads(archives.barman("-f", "json", "check", "pg", fails=True))["pg"]
        assert (told["backup_maximum_age"]["status"] == "OK") is (found[name] == "met")
    assert told["minimum_redundancy_requirements"]["status"] == "OK"


def test_a_deleted_segment_of_barman_is_named(barman):
    missing = first_of_the_last_day(barman.disk / "pg/wals")
    missing.unlink()
    found = barman.judged()["rpo"]
    assert found["status"] == "breached"
    assert_tells(found, [f"{missing.name}, which is not in the archive"])
