"""Snapshots of restic by their list, look after look: what is forgotten is gone, and what is gone restores nothing."""

from __future__ import annotations

import json
from datetime import UTC, datetime

import pytest
from situation import assert_tells

SOURCE = '  snapshots: {at: "disk:restic.json", reader: restic, seen_every: 25h, max_duration: 1h%s}\n'
COMMITMENTS = """\
  rpo: {kind: rpo, at_most: 25h, evidence: [snapshots]}
  daily: {kind: backup_frequency, at_least: 1, per: day, evidence: [snapshots]}
  kept: {kind: retention, keep: 3d, evidence: [snapshots]}
  encrypted: {kind: encryption, by: client, evidence: [snapshots]}
"""


@pytest.fixture
def listed(situation):
    """Return what saves a list of the snapshots of so many nights ago, and what it judges by it."""

    def save(*nights, more=(), **fields):
        told = [
            {
                "time": f"{situation.night(ago):%Y-%m-%dT%H:%M:%S}.5Z", "id": f"{ago + 1:064x}", "tree": f"{7:064x}",
                "paths": ["/srv"], "hostname": "web",
            } | fields
            for ago in nights
        ]  # fmt: skip
        situation.put("restic.json", json.dumps([*told, *more]).encode(), datetime.now(UTC))
        return situation

    situation.policy(sources=SOURCE % "", commitments=COMMITMENTS)
    return save


def test_snapshots_of_each_night_keep_all_promises(listed):
    assert set(listed(*range(9)).statuses().values()) == {"met"}


def test_a_snapshot_that_was_forgotten_is_deleted_early(listed):
    listed(*range(9)).statuses()
    found = listed(0, *range(2, 9)).judged()
    assert found["kept"]["status"] == "breached"
    assert_tells(found["kept"], ["was deleted early", f"{2:064x}"])
    assert found["daily"]["status"] == "met"  # it was made


def test_of_an_emptied_repository_nothing_restores(listed):
    listed(*range(9)).statuses()
    found = listed().judged()
    assert found["rpo"]["status"] == found["kept"]["status"] == "breached"


def test_a_tag_makes_no_new_snapshot_and_deletes_none(listed):
    listed(*range(9)).statuses()
    again = {"original": f"{2:064x}", "id": "f" * 64, "tags": ["keep"], "hostname": "web", "paths": ["/srv"]}
    situation = listed(0, *range(2, 9))
    at = f"{situation.night(1):%Y-%m-%dT%H:%M:%S}.5Z"
    found = listed(0, *range(2, 9), more=[again | {"time": at, "tree": f"{7:064x}"}]).judged()
    assert {one["status"] for one in found.values()} == {"met"}


def test_a_list_that_ran_into_an_error_proves_nothing(listed):
    situation = listed()
    (situation.disk / "restic.json").write_text("Fatal: wrong password or no key found\n")
    found = situation.judged()
    assert found["rpo"]["status"] == "unknown"
    assert "wrong password" in str(found["rpo"]["gaps"])


def test_an_old_list_says_nothing_of_now(listed):
    situation = listed(*range(9))
    situation.put("restic.json", (situation.disk / "restic.json").read_bytes(), situation.night(1))
    assert situation.statuses()["rpo"] == "unknown"


def test_another_host_of_the_repository_is_not_taken_for_the_one_that_stopped(listed):
    situation = listed(*range(9), hostname="db")
    situation.policy(sources=SOURCE % ", host: web", commitments=COMMITMENTS)
    found = situation.judged()
    assert found["rpo"]["status"] == "unknown"
    assert_tells(found["rpo"], ["of db (/srv)"])


def test_a_size_that_restic_does_not_tell_is_not_known_to_be_enough(listed):
    situation = listed(*range(9))
    situation.policy(sources=SOURCE % ", min_size: 1 MB", commitments=COMMITMENTS)
    found = situation.judged()
    assert found["rpo"]["status"] == "unknown"
    assert_tells(found["rpo"], ["nobody tells its size"])


def test_an_empty_snapshot_does_not_count(listed):
    summary = {"backup_end": f"{datetime.now(UTC):%Y-%m-%dT%H:%M:%SZ}", "total_bytes_processed": 0}
    found = listed(*range(9), summary=summary).judged()
    assert found["rpo"]["status"] == "breached"
    assert_tells(found["rpo"], ["too small: 0 B"])
