"""A small writer of SVG 1.1: shapes with the class of what they mean, and text."""

from __future__ import annotations

import re
from html import unescape
from typing import Final
from xml.sax.saxutils import escape, quoteattr

WIDTH: Final = 960
"""Of every picture, in its own units; whoever shows it scales it."""

FILLS: Final = {
    "met": "#8fc0a2",
    "late": "#d8a23a",
    "breached": "#a3162a",
    "unknown": "#8462b5",
    "not-owed": "#e6e6e6",
    "waived": "#3b7ea1",
    "area": "#9db4c8",
    "shade-breached": "#f3d3d7",
    "shade-unknown": "#e7def3",
    "line": "#222222",
    "faint": "#bdbdbd",
    "text": "#333333",
    "paper": "#ffffff",
}
"""Class of a shape to its colour on paper; a page may give the classes other colours, as in the dark."""
_LABEL: Final = re.compile(r"aria-label=([\"'])(.*?)\1")


class Picture:
    """An SVG in the making."""

    def __init__(self, height: int, title: str, description: str) -> None:
        """``title`` and ``description`` are what a screen reader reads: they say all that matters in it."""
        self._height, self._title, self._description = height, title, description
        self._shapes: list[str] = []

    def rect(self, x: float, y: float, width: float, height: float, what: str, tip: str = "") -> None:
        """Draw a rectangle; a pointer that rests on it is shown ``tip``."""
        at = f'x="{_number(x)}" y="{_number(y)}" width="{_number(width)}" height="{_number(height)}"'
        self._add(f"<rect {at} {_fill(what)}", "rect", tip)

    def frame(self, x: float, y: float, width: float, height: float, what: str, tip: str = "") -> None:
        """Draw the outline of a rectangle."""
        at = f'x="{_number(x)}" y="{_number(y)}" width="{_number(width)}" height="{_number(height)}"'
        self._add(f'<rect {at} fill="none" {_stroke(what)}', "rect", tip)

    def line(self, x1: float, y1: float, x2: float, y2: float, what: str, *, dashed: bool = False) -> None:
        """Draw a straight line."""
        dashes = ' stroke-dasharray="5 3"' if dashed else ""
        at = f'x1="{_number(x1)}" y1="{_number(y1)}" x2="{_number(x2)}" y2="{_number(y2)}"'
        self._add(f"<line {at} {_stroke(what)}{dashes}", "line", "")

    def area(self, corners: list[tuple[float, float]], what: str) -> None:
        """Fill a polygon."""
        if corners:
            path = " ".join(f"{_number(x)},{_number(y)}" for x, y in corners)
            self._add(f'<polygon points="{path}" {_fill(what)}', "polygon", "")

    def text(self, x: float, y: float, text: str, *, anchor: str = "start", what: str = "text") -> None:
        """Write ``text``, whose baseline begins, ends or has its ``middle`` at a point."""
        at = f'x="{_number(x)}" y="{_number(y)}" text-anchor="{anchor}"'
        self._shapes.append(f"<text {at} {_fill(what)}>{escape(text)}</text>")

    def markup(self) -> str:
        """Return the whole picture, to be put into a page or a file as it is."""
        head = (
            f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {WIDTH} {self._height}" role="img" '
            f'aria-label={quoteattr(f"{self._title}. {self._description}")} font-size="12" '
            'font-family="system-ui, sans-serif">'
        )
        return f"{head}<title>{escape(self._title)}</title>{''.join(self._shapes)}</svg>"

    def _add(self, begun: str, element: str, tip: str) -> None:
        self._shapes.append(f"{begun}><title>{escape(tip)}</title></{element}>" if tip else f"{begun}/>")


def screen_reader_text(markup: str) -> str:
    """Return what a screen reader reads of a picture that was made here."""
    found = _LABEL.search(markup)
    assert found is not None
    return unescape(found[2])


def _fill(what: str) -> str:
    return f'class="f-{what}" fill="{FILLS[what]}"'


def _stroke(what: str) -> str:
    return f'class="s-{what}" stroke="{FILLS[what]}"'


def _number(value: float) -> str:
    return f"{value:.1f}".removesuffix(".0")
