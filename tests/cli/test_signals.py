"""What interrupting a run leaves: an exit status, one line, a ledger that is whole, and a next run that works."""

from __future__ import annotations

import fcntl
import os
import pty
import signal
import socket
import sqlite3
import subprocess
import sys
import termios
import time
from contextlib import closing

import cbor2
import pytest

POLICY = """\
drcheck: 1
service: shop
sources:
  near: {at: "near:log.jsonl", reader: restore-log}
  far: {at: "far:bucket/x/", reader: objects, name: "{data_as_of:%Y-%m-%d}Z.gz"}
commitments:
  tested: {kind: restore_test, every: 180d, evidence: [near]}
  rpo: {kind: rpo, at_most: 8h, evidence: [far]}
"""
WITHIN = 60
"""Seconds; far below the deadline of the source that is waited for."""


@pytest.fixture
def place(tmp_path):
    """A place where one source answers at once, and the other takes connections and never says a word."""
    with socket.create_server(("127.0.0.1", 0), backlog=64) as hole:
        (tmp_path / "data").mkdir()
        (tmp_path / "data" / "log.jsonl").write_text("")
        (tmp_path / "policies").mkdir()
        (tmp_path / "policies" / "shop.yaml").write_text(POLICY)
        (tmp_path / "aws").write_text("[default]\naws_access_key_id = a\naws_secret_access_key = b\n")
        (tmp_path / "drcheck.yaml").write_text(
            "connections:\n  near: {type: local, root: data}\n  far: {type: s3, region: us-east-1, deadline: 1h, "
            f'credentials_file: aws, endpoint: "http://127.0.0.1:{hole.getsockname()[1]}"}}\n'
        )
        yield tmp_path


def _heed_interrupts():
    """Undo what a shell does to jobs in the background: they ignore SIGINT, and so would everything they start."""
    signal.signal(signal.SIGINT, signal.SIG_DFL)
    signal.signal(signal.SIGHUP, signal.SIG_DFL)


def start(place, *, before=_heed_interrupts, stdin=None, stdout=subprocess.PIPE, stderr=subprocess.PIPE):
    return subprocess.Popen(
        [sys.executable, "-m", "drcheck", "verify"],
        cwd=place, stdin=stdin, stdout=stdout, stderr=stderr, text=True, env={**os.environ, "NO_PROXY": "*"},
        preexec_fn=before,  # noqa: PLW1509  no other thread runs here
    )  # fmt: skip


def drcheck(place, *arguments):
    command = [sys.executable, "-m", "drcheck", *arguments]
    return subprocess.run(command, cwd=place, capture_output=True, text=True, timeout=WITHIN, check=False)


def await_looks(place, process, looks):
    """Wait until the run has that many looks in the ledger: it stands in the midst of gathering then."""
    until = time.monotonic() + WITHIN
    while time.monotonic() < until:
        assert process.poll() is None, process.communicate()
        try:
            with closing(sqlite3.connect(f"file:{place}/drcheck.db?mode=ro", uri=True)) as ledger:
                kinds = [cbor2.loads(data)[0] for (data,) in ledger.execute("SELECT bytes FROM entry")]
                if kinds.count("look") >= looks:
                    return
        except sqlite3.OperationalError:
            pass  # not there yet, or not all of its tables
        time.sleep(0.05)
    raise AssertionError("the run never came to gathering")


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM, signal.SIGHUP])
def test_a_run_that_waits_for_a_silent_host_ends_when_asked_to(place, number):
    with start(place) as run:
        await_looks(place, run, 1)
        run.send_signal(number)
        said, told = run.communicate(timeout=WITHIN)
    assert (run.returncode, said) == (130, "")
    assert "drcheck: interrupted; what was recorded stands, nothing else was judged" in told
    assert "Traceback" not in told
    assert "interrupted" in drcheck(place, "ledger", "show").stdout
    assert drcheck(place, "ledger", "check").returncode == 0


def test_a_killed_run_is_told_as_abandoned_by_the_next_one_and_holds_up_nobody(place):
    for times in range(3):
        with start(place) as run:
            await_looks(place, run, times + 1)
            run.kill()
    assert drcheck(place, "ledger", "check").returncode == 0
    (place / "policies" / "shop.yaml").write_text(
        POLICY.replace("[far]", "[near]").replace("rpo, at_most: 8h", "restore_test, every: 90d")
    )
    assert drcheck(place, "verify", "--quiet").returncode == 1
    shown = drcheck(place, "ledger", "show").stdout
    assert shown.count("abandoned") == 3
    assert shown.count("finished") == 1


def test_a_hangup_that_comes_twice_or_after_sigterm_cuts_nothing_short(place):
    for first in (signal.SIGHUP, signal.SIGTERM):
        with start(place) as run:
            await_looks(place, run, 1 if first is signal.SIGHUP else 2)
            run.send_signal(first)
            run.send_signal(signal.SIGHUP)
            run.communicate(timeout=WITHIN)
        assert run.returncode == 130
    assert drcheck(place, "ledger", "show").stdout.count("interrupted") == 2


def test_a_run_that_was_started_with_nohup_heeds_no_hangup(place):
    def ignore():
        _heed_interrupts()
        signal.signal(signal.SIGHUP, signal.SIG_IGN)

    with start(place, before=ignore) as run:
        await_looks(place, run, 1)
        run.send_signal(signal.SIGHUP)
        time.sleep(0.5)
        assert run.poll() is None
        run.send_signal(signal.SIGINT)
        run.communicate(timeout=WITHIN)
    assert run.returncode == 130


def test_a_run_whose_terminal_goes_is_marked_interrupted(place):
    ours, its = pty.openpty()

    def own_the_terminal():
        os.setsid()
        fcntl.ioctl(0, termios.TIOCSCTTY, 0)
        _heed_interrupts()

    with start(place, before=own_the_terminal, stdin=its, stdout=its, stderr=its) as run:
        os.close(its)
        await_looks(place, run, 1)
        os.close(ours)  # the kernel sends SIGHUP, and whatever is written from then on fails
        assert run.wait(timeout=WITHIN) == 130
    assert "interrupted" in drcheck(place, "ledger", "show").stdout
    assert drcheck(place, "ledger", "check").returncode == 0


def test_a_terminal_that_goes_changes_nothing_for_a_run_that_does_not_hear_of_it(place):
    (place / "policies" / "shop.yaml").write_text(
        POLICY.replace("[far]", "[near]").replace("rpo, at_most: 8h", "restore_test, every: 90d")
    )
    ours, its = pty.openpty()
    os.close(ours)
    with start(place, stdin=its, stdout=its, stderr=its) as run:
        os.close(its)
        assert run.wait(timeout=WITHIN) == 1
    assert "finished" in drcheck(place, "ledger", "show").stdout


@pytest.mark.parametrize("link", ["", "symbolic", "hard"])
def test_a_second_run_says_who_runs_and_judges_nothing(place, link):
    with start(place) as run:
        await_looks(place, run, 1)
        if link:
            (place / "elsewhere").mkdir()
            other = place / "elsewhere" / "other.db"
            other.symlink_to(place / "drcheck.db") if link == "symbolic" else os.link(place / "drcheck.db", other)
            text = (place / "drcheck.yaml").read_text()
            (place / "other.yaml").write_text(f"ledger: sqlite:///{other}\n{text}")
        second = drcheck(place, "verify", "--config", "other.yaml" if link else "drcheck.yaml")
        retired = drcheck(place, "ledger", "retire", "shop", "--reason", "x")
        shown = drcheck(place, "ledger", "show")
        run.kill()
    assert (second.returncode, second.stdout) == (4, "")
    assert f"another run holds the ledger: process {run.pid} on {socket.gethostname()}, since 20" in second.stderr
    assert "nothing was judged" in second.stderr
    assert retired.returncode == 4
    assert (shown.returncode, "running" in shown.stdout) == (0, True)
