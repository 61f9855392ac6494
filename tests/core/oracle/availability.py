"""What ``judging.md`` demands of availability, minute by minute, with clocks and calendars of its own.

Worlds lie on a grid of minutes: within one minute nothing changes but the count of seconds.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, timedelta, tzinfo
from decimal import ROUND_FLOOR, Decimal, getcontext
from fractions import Fraction
from itertools import product

from drcheck.core.evaluation.inputs import Records, Terms
from drcheck.core.kinds.availability.commitment import Availability, Formula, MaintenanceRule
from drcheck.core.model.commitments import Outside
from drcheck.core.model.log_records import Maintenance, Outage
from drcheck.core.model.slots import Per
from drcheck.core.model.status import Status
from drcheck.registry import READERS

MINUTE = 60
HOUR = 3600


def clock(instant: int, zone: tzinfo) -> datetime:
    """Return what the clocks of ``zone`` show."""
    return datetime.fromtimestamp(instant, UTC).astimezone(zone)


def label(per: Per, shown: datetime) -> tuple[int, ...]:
    """Return the slot of the calendar that a clock stands in."""
    match per:
        case Per.HOUR:
            return (shown.year, shown.month, shown.day, shown.hour, shown.fold)
        case Per.DAY:
            return (shown.year, shown.month, shown.day)
        case Per.WEEK:
            return tuple(shown.isocalendar()[:2])
        case Per.MONTH:
            return (shown.year, shown.month)
        case Per.QUARTER:
            return (shown.year, (shown.month - 1) // 3)
        case Per.YEAR:
            return (shown.year,)


def business_day(day: date, terms: Terms) -> bool:
    """Return whether a date is a business day, for calendars without a country."""
    return day.weekday() in terms.business.weekdays and (day.month, day.day) not in terms.business.also


def in_business_hours(instant: int, terms: Terms) -> bool:
    """Return whether a minute lies in business hours."""
    shown = clock(instant, terms.zone)
    time = shown.hour * HOUR + shown.minute * MINUTE
    return business_day(shown.date(), terms) and terms.business.opens <= time < terms.business.closes


@dataclass
class World:
    """One case, with what does not change from minute to minute."""

    commitment: Availability
    records: Records
    terms: Terms
    outages: list[tuple[Outage, int]] = field(init=False)
    """With how far each is certain."""
    announced: dict[Maintenance, int] = field(default_factory=dict)
    """When windows were announced, where that is not known exactly: one of the ways in which it can have been."""
    windows: list[tuple[Maintenance, int]] = field(init=False)
    """With the number of the rule that each falls under; those that fall under none are left out."""
    seen: int = field(init=False)

    def __post_init__(self) -> None:
        logs = [log for name, log in self.records.logs.items() if self.records.readers[name] is READERS["outage-log"]]
        self.outages = [
            (one, log.known_until if one.ended_at is None else one.ended_at)
            for log in logs
            for one in log.outages
            # Of one of which nobody saw whether it was total nothing is known where only total ones count.
            if not (self.commitment.total_only and one.total is None)
        ]
        self.counting = [one for one, _ in self.outages if one.total or not self.commitment.total_only]
        self.watched = [(one.start, one.end) for log in logs for one in log.watched]
        self.seen = min(log.known_until for log in logs)
        told = [window for log in self.records.logs.values() for window in log.maintenance]
        told = [window for window in told if window.starts_at < window.ends_at]
        self.windows = []
        for window in told:
            fitting = [
                number
                for number, rule in enumerate(self.commitment.excused.maintenance)
                if self._fits(rule, window, told)
            ]
            if fitting:
                self.windows.append((window, fitting[0]))

    def _fits(self, rule: MaintenanceRule, window: Maintenance, told: list[Maintenance]) -> bool:
        zone = self.terms.zone
        if window.type != rule.type:
            return False
        announced = self.announced.get(window, instants(window)[0])
        if announced > window.starts_at:
            return False
        if rule.notice is not None:
            if rule.notice.business_days:
                day, last = clock(announced, zone).date(), clock(window.starts_at, zone).date()
                whole = 0
                while (day := day + timedelta(days=1)) < last:
                    whole += business_day(day, self.terms)
                if whole < rule.notice.business_days:
                    return False
            elif window.starts_at - announced < rule.notice.seconds:
                return False
        minutes = range(window.starts_at, window.ends_at, MINUTE)
        if rule.outside is Outside.BUSINESS_HOURS and any(in_business_hours(at, self.terms) for at in minutes):
            return False
        if rule.outside is Outside.REGULAR_MAINTENANCE and any(
            other.type == "regular" and other.starts_at <= at < other.ends_at for other in told for at in minutes
        ):
            return False
        if rule.once_per is not None:
            slot = label(rule.once_per, clock(window.starts_at, zone))
            same = [
                (other.starts_at, other.line)
                for other in told
                if other.type == rule.type and label(rule.once_per, clock(other.starts_at, zone)) == slot
            ]
            return (window.starts_at, window.line) == min(same)
        return True


LONG_BEFORE = 400 * 24 * HOUR


def instants(window: Maintenance) -> list[int]:
    """Return the earliest and the latest instant at which a window can have been announced; one where that is known.

    Its word stands unless a look after it did not show the record; what a look showed had been announced by then.
    """
    missed, shown = window.known
    long_before, long_after = window.starts_at - LONG_BEFORE, window.starts_at + LONG_BEFORE
    if window.announced_at is not None and window.announced_at > missed:
        return [min(window.announced_at, shown)]
    return [max(missed + 1, long_before), min(shown, long_after)]


def worlds(commitment: Availability, records: Records, terms: Terms) -> list[World]:
    """Return the world in each way in which windows can have been announced."""
    windows = {window for log in records.logs.values() for window in log.maintenance}
    open_ones = [window for window in windows if len(instants(window)) > 1]
    return [
        World(commitment, records, terms, dict(zip(open_ones, choice, strict=True)))
        for choice in product(*map(instants, open_ones))
    ]


@dataclass
class Run:
    """The minutes of a period so far, read one way."""

    commitment: Availability
    counted: int = 0
    left: int = 0
    excused: Counter[str] = field(default_factory=Counter)
    used: Counter[int] = field(default_factory=Counter)
    too_late: bool = False
    tolerated: tuple[int, int] = field(init=False)
    """The share that may be down, as numerator and denominator."""

    def __post_init__(self) -> None:
        self.tolerated = (1 - self.commitment.at_least).as_integer_ratio()

    def minute(self, rules: list[int], causes: list[str]) -> str:
        """Take a minute that was down, with the rules whose windows it lies in; return what becomes of it."""
        excuses = self.commitment.excused
        if rules:
            number = min(rules)
            rule = excuses.maintenance[number]
            if rule.at_most is None or (self.used[number] + 1) * MINUTE <= rule.at_most:
                self.used[number] += 1
                self.excused[f"maintenance {rule.type}"] += MINUTE
                leaves = self.commitment.formula is Formula.OF_SERVICE_TIME and rule.leaves_service_time
                return "left" if leaves else "excused"
            return "counted"  # what lies over a cap falls to no later rule and to no cause
        if all(cause in excuses.causes for cause in causes):
            self.excused[f"cause {min(causes)}"] += MINUTE
            return "excused"
        return "counted"

    def second(self, what: str, seconds: int, whole: int) -> bool:
        """Return whether the target is out of reach once so many seconds of this minute are over."""
        if self.too_late or what in ("up", "excused"):
            return self.too_late
        down = self.counted + (seconds if what == "counted" else 0)
        left = self.left + (seconds if what == "left" else 0)
        most, of = self.tolerated
        return down * of > most * (whole - left)

    def close(self, what: str, whole: int) -> None:
        """Finish the minute."""
        self.too_late = self.second(what, MINUTE, whole)
        self.counted += MINUTE if what == "counted" else 0
        self.left += MINUTE if what == "left" else 0

    def availability(self, whole: int) -> Fraction:
        """Return the share that was not down."""
        served = whole - self.left
        return Fraction(served - self.counted, served) if served else Fraction(1)


@dataclass
class Walked:
    """A period, walked through."""

    statuses: list[tuple[int, Status | None]]
    """(second, status) of the first and the last second of every minute."""
    shown: Status | None
    """The status of the period as a whole, as far as it is owed."""
    best: Run
    unwatched: int
    whole: int
    counted: list[int]
    """The minutes that surely count."""

    def availability(self) -> Decimal:
        """Return the availability in per cent, cut to six decimals."""
        share = self.best.availability(self.whole) * 100
        getcontext().prec = 50
        return (Decimal(share.numerator) / Decimal(share.denominator)).quantize(Decimal("0.000001"), ROUND_FLOOR)


def walk(world: World, start: int, end: int, window_end: int) -> Walked:
    """Walk through the period from ``start`` to ``end`` as far as the window goes."""
    commitment, terms = world.commitment, world.terms
    whole = end - start
    # Nothing after an agreement's end counts.
    owed = end if terms.ends is None or not start < terms.ends < end else terms.ends
    until, over = min(owed, window_end), owed <= window_end
    looked = set[int]()
    for begins, ends in world.watched:
        looked |= set(range(max(begins, start - 400 * HOUR), min(ends, world.seen, until), MINUTE))
    last = max(looked) + MINUTE if looked else None
    judged = until if over or last is None else last
    best, worst, unwatched = Run(commitment), Run(commitment), 0
    counted: list[int] = []
    statuses: list[tuple[int, Status | None]] = []
    for at in range(start, until, MINUTE):
        rules = [number for window, number in world.windows if window.starts_at <= at < window.ends_at]
        covering = [(one, sure) for one, sure in world.outages if one.started_at <= at and (one.ended_at or until) > at]
        sure = [one for one, known in covering if at < known]
        blind = at < judged and at not in looked and not sure
        unwatched += MINUTE if blind else 0
        surely = [one.cause for one in sure if one.total or not commitment.total_only]
        maybe = [one.cause for one, _ in covering if one.total or not commitment.total_only] + ([""] if blind else [])
        one = best.minute(rules, surely) if surely else "up"
        other = worst.minute(rules, maybe) if maybe else "up"
        for seconds in (1, MINUTE):
            second = at + seconds - 1
            statuses.append(
                (
                    second,
                    _status(world, start, (best, one), (worst, other), seconds, whole, last, second, over),
                )
            )
        counted += [at] if one == "counted" else []
        best.close(one, whole)
        worst.close(other, whole)
    if terms.effective is not None and start < terms.effective:
        statuses = [(second, None) for second, _ in statuses]
    if terms.ends is not None and terms.ends <= start:
        statuses = [(second, None) for second, _ in statuses]
    shown = statuses[-1][1]
    if owed < end:
        # What was not breached by then is not owed, nor is anything after it.
        statuses = [(second, None if status is Status.MET else status) for second, status in statuses]
        shown = statuses[-1][1]
        later = range(until, min(end, window_end), MINUTE)
        statuses += [(at + by, None) for at in later for by in (0, MINUTE - 1)]
    return Walked(statuses, shown, best, unwatched, whole, counted)


def full_hours(world: World, start: int, end: int) -> int:
    """Return the full hours of downtime that were completed in a period that is over.

    Each is counted through the whole of an outage, with what overlaps or touches it, since the agreement took effect.
    """
    zone, per = world.terms.zone, world.commitment.per
    begins = min([start, *(one.started_at for one in world.counting)])
    counted = [at for first, last in periods(per, zone, begins, end) for at in walk(world, first, last, last).counted]
    if world.terms.effective is not None:
        counted = [at for at in counted if at >= world.terms.effective]
    sure = [(one.started_at, known) for one, known in world.outages if one in world.counting]
    down = {at for one, known in sure for at in range(one, max(one, known), MINUTE)}
    hours = minutes = 0
    previous = None
    for at in counted:
        if previous is not None and any(gone not in down for gone in range(previous, at, MINUTE)):
            minutes = 0
        minutes, previous = minutes + 1, at
        hours += minutes % 60 == 0 and start <= at < end
    return hours


def _status(
    world: World,
    start: int,
    best: tuple[Run, str],
    worst: tuple[Run, str],
    seconds: int,
    whole: int,
    last: int | None,
    second: int,
    over: bool,
) -> Status:
    if best[0].second(best[1], seconds, whole):
        return Status.BREACHED
    if last is None or worst[0].second(worst[1], seconds, whole):
        return Status.UNKNOWN
    if not over and second + 1 - last > world.commitment.fresh_within:
        return Status.UNKNOWN
    return Status.MET


def periods(per: Per, zone: tzinfo, start: int, end: int) -> Iterator[tuple[int, int]]:
    """Yield the days or months that touch [start, end): from local midnight to local midnight."""
    day = clock(start, zone).date()
    day = day.replace(day=1) if per is Per.MONTH else day
    while (begins := _midnight(day, zone)) < end:
        after = (day + timedelta(days=31)).replace(day=1) if per is Per.MONTH else day + timedelta(days=1)
        yield begins, _midnight(after, zone)
        day = after


def _midnight(day: date, zone: tzinfo) -> int:
    return int(datetime(day.year, day.month, day.day, tzinfo=zone).timestamp())
