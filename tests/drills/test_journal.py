"""The journal of drills, whatever goes wrong while it is written."""

from __future__ import annotations

import errno
import os
from pathlib import Path

import pytest

from drcheck.drills import journal
from drcheck.drills.journal import LOG, Journal

LINE = b'{"test": "d"}\n'


def test_a_drill_with_a_record_is_in_the_log_too_and_one_that_was_cut_off_is_told_again(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    kept = Journal(str(tmp_path))
    folder = kept.begin("d", {"id": "d"})
    write = journal._write

    def no_room(file: Path, data: bytes) -> None:
        if file.name == "record.json":
            raise OSError(errno.ENOSPC, "no room")
        write(file, data)

    monkeypatch.setattr(journal, "_write", no_room)
    with pytest.raises(OSError, match="no room"):
        folder.end({"id": "d"}, b"entry", LINE)
    folder.close()
    monkeypatch.undo()
    (told,) = kept.all()
    assert told.record is None
    assert (tmp_path / LOG).read_bytes() == LINE
    again = kept.take_over("d")
    assert again is not None
    assert again.entry == b"entry"
    again.end({"id": "d"}, b"entry", LINE)
    again.close()
    assert (tmp_path / LOG).read_bytes() == LINE * 2


def test_a_line_of_which_the_disk_takes_a_part_at_a_time_is_written_whole(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    write = os.write
    monkeypatch.setattr(os, "write", lambda file, data: write(file, data[:5]))
    Journal(str(tmp_path)).append(LINE)
    assert (tmp_path / LOG).read_bytes() == LINE
