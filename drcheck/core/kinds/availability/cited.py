"""What the figures of a period rest on: each outage and each window of maintenance, with what became of its seconds.

All figures are read off the accounts of the periods, so that they add up to what the periods show: what several
outages tell counts with the first of them.
"""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Iterable, Iterator, Sequence
from typing import Final, NamedTuple

from drcheck.core import words
from drcheck.core.kinds.availability.commitment import Availability
from drcheck.core.kinds.availability.downtime import DownSeconds, StatedOutage
from drcheck.core.kinds.availability.maintenance import Announced, when_announced
from drcheck.core.model.evidence import LONG_AGO, Cited
from drcheck.core.time.spans import Span, Spans, intersection, length, union

AT_MOST: Final = 100
"""Outages and windows that are cited; without it a year of daily figures would drown what it rests on."""


class ShownPeriod(NamedTuple):
    """A period whose figures are shown, as far as it was judged."""

    label: str
    span: Span
    known: DownSeconds


def cited(
    commitment: Availability,
    outages: Sequence[StatedOutage],
    windows: Sequence[Announced],
    shown: Sequence[ShownPeriod],
) -> tuple[tuple[Cited, ...], str]:
    """Return the outages that touch the periods ``shown`` (oldest first) and the maintenance that some downtime met.

    The newest stand first; beside them comes how many more there are, or nothing.
    """
    if not shown:
        return (), ""
    accounts = [one.known for one in shown]
    down = union(
        span for known in accounts for spans in (known.counted, *dict(known.excused).values()) for span in spans
    )
    first, end = shown[0].span.start, shown[-1].span.end
    touching = [one for one in _in_turn(commitment, outages) if one.begins < end and one.ends_after(first)]
    meeting = [one for one in windows if _touches(down, one.span)]
    rows: list[tuple[int, _Outage | Announced]] = [
        *((one.begins, one) for one in touching),
        *((one.span.start, one) for one in meeting),
    ]
    rows.sort(key=lambda row: row[0], reverse=True)
    told = tuple(
        one.cited(shown) if isinstance(one, _Outage) else _window(commitment, one, shown) for _, one in rows[:AT_MOST]
    )
    return told, _more([one for _, one in rows[AT_MOST:]])


class _Outage(NamedTuple):
    told: StatedOutage
    counts: bool
    """Whether outages of its kind count as downtime at all."""
    reach: int
    """Until when the outages that began before it, and that count, lasted."""

    @property
    def begins(self) -> int:
        return self.told.outage.started_at

    def ends_after(self, instant: int) -> bool:
        end = self.told.outage.ended_at
        return end is None or end > instant

    def cited(self, shown: Sequence[ShownPeriod]) -> Cited:
        source, outage, sure = self.told
        begins = words.instant(outage.started_at)
        if outage.ended_at is None:
            facts = [f"down since {begins}, still open when {source} was last seen, {words.instant(sure.end)}"]
        else:
            facts = [f"down {begins} to {words.instant(outage.ended_at)}"]
        facts.append({True: "total", False: "partial", None: "at least partial"}[outage.total])
        if outage.cause:
            facts.append(f"cause {outage.cause}")
        why_not, became = "", []
        if not self.counts:
            told = "whether it was total nobody saw" if outage.total is None else "it was partial"
            why_not = f"{told}, and only total outages count"
        else:
            its = _of(shown, sure)
            became = [text for one in its if (text := self._became(one))]
            if became and not any(_touches(one.known.counted, sure) for one in its):
                why_not = "all of it is excused"
        return Cited(source, "", outage.id, None, outage.ended_at, why_not, "; ".join([", ".join(facts), *became]))

    def _became(self, period: ShownPeriod) -> str:
        """Return what became of its seconds in one period; empty: it has none there."""
        sure = self.told.sure
        before = (Span(sure.start, max(sure.start, min(sure.end, self.reach))),)

        def seconds(spans: Spans, what: str) -> Iterator[str]:
            its = intersection(spans, (sure,))
            if not its:
                return
            again = length(intersection(its, before))
            told = f"{words.to_the_second(length(its))} {what}"
            yield told + (f" ({words.to_the_second(again)} of it with an earlier outage)" if again else "")

        parts = list(seconds(period.known.counted, "counted"))
        for why, spans in period.known.excused:
            parts += seconds(spans, f"excused ({why})")
        return _labelled(period, sure, parts)


def _in_turn(commitment: Availability, outages: Iterable[StatedOutage]) -> Iterator[_Outage]:
    reach = LONG_AGO
    for one in outages:
        counts = bool(one.outage.total) or not commitment.total_only
        yield _Outage(one, counts, reach)
        if counts:
            reach = max(reach, one.sure.end)


def _window(commitment: Availability, one: Announced, shown: Sequence[ShownPeriod]) -> Cited:
    window = one.window
    said = f", {told}" if (told := when_announced(window)) else ""
    facts = f"{window.type}{said}, from {words.instant(window.starts_at)} to {words.instant(window.ends_at)}"
    why_not, became = one.why_not, []
    if one.rule is not None:
        for period in _of(shown, one.span):
            excused = length(intersection(period.known.by_maintenance, (one.span,)))
            if excused:
                became.append(_labelled(period, one.span, [f"{words.to_the_second(excused)} excused"]))
        most = commitment.excused.maintenance[one.rule].at_most
        cap = "" if most is None else f"at most {words.to_the_second(most)} a {commitment.per}"
        if not became:
            why_not = "downtime before it used up what may be excused" + (f", {cap}" if cap else "")
        elif cap:
            became.append(f"its rule excuses {cap}")
    facts = "; ".join([facts, *became])
    at = window.announced.hi if window.announced.lo == window.announced.hi else None
    return Cited(one.source, "", window.id, None, at, why_not, facts)


def _labelled(period: ShownPeriod, span: Span, parts: Sequence[str]) -> str:
    """Return what became of a span in a period, which is named where the span reaches out of it."""
    if not parts:
        return ""
    inside = period.span.start <= span.start and span.end <= period.span.end
    return ("" if inside else f"{period.label}: ") + ", ".join(parts)


def _of(shown: Sequence[ShownPeriod], span: Span) -> list[ShownPeriod]:
    """Return the periods that a span touches."""
    first = bisect_right(shown, span.start, key=lambda one: one.span.end)
    found = []
    for one in shown[first:]:
        if one.span.start >= span.end:
            break
        found.append(one)
    return found


def _touches(spans: Spans, span: Span) -> bool:
    """Return whether a stretch has any second in common with ``spans``."""
    index = bisect_right(spans, span.start, key=lambda one: one.end)
    return index < len(spans) and spans[index].start < span.end


def _more(rows: Sequence[_Outage | Announced]) -> str:
    outages = sum(isinstance(one, _Outage) for one in rows)
    parts = [words.counted(outages, "older outage")] if outages else []
    if windows := len(rows) - outages:
        parts.append(words.counted(windows, "older window of maintenance", "older windows of maintenance"))
    if not parts:
        return ""
    return f"of what these periods rest on, {words.several(parts)} are not shown"
