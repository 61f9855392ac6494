"""The lab goes up and down with one command each, and drcheck finds in it the story that was told."""

from __future__ import annotations

import json
import os
import sqlite3
import subprocess
import sys
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest
from lab.processes import REPOSITORY, alive, descendants

from drcheck.ledger.store import open_ledger

LABCTL = REPOSITORY / "scripts" / "labctl"
Commitments = dict[tuple[str, str], dict[str, Any]]
TOLD = {
    ("amberflo", "cloud-meter-uptime"): "met",
    ("amberflo", "billing-meter-uptime"): "unknown",  # the host cannot be reached
    ("cloudworkz", "daily-image"): "breached",  # stubs
    ("cloudworkz", "kept-90-days"): "met",
    ("cloudworkz", "rpo-server"): "met",
    ("cloudworkz", "rto-server"): "met",
    ("cloudworkz", "rpo-datacentre"): "breached",  # copies of stubs
    ("cloudworkz", "rto-datacentre"): "breached",  # the newest test failed
    ("cloudworkz", "restore-tested"): "breached",  # overdue
    ("cloudworkz", "in-europe"): "met",
    ("cloudworkz", "replicated-in-real-time"): "attested",
    ("cloudworkz", "network-uptime"): "met",
    ("cloudworkz", "server-uptime-day"): "met",
    ("cloudworkz", "server-uptime-year"): "met",
    ("interworks-cloud", "sql-daily"): "met",
    ("interworks-cloud", "storage-daily"): "met",
    ("interworks-cloud", "encrypted"): "met",
    ("interworks-cloud", "offsite"): "met",
    ("interworks-cloud", "two-regions"): "met",
    ("interworks-cloud", "two-regions-storage"): "attested",
    ("interworks-cloud", "live-databases-encrypted"): "attested",
    ("interworks-cloud", "uptime"): "met",
    ("soarsilk", "uptime"): "met",
    ("teamplify", "rpo"): "breached",  # the backups of the files stopped
    ("teamplify", "rto"): "met",
    ("teamplify", "failover-tests-announced"): "breached",  # too late
    ("teamplify", "failover-tests-outside-maintenance"): "met",
    ("teamplify", "uptime"): "breached",  # seven hours
}


def labctl(*arguments: object) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, str(LABCTL), *map(str, arguments)]
    return subprocess.run(command, capture_output=True, text=True, timeout=120, check=False)


@pytest.fixture(scope="module")
def lab(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """Bring the lab up, and give the path of its ``drcheck.yaml``."""
    directory = tmp_path_factory.mktemp("story")
    up = labctl("up", "--directory", directory, "--with", os.getpid())
    assert (up.returncode, up.stderr) == (0, "")
    keeper = int((directory / "lab.pid").read_text())
    servers = descendants(keeper)
    assert len(servers) >= 9
    yield up.stdout.strip()
    assert labctl("down", "--directory", directory).returncode == 0
    assert [pid for pid in (keeper, *servers) if alive(pid)] == []


@pytest.fixture(scope="module")
def commitments(lab: str) -> Commitments:
    return verified(lab)


@pytest.fixture(scope="module")
def of_two_months(lab: str) -> Commitments:
    return verified(lab, "--window", "62d")


def drcheck(verb: str, config: str, *options: str, expect: int) -> str:
    command = [sys.executable, "-m", "drcheck", verb, *options, "--config", config]
    done = subprocess.run(command, capture_output=True, text=True, timeout=120, check=False)
    assert done.returncode == expect, done.stdout + done.stderr
    return done.stdout


def verified(config: str, *options: str) -> Commitments:
    return by_commitment(json.loads(drcheck("verify", config, "--format", "json", *options, expect=1)))


def by_commitment(report: dict[str, Any]) -> Commitments:
    return {
        (service["service"], commitment["id"]): commitment
        for service in report["services"]
        for commitment in service["commitments"]
    }


def owed(of_two_months: Commitments, service: str, commitment: str) -> dict[str, Any]:
    """Return the only period of a commitment that is over and for which a credit is owed."""
    periods = of_two_months[service, commitment]["periods"]
    (period,) = (one for one in periods if one["credit"] and one["judged_until"] == one["to"])
    return period


def test_drcheck_finds_the_story_that_was_told(commitments: Commitments) -> None:
    expected = dict(TOLD)
    # Without the first 20 hours of a month, its seven hours of outage are those of the month before.
    if not commitments["teamplify", "uptime"]["periods"][-1]["credit"]:
        expected["teamplify", "uptime"] = "met"
    found = {key: "attested" if one["attested"] else one["status"] for key, one in commitments.items()}
    assert found == expected


def test_nothing_is_left_unjudged(commitments: Commitments) -> None:
    assert [key for key, one in commitments.items() if "not judged" in one["reason"]] == []


def test_the_skipped_night_is_a_breach_of_the_past(commitments: Commitments) -> None:
    (breach,) = commitments["interworks-cloud", "sql-daily"]["breaches"]
    assert breach["closed_at"] is not None


def test_the_copy_that_came_late_is_a_breach_of_the_past(commitments: Commitments) -> None:
    (breach,) = commitments["interworks-cloud", "offsite"]["breaches"]
    assert breach["closed_at"] is not None


def test_backups_are_found_encrypted_by_the_storage_and_by_their_own_bytes(commitments: Commitments) -> None:
    told = {one["of"]: one["reason"] for one in commitments["interworks-cloud", "encrypted"]["of"]}
    assert set(told) == {"platform-sql", "common-storage"}
    assert "age" in told["platform-sql"]
    assert "the account's key" in told["platform-sql"]
    assert "age" in told["common-storage"]


def test_only_the_unreachable_host_could_not_be_seen(commitments: Commitments) -> None:
    hidden = {gap["source"] for commitment in commitments.values() for gap in commitment["gaps"] if gap["fact"] is None}
    assert hidden == {"billing-meter-outages"}


def test_the_credits_of_the_previous_month_are_those_of_the_agreements_examples(of_two_months: Commitments) -> None:
    soarsilk = owed(of_two_months, "soarsilk", "uptime")
    assert soarsilk["availability"]["value"] == "99.25"
    assert soarsilk["credit"]["money"] == {"amount": "175.00", "currency": "USD"}
    amberflo = owed(of_two_months, "amberflo", "cloud-meter-uptime")
    assert 94.9 <= float(amberflo["availability"]["value"]) < 94.92
    assert 4.98 < float(amberflo["credit"]["amount"]["value"]) <= 5
    interworks = owed(of_two_months, "interworks-cloud", "uptime")
    assert interworks["downtime"]["value"] == 45 * 60
    assert float(interworks["credit"]["amount"]["value"]) == 10


def test_teamplify_owes_70_hours_for_an_outage_of_seven(of_two_months: Commitments) -> None:
    (period,) = (one for one in of_two_months["teamplify", "uptime"]["periods"] if one["credit"])
    assert period["credit"]["amount"] == {"value": 70, "unit": "h"}


def test_the_story_is_judged_alike_from_the_ledger_alone(lab: str) -> None:
    online = json.loads(drcheck("verify", lab, "--format", "json", expect=1))
    for _ in range(2):
        offline = json.loads(drcheck("verify", lab, "--offline", "--format", "json", expect=1))
        assert (offline["run"], offline["as_of"]) == (online["run"], online["as_of"])
        assert by_commitment(offline) == by_commitment(online)
        drcheck("ledger", lab, "rebuild", expect=0)  # and again with every snapshot made anew
    with closing(sqlite3.connect(Path(lab).parent / "drcheck.db")) as ledger, ledger:
        ledger.execute("DELETE FROM derived")
    assert by_commitment(json.loads(drcheck("verify", lab, "--offline", "--format", "json", expect=1))) == (
        by_commitment(online)
    )


def test_every_recorded_run_of_the_story_is_found_again_when_it_is_replayed(
    lab: str, commitments: Commitments, of_two_months: Commitments
) -> None:
    drcheck("verify", lab, expect=1)
    with open_ledger(f"sqlite:///{Path(lab).parent / 'drcheck.db'}", read_only=True) as ledger:
        runs = [run.began.run for run in ledger.state((), folded=True).runs.values()]
    assert len(runs) >= 3
    for run in runs:
        assert f"{len(commitments)} verdicts judged again: all the same" in drcheck("replay", lab, run, expect=0)


def test_down_says_nothing_where_no_lab_is_up(tmp_path: Path) -> None:
    down = labctl("down", "--directory", tmp_path)
    assert (down.returncode, down.stdout, down.stderr) == (0, "", "")


def test_up_empties_no_directory_that_is_not_a_labs(tmp_path: Path) -> None:
    (tmp_path / "precious").write_text("kept")
    up = labctl("up", "--directory", tmp_path)
    assert up.returncode == 1
    assert "name another --directory" in up.stderr
    assert (tmp_path / "precious").read_text() == "kept"
