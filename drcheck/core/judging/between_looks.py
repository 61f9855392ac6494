"""What is unknown only because nobody looked in between: met at the look before, and met at the look after.

An unknown piece between two complete looks in a row, at both of which the commitment is met, hangs only on when in
between something went or came. It is never counted as kept, and is told apart from what could not be seen.
"""

from __future__ import annotations

from bisect import bisect_left, bisect_right
from collections.abc import Iterable, Mapping, Sequence

from msgspec.structs import replace

from drcheck.core.judging.sources import SourceEvidence
from drcheck.core.model.status import Status
from drcheck.core.model.verdict import Finding, Piece, Window


def complete_looks(names: Iterable[str], evidence: Mapping[str, SourceEvidence], window: Window) -> tuple[int, ...]:
    """Return when, within ``window``, every one of the sources ``names`` was seen whole; oldest first."""
    of_sources = [[*evidence[name].parts.values()] if name in evidence else [] for name in names]
    if len(of_sources) == 1 and len(of_sources[0]) == 1:
        ((part,),) = of_sources
        return tuple(dict.fromkeys(part.absence.within(window)))
    looks = [{begin for part in parts for begin in part.absence.within(window)} for parts in of_sources]
    return tuple(sorted(set.intersection(*looks))) if looks else ()


def marked(finding: Finding, looks: Sequence[int]) -> Finding:
    """Return ``finding`` with those of its pieces marked that are unknown between two of ``looks`` that are met."""
    if all(piece.status is not Status.UNKNOWN for piece in finding.pieces):
        return finding
    starts = [piece.start for piece in finding.pieces]

    def met_at(look: int) -> bool:
        return finding.pieces[bisect_right(starts, look) - 1].status is Status.MET

    def is_between(piece: Piece) -> bool:
        after = bisect_left(looks, piece.end)
        around = looks[after - 1 : after + 1]  # fewer than two at the edges; one within the piece found it unknown
        return piece.status is Status.UNKNOWN and len(around) == 2 and all(map(met_at, around))  # noqa: PLR2004  a pair

    return replace(finding, pieces=tuple(piece._replace(between_looks=is_between(piece)) for piece in finding.pieces))
