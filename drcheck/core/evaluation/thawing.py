"""Copies in archive tiers beside a recovery time objective: what takes longer to thaw cannot be back in time.

A test that passed tells how long a restore took on its day. Where every copy that survives the scenario has since moved
to a tier whose ordinary retrieval takes longer than the objective, nobody can rely on that time any more.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import NamedTuple

from drcheck.core import words
from drcheck.core.evaluation.every_point import states
from drcheck.core.evaluation.exposure import cite
from drcheck.core.evaluation.inputs import Subject, Terms
from drcheck.core.evaluation.newest import Newest, sweep
from drcheck.core.model import archive_tiers
from drcheck.core.model.evidence import Cited, Fact, FactValue
from drcheck.core.model.points import Points, Row
from drcheck.core.rules.dependence import DEPENDENT
from drcheck.core.time.spans import Spans, difference, includes, intersection, union


class _Lying(NamedTuple):
    """A copy for a stretch of time in which it lay in one tier."""

    row: Row
    slow: bool
    """Whether it lies, or may lie, in a tier that takes longer to thaw than the objective."""
    surely: Spans
    """When it surely was there, counted, and survives the scenario."""
    maybe: Spans


class Thawing(NamedTuple):
    """One data set: when it could, or perhaps could, only be recovered from copies that must be thawed first."""

    of: str
    at_most: int
    """The objective, in seconds."""
    matching: int
    """Data this close, in seconds, is that of copies of one recovery point."""
    lying: tuple[_Lying, ...]
    cold: Spans
    """When something lay in a slow tier, and nothing was surely at hand."""
    maybe_at_hand: Spans
    newest_slow: Newest

    @classmethod
    def of_set(cls, subject: Subject, at_most: int, terms: Terms) -> Thawing:
        """Judge one data set; ``subject`` holds every source of the policy that survives the scenario, or may."""
        archived = any(fact is Fact.ARCHIVED for part in subject.parts for _, fact in part.points.facts)
        lying = tuple(_lying(subject, at_most, terms)) if archived else ()
        slow = [one for one in lying if one.slow]
        # What builds on others is at hand only where the full is, which then is at hand itself.
        whole = [one for one in lying if not one.slow and one.row[0].kind[one.row[1]] not in DEPENDENT]
        at_hand = union(span for one in whole for span in one.surely)
        arrivals = [
            (span.start, -one.row[0].data_hi[one.row[1]], span.end, one.row) for one in slow for span in one.maybe
        ]
        return cls(
            subject.of,
            at_most,
            terms.matching,
            lying,
            difference(union(span for one in slow for span in one.maybe), at_hand),
            union(span for one in whole for span in one.maybe),
            sweep(sorted(arrivals, key=lambda arrival: arrival[:3])),
        )

    def why(self, t: int) -> str:
        """Return why a recovery right after ``t`` may not be in time; empty: a copy surely is at hand."""
        row = self.newest_slow.at(t) if includes(self.cold, t) else None
        if row is None:
            return ""
        told = _told(row, t)
        only = (
            f"whether a copy of {self.of} that can be read at once is there is not known"
            if includes(self.maybe_at_hand, t)
            else f"no copy of {self.of} that survives can be read at once"
        )
        return f"{only}: {_where(row, told)}; the objective is {words.duration(self.at_most)}"

    def note(self, t: int) -> str:
        """Return what is worth knowing right after ``t`` where older data is at hand, and the newest is not."""
        if includes(self.cold, t) or (row := self.newest_slow.at(t)) is None:
            return ""
        points, index = row
        newest = points.data_hi[index]
        at_hand = max(
            (
                one.row[0].data_hi[one.row[1]]
                for one in self.lying
                if not one.slow and any(span.includes(t) for span in one.maybe)
            ),
            default=newest,
        )
        if at_hand + self.matching >= newest:
            return ""
        return (
            f"the newest copy of {self.of} takes longer to read than {words.duration(self.at_most)}: "
            f"{_where(row, _told(row, t))}; the newest that can be read at once holds data of {words.instant(at_hand)}"
        )

    def cited(self, t: int) -> Iterator[Cited]:
        """Yield the newest copy in a slow tier, where something hangs on it right after ``t``."""
        row = self.newest_slow.at(t)
        if row is not None and (self.why(t) or self.note(t)):
            yield cite(row)._replace(told=f"in {archive_tiers.tier_named(_told(row, t).how).title}")

    @property
    def bounds(self) -> Iterator[int]:
        """Every instant at which the answer of :meth:`why` may change."""
        return (bound for span in self.cold for bound in span)


def _lying(subject: Subject, at_most: int, terms: Terms) -> Iterator[_Lying]:
    """Yield each copy for each stretch of time in which nothing is known to have moved it."""
    for part in subject.parts:
        points = part.points
        stays = not terms.lost_sites or bool(terms.site_of.get(points.source))
        for row in points.counted():
            surely = points.there(row, surely=True, until_gone=True) if stays else ()
            maybe = points.there(row, surely=False, until_gone=True)
            for span, known in states(points, row, (Fact.ARCHIVED,)):
                yield _Lying(
                    (points, row),
                    _is_slow(known.get(Fact.ARCHIVED), at_most),
                    intersection(surely, (span,)),
                    intersection(maybe, (span,)),
                )


def _is_slow(told: FactValue | None, at_most: int) -> bool:
    """Return whether a copy lies, or may lie, where thawing alone takes longer than the objective.

    Places without tiers say nothing of them: what lies there is read at once.
    """
    return told is not None and told.holds is not False and archive_tiers.tier_named(told.how).thaw > at_most


def _told(row: Row, t: int) -> FactValue:
    """Return what was known at ``t`` of the tier that a copy, of which something was, lies in."""
    points, index = row
    steps: Sequence[tuple[int, FactValue]] = points.facts[index, Fact.ARCHIVED]
    return [told for number, (look, told) in enumerate(steps) if number == 0 or look <= t][-1]


def _where(row: Row, told: FactValue) -> str:
    points, index = row
    tier = archive_tiers.tier_named(told.how)
    lies = "lies" if told.holds else "may lie"
    name = _name(points, index)
    return f"{name} {lies} in {tier.title}, where a retrieval takes up to {words.duration(tier.thaw)} ({tier.page})"


def _name(points: Points, row: int) -> str:
    return f"{points.name[row]} at {points.source}"
