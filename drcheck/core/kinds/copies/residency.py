"""Where every copy lies, whether it counts or not: the place of a copy is that of its source."""

from __future__ import annotations

from collections.abc import Mapping
from functools import partial

from drcheck.core import words
from drcheck.core.evaluation import why_unknown
from drcheck.core.evaluation.every_point import Bound, EveryPoint
from drcheck.core.evaluation.inputs import Subject, Terms
from drcheck.core.model.evidence import FOREVER, LONG_AGO
from drcheck.core.model.sites import Place, Where
from drcheck.core.model.status import Status
from drcheck.core.model.verdict import Finding, Window
from drcheck.core.time.spans import Span, Spans, includes, intersection, union

_SAID: Mapping[bool | None, str] = {
    True: "lies where it must",
    False: "lies elsewhere",
    None: "not known to lie where it must",
}


def all_in(where: Where, subject: Subject, terms: Terms, window: Window) -> Finding:
    """Judge where copies lie, whether they count or not: the place is that of their source."""
    bound: list[Bound] = []
    seen: Spans = (Span(LONG_AGO, FOREVER),)
    for part in subject.parts:
        points, place = part.points, terms.places.get(part.points.source, Place())
        fits = where.fits(place)
        if not fits:
            seen = intersection(seen, part.absence.stood(LONG_AGO))
        why = f"site {place.site}" if place.site else ""
        bound += (
            Bound(
                (points, row),
                fits,
                Span(points.available_hi[row], points.gone_lo[row]),
                Span(points.available_lo[row], points.gone_hi[row]),
                why,
            )
            for row in range(len(points))
        )
    every = EveryPoint.of(bound, seen, union(one.surely for one in bound if one.keeps))
    return every.finding(subject.of, "copies", _SAID, terms, window, partial(_why, where, every, subject, terms))


def _why(where: Where, every: EveryPoint, subject: Subject, terms: Terms, t: int) -> str:
    status, there, of = every.status_at(t), every.at(t), subject.of
    if status is Status.MET:
        return f"every copy of {of} lies in {in_words(where)}"
    wrong = [one for one in there if not one.keeps]
    if wrong:
        source = wrong[0].row[0].source
        place = terms.places.get(source, Place())
        site = f"site {place.site}" if place.site else "no site"
        count = f"{len(wrong)} of {words.counted(len(there), 'copy', 'copies')} of {of}"
        if wrong[0].keeps is None:
            settle = "the keys of that site" if place.site else f"`site` on {source}"
            return f"whether {count} lie in {in_words(where)} is not known: {source} has {site}; {settle} would tell"
        if status is Status.BREACHED:
            return f"{count} not in {in_words(where)}: {wrong[0].name}, {site}"
        return f"{wrong[0].name} does not lie in {in_words(where)}: {why_unknown.uncertain(*wrong[0].row, t)}"
    if not includes(every.seen, t):
        unfit = [part for part in subject.parts if not where.fits(terms.places.get(part.points.source, Place()))]
        return why_unknown.unproved(unfit, t, f"nothing of {of} lay outside {in_words(where)}")
    if there:
        return why_unknown.uncertain(*there[0].row, t)
    sources = words.several([part.points.source for part in subject.parts]) or "any source"
    return f"there is nothing of {of} that could lie in {in_words(where)}: no copy stands at {sources}"


def in_words(where: Where) -> str:
    """Return a choice of places in words: ``area europe``."""
    told = (
        ("site", where.site),
        ("region", where.region),
        ("provider", where.provider),
        ("account", where.account),
        ("area", where.area),
    )
    return " and ".join(f"{key} {' or '.join(sorted(values))}" for key, values in told if values)
