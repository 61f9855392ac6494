"""Which stretches of a listing to ask for, so that a place gives what the question needs and little else."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from itertools import product
from typing import Final, NamedTuple

from drcheck.core.names.template import KINDS, Part, Piece, Template
from drcheck.core.time.wallclock import DAY
from drcheck.interfaces import Seek

EARLIEST: Final = -2_208_988_800
"""1900-01-01: names tell no earlier year."""
YEAR_2000: Final = 946_684_800
AHEAD: Final = 7 * DAY
"""How far into the future is looked where only prefixes narrow a listing: clocks go wrong, and it costs little."""
MOST_PREFIXES: Final = 12
"""Of one data set; a place that gives 5,000 names at a time lists it whole in fewer requests than that."""


class ListingRange(NamedTuple):
    """One listing: the names that begin with ``prefix`` and sort after ``after``."""

    prefix: str
    after: str
    of: tuple[str, ...]
    """The data sets whose names lie in it."""


def everything(templates: Sequence[Template], of: tuple[str, ...]) -> list[ListingRange]:
    """Return the listings of all data sets together, so that those nobody listed are seen too."""
    return _without_doubles(
        ListingRange(template.write(0, pieces=_until(template, {Part.OF, Part.KIND, Part.TIME})), "", of)
        for template in templates
    )


def ranges_of_all(templates: Sequence[Template], of: tuple[str, ...]) -> list[ListingRange]:
    """Return the listings of all names of ``of``, the data sets of one stretch."""
    return _without_doubles(
        ListingRange(template.write(0, of=name, pieces=_until(template, {Part.KIND, Part.TIME})), "", of)
        for template in templates
        for name in (of if Part.OF in {piece.part for piece in _until(template, {Part.TIME})} else of[:1])
    )


def ranges_since(
    templates: Sequence[Template],
    of: tuple[str, ...],
    *,
    kinds: Iterable[str] = (),
    instant: int,
    until: int,
    in_utc: bool,
    seek: Seek,
) -> list[ListingRange]:
    """Return the listings that hold every name whose data can be of ``instant`` or later.

    They may hold more. ``kinds`` are the source's own labels, ``until`` is the instant of the look, ``in_utc`` whether
    names tell the instant in UTC. Where a template or the place allows no narrower listing, that of everything is
    returned.
    """
    found: list[ListingRange] = []
    apart = all(Part.OF in {piece.part for piece in _until(template, {Part.TIME})} for template in templates)
    for template in templates:
        # A zone's clocks show at most a day less than those of UTC, and a name tells the unit that holds its instant.
        label = instant - template.unit - (0 if in_utc else DAY)
        if seek is Seek.NONE or not template.in_time_order or label < EARLIEST:
            found += everything([template], of)
            continue
        heads = list(_heads(template, of, tuple(dict.fromkeys((*KINDS, *kinds))), apart=apart))
        if seek is Seek.AFTER:
            found += [_after(template, label, head) for head in heads]
            continue
        stretches = [
            ListingRange(prefix, "", head.of)
            for head in heads
            for labels in head.labels
            for prefix in _periods(template, labels, label, until + AHEAD + (0 if in_utc else DAY))
        ]
        few = len(stretches) <= MOST_PREFIXES * len({labels.of for head in heads for labels in head.labels})
        found += stretches if few else everything([template], of)
    return _without_doubles(found)


def _without_doubles(stretches: Iterable[ListingRange]) -> list[ListingRange]:
    """Leave out what another stretch holds as well."""
    kept: list[ListingRange] = []
    # A prefix sorts before all that begin with it, and of equal ones the earliest beginning comes first.
    for stretch in sorted(stretches, key=lambda stretch: (stretch.prefix, stretch.after)):
        if not any(stretch.prefix.startswith(other.prefix) and other.after <= stretch.after for other in kept):
            kept.append(stretch)
    return kept


class _Labels(NamedTuple):
    """What a name may hold beside its instant."""

    of: str
    kind: str


class _Head(NamedTuple):
    """What names begin with before their first directive."""

    pieces: Sequence[Piece]
    labels: Sequence[_Labels]
    """Those that names beginning so may hold up to the last directive that orders them: at least one."""
    of: tuple[str, ...]
    """The data sets whose names begin so."""


def _heads(template: Template, of: tuple[str, ...], kinds: tuple[str, ...], *, apart: bool) -> Iterator[_Head]:
    """Yield what stands before the instant, once for each data set and kind that stands there too.

    ``apart``: each listing is of one data set.
    """
    head = _until(template, {Part.TIME})
    before, leading = {piece.part for piece in head}, {piece.part for piece in template.leading}
    for name in of if Part.OF in before else of[:1]:
        names = of if Part.OF in leading - before else (name,)
        for kind in kinds if Part.KIND in before else ("",):
            its = kinds if Part.KIND in leading - before else (kind,)
            yield _Head(head, [_Labels(*both) for both in product(names, its)], (name,) if apart else of)


def _after(template: Template, label: int, head: _Head) -> ListingRange:
    prefix = template.write(label, of=head.labels[0].of, kind=head.labels[0].kind, pieces=head.pieces)
    # Names are in order among those of one data set and kind, wherever these stand in them.
    after = min(template.write(label, of=of, kind=kind, pieces=_cut(template)) for of, kind in head.labels)
    if template.directives[0] == "Y" and label >= YEAR_2000:
        # Names end with the century: so "a-20" does not list all of the data set "a-b".
        prefix = after[: len(prefix) + 2]
    return ListingRange(prefix, after, head.of)


def _cut(template: Template) -> list[Piece]:
    """Return the pieces up to the end of what orders names: what names before the window begin with."""
    leading = template.leading
    following = template.pieces[len(leading) : len(leading) + 1]
    # SeaweedFS skips a directory that `start-after` names without its trailing slash.
    slash = bool(following) and following[0].part is Part.TEXT and following[0].text.startswith("/")
    return [*leading, *([Piece(Part.TEXT, "/")] if slash else [])]


def _periods(template: Template, labels: _Labels, label: int, last: int) -> Iterable[str]:
    """Return the prefixes of the months (or years, or 11 days of epoch seconds) from ``label`` to ``last``."""
    letters = [piece.text for piece in template.leading if piece.part is Part.TIME]
    period = "m" if "m" in letters else letters[0]
    end = next(index for index, piece in enumerate(template.pieces) if piece == Piece(Part.TIME, period))
    pieces = template.pieces[: end + 1]
    written = (
        template.write(day, of=labels.of, kind=labels.kind, pieces=pieces) for day in (*range(label, last, DAY), last)
    )
    return dict.fromkeys(text[:-6] if period == "s" else text for text in written)


def _until(template: Template, stops: set[Part]) -> list[Piece]:
    """Return the pieces before the first one that is one of ``stops``, or that no listing can name."""
    pieces, stops = template.pieces, stops | {Part.OTHER, Part.SINCE, Part.PART, Part.PARTS, Part.ANY}
    return list(pieces[: next((index for index, piece in enumerate(pieces) if piece.part in stops), len(pieces))])
