"""Reading names by templates: which data set, kind, instant and part a name tells.

Linear in the name whatever it holds: every piece of a pattern is bounded, a wildcard never takes back what it took
(an atomic group), and a name has at most :data:`LONGEST_NAME` characters.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from datetime import UTC, tzinfo
from types import MappingProxyType
from typing import Final, NamedTuple

from drcheck.core.names import instants
from drcheck.core.names.directives import DIRECTIVES
from drcheck.core.names.template import KINDS, Part, Piece, Template
from drcheck.errors import DrcheckError

LONGEST_NAME: Final = 4096
"""Characters; no place has longer names (S3 and Azure 1,024, Linux 4,096), so a longer one is nobody's backup."""
LONGEST_LABEL: Final = 32
"""Characters that the label of a part may have."""
_UNFINISHED: Final = re.compile(
    r"(?:\.(?:log|notes|protected|vma\.dat|tar\.dat|sha\d+(?:sums?)?(?:\.txt)?|md5(?:sums?)?(?:\.txt)?|sig|asc|sign|lock|part|partial|filepart|te?mp|swp"
    r"|crdownload|download|aria2|uploading|copying|checkpoint)"
    r"|[._-](?:in[._-]?progress|incomplete|unfinished|pending|failed|error|aborted|broken|corrupt(?:ed)?)|~)$",
    re.IGNORECASE,
)
"""Side-cars, and what is not finished, or failed: where a template, also that of a directory, ends with a wildcard or
the label of a part, these do not end the name of a backup."""


def is_beside(name: str) -> bool:
    """Return whether ``name`` ends like that of a side-car, or of what is not finished or failed."""
    return _UNFINISHED.search(name) is not None


class NameReading(NamedTuple):
    """What a name tells."""

    of: str
    kind: str
    """As :data:`KINDS` has it; empty: not told."""
    data_lo: int | None
    """The earliest instant that the data can be of; None: the name tells no instant."""
    data_hi: int | None
    """The latest: equal where the name tells at least the minute, and the clock showed that neither twice nor never."""
    part: str = ""
    """Number or label of a part; empty: not told."""
    parts: int = 0
    """How many parts there are; 0: not told."""
    whole: str = ""
    """The backup that it is a piece of: of a file in a directory that is the backup, that directory with its ``/``; of
    a part, the name with ``{part}`` in the label's place. Empty: the name is a backup of its own."""


class Matcher:
    """Reads the names of one source."""

    def __init__(
        self,
        templates: Template | Sequence[Template],
        of: Sequence[str],
        zone: tzinfo,
        *,
        kinds: Mapping[str, str] = MappingProxyType({}),
        kind: str = "",
    ) -> None:
        """``of`` are the data sets listed, ``zone`` is that of instants that do not carry theirs.

        Of several templates the first that fits decides. ``kinds`` are the source's own labels beside :data:`KINDS`,
        ``kind`` is that of names that tell none. Raises :class:`DrcheckError` where names cannot tell several data
        sets apart.
        """
        spelled = {**KINDS, **kinds}
        each = (templates,) if isinstance(templates, Template) else templates
        self._readings = [_Reading(template, of, zone, spelled, kind) for template in each]

    def __call__(self, name: str) -> NameReading | None:
        """Return what ``name`` tells, or None if it is not the name of a backup of a listed data set.

        An instant that does not exist (31 February, a date that the zone skips) is none.
        """
        if len(name) > LONGEST_NAME:
            return None
        for reading in self._readings:
            if (named := reading(name)) is not None:
                return named
        return None

    def unlisted(self, name: str) -> str:
        """Return the data set that ``name`` tells and that is not listed; empty: none."""
        if len(name) > LONGEST_NAME:
            return ""
        return next(filter(None, (reading.unlisted(name) for reading in self._readings)), "")


class _Reading:
    """Reads names by one template."""

    def __init__(
        self, template: Template, of: Sequence[str], zone: tzinfo, kinds: Mapping[str, str], kind: str
    ) -> None:
        if not template.has_of and len(of) != 1:
            raise DrcheckError(
                f"name template {template.text!r} does not tell which of {len(of)} data sets a name is of",
                "Put {of} where the name holds the data set, or give each data set a source of its own.",
            )
        self._of = "" if template.has_of else of[0]
        self._known = _pattern(template, _either(of), kinds)
        # A policy can list no longer name of a data set.
        self._any = _pattern(template, "[^/]{1,100}", kinds) if template.has_of else None
        self._listed = frozenset(of)
        zone = UTC if template.has_zone else zone
        self._instants = instants.reader(frozenset(template.directives), self._known.groupindex, zone)
        # What names the backup that it builds on is no full one, also where its kind is not told.
        self._tells_kind = "kind" in self._known.groupindex
        self._kinds = kinds if template.has_kind else {"": kind or ("incremental" if template.since else "")}
        ends = [piece for piece in template.pieces if piece != Piece(Part.TEXT, "/")][-1:]
        self._open = any(piece.part in {Part.ANY, Part.PART} for piece in ends)
        self._in_pieces = template.is_directory or template.has(Part.PART)
        self._has_parts = template.has(Part.PARTS)

    def __call__(self, name: str) -> NameReading | None:
        found = self._known.fullmatch(name)
        if found is None or (self._open and is_beside(self._end_of(found))):
            return None
        of = self._of or found["of"]
        kind = self._kinds[found["kind"] if self._tells_kind else ""]
        lo = hi = None
        if self._instants is not None:
            span = self._instants(found)
            if span is None:
                return None
            lo, hi = span
        if not self._in_pieces and not self._has_parts:
            return NameReading(of, kind, lo, hi)
        part, whole = _piece_of(found) if self._in_pieces else ("", "")
        return NameReading(of, kind, lo, hi, part, int(found["parts"]) if self._has_parts else 0, whole)

    def _end_of(self, found: re.Match[str]) -> str:
        """Return what ends with the name of the backup, of a directory without its slash."""
        return found.string[: found.start("below") - 1] if "below" in found.re.groupindex else found.string

    def unlisted(self, name: str) -> str:
        if self._any is None or (found := self._any.fullmatch(name)) is None:
            return ""
        return "" if found["of"] in self._listed else found["of"]


def _piece_of(found: re.Match[str]) -> tuple[str, str]:
    """Return the label of the part, and the backup that it is a piece of."""
    groups = found.re.groupindex
    name = found.string[: found.start("below")] if "below" in groups else found.string
    if "part" not in groups:
        return "", name
    # Only where the label first stands: that what stands twice agrees needs no second mark.
    return found["part"], f"{name[: found.start('part')]}{{part}}{name[found.end('part') :]}"


def _either(texts: Iterable[str]) -> str:
    return "|".join(re.escape(text) for text in sorted(texts, key=len, reverse=True))


def _pattern(template: Template, of: str, kinds: Iterable[str]) -> re.Pattern[str]:
    """Return the template as a pattern that no name can make slow.

    A wildcard with the pieces up to the next one is an atomic group: it takes the least text after which they fit, and
    keeps to it. As what follows can only be nearer to an earlier place, nothing is missed by that; but what follows
    ``{**}`` is tried anew in each directory, as a ``{*}`` behind it may not leave the one that was found first.
    """
    forms = {
        Part.OF: of,
        Part.KIND: _either(kinds),
        Part.PART: f"[0-9A-Za-z]{{1,{LONGEST_LABEL}}}",
        Part.PARTS: "[0-9]{1,6}",
    }
    seen: set[str] = set()
    segments = [("", "", "")]
    for before, piece in zip((Piece(Part.TEXT, "/"), *template.pieces), template.pieces, strict=False):
        if piece.part is Part.ANY:
            # As in a shell, a wildcard does not stand for the dot of a hidden name.
            begins = before.part is Part.TEXT and before.text.endswith("/")
            segments.append((piece.text, r"(?!\.)" if begins else "", ""))
        else:
            wildcard, visible, text = segments[-1]
            segments[-1] = wildcard, visible, text + _written(piece, forms, seen)
    wildcard, visible, text = segments[-1]
    segments[-1] = wildcard, visible, text + (r"(?P<below>.+)\Z" if template.is_directory else r"\Z")
    return re.compile("".join(_assembled(segments)), re.DOTALL)


def _assembled(segments: Sequence[tuple[str, str, str]]) -> Iterator[str]:
    """Yield the pattern of segments: each a wildcard, what it may not begin with, and the pieces up to the next one."""
    deep = False
    for wildcard, visible, text in segments:
        if wildcard == "**":
            if deep:
                yield ")"
            yield rf"(?>{visible}(?:[^/]*+/(?!\.))*?(?>[^/]*?{text})"
            deep = True
        else:
            yield f"(?>{visible}{'[^/]*?' if wildcard else ''}{text})"
    if deep:
        yield ")"


def _written(piece: Piece, forms: Mapping[Part, str], seen: set[str]) -> str:
    """Return the pattern of a piece; what stands a second time must repeat the first."""
    if piece.part is Part.TEXT:
        return re.escape(piece.text)
    if piece.part in {Part.OTHER, Part.SINCE}:
        return DIRECTIVES[piece.text]
    group = piece.text if piece.part is Part.TIME else piece.part.value
    if group in seen:
        return f"(?P={group})"
    seen.add(group)
    return f"(?P<{group}>{DIRECTIVES[piece.text] if piece.part is Part.TIME else forms[piece.part]})"
