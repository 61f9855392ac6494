"""One run at a time, whatever it calls the ledger."""

from __future__ import annotations

import os
import subprocess
import sys
from contextlib import contextmanager

import pytest
from ledgers import path_of, start

from drcheck.ledger.errors import Busy, LedgerError
from drcheck.ledger.sqlite.lock import RunLock
from drcheck.ledger.store import open_ledger


@pytest.fixture
def url(tmp_path):
    return f"sqlite:///{tmp_path}/drcheck.db"


def states(ledger):
    return [run.state for run in ledger.state((), folded=True).runs.values()]


HOLDS = """
import sys
from drcheck.core.model.verdict import Window
from drcheck.ledger.store import open_ledger

with open_ledger(sys.argv[1]) as ledger, ledger.start(Window(0, 1), version="0", started_at=1795228200):
    print("holds", flush=True)
    sys.stdin.read()
"""
DIES = HOLDS.replace("sys.stdin.read()", "import os; os._exit(0)")


@contextmanager
def held(url):
    """Have another process run, and hold the ledger, while this is entered; yields its number."""
    command = [sys.executable, "-c", HOLDS, url]
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) as other:
        assert other.stdout.readline() == "holds\n"
        yield other.pid
        other.stdin.close()


@pytest.fixture(params=["itself", "another path", "symbolic link", "hard link", "hard link elsewhere"])
def same(url, tmp_path, request):
    """Another way to name the ledger."""
    open_ledger(url).close()
    (tmp_path / "elsewhere").mkdir()
    other = tmp_path / "elsewhere" / "other.db"
    match request.param:
        case "itself":
            return url
        case "another path":
            return f"sqlite:///{tmp_path}/elsewhere/../drcheck.db"
        case "symbolic link":
            other.symlink_to(path_of(url))
        case "hard link":
            other = tmp_path / "other.db"
            os.link(path_of(url), other)
        case _:
            os.link(path_of(url), other)
    return f"sqlite:///{other}"


def test_a_second_run_is_told_who_runs_whatever_it_calls_the_ledger(url, same, tmp_path):
    with held(url) as pid:
        before = sorted(tmp_path.rglob("*"))
        with pytest.raises(Busy) as busy:
            open_ledger(same)
        assert f"another run holds the ledger: process {pid} on " in busy.value.message
        assert busy.value.message.endswith(", since 2026-11-21T02:30:00Z; nothing was judged")
        assert sorted(tmp_path.rglob("*")) == before  # above all no journal under the second name
    with open_ledger(same) as ledger, start(ledger) as run:
        run.finish(0)
        assert states(ledger) == ["interrupted", "finished"]


@pytest.mark.parametrize("same", ["hard link", "hard link elsewhere"], indirect=True)
def test_what_a_run_that_died_left_under_another_name_is_not_written_over(url, same):
    subprocess.run([sys.executable, "-c", DIES, url], check=True, capture_output=True)
    with pytest.raises(LedgerError, match="under another of its names"):
        open_ledger(same)
    with open_ledger(url) as ledger, start(ledger) as run:
        run.finish(0)
    with open_ledger(same) as ledger:
        assert states(ledger) == ["abandoned", "finished"]


def test_one_process_cannot_hold_a_ledger_twice(url):
    with open_ledger(url), pytest.raises(Busy):
        open_ledger(url)
    with open_ledger(url) as ledger, start(ledger):
        with pytest.raises(Busy):
            open_ledger(url)
        with pytest.raises(RuntimeError):
            start(ledger)


def test_a_run_that_died_is_not_taken_for_the_one_that_holds_the_ledger(url):
    subprocess.run([sys.executable, "-c", DIES, url], check=True, capture_output=True)
    with open_ledger(url), pytest.raises(Busy) as busy:
        open_ledger(url)
    assert busy.value.message == "another run holds the ledger; nothing was judged"


def test_a_ledger_that_is_only_being_made_is_held_too(url):
    lock = RunLock(path_of(url))
    with pytest.raises(Busy):
        open_ledger(url)
    lock.release()
    open_ledger(url).close()
