"""Where output goes: pipes that break, disks that are full, streams that are closed, devices and links."""

from __future__ import annotations

import fcntl
import os
import select
import stat
import subprocess
import sys
import time
from pathlib import Path

import pytest

from drcheck.cli import VERBS
from drcheck.cli.output import write_whole
from drcheck.errors import UsageError
from drcheck.output_files import check_directory, check_writable

LOG = """\
drcheck: 1
service: shop
sources:
  log: {at: "here:log.jsonl", reader: restore-log}
commitments:
  tested: {kind: restore_test, every: 180d, evidence: [log]}
"""
READING = (
    ("verify",),
    ("verify", "--format", "json"),
    ("history",),
    ("ledger", "show"),
    ("lint", "--explain"),
    ("schema",),
)


@pytest.fixture
def place(tmp_path):
    """A place with one breached policy, judged once."""
    (tmp_path / "data").mkdir()
    (tmp_path / "data" / "log.jsonl").write_text("")
    (tmp_path / "policies").mkdir()
    (tmp_path / "policies" / "shop.yaml").write_text(LOG)
    (tmp_path / "drcheck.yaml").write_text("connections:\n  here: {type: local, root: data}\n")
    assert shell(tmp_path, "verify").returncode == 1
    return tmp_path


def shell(place, *arguments, redirect="", env=None):
    """Run drcheck as a shell does, with its redirections."""
    command = f'exec "$0" -m drcheck "$@" {redirect}'
    return subprocess.run(
        ["/bin/sh", "-c", command, sys.executable, *arguments],
        cwd=place, capture_output=True, timeout=60, check=False, env={**os.environ, **(env or {})},
    )  # fmt: skip


@pytest.mark.parametrize("arguments", READING, ids=" ".join)
def test_closed_streams_change_nothing_but_what_is_said(place, arguments):
    usual = shell(place, *arguments).returncode
    for redirect in (">&-", "2>&-", ">&- 2>&-", "<&- >&- 2>&-"):
        done = shell(place, *arguments, redirect=redirect)
        assert (done.returncode, done.stderr.count(b"Traceback")) == (usual, 0)
    assert b"is whole" in shell(place, "ledger", "check").stdout


FULL = b"drcheck: standard output cannot be written: no space left on device\n"
JUDGING = (
    (("verify",), "breached", 1),
    (("verify",), "met", 0),
    (("verify", "--format", "json"), "unknown", 3),
    (("lint",), "invalid", 3),
    (("lint", "--format", "json"), "invalid", 3),
)


@pytest.mark.parametrize("arguments", [("history",), ("ledger", "show"), ("schema",)], ids=" ".join)
def test_a_full_disk_behind_standard_output_is_told_in_one_line(place, arguments):
    done = shell(place, *arguments, redirect="> /dev/full")
    assert done.returncode == 2
    assert done.stderr == FULL


@pytest.mark.parametrize(("arguments", "policy", "usual"), JUDGING)
def test_a_verdict_stands_whatever_becomes_of_standard_output(place, arguments, policy, usual):
    if policy == "met":
        waived = "waivers: [{commitment: tested, until: 2999-12-31, owner: me, reason: later}]\n"
        (place / "policies" / "shop.yaml").write_text(LOG + waived)
    elif policy == "unknown":
        (place / "data" / "log.jsonl").unlink()
        time.sleep(1.1)  # what the look of the fixture saw holds for the whole of its second
    elif policy == "invalid":
        (place / "policies" / "shop.yaml").write_text(f"{LOG}wrong: key\n")
    full = shell(place, *arguments, redirect="> /dev/full")
    assert (full.returncode, FULL in full.stderr, b"Traceback" in full.stderr) == (usual, True, False)
    closed = shell(place, *arguments, redirect=">&-")
    assert (closed.returncode, b"standard output is closed" in closed.stderr) == (usual, True)
    gone = left(place, *arguments)
    assert (gone.returncode, b"broken pipe" in gone.stderr) == (usual, True)
    for redirect in ("2> /dev/full", "> /dev/full 2> /dev/full"):
        assert shell(place, *arguments, redirect=redirect).returncode == usual
    if arguments[0] == "verify":
        shown = shell(place, "ledger", "show").stdout.decode()
        assert shown.count("finished") == 6
        assert "interrupted" not in shown
        assert b"is whole" in shell(place, "ledger", "check").stdout


def left(place, *arguments):
    """Run drcheck with a standard output that nobody reads any more."""
    reading, writing = os.pipe()
    os.close(reading)
    try:
        return subprocess.run([sys.executable, "-m", "drcheck", *arguments], cwd=place, stdout=writing,
                              stderr=subprocess.PIPE, timeout=60, check=False)  # fmt: skip
    finally:
        os.close(writing)


def test_a_report_for_which_a_disk_has_no_room_leaves_the_old_one_and_the_verdict(place):
    report = place / "report.json"
    report.write_text("old")
    text = LOG + "".join(
        f"  t{number}: {{kind: restore_test, every: 180d, evidence: [log]}}\n" for number in range(999)
    )
    (place / "policies" / "shop.yaml").write_text(text)
    # Blocks of 512 bytes: the ledger fits below this size, and the report does not.
    command = 'ulimit -f 1900; exec "$0" -m drcheck verify --format json --output report.json'
    done = subprocess.run(["/bin/sh", "-c", command, sys.executable], cwd=place, capture_output=True, check=False)
    assert b"the report could not be written to report.json: file too large" in done.stderr
    assert (done.returncode, report.read_text()) == (1, "old")
    assert [path.name for path in place.iterdir() if "report" in path.name] == ["report.json"]
    assert b"is whole" in shell(place, "ledger", "check").stdout
    full = shell(place, "verify", "--output", "/dev/full")
    assert full.returncode == 1
    assert b"the report could not be written to /dev/full: no space left on device" in full.stderr


@pytest.mark.parametrize("arguments", READING, ids=" ".join)
def test_output_is_utf_8_whatever_the_locale(place, arguments):
    ascii_only = {"LC_ALL": "C", "PYTHONCOERCECLOCALE": "0", "PYTHONUTF8": "0", "PYTHONIOENCODING": "ascii"}
    done = shell(place, *arguments, env=ascii_only)
    assert done.returncode == shell(place, *arguments).returncode
    assert b"Traceback" not in done.stderr
    done.stdout.decode()


def test_what_an_argument_holds_is_shown_and_not_obeyed(place):
    for arguments in (
        ("history", "a\x1b[31mb"),
        ("ledger", "retire", "a\x1b[31mb", "--reason", "x"),
        ("verify", "a\x1bb"),
    ):
        done = shell(place, *arguments)
        assert done.returncode == 2
        assert b"\x1b" not in done.stderr
        assert b"\\x1b" in done.stderr


def test_a_device_is_written_to_and_never_replaced(place):
    pipe = place / "pipe"
    os.mkfifo(pipe)
    with subprocess.Popen(["/bin/cat", pipe], stdout=subprocess.PIPE) as reader:
        assert shell(place, "verify", "--output", str(pipe)).returncode == 1
        assert b"breached" in reader.communicate(timeout=30)[0]
    assert pipe.is_fifo()


def test_a_link_stays_one(place):
    (place / "reports").mkdir()
    (place / "reports" / "today.txt").write_text("old")
    (place / "latest.txt").symlink_to("reports/today.txt")
    assert shell(place, "verify", "--output", "latest.txt").returncode == 1
    assert (place / "latest.txt").is_symlink()
    assert "breached" in (place / "reports" / "today.txt").read_text()


@pytest.mark.parametrize("output", ["nowhere/report.txt", "data", ""])
def test_an_output_that_cannot_be_written_is_told_and_leaves_nothing_behind(place, output):
    before = sorted(place.rglob("*"))
    done = shell(place, "verify", "--output", output)
    assert done.returncode == 2
    assert b"the report cannot be written" in done.stderr
    assert sorted(place.rglob("*")) == before


@pytest.mark.parametrize("check", [check_writable, check_directory])
def test_a_place_that_may_not_even_be_seen_is_told_before_anything_is_judged(tmp_path, monkeypatch, check):
    def denied(*_, **__):
        raise PermissionError(13, "Permission denied")

    monkeypatch.setattr(Path, "stat", denied)
    with pytest.raises(UsageError, match="may not be seen"):
        check(str(tmp_path / "closed" / "report.html"))


def test_a_report_never_takes_the_place_of_the_ledger(place):
    (place / "link").symlink_to("drcheck.db")
    (place / "hard").hardlink_to(place / "drcheck.db")
    for output in ("drcheck.db", "./drcheck.db", "link", "hard", "drcheck.db-wal"):
        done = shell(place, "verify", "--output", output)
        assert (done.returncode, b"is the ledger" in done.stderr) == (2, True), output
    assert b"is whole" in shell(place, "ledger", "check").stdout


def test_one_of_a_kind_is_told_as_one(place):
    shown = shell(place, "ledger", "show").stdout.decode()
    assert "1 run, 1 source, 1 look, 1 policy text, 1 verdict\n" in shown
    assert b"is whole: 1 run, 1 source, 1 look, 1 policy text read back" in shell(place, "ledger", "check").stdout
    assert b"; 1 source seen in " in shell(place, "verify").stdout


@pytest.mark.parametrize("verb", ["", *VERBS])
def test_help_fits_in_80_columns(place, verb):
    done = shell(place, *([verb] if verb else []), "--help", env={"COLUMNS": "80"})
    assert done.returncode == 0
    assert max(map(len, done.stdout.decode().split("\n"))) <= 80


@pytest.mark.parametrize(
    "arguments", [("check", "--reason", "x"), ("show", "shop"), ("retire", "shop"), ("retire", "--reason", "x")]
)
def test_a_service_and_a_reason_go_with_retire_alone(place, arguments):
    done = shell(place, "ledger", *arguments)
    assert done.returncode == 2
    assert b"go with retire, and with nothing else" in done.stderr


def test_a_configuration_that_is_a_pipe_is_not_waited_for(place):
    os.mkfifo(place / "pipe.yaml")
    done = shell(place, "verify", "--config", "pipe.yaml")
    assert done.returncode == 2
    assert b"pipe.yaml" in done.stderr


def test_a_policy_that_is_gone_is_told_wherever_the_next_run_starts(place):
    elsewhere = place / "elsewhere"
    (elsewhere / "policies").mkdir(parents=True)
    (elsewhere / "policies" / "shop.yaml").write_text(LOG)  # of the same relative name, and judged by nobody
    (place / "policies" / "shop.yaml").rename(place / "policies" / "wiki.yaml")
    (place / "policies" / "wiki.yaml").write_text(LOG.replace("shop", "wiki"))
    done = shell(elsewhere, "verify", "--config", "../drcheck.yaml")
    assert b"of service shop" in done.stdout
    assert b"1 policy gone" in done.stdout
    assert b"drcheck lint" not in done.stdout


def test_a_policy_that_was_judged_by_name_is_not_gone_for_a_run_that_starts_elsewhere(place):
    (place / "more").mkdir()
    (place / "more" / "wiki.yaml").write_text(LOG.replace("shop", "wiki"))
    assert shell(place, "verify", "more/wiki.yaml").returncode == 1
    done = shell(place / "data", "verify", "--config", "../drcheck.yaml")
    assert b"gone" not in done.stdout


@pytest.mark.parametrize("redirect", ["> /dev/full", "1< /dev/null", ">&-"])
def test_a_start_is_made_whole_even_where_nobody_can_be_told(tmp_path, redirect):
    done = shell(tmp_path, "init", "here", redirect=redirect, env={"PYTHONUNBUFFERED": "1"})
    assert (done.returncode, b"Traceback" in done.stderr) == (0, False)
    assert sorted(path.name for path in (tmp_path / "here").rglob("*.yaml")) == ["drcheck.yaml", "webshop.yaml"]


@pytest.mark.parametrize("arguments", [("schema",), ("--help",)], ids=" ".join)
def test_a_standard_output_that_cannot_be_written_to_is_no_fault_of_drcheck(tmp_path, arguments):
    done = shell(tmp_path, *arguments, redirect="1< /dev/null")
    assert (done.returncode == 70, b"Traceback" in done.stderr) == (False, False)


def test_a_report_keeps_the_permissions_of_the_file_it_replaces_and_else_those_of_a_new_file(place):
    report = place / "report.json"
    for before, mask, after in ((None, "077", 0o600), (0o640, "022", 0o640)):
        report.unlink(missing_ok=True)
        if before is not None:
            report.touch()
            report.chmod(before)
        command = f'umask {mask}; exec "$0" -m drcheck verify --output report.json'
        subprocess.run(["/bin/sh", "-c", command, sys.executable], cwd=place, timeout=60, check=False)
        assert report.stat().st_mode & 0o777 == after


def test_a_report_is_on_the_disk_before_its_name_and_its_name_before_it_is_told(tmp_path, monkeypatch):
    flushed, fsync = [], os.fsync

    def watched(file):
        flushed.append((stat.S_ISDIR(os.fstat(file).st_mode), (tmp_path / "report").exists()))
        fsync(file)

    monkeypatch.setattr(os, "fsync", watched)
    write_whole(b"whole", str(tmp_path / "report"))
    assert flushed == [(False, False), (True, True)]


def test_no_collector_of_files_by_their_ending_ever_sees_half_a_report(tmp_path, monkeypatch):
    """node-exporter reads every ``*.prom`` in its directory, whenever it likes."""
    seen, fsync = [], os.fsync

    def watched(file):
        seen.append([path.name for path in tmp_path.glob("*.prom")])
        fsync(file)

    monkeypatch.setattr(os, "fsync", watched)
    write_whole(b"whole", str(tmp_path / "drcheck.prom"))
    assert seen == [[], ["drcheck.prom"]]
    assert (tmp_path / "drcheck.prom").read_bytes() == b"whole"


def test_a_run_that_is_interrupted_while_its_report_is_written_has_judged(place):
    more = "".join(f"  t{number}: {{kind: restore_test, every: 180d, evidence: [log]}}\n" for number in range(9))
    (place / "policies" / "shop.yaml").write_text(LOG + more)
    os.mkfifo(place / "report")
    reader = os.open(place / "report", os.O_RDONLY | os.O_NONBLOCK)
    fcntl.fcntl(reader, fcntl.F_SETPIPE_SZ, 4096)  # less than the report, so that its writer waits
    command = [sys.executable, "-m", "drcheck", "verify", "--format", "json", "--output", "report"]
    with subprocess.Popen(command, cwd=place, stderr=subprocess.PIPE) as process:
        assert select.select([reader], [], [], 60) == ([reader], [], [])
        process.terminate()
        _, told = process.communicate(timeout=60)
    os.close(reader)
    assert (process.returncode, b"the verdicts are in the ledger" in told) == (1, True)
