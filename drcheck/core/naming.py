"""Name templates: how a name tells data set, kind and instant, as in ``{of}/{data_as_of:%Y-%m-%dT%H%M}Z.dump.gz``.

A template is literal text (``{{`` and ``}}`` for braces) with these fields:

- ``{of}``, the data set; a second one must repeat the first.
- ``{kind}``, one of the words of :data:`KINDS`; likewise.
- ``{data_as_of:FORMAT}``, once: strftime directives, all of fixed width, between literal text that may hold slashes;
  a directive may be repeated and must then agree (``%Y/%m/%Y%m%dT%H%M``).

A user writes no pattern of their own, so that :mod:`drcheck.core.matching` can read strangers' names in linear time.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from enum import Enum
from typing import Final, NamedTuple

from drcheck.core import wallclock
from drcheck.errors import DrcheckError

KINDS: Final = {
    "full": "full", "FULL": "full", "F": "full",
    "incremental": "incremental", "incr": "incremental", "inc": "incremental", "I": "incremental",
    "differential": "differential", "diff": "differential", "DIFF": "differential", "D": "differential",
    "snapshot": "snapshot", "snap": "snapshot",
    "log": "log", "LOG": "log",
}  # fmt: skip
"""How names spell a kind (single letters: pgBackRest; capitals: SQL Server's maintenance scripts), and what it is."""

MONTHS: Final = ("Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec")

DIRECTIVES: Final = {
    "Y": "(?:19|20)[0-9][0-9]",
    "y": "[0-9][0-9]",  # of 2000 to 2099
    "m": "(?:0[1-9]|1[0-2])",
    "b": f"(?:{'|'.join(MONTHS)})",
    "d": "(?:0[1-9]|[12][0-9]|3[01])",
    "j": "[0-3][0-9][0-9]",
    "H": "(?:[01][0-9]|2[0-3])",
    "M": "[0-5][0-9]",
    "S": "[0-5][0-9]",
    "s": "[0-9]{10}",  # seconds since the epoch, 2001 to 2286
    "z": "(?:Z|[+-](?:[01][0-9]|2[0-3]):?[0-5][0-9])",
}
"""What each directive may look like; ``%F`` is ``%Y-%m-%d``, ``%T`` is ``%H:%M:%S``, ``%%`` a per cent sign."""

_SHORT: Final = {"F": "%Y-%m-%d", "T": "%H:%M:%S", "%": "%%"}
_IN_ORDER = re.compile(r"s|[Yy](?:md|j)(?:H(?:MS?)?)?z?")
_UNITS: Final = (("Ss", 1), ("M", 60), ("H", 3600))
_EXAMPLE: Final = "{data_as_of:%Y-%m-%dT%H%M}Z"


class Part(Enum):
    """What a piece of a template is."""

    TEXT = "text"
    OF = "of"
    KIND = "kind"
    TIME = "time"


class Piece(NamedTuple):
    """A piece of a template: literal text, a field, or one directive of the instant."""

    part: Part
    text: str = ""
    """The literal text, or the letter of the directive."""


@dataclass(frozen=True, slots=True)
class Template:
    """How the names of one source are made."""

    text: str
    pieces: tuple[Piece, ...]

    @classmethod
    def parse(cls, text: str) -> Template:
        """Read a template; raises :class:`DrcheckError` where it is not one."""
        if not text or text.startswith("/"):
            raise DrcheckError(
                f"name template {text!r} is {'absolute' if text else 'empty'}",
                f"Write how a name below the source's path looks, such as {{of}}/{_EXAMPLE}.dump.gz.",
            )
        template = cls(text, tuple(_merged(_pieces(text))))
        letters = "".join(dict.fromkeys(template.directives))
        if letters and not _whole(letters):
            raise DrcheckError(
                f"the instant of name template {text!r} is not a whole date with a time of day",
                "Use %s alone, or one of %Y %y, then %m (or %b) and %d, or %j, then as far as names tell it %H, %M, %S "
                f"and %z, such as {_EXAMPLE}.",
            )
        return template

    @property
    def directives(self) -> tuple[str, ...]:
        """The letters of the instant's directives, in the order of the name."""
        return tuple(piece.text for piece in self.pieces if piece.part is Part.TIME)

    @property
    def has_of(self) -> bool:
        """Whether names tell the data set."""
        return any(piece.part is Part.OF for piece in self.pieces)

    @property
    def has_kind(self) -> bool:
        """Whether names tell the kind."""
        return any(piece.part is Part.KIND for piece in self.pieces)

    @property
    def has_instant(self) -> bool:
        """Whether names tell the instant of their data."""
        return bool(self.directives)

    @property
    def has_zone(self) -> bool:
        """Whether the instant carries its zone: ``%s``, ``%z``, or a ``Z`` right after it."""
        if not self.has_instant or {"s", "z"} & {*self.directives}:
            return self.has_instant
        last = max(index for index, piece in enumerate(self.pieces) if piece.part is Part.TIME)
        following = self.pieces[last + 1].text if last + 1 < len(self.pieces) else ""
        return following.startswith("Z") and not following[1:2].isalnum()

    @property
    def in_time_order(self) -> bool:
        """Whether names of one data set and kind sort as their instants do, to within a zone's offset of UTC."""
        return _IN_ORDER.fullmatch("".join(dict.fromkeys(self.directives))) is not None

    @property
    def unit(self) -> int:
        """How finely names tell the instant, in seconds: 1, 60, 3600 or 86400."""
        return next((unit for letters, unit in _UNITS if {*letters} & {*self.directives}), wallclock.DAY)

    def write(self, label: int, *, of: str = "", kind: str = "", pieces: Sequence[Piece] | None = None) -> str:
        """Return the name, or the stretch of it that ``pieces`` are, for a clock that shows ``label`` (in UTC)."""
        moment = datetime.fromtimestamp(label, UTC)
        fields = {Part.OF: of, Part.KIND: kind}
        return "".join(
            _written(piece.text, label, moment) if piece.part is Part.TIME else fields.get(piece.part, piece.text)
            for piece in (self.pieces if pieces is None else pieces)
        )


def _written(letter: str, label: int, moment: datetime) -> str:
    match letter:
        case "b":
            return MONTHS[moment.month - 1]  # strftime's own depends on the locale
        case "s":
            return f"{label:010d}"
        case "z":
            return "Z"
        case _:
            return moment.strftime(f"%{letter}")


def _whole(letters: str) -> bool:
    """Return whether these directives tell one date, and the time of day without a hole."""
    told = frozenset(letters)
    if told == {"s"}:
        return True
    dates = [frozenset(year + days) for year in "Yy" for days in ("md", "bd", "j")]
    times = [frozenset(times) for times in ("", "H", "HM", "HMS", "Hz", "HMz", "HMSz")]
    return told & {*"Yymbdj"} in dates and told - {*"Yymbdj"} in times


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
    instants = 0
    for found in re.finditer(r"\{\{|\}\}|\{[^{}]*\}|[{}]|[^{}]+", text):
        field = found[0]
        if field in {"{{", "}}"}:
            yield Piece(Part.TEXT, field[0])
        elif field in {"{", "}"}:
            raise DrcheckError(
                f"name template {text!r} has a brace without its partner at character {found.start() + 1}",
                "Write {{ or }} for a brace that is part of the name.",
            )
        elif field == "{of}":
            yield Piece(Part.OF)
        elif field == "{kind}":
            yield Piece(Part.KIND)
        elif field.startswith("{data_as_of:"):
            instants += 1
            if instants > 1:
                raise DrcheckError(
                    f"name template {text!r} has {{data_as_of}} twice",
                    "Let one field span both, with the text between them: {data_as_of:%Y/%m/%d/dump-%H%M}.",
                )
            yield from _format(field[len("{data_as_of:") : -1], text)
        elif field.startswith("{"):
            raise DrcheckError(
                f"name template {text!r} has an unknown field {field}",
                f"The fields are {{of}}, {{kind}} and {{data_as_of:FORMAT}}, such as {_EXAMPLE}.",
            )
        else:
            yield Piece(Part.TEXT, field)


def _format(form: str, text: str) -> Iterator[Piece]:
    """Read the format of an instant."""
    form = re.sub("%([FT%])", lambda found: _SHORT[found[1]], form)
    if "%" not in form.replace("%%", ""):
        raise DrcheckError(f"the instant of name template {text!r} has no directive", f"Write it as in {_EXAMPLE}.")
    for found in re.finditer("%(.?)|[^%]+", form, re.DOTALL):
        if found[1] is None:
            yield Piece(Part.TEXT, found[0])
        elif found[1] == "%":
            yield Piece(Part.TEXT, "%")
        elif found[1] in DIRECTIVES:
            yield Piece(Part.TIME, found[1])
        else:
            raise DrcheckError(
                f"name template {text!r} has an unknown directive {found[0]}",
                f"The directives are {' '.join('%' + letter for letter in DIRECTIVES)}, %F, %T and %%.",
            )
