"""Where absence is proved: what the looks at a source say about backups that nobody saw.

A complete look proves what stood at its ``begin``. Two complete looks in a row prove the span between them: what
neither shows did not stand there, unless the source may have pruned something within that time
(``thinned_after``). Before the first complete look absence is proved only back to ``thinned_after``. A look can only
miss what lies in the range that it asked for.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from drcheck.core.evidence import LONG_AGO, Look
from drcheck.core.policy import NEVER
from drcheck.core.spans import Span, Spans, covers, union


@dataclass(frozen=True, slots=True)
class Absence:
    """What one source's complete looks prove about what they did not show.

    Both sets of time hold only for candidates whose data is of ``asked_from`` or later.
    """

    standing: tuple[tuple[int, Spans], ...]
    """(asked_from, time): whatever stood then has been seen."""
    arriving: tuple[tuple[int, Spans], ...]
    """(asked_from, time): whatever arrived then has been seen, even if it is gone since."""
    first: int | None
    """The first complete look; None: there was none."""
    last: int | None
    """The newest complete look."""
    thinned_after: int | None

    @classmethod
    def proved_by(cls, looks: Iterable[Look], thinned_after: int | None) -> Absence:
        """Return what ``looks`` prove; incomplete ones prove nothing."""
        complete = sorted({(look.begin, look.asked_from) for look in looks if look.complete})
        standing: dict[int, list[Span]] = {}
        arriving: dict[int, list[Span]] = {}
        kept = thinned_after or 0
        for begin, asked in complete:
            back = LONG_AGO if kept >= NEVER else begin - kept
            seen = Span(back if kept >= NEVER else begin, begin + 1)
            standing.setdefault(asked, []).append(seen)
            arriving.setdefault(asked, []).append(Span(back, begin + 1))
        for (begin, asked), (after, asked_after) in zip(complete, complete[1:], strict=False):
            if thinned_after is None or after - begin <= thinned_after:
                both = max(asked, asked_after)
                standing.setdefault(both, []).append(Span(begin, after + 1))
                arriving.setdefault(both, []).append(Span(begin, after + 1))
        return cls(
            _cumulated(standing),
            _cumulated(arriving),
            complete[0][0] if complete else None,
            complete[-1][0] if complete else None,
            thinned_after,
        )

    def stood(self, data_from: int) -> Spans:
        """Return when everything of ``data_from`` or later that stood has been seen."""
        return _asked(self.standing, data_from)

    def arrived(self, data_from: int) -> Spans:
        """Return when every arrival of data of ``data_from`` or later has been seen, even if it is gone since."""
        return _asked(self.arriving, data_from)

    def proves_none_arrived(self, data_from: int, until: int) -> bool:
        """Return whether everything of ``data_from`` or later that became available before ``until`` was seen."""
        return covers(self.arrived(data_from), data_from, until)


def _cumulated(spans: dict[int, list[Span]]) -> tuple[tuple[int, Spans], ...]:
    """Order by ``asked_from``; a look that asked for more proves all that a narrower one does."""
    cumulated: list[tuple[int, Spans]] = []
    known: list[Span] = []
    for asked in sorted(spans):
        known = list(union([*known, *spans[asked]]))
        cumulated.append((asked, tuple(known)))
    return tuple(cumulated)


def _asked(proved: tuple[tuple[int, Spans], ...], data_from: int) -> Spans:
    """Return what is proved about data of ``data_from`` or later: by the looks that asked at least that far back."""
    answer: Spans = ()
    for asked, spans in proved:
        if asked > data_from:
            break
        answer = spans
    return answer
