"""The downtime of a period: which seconds were down, which of them are excused and why, which nobody watched.

Everything is in whole seconds, as sets of time. What happens later never changes what a second counts for: caps
excuse the earliest seconds, so that sums up to any instant can be read off the same account.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from fractions import Fraction
from math import floor
from typing import NamedTuple

from drcheck.core.evidence import FOREVER, LONG_AGO, Gap, Log, Outage
from drcheck.core.loglines import written
from drcheck.core.policy import Reader
from drcheck.core.promises import Availability, Excuses, Formula, Outside
from drcheck.core.spans import Span, Spans, difference, earliest, intersection, length, union
from drcheck.core.terms import Records


class Told(NamedTuple):
    """An outage, the source whose log tells of it, and how far it is certain."""

    source: str
    outage: Outage
    sure: Span
    """From its start to its end; of one that is open, as far as its log is known."""


class Down(NamedTuple):
    """A stretch in which the service was down."""

    span: Span
    cause: str
    """Empty: not told."""


@dataclass(frozen=True, slots=True)
class Account:
    """What became of the down seconds of a period; all sets are disjoint."""

    counted: Spans = ()
    """Downtime that is not excused."""
    leaving: Spans = ()
    """Excused downtime that leaves the denominator as well (also in ``excused``)."""
    excused: tuple[tuple[str, Spans], ...] = ()
    """Why, and when."""
    by_maintenance: Spans = ()
    """What of it is excused as maintenance."""

    def availability(self, whole: int) -> Fraction:
        """Return the share of ``whole`` seconds, without those that leave it, in which the service was not down.

        Where maintenance took all of them, nothing could be served, and nothing was missing.
        """
        served = whole - length(self.leaving)
        return 1 - Fraction(length(self.counted), served) if served else Fraction(1)

    def allowed(self, whole: int, tolerated: Fraction) -> Fraction:
        """Return how many seconds of downtime the target allows."""
        return tolerated * (whole - length(self.leaving))

    def out_of_reach_from(self, whole: int, tolerated: Fraction) -> int:
        """Return the second in which a target that tolerates a share of downtime gets out of reach; or ``FOREVER``.

        That is where the downtime so far comes to exceed what is tolerated of the whole period, without what of it
        has left by then. Exactly what is allowed still reaches the target.
        """
        down = left = 0
        steps = [(span, True) for span in self.counted] + [(span, False) for span in self.leaving]
        for span, counts in sorted(steps):
            seconds = span.end - span.start
            if counts:
                room = tolerated * (whole - left) - down
                if seconds > room:
                    return span.start + floor(room)
                down += seconds
            else:
                if down > tolerated * (whole - left - seconds):
                    return span.start + floor(whole - left - down / tolerated)
                left += seconds
        return FOREVER


def outage_logs(records: Records) -> dict[str, Log]:
    """Return the logs that tell of outages: all but those of maintenance."""
    return {name: log for name, log in records.logs.items() if records.readers.get(name) is not Reader.MAINTENANCE_LOG}


def maintenance_logs(records: Records) -> dict[str, Log]:
    """Return the logs that tell of maintenance."""
    return {name: log for name, log in records.logs.items() if records.readers.get(name) is Reader.MAINTENANCE_LOG}


def outages_of(records: Records) -> tuple[Told, ...]:
    """Return every outage with how far it is certain, in the order in which they began.

    One that is open was open when its log was last seen, unless a later line that nobody can read may have closed it:
    that may tell of any end.
    """
    found: set[Told] = set()
    for source, log in outage_logs(records).items():
        last_unread = max((gap.line or 0 for gap in log.gaps), default=-1)
        for outage in log.outages:
            end = outage.ended_at
            if end is None:
                end = outage.started_at if last_unread > outage.line else log.known_until
            found.add(Told(source, outage, Span(outage.started_at, max(outage.started_at, end))))
    return tuple(sorted(found, key=lambda one: (one.outage.started_at, one.outage.id, one.source, one.outage.line)))


def watched(records: Records) -> Spans:
    """Return when somebody watched, and every log of outages that may tell of something else has been seen since."""
    logs = outage_logs(records).values()
    seen = min((log.known_until for log in logs), default=LONG_AGO)
    return union(Span(one.start, min(one.end, seen)) for log in logs for one in log.watched)


def may_tell_an_outage(records: Records) -> str:
    """Return a line that nobody can read and that may tell an outage; empty: there is none.

    It may tell of any time up to when it was written, and of an outage that goes on since: a later record with
    ``corrects`` settles what it tells.
    """
    for source, log in outage_logs(records).items():
        for gap in log.gaps:
            return f"{source}, line {gap.line}, may tell an outage: {gap.what}"
    return ""


class Doubt(NamedTuple):
    """From when on downtime may be excused by maintenance that nobody has seen announced, and why."""

    since: int
    why: str


NO_DOUBT = Doubt(FOREVER, "")


def doubt_of(records: Records, excuses: Excuses, period: Span) -> Doubt:
    """Return from when in ``period`` the logs of maintenance may hold what nobody has seen.

    What is announced comes after its announcement; what needs no notice may be written down in the period itself.
    """
    if not excuses.maintenance:
        return NO_DOUBT
    noticed = all(rule.notice is not None for rule in excuses.maintenance)

    def doubts() -> Iterator[Doubt]:
        yield NO_DOUBT
        for source, log in maintenance_logs(records).items():
            yield Doubt(log.known_until, f"{source} {_why_unseen(log)}")
            for gap in log.gaps:
                since = written(log, gap).lo
                if not noticed and since < period.end:
                    since = min(since, period.start)
                yield Doubt(since, f"{source}, line {gap.line}: {gap.what}")

    return min(doubts())


def _why_unseen(log: Log) -> str:
    unseen: Gap | None = log.unseen[0] if log.unseen else None
    return f"has not been seen since: {unseen.what}" if unseen else "has not been seen since"


def account(commitment: Availability, stretch: Span, down: Sequence[Down], windows: Sequence[Spans]) -> Account:
    """Return what becomes of the down seconds within ``stretch``, which begins where its period does.

    Maintenance takes its seconds first, rule by rule; what lies over a rule's cap falls to no later rule, but its
    cause may still excuse it. A cause excuses a second if every outage that covers it has an excused cause.
    """
    excuses = commitment.excused
    within = (stretch,)
    left = intersection(union(one.span for one in down), within)
    reasons: dict[str, Spans] = {}
    leaving: list[Span] = []
    over: list[Span] = []
    for rule, time in zip(excuses.maintenance, windows, strict=True):
        taken = intersection(left, time)
        excused = taken if rule.at_most is None else earliest(taken, rule.at_most)
        left = difference(left, taken)
        over += difference(taken, excused)
        why = f"maintenance {rule.type}"
        reasons[why] = union((*reasons.get(why, ()), *excused))
        if commitment.formula is Formula.OF_SERVICE_TIME and rule.leaves_service_time:
            leaving += excused
    by_maintenance = union(span for spans in reasons.values() for span in spans)
    left = union((*left, *over))
    counted = intersection(left, union(one.span for one in down if one.cause not in excuses.causes))
    left = difference(left, counted)
    for cause in sorted({one.cause for one in down} & excuses.causes):
        reasons[f"cause {cause}"] = intersection(left, union(one.span for one in down if one.cause == cause))
        left = difference(left, reasons[f"cause {cause}"])
    told = tuple((why, spans) for why, spans in reasons.items() if spans)
    return Account(counted, union(leaving), told, by_maintenance)


def at_best(known: Account, excuses: Excuses, doubt: Doubt) -> Account:
    """Return the account with everything excused that maintenance nobody has seen announced can have excused."""
    if doubt.since == FOREVER:
        return known
    hidden = (Span(doubt.since, FOREVER),)
    doubted = intersection(known.counted, hidden)
    caps = [rule.at_most for rule in excuses.maintenance]
    most = FOREVER if None in caps else sum(cap or 0 for cap in caps)
    return replace(
        known,
        counted=difference(known.counted, earliest(doubted, most)),
        # Among rules that leave the denominator and others that do not, the best is taken.
        leaving=difference(known.leaving, hidden),
    )


def at_worst(account: Account, commitment: Availability, doubt: Doubt) -> Account:
    """Return the account with everything held against it that maintenance nobody has seen announced can have changed.

    It can use up a cap, be the first of its slot, or be regular maintenance that another window must stay out of; and
    it can take time out of the denominator that was excused anyway.
    """
    if doubt.since == FOREVER:
        return account
    hidden = (Span(doubt.since, FOREVER),)
    rules = commitment.excused.maintenance
    shaky = any(
        rule.at_most is not None or rule.once_per is not None or rule.outside is Outside.REGULAR_MAINTENANCE
        for rule in rules
    )
    lost = intersection(account.by_maintenance, hidden) if shaky else ()
    leaving = account.leaving
    if commitment.formula is Formula.OF_SERVICE_TIME and any(rule.leaves_service_time for rule in rules):
        excused = union(span for _, spans in account.excused for span in spans)
        leaving = union((*leaving, *intersection(excused, hidden)))
    return replace(account, counted=union((*account.counted, *lost)), leaving=difference(leaving, lost))
