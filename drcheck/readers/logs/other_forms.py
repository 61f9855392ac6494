"""What a file is that is not the log it was said to be: named with what to do, instead of a thousand unreadable lines.

Asked only where not one record could be read. The bytes are somebody else's, and none of them is shown.
"""

from __future__ import annotations

import re
from typing import Final

from drcheck.core.model.evidence import Gap
from drcheck.core.model.policy import Source
from drcheck.core.model.readers import Tells

_LOOKED_AT: Final = 4096
"""Bytes at the beginning that tell."""
_MAGIC: Final = (
    (b"\x1f\x8b", "gzip"),
    (b"PK\x03\x04", "a ZIP archive, as Excel's workbooks are"),
    (b"\x28\xb5\x2f\xfd", "Zstandard"),
    (b"\xfd7zXZ\x00", "xz"),
    (b"BZh", "bzip2"),
    (b"%PDF-", "a PDF"),
    (b"SQLite format 3\x00", "an SQLite database"),
    (b"\xd0\xcf\x11\xe0", "an old Excel or Word file"),
)
_XML: Final = re.compile(
    r"\s*(?:<\?xml[^>]*>\s*)?(?:<!--.*?-->\s*)*<([A-Za-z][A-Za-z0-9_.:-]*|!DOCTYPE\s+\w+)", re.DOTALL
)
_CELLS: Final = 3
"""Columns that the header of a CSV log has at least."""
_LINES: Final = 3
"""Lines of text that are no slip of the pen."""
_FEW: Final = 4
"""Of so many bytes at the beginning of UTF-16 that is ASCII, every second one is zero."""


def recognised(data: bytes, source: Source) -> Gap | None:
    """Return what ``data`` is where it is no log that ``source`` can be read as; None: nothing that is known."""
    head = data[:_LOOKED_AT]
    for magic, what in _MAGIC:
        if head.startswith(magic):
            return _gap(source, what, "Give the log itself, as text; let nothing compress or convert it on its way.")
    if head[:2] in {b"\xff\xfe", b"\xfe\xff"} or head[:_FEW].count(0) == _FEW // 2:
        hint = "Write it in UTF-8 (PowerShell: -Encoding utf8; iconv -f UTF-16 -t UTF-8), as a new log."
        return _gap(source, "UTF-16 text", hint)
    text = head.decode("utf-8-sig", errors="replace")
    if (element := _XML.match(text)) is not None:
        return _xml(source, element[1].lower())
    if text.lstrip().startswith(("{", "[")):
        return _json(source, data, text)
    return _lines(source, text)


def _xml(source: Source, element: str) -> Gap | None:
    if element in {"html", "head", "body"} or element.startswith("!doctype"):
        hint = "See what the place answers, perhaps to somebody who is not logged in; the log is another file."
        return _gap(source, "HTML: a login page, or an error", hint)
    if element in {"testsuite", "testsuites"}:
        if source.junit:
            return None
        if source.tells(Tells.RESTORE_TESTS):
            return _gap(source, "JUnit XML", "Let its path end in .xml: a restore-log is then read as JUnit's XML.")
        return _gap(source, "JUnit XML", "Only a restore-log is read from it; say `reader: restore-log`.")
    return None if source.junit else _gap(source, "XML", _wanted(source))


def _json(source: Source, data: bytes, text: str) -> Gap | None:
    if source.export and b"\n" not in data.strip():
        return None  # whatever is wrong with it, it is one document
    lines = text.lstrip().partition("\n")[0].rstrip()
    whole = lines.startswith("[") or not lines.endswith("}")
    if whole and (source.path.endswith(".json") or len(data.splitlines()) > 1 or lines.startswith("[")):
        if source.export:
            return None
        hint = "Write one object a line (jq -c '.[]' makes them of a list)."
        if source.tells(Tells.OUTAGES):
            hint += " A monitoring system's export is read where the path ends in .json."
        return _gap(source, "one JSON document, not JSON Lines", hint)
    expects_lines = not source.rewritten and not source.path.endswith(".csv") and not source.restores.line
    return None if expects_lines else _gap(source, "JSON Lines", "Let its path end in .jsonl, and state no `line`.")


def _lines(source: Source, text: str) -> Gap | None:
    first = text.partition("\n")[0]
    separator = max(",;\t", key=first.count)
    words = {",": "commas", ";": "semicolons", "\t": "tabs"}[separator]
    if first.count(separator) + 1 >= _CELLS and not source.restores.line:
        if source.path.endswith(".csv"):
            return (
                _gap(source, "CSV with tabs", "Separate its columns by commas or semicolons.")
                if separator == "\t"
                else None
            )
        return _gap(source, f"CSV with {words}", "Let its path end in .csv, and its first line name its columns.")
    if source.path.endswith(".csv") or source.restores.line or not source.tells(Tells.RESTORE_TESTS):
        return None
    if text.count("\n") < _LINES or "\ufffd" in text:
        return None  # a slip of the pen is a gap of its line
    return _gap(source, "plain text", "State how its lines look (`line`, docs/logs.md), or write JSON Lines.")


def _wanted(source: Source) -> str:
    if source.export:
        return "Name an export .json, and let it be Prometheus' or Uptime Kuma's."
    return "Write it as JSON Lines (.jsonl) or CSV (.csv); docs/logs.md shows both."


def _gap(source: Source, what: str, hint: str) -> Gap:
    wanted = "report" if source.junit else "export" if source.export else "log"
    return Gap(f"the {wanted} cannot be read: this is {what}", hint)
