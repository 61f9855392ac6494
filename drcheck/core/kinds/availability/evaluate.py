"""The period's availability, without what is excused, reaches the target.

The status at t is that of the period that holds t, with the downtime up to t: breached from when the target can no
longer be reached. What nobody watched is judged both ways: as time in which the service was up, and as an outage.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from fractions import Fraction
from functools import partial

from msgspec import Struct

from drcheck.core import decimals, words
from drcheck.core.evaluation.headroom import warn_at
from drcheck.core.evaluation.inputs import Records, Terms
from drcheck.core.kinds.availability import downtime
from drcheck.core.kinds.availability.cited import ShownPeriod, cited
from drcheck.core.kinds.availability.commitment import Availability
from drcheck.core.kinds.availability.credits import Downtime, Interruption, Shortfall, credit_of
from drcheck.core.kinds.availability.downtime import NO_DOUBT, Down, DownSeconds, MaintenanceDoubt, StatedOutage
from drcheck.core.kinds.availability.maintenance import Announced, announced, by_rule
from drcheck.core.model.evidence import LONG_AGO
from drcheck.core.model.status import Status
from drcheck.core.model.verdict import Credit, Excused, Finding, PeriodFigures, Piece, Quantity, Window
from drcheck.core.time import calendar
from drcheck.core.time.spans import Span, Spans, difference, intersection, length, length_within, union
from drcheck.core.time.timeline import NOT_BOUND


def evaluate(commitment: Availability, records: Records, terms: Terms, window: Window) -> Finding:
    """Judge every period that touches ``window``, whole, also where it begins before it."""
    seen = _Seen(
        commitment,
        records,
        terms,
        downtime.outages_of(records),
        downtime.watched(records),
        announced(commitment.excused.maintenance, records, terms),
    )
    slots = calendar.slots(commitment.per, terms.zone, window.start, window.end)
    rules = by_rule(commitment.excused.maintenance, seen.windows)
    periods = [_judge(seen, rules, slot, window) for slot in slots]
    shown = [period for period in periods if period.not_owed != NOT_BOUND]
    evidence, more = cited(commitment, seen.outages, seen.windows, [period.shown() for period in shown])
    pieces = tuple(piece for period in periods for piece in period.pieces(window))
    deciding = periods[-1]
    share = deciding.known.availability(deciding.whole)
    told = deciding.ever_watched  # else the figure would only tell what nobody saw
    return Finding(
        of="",
        pieces=pieces,
        reason=pieces[-1].reason,
        objective=Quantity(decimals.percent_as_written(commitment.at_least), "%"),
        measured=Quantity(decimals.cut(share), "%") if told else None,
        headroom=Quantity(decimals.cut(share - commitment.at_least), "%") if told else None,
        at_risk=pieces[-1].status is Status.MET and deciding.used_up(warn_at(commitment)),
        evidence=evidence,
        notes=(more,) if more else (),
        periods=tuple(period.figures() for period in shown),
    )


class _Seen(Struct, frozen=True):
    """What the logs tell, whatever the period."""

    commitment: Availability
    records: Records
    terms: Terms
    outages: tuple[StatedOutage, ...]
    watched: Spans
    windows: tuple[Announced, ...]

    def told(self, until: int) -> list[StatedOutage]:
        """Return the outages before ``until`` of which it is known whether they count as downtime."""
        only_total = self.commitment.total_only
        return [
            one
            for one in self.outages
            if one.outage.started_at < until and not (only_total and one.outage.total is None)
        ]

    def counting(self, until: int) -> list[StatedOutage]:
        """Return the outages before ``until`` that count as downtime."""
        return [one for one in self.told(until) if one.outage.total or not self.commitment.total_only]


class _Period(Struct, frozen=True):
    """A period as it is judged."""

    slot: calendar.Slot
    until: int
    """The end of what is judged: its own, the agreement's or the window's."""
    ends: int | None
    """The agreement's end, where it lies in the period; what was not breached by then is not owed."""
    not_owed: str
    """Why nothing is owed; empty: it is."""
    tolerated: Fraction
    """The share of it that may be down."""
    known: DownSeconds
    ever_watched: bool
    judged_until: int
    """The end of a period that is over; of one that is open, until when it was last watched."""
    unwatched: Spans
    doubts: tuple[tuple[int, str], ...]
    """From when the status is unknown, and why; what weighs most first."""
    breached_from: int
    """From when it is breached whatever nobody saw; ``FOREVER``: it is not."""
    credit: Credit | None

    @property
    def whole(self) -> int:
        return self.slot.end - self.slot.start

    @property
    def over(self) -> bool:
        """Whether nothing more of it is owed."""
        return self.until == (self.slot.end if self.ends is None else self.ends)

    @property
    def status(self) -> Status | None:
        if self.not_owed:
            return None
        if self.breached_from < self.until:
            return Status.BREACHED
        return Status.UNKNOWN if any(since < self.until for since, _ in self.doubts) else self._kept

    @property
    def _kept(self) -> Status | None:
        return Status.MET if self.ends is None else None

    def used_up(self, left: Fraction) -> bool:
        """Return whether at most the share ``left`` of the downtime that is allowed is left."""
        allowed, down = self.known.allowed(self.whole, self.tolerated), length(self.known.counted)
        return down > 0 and allowed - down <= allowed * left

    def pieces(self, window: Window) -> Iterator[Piece]:
        """Yield what of the period lies in ``window``."""
        begin, end = max(self.slot.start, window.start), self.until
        last = min(self.slot.end, window.end)
        if self.not_owed:
            yield Piece(begin, last, None, self.not_owed)
            return
        breached = min(self.breached_from, end)
        unknown = min([breached, *(since for since, _ in self.doubts)])
        for start, stop, status in (
            (self.slot.start, unknown, self._kept),
            (unknown, breached, Status.UNKNOWN),
            (breached, end, Status.BREACHED),
        ):
            if max(start, begin) < stop:
                yield Piece(max(start, begin), stop, status, self._reason(status, stop))
        if max(begin, end) < last:
            yield Piece(
                max(begin, end), last, None, f"nothing is owed any more: the agreement ended {words.instant(end)}"
            )

    def _reason(self, status: Status | None, stop: int) -> str:
        if status is None:
            ends = words.instant(self.until if self.ends is None else self.ends)
            return f"nothing is owed: {self.slot.label} is a partial last period, the agreement ends {ends}"
        label = self.slot.label + ("" if self.over else " so far")
        allowed = words.duration(int(self.known.allowed(self.whole, self.tolerated)))
        down = f"{label}: {words.duration(length(self.known.counted))} down of {allowed} allowed"
        if status is Status.BREACHED:
            return f"{down}; the target was out of reach from {words.instant(self.breached_from)} on"
        if status is Status.UNKNOWN:
            why = next(why for since, why in self.doubts if since < stop)
            return f"{down}, as far as is known; {why}"
        if stop < self.until:
            return f"{self.slot.label}: the {allowed} of downtime that the target allows were not used up yet"
        if not self.over:
            return f"{down}, judged until {words.instant(self.judged_until)} (last watched)"
        return down

    def shown(self) -> ShownPeriod:
        """Return the period as its evidence is told."""
        return ShownPeriod(self.slot.label, Span(self.slot.start, self.until), self.known)

    def figures(self) -> PeriodFigures:
        """Return the period as reports show it."""
        return PeriodFigures(
            label=self.slot.label,
            start=self.slot.start,
            end=self.slot.end,
            judged_until=self.judged_until if self.ever_watched or self.over else self.slot.start,
            status=self.status,
            availability=decimals.cut(self.known.availability(self.whole)),
            downtime=length(self.known.counted),
            allowed=int(self.known.allowed(self.whole, self.tolerated)),
            excused=tuple(Excused(why, length(spans)) for why, spans in self.known.excused),
            out_of_service=length(self.known.leaving),
            unwatched=length(self.unwatched),
            credit=self.credit,
        )


def _judge(seen: _Seen, rules: Sequence[Spans], slot: calendar.Slot, window: Window) -> _Period:
    commitment, ends = seen.commitment, seen.terms.ends
    # Where the agreement ends within a period nothing after that counts, and the period stays as long as it is.
    ends = ends if ends is not None and slot.start < ends < slot.end else None
    until = min(window.end, slot.end if ends is None else ends)
    over = until == (slot.end if ends is None else ends)
    stretch, whole, tolerated = Span(slot.start, until), slot.end - slot.start, 1 - commitment.at_least
    last = max((min(span.end, until) for span in seen.watched if span.start < until), default=None)
    # A period that is over is judged whole, one that is open as far as it was watched.
    judged_until = until if over or last is None else max(slot.start, last)
    counting = seen.counting(until)
    unwatched = difference(
        difference(union([Span(slot.start, judged_until)]), seen.watched), union(one.sure for one in seen.told(until))
    )
    open_still = [one for one in counting if one.outage.ended_at is None and one.sure.end < until]
    perhaps = [Down(Span(one.sure.end, until), one.outage.cause) for one in open_still]
    perhaps += [Down(span, "") for span in unwatched]
    doubt = downtime.doubt_of(seen.records, commitment.excused, seen.windows, stretch)
    known = downtime.account(commitment, stretch, _down(counting), rules)
    best = downtime.at_best(known, commitment.excused, doubt)
    everything = downtime.account(commitment, stretch, [*_down(counting), *perhaps], rules)
    worst = downtime.at_worst(everything, commitment, doubt)
    breached_from = best.out_of_reach_from(whole, tolerated)
    not_owed = _not_owed(slot, seen.terms)
    doubts = [
        *_blind(seen, stretch, last, over=over),
        (known.out_of_reach_from(whole, tolerated), f"what maintenance excuses is not all known: {doubt.why}"),
        (worst.out_of_reach_from(whole, tolerated), _open_question(slot, unwatched, open_still, doubt)),
    ]
    owed = commitment.credits if breached_from < until and not not_owed else None
    return _Period(
        slot=slot,
        until=until,
        ends=ends,
        not_owed=not_owed,
        tolerated=tolerated,
        known=known,
        ever_watched=last is not None,
        judged_until=judged_until,
        unwatched=unwatched,
        doubts=tuple(doubts),
        breached_from=breached_from,
        credit=None if owed is None else credit_of(owed, _shortfall(seen, rules, slot, until, best), seen.terms),
    )


def _down(counting: Iterable[StatedOutage]) -> list[Down]:
    return [Down(one.sure, one.outage.cause) for one in counting]


def _not_owed(slot: calendar.Slot, terms: Terms) -> str:
    if not terms.binds.includes(slot.start):
        return NOT_BOUND
    if terms.ends is not None and terms.ends <= slot.start:
        return f"nothing is owed any more: the agreement ended {words.instant(terms.ends)}"
    if terms.effective is None or slot.start >= terms.effective:
        return ""
    effective = words.instant(terms.effective)
    if slot.end <= terms.effective:
        return f"nothing is owed yet: the agreement takes effect {effective}"
    return f"nothing is owed yet: {slot.label} is a partial first period, the agreement takes effect {effective}"


def _blind(seen: _Seen, stretch: Span, last: int | None, *, over: bool) -> Iterator[tuple[int, str]]:
    """Yield from when nothing can be said, and why: never watched, watched too long ago, or a line nobody can read."""
    logs = downtime.outage_logs(seen.records)
    names = words.several(sorted(logs))
    hidden = [f"{name}: {log.unseen[0].what}" for name, log in sorted(logs.items()) if log.unseen]
    if last is None:
        never = next((name for name, log in sorted(logs.items()) if log.known_until == LONG_AGO), "")
        if never:
            why = f"{never} could not be seen" + "".join(f": {gap.what}" for gap in logs[never].unseen[:1])
        else:
            why = f"no record of {names} tells what was watched, and so what was up"
        yield stretch.start, why
    elif not over:
        fresh = words.duration(seen.commitment.fresh_within)
        why = f"{names} was last watched {words.instant(last)}, more than {fresh} before"
        yield last + seen.commitment.fresh_within, "; ".join([why, *hidden[:1]])
    if line := downtime.may_tell_an_outage(seen.records):
        yield stretch.start, line


def _open_question(
    slot: calendar.Slot, unwatched: Spans, open_still: Sequence[StatedOutage], doubt: MaintenanceDoubt
) -> str:
    """Return what would be too much if it had been an outage."""
    parts = []
    if unwatched:
        longest = max(unwatched, key=lambda span: span.end - span.start)
        which = "" if len(unwatched) == 1 else f" in {len(unwatched)} stretches, the longest"
        between = f"from {words.instant(longest.start)} to {words.instant(longest.end)}"
        parts.append(f"nobody watched {words.duration(length(unwatched))} of {slot.label}{which} {between}")
    parts += (
        f"outage {one.outage.id} was open when {one.source} told of it last, {words.instant(one.sure.end)}"
        for one in open_still
    )
    if doubt is not NO_DOUBT:
        parts.append(f"what maintenance excuses is not all known: {doubt.why}")
    return "; ".join(parts)


def _shortfall(seen: _Seen, rules: Sequence[Spans], slot: calendar.Slot, until: int, surely: DownSeconds) -> Shortfall:
    counting = seen.counting(until)
    counted = partial(length_within, surely.counted)
    # Outages of earlier periods as well: one that overlaps an outage of this one began the same interruption.
    interruptions = [(span, counted(span)) for span in union(one.sure for one in counting) if span.end > slot.start]
    return Shortfall(
        period=slot,
        target=seen.commitment.at_least,
        availability=surely.availability(slot.end - slot.start),
        interrupted=tuple(
            Downtime(seconds, _before(seen, rules, span, slot)) for span, seconds in interruptions if seconds
        ),
        outages=tuple(
            dict.fromkeys(Interruption(one.outage.id, one.outage.ended_at) for one in counting if counted(one.sure))
        ),
    )


def _before(seen: _Seen, rules: Sequence[Spans], span: Span, slot: calendar.Slot) -> int:
    """Return how many seconds of an interruption surely counted before a period, since the agreement took effect."""
    begins = span.start if seen.terms.effective is None else max(span.start, seen.terms.effective)
    if begins >= slot.start:
        return 0
    found = 0
    for period in calendar.slots(seen.commitment.per, seen.terms.zone, begins, slot.start):
        stretch = Span(period.start, period.end)
        doubt = downtime.doubt_of(seen.records, seen.commitment.excused, seen.windows, stretch)
        known = downtime.account(seen.commitment, stretch, _down(seen.counting(period.end)), rules)
        best = downtime.at_best(known, seen.commitment.excused, doubt)
        found += length(intersection(best.counted, (Span(begins, span.end),)))
    return found
