"""Promises that bind every recovery point: one offender breaches them, and only a complete look can show them met."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from itertools import pairwise
from typing import NamedTuple

from msgspec import Struct

from drcheck.core.evaluation.exposure import cite
from drcheck.core.evaluation.inputs import Subject, Terms
from drcheck.core.history.absence import proved_at_all
from drcheck.core.history.part import Part
from drcheck.core.model.evidence import FOREVER, LONG_AGO, Cited, Fact, FactValue
from drcheck.core.model.points import Points, Row
from drcheck.core.model.status import Status
from drcheck.core.model.verdict import Finding, Piece, Quantity, Window
from drcheck.core.time.spans import Span, Spans, includes, union
from drcheck.core.time.timeline import cut, within

MOST_CITED = 100
"""How many recovery points a finding cites at most; a note tells how many more there are."""


class Bound(NamedTuple):
    """One candidate that a promise binds, for a stretch of time in which nothing about it changes."""

    row: Row
    keeps: bool | None
    """Whether it keeps the promise; None: nobody can tell."""
    surely: Span
    """When the promise surely binds it."""
    maybe: Span
    """When it may."""
    why: str = ""
    """How it keeps the promise, why it does not, or why that cannot be told."""

    @property
    def name(self) -> str:
        """Return what it is called, and where it lies."""
        points, row = self.row
        return f"{points.name[row]} at {points.source}"


class EveryPoint(Struct, frozen=True):
    """The judgement of a promise that binds every candidate of one data set."""

    bound: tuple[Bound, ...]
    breached: Spans
    doubtful: Spans
    seen: Spans
    """When nothing that the promise would bind can have been there unseen."""
    subject: Spans
    """When there surely was something that keeps it: a promise of every one, over none, is unknown."""

    @classmethod
    def of(cls, bound: Sequence[Bound], seen: Spans, subject: Spans) -> EveryPoint:
        """Lay what ``bound`` says of each candidate over each other."""
        return cls(
            tuple(bound),
            union(one.surely for one in bound if one.keeps is False),
            union(one.maybe for one in bound if not one.keeps),
            seen,
            subject,
        )

    def status_at(self, t: int) -> Status:
        """Return the status right after ``t``."""
        if includes(self.breached, t):
            return Status.BREACHED
        if includes(self.doubtful, t) or not includes(self.seen, t):
            return Status.UNKNOWN
        return Status.MET if includes(self.subject, t) else Status.UNKNOWN

    def at(self, t: int) -> list[Bound]:
        """Return what the promise may bind right after ``t``, each candidate once, those that do not keep it first."""
        rank = {False: 0, None: 1, True: 2}
        there = [one for one in self.bound if one.maybe.includes(t)]
        there.sort(key=lambda one: (not one.surely.includes(t), rank[one.keeps]))
        once: dict[tuple[str, int], Bound] = {}
        for one in there:
            once.setdefault((one.row[0].source, one.row[1]), one)
        return sorted(once.values(), key=lambda one: (rank[one.keeps], -one.row[0].data_lo[one.row[1]], one.name))

    def finding(
        self,
        of: str,
        unit: str,
        said: Mapping[bool | None, str],
        terms: Terms,
        window: Window,
        reason_at: Callable[[int], str],
    ) -> Finding:
        """Return the judgement over ``window``: how many, in ``unit``, keep the promise of those that it binds.

        ``said`` has the words for one that keeps it, does not, or of which nobody can tell.
        """
        last = window.end - 1
        there = self.at(last)
        keeping = sum(one.keeps is True for one in there)
        return Finding(
            of=of,
            pieces=self.pieces(terms, window, reason_at),
            reason=terms.before_effect(last) or reason_at(last),
            objective=Quantity(len(there), unit),
            measured=Quantity(keeping, unit),
            headroom=Quantity(keeping - len(there), unit),
            evidence=_cited(there, said),
            notes=(f"{len(there) - MOST_CITED} more of {of}, all older, are not listed",) if there[MOST_CITED:] else (),
        )

    def pieces(self, terms: Terms, window: Window, reason_at: Callable[[int], str]) -> tuple[Piece, ...]:
        """Return the window in pieces of one status; ``reason_at`` is asked only where something is owed."""

        def status_at(t: int) -> Status | None:
            return None if terms.before_effect(t) else self.status_at(t)

        return within(
            terms.binds, cut(window, self._changes(terms), status_at, lambda t: terms.before_effect(t) or reason_at(t))
        )

    def _changes(self, terms: Terms) -> Iterator[int]:
        for spans in (self.breached, self.doubtful, self.seen, self.subject):
            for span in spans:
                yield from span
        if terms.effective is not None:
            yield terms.effective


def all_seen(subject: Subject) -> Spans:
    """Return when everything that stood, however old, has been seen at every source."""
    return proved_at_all(part.absence.stood(LONG_AGO) for part in subject.parts)


def states(points: Points, row: int, asked: Sequence[Fact]) -> Iterator[tuple[Span, dict[Fact, FactValue]]]:
    """Yield what was known of a candidate's facts, stretch by stretch, over all of time.

    The first answer holds from the beginning on, a later one from the look that told it; what was never asked is
    missing.
    """
    steps = {fact: points.facts[row, fact] for fact in asked if points.facts.get((row, fact))}
    bounds = sorted({look for told in steps.values() for look, _ in told[1:]})
    for start, end in pairwise([LONG_AGO, *bounds, FOREVER]):
        yield (
            Span(start, end),
            {
                fact: [one for n, (look, one) in enumerate(told) if n == 0 or look <= start][-1]
                for fact, told in steps.items()
            },
        )


def why_untold(part: Part, fact: Fact, told: FactValue | None) -> str:
    """Return why a fact is not known."""
    if told is not None and told.how:
        return told.how
    return part.unasked.get(fact) or "nobody has asked yet"


def _cited(bound: Sequence[Bound], said: Mapping[bool | None, str]) -> tuple[Cited, ...]:
    """Return the first of ``bound`` as reports show them, each with what is known of it."""
    return tuple(
        cite(one.row)._replace(told=said[one.keeps] + (f" ({one.why})" if one.why else ""))
        for one in bound[:MOST_CITED]
    )
