"""``drcheck watch`` as a process: what it tells, and how signals end it and make it read its configuration again."""

from __future__ import annotations

import json
import os
import signal
import socket
import subprocess
import sys
import time
from pathlib import Path

import pytest

POLICY = """\
drcheck: 1
service: shop
sources:
  dumps: {{at: "{at}", reader: objects, name: "{{data_as_of:%Y-%m-%dT%H%M}}Z.dump"}}
commitments:
  rpo: {{kind: rpo, at_most: 26h, evidence: [dumps]}}
"""
WITHIN = 60
"""Seconds."""


@pytest.fixture
def place(tmp_path):
    (tmp_path / "dumps").mkdir()
    (tmp_path / "policies").mkdir()
    (tmp_path / "policies" / "shop.yaml").write_text(POLICY.format(at="disk:"))
    configure(tmp_path, "nightly: {every: 1h}")
    return tmp_path


def configure(place, *jobs, connections="  disk: {type: local, root: dumps}"):
    lines = "\n".join(f"    {job}" for job in jobs)
    (place / "drcheck.yaml").write_text(f"connections:\n{connections}\nwatch:\n  jobs:\n{lines}\n")


@pytest.fixture
def watch(place):
    """Start watches, and end them."""
    started = []

    def start(*options):
        with (place / "out").open("w") as out, (place / "err").open("w") as err:
            process = subprocess.Popen(
                [sys.executable, "-m", "drcheck", "watch", *options],
                cwd=place, stdin=subprocess.DEVNULL, stdout=out, stderr=err, env={**os.environ, "NO_PROXY": "*"},
            )  # fmt: skip
        started.append(process)
        return process

    yield start
    for process in started:
        process.kill()
        process.wait()


def told(place: Path, what: str, name="err") -> str:
    """Wait until that was told, and return all that was."""
    until = time.monotonic() + WITHIN
    while time.monotonic() < until:
        if what in (text := (place / name).read_text()):
            return text
        time.sleep(0.02)
    raise AssertionError(f"{what!r} was never told: {(place / name).read_text()}")


def test_a_run_is_told_in_a_line_with_what_is_next_and_then_what_it_found(place, watch):
    process = watch()
    lines = told(place, "next:").splitlines()
    assert lines[0].partition(" ")[2].startswith("nightly: 1 breached; exit status 1; ")
    assert "1 breached" in told(place, "as of", "out")
    process.send_signal(signal.SIGTERM)
    assert process.wait(WITHIN) == 0
    assert told(place, "stopped").splitlines()[-1].endswith("Z stopped")


def test_sigterm_in_the_midst_of_a_run_ends_it_and_the_job_is_done_when_it_is_back(place, watch):
    with socket.create_server(("127.0.0.1", 0)) as hole:
        (place / "policies" / "shop.yaml").write_text(POLICY.format(at="far:bucket/x/"))
        (place / "aws").write_text("[default]\naws_access_key_id = a\naws_secret_access_key = b\n")
        far = f"http://127.0.0.1:{hole.getsockname()[1]}"
        configure(
            place,
            "nightly: {every: 1h}",
            connections=f"  far: {{type: s3, region: us-east-1, deadline: 1h, credentials_file: aws, endpoint: '{far}'}}",
        )
        process = watch()
        hole.settimeout(WITHIN)
        connection, _ = hole.accept()
        with connection:
            process.send_signal(signal.SIGTERM)
            assert process.wait(WITHIN) == 0
    (place / "policies" / "shop.yaml").write_text(POLICY.format(at="disk:"))
    configure(place, "nightly: {every: 1h}")
    ended = subprocess.run(
        [sys.executable, "-m", "drcheck", "watch", "--once"], cwd=place, capture_output=True, text=True, check=False
    )
    assert ended.returncode == 1, ended.stderr
    assert "nightly: 1 breached" in ended.stderr


def test_sighup_makes_it_read_the_configuration_again_and_a_bad_one_changes_nothing(place, watch):
    process = watch("--json")
    told(place, '"event": "done"', "out")
    (place / "drcheck.yaml").write_text("watch: {jobs: {other: {}}}\n")
    process.send_signal(signal.SIGHUP)
    assert "The configuration as it was before goes on." in told(place, '"trouble"', "out")
    configure(place, "nightly: {every: 1h}", "other: {every: 2h}")
    process.send_signal(signal.SIGHUP)
    lines = [json.loads(line) for line in told(place, '"other"', "out").splitlines()]
    assert [line["event"] for line in lines] == ["done", "trouble", "reloaded", "done"]
    assert lines[0]["exit_status"] == 1
    assert lines[0]["totals"]["breached"] == 1
    assert process.poll() is None


def test_a_job_without_a_time_or_a_period_without_a_file_of_its_own_is_refused_with_its_place(place):
    configure(
        place,
        "a: {}",
        'b: {every: 1h, schedule: "0 1 * * *"}',
        "c: {every: 1h, period: month, outputs: [{format: json, file: newest.json}]}",
        "d: {every: 1h, outputs: [{format: docx, file: x}]}",
        "f: {every: 1h, outputs: [{format: html, file: x/}]}",
        "g: {every: 1h, period: month, outputs: [{format: bundle, file: '{period}/'}]}",
        'e: {schedule: "61 * * * *"}',
    )
    ended = subprocess.run(
        [sys.executable, "-m", "drcheck", "watch", "--once"], cwd=place, capture_output=True, text=True, check=False
    )
    assert ended.returncode == 2
    for part in (
        "drcheck.yaml:5:5: watch.jobs.a: it needs one of schedule and every",
        "drcheck.yaml:6:5: watch.jobs.b: it needs one of schedule and every",
        "watch.jobs.c: each period needs a file of its own (put {period} into its name)",
        "watch.jobs.d.outputs",
        "watch.jobs.f: html is a report of a period (give the job a period)",
        "watch.jobs.g: bundle is one file (leave the slash at its end out)",
        "watch.jobs.e.schedule",
    ):
        assert part in ended.stderr
