"""Where absence is proved: what the looks at a source say about backups that nobody saw.

A complete look proves what stood at its ``begin``. Two complete looks in a row prove the span between them: what
neither shows did not stand there, unless the source may have pruned something within that time (``thinned_after``), or
is seen to turn over faster than it is looked at. Before the first complete look absence is proved only back to
``thinned_after``. A look can only miss what lies in the range that it asked for.
"""

from __future__ import annotations

from array import array
from bisect import bisect_left, bisect_right
from collections.abc import Iterable, Iterator, Sequence
from functools import cached_property, lru_cache

from msgspec import Struct

from drcheck.core.history.looks import Looks
from drcheck.core.history.thresholds import Thresholds
from drcheck.core.model.evidence import ALWAYS, LONG_AGO, Look
from drcheck.core.model.policy import NEVER
from drcheck.core.time.spans import Span, Spans, intersection, union


class Absence(Struct, frozen=True, dict=True):
    """What one source's complete looks prove about what they did not show."""

    complete: tuple[tuple[int, int], ...]
    """(begin, asked_from) of the complete looks, oldest first."""
    thinned_after: int | None
    seen_every: int | None = None
    """For so long after the newest complete look nothing is taken to have come unseen; None: that is not taken so."""
    turnovers: tuple[int, ...] = ()
    """The complete looks between which and the ones before more came and went than they can show, oldest first."""

    @cached_property
    def _thresholds(self) -> tuple[Thresholds, Thresholds]:
        """For each instant the oldest data from which on all that stood then, and every arrival then, has been seen.

        With each older question fewer looks prove, and never more.
        """
        stood, arrived = _proved(self.complete, self.thinned_after, self.turnovers)
        newest = self.taken
        taken = [(*newest, asked_from) for begin, asked_from in self.complete if begin == newest.start]
        return Thresholds.lowest([*stood, *taken]), Thresholds.lowest([*arrived, *taken])

    @property
    def _stood(self) -> Thresholds:
        return self._thresholds[0]

    @property
    def _arrived(self) -> Thresholds:
        return self._thresholds[1]

    @cached_property
    def _none_newer(self) -> dict[int, Spans]:
        """Age to when nothing younger stood unseen, once it has been asked."""
        return {}

    @classmethod
    def proved_by(
        cls,
        looks: Iterable[Look],
        thinned_after: int | None,
        turnovers: Iterable[int] = (),
        *,
        seen_every: int | None = None,
    ) -> Absence:
        """Return what ``looks`` prove; incomplete ones prove nothing.

        ``turnovers`` are the complete looks which missed what had come shortly before the look before, and showed newer
        data: a place that turns over faster than it is looked at. Where ``thinned_after`` is stated, that decides.
        """
        return _of(
            Looks.from_any(looks).complete_columns(), thinned_after, seen_every,
            tuple(sorted(turnovers)) if thinned_after is None else (),
        )  # fmt: skip

    @property
    def first(self) -> int | None:
        """The first complete look; None: there was none."""
        return self.complete[0][0] if self.complete else None

    def within(self, window: tuple[int, int]) -> list[int]:
        """Return when the complete looks within [start, end) began."""
        first, last = (bisect_left(self.complete, (bound,)) for bound in window)
        return [begin for begin, _ in self.complete[first:last]]

    @property
    def last(self) -> int | None:
        """The last instant at which all is known, or taken to be, by the newest complete look; None: there was none."""
        return max(self.complete[-1][0], self.taken.end - 1) if self.complete else None

    @property
    def taken(self) -> Span:
        """From its newest complete look on, for how long what that look showed is taken to be all that is there.

        Empty where the source does not say so. Looks that failed since change nothing of it.
        """
        if not self.complete:
            return Span(LONG_AGO, LONG_AGO)
        begin = self.complete[-1][0]
        return Span(begin, begin + (self.seen_every or 0))

    def stood(self, data_from: int) -> Spans:
        """Return when everything of ``data_from`` or later that stood has been seen."""
        return self._stood.spans(data_from)

    def arrived(self, data_from: int) -> Spans:
        """Return when every arrival of data of ``data_from`` or later has been seen, even if it is gone since."""
        return self._arrived.spans(data_from)

    def arrivals_known_until(self, data_from: int) -> int:
        """Return until when, from ``data_from`` on, every arrival of data of then or later has been seen."""
        return self._arrived.until(data_from, data_from)

    def none_newer_stood(self, age: int, start: int, end: int) -> Spans:
        """Return when in [start, end) all that stood with data younger than ``age`` has been seen.

        What arrived within that age has been seen: then nothing that young can stand unseen.
        """
        if age not in self._none_newer:
            self._none_newer[age] = union([*self._stood.reached_later(age), *self._arrived.reached_since(age)])
        return intersection((Span(start, end),), self._none_newer[age])

    def none_newer_arrived(self, age: int, start: int, end: int) -> Spans:
        """Return when in [start, end) all that had arrived with data younger than ``age`` has been seen.

        It arrived within that age, and may have gone again before the first look that would have shown it.
        """
        return intersection((Span(start, end),), self._arrived.reached_since(age))

    def none_unseen(self, data_from: int) -> Spans:
        """Return when nothing of ``data_from`` or later can have stood unseen.

        Either all that stood has been seen, or all that arrived since ``data_from`` has.
        """
        return union([*self.stood(data_from), Span(data_from, self.arrivals_known_until(data_from))])


@lru_cache(maxsize=32)
def _of(
    looks: tuple[bytes, bytes], thinned_after: int | None, seen_every: int | None, turnovers: tuple[int, ...]
) -> Absence:
    """Return what complete looks prove; a run looks at the sources of all services at once, so that most share it."""
    complete = sorted({*zip(*(array("q", column) for column in looks), strict=True)})
    return Absence(tuple(complete), thinned_after, seen_every, turnovers)


def proved_at_all(proofs: Iterable[Sequence[Span]]) -> Spans:
    """Return when something is proved of several sources together, given when it is of each; of none, always."""
    proved: Spans = (ALWAYS,)
    for spans in proofs:
        proved = intersection(proved, spans)
    return proved


_Proof = tuple[int, int, int]
"""From when, until when, and for how old data at most."""


def _proved(
    complete: Sequence[tuple[int, int]], thinned_after: int | None, turnovers: Sequence[int]
) -> tuple[list[_Proof], list[_Proof]]:
    """Return what single looks, and two in a row, prove: of what stood, and of what arrived.

    Which looks come in a row hangs on the question: those that asked far enough back for it do.
    """
    kept = thinned_after or 0
    if kept >= NEVER:
        # Nothing is ever pruned: whatever was there by the newest look, that look shows.
        always = [(LONG_AGO, begin + 1, asked_from) for begin, asked_from in complete]
        return always, always
    between = [
        (begin, after + 1, asked_from)
        for begin, after, asked_from in _in_a_row(complete)
        if (thinned_after is None or after - begin <= thinned_after)
        and bisect_right(turnovers, begin) == bisect_right(turnovers, after)
    ]
    stood = [*between, *((begin, begin + 1, asked_from) for begin, asked_from in complete)]
    arrived = [*between, *((begin - kept, begin + 1, asked_from) for begin, asked_from in complete)]
    return stood, arrived


def _in_a_row(complete: Sequence[tuple[int, int]]) -> Iterator[tuple[int, int, int]]:
    """Yield any two looks between which none asked as far back as both did, and how far back both asked.

    Of one in between that asked for less, they are the two beside it once those that asked for even less are left out.
    """
    before = list(range(-1, len(complete) - 1))
    after = list(range(1, len(complete) + 1))
    for index in sorted(range(len(complete)), key=lambda index: complete[index][1], reverse=True):
        begin, asked_from = complete[index]
        older, newer = before[index], after[index]
        if older >= 0:
            yield complete[older][0], begin, asked_from
            after[older] = newer
        if newer < len(complete):
            yield begin, complete[newer][0], asked_from
            before[newer] = older
