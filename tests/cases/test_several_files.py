"""Backups of several files: directories that are one backup each, and parts that differ in their label alone."""

from __future__ import annotations

import pytest
from situation import Situation, assert_tells

RPO = "  rpo: {kind: rpo, at_most: %s, evidence: [dumps]}\n"
DIRECTORIES = (
    '  dumps: {at: "disk:mongo/", reader: objects, name: "{data_as_of:%Y-%m-%d}/", name_zone: UTC, '
    "available_at: mtime, thinned_after: 10d}\n"
)
PARTS = (
    '  dumps: {at: "disk:split/", reader: objects, name: "site-{data_as_of:%%Y-%%m-%%dT%%H%%M}Z.tar.part-{part}", '
    "available_at: mtime, thinned_after: 10d%s}\n"
)


def directory(situation: Situation, ago: int, *names: str) -> None:
    began = situation.night(ago)
    for name in names:
        situation.put(f"mongo/{began:%Y-%m-%d}/shop/{name}", situation.noise(9000 + ago), began)


def parts(situation: Situation, ago: int, *labels: str, size: int = 9000) -> None:
    began = situation.night(ago)
    for label in labels:
        situation.put(f"split/site-{began:%Y-%m-%dT%H%M}Z.tar.part-{label}", situation.noise(size + ago), began)


def test_a_directory_that_is_empty_is_no_backup(situation):
    for ago in range(5, -1, -1):
        directory(situation, ago, *([] if ago <= 1 else ["a.bson", "b.bson", "c.bson"]))
        (situation.disk / f"mongo/{situation.night(ago):%Y-%m-%d}/shop").mkdir(parents=True, exist_ok=True)
    situation.policy(sources=DIRECTORIES, commitments=RPO % "30h")
    rpo = situation.judged()["rpo"]
    assert rpo["status"] == "breached"
    assert rpo["evidence"][0]["name"] == f"{situation.night(2):%Y-%m-%d}/"


def test_a_directory_is_one_backup_of_all_its_files(situation):
    directory(situation, 0, "a.bson", "b.bson")
    situation.policy(sources=DIRECTORIES, commitments=RPO % "49h")
    rpo = situation.judged()["rpo"]
    assert (rpo["status"], [one["name"] for one in rpo["evidence"]]) == ("met", [f"{situation.night(0):%Y-%m-%d}/"])


def test_one_part_where_there_were_always_three_is_in_doubt(situation):
    for ago in range(5, -1, -1):
        parts(situation, ago, *(["ac"] if ago == 0 else ["aa", "ab", "ac"]))
    situation.policy(sources=PARTS % "", commitments=RPO % "25h")
    rpo = situation.judged()["rpo"]
    assert rpo["status"] == "unknown"
    assert_tells(rpo, ["part aa is missing", "`parts:`"])


def test_fewer_parts_than_the_policy_says_are_no_backup(situation):
    for ago in range(5, -1, -1):
        parts(situation, ago, *(["ac"] if ago == 0 else ["aa", "ab", "ac"]))
    situation.policy(sources=PARTS % ", parts: 3", commitments=RPO % "25h")
    rpo = situation.judged()["rpo"]
    assert rpo["status"] == "breached"
    assert any("1 of its 3 parts" in one["why_not"] for one in rpo["rejected"])


@pytest.mark.parametrize(("last", "status"), [(9000, "unknown"), (4000, "met")])
def test_fewer_parts_than_usual_are_in_doubt_if_the_last_one_is_as_large_as_the_one_before_it(situation, last, status):
    for ago in range(5, -1, -1):
        parts(situation, ago, *(["aa"] if ago == 0 else ["aa", "ab"]))
        parts(situation, ago, "ab" if ago == 0 else "ac", size=last if ago == 0 else 4000)
    situation.policy(sources=PARTS % "", commitments=RPO % "25h")
    assert situation.statuses()["rpo"] == status


def test_parts_each_need_the_marker_that_bears_their_name(situation):
    for ago in range(2, -1, -1):
        parts(situation, ago, "aa", "ab")
        for label in ["aa"] if ago == 0 else ["aa", "ab"]:
            began = situation.night(ago)
            situation.put(f"split/site-{began:%Y-%m-%dT%H%M}Z.tar.part-{label}.ok", b"", began)
    situation.policy(sources=PARTS % ', complete_when: "{name}.ok"', commitments=RPO % "20h")
    assert situation.statuses()["rpo"] == "breached"


def test_a_file_that_goes_from_a_directory_makes_the_rest_doubtful_and_one_that_comes_renews_nothing(situation):
    for ago in range(3, -1, -1):
        directory(situation, ago, "a.bson", "b.bson")
    situation.policy(sources=DIRECTORIES, commitments=RPO % "49h")
    assert situation.statuses()["rpo"] == "met"
    directory(situation, 0, "c.bson")
    assert situation.statuses()["rpo"] == "met"
    for ago in range(4):
        (situation.disk / f"mongo/{situation.night(ago):%Y-%m-%d}/shop/a.bson").unlink()
    rpo = situation.judged()["rpo"]
    assert rpo["status"] == "unknown"
    assert_tells(rpo, ["a file of it that was seen is gone"])


def test_a_directory_is_encrypted_only_if_each_of_its_files_is(situation):
    began = situation.night(0)
    age = b"age-encryption.org/v1\n-> X25519 " + b"A" * 43 + b"\n" + b"B" * 43 + b"\n--- " + b"C" * 43 + b"\n"
    for name in ("a.age", "b.age"):
        situation.put(f"mongo/{began:%Y-%m-%d}/{name}", age + situation.noise(500), began)
    commitments = "  closed: {kind: encryption, by: client, evidence: [dumps]}\n"
    situation.policy(sources=DIRECTORIES, commitments=commitments)
    assert situation.statuses()["closed"] == "met"
    situation.put(f"mongo/{began:%Y-%m-%d}/plain.sql", b"-- PostgreSQL database dump\n" * 20, began)
    assert situation.statuses()["closed"] != "met"


@pytest.mark.parametrize(
    ("begun", "ended"),
    [
        ("metadata.partial", "metadata"),
        ("backup.manifest.copy", "backup.manifest"),
        ("backup_manifest.tmp", "backup_manifest"),
        ("xtrabackup_logfile", "xtrabackup_checkpoints"),
    ],
)
def test_a_directory_that_its_tool_has_begun_and_not_ended_is_in_doubt_until_it_has(situation, begun, ended):
    for ago in (0, 2, 4):
        directory(situation, ago, "a.sql", "b.sql")
        night = situation.night(ago)
        for name in [begun] if ago == 0 else [begun, ended]:
            situation.put(f"mongo/{night:%Y-%m-%d}/{name}", situation.noise(100), night)
    situation.policy(sources=DIRECTORIES, commitments=RPO % "30h")
    rpo = situation.judged()["rpo"]
    assert rpo["status"] == "unknown"
    assert_tells(rpo, [f"{begun} stands in it", ended, "complete_when"])
    situation.put(f"mongo/{situation.night(0):%Y-%m-%d}/{ended}", situation.noise(100), situation.night(0))
    assert situation.statuses() == {"rpo": "met"}


def test_a_directory_with_a_file_like_that_further_down_holds_somebodys_files(situation):
    directory(situation, 0, "metadata.partial")
    situation.policy(sources=DIRECTORIES, commitments=RPO % "49h")
    assert situation.statuses() == {"rpo": "met"}
