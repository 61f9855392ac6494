"""Lines that fit the cells of a terminal."""

from __future__ import annotations

import re
import unicodedata

_NO_CELL = frozenset({"Mn", "Me", "Cf"})
_JOINED = re.compile("[\u1160-\u11ff\ud7b0-\ud7ff]")
"""Vowels and final consonants of Hangul, which stand in the cells of the consonant before them."""
_BREAK_AFTER = re.compile(r"(?<=[/_.,:=-])")


def cells(text: str) -> int:
    """Return how many cells of a terminal ``text`` takes: some characters take two, combining ones none.

    By the width and category that Unicode gives each character, as terminals count (Unicode Standard Annex 11).
    """
    return len(text) if text.isascii() else sum(map(_cells, text))


def _cells(character: str) -> int:
    if unicodedata.category(character) in _NO_CELL or _JOINED.fullmatch(character):
        return 0
    return 2 if unicodedata.east_asian_width(character) in {"W", "F"} else 1


def _chopped(text: str, width: int) -> list[str]:
    """Cut ``text`` into pieces of at most ``width`` cells; a single character may be wider."""
    pieces: list[str] = []
    used = width
    for character in text:
        own = _cells(character)
        if used + own > width or not pieces:
            pieces.append("")
            used = 0
        pieces[-1] += character
        used += own
    return pieces


def wrap(text: str, width: int) -> list[str]:
    """Return ``text`` as lines of at most ``width`` cells; the last one is no orphan, if that costs no line."""
    lines = _fill(text, width)
    if len(lines) > 1 and cells(lines[-1]) < width // 4:
        for narrower in range(width - 1, width // 2, -1):
            balanced = _fill(text, narrower)
            if len(balanced) > len(lines):
                break
            if cells(balanced[-1]) >= width // 4:
                return balanced
    return lines


def _fill(text: str, width: int) -> list[str]:
    lines: list[str] = []
    line, used = "", 0
    for word in text.split(" "):
        needed = cells(word)
        if line and used + 1 + needed <= width:
            line, used = f"{line} {word}", used + 1 + needed
            continue
        if line:
            lines.append(line)
        *full, line = _pieces(word, width) if needed > width else [word]
        lines += full
        used = cells(line)
    return [*lines, line]


def _pieces(word: str, width: int) -> list[str]:
    """Cut a word that fits no line, after a slash or the like where it has one."""
    pieces = [""]
    for part in _BREAK_AFTER.split(word):
        if cells(pieces[-1] + part) <= width:
            pieces[-1] += part
            continue
        first, *rest = _chopped(part, width) or [""]
        pieces += [first, *rest]
    return [piece for piece in pieces if piece]


def fit(text: str, width: int, *, right: bool = False) -> str:
    """Return ``text`` in exactly ``width`` cells: padded, or cut with an ellipsis."""
    if cells(text) > width:
        text = (_chopped(text, width - 1)[0] if width > 1 else "") + "…"
    padding = " " * (width - cells(text))
    return padding + text if right else text + padding
