"""Which stretches of a listing to ask for, so that a place gives what the question needs and little else."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from typing import Final, NamedTuple

from drcheck.core.naming import KINDS, Part, Piece, Template
from drcheck.core.wallclock import DAY
from drcheck.interfaces import Seek

EARLIEST: Final = -2_208_988_800
"""1900-01-01: names tell no earlier year."""
YEAR_2000: Final = 946_684_800
AHEAD: Final = 7 * DAY
"""How far into the future is looked where only prefixes narrow a listing: clocks go wrong, and it costs little."""
MOST_PREFIXES: Final = 12
"""Of one data set; a place that gives 5,000 names at a time lists it whole in fewer requests than that."""


class Stretch(NamedTuple):
    """One listing: the names that begin with ``prefix`` and sort after ``after``."""

    prefix: str
    after: str
    of: tuple[str, ...]
    """The data sets whose names lie in it."""


def everything(template: Template, of: tuple[str, ...]) -> list[Stretch]:
    """Return the listing of all data sets together, so that those nobody listed are seen too."""
    return [Stretch(template.write(0, pieces=_until(template, {Part.OF, Part.KIND, Part.TIME})), "", of)]


def whole(template: Template, of: tuple[str, ...]) -> Stretch:
    """Return the listing of all names of ``of``, the data sets of one stretch."""
    return Stretch(template.write(0, of=of[0], pieces=_until(template, {Part.KIND, Part.TIME})), "", of)


def since(
    template: Template, of: tuple[str, ...], *, instant: int, until: int, in_utc: bool, seek: Seek
) -> list[Stretch]:
    """Return the listings that hold every name whose data can be of ``instant`` or later.

    They may hold more. ``until`` is the instant of the look, ``in_utc`` whether names tell the instant in UTC.
    Where the template or the place allows no narrower listing, that of everything is returned.
    """
    # A zone's clocks show at most a day less than those of UTC, and a name tells the unit that holds its instant.
    label = instant - template.unit - (0 if in_utc else DAY)
    if seek is Seek.NONE or not template.in_time_order or label < EARLIEST:
        return everything(template, of)
    if seek is Seek.AFTER:
        return [_after(template, label, *head) for head in _heads(template, of)]
    stretches = [
        Stretch(prefix, "", sets)
        for _, name, kind, sets in _heads(template, of)
        for prefix in _periods(template, name, kind, label, until + AHEAD + (0 if in_utc else DAY))
    ]
    few = len(stretches) <= MOST_PREFIXES * len({stretch.of for stretch in stretches})
    return stretches if few else everything(template, of)


def _heads(template: Template, of: tuple[str, ...]) -> Iterator[tuple[Sequence[Piece], str, str, tuple[str, ...]]]:
    """Yield what stands before the instant, once for each data set and kind that stands there too."""
    head = _until(template, {Part.TIME})
    parts = {piece.part for piece in head}
    for name in of if Part.OF in parts else of[:1]:
        for kind in KINDS if Part.KIND in parts else ("",):
            yield head, name, kind, (name,) if Part.OF in parts else of


def _after(template: Template, label: int, head: Sequence[Piece], of: str, kind: str, sets: tuple[str, ...]) -> Stretch:
    prefix = template.write(label, of=of, kind=kind, pieces=head)
    after = template.write(label, of=of, kind=kind, pieces=_cut(template))
    if template.directives[0] == "Y" and label >= YEAR_2000:
        # Names end with the century: so "a-20" does not list all of the data set "a-b".
        prefix = after[: len(prefix) + 2]
    return Stretch(prefix, after, sets)


def _cut(template: Template) -> list[Piece]:
    """Return the pieces up to the end of the instant: what names before the window begin with."""
    last = max(index for index, piece in enumerate(template.pieces) if piece.part is Part.TIME)
    # SeaweedFS skips a directory that `start-after` names without its trailing slash.
    slash = last + 1 < len(template.pieces) and template.pieces[last + 1].text.startswith("/")
    return [*template.pieces[: last + 1], *([Piece(Part.TEXT, "/")] if slash else [])]


def _periods(template: Template, of: str, kind: str, label: int, last: int) -> Iterable[str]:
    """Return the prefixes of the months (or years, or 11 days of epoch seconds) from ``label`` to ``last``."""
    letters = template.directives
    period = "m" if "m" in letters else letters[0]
    end = next(index for index, piece in enumerate(template.pieces) if piece == Piece(Part.TIME, period))
    pieces = template.pieces[: end + 1]
    written = (template.write(day, of=of, kind=kind, pieces=pieces) for day in (*range(label, last, DAY), last))
    return dict.fromkeys(text[:-6] if period == "s" else text for text in written)


def _until(template: Template, stops: set[Part]) -> list[Piece]:
    """Return the pieces before the first one that is one of ``stops``."""
    pieces = template.pieces
    return list(pieces[: next((index for index, piece in enumerate(pieces) if piece.part in stops), len(pieces))])
