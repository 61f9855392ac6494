"""The lab goes up and down with one command each, and drcheck finds in it the story that was told."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest
from lab.processes import REPOSITORY, alive, descendants
from lab.story import DAY, tell

from drcheck.readers import maintenance_log, outage_log, restore_log

LABCTL = REPOSITORY / "scripts" / "labctl"
PARSERS = {
    "restore-tests.jsonl": restore_log.parse,
    "failover-tests.jsonl": restore_log.parse,
    "outages.jsonl": outage_log.parse,
    "maintenance.jsonl": maintenance_log.parse,
}
TOLD = {
    ("amberflo", "cloud-meter-uptime"): "unknown",
    ("amberflo", "billing-meter-uptime"): "unknown",
    ("cloudworkz", "daily-image"): "breached",  # stubs
    ("cloudworkz", "kept-90-days"): "met",
    ("cloudworkz", "rpo-server"): "met",
    ("cloudworkz", "rto-server"): "met",
    ("cloudworkz", "rpo-datacentre"): "breached",  # copies of stubs
    ("cloudworkz", "rto-datacentre"): "breached",  # the newest test failed
    ("cloudworkz", "restore-tested"): "breached",  # overdue
    ("cloudworkz", "in-europe"): "unknown",
    ("cloudworkz", "replicated-in-real-time"): "unknown",
    ("cloudworkz", "network-uptime"): "unknown",
    ("cloudworkz", "server-uptime-day"): "unknown",
    ("cloudworkz", "server-uptime-year"): "unknown",
    ("interworks-cloud", "sql-daily"): "met",
    ("interworks-cloud", "storage-daily"): "unknown",  # the host cannot be reached
    ("interworks-cloud", "encrypted"): "unknown",
    ("interworks-cloud", "offsite"): "unknown",
    ("interworks-cloud", "two-regions"): "unknown",
    ("interworks-cloud", "two-regions-storage"): "unknown",
    ("interworks-cloud", "live-databases-encrypted"): "unknown",
    ("interworks-cloud", "uptime"): "unknown",
    ("soarsilk", "uptime"): "unknown",
    ("teamplify", "rpo"): "breached",  # the backups of the files stopped
    ("teamplify", "rto"): "met",
    ("teamplify", "failover-tests-announced"): "breached",  # too late
    ("teamplify", "failover-tests-outside-maintenance"): "met",
    ("teamplify", "uptime"): "unknown",
}


def labctl(*arguments: object) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, str(LABCTL), *map(str, arguments)]
    return subprocess.run(command, capture_output=True, text=True, timeout=120, check=False)


@pytest.fixture(scope="module")
def report(tmp_path_factory: pytest.TempPathFactory) -> Iterator[dict[str, object]]:
    directory = tmp_path_factory.mktemp("story")
    up = labctl("up", "--directory", directory, "--with", os.getpid())
    assert (up.returncode, up.stderr) == (0, "")
    keeper = int((directory / "lab.pid").read_text())
    servers = descendants(keeper)
    assert len(servers) >= 9
    config = up.stdout.strip()
    command = [sys.executable, "-m", "drcheck", "verify", "--config", config, "--format", "json"]
    verified = subprocess.run(command, capture_output=True, text=True, timeout=120, check=False)
    assert verified.returncode == 1, verified.stderr
    yield json.loads(verified.stdout)
    assert labctl("down", "--directory", directory).returncode == 0
    assert [pid for pid in (keeper, *servers) if alive(pid)] == []


def commitments(report: dict[str, object]) -> dict[tuple[str, str], dict[str, object]]:
    return {
        (service["service"], commitment["id"]): commitment
        for service in report["services"]
        for commitment in service["commitments"]
    }


def test_drcheck_finds_the_story_that_was_told(report: dict[str, object]) -> None:
    assert {key: commitment["status"] for key, commitment in commitments(report).items()} == TOLD


def test_the_skipped_night_is_a_breach_of_the_past(report: dict[str, object]) -> None:
    (breach,) = commitments(report)["interworks-cloud", "sql-daily"]["breaches"]
    assert breach["closed_at"] is not None


def test_only_the_unreachable_host_could_not_be_seen(report: dict[str, object]) -> None:
    gaps = [gap for commitment in commitments(report).values() for gap in commitment["gaps"]]
    assert {gap["source"] for gap in gaps} == {"storage-offsite"}


@pytest.mark.parametrize("now", [1_761_436_800 + shift for shift in (0, 300, 90 * 60, 5 * 3600, 86_399, 60 * DAY)])
def test_every_log_of_the_story_can_be_read_whole_whenever_it_is_told(now: int) -> None:
    parsed = 0
    for host, files in tell(now).files.items():
        service = {"interworks": "interworks-cloud"}.get(owner := host.partition("-")[0], owner)
        for file in files:
            if parse := PARSERS.get(Path(file.name).name):
                log = parse(file.content, service, now)
                assert log.gaps == ()
                assert log.recoveries or log.maintenance
                parsed += 1
    assert parsed == 13


def test_nothing_in_the_story_lies_in_the_future() -> None:
    now = 1_761_436_800
    story = tell(now)
    for told in (story.files, story.objects, story.blobs):
        assert max(each.modified for entries in told.values() for each in entries) <= now


def test_down_says_nothing_where_no_lab_is_up(tmp_path: Path) -> None:
    down = labctl("down", "--directory", tmp_path)
    assert (down.returncode, down.stdout, down.stderr) == (0, "", "")


def test_up_empties_no_directory_that_is_not_a_labs(tmp_path: Path) -> None:
    (tmp_path / "precious").write_text("kept")
    up = labctl("up", "--directory", tmp_path)
    assert up.returncode == 1
    assert "name another --directory" in up.stderr
    assert (tmp_path / "precious").read_text() == "kept"
