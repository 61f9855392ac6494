"""Setting a document with typst, so that no text of anybody can stop it."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from importlib.resources import files
from typing import Any, Final

from drcheck.errors import DrcheckError, UsageError

_ROUNDS: Final = 4
_LACKING: Final = re.compile(r'the text `"((?:[^"\\]|\\.)*)"` could not be displayed')
"""How typst names each text that none of its fonts has, as a string literal of Rust."""
_ESCAPED: Final = re.compile(r"\\u\{([0-9a-f]+)\}|\\(.)")
_PLAIN: Final = frozenset(map(chr, range(0x20, 0x7F)))
_LONG: Final = 28
"""Characters without a space from which on a word may be broken, so that it stays within its column."""
_WORD: Final = re.compile(rf"\S{{{_LONG},}}")
_DIGEST: Final = re.compile(r"[0-9a-f]{64}")
_PIECE: Final = re.compile(r"\[U\+[0-9A-F]+\]|[^/._:@\[-]{0,12}[/._:@-]|[^/._:@\[-]{1,12}|.")
_ZERO_WIDTH_SPACE: Final = "\u200b"
"""The template makes of it a place to break a line that leaves nothing in the text that a reader copies."""


class Name(str):
    """Text that is not set in any font: the name of a file or of a place in the document, or what is read aloud."""

    __slots__ = ()


def check_installed() -> None:
    """Raise ``UsageError`` where the library is missing, before anything is judged for it."""
    try:
        import typst  # noqa: F401  an extra
    except ImportError:
        raise UsageError(
            "PDF is set with typst, which is not installed", "Install backup-promises[pdf], or take --format html."
        ) from None


def typeset(data: Mapping[str, Any], pictures: Mapping[str, str], attachments: Mapping[str, bytes]) -> bytes:
    """Return the document that the template makes of ``data``, with ``pictures`` as SVG, each by its file's name.

    Only the fonts that typst brings are used, so that the same input is the same bytes on every machine. What none of
    them has, which both standards forbid, is shown as its code point: ``[U+65E5]``.
    """
    check_installed()
    import typst

    template = (files(__package__) / "report.typ").read_bytes()
    lacking: set[str] = set()
    for turn in range(_ROUNDS + 1):
        keep = None if turn < _ROUNDS else _PLAIN
        shown = {name: _substituted(svg, lacking, keep).encode() for name, svg in pictures.items()}
        text = json.dumps(_walked(data, lacking, keep), ensure_ascii=False).encode()
        # The library's types do not know yet that it takes a tree of files.
        tree: Any = {"main": template, "data.json": text, **shown, **attachments}
        try:
            made: bytes = typst.compile(tree, format="pdf", ignore_system_fonts=True, pdf_standards=["a-3a", "ua-1"])
        except typst.TypstError as error:
            found = {character for one in _LACKING.findall(error.diagnostic) for character in _unescaped(one)}
            if not found - lacking - _PLAIN:
                raise DrcheckError(
                    f"the PDF could not be set: {error.message}", "Take --format html, and report this."
                ) from error
            lacking |= found - _PLAIN
        else:
            return made
    raise AssertionError  # the last round shows nothing that a font could lack


def _walked(value: Any, lacking: set[str], keep: frozenset[str] | None) -> Any:
    """Return ``value`` with every text in it as it can be shown, and with places where long words may be broken."""
    match value:
        case Name():
            return value
        case str():
            return _WORD.sub(_broken, _substituted(value, lacking, keep))
        case Mapping():
            return {key: _walked(one, lacking, keep) for key, one in value.items()}
        case list() | tuple():
            return [_walked(one, lacking, keep) for one in value]
        case _:
            return value


def _substituted(text: str, lacking: set[str], keep: frozenset[str] | None) -> str:
    if text.isascii():
        return text
    return "".join(
        f"[U+{ord(character):04X}]"
        if character in lacking or (keep is not None and character not in keep)
        else character
        for character in text
    )


def _broken(match: re.Match[str]) -> str:
    word = match.group()
    return word if _DIGEST.fullmatch(word) else _ZERO_WIDTH_SPACE.join(_PIECE.findall(word))


def _unescaped(literal: str) -> str:
    return _ESCAPED.sub(lambda found: chr(int(found[1], 16)) if found[1] else found[2], literal)
