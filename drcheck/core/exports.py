"""What a monitoring system exported, as an outage log, and joined with what its earlier exports told.

A log is appended to; an export is written anew and covers a range of its own. What each one told is kept in the
source's history as rows of the same columns as a listing, so that nothing has to be read again: what any export told
stays told, also when a later one is silent about it or says otherwise.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace
from enum import StrEnum
from itertools import chain
from typing import NamedTuple

from drcheck.core import words
from drcheck.core.evidence import LONG_AGO, Candidate, Log, Outage, Recovery, Watched
from drcheck.core.history import History
from drcheck.core.spans import Span, Spans, difference, union


class What(StrEnum):
    """What an export tells of a stretch of time."""

    WATCHED = "watched"
    """Every part was seen, up or down."""
    TOTAL = "total"
    """Every part was down."""
    PARTIAL = "partial"
    """A part was down, and another one up."""
    AT_LEAST_PARTIAL = "at-least-partial"
    """A part was down, and nobody saw any other one up."""


_NAMES = {What.TOTAL: "down", What.PARTIAL: "partly-down", What.AT_LEAST_PARTIAL: "at-least-partly-down"}
_TOTAL = {What.TOTAL: True, What.PARTIAL: False, What.AT_LEAST_PARTIAL: None}
_WHAT = {total: what for what, total in _TOTAL.items()}


class Stretch(NamedTuple):
    """From ``start`` up to ``end`` something held."""

    what: What
    start: int
    end: int
    open: bool = False
    """Whether it still held where the export ends."""


def log(stretches: Iterable[Stretch]) -> Log:
    """Return stretches as a log: each kind joined where it touches or overlaps.

    An outage is open only while nothing newer was seen. One without anything known of its cause or scenario recovers
    from nothing in particular; a total one still tells how long the service was gone.
    """
    told = list(stretches)
    spans: dict[What, Spans] = {
        what: union(Span(one.start, one.end) for one in told if one.what is what) for what in What
    }
    known = union((*spans[What.TOTAL], *spans[What.PARTIAL]))
    spans[What.AT_LEAST_PARTIAL] = difference(spans[What.AT_LEAST_PARTIAL], known)
    newest = max((span.end for span in chain(*spans.values())), default=LONG_AGO)
    last = [one for one in told if one.end == newest]
    # Where one export ends in an outage and another one goes on, nobody knows more than that it was seen until then.
    lasting = {one.what for one in last if one.open} - {one.what for one in last if not one.open}

    def outages(what: What) -> list[Outage]:
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
        watched=tuple(Watched(span.start, span.end, 0) for span in spans[What.WATCHED]),
    )


def rows(export: Log) -> tuple[Candidate, ...]:
    """Return what one export tells, as the rows that a source's history keeps."""
    newest = max((watched.end for watched in export.watched), default=LONG_AGO)
    told = [Stretch(What.WATCHED, watched.start, watched.end) for watched in export.watched]
    for outage in export.outages:
        what = _WHAT[outage.total]
        end = newest if outage.ended_at is None else outage.ended_at
        told.append(Stretch(what, outage.started_at, end, outage.ended_at is None))
    return tuple(
        Candidate(
            name=f"{one.what} {one.start}",
            of="",
            kind=one.what,
            data_lo=one.start,
            data_hi=one.end,
            available_lo=one.end,
            available_hi=one.end,
            size=one.end - one.start,
            checksum="",
            complete=not one.open,
        )
        for one in told
    )


def joined(history: History) -> Log:
    """Return what all exports that the complete looks of ``history`` showed tell together.

    Of an outage that lasted where the newest export ends nobody knows more than that: the log is known until then.
    """
    shown = (sighting.shown for sighting in chain(history.past, history.standing.values()))
    together = log(Stretch(What(row.kind), row.data_lo, row.data_hi, not row.complete) for row in shown)
    known_until = next((look.begin for look in reversed(history.looks) if look.complete), LONG_AGO)
    if any(outage.ended_at is None for outage in together.outages):
        known_until = min(known_until, together.watched[-1].end)
    newest = history.looks[-1] if history.looks else None
    unseen = newest.gaps if newest is not None and not newest.complete else ()
    return replace(together, known_until=known_until, unseen=unseen)


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
