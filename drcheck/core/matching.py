"""Reading names by a template: which data set, kind and instant a name tells.

Every piece of the pattern is bounded and a name has at most :data:`LONGEST_NAME` characters, so that nobody's name
can make it slow; what names of one hour share is looked up once.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from datetime import UTC, date, timedelta, tzinfo
from functools import lru_cache
from typing import Final, NamedTuple

from drcheck.core import wallclock
from drcheck.core.naming import DIRECTIVES, KINDS, MONTHS, Part, Template
from drcheck.errors import DrcheckError

LONGEST_NAME: Final = 4096
"""Characters; no place has longer names (S3 and Azure 1,024, Linux 4,096), so a longer one is nobody's backup."""


class Named(NamedTuple):
    """What a name tells."""

    of: str
    kind: str
    """As :data:`KINDS` has it; empty: not told."""
    data_lo: int | None
    """The earliest instant that the data can be of; None: the name tells no instant."""
    data_hi: int | None
    """The latest: equal where the name tells at least the minute and the clock showed that only once."""


class Matcher:
    """Reads the names of one source."""

    def __init__(self, template: Template, of: Sequence[str], zone: tzinfo) -> None:
        """``of`` are the data sets listed, ``zone`` is that of instants that do not carry theirs.

        Raises :class:`DrcheckError` where names cannot tell several data sets apart.
        """
        if not template.has_of and len(of) != 1:
            raise DrcheckError(
                f"name template {template.text!r} does not tell which of {len(of)} data sets a name is of",
                "Put {of} where the name holds the data set, or give each data set a source of its own.",
            )
        known = "|".join(re.escape(name) for name in sorted(of, key=len, reverse=True))
        self._of = "" if template.has_of else of[0]
        self._known = _pattern(template, known)
        # A data set is at most as long as a file's name may be.
        self._any = _pattern(template, "[^/]{1,255}") if template.has_of else None
        self._listed = frozenset(of)
        self._instant = _instant_reader(self._known, template, UTC if template.has_zone else zone)
        self._has_kind = template.has_kind

    def __call__(self, name: str) -> Named | None:
        """Return what ``name`` tells, or None if it is not the name of a backup of a listed data set.

        An instant that does not exist (31 February, an hour that the zone's clocks skip) is none.
        """
        if len(name) > LONGEST_NAME or (found := self._known.fullmatch(name)) is None:
            return None
        of = self._of or found["of"]
        kind = KINDS[found["kind"]] if self._has_kind else ""
        if self._instant is None:
            return Named(of, kind, None, None)
        span = self._instant(found)
        return None if span is None else Named(of, kind, span[0], span[1])

    def unlisted(self, name: str) -> str:
        """Return the data set that ``name`` tells and that is not listed; empty: none."""
        if self._any is None or len(name) > LONGEST_NAME or (found := self._any.fullmatch(name)) is None:
            return ""
        return "" if found["of"] in self._listed else found["of"]


_Instant = Callable[["re.Match[str]"], tuple[int, int] | None]


def _instant_reader(pattern: re.Pattern[str], template: Template, zone: tzinfo) -> _Instant | None:
    """Return what turns a match into the instants that it can stand for; None: names tell none."""
    letters = frozenset(template.directives)
    if not letters:
        return None
    if "s" in letters:
        return lambda found: (int(found["s"]), int(found["s"]))
    spelled = "".join(letter for letter in "YymbdjH" if letter in letters)
    groups = tuple(pattern.groupindex[letter] for letter in spelled)
    minute, second, offset = (pattern.groupindex.get(letter, 0) for letter in "MSz")

    def instant(found: re.Match[str]) -> tuple[int, int] | None:
        shown = _shown(spelled, found.group(*groups), zone)
        if shown is None:
            return None
        ahead = _offset(found[offset]) if offset else 0
        if not minute:
            return shown.lo - ahead, shown.hi - ahead
        past = 60 * int(found[minute])
        if second:
            past += int(found[second])
        if shown.plain:
            exactly = shown.lo + past - ahead
            return exactly, exactly
        read = wallclock.readings(shown.label + past, zone)
        return (read[0], read[-1]) if read else None

    return instant


@lru_cache(maxsize=1 << 16)
def _shown(letters: str, values: tuple[str, ...], zone: tzinfo) -> wallclock.Shown | None:
    """Return when clocks show the hour (or day) that ``values`` spell, or None for one that no calendar has."""
    told = dict(zip(letters, values, strict=True))
    year = int(told["Y"]) if "Y" in told else 2000 + int(told["y"])
    try:
        if "j" in told:
            day = date(year, 1, 1) + timedelta(days=int(told["j"]) - 1)
            if day.year != year:
                return None
        else:
            month = int(told["m"]) if "m" in told else MONTHS.index(told["b"]) + 1
            day = date(year, month, int(told["d"]))
    except ValueError:
        return None
    if "H" in told:
        return wallclock.hour(wallclock.midnight(day) + wallclock.HOUR * int(told["H"]), zone)
    return wallclock.day(wallclock.midnight(day), zone)


def _offset(text: str) -> int:
    if text == "Z":
        return 0
    digits = text[1:].replace(":", "")
    seconds = 3600 * int(digits[:2]) + 60 * int(digits[2:])
    return -seconds if text[0] == "-" else seconds


def _pattern(template: Template, of: str) -> re.Pattern[str]:
    """Return the template as a pattern whose pieces are bounded, so that no name can make it slow."""
    forms = {Part.OF: of, Part.KIND: "|".join(sorted(KINDS, key=len, reverse=True))}
    seen: set[str] = set()
    written = []
    for piece in template.pieces:
        if piece.part is Part.TEXT:
            written.append(re.escape(piece.text))
            continue
        group = piece.text if piece.part is Part.TIME else piece.part.value
        form = DIRECTIVES[piece.text] if piece.part is Part.TIME else forms[piece.part]
        written.append(f"(?P={group})" if group in seen else f"(?P<{group}>{form})")
        seen.add(group)
    return re.compile("".join(written), re.DOTALL)
