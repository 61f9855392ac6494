"""``drcheck drill record``, ``import``, ``announce``, ``list`` and ``show``, the real process."""

from __future__ import annotations

import json
import os
import pty
import subprocess
import sys
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

POLICY = """\
drcheck: 1
service: shop
timezone: Europe/Stockholm
sites:
  here: {region: one}
  lab: {region: two}
scenarios:
  fire: {loses: [here]}
sources:
  dumps: {at: "vault:dumps/", site: lab, reader: objects, name: "{data_as_of:%Y-%m-%dT%H%M%S}Z.{*}", max_duration: 1m}
  drills: {at: "ledger:", reader: drills}
  told: {at: "ledger:", reader: recorded-drills}
commitments:
  rpo: {kind: rpo, at_most: 26h, evidence: [dumps]}
  tested: {kind: restore_test, every: 90d, scenario: fire, evidence: [told]}
  measured: {kind: restore_test, every: 90d, scenario: fire, evidence: [drills]}
  noticed: {kind: restore_test, notice: 5 business days, evidence: [told]}
"""
NOW = datetime.now(UTC).replace(microsecond=0)
JUNIT = f"""\
<testsuite name="restore" timestamp="{(NOW - timedelta(hours=2)).isoformat()}" time="600" tests="1">
  <testcase name="rows" time="600"/>
</testsuite>
"""


def ago(**more: float) -> str:
    return (NOW - timedelta(**more)).isoformat()


PASSED = (
    "--outcome", "passed", "--started", ago(hours=3), "--finished", ago(hours=2), "--scenario", "fire",
    "--source", "dumps", "--site", "lab", "--validation", "validated",
)  # fmt: skip


@pytest.fixture
def place(tmp_path: Path) -> Path:
    (tmp_path / "policies").mkdir()
    (tmp_path / "vault/dumps").mkdir(parents=True)
    (tmp_path / "policies/shop.yaml").write_text(POLICY)
    (tmp_path / "drcheck.yaml").write_text("connections:\n  vault: {type: local, root: vault}\n")
    return tmp_path


def drcheck(place: Path, *arguments: str, **more: object) -> subprocess.CompletedProcess[str]:
    more = {"stdin": subprocess.DEVNULL, **more} if "input" not in more else more
    return subprocess.run(
        [sys.executable, "-m", "drcheck", *arguments], cwd=place, capture_output=True, text=True, timeout=60,
        check=False, **more,
    )  # type: ignore[call-overload, no-any-return]  # fmt: skip


def listed(place: Path) -> list[dict[str, object]]:
    (service,) = json.loads(drcheck(place, "drill", "list", "--format", "json").stdout)["services"]
    drills: list[dict[str, object]] = service["drills"]
    return drills


def statuses(place: Path) -> dict[str, str]:
    report = json.loads(drcheck(place, "verify", "--format", "json").stdout)
    return {one["id"]: one["status"] for one in report["services"][0]["commitments"]}


def test_what_is_typed_in_is_a_record_of_the_ledger_and_judged_as_somebodys_word(place):
    done = drcheck(place, "drill", "record", "shop", *PASSED, "--check", "rows=passed: 7", "--operator", "anna")
    assert (done.returncode, done.stderr) == (0, "")
    (drill,) = listed(place)
    assert (drill["origin"], drill["outcome"], drill["validation"]) == ("typed", "passed", "validated")
    assert drill["checks"] == [{"name": "rows", "outcome": "passed", "detail": "7"}]
    found = statuses(place)
    assert (found["tested"], found["measured"]) == ("met", "breached")
    shown = drcheck(place, "drill", "show", str(drill["id"])[:10]).stdout
    assert "typed in, the word of anna" in shown
    assert max(map(len, shown.splitlines())) <= 80


def test_before_anything_is_recorded_there_is_an_answer(place):
    done = drcheck(place, "drill", "list")
    assert (done.returncode, done.stdout[:26]) == (0, "No drill is recorded yet. ")


@pytest.mark.parametrize(
    ("more", "told"),
    [
        (("--scenario", "flood"), "has no scenario flood"),
        (("--source", "dump"), "Did you mean dumps?"),
        (("--site", "moon"), "has no site moon"),
        (("--started", ago(hours=-3), "--finished", ago(hours=-4)), "lies in the future"),
        (("--finished", ago(hours=9)), "finished_at lies before started_at"),
        (("--validated", ago(hours=1), "--restored", ago(minutes=5)), "validated_at lies before restored_at"),
        (("--check", "rows"), "--check rows is no check"),
        (("--check", "rows=failed"), "its check rows failed"),
        (("--announcement", "none"), "shop has no announcement none"),
        (("--data-wrong",), "its outcome is passed, and its data wrong"),
        (("--started", "soon"), "--started: "),
        (("--operator", "a\x1b[2J"), "control characters"),
    ],
)
def test_what_is_no_record_is_refused_whole(place, more, told):
    done = drcheck(place, "drill", "record", "shop", *PASSED, *more)
    assert done.returncode == 2
    assert told in done.stderr
    assert not (place / "drcheck.db").exists() or drcheck(place, "drill", "list").stdout.startswith("No drill")


def test_without_a_terminal_all_that_is_missing_is_named(place):
    done = drcheck(place, "drill", "record", "shop", "--outcome", "passed")
    assert (done.returncode, "--started, --finished are missing" in done.stderr) == (2, True)


def test_a_name_that_is_taken_says_nothing_else(place):
    assert drcheck(place, "drill", "record", "shop", *PASSED, "--id", "q3").returncode == 0
    again = drcheck(place, "drill", "record", "shop", *PASSED, "--id", "q3")
    assert (again.returncode, "1 stood in the ledger already" in again.stdout) == (0, True)
    other = drcheck(place, "drill", "record", "shop", *PASSED, "--id", "q3", "--notes", "better")
    assert (other.returncode, "drill q3 is recorded already, and otherwise" in other.stderr) == (2, True)


def test_on_a_terminal_what_is_missing_is_asked_for(place):
    answers = [
        "good",
        "failed",
        ago(hours=3),
        "yesterday",
        ago(hours=2),
        "fire",
        "dumps",
        "",
        "lab",
        "disk full",
        "anna",
        "",
    ]
    ours, theirs = pty.openpty()
    try:
        os.write(ours, "".join(f"{answer}\n" for answer in answers).encode())
        done = drcheck(place, "drill", "record", "shop", stdin=theirs)
    finally:
        os.close(ours)
        os.close(theirs)
    assert done.returncode == 0, done.stderr
    assert "How did it end? (passed, failed, aborted, could-not-run)" in done.stderr
    assert "good is none of them" in done.stderr
    (drill,) = listed(place)
    assert (drill["outcome"], drill["why"], drill["operator"]) == ("failed", "disk full", "anna")
    assert (drill["scenarios"], drill["validation"]) == (["fire"], None)


def test_a_report_of_a_test_runner_is_taken_over_once(place):
    (place / "restore.xml").write_text(JUNIT)
    options = ("--scenario", "fire", "--source", "dumps", "--site", "lab", "--validation", "restored")
    first, second = (drcheck(place, "drill", "import", "shop", "restore.xml", *options) for _ in range(2))
    assert (first.returncode, second.returncode) == (0, 0)
    assert "1 stood in the ledger already" in second.stdout
    (drill,) = listed(place)
    assert (drill["origin"], drill["told_by"], drill["recovery_time"]) == ("imported", "JUnit's XML", 600)
    assert statuses(place)["tested"] == "met"


def test_restore_jobs_of_aws_backup_are_taken_over_from_standard_input(place):
    job = {
        "RestoreJobId": "A1", "CreationDate": ago(hours=3), "CompletionDate": ago(hours=2), "Status": "COMPLETED",
        "ValidationStatus": "SUCCESSFUL",
    }  # fmt: skip
    options = ("--scenario", "fire", "--source", "dumps", "--site", "lab")
    done = drcheck(place, "drill", "import", "shop", "-", *options, input=json.dumps({"RestoreJobs": [job]}))
    assert done.returncode == 0, done.stderr
    (drill,) = listed(place)
    assert drill["told_by"] == "AWS Backup: COMPLETED, ValidationStatus SUCCESSFUL, as reported to it"


@pytest.mark.parametrize("content", ["", "not JSON", "<html/>", '{"RestoreJobs": [{}]}'])
def test_a_file_of_something_else_is_refused(place, content):
    (place / "file").write_text(content)
    done = drcheck(place, "drill", "import", "shop", "file")
    assert (done.returncode, done.stderr.startswith("drcheck: ")) == (2, True)


def test_an_announcement_that_is_too_late_is_refused_and_the_earliest_day_told(place):
    done = drcheck(place, "drill", "announce", "shop", "--for", ago(days=-2))
    assert done.returncode == 2
    assert "5 business days (`noticed`) ahead is owed" in done.stderr
    earliest = done.stderr.split("The earliest is ")[1].split(";")[0]
    assert drcheck(place, "drill", "announce", "shop", "--for", earliest).returncode == 0
    assert "too late" in drcheck(place, "drill", "announce", "shop", "--for", ago(days=-2), "--even-so").stdout
    (service,) = json.loads(drcheck(place, "drill", "list", "--format", "json").stdout)["services"]
    assert len(service["announced"]) == 2
    assert "· announced" in drcheck(place, "drill", "list", "shop").stdout


def test_what_has_passed_is_not_announced(place):
    done = drcheck(place, "drill", "announce", "shop", "--for", ago(hours=1))
    assert (done.returncode, "has passed" in done.stderr) == (2, True)


def test_a_service_without_a_policy_is_named_with_one_that_looks_like_it(place):
    done = drcheck(place, "drill", "record", "shp", *PASSED)
    assert (done.returncode, "Did you mean shop?" in done.stderr) == (2, True)


def test_it_is_told_where_nothing_rests_on_what_was_recorded(place):
    policy = place / "policies/shop.yaml"
    policy.write_text(POLICY.replace("evidence: [told]", "evidence: [drills]"))
    done = drcheck(place, "drill", "record", "shop", *PASSED)
    assert "no commitment of shop rests on recorded drills" in done.stdout


@pytest.mark.parametrize("verb", ["record", "import", "announce", "list", "show"])
def test_help_of_each_fits_in_80_columns(place, verb):
    done = drcheck(place, "drill", verb, "--help", env={**os.environ, "COLUMNS": "80"})
    assert done.returncode == 0
    assert max(map(len, done.stdout.splitlines())) <= 80
