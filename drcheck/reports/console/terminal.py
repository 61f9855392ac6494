"""What a stream can show, and lines written for it."""

from __future__ import annotations

import os
from collections.abc import Callable, Mapping, Sequence
from typing import NamedTuple, TextIO

from drcheck.reports.console.cells import cells, wrap

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
    import shutil  # a pipe has no width

    columns = shutil.get_terminal_size((DEFAULT_WIDTH, 24)).columns
    color = not environment.get("NO_COLOR") and environment.get("TERM") != "dumb"
    return Screen(min(max(columns, NARROWEST), WIDEST), color)


Part = str | tuple[str, str]
"""Text, or text with a style of rich."""


class Paper:
    """Lines of text with styles, one after the other."""

    def __init__(self, screen: Screen) -> None:
        self.width = screen.width
        self._styled = _styled(screen.width) if screen.color else _plain
        self._lines: list[str] = []

    def line(self, *parts: Part) -> None:
        """Write one line as it is; spaces at its end are dropped."""
        self._lines.append(self._styled(parts))

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
        return "".join(f"{line}\n" for line in self._lines)


def _plain(parts: Sequence[Part]) -> str:
    return "".join(part if isinstance(part, str) else part[0] for part in parts).rstrip()


def _styled(width: int) -> Callable[[Sequence[Part]], str]:
    """Return what makes a line of a terminal that understands colours."""
    # Imported here: where no colours are shown, loading it would take as long as looking and judging.
    from rich.console import Console
    from rich.text import Text

    console = Console(
        width=width,
        force_terminal=True,
        force_interactive=False,
        # The terminal's own sixteen colours: whoever chose a light or a dark background has chosen them with it.
        color_system="standard",
        markup=False,
        emoji=False,
        highlight=False,
        legacy_windows=False,
    )

    def line(parts: Sequence[Part]) -> str:
        text = Text.assemble(*parts, end="")
        text.rstrip()
        with console.capture() as captured:
            console.print(text, soft_wrap=True)
        return captured.get().removesuffix("\n")

    return line
