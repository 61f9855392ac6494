"""A drill while it goes on: the phase, how long it has taken, what is left to the objective, and the last lines."""

from __future__ import annotations

from collections import deque
from contextlib import suppress
from types import TracebackType
from typing import TYPE_CHECKING, Final, Self, TextIO

from drcheck import clock

if TYPE_CHECKING:
    from rich.console import RenderableType

_LINES: Final = 8
"""Lines of output that are shown."""
_WIDTH: Final = 200


class View:
    """Shows a drill: live on a terminal, else a line for each thing that happens."""

    def __init__(self, stream: TextIO, objective: int | None) -> None:
        self._stream = stream
        self._objective = objective
        self._began = clock.boottime()
        self._step_began = self._began
        self._phase = self._step = ""
        self._within = 0.0
        self._lines: deque[str] = deque(maxlen=_LINES)
        self._rest = ""
        self._live: object = None

    def __enter__(self) -> Self:
        if self._stream.isatty():
            from rich.console import Console
            from rich.live import Live

            self._live = Live(
                get_renderable=self._shown, console=Console(file=self._stream), refresh_per_second=4, transient=True
            )
            self._live.__enter__()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        from rich.live import Live

        if isinstance(self._live, Live):
            self._live.__exit__(kind, error, trace)

    def begins(self, phase: str, step: str, within: float) -> None:
        """Note that a step begins."""
        self._phase, self._step, self._within, self._step_began = phase, step, within, clock.boottime()
        self._lines.clear()
        self._rest = ""
        self._tell(f"{phase}: {step}")

    def writes(self, output: bytes) -> None:
        """Note what a step wrote."""
        *whole, self._rest = (self._rest + output.decode("utf-8", "replace"))[-65536:].split("\n")
        self._lines.extend(line for each in whole if (line := _last(each)))

    def says(self, what: str) -> None:
        """Note what happened."""
        self._lines.append(_plain(what)[:_WIDTH])
        self._tell(what)

    def _tell(self, what: str) -> None:
        if self._live is None:
            with suppress(OSError):  # whoever watched has left: the drill goes on
                self._stream.write(f"{_clock(clock.boottime() - self._began)} {_plain(what)}\n")
                self._stream.flush()

    def _shown(self) -> RenderableType:
        """Return what the terminal shows now."""
        from rich.console import Group
        from rich.text import Text

        now = clock.boottime()
        elapsed = now - self._began
        head = Text()
        head.append(f"{self._phase}", style="bold")
        if self._step != self._phase:
            head.append(f" · {self._step}")
        head.append(f"   {_clock(now - self._step_began)} of at most {_clock(self._within)}")
        total = Text(f"elapsed {_clock(elapsed)}")
        if self._objective is not None:
            left = self._objective - elapsed
            share = max(0.0, min(1.0, elapsed / self._objective)) if self._objective else 1.0
            total.append("   ")
            total.append("━" * round(24 * share), style="red" if left < 0 else "green")
            total.append("╌" * (24 - round(24 * share)), style="dim")
            total.append(
                f"  {'left ' if left >= 0 else 'OVER BY '}{_clock(abs(left))}", style="bold red" if left < 0 else ""
            )
            total.append(f" of {_clock(self._objective)}", style="dim")
        shown = [*self._lines, _last(self._rest)][-_LINES:]
        lines = (Text(f"  {line}", style="dim", no_wrap=True, overflow="ellipsis") for line in shown if line)
        return Group(head, total, *lines)


def _last(line: str) -> str:
    """Return what a line shows at last: a carriage return begins it anew."""
    return _plain(line.rstrip("\r").rpartition("\r")[2])[:_WIDTH].rstrip()


def _clock(seconds: float) -> str:
    whole = int(seconds)
    return f"{whole // 3600}:{whole // 60 % 60:02}:{whole % 60:02}"


def _plain(text: str) -> str:
    return "".join(each if each.isprintable() else ascii(each)[1:-1] for each in text)
