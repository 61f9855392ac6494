"""What ``judging.md`` demands of restore tests at one second."""

from __future__ import annotations

from drcheck.core.evaluation.inputs import Records, Terms
from drcheck.core.kinds.restore_test import RestoreTest
from drcheck.core.model.commitments import Notice, Outside
from drcheck.core.model.evidence import FOREVER
from drcheck.core.model.log_records import Recovery

from . import calendar
from .allowed import BREACHED, MET, NOTHING_OWED, UNKNOWN, Allowed, both_ways, worst_of
from .logs import announced, hidden, proves, recoveries


def allowed(commitment: RestoreTest, records: Records, terms: Terms, second: int) -> Allowed:
    """Return the statuses that an evaluator may give to ``second``."""
    if terms.effective is not None and second < terms.effective:
        return NOTHING_OWED
    parts = []
    if commitment.every is not None and terms.binds.start <= second < terms.binds.end:
        parts.append(_often(commitment, commitment.every, records, terms, second))
    if commitment.notice is not None or commitment.outside is not None:
        parts.append(_by_the_rules(commitment, records, terms, second))
    return worst_of(parts)


def _named(commitment: RestoreTest, records: Records) -> list[tuple[str, Recovery]]:
    return [
        (log, one)
        for log, one in recoveries(records)
        if not one.real and (not commitment.scenario or commitment.scenario in one.scenarios)
    ]


def _often(commitment: RestoreTest, every: int, records: Records, terms: Terms, second: int) -> Allowed:
    over = [
        one
        for _, one in _named(commitment, records)
        if one.outcome == "passed" and one.finished_at is not None and one.finished_at <= second
    ]
    answers = [(one.finished_at or 0, _on_the_rung(commitment, one), proves(one, terms.lost_sites)) for one in over]
    newest = max((at for at, rung, proof in answers if rung and proof), default=None)
    # A pass that does not tell its rung, or what it restored from, may be one that counts.
    newest_maybe = max((at for at, rung, proof in answers if rung is not False and proof is not False), default=None)
    one_way, other_way = (_since(at, every, records, terms, second) for at in (newest, newest_maybe))
    # Between "nothing is owed yet" and "met" the doubt makes no difference to anybody.
    return both_ways([one_way, other_way]) | (NOTHING_OWED & one_way)


def _on_the_rung(commitment: RestoreTest, test: Recovery) -> bool | None:
    return None if test.validation is None else test.validation >= commitment.validation


def _since(newest: int | None, every: int, records: Records, terms: Terms, second: int) -> Allowed:
    counts_from = [at for at in (newest, terms.effective) if at is not None]
    if counts_from and second < max(counts_from) + every:
        return NOTHING_OWED if newest is None else MET
    # What nobody saw, or could read, may be the pass that is owed.
    if any(one.earliest <= second and (one.latest is None or second < one.latest + every) for one in hidden(records)):
        return UNKNOWN
    return BREACHED if counts_from else BREACHED | UNKNOWN  # from when on it is owed, nobody says


def _by_the_rules(commitment: RestoreTest, records: Records, terms: Terms, second: int) -> Allowed:
    begun = [item for item in _named(commitment, records) if item[1].started_at <= second]
    unseen = any(one.line is None and one.earliest <= second for one in hidden(records))
    lines = [one for one in hidden(records) if one.latest is not None]
    if not begun:
        return UNKNOWN if unseen or any(one.earliest <= second for one in lines) else NOTHING_OWED
    last = max(one.started_at for _, one in begun)
    deciding = [one for _, one in begun if one.started_at == last]
    until = max(one.finished_at or last for one in deciding)
    # It may be a test that began since, also while the deciding one was under way: the line after it may tell of one.
    later = any(one.earliest <= max(second, until) and last <= (one.latest or 0) for one in lines)
    if terms.effective is not None and last < terms.effective:
        # What was held before the agreement does not bind.
        return UNKNOWN if unseen or later else NOTHING_OWED
    status = worst_of(_one_test(commitment, one, records, terms) for one in deciding)
    if unseen:
        return UNKNOWN
    return UNKNOWN if later and status != BREACHED else status  # nobody knows of one that kept the rules since


def _one_test(commitment: RestoreTest, test: Recovery, records: Records, terms: Terms) -> Allowed:
    parts = [MET]
    end = test.finished_at if test.finished_at is not None else test.started_at
    if commitment.outside is Outside.BUSINESS_HOURS and in_business_hours(terms, test.started_at, end):
        return BREACHED
    if commitment.outside is Outside.REGULAR_MAINTENANCE:
        if any(
            window.type == "regular" and window.starts_at < end and test.started_at < window.ends_at
            for one in records.logs.values()
            for window in one.maintenance
        ):
            return BREACHED
        if any(one.line is not None and one.earliest < end for one in hidden(records)):
            parts.append(UNKNOWN)  # it may tell of a window that the test was held in
    if commitment.notice is not None:
        said = [announced(one) for log in records.logs.values() for one in log.announcements if one.test == test.id]
        # A line that nobody can read may hold one, made no earlier than the newest look that did not show it.
        said += [
            (max(one.earliest, one.announced_after + 1), FOREVER) for one in hidden(records) if one.line is not None
        ]
        early = [notice_kept(commitment.notice, terms, earliest, test.started_at) for earliest, _ in said]
        surely = [notice_kept(commitment.notice, terms, latest, test.started_at) for _, latest in said]
        parts.append(MET if any(surely) else UNKNOWN if any(early) else BREACHED)
    return worst_of(parts)


def is_business_day(terms: Terms, day: object) -> bool:
    """Return whether a date is a business day, for calendars without a country."""
    business = terms.business
    assert business.country == ""
    return day.weekday() in business.weekdays and (day.month, day.day) not in business.also  # type: ignore[attr-defined]


def notice_kept(notice: Notice, terms: Terms, announced_at: int, event_at: int) -> bool:
    """Return whether an event was announced early enough."""
    if announced_at > event_at:
        return False
    announced_at = max(announced_at, event_at - 400 * 86400)  # no notice is longer, and calendars end
    if not notice.business_days:
        return event_at - announced_at >= notice.seconds
    one, other = calendar.wall(announced_at, terms.zone).date(), calendar.wall(event_at, terms.zone).date()
    return sum(is_business_day(terms, day) for day in calendar.whole_days_between(one, other)) >= notice.business_days


def in_business_hours(terms: Terms, start: int, end: int) -> bool:
    """Return whether some second of [start, end) lies in business hours, by trying each minute."""
    business = terms.business
    seconds = {start, max(start, end - 1), *range(start - start % 60 + 60, end, 60)}
    for second in seconds:
        shown = calendar.wall(second, terms.zone)
        if is_business_day(terms, shown.date()):
            clock = shown.hour * 3600 + shown.minute * 60 + shown.second
            if business.opens <= clock < business.closes:
                return True
    return False
