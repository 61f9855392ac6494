"""Where absence is proved: what the looks at a source say about backups that nobody saw.

A complete look proves what stood at its ``begin``. Two complete looks in a row prove the span between them: what
neither shows did not stand there, unless the source may have pruned something within that time (``thinned_after``), or
is seen to turn over faster than it is looked at. Before the first complete look absence is proved only back to
``thinned_after``. A look can only miss what lies in the range that it asked for.
"""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from itertools import pairwise

from drcheck.core.evidence import FOREVER, LONG_AGO, Look
from drcheck.core.policy import NEVER
from drcheck.core.spans import Span, Spans, intersection, union


@dataclass(frozen=True, slots=True)
class Absence:
    """What one source's complete looks prove about what they did not show."""

    complete: tuple[tuple[int, int], ...]
    """(begin, asked_from) of the complete looks, oldest first."""
    thinned_after: int | None
    turnovers: tuple[int, ...] = ()
    """The complete looks between which and the ones before more came and went than they can show, oldest first."""
    _asked: tuple[int, ...] = field(default=(), compare=False, repr=False)
    """How far back each complete look asked, sorted."""
    _known: dict[int, tuple[Spans, Spans]] = field(default_factory=dict, compare=False, repr=False)
    """Answers given before, by how many looks they rest on."""

    @classmethod
    def proved_by(cls, looks: Iterable[Look], thinned_after: int | None, turnovers: Iterable[int] = ()) -> Absence:
        """Return what ``looks`` prove; incomplete ones prove nothing.

        ``turnovers`` are the complete looks which missed what had come shortly before the look before, and showed newer
        data: a place that turns over faster than it is looked at. Where ``thinned_after`` is stated, that decides.
        """
        complete = tuple(sorted({(look.begin, look.asked_from) for look in looks if look.complete}))
        fast = tuple(sorted(turnovers)) if thinned_after is None else ()
        return cls(complete, thinned_after, fast, tuple(sorted(asked for _, asked in complete)))

    @property
    def first(self) -> int | None:
        """The first complete look; None: there was none."""
        return self.complete[0][0] if self.complete else None

    @property
    def last(self) -> int | None:
        """The newest complete look; None: there was none."""
        return self.complete[-1][0] if self.complete else None

    def stood(self, data_from: int) -> Spans:
        """Return when everything of ``data_from`` or later that stood has been seen."""
        return self._proved(data_from)[0]

    def arrived(self, data_from: int) -> Spans:
        """Return when every arrival of data of ``data_from`` or later has been seen, even if it is gone since."""
        return self._proved(data_from)[1]

    def arrivals_known_until(self, data_from: int) -> int:
        """Return until when, from ``data_from`` on, every arrival of data of then or later has been seen."""
        return next((span.end for span in self.arrived(data_from) if span.start <= data_from < span.end), data_from)

    def none_newer_stood(self, age: int, start: int, end: int) -> Spans:
        """Return when in [start, end) all that stood with data younger than ``age`` has been seen."""
        return self._none_newer(age, start, end, standing=True)

    def none_newer_arrived(self, age: int, start: int, end: int) -> Spans:
        """Return when in [start, end) all that had arrived with data younger than ``age`` has been seen."""
        return self._none_newer(age, start, end, standing=False)

    def none_unseen(self, data_from: int) -> Spans:
        """Return when nothing of ``data_from`` or later can have stood unseen.

        Either all that stood has been seen, or all that arrived since ``data_from`` has.
        """
        stood, arrived = self._proved(data_from)
        return union([*stood, *(Span(data_from, span.end) for span in arrived if span.start <= data_from < span.end)])

    def _none_newer(self, age: int, start: int, end: int, *, standing: bool) -> Spans:
        # What is proved depends on how far back the looks asked, and so changes where t - age passes such a bound.
        levels = sorted(set(self._asked))
        proved: list[Span] = []
        for level, following in pairwise([*levels, FOREVER]):
            span = Span(max(start, level + age), min(end, following + age))
            if span.start >= span.end:
                continue
            stood, arrived = self._proved(level)
            # What arrived within that age has been seen: then nothing that young can stand unseen.
            since = [Span(known.start + age, known.end) for known in arrived]
            proved += intersection((span,), union([*stood, *since] if standing else since))
        return union(proved)

    def _proved(self, data_from: int) -> tuple[Spans, Spans]:
        """Return what the looks that asked at least that far back prove: what stood, what arrived."""
        # Looks that asked for more are a subset that grows with data_from: their number names them.
        number = bisect_right(self._asked, data_from)
        if (answer := self._known.get(number)) is None:
            begins = [begin for begin, asked in self.complete if asked <= data_from]
            answer = self._known[number] = _spans(begins, self.thinned_after, self.turnovers)
        return answer


def _spans(begins: Sequence[int], thinned_after: int | None, turnovers: Sequence[int]) -> tuple[Spans, Spans]:
    kept = thinned_after or 0
    if kept >= NEVER:
        # Nothing is ever pruned: whatever was there by the newest look, that look shows.
        always = union(Span(LONG_AGO, begin + 1) for begin in begins)
        return always, always
    between = [
        Span(begin, after + 1)
        for begin, after in pairwise(begins)
        if (thinned_after is None or after - begin <= thinned_after)
        and bisect_right(turnovers, begin) == bisect_right(turnovers, after)
    ]
    stood = union([*between, *(Span(begin, begin + 1) for begin in begins)])
    arrived = union([*between, *(Span(begin - kept, begin + 1) for begin in begins)])
    return stood, arrived
