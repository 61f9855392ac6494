"""Repositories of pgBackRest read from their own files: a hole in the log archive ends what restores."""

from __future__ import annotations

import hashlib
import json
import random
import subprocess
import sys
from datetime import UTC, datetime, timedelta

import pytest
from situation import assert_tells

SOURCE = '  pg: {at: "disk:repo/", reader: pgbackrest-files, stanza: main, available_at: mtime}\n'
COMMITMENTS = """\
  rpo: {kind: rpo, at_most: 4h, evidence: [pg]}
  fulls: {kind: backup_frequency, of_kind: full, every: 7d, evidence: [pg]}
"""
NOW = datetime.now(UTC).replace(microsecond=0)


def segment(number, timeline=1, per_log=256):
    return f"{timeline:08X}{number // per_log:08X}{number % per_log:08X}"


class Repository:
    """A repository as pgBackRest lays it out: a segment each hour, and a base backup now and then."""

    def __init__(self, situation, per_log=256):
        self.situation, self.bases, self.per_log = situation, {}, per_log

    def archived(self, number, hours_ago, timeline=1):
        name = segment(number, timeline, self.per_log)
        content = random.Random(name).randbytes(200)
        self.situation.put(
            f"repo/archive/main/15-1/{name[:16]}/{name}-{hashlib.sha1(content).hexdigest()}.gz",
            content,
            NOW - timedelta(hours=hours_ago),
        )

    def base(self, number, hours_ago, *, kind="full", prior=None, error=False, manifest=True, **more):
        stop = NOW - timedelta(hours=hours_ago) + timedelta(minutes=1)
        label = f"{stop:%Y%m%d-%H%M%S}F" if kind == "full" else f"{prior}_{stop:%Y%m%d-%H%M%S}{kind[0].upper()}"
        told = {
            "backup-archive-start": segment(number, per_log=self.per_log),
            "backup-archive-stop": segment(number, per_log=self.per_log), "backup-error": error,
            "backup-info-size": 23_000_000, "backup-timestamp-start": int(stop.timestamp()) - 50,
            "backup-timestamp-stop": int(stop.timestamp()), "backup-type": kind, "db-id": 1, "option-online": True,
        } | more  # fmt: skip
        if prior is not None:
            told |= {"backup-prior": prior, "backup-reference": [prior]}
        self.bases[label] = told
        if manifest:
            self.situation.put(f"repo/backup/main/{label}/backup.manifest", b"[backrest]\n", stop)
        return label

    def write(self):
        lines = ["[backup:current]", *(f"{label}={json.dumps(told)}" for label, told in self.bases.items())]
        lines += ["[db:history]", '1={"db-version":"15"}', "[backrest]", 'backrest-checksum="0"', ""]
        self.situation.put("repo/backup/main/backup.info", "\n".join(lines).encode(), NOW)


@pytest.fixture
def repository(situation):
    """Return a repository with a full backup 72 hours ago and a segment each hour since."""
    situation.policy(sources=SOURCE, commitments=COMMITMENTS)
    made = Repository(situation)
    for hours in range(72, 0, -1):
        made.archived(300 - hours, hours)
    made.base(300 - 72, 72)
    made.write()
    return made


def remove(repository, number, timeline=1):
    (path,) = repository.situation.disk.glob(f"repo/archive/main/15-1/*/{segment(number, timeline)}-*")
    path.unlink()


def test_the_newest_segment_is_the_newest_restorable_data(repository):
    found = repository.situation.judged()
    assert {name: one["status"] for name, one in found.items()} == {"rpo": "met", "fulls": "met"}
    assert segment(299) in json.dumps(found["rpo"]["evidence"])


def test_a_hole_that_no_look_saw_happen_ends_what_restores(repository):
    remove(repository, 260)
    found = repository.situation.judged()["rpo"]
    assert found["status"] == "breached"
    assert_tells(found, [f"{segment(260)}, which is not in the archive", "39 segments"])
    assert found["measured"]["value"] > 40 * 3600  # the newest restorable segment came 41 hours ago


@pytest.mark.parametrize(
    ("position", "status"), [("0/40000028", "met"), ("0/1000028", "breached"), ("0/28", "unknown"), (None, "unknown")]
)
def test_a_hole_up_to_the_end_of_a_log_file_is_told_by_the_size_of_segments_alone(situation, position, status):
    situation.policy(sources=SOURCE, commitments=COMMITMENTS)
    made = Repository(situation, per_log=4)  # as of 1 GB; of 16 MB 252 are missing at the end of log 0
    for number in range(1, 8):
        made.archived(number, 8 - number)
    made.base(1, 7, **({} if position is None else {"backup-lsn-start": position}))
    made.write()
    found = situation.judged()["rpo"]
    assert found["status"] == status
    if status == "unknown":
        assert_tells(found, ["tells how large segments are"])


def test_a_base_backup_after_the_hole_restores_again(repository):
    remove(repository, 260)
    repository.base(290, 10)
    repository.write()
    assert repository.situation.statuses()["rpo"] == "met"


def test_a_base_backup_that_lacks_a_segment_of_its_own_restores_nothing(repository):
    remove(repository, 228)
    found = repository.situation.judged()
    assert found["rpo"]["status"] == "breached"
    assert_tells(found["rpo"], [segment(228)])


def test_a_segment_deleted_between_two_looks_is_named_as_gone(repository):
    assert repository.situation.statuses()["rpo"] == "met"
    remove(repository, 260)
    found = repository.situation.judged()["rpo"]
    assert found["status"] == "breached"
    assert_tells(found, [segment(260), "which is gone"])


def test_a_full_whose_files_are_gone_takes_the_incremental_and_the_log_with_it(repository):
    full = next(iter(repository.bases))
    repository.base(280, 20, kind="incr", prior=full)
    repository.write()
    (repository.situation.disk / f"repo/backup/main/{full}/backup.manifest").unlink()
    found = repository.situation.judged()["rpo"]
    assert found["status"] == "breached"
    assert_tells(found, ["backup.manifest is not there"])


def test_a_backup_of_whose_manifest_the_copy_is_left_restores(repository):
    full = next(iter(repository.bases))
    manifest = repository.situation.disk / f"repo/backup/main/{full}/backup.manifest"
    manifest.rename(f"{manifest}.copy")
    assert repository.situation.statuses()["rpo"] == "met"


def test_an_incremental_whose_full_is_in_no_list_names_it(repository):
    repository.bases.clear()
    repository.base(280, 20, kind="incr", prior="20260101-000000F")
    repository.write()
    found = repository.situation.judged()["rpo"]
    assert found["status"] == "breached"
    assert_tells(found, ["20260101-000000F"])


def test_a_segment_that_is_still_to_come_makes_no_hole(repository):
    repository.archived(301, 0)  # of two that are archived at once the later one came first
    assert repository.situation.statuses()["rpo"] == "met"


def test_a_switch_of_timeline_is_no_hole(repository):
    for number in range(296, 300):
        remove(repository, number)
    repository.situation.put(
        "repo/archive/main/15-1/00000002.history",
        f"1\t1/{0x28 * 0x1000000 + 0x98:X}\tno recovery target\n".encode(),
        NOW,
    )
    for hours in range(4, 0, -1):
        repository.archived(300 - hours, hours, timeline=2)
    found = repository.situation.judged()["rpo"]
    assert found["status"] == "met"
    assert segment(299, 2) in json.dumps(found["evidence"])


def test_a_timeline_without_its_history_file_proves_nothing(repository):
    for number in range(290, 300):
        remove(repository, number)
        repository.archived(number, 300 - number, timeline=2)
    assert repository.situation.statuses()["rpo"] == "unknown"


def test_an_encrypted_repository_is_a_gap(repository):
    repository.situation.put("repo/backup/main/backup.info", b"Salted__abc", NOW)
    found = repository.situation.judged()["rpo"]
    assert found["status"] == "unknown"
    assert "encrypted" in json.dumps(found["gaps"])


def test_a_repository_that_is_not_there_is_a_gap(repository):
    repository.situation.policy(sources=SOURCE.replace("stanza: main", "stanza: other"), commitments=COMMITMENTS)
    found = repository.situation.judged()["rpo"]
    assert found["status"] == "unknown"
    assert "backup/other/backup.info" in json.dumps(found["gaps"])


def test_a_timeline_that_was_left_in_its_first_segment_is_passed_over(repository):
    for number in range(296, 300):
        remove(repository, number)
    first, second = (f"1/{0x28 * 0x1000000 + offset:X}" for offset in (0x98, 0x1000))
    repository.situation.put(
        "repo/archive/main/15-1/00000003.history", f"1\t{first}\tno\n\n2\t{second}\tno\n".encode(), NOW
    )
    for hours in range(4, 0, -1):
        repository.archived(300 - hours, hours, timeline=3)
    found = repository.situation.judged()["rpo"]
    assert found["status"] == "met"
    assert segment(299, 3) in json.dumps(found["evidence"])


def test_a_base_backup_that_ends_before_it_begins_is_a_gap(repository):
    (told,) = repository.bases.values()
    told |= {"backup-archive-start": segment(250), "backup-archive-stop": segment(228)}
    repository.write()
    found = repository.situation.judged()["rpo"]
    assert found["status"] == "unknown"
    assert "ends before it" in json.dumps(found["gaps"])


def test_a_base_backup_that_claims_more_segments_than_there_can_be_holds_nothing_up(repository):
    (told,) = repository.bases.values()
    told["backup-archive-stop"] = "00000001000FFFFF000000FF"
    repository.write()
    found = repository.situation.judged()["rpo"]
    assert found["status"] == "breached"
    assert_tells(found, ["which is not in the archive"])


@pytest.mark.parametrize(
    ("left_out", "online", "why"),
    [
        (["backup-archive-start", "backup-archive-stop"], True, "without the log segments that it needs"),
        (["backup-archive-stop"], True, "without the log segments that it needs"),
        (["backup-archive-stop"], False, "one of the two log segments"),
        ([], None, "option-online"),
    ],
)
def test_a_backup_that_does_not_tell_which_segments_it_needs_is_a_gap(repository, left_out, online, why):
    (told,) = repository.bases.values()
    for key in left_out:
        del told[key]
    told["option-online"] = online
    repository.write()
    found = repository.situation.judged()["rpo"]
    assert found["status"] == "unknown"
    assert why in json.dumps(found["gaps"])


def test_a_backup_of_a_stopped_database_needs_no_segments(repository):
    repository.base(299, 1, **{"backup-archive-start": None, "backup-archive-stop": None, "option-online": False})
    remove(repository, 260)
    repository.write()
    found = repository.situation.judged()
    assert {name: one["status"] for name, one in found.items()} == {"rpo": "met", "fulls": "met"}


def test_what_to_restore_names_the_base_backup_and_what_that_builds_on(repository):
    full = next(iter(repository.bases))
    incremental = repository.base(280, 20, kind="incr", prior=full)
    repository.write()
    assert repository.situation.statuses()["rpo"] == "met"
    command = [sys.executable, "-m", "drcheck", "restore", "shop", "--format", "json"]
    done = subprocess.run(command, cwd=repository.situation.root, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    (point,) = (one["point"] for one in json.loads(done.stdout)["data_sets"])
    assert segment(299) in point["name"]
    assert [step["name"].split("/")[-2] for step in point["before_it"]] == [full, incremental]
