"""Untrusted text made safe to show.

Names and log text come from whoever can write to a bucket or a log. A terminal obeys control characters, and bidi
controls make a name read as another, so neither ever reaches one: they are shown escaped. Nothing is ever read as
markup.
"""

from __future__ import annotations

import re
import unicodedata

_SPACE = re.compile(r"\s+")


def printable(text: str) -> str:
    r"""Return ``text`` with every character escaped that is not plainly visible.

    That is C0 and C1 controls (so newlines and tabs too), bidi and other format characters, line and paragraph
    separators, unassigned and private characters, and lone surrogates, which stand for bytes of a name that is not
    UTF-8 (``\xff``).
    """
    return text if text.isprintable() else "".join(map(_shown, text))


def prose(text: str) -> str:
    """Return text of a policy or an error for running text: any white space is one space, the rest as above."""
    return printable(_SPACE.sub(" ", text).strip())


def _shown(character: str) -> str:
    if character.isprintable():
        return character
    if unicodedata.category(character) == "Zs":
        return " "
    if "\udc80" <= character <= "\udcff":
        return f"\\x{ord(character) - 0xDC00:02x}"
    return character.encode("unicode_escape").decode()
