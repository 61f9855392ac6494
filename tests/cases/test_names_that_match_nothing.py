"""Backups are there and the policy's template reads none of them; or did, until somebody renamed what makes them."""

from __future__ import annotations

import json
import subprocess
import sys

import pytest
from situation import Situation, assert_tells

COMMITMENTS = """\
  rpo: {kind: rpo, at_most: 25h, evidence: [dumps]}
  daily: {kind: backup_frequency, at_least: 1, per: day, evidence: [dumps]}
  kept: {kind: retention, keep: 3d, evidence: [dumps]}
  sealed: {kind: encryption, evidence: [dumps]}
"""


def policy(situation: Situation, template: str, **more: str) -> None:
    situation.policy(
        sources=f'  dumps: {{at: "disk:d/", reader: objects, name: "{template}", name_zone: UTC, available_at: mtime, '
        "thinned_after: never}\n",
        commitments=COMMITMENTS,
        more="agreement: {effective: 2020-01-01}\n",
        **more,
    )


@pytest.fixture
def dumps(situation: Situation) -> Situation:
    for ago in range(6, -1, -1):
        began = situation.night(ago)
        situation.put(f"d/db_{began:%Y%m%d_%H%M}.sql", situation.noise(3000), began)
        situation.put(f"d/db_{began:%Y%m%d_%H%M}.sql.md5", b"x" * 2000, began)
    return situation


def test_where_the_template_never_read_a_name_nothing_is_breached_and_the_names_are_told(dumps):
    policy(dumps, "db-{data_as_of:%Y-%m-%d}.sql")
    newest = f"db_{dumps.night(0):%Y%m%d_%H%M}.sql"
    found = dumps.judged()
    # A day that was never made is no breach of what keeps it.
    assert {name: one["status"] for name, one in found.items()} == {
        "rpo": "unknown", "daily": "unknown", "kept": "met", "sealed": "unknown",
    }  # fmt: skip
    for name in ("rpo", "daily"):
        assert_tells(found[name], [newest, "was ever read as a backup", "`name` on dumps fits none of them"])
    done = dumps.run("--quiet")
    assert done.returncode == 3
    said = " ".join(done.stdout.split())
    assert f"dumps holds {newest}, " in said
    assert "no name there was ever read as a backup" in said
    assert "drcheck try disk:d/ proposes" in said
    assert "5 newer names that no template reads" in said
    policy(dumps, "db_{data_as_of:%Y%m%d_%H%M}.sql")
    assert dumps.statuses()["rpo"] == "met"


def test_a_place_that_holds_nothing_is_breached(situation):
    (situation.disk / "d").mkdir()
    situation.put("d/db-2020.sql.md5", b"x" * 2000, situation.night(0))
    situation.put("d/notes.txt", b"x" * 999, situation.night(0))
    policy(situation, "db-{data_as_of:%Y-%m-%d}.sql")
    found = situation.judged()
    assert (found["rpo"]["status"], found["daily"]["status"]) == ("breached", "breached")


def test_what_another_policy_of_the_run_reads_is_no_fault_of_this_one(dumps):
    policy(dumps, "db_{data_as_of:%Y%m%d_%H%M}.sql", service="other")
    policy(dumps, "db-{data_as_of:%Y-%m-%d}.sql")
    assert dumps.judged()["rpo"]["status"] == "breached"


def test_names_made_otherwise_since_are_told_first_of_what_is_breached(dumps):
    policy(dumps, "db_{data_as_of:%Y%m%d_%H%M}.sql")
    for file in sorted((dumps.disk / "d").glob("*.sql"))[-2:]:
        file.rename(file.with_name(file.name.replace("db_", "database-")))
    newest = f"database-{dumps.night(0):%Y%m%d_%H%M}.sql"
    found = dumps.judged()["rpo"]
    assert found["status"] == "breached"
    assert found["reason"].startswith(newest)
    assert_tells(found, ["newer than every backup read there, fit no template; "])
    report = json.loads(dumps.run("--format", "json").stdout)
    (source,) = report["services"][0]["sources"]
    assert (source["ever_matched"], source["matched"], source["unmatched"][0]["name"]) == (True, 5, newest)
    assert [one["newer"] for one in source["unmatched"]] == [True, True]
    assert newest in dumps.run("--quiet").stdout
    again = json.loads(dumps.run("--offline", "--format", "json").stdout)
    assert again["services"][0]["sources"] == report["services"][0]["sources"]


def test_lines_of_other_services_and_data_sets_that_nobody_listed_are_shown_and_change_nothing(situation):
    began = situation.night(1)

    def test(name: str, service: str, of: str) -> str:
        record = {
            "test": name, "service": service, "started_at": f"{began:%Y-%m-%dT%H:%M:%SZ}",
            "finished_at": f"{situation.night(0.9):%Y-%m-%dT%H:%M:%SZ}", "outcome": "passed", "validation": "restored",
            "recovery_point": {"source": "dumps", "of": of},
        }  # fmt: skip
        return json.dumps(record) + "\n"

    situation.put("drills.jsonl", test("a", "shop", "shop").encode(), began)
    situation.policy(
        sources='  drills: {at: "disk:drills.jsonl", reader: restore-log}\n',
        commitments="  tested: {kind: restore_test, every: 30d, evidence: [drills]}\n",
    )
    before = situation.judged()["tested"]
    lines = [
        test("a", "shop", "shop"),
        test("b", "wiki", "wiki"),
        test("c", "wiki", "wiki"),
        test("d", "shop", "stock"),
    ]
    situation.put("drills.jsonl", "".join(lines).encode(), began)
    report = json.loads(situation.run("--format", "json").stdout)
    (service,) = report["services"]
    assert (service["sources"][0]["other_lines"], service["sources"][0]["unlisted"]) == (2, ["stock"])
    assert (before["status"], service["commitments"][0]["status"]) == ("met", "met")
    verbose = " ".join(situation.run("--verbose").stdout.split())
    assert "2 lines of other services" in verbose
    assert "drills also holds stock, which the policy does not list" in verbose


def test_what_json_shows_of_it_fits_the_schema(dumps):
    import jsonschema

    policy(dumps, "db-{data_as_of:%Y-%m-%d}.sql")
    report = json.loads(dumps.run("--format", "json").stdout)
    schema = subprocess.run(
        [sys.executable, "-m", "drcheck", "schema", "report"], capture_output=True, text=True, check=True, timeout=60
    )
    jsonschema.Draft202012Validator(json.loads(schema.stdout)).validate(report)
    assert len(report["services"][0]["sources"][0]["unmatched"]) == 5


def test_that_there_is_no_file_at_all_is_told_first_as_where_a_disk_is_not_mounted(dumps):
    policy(dumps, "db_{data_as_of:%Y%m%d_%H%M}.sql")
    assert dumps.statuses()["rpo"] == "met"
    (dumps.disk / "d").rename(dumps.disk / "away")
    (dumps.disk / "d").mkdir()
    found = dumps.judged()
    for name in ("rpo", "kept"):
        assert found[name]["status"] == "breached"
        assert found[name]["reason"].startswith("there is no file at all at dumps; ")
