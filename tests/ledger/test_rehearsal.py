"""A log on top of another that leaves it alone, and what a ledger stands on."""

from __future__ import annotations

import fcntl
import os
from pathlib import Path

import pytest
from memory_log import MemoryLog

from drcheck.core.model.verdict import Window
from drcheck.ledger.interface import Log
from drcheck.ledger.rehearsal import Rehearsal
from drcheck.ledger.sqlite.file_access import footing
from drcheck.ledger.store import open_ledger, rehearse


@pytest.mark.parametrize("after", range(7))
@pytest.mark.parametrize("upto", [None, *range(7)])
@pytest.mark.parametrize("stand", [0, 2, 5])
def test_it_reads_like_one_log_of_both(after: int, upto: int | None, stand: int):
    every = [bytes([number]) for number in range(5)]
    whole, below = MemoryLog(), MemoryLog()
    whole.append(every)
    below.append(every[:stand])
    above: Log = Rehearsal(below)
    above.append(every[stand:])
    last = None if upto is None else min(upto, 5)
    assert [*above.read(after, last)] == [*whole.read(after, last)]
    assert (above.count, below.count) == (5, stand)


def test_what_is_appended_and_derived_reaches_nothing_below():
    below = MemoryLog()
    below.keep({"a": b"a"})
    above = Rehearsal(below)
    above.append([b"x"])
    above.keep({"a": b"b", "c": b"c"})
    above.forget()
    assert (below.entries, below.derived) == ([], {"a": b"a"})
    assert (above.kept("a"), above.kept("c")) == (b"a", None)


def test_a_ledger_is_rehearsed_upon_while_a_run_holds_it(tmp_path: Path):
    url, window = f"sqlite:///{tmp_path}/ledger.db", Window(0, 100)
    with open_ledger(url) as ledger, ledger.start(window, version="1", started_at=10):
        count = ledger.log.count
        with rehearse(url) as rehearsed, rehearsed.start(window, version="1", started_at=20):
            assert rehearsed.log.count > count
        assert ledger.log.count == count


class TestFooting:
    def test_a_directory_that_can_be_written_and_locked_is_firm(self, tmp_path: Path):
        stands = footing(f"{tmp_path}/ledger.db")
        assert (stands.unwritable, stands.size) == ("", 0)
        assert stands.free > 0
        assert stands.locks is not False
        assert list(tmp_path.iterdir()) == []

    def test_a_directory_that_is_missing_is_told(self, tmp_path: Path):
        assert "no such file or directory" in footing(f"{tmp_path}/gone/ledger.db").unwritable

    @pytest.mark.parametrize("which", ["directory", "file"])
    def test_what_may_not_be_written_is_told(self, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, which: str):
        (tmp_path / "ledger.db").touch()
        refused = str(tmp_path) if which == "directory" else f"{tmp_path}/ledger.db"
        monkeypatch.setattr(os, "access", lambda path, _mode: str(path) != refused)
        assert "written" in footing(f"{tmp_path}/ledger.db").unwritable

    def test_a_file_system_that_cannot_lock_is_told(self, tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
        def refuse(*_: object) -> None:
            raise OSError(37, "No locks available")

        monkeypatch.setattr(fcntl, "flock", refuse)
        assert footing(f"{tmp_path}/ledger.db").locks is False

    def test_where_it_cannot_be_tried_nothing_is_told(self, tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
        def refuse(*_: object) -> None:
            raise OSError(95, "Operation not supported")

        monkeypatch.setattr(os, "open", refuse)
        assert footing(f"{tmp_path}/ledger.db").locks is None
