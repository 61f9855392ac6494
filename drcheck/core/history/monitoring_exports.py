"""What a monitoring system exported, joined with what its earlier exports told, as an outage log.

A log is appended to; an export is written anew and covers a range of its own. What each one told is kept joined, as
stretches of time: what any export told stays told, also when a later one is silent about it or says otherwise.
"""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Iterable, Iterator, Sequence
from itertools import chain
from operator import attrgetter
from typing import Final

from drcheck.core import words
from drcheck.core.model.evidence import LONG_AGO
from drcheck.core.model.log_records import Log, Outage, Recovery, Watched
from drcheck.core.model.rewritten_logs import ExportedState, Stretch
from drcheck.core.time.spans import Span, Spans, difference, union

_NAMES: Final = {
    ExportedState.TOTAL: "down",
    ExportedState.PARTIAL: "partly-down",
    ExportedState.AT_LEAST_PARTIAL: "at-least-partly-down",
}
_TOTAL: Final = {ExportedState.TOTAL: True, ExportedState.PARTIAL: False, ExportedState.AT_LEAST_PARTIAL: None}
_WHAT: Final = {total: what for what, total in _TOTAL.items()}


def joined(stretches: Iterable[Stretch]) -> tuple[Stretch, ...]:
    """Return what stretches tell together: each kind joined where it touches or overlaps, in order of kind and time.

    Where the newest of them end, one that still held there stands beside one that did not.
    """
    several = sorted(stretches)
    newest = max((stretch.end for stretch in several), default=LONG_AGO)
    # From the newest end on: whether each kind held there still, or had ended.
    ends = {(stretch.what, stretch.open) for stretch in several if stretch.end == newest}
    return tuple(
        Stretch(what, span.start, span.end, held)
        for what, spans in _spans(several).items()
        for span in spans
        for held in (False, True)
        if ((what, held) in ends if span.end == newest else not held)
    )


def news(stretches: Iterable[Stretch], known: Sequence[Stretch]) -> Iterator[Stretch]:
    """Yield those of ``stretches`` that tell more than ``known``, which is joined."""
    newest = max((stretch.end for stretch in known), default=LONG_AGO)
    spans = _spans(known)
    for stretch in stretches:
        its = spans[stretch.what]
        index = bisect_right(its, stretch.start, key=attrgetter("start")) - 1
        if index < 0 or its[index].end < stretch.end or stretch.end >= newest:
            yield stretch


def as_log(stretches: Iterable[Stretch]) -> Log:
    """Return stretches as a log.

    An outage is open only while nothing newer was seen. One without anything known of its cause or scenario recovers
    from nothing in particular; a total one still tells how long the service was gone.
    """
    several = joined(stretches)
    spans = _spans(several)
    known = union((*spans[ExportedState.TOTAL], *spans[ExportedState.PARTIAL]))
    spans[ExportedState.AT_LEAST_PARTIAL] = difference(spans[ExportedState.AT_LEAST_PARTIAL], known)
    newest = max((span.end for span in chain(*spans.values())), default=LONG_AGO)
    last = [stretch for stretch in several if stretch.end == newest]
    # Where one export ends in an outage and another one goes on, nobody knows more than that it was seen until then.
    lasting = {stretch.what for stretch in last if stretch.open} - {
        stretch.what for stretch in last if not stretch.open
    }

    def outages(what: ExportedState) -> list[Outage]:
        return [
            Outage(
                id=f"{_NAMES[what]}-{words.instant(span.start)}",
                line=0,
                started_at=span.start,
                ended_at=None if what in lasting and span.end == newest else span.end,
                total=_TOTAL[what],
                cause="",
            )
            for span in spans[what]
        ]

    down = [outage for what in _NAMES for outage in outages(what)]
    return Log(
        recoveries=tuple(_recovery(outage) for outage in down if outage.total),
        outages=tuple(sorted(down, key=lambda outage: (outage.started_at, outage.id))),
        watched=tuple(Watched(span.start, span.end, 0) for span in spans[ExportedState.WATCHED]),
    )


def stretches(export: Log) -> tuple[Stretch, ...]:
    """Return what one export tells, of the log that :func:`as_log` made of it."""
    newest = max((watched.end for watched in export.watched), default=LONG_AGO)
    watched = (Stretch(ExportedState.WATCHED, watched.start, watched.end) for watched in export.watched)
    outages = (
        Stretch(
            _WHAT[outage.total],
            outage.started_at,
            newest if outage.ended_at is None else outage.ended_at,
            outage.ended_at is None,
        )
        for outage in export.outages
    )
    return joined(chain(watched, outages))


def _spans(stretches: Iterable[Stretch]) -> dict[ExportedState, Spans]:
    by_what: dict[ExportedState, list[Span]] = {what: [] for what in ExportedState}
    for stretch in stretches:
        by_what[stretch.what].append(Span(stretch.start, stretch.end))
    return {what: union(spans) for what, spans in by_what.items()}


def _recovery(outage: Outage) -> Recovery:
    return Recovery(
        id=outage.id,
        line=outage.line,
        started_at=outage.started_at,
        finished_at=outage.ended_at,
        outcome="" if outage.ended_at is None else "passed",
        disrupted_at=outage.started_at,
        validated_at=outage.ended_at,
        real=True,
    )
