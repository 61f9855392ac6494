"""What is seen of a drill while it goes on."""

from __future__ import annotations

import io

from rich.console import Console

from drcheck.cli.drill_view import View


def shown(view: View) -> str:
    console = Console(file=io.StringIO(), width=90, record=True)
    console.print(view._shown())
    return console.export_text()


def test_the_phase_what_is_left_and_the_last_lines_are_shown_and_nothing_that_moves_the_cursor() -> None:
    view = View(io.StringIO(), 7200)
    view.begins("restore", "load", 60)
    view.writes(b"first\n\x1b[2Jsecond [bold]line\n\r10 %\r2")
    view.writes(b"0 %")
    said = shown(view)
    assert "restore · load" in said
    assert "of 2:00:00" in said
    assert "\x1b" not in said
    assert "second [bold]line" in said
    assert "20 %" in said
    assert "10 %" not in said


def test_without_a_terminal_each_thing_is_a_line() -> None:
    stream = io.StringIO()
    with View(stream, None) as view:
        view.begins("fetch", "fetch", 60)
        view.writes(b"much output\n")
        view.says("passed\n\x1b[31m")
    assert [line.partition(" ")[2] for line in stream.getvalue().splitlines()] == ["fetch: fetch", "passed\\n\\x1b[31m"]
