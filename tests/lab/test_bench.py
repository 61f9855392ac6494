"""What scripts/bench asks is answered right, and with few requests however old the backups are."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest
from lab.processes import REPOSITORY


def test_a_window_takes_at_most_two_listings_a_service_however_much_lies_before_it(tmp_path: Path) -> None:
    size = ["--services", "2", "--hours", "6000", "--runs", "1"]
    command = [sys.executable, "-m", "lab.bench", *size, "--directory", tmp_path, "--json", tmp_path / "figures.json"]
    environment = {**os.environ, "PYTHONPATH": str(REPOSITORY / "scripts")}
    ran = subprocess.run(command, env=environment, capture_output=True, text=True, timeout=180, check=False)
    assert ran.returncode == 0, ran.stderr  # it checks each answer itself
    figures = json.loads((tmp_path / "figures.json").read_text())
    ways = {way["name"]: way for way in figures["ways"]}
    drcheck, paginator = ways["drcheck, the last 30 days"], ways["boto3 paginator, all"]
    assert figures["objects"] == 12_000
    assert drcheck["requests"] <= 2 * 2
    assert paginator["requests"] >= 12


def test_what_starting_costs_is_told_import_by_import(tmp_path: Path) -> None:
    command = [sys.executable, "-m", "lab.startup", "--runs", "1", "--json", tmp_path / "figures.json"]
    environment = {**os.environ, "PYTHONPATH": str(REPOSITORY / "scripts")}
    ran = subprocess.run(command, env=environment, capture_output=True, text=True, timeout=60, check=False)
    assert ran.returncode == 0, ran.stderr
    figures = json.loads((tmp_path / "figures.json").read_text())
    assert [way["name"] for way in figures["ways"]] == ["an empty Python", "drcheck --help", "drcheck verify"]
    imports = figures["imports_microseconds"]
    assert "drcheck.core.judging.judge" in imports["drcheck verify"]
    assert "drcheck.core.judging.judge" not in imports["drcheck --help"]


def test_nights_are_measured_by_the_age_of_their_ledger(tmp_path: Path) -> None:
    size = ["--services", "2", "--nights", "2", "12", "--runs", "1"]
    command = [sys.executable, "-m", "lab.nights", *size, "--json", tmp_path / "figures.json"]
    environment = {**os.environ, "PYTHONPATH": str(REPOSITORY / "scripts")}
    ran = subprocess.run(command, env=environment, capture_output=True, text=True, timeout=900, check=False)
    assert ran.returncode == 0, ran.stderr  # it checks that everything is met
    first, last = json.loads((tmp_path / "figures.json").read_text())["ages"]
    assert (first["nights"], last["nights"]) == (2, 12)
    assert last["requests"] == first["requests"]
    assert last["bytes_on_disk"] / last["points"] < 100


def test_a_quarter_is_judged_as_a_loop_over_the_same_backups_judges_it(tmp_path: Path) -> None:
    size = ["--services", "1", "--runs", "1"]
    command = [sys.executable, "-m", "lab.quarter", *size, "--json", tmp_path / "figures.json"]
    environment = {**os.environ, "PYTHONPATH": str(REPOSITORY / "scripts")}
    ran = subprocess.run(command, env=environment, capture_output=True, text=True, timeout=900, check=False)
    assert ran.returncode == 0, ran.stderr  # each way checks what it finds
    assert {"drcheck", "a loop over SQLite"} <= json.loads((tmp_path / "figures.json").read_text())["ways"].keys()


@pytest.mark.parametrize("shell", [[], ["--sftp-only"]])
def test_a_look_at_a_host_takes_few_turns(tmp_path: Path, shell: list[str]) -> None:
    size = ["--hosts", "3", "--runs", "1", "--drcheck-only", *shell]
    command = [sys.executable, "-m", "lab.hosts", *size, "--delay", "2ms", "--json", tmp_path / "figures.json"]
    environment = {**os.environ, "PYTHONPATH": str(REPOSITORY / "scripts")}
    ran = subprocess.run(command, env=environment, capture_output=True, text=True, timeout=120, check=False)
    assert ran.returncode == 0, ran.stderr  # it checks that everything is met
    (cost,) = json.loads((tmp_path / "figures.json").read_text())["ways"].values()
    # two sources; a client may send as well what hangs on nothing that it heard
    assert cost["turns_of_a_host"] <= (24 if shell else 12)
