"""How one line of a plain text log tells of a restore test: a template, in the manner of those for names.

Literal text stands for itself, ``{field}`` for what is read, ``{*}`` for one word, ``{**}``, once, for anything. A
field is a word: it holds no white space, and neither the character before it nor the one after it in the template, so
that a line can be read in one way at most. Whoever writes a name into such a log cannot shift the outcome with it.
Every part is bounded, and nothing is tried twice: matching takes linear time.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta, timezone, tzinfo
from itertools import pairwise
from math import ceil
from typing import Final, NamedTuple

from msgspec import Struct

from drcheck.errors import DrcheckError

INSTANTS: Final = ("started_at", "finished_at")
WORDS: Final = ("test", "outcome", "service", "scenario", "validation", "target_site", "of", "source", "took")
LONGEST_WORD: Final = 200
"""Characters of one field."""

_PIECE: Final = re.compile(r"\{(\*\*?|[a-z_]+)(?::([^{}]*))?\}|([^{}]+)|(.)", re.DOTALL)
_RFC3339: Final = (
    r"[0-9]{4}-[0-9]{2}-[0-9]{2}[Tt ][0-9]{2}:[0-9]{2}:[0-9]{2}(?:\.[0-9]{1,9})?(?:[Zz]|[+-][0-9]{2}:[0-9]{2})"
)
_DIRECTIVES: Final = {
    "Y": "[0-9]{4}", "y": "[0-9]{2}", "m": "[0-9]{2}", "d": "[0-9]{2}", "j": "[0-9]{3}", "H": "[0-9]{2}",
    "I": "[0-9]{2}", "M": "[0-9]{2}", "S": "[0-9]{2}", "f": "[0-9]{1,9}", "p": "[AaPp][Mm]", "b": "[A-Za-z]{3}",
    "B": "[A-Za-z]{3,9}", "a": "[A-Za-z]{3}", "A": "[A-Za-z]{6,9}", "z": "(?:[Zz]|[+-][0-9]{2}:?[0-9]{2})",
    "s": "[0-9]{1,11}",
}  # fmt: skip
_SHORT: Final = {"F": "%Y-%m-%d", "T": "%H:%M:%S"}
_MONTHS: Final = ("jan", "feb", "mar", "apr", "may", "jun", "jul", "aug", "sep", "oct", "nov", "dec")
_DAYS: Final = ("mon", "tue", "wed", "thu", "fri", "sat", "sun")
_UNITS: Final = {"s": 1, "m": 60, "h": 3600}
_TOOK: Final = re.compile(r"(?:([0-9]{1,4})h)?(?:([0-9]{1,5})m(?:in)?)?(?:([0-9]{1,7})(?:\.[0-9]{1,9})?s)?")
_CLOCK: Final = re.compile(r"([0-9]{1,4}):([0-5][0-9]):([0-5][0-9])(?:\.[0-9]{1,9})?")
_NUMBER: Final = re.compile(r"([0-9]{1,9})(\.[0-9]{1,9})?")
_CENTURY: Final = 2000


class UnreadableLine(Exception):  # noqa: N818  a line is what it is
    """A line fits the template, and says what cannot be; the message says what, lower case, no full stop."""


class _Piece(NamedTuple):
    name: str
    """``started_at``, ``outcome``, ``*``, …; empty: literal text."""
    text: str
    """The literal text, or the format of the field."""


class LineTemplate(Struct, frozen=True):
    """A template that was read, and is ready to match lines."""

    pieces: tuple[_Piece, ...]
    regex: re.Pattern[str]
    directives: tuple[tuple[str, str, str], ...]
    """Group of the regex, the field it is of, and what it tells of its instant."""

    @classmethod
    def parse(cls, text: str) -> LineTemplate:
        """Read a template; raises :class:`~drcheck.errors.DrcheckError` with what would be right."""
        pieces = tuple(_pieces(text))
        names = [piece.name for piece in pieces if piece.name]
        _refuse(pieces, names)
        parts: list[str] = []
        directives: list[tuple[str, str, str]] = []
        for number, piece in enumerate(pieces):
            before = pieces[number - 1].text[-1:] if number and not pieces[number - 1].name else ""
            after = pieces[number + 1].text[:1] if number + 1 < len(pieces) and not pieces[number + 1].name else ""
            parts.append(_expression(piece, before + after, directives))
        return cls(pieces, re.compile("".join(parts), re.ASCII), tuple(directives))

    @property
    def names(self) -> frozenset[str]:
        """The fields that it tells."""
        return frozenset(piece.name for piece in self.pieces if piece.name)

    @property
    def tells_duration(self) -> bool:
        """Whether a line tells how long the test took."""
        return "took" in self.names or self.names.issuperset(INSTANTS)

    @property
    def needs_zone(self) -> bool:
        """Whether an instant in it carries no zone."""
        formats = [_long(piece.text) for piece in self.pieces if piece.name in INSTANTS and piece.text]
        return any("%z" not in one and "%s" not in one for one in formats)

    def match(self, text: str, zone: tzinfo) -> dict[str, str] | None:
        """Return the fields of a line, instants in RFC 3339; None: it does not fit.

        Of an instant in an hour that ``zone`` has twice a start is taken as the first, and an end as the second, so
        that no test is read as shorter than it was. Raises :class:`UnreadableLine` for a date that does not exist.
        """
        found = self.regex.fullmatch(text)
        if found is None:
            return None
        told = {name: found[name] for name in (*INSTANTS, *WORDS) if name in self.regex.groupindex}
        clocks: dict[str, dict[str, str]] = {}
        for group, name, directive in self.directives:
            known = clocks.setdefault(name, {})
            if known.setdefault(directive, found[group]) != found[group]:
                return None
        for name, clock in clocks.items():
            told[name] = _instant(name, clock, zone)
        return told

    def seconds(self, took: str) -> int:
        """Return a duration in seconds, a fraction counted up; raises :class:`UnreadableLine`."""
        unit = next(piece.text for piece in self.pieces if piece.name == "took")
        if unit:
            if _NUMBER.fullmatch(took) is None:
                raise UnreadableLine(f"took is {took!r}, not a number")
            return ceil(float(took) * _UNITS[unit])
        whole = _CLOCK.fullmatch(took) or (_TOOK.fullmatch(took) if took else None)
        if whole is None:
            raise UnreadableLine(f"took is {took!r}, neither like 1h5m30s nor like 1:05:30")
        hours, minutes, seconds = (int(part or 0) for part in whole.groups())
        return hours * 3600 + minutes * 60 + seconds + ("." in took)


def _pieces(text: str) -> Iterator[_Piece]:
    for found in _PIECE.finditer(text):
        name, form, literal, stray = found.groups()
        if stray:
            raise DrcheckError(f"{stray!r} stands alone in it", "Write fields as {outcome}; braces mean nothing else.")
        yield _Piece("", literal) if literal else _Piece(name, form or "")


def _refuse(pieces: tuple[_Piece, ...], names: list[str]) -> None:
    """Raise the reason why lines cannot be read by these pieces."""
    known = f"It knows {', '.join((*INSTANTS, *WORDS))}, * for a word and, once, ** for anything."
    for piece in pieces:
        if piece.name and piece.name not in {*INSTANTS, *WORDS, "*", "**"}:
            raise DrcheckError(f"it has a field {{{piece.name}}}", known)
        if piece.name == "took" and piece.text and piece.text not in _UNITS:
            raise DrcheckError(f"{{took:{piece.text}}} has no such unit", "Write {took:s}, {took:m} or {took:h}.")
        if piece.text and piece.name and piece.name not in {*INSTANTS, "took"}:
            raise DrcheckError(f"{{{piece.name}}} has no format", known)
        if piece.name in INSTANTS and piece.text:
            _refuse_format(piece)
    words = [name for name in names if name in {*WORDS, "**"} or (name in INSTANTS and _plain(pieces, name))]
    if twice := sorted({name for name in words if words.count(name) > 1}):
        raise DrcheckError(f"{{{twice[0]}}} stands twice in it", "Each field stands once; {*} stands for other words.")
    if "outcome" not in names:
        raise DrcheckError(
            "it has no {outcome}", "A line that can only tell of success hides every failure: add {outcome}."
        )
    if not set(INSTANTS) & set(names):
        raise DrcheckError("it tells no instant", "Add {finished_at:FORMAT} or {started_at:FORMAT}.")
    for before, after in pairwise(pieces):
        if before.name and after.name and not {before.name, after.name} <= set(INSTANTS):
            raise DrcheckError(
                f"{{{before.name}}} and {{{after.name}}} touch", "Put the text between them that the lines have."
            )


def _plain(pieces: tuple[_Piece, ...], name: str) -> bool:
    return any(piece.name == name and not piece.text for piece in pieces)


def _refuse_format(piece: _Piece) -> None:
    form = _long(piece.text)
    letters = set(re.findall(r"%(.)", form))
    cut_off = re.sub(r"%.", "", form).endswith("%")
    if unknown := sorted(letters - {*_DIRECTIVES, "%"}) or cut_off:
        what = f"%{unknown[0]}" if isinstance(unknown, list) else "a % at its end"
        raise DrcheckError(
            f"{{{piece.name}:{piece.text}}} has {what}", f"It knows %F %T %{' %'.join(sorted(_DIRECTIVES))}."
        )
    day = bool(letters & {"Y", "y"}) and (("d" in letters and bool(letters & {"m", "b", "B"})) or "j" in letters)
    time = "H" in letters or {"I", "p"} <= letters
    if "s" not in letters and not (day and time):
        raise DrcheckError(
            f"{{{piece.name}:{piece.text}}} tells no whole instant",
            "Let the lines tell year, month, day and hour, as in %Y-%m-%d %H:%M:%S.",
        )


def _long(form: str) -> str:
    return re.sub(r"%([FT])", lambda found: _SHORT[found[1]], form)


def _expression(piece: _Piece, edges: str, directives: list[tuple[str, str, str]]) -> str:
    """Return the regular expression of one piece; ``edges`` are the characters beside it in the template."""
    if not piece.name:
        return re.escape(piece.text)
    if piece.name == "**":
        return ".*"
    if piece.name in INSTANTS:
        return _clock(piece, directives) if piece.text else f"(?P<{piece.name}>{_RFC3339})"
    word = f"[^\\s{re.escape(edges)}]{{1,{LONGEST_WORD}}}+"
    return word if piece.name == "*" else f"(?P<{piece.name}>{word})"


def _clock(piece: _Piece, directives: list[tuple[str, str, str]]) -> str:
    parts: list[str] = []
    for found in re.finditer(r"%(.)|([^%]+)", _long(piece.text)):
        if found[2] or found[1] == "%":
            parts.append(re.escape(found[2] or "%"))
            continue
        group = f"t{len(directives)}"
        directives.append((group, piece.name, found[1]))
        parts.append(f"(?P<{group}>{_DIRECTIVES[found[1]]})")
    return "".join(parts)


def _instant(name: str, clock: dict[str, str], zone: tzinfo) -> str:
    try:
        when = _datetime(clock, zone)
        if when.tzinfo is zone:
            if name == "finished_at":
                when = when.replace(fold=1)
            # An hour that the zone skips comes back as another one.
            if when.astimezone(UTC).astimezone(zone).replace(tzinfo=None) != when.replace(tzinfo=None):
                raise UnreadableLine(f"{name} lies in an hour that its zone skips")
        written = when.astimezone(UTC).isoformat(timespec="microseconds").replace("+00:00", "Z")
    except (ValueError, OverflowError):
        raise UnreadableLine(f"{name} is no instant that a calendar has") from None
    if any(_DAYS[when.weekday()] != clock[which].lower()[:3] for which in "aA" if which in clock):
        raise UnreadableLine(f"{name} names another day of the week than its date has")
    return written


def _datetime(clock: dict[str, str], zone: tzinfo) -> datetime:
    fraction = int(clock.get("f", "0").ljust(9, "0")) // 1000
    if "s" in clock:
        return datetime.fromtimestamp(int(clock["s"]), UTC) + timedelta(microseconds=fraction)
    year = int(clock["Y"]) if "Y" in clock else _CENTURY + int(clock["y"])
    if "H" in clock:
        hour = int(clock["H"])
    else:
        half = int(clock["I"])
        if not 1 <= half <= 12:  # noqa: PLR2004  the hours of a clock
            raise ValueError(half)
        hour = half % 12 + (12 if clock["p"].lower() == "pm" else 0)
    if "j" in clock:
        day = datetime(year, 1, 1, tzinfo=UTC) + timedelta(days=int(clock["j"]) - 1)
        if day.year != year:
            raise ValueError(day)
        month, of_month = day.month, day.day
    else:
        named = clock.get("b") or clock.get("B")
        month = _MONTHS.index(named.lower()[:3]) + 1 if named else int(clock["m"])
        of_month = int(clock["d"])
    where = _offset(clock["z"]) if "z" in clock else zone
    return datetime(year, month, of_month, hour, int(clock.get("M", "0")), int(clock.get("S", "0")), fraction, where)


def _offset(text: str) -> tzinfo:
    if text in "Zz":
        return UTC
    sign = -1 if text[0] == "-" else 1
    return timezone(sign * timedelta(hours=int(text[1:3]), minutes=int(text[-2:])))
