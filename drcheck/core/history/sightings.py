"""One content under one name, for as long as it stood."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping, Sequence
from collections.abc import Set as AbstractSet
from types import MappingProxyType
from typing import Final

from msgspec import Struct, field
from msgspec.structs import replace

from drcheck.core.history.likeness import Content, Likeness
from drcheck.core.model.evidence import FOREVER, LONG_AGO, Candidate, Fact, FactValue

CONTENTS: Final = frozenset({Fact.DIGEST, Fact.PIECES})
"""The facts that tell contents from each other."""
_NOTHING: Final[Mapping[Fact, list[tuple[int, FactValue]]]] = MappingProxyType({})
"""Nobody told anything: thousands of backups share it."""
STRETCH: Final = 32 * 86400
"""Seconds of data in one stretch of :mod:`drcheck.core.history.sealed_stretches`."""


class Sighting(Struct):
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
    rewritings: Sequence[Sighting] = ()
    """Its content as it was written each time, where the place showed a new time for what is alike."""
    like: Likeness = Likeness.SAME
    """Of one of several writings, how it is like the one before."""
    formed: int = LONG_AGO
    """Of what was not always whole, or consists of several files, the look that first showed it as it is."""
    whole: bool = False
    """Whether it was found whole: what came to it since renews nothing."""
    lost_from: int = FOREVER
    """From when on files of it, once found whole, may have been missing."""
    facts: Mapping[Fact, list[tuple[int, FactValue]]] = field(default_factory=lambda: _NOTHING)
    """What was told of it, each with the look that first told so, oldest first."""

    @property
    def stretch(self) -> int:
        """The stretch of time that it is put into; a later look never changes it."""
        first = self.rewritings[0] if self.rewritings else self
        return stretch_of(first.shown.data_lo)

    @property
    def newest_data(self) -> int:
        """The newest instant that its data may be of: data is never newer than its arrival."""
        return min(self.data_hi, max(self.data_lo, self.available_hi))

    @property
    def oldest(self) -> int:
        """The oldest instant of its data, of its arrival or of a look that showed it."""
        oldest = min(self.data_lo, self.shown.data_lo, self.available_lo, self.first_seen)
        return min((oldest, *(one.oldest for one in self.rewritings))) if self.rewritings else oldest

    def is_whole(self, last_shown: int) -> bool:
        """Return whether no more of its files were expected: two looks found it alike, or its newest file was old."""
        pieces = self.shown.pieces
        return self.whole or pieces is None or not pieces.young or last_shown > self.formed

    @property
    def is_rotten(self) -> bool:
        """Whether its content did not have its checksum when that was last verified."""
        told = self.told(Fact.CHECKSUM)
        return told is not None and told.holds is False

    @property
    def content(self) -> Content:
        """What is known of its bytes."""
        digest, pieces = self.told(Fact.DIGEST), self.told(Fact.PIECES)
        checksum = self.shown.checksum or (digest.how if digest is not None and digest.holds else "")
        return Content(self.shown.size, checksum, pieces.how if pieces is not None and pieces.holds else "")

    def marks(self) -> tuple[str, ...]:
        """Return what another name with the same content has as well; what is empty is like nothing."""
        if self.facts:
            return tuple(self.content.marks())
        return (self.shown.checksum,) if self.shown.checksum and self.shown.size else ()

    def every_mark(self) -> Collection[str]:
        """Return :meth:`marks` of its content as it is, and as it was each time that it was written."""
        if not self.rewritings:
            return self.marks()
        return {*self.marks(), *(mark for one in self.rewritings for mark in one.marks())}

    def told(self, fact: Fact) -> FactValue | None:
        """Return the newest answer about a fact; None: it was never asked."""
        steps = self.facts.get(fact)
        return steps[-1][1] if steps else None

    def steps_of(self, fact: Fact) -> list[tuple[int, FactValue]]:
        """Return what was told of a fact, to add to it."""
        if fact not in self.facts:
            self.facts = {**self.facts, fact: []}
        return self.facts[fact]

    def forget(self, facts: Collection[Fact]) -> None:
        """Forget what was told of some facts."""
        if self.facts:
            self.facts = {fact: steps for fact, steps in self.facts.items() if fact not in facts}

    def rewritten_as(self, again: Sighting, last_shown: int, *, in_a_row: bool) -> None:
        """Note that what is alike was written once more; when each writing of it stood is kept apart."""
        before = self.rewritings or (replace(self, rewritings=(), facts=_NOTHING),)
        before[-1].replaced(again, last_shown, in_a_row=in_a_row)
        self.rewritings = (*before, again)

    def replaced(self, by: Sighting, last_shown: int, *, in_a_row: bool) -> None:
        """End it with what overwrote it; what a look showed stands for the second in which the look began."""
        self.gone_lo = last_shown + 1
        self.gone_hi = max(self.gone_lo, by.available_hi)
        self.replaced_by, self.in_a_row = by, in_a_row

    def writings(self, apart: AbstractSet[Likeness] = frozenset(Likeness)) -> Iterator[Sighting]:
        """Yield one sighting for each time that it was written anew, as far as likenesses ``apart`` are no touch."""
        if not any(one.like in apart for one in self.rewritings[1:]):
            yield self
            return
        starts = [row for row, one in enumerate(self.rewritings) if not row or one.like in apart]
        facts = self.facts
        if apart & {Likeness.PIECES, Likeness.SIZE}:
            # Of which of the writings these were taken is not known any more.
            facts = {fact: steps for fact, steps in facts.items() if fact not in CONTENTS}
        for start, end in zip(starts, [*starts[1:], len(self.rewritings)], strict=True):
            alike = self.rewritings[start:end]
            last = self if end == len(self.rewritings) else alike[-1]
            # A touch or a copy in place renews nothing: the earliest time stands.
            yield replace(
                alike[0],
                shown=alike[-1].shown,
                available_lo=min(one.available_lo for one in alike),
                available_hi=min(one.available_hi for one in alike),
                last_seen=last.last_seen,
                gone_lo=last.gone_lo,
                gone_hi=last.gone_hi,
                replaced_by=last.replaced_by,
                in_a_row=last.in_a_row,
                facts=facts,
            )


def stretch_of(data_lo: int) -> int:
    """Return the stretch that a candidate is put into, by the oldest instant of its data."""
    return data_lo // STRETCH
