"""The downtime of a period: which seconds were down, which of them are excused and why, which nobody watched.

Everything is in whole seconds, as sets of time. What happens later never changes what a second counts for: caps
excuse the earliest seconds, so that sums up to any instant can be read off the same account.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from fractions import Fraction
from math import floor
from typing import NamedTuple

from msgspec import Struct
from msgspec.structs import replace

from drcheck.core.evaluation.inputs import Records
from drcheck.core.history.log_lines import unread
from drcheck.core.kinds.availability.commitment import Availability, Excuses, Formula
from drcheck.core.kinds.availability.maintenance import Announced
from drcheck.core.model.commitments import Outside
from drcheck.core.model.evidence import FOREVER, LONG_AGO
from drcheck.core.model.log_records import Log, Outage
from drcheck.core.model.readers import Tells
from drcheck.core.time.spans import Span, Spans, difference, earliest, intersection, length, union


class StatedOutage(NamedTuple):
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


class DownSeconds(Struct, frozen=True):
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
    of_maintenance = maintenance_logs(records)
    return {name: log for name, log in records.logs.items() if name not in of_maintenance}


def maintenance_logs(records: Records) -> dict[str, Log]:
    """Return the logs that tell of maintenance."""
    return {
        name: log
        for name, log in records.logs.items()
        if name in records.readers and Tells.MAINTENANCE in records.readers[name].yields
    }


def outages_of(records: Records) -> tuple[StatedOutage, ...]:
    """Return every outage with how far it is certain, in the order in which they began.

    One that is open was open when its log was last seen, unless a later line that nobody can read may have closed it:
    that may tell of any end.
    """
    found: set[StatedOutage] = set()
    for source, log in outage_logs(records).items():
        last_unread = max((gap.line or 0 for gap in log.gaps), default=-1)
        for outage in log.outages:
            end = outage.ended_at
            if end is None:
                end = outage.started_at if last_unread > outage.line else log.known_until
            found.add(StatedOutage(source, outage, Span(outage.started_at, max(outage.started_at, end))))
    return tuple(sorted(found, key=lambda one: (one.outage.started_at, one.outage.id, one.source, one.outage.line)))


def watched(records: Records) -> Spans:
    """Return when somebody watched, and every log of outages that may tell of something else has been seen since."""
    logs = outage_logs(records).values()
    seen = min((log.known_until for log in logs), default=LONG_AGO)
    return union(Span(one.start, min(one.end, seen)) for log in logs for one in log.watched)


def may_tell_an_outage(records: Records) -> str:
    """Return a line that nobody can read and that may tell an outage; empty: there is none.

    Outages are often written down late, after a record of what was watched, so that it may tell of any time up to when
    it was written, and of an outage that goes on since: a later record with ``corrects`` settles what it tells.
    """
    for source, log in outage_logs(records).items():
        for gap in log.gaps:
            return f"{source}, line {gap.line}, may tell an outage: {gap.what}"
    return ""


class MaintenanceDoubt(Struct, frozen=True):
    """What of maintenance is not known: what nobody has seen announced, and windows of which it is not known when."""

    since: int = FOREVER
    """From when on it may change what is excused, since caps excuse the earliest seconds."""
    spans: Spans = ()
    """When it may itself excuse."""
    hidden_since: int = FOREVER
    """From when on there may be windows that nobody has seen."""
    regular_since: int = FOREVER
    """The start of the first window that must stay out of regular maintenance, and may not have."""
    why: str = ""

    @property
    def touched(self) -> Spans:
        """When the rule that takes a second may be another one."""
        return union((*self.spans, Span(self.regular_since, FOREVER)))


NO_DOUBT = MaintenanceDoubt()


def doubt_of(records: Records, excuses: Excuses, windows: Sequence[Announced], period: Span) -> MaintenanceDoubt:
    """Return what of maintenance is not known and may change what is excused in ``period``.

    Maintenance excuses only what comes after its announcement: nothing before the newest look that did not show it.
    """
    if not excuses.maintenance:
        return NO_DOUBT
    hidden = list(_hidden(records))
    unknown = [(one.span, f"{one.source}, {one.window.id}: {one.why_not}") for one in windows if one.doubtful]
    touching = [one for one in (*hidden, *unknown) if one[0].overlaps(period)]
    if not touching:
        return NO_DOUBT
    spans = union(span for span, _ in touching)
    unseen = min((span.start for span, _ in hidden), default=FOREVER)
    rules = excuses.maintenance
    staying_out = (
        one.span.start
        for one in windows
        if one.span.end > unseen and one.rule is not None and rules[one.rule].outside is Outside.REGULAR_MAINTENANCE
    )
    return MaintenanceDoubt(spans[0].start, spans, unseen, min(staying_out, default=FOREVER), min(touching)[1])


def _hidden(records: Records) -> Iterator[tuple[Span, str]]:
    """Yield when logs of maintenance may tell windows that nobody has seen, or could read, and why."""
    for source, log in maintenance_logs(records).items():
        why = log.unseen[0].what if log.unseen else ""
        # What a look showed stands for the second in which it began.
        yield Span(log.known_until + 1, FOREVER), f"{source} has not been seen since" + (f": {why}" if why else "")
        for gap in log.gaps:
            yield Span(unread(log, gap).announces_from, FOREVER), f"{source}, line {gap.line}: {gap.what}"


def account(commitment: Availability, stretch: Span, down: Sequence[Down], windows: Sequence[Spans]) -> DownSeconds:
    """Return what becomes of the down seconds within ``stretch``, which begins where its period does.

    Maintenance takes its seconds first, rule by rule; what lies over a rule's cap falls to no later rule and to no
    cause. A cause excuses a second if every outage that covers it has an excused cause.
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
    ours = intersection(left, union(one.span for one in down if one.cause not in excuses.causes))
    left = difference(left, ours)
    for cause in sorted({one.cause for one in down} & excuses.causes):
        reasons[f"cause {cause}"] = intersection(left, union(one.span for one in down if one.cause == cause))
        left = difference(left, reasons[f"cause {cause}"])
    told = tuple((why, spans) for why, spans in reasons.items() if spans)
    return DownSeconds(union((*ours, *over)), union(leaving), told, by_maintenance)


def at_best(known: DownSeconds, excuses: Excuses, doubt: MaintenanceDoubt) -> DownSeconds:
    """Return the account with everything excused that maintenance which is not known can have excused.

    It can also take seconds that used up the cap of another rule, and leave that to later ones.
    """
    if doubt is NO_DOUBT:
        return known
    caps = [rule.at_most for rule in excuses.maintenance]
    capped = any(cap is not None for cap in caps)
    doubted = intersection(known.counted, (Span(doubt.since, FOREVER),) if capped else doubt.spans)
    most = FOREVER if None in caps else sum(cap or 0 for cap in caps)
    return replace(
        known,
        counted=difference(known.counted, earliest(doubted, most)),
        # Among rules that leave the denominator and others that do not, the best is taken.
        leaving=difference(known.leaving, doubt.touched),
    )


def at_worst(account: DownSeconds, commitment: Availability, doubt: MaintenanceDoubt) -> DownSeconds:
    """Return the account with everything held against it that maintenance which is not known can have changed.

    It can use up a cap, also with what its cause would excuse, be the first of its slot, or be regular maintenance
    that another window must stay out of; and it can take time out of the denominator that was excused anyway.
    """
    if doubt is NO_DOUBT:
        return account
    rules = commitment.excused.maintenance
    excused = union(span for _, spans in account.excused for span in spans)
    lost_since = doubt.regular_since
    if any(rule.once_per is not None for rule in rules):
        lost_since = min(lost_since, doubt.hidden_since)
    capped = any(rule.at_most is not None for rule in rules)
    if capped:
        lost_since = min(lost_since, doubt.since)
    lost = intersection(account.by_maintenance, (Span(lost_since, FOREVER),))
    if capped:
        lost = union((*lost, *intersection(excused, doubt.spans)))
    leaving = account.leaving
    if commitment.formula is Formula.OF_SERVICE_TIME and any(rule.leaves_service_time for rule in rules):
        leaving = union((*leaving, *intersection(excused, doubt.touched)))
    return replace(account, counted=union((*account.counted, *lost)), leaving=difference(leaving, lost))
