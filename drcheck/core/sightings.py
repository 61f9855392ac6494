"""One content under one name, for as long as it stood; and many of them as the columns that evaluators judge."""

from __future__ import annotations

from array import array
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, field, replace

from drcheck.core.counting import reasons_not_to_count
from drcheck.core.evidence import FOREVER, LONG_AGO, Candidate, Fact, Points, Told
from drcheck.core.policy import Source


@dataclass(slots=True)
class Sighting:
    """One content under one name, for as long as it stood."""

    shown: Candidate
    """As the newest look showed it."""
    data_lo: int
    data_hi: int
    available_lo: int
    available_hi: int
    first_seen: int
    last_seen: int
    """The newest look that is known to have shown it, beside the complete looks that would have missed it."""
    gone_lo: int = FOREVER
    gone_hi: int = FOREVER
    replaced_by: Sighting | None = None
    """What overwrote it."""
    in_a_row: bool = False
    """Whether two complete looks in a row showed it, and what overwrote it."""
    rewritings: list[Sighting] = field(default_factory=list)
    """Its content as it was written each time, where the place showed a new time for the same content."""
    facts: dict[Fact, list[tuple[int, Told]]] = field(default_factory=dict)
    """What was told of it, each with the look that first told so, oldest first."""

    @property
    def newest_data(self) -> int:
        """The newest instant that its data may be of: data is never newer than its arrival."""
        return min(self.data_hi, max(self.data_lo, self.available_hi))

    @property
    def is_rotten(self) -> bool:
        """Whether its content did not have its checksum when that was last verified."""
        told = self.told(Fact.CHECKSUM)
        return told is not None and told.holds is False

    def told(self, fact: Fact) -> Told | None:
        """Return the newest answer about a fact; None: it was never asked."""
        steps = self.facts.get(fact)
        return steps[-1][1] if steps else None

    def rewritten_as(self, again: Sighting, last_shown: int, *, in_a_row: bool) -> None:
        """Note that the same content was written once more; when each writing of it stood is kept apart."""
        if not self.rewritings:
            self.rewritings.append(replace(self, rewritings=[], facts={}))
        self.rewritings[-1].replaced(again, last_shown, in_a_row=in_a_row)
        self.rewritings.append(again)

    def replaced(self, by: Sighting, last_shown: int, *, in_a_row: bool) -> None:
        """End it with what overwrote it; what a look showed stands for the second in which the look began."""
        self.gone_lo = last_shown + 1
        self.gone_hi = max(self.gone_lo, by.available_hi)
        self.replaced_by, self.in_a_row = by, in_a_row

    def writings(self) -> Iterator[Sighting]:
        """Yield one sighting for each time that this content was written."""
        if not self.rewritings:
            yield self
            return
        *before, last = self.rewritings
        for one in before:
            yield replace(one, facts=self.facts)
        yield replace(
            last,
            gone_lo=self.gone_lo,
            gone_hi=self.gone_hi,
            last_seen=self.last_seen,
            replaced_by=self.replaced_by,
            in_a_row=self.in_a_row,
            facts=self.facts,
        )


def same_content(known: Candidate, shown: Candidate) -> bool:
    """Return whether the same name still holds the same content, as far as the place can tell."""
    if known.checksum and shown.checksum:
        return known.checksum == shown.checksum
    return known.size == shown.size


def columns(
    source: Source,
    of: str,
    sightings: Iterable[Sighting],
    unseen_from: Callable[[Sighting], int],
    *,
    clock_tolerance: int,
) -> Points:
    """Return the sightings of one data set as columns, each with the reason if it does not count.

    ``unseen_from`` says from when nobody knows whether what was never missed still stands.
    """
    if source.identical_dumps:
        # Each writing of the same content is a recovery point of its own: the data did not change.
        sightings = [one for seen in sightings for one in seen.writings()]
    rows = sorted(sightings, key=lambda seen: (seen.data_lo, seen.shown.name, seen.first_seen))
    points = Points(
        source=source.name,
        of=of,
        name=tuple(seen.shown.name for seen in rows),
        kind=tuple(seen.shown.kind for seen in rows),
        data_lo=array("q", (seen.data_lo for seen in rows)),
        data_hi=array("q", (seen.newest_data for seen in rows)),
        available_lo=array("q", (seen.available_lo for seen in rows)),
        available_hi=array("q", (seen.available_hi for seen in rows)),
        gone_lo=array("q", (max(_unseen_from(seen, unseen_from), seen.available_lo) for seen in rows)),
        gone_hi=array("q", (seen.gone_hi for seen in rows)),
        size=array("q", (seen.shown.size for seen in rows)),
        checksum=tuple(seen.shown.checksum for seen in rows),
        facts={(row, fact): steps for row, seen in enumerate(rows) for fact, steps in seen.facts.items()},
        held_until={
            row: min(seen.replaced_by.data_lo, seen.gone_hi)
            for row, seen in enumerate(rows)
            if seen.in_a_row and seen.replaced_by is not None
        },
    )
    complete = [seen.shown.complete for seen in rows]
    first_seen = [seen.first_seen for seen in rows]
    reasons = reasons_not_to_count(source, points, complete, first_seen, clock_tolerance=clock_tolerance)
    _bridge(rows, points, reasons)
    return replace(points, why_not=reasons)


def _unseen_from(seen: Sighting, unseen_from: Callable[[Sighting], int]) -> int:
    return seen.gone_lo if seen.gone_lo < FOREVER else unseen_from(seen)


def _bridge(rows: Sequence[Sighting], points: Points, reasons: dict[int, str]) -> None:
    """Let a point stand until another writing of the same instant that counts has surely replaced it."""
    row_of = {id(seen): row for row, seen in enumerate(rows)}
    for row, seen in enumerate(rows):
        after = LONG_AGO if seen.replaced_by is None else row_of.get(id(seen.replaced_by), LONG_AGO)
        if after == LONG_AGO or not seen.in_a_row or after in reasons:
            continue
        ones, others = seen.shown, rows[after].shown
        if (ones.data_lo, ones.data_hi) == (others.data_lo, others.data_hi):
            points.gone_lo[row] = points.gone_hi[row] = points.available_hi[after]
