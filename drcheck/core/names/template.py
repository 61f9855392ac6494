"""Name templates: how a name tells data set, kind and instant, as in ``{of}/{data_as_of:%Y-%m-%dT%H%M}Z.dump.gz``.

A template is literal text (``{{`` and ``}}`` for braces) with these fields:

- ``{of}``, the data set; ``{kind}``, one of the words of :data:`KINDS` or of the source's own.
- ``{data_as_of:FORMAT}``, the instant of the data, by :mod:`drcheck.core.names.directives`. It may stand
  several times, whole or in pieces.
- ``{other:FORMAT}``, an instant that is not the data's: it must look like one and is not read.
- ``{since:FORMAT}``, the instant of the backup that it builds on, told as finely as its own.
- ``{part}`` and ``{parts}``, a number or label of a part, and how many there are.
- ``{*}`` and ``{**}``, any text without, or with, a slash; as in a shell, not the dot of a hidden name. The text is
  the shortest after which the rest, up to the next of them, fits.
- a ``/`` at the end: the directory is the backup, with all that lies below it.

What stands twice must agree. A user writes no pattern of their own, so that :mod:`drcheck.core.names.matching` can read
strangers' names in linear time.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from datetime import UTC, datetime
from enum import Enum
from typing import Final, NamedTuple

from msgspec import Struct

from drcheck.core.names import directives, typos
from drcheck.core.names.directives import DIRECTIVES, SHORT, DirectiveLength
from drcheck.errors import DrcheckError

KINDS: Final = {
    "full": "full", "FULL": "full", "Full": "full", "F": "full",
    "incremental": "incremental", "incr": "incremental", "inc": "incremental", "I": "incremental",
    "INC": "incremental", "INCR": "incremental", "Incr": "incremental", "Inc": "incremental",
    "Incremental": "incremental", "INCREMENTAL": "incremental",
    "differential": "differential", "diff": "differential", "DIFF": "differential", "D": "differential",
    "Differential": "differential", "Diff": "differential", "DIFFERENTIAL": "differential", "dif": "differential",
    "snapshot": "snapshot", "snap": "snapshot", "Snapshot": "snapshot", "SNAPSHOT": "snapshot",
    "log": "log", "LOG": "log", "Log": "log",
}  # fmt: skip
"""How names spell a kind (single letters: pgBackRest; capitals: SQL Server's maintenance scripts), and what it is."""

_IN_ORDER = re.compile(r"s|[Yy]m|[Yy](?:md|j)(?:H(?:MS?)?)?z?|GVu?")
"""Directives in the order in which names then sort as their instants do."""
EXAMPLE: Final = "{data_as_of:%Y-%m-%dT%H%M}Z"
_FORMATS: Final = {"data_as_of": "time", "other": "other", "since": "since"}


class Part(Enum):
    """What a piece of a template is."""

    TEXT = "text"
    OF = "of"
    KIND = "kind"
    TIME = "time"
    OTHER = "other"
    SINCE = "since"
    PART = "part"
    PARTS = "parts"
    ANY = "any"


_FIELDS: Final = {"{of}": Part.OF, "{kind}": Part.KIND, "{part}": Part.PART, "{parts}": Part.PARTS}
_LISTABLE: Final = frozenset({Part.TEXT, Part.OF, Part.KIND, Part.TIME})
"""Pieces that can be written before a name is known."""


class Piece(NamedTuple):
    """A piece of a template: literal text, a field, or one directive of an instant."""

    part: Part
    text: str = ""
    """The literal text, the letter of the directive, or the wildcard's ``*`` or ``**``."""


class Template(Struct, frozen=True):
    """How the names of one source are made."""

    text: str
    pieces: tuple[Piece, ...]

    @classmethod
    def parse(cls, text: str) -> Template:
        """Read a template; raises :class:`DrcheckError` where it is not one."""
        if not text or text.startswith("/"):
            raise DrcheckError(
                f"name template {text!r} is {'absolute' if text else 'empty'}",
                f"Write how a name below the source's path looks, such as {{of}}/{EXAMPLE}.dump.gz.",
            )
        template = cls(text, tuple(_merged(_pieces(text))))
        for letters in filter(None, (template.directives, template.since)):
            directives.check(letters, text, EXAMPLE)
        return template

    def has(self, part: Part) -> bool:
        """Return whether names tell that."""
        return any(piece.part is part for piece in self.pieces)

    @property
    def directives(self) -> tuple[str, ...]:
        """The letters of the instant's directives, in the order of the name."""
        return tuple(piece.text for piece in self.pieces if piece.part is Part.TIME)

    @property
    def since(self) -> tuple[str, ...]:
        """The letters of the directives that tell the instant of what a backup builds on."""
        return tuple(piece.text for piece in self.pieces if piece.part is Part.SINCE)

    @property
    def has_of(self) -> bool:
        """Whether names tell the data set."""
        return self.has(Part.OF)

    @property
    def has_kind(self) -> bool:
        """Whether names tell the kind."""
        return self.has(Part.KIND)

    @property
    def has_instant(self) -> bool:
        """Whether names tell the instant of their data."""
        return bool(self.directives)

    @property
    def is_directory(self) -> bool:
        """Whether a directory with all that lies below it is one backup."""
        return self.pieces[-1].part is Part.TEXT and self.pieces[-1].text.endswith("/")

    @property
    def has_zone(self) -> bool:
        """Whether the instant carries its zone: ``%s``, ``%z``, or a ``Z`` right after the time of day or its end."""
        if not self.has_instant or {"s", "z"} & {*self.directives}:
            return self.has_instant
        last = max(index for index, piece in enumerate(self.pieces) if piece.part is Part.TIME)
        return any(
            piece.part is Part.TIME
            and (index == last or piece.text not in directives.DATE)
            and following.part is Part.TEXT
            and following.text.startswith("Z")
            and not following.text[1:2].isalnum()
            for index, (piece, following) in enumerate(zip(self.pieces, self.pieces[1:], strict=False))
        )

    @property
    def leading(self) -> tuple[Piece, ...]:
        """The pieces up to the last directive by which names of one data set and kind sort as their instants do.

        To within a zone's offset of UTC. Empty: they do not.
        """
        letters, end = "", 0
        for index, piece in enumerate(self.pieces):
            if piece.part not in _LISTABLE:
                break
            if piece.part is Part.TIME:
                if piece.text not in letters:
                    letters += piece.text
                if _IN_ORDER.fullmatch(letters):
                    end = index + 1
        return self.pieces[:end]

    @property
    def in_time_order(self) -> bool:
        """Whether names of one data set and kind sort as their instants do, as far as their beginning tells them."""
        return bool(self.leading)

    @property
    def unit(self) -> DirectiveLength:
        """How finely the beginning of names tells the instant; of names without order, and without instant, a day."""
        told = directives.span({piece.text for piece in self.leading if piece.part is Part.TIME})
        return DirectiveLength.DAY if told is None else told

    def write(self, label: int, *, of: str = "", kind: str = "", pieces: Sequence[Piece] | None = None) -> str:
        """Return the name, or the stretch of it that ``pieces`` are, for a clock that shows ``label`` (in UTC).

        Of what cannot be written before a name is known (parts, wildcards) nothing is written.
        """
        moment = datetime.fromtimestamp(label, UTC)
        fields = {Part.OF: of, Part.KIND: kind, Part.PART: "", Part.PARTS: "", Part.ANY: ""}
        return "".join(
            directives.as_directive(piece.text, label, moment)
            if piece.part in {Part.TIME, Part.OTHER, Part.SINCE}
            else fields.get(piece.part, piece.text)
            for piece in (self.pieces if pieces is None else pieces)
        )


def _merged(pieces: Iterator[Piece]) -> Iterator[Piece]:
    """Join literal text that lies side by side."""
    text = ""
    for piece in pieces:
        if piece.part is Part.TEXT:
            text += piece.text
            continue
        if text:
            yield Piece(Part.TEXT, text)
            text = ""
        yield piece
    if text:
        yield Piece(Part.TEXT, text)


def _pieces(text: str) -> Iterator[Piece]:
    if re.search(r"\$\{(?!\{)", text):
        raise DrcheckError(
            f"name template {text!r} holds a $ before a field, as in a shell",
            "Leave the $ out: fields are {of}, {kind}, {data_as_of:FORMAT}.",
        )
    for found in re.finditer(r"\{\{|\}\}|\{[^{}]*\}|[{}]|[^{}]+", text):
        field = found[0]
        if field in {"{{", "}}"}:
            yield Piece(Part.TEXT, field[0])
        elif field in {"{", "}"}:
            raise DrcheckError(
                f"name template {text!r} has a brace without its partner at character {found.start() + 1}",
                "Write {{ or }} for a brace that is part of the name.",
            )
        elif field in _FIELDS:
            yield Piece(_FIELDS[field])
        elif field in {"{*}", "{**}"}:
            yield Piece(Part.ANY, field[1:-1])
        elif ":" in field and (part := _FORMATS.get(field[1:].partition(":")[0])):
            yield from _format(field[1:-1].partition(":")[2], text, Part(part))
        elif field.startswith("{"):
            raise _refused(text, typos.in_field(field))
        elif typo := typos.in_text(field):
            raise _refused(text, typo)
        else:
            yield Piece(Part.TEXT, field)


def _refused(text: str, typo: typos.Typo) -> DrcheckError:
    return DrcheckError(f"name template {text!r} {typo.what}", typo.hint)


def _format(form: str, text: str, part: Part) -> Iterator[Piece]:
    """Read the format of an instant."""
    if typo := typos.in_format(form):
        raise _refused(text, typo)
    form = re.sub("%([FT%])", lambda found: SHORT[found[1]], form)
    if "%" not in form.replace("%%", ""):
        raise DrcheckError(f"the instant of name template {text!r} has no directive", f"Write it as in {EXAMPLE}.")
    for found in re.finditer("%(.?)|[^%]+", form, re.DOTALL):
        if found[1] is None:
            yield Piece(Part.TEXT, found[0])
        elif found[1] == "%":
            yield Piece(Part.TEXT, "%")
        elif found[1] in DIRECTIVES:
            yield Piece(part, found[1])
        else:
            raise DrcheckError(
                f"name template {text!r} has an unknown directive {found[0]}",
                typos.in_directive(found[1])
                or f"The directives are {' '.join('%' + letter for letter in DIRECTIVES)}, %F, %T and %%.",
            )
