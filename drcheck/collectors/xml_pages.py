"""The XML in which both clouds answer a listing: UTF-8, no document type, and no larger a tree than a page can be."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from typing import Final
from urllib.parse import unquote, unquote_plus
from xml.etree import ElementTree as ET

from drcheck.collectors.confine import shown
from drcheck.collectors.value_bounds import Nonsense

ELEMENTS: Final = 60
"""Elements that one object of a listing may have; those that are known have up to 25."""
_DECLARED: Final = re.compile(rb"""(?:\xef\xbb\xbf)?\s*<\?xml[^>]{0,200}?encoding\s*=\s*["']([^"']{0,100})["']""")
_UTF8: Final = frozenset({"utf-8", "utf8", "us-ascii"})
_ENCODED: Final = re.compile(r"(?:[^%]|%[0-9A-Fa-f]{2})*")


def tree(body: bytes, most: int) -> ET.Element | None:
    """Return the root of a page of at most ``most`` objects, or None if this is no XML.

    Raises :class:`Nonsense` for what no storage sends: another encoding than UTF-8, a document type (with entities that
    multiply, or name files), and more elements than fit into memory beside each other.
    """
    if declared := _DECLARED.match(body):
        encoding = declared[1].decode("ascii", "replace")
        if encoding.lower() not in _UTF8:
            raise Nonsense(f"it says that its encoding is {shown(encoding)!r}, and every storage's is UTF-8")
    if b"\0" in body:  # expat finds out UTF-16 by itself, whatever it is told
        raise Nonsense("it is not in UTF-8, as every storage's answer is")
    if b"<!DOCTYPE" in body or b"<!ENTITY" in body:
        return None  # HTML begins so too
    if body.count(b"<") > (most + 10) * 2 * ELEMENTS:
        raise Nonsense(f"it has more elements than a page of {most} objects can have")
    try:
        return ET.fromstring(body, ET.XMLParser(encoding="utf-8"))  # noqa: S314  no document type, and bounded
    except ET.ParseError:
        return None


def check_tree(page: ET.Element, leaves: frozenset[str]) -> None:
    """Raise :class:`Nonsense` where reading a page's elements by their names would leave something out unseen.

    That is text beside elements, elements in one of ``leaves``, elements of another namespace than the page's own,
    and an error instead of what is missing.
    """
    space = page.tag[: page.tag.rfind("}") + 1]
    elements = list(page.iter())
    for element in elements:
        if element.tail and not element.tail.isspace():
            raise _mixed(element)
        if len(element):
            if element.text and not element.text.isspace():
                raise _mixed(element)
            if element.tag[len(space) :] in leaves:
                raise Nonsense(f"its {_local(element.tag)} has elements in it")
    for tag in {element.tag for element in elements}:
        if tag[: tag.rfind("}") + 1] != space:
            raise Nonsense(f"its {_local(tag)} is of another namespace")
    for tag in ("Error", "Code"):
        if page.find(f"{space}{tag}") is not None:
            raise Nonsense("it tells of an error as well")


def _mixed(element: ET.Element) -> Nonsense:
    return Nonsense(f"there is text beside elements at its {_local(element.tag)}")


def _local(tag: str) -> str:
    return shown(tag.rpartition("}")[2][:100])


def once(
    elements: Iterable[ET.Element], texts: dict[str, str], ignored: frozenset[str] = frozenset()
) -> dict[str, str]:
    """Add the text of each element to ``texts``, by its tag; raises :class:`Nonsense` if one comes twice."""
    for element in elements:
        if element.tag in texts and element.tag not in ignored:
            raise Nonsense(f"it has {_local(element.tag)} twice")
        texts[element.tag] = element.text or ""
    return texts


def echoed(texts: Mapping[str, str], tag: str, requested: str) -> None:
    """Raise :class:`Nonsense` if an answer names something else than was asked for, encoded or as it is.

    That it names nothing says nothing: not every server repeats the question.
    """
    named = texts.get(tag, "")
    if named and requested not in {named, unquote_plus(named), unquote(named)}:
        what = tag.rpartition("}")[2]
        raise Nonsense(f"its {what} is {shown(named[:100])!r}, and {shown(requested)!r} was asked for")


def decoded(text: str, *, plus: bool) -> str:
    """Return a name that is told in the encoding of URLs; raises :class:`Nonsense`.

    ``plus`` says whether a plus sign stands for a blank.
    """
    if "%" not in text and not (plus and "+" in text):
        return text
    if _ENCODED.fullmatch(text) is None:
        raise Nonsense(f"the name {shown(text[:100])!r} is not encoded as it says")
    try:
        return (unquote_plus if plus else unquote)(text, errors="strict")
    except UnicodeDecodeError:
        raise Nonsense(f"the name {shown(text[:100])!r} is no UTF-8") from None
