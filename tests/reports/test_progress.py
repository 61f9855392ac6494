"""Progress is for terminals alone, and leaves nothing behind."""

from __future__ import annotations

import io

import pytest

from drcheck.reports.console.progress import awaiting
from drcheck.reports.console.terminal import Screen, screen


class Terminal(io.StringIO):
    """A stream that says it is a terminal."""

    def isatty(self):
        return True


def shown(stream):
    """Return what stands on the line, after each time that it was erased."""
    return [part for part in stream.getvalue().split("\r\x1b[2K") if part]


def test_it_tells_what_is_still_awaited_and_erases_itself():
    stream = Terminal()
    with awaiting(["web: dumps", "web: drills", "wiki: dumps"], stream) as tick:
        tick("web: drills")
        tick("wiki: dumps")
        tick("web: dumps")
    assert shown(stream) == [
        "0 of 3 sources seen; awaited: web: dumps, web: drills, wiki: dumps",
        "1 of 3 sources seen; awaited: web: dumps, wiki: dumps",
        "2 of 3 sources seen; awaited: web: dumps",
    ]
    assert stream.getvalue().endswith("\r\x1b[2K")


def test_it_is_erased_when_gathering_fails():
    stream = Terminal()
    with pytest.raises(KeyboardInterrupt), awaiting(["a"], stream):
        raise KeyboardInterrupt
    assert stream.getvalue().endswith("\r\x1b[2K")


def test_a_pipe_sees_nothing():
    stream = io.StringIO()
    with awaiting(["a", "b"], stream) as tick:
        tick("a")
    assert stream.getvalue() == ""


def test_it_never_wraps_and_obeys_no_name():
    stream = Terminal()
    with awaiting(["a\x1b[2J" + "x" * 500], stream):
        pass
    (line,) = shown(stream)
    assert len(line) < 80
    assert "\x1b" not in line


@pytest.mark.parametrize(
    ("environment", "color"),
    [({}, True), ({"NO_COLOR": "1"}, False), ({"NO_COLOR": ""}, True), ({"TERM": "dumb"}, False)],
)
def test_colours_are_for_terminals_that_want_them(environment, color):
    assert screen(Terminal(), environment).color is color
    assert screen(io.StringIO(), environment) == Screen(80, color=False)


def test_a_dumb_terminal_that_cannot_erase_sees_nothing():
    stream = Terminal()
    with awaiting(["a", "b"], stream, {"TERM": "dumb"}) as tick:
        tick("a")
    assert stream.getvalue() == ""


def test_it_fits_a_terminal_that_is_narrower_than_reports_are(monkeypatch):
    monkeypatch.setenv("COLUMNS", "40")
    stream = Terminal()
    with awaiting([f"service-{number}: dumps" for number in range(9)], stream):
        pass
    assert [len(line) for line in shown(stream)] == [39]
