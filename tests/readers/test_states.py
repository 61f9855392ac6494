"""What a file beside a backup says of its state, whoever wrote it."""

from __future__ import annotations

import json

import pytest

from drcheck.readers.content import state_files

PHASE = (("status.phase", ("Completed",)),)
STATUS = (("status", ("DONE", "SYNCING")),)


def holds(text: str | bytes, says=STATUS) -> bool | None:
    return state_files.state_of(text.encode() if isinstance(text, str) else text, says, written_at=7).holds


@pytest.mark.parametrize(
    ("text", "says", "expected"),
    [
        ('{"status": {"phase": "Completed"}}', PHASE, True),
        ('{"status": {"phase": "PartiallyFailed"}}', PHASE, False),
        ('{"status.phase": "Completed"}', PHASE, True),
        ('{"status": ["Completed"]}', (("status.0", ("Completed",)),), True),
        ('{"status": {}}', PHASE, False),
        ('{"errors": 0, "ok": true}', (("errors", ("0",)), ("ok", ("true",))), True),
        ('{"errors": 2}', (("errors", ("0",)),), False),
        ('{"status": {"phase": "Comp', PHASE, None),
        ('{"status": "FAILED", "status": "DONE"}', STATUS, None),
        ("[" * 100_000, STATUS, None),
        ("status=DONE\nversion=15\n", STATUS, True),
        ("status: SYNCING\r\n", STATUS, True),
        ('status = "DONE"', STATUS, True),
        ("status=FAILED", STATUS, False),
        ("status=DONE\nstatus=FAILED", STATUS, False),
        ("# nothing", STATUS, False),
        ("", STATUS, False),
        (b"status=DONE\xff", STATUS, None),
        (b"x" * (state_files.MOST + 1), STATUS, None),
    ],
)
def test_a_file_says_so_or_something_else_or_nobody_can_tell(text, says, expected):
    assert holds(text, says) is expected


def test_what_a_file_says_is_quoted_short_and_printable():
    told = state_files.state_of(json.dumps({"status": "\x1b[2J" + "x" * 500}).encode(), STATUS, written_at=7)
    assert told.how.isprintable()
    assert len(told.how) < 120
    assert "\\x1b[2J" in told.how
