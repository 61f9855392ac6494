"""What a stream can show, and lines written for it."""

from __future__ import annotations

import os
import shutil
from collections.abc import Mapping
from io import StringIO
from typing import NamedTuple, TextIO

from drcheck.reports.text import cells, wrap

DEFAULT_WIDTH = 80
WIDEST = 100
"""Cells; longer lines are hard to read, however wide the terminal."""
NARROWEST = 60


class Screen(NamedTuple):
    """How wide lines may be, and whether colours are understood."""

    width: int = DEFAULT_WIDTH
    color: bool = False


def screen(stream: TextIO, environment: Mapping[str, str] = os.environ) -> Screen:
    """Return what ``stream`` can show: colours only on a terminal, and none where NO_COLOR asks for none.

    NO_COLOR counts if it is set and not empty (https://no-color.org).
    """
    if not stream.isatty():
        return Screen()
    columns = shutil.get_terminal_size((DEFAULT_WIDTH, 24)).columns
    color = not environment.get("NO_COLOR") and environment.get("TERM") != "dumb"
    return Screen(min(max(columns, NARROWEST), WIDEST), color)


Part = str | tuple[str, str]
"""Text, or text with a style of rich."""


class Paper:
    """Lines of text with styles, one after the other."""

    def __init__(self, screen: Screen) -> None:
        # Imported here, where something is shown at all: importing it takes longer than most of drcheck's answers.
        from rich.console import Console

        self.width = screen.width
        self._out = StringIO()
        self._console = Console(
            file=self._out,
            width=screen.width,
            force_terminal=screen.color,
            force_interactive=False,
            # The terminal's own sixteen colours: whoever chose a light or a dark background has chosen them with it.
            color_system="standard" if screen.color else None,
            markup=False,
            emoji=False,
            highlight=False,
            legacy_windows=False,
        )

    def line(self, *parts: Part) -> None:
        """Write one line as it is; spaces at its end are dropped."""
        from rich.text import Text

        text = Text(end="")
        for part in parts:
            if isinstance(part, str):
                text.append(part)
            else:
                text.append(*part)
        text.rstrip()
        self._console.print(text, soft_wrap=True)

    def wrapped(self, text: str, *, indent: int = 0, first: Part = "", style: str = "") -> None:
        """Write ``text`` in lines that fit, indented; ``first`` stands before it, and further lines under its end."""
        hanging = indent + cells(first if isinstance(first, str) else first[0])
        for number, line in enumerate(wrap(text, self.width - hanging)):
            if number == 0:
                self.line(" " * indent, first, (line, style))
            else:
                self.line(" " * hanging, (line, style))

    def blank(self) -> None:
        """Write an empty line."""
        self.line()

    def rule(self) -> None:
        """Write a line across."""
        self.line(("─" * self.width, "dim"))

    def text(self) -> str:
        """Return what was written."""
        return self._out.getvalue()
