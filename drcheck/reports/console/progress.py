"""How far gathering has come, on a terminal, while it lasts."""

from __future__ import annotations

import os
import sys
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import contextmanager, suppress
from typing import TextIO

from drcheck.reports.console.cells import fit
from drcheck.reports.console.terminal import DEFAULT_WIDTH, WIDEST
from drcheck.reports.wording.text import printable

_ERASE = "\r\x1b[2K"
"""Go to the line's begin and empty it (ECMA-48: EL 2)."""


@contextmanager
def awaiting(
    names: Iterable[str], stream: TextIO | None = None, environment: Mapping[str, str] = os.environ
) -> Iterator[Callable[[str], None]]:
    """Give a function to call with the name of each source that was seen, or given up.

    ``names`` are all that will come. One line on ``stream`` (standard error) says how many were seen and which are
    still awaited; it is erased at the end. A stream that is no terminal is left alone, and so is a dumb terminal,
    which cannot erase, and one that is gone meanwhile.
    """
    stream = stream or sys.stderr
    waiting = Counter(names)
    total = waiting.total()
    if not stream.isatty() or environment.get("TERM") == "dumb" or not total:
        yield lambda _name: None
        return
    # However narrow the terminal is: a line that it wraps cannot be erased.
    import shutil  # a pipe has no width

    width = min(shutil.get_terminal_size((DEFAULT_WIDTH, 24)).columns, WIDEST) - 1

    def write(text: str) -> None:
        with suppress(OSError):
            stream.write(text)
            stream.flush()

    def show() -> None:
        still = ", ".join(printable(name) for name in waiting.elements())
        line = f"{total - waiting.total()} of {total} sources seen; awaited: {still}"
        write(_ERASE + fit(line, width).rstrip())

    def tick(name: str) -> None:
        waiting[name] -= 1
        if waiting.total():
            show()

    show()
    try:
        yield tick
    finally:
        write(_ERASE)
