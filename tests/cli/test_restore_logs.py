"""Restore tests as test runners, scripts and spreadsheets record them, through a whole run: looks, ledger and verdicts."""

from __future__ import annotations

import json
import subprocess
import sys
import time
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

BEGAN = datetime.now(UTC).replace(microsecond=0) - timedelta(days=3)
TESTS = "tests: {scenarios: [server], restored_from: dumps, target_site: lab, validation: restored, begins_with: disruption}"
Judged = Callable[[str, str, str], dict[str, Any]]


@pytest.fixture
def judged(tmp_path: Path) -> Judged:
    """Return what judges a recovery time of 4 h by a log of the given name, content and further keys."""
    (tmp_path / "policies").mkdir()
    (tmp_path / "ci").mkdir()
    (tmp_path / "drcheck.yaml").write_text("connections:\n  ci: {type: local, root: ci}\n")

    def run(name: str, content: str, keys: str = TESTS) -> dict[str, Any]:
        (tmp_path / "policies" / "shop.yaml").write_text(
            "drcheck: 1\nservice: shop\nsites: {here: {}, away: {}, lab: {}}\nscenarios: {server: {loses: [here]}}\nsources:\n"
            '  dumps: {at: "ci:dumps/", site: away, reader: objects, name: "{data_as_of:%Y-%m-%d}.gz", name_zone: UTC}\n'
            f'  drills: {{at: "ci:{name}", reader: restore-log, {keys}}}\n'
            "commitments:\n"
            "  back: {kind: rto, at_most: 4h, scenario: server, evidence: [drills]}\n"
            "  tested: {kind: restore_test, every: 30d, validation: restored, evidence: [drills]}\n"
        )
        (tmp_path / "ci" / name).write_text(content)
        (tmp_path / "ci" / "dumps").mkdir(exist_ok=True)
        time.sleep(1.0 - time.time() % 1.0)  # looks are kept to the second
        done = subprocess.run(
            [sys.executable, "-m", "drcheck", "verify", "--format", "json"],
            cwd=tmp_path, capture_output=True, text=True, timeout=60, check=False,
        )  # fmt: skip
        assert done.returncode in {0, 1, 3}, done.stdout + done.stderr
        (service,) = json.loads(done.stdout)["services"]
        return {found["id"]: found for found in service["commitments"]}

    return run


def junit(case: str, seconds: int) -> str:
    attributes = f'name="restore" tests="1" timestamp="{BEGAN.isoformat()}" time="{seconds}"'
    return f"<testsuites><testsuite {attributes}>{case}</testsuite></testsuites>"


def statuses(found: dict[str, Any]) -> tuple[str, str]:
    return found["back"]["status"], found["tested"]["status"]


def test_a_report_of_junit_proves_a_recovery_and_a_failure_outlasts_the_report_that_follows_it(judged: Judged):
    found = judged("restore.xml", junit('<testcase name="rows" time="12"/>', 5400))
    assert statuses(found) == ("met", "met")
    assert found["back"]["measured"] == {"value": 5400, "unit": "s"}
    failed = junit('<testcase name="rows"><failure message="no rows"/></testcase>', 5401)
    assert judged("restore.xml", failed)["back"]["status"] == "breached"


def test_a_report_of_junit_in_which_everything_was_skipped_proves_nothing(judged: Judged):
    skipped = judged("restore.xml", junit('<testcase name="rows"><skipped/></testcase>', 60))
    assert skipped["back"]["status"] == "unknown"
    assert skipped["tested"]["status"] in {"unknown", "breached"}


def test_a_log_of_text_is_read_by_its_line(judged: Judged):
    keys = f"""line: "{{finished_at:%Y-%m-%d %H:%M:%S}} {{*}} restore of {{test}}: {{outcome}} after {{took:s}} s",
      outcomes: {{OK: passed, ERROR: failed}}, zone: UTC, other_lines: ignored, {TESTS}"""
    line = f"{BEGAN:%Y-%m-%d %H:%M:%S} drill1 restore of orders: OK after 3600 s\n"
    found = judged("restore.log", f"starting up\n{line}", keys)
    assert statuses(found) == ("met", "met")
    assert found["back"]["measured"] == {"value": 3600, "unit": "s"}
    later = f"{BEGAN + timedelta(hours=5):%Y-%m-%d %H:%M:%S} drill1 restore of orders: ERROR after 30 s\n"
    assert judged("restore.log", f"starting up\n{line}{later}", keys)["back"]["status"] == "breached"


def test_a_spreadsheet_with_semicolons_and_its_required_columns_alone_is_enough(judged: Judged):
    ended = BEGAN + timedelta(hours=2)
    rows = f"test;started_at;finished_at;outcome\nq3;{BEGAN.isoformat()};{ended.isoformat()};passed\n"
    found = judged("drills.csv", rows)
    assert statuses(found) == ("met", "met")
    assert found["back"]["measured"] == {"value": 7200, "unit": "s"}


@pytest.mark.parametrize(
    ("name", "content", "what"),
    [
        ("drills.jsonl", junit('<testcase name="rows"/>', 60), "JUnit"),
        ("drills.jsonl", "test;started_at;finished_at;outcome\nq3;a;b;passed\n", "CSV"),
        ("restore.xml", '{"test": "q3"}\n', "JSON"),
    ],
)
def test_a_log_that_is_something_else_is_named_with_what_to_do(judged: Judged, name: str, content: str, what: str):
    found = judged(name, content)
    assert found["back"]["status"] == "unknown"
    gap = found["back"]["gaps"][0]
    assert what in gap["what"]
    assert gap["hint"]
