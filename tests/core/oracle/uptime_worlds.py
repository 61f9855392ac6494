"""Random worlds of outages, maintenance and watching, on a grid of minutes around changes of the clocks."""

from __future__ import annotations

from datetime import datetime
from fractions import Fraction
from zoneinfo import ZoneInfo

from hypothesis import strategies as st
from msgspec import Struct
from msgspec.structs import replace

from drcheck import registry
from drcheck.core.evaluation.inputs import Records, Terms
from drcheck.core.kinds.availability import evaluate as availability
from drcheck.core.kinds.availability.commitment import Availability, Excuses, Formula, MaintenanceRule
from drcheck.core.model.commitments import Notice, Outside
from drcheck.core.model.evidence import LONG_AGO
from drcheck.core.model.log_records import ANYTIME, Between, Log, Maintenance, Outage, Watched
from drcheck.core.model.policy import BusinessCalendar
from drcheck.core.model.slots import Per
from drcheck.core.model.verdict import Finding, Window

MINUTE = 60
HOUR = 3600
DAY = 86400

MONTHS = [
    ("Europe/Stockholm", 2026, 3),
    ("Europe/Stockholm", 2026, 10),
    ("America/New_York", 2026, 3),
    ("America/New_York", 2026, 11),
    ("UTC", 2028, 2),
]
CALENDARS = [
    BusinessCalendar(opens=7 * HOUR, closes=17 * HOUR),
    BusinessCalendar(weekdays=frozenset({0, 2, 6}), opens=0, closes=DAY, also=frozenset({(3, 30), (10, 26)})),
]
TARGETS = ["99.9", "99.5", "99.95", "99", "95", "90", "50", "100"]
CAUSES = ["", "us", "customer", "third-party"]
SCOPES = [True, True, True, True, True, False, None, None]
TYPES = ["planned", "planned", "regular", "emergency"]
READERS = {
    "outages": registry.READERS["outage-log"],
    "more": registry.READERS["outage-log"],
    "maintenance": registry.READERS["maintenance-log"],
}


class Case(Struct, frozen=True):
    """A commitment, what the logs say, and what is judged."""

    commitment: Availability
    records: Records
    terms: Terms
    window: Window

    def judge(self) -> Finding:
        """Let the evaluator judge it."""
        return availability.evaluate(self.commitment, self.records, self.terms, self.window)

    def with_log(self, name: str, log: Log) -> Case:
        """Return the same case with another log."""
        return replace(self, records=Records({**self.records.logs, name: log}, self.records.readers))


def _minutes(low: int, high: int) -> st.SearchStrategy[int]:
    return st.integers(low, high).map(lambda count: count * MINUTE)


LENGTHS = st.one_of(_minutes(1, 20), _minutes(30, 60), _minutes(1, 600), _minutes(600, 4000))


@st.composite
def rules(draw: st.DrawFn) -> MaintenanceRule:
    """Draw a rule of what maintenance is excused."""
    return MaintenanceRule(
        type=draw(st.sampled_from(TYPES)),
        notice=draw(
            st.none()
            | st.none()
            | st.builds(Notice, seconds=_minutes(1, 3000))
            | st.builds(Notice, business_days=st.integers(1, 5))
        ),
        outside=draw(st.sampled_from([None, None, *Outside])),
        at_most=draw(st.none() | _minutes(1, 400)),
        leaves_service_time=draw(st.booleans()),
        once_per=draw(st.sampled_from([None, None, None, Per.HOUR, Per.DAY, Per.WEEK, Per.MONTH])),
    )


@st.composite
def commitments(draw: st.DrawFn, per: Per, least_rules: int) -> Availability:
    """Draw a commitment."""
    return Availability(
        id="uptime",
        evidence=tuple(READERS),
        at_least=Fraction(draw(st.sampled_from(TARGETS))) / 100,
        per=per,
        total_only=draw(st.booleans()),
        formula=draw(st.sampled_from(Formula)),
        excused=Excuses(
            tuple(draw(st.lists(rules(), min_size=max(least_rules, draw(st.integers(0, 2))), max_size=3))),
            frozenset(draw(st.sets(st.sampled_from(["customer", "third-party"])))),
        ),
        fresh_within=draw(st.sampled_from([DAY, 2 * HOUR, 10 * DAY])),
    )


@st.composite
def cases(draw: st.DrawFn, *, per: Per = Per.MONTH, whole_logs: bool = False) -> Case:
    """Draw a case of a month, or of the days around a change of the clocks.

    ``whole_logs``: outages lie within the month, every log has been seen, and much is announced.
    """
    name, year, month = draw(st.sampled_from(MONTHS))
    zone = ZoneInfo(name)
    start = int(datetime(year, month, 1, tzinfo=zone).timestamp())
    end = int(datetime(year, month + 1, 1, tzinfo=zone).timestamp())
    if per is Per.DAY:
        middle = {"Europe": {3: 29, 10: 25}, "America": {3: 8, 11: 1}}.get(name.split("/")[0], {}).get(month, 15)
        start = int(datetime(year, month, middle, tzinfo=zone).timestamp()) - DAY
        end = start + 3 * DAY
    within = (0, (end - start) // MINUTE)
    starts = _minutes(*within) if whole_logs else _minutes(-500, within[1] + 100)
    over = draw(st.booleans())
    until = end if over else start + draw(_minutes(1, within[1] - 1))
    if per is Per.DAY and over:
        until = end + DAY
    commitment = draw(commitments(per, least_rules=1 if whole_logs else 0))
    # Outages about as long as is allowed, where seconds matter.
    most = int((1 - commitment.at_least) * (DAY if per is Per.DAY else end - start)) // MINUTE
    lengths = LENGTHS | st.sampled_from(
        [max(1, count) * MINUTE for count in (most, most - 1, most // 2, most * 9 // 10)]
    )
    known = until if whole_logs else draw(st.sampled_from([until, until, until + HOUR, until - 90 * MINUTE]))
    logs = {}
    edges: list[int] = []
    for log in ("outages", "more")[: draw(st.sampled_from([1, 1, 2]))]:
        outages = []
        for number in range(draw(st.sampled_from([1, 2, 3, 4, 0]))):
            begins = start + draw(starts)
            length = draw(lengths)
            ends = (
                None if draw(st.integers(0, 7)) == 0 else min(begins + length, end) if whole_logs else begins + length
            )
            total, cause = draw(st.sampled_from(SCOPES)), draw(st.sampled_from(CAUSES))
            outages.append(Outage(f"{log}-{number}", number, begins, ends, total, cause))
            edges += [begins, begins + length]
        logs[log] = Log(
            outages=tuple(outages),
            watched=tuple(Watched(one, other, 100) for one, other in draw(_watched(start, max(end, until), edges))),
            known_until=known if log == "outages" else until,
        )
    windows = []
    types = [rule.type for rule in commitment.excused.maintenance] + TYPES[:1]
    for number in range(draw(st.sampled_from([2, 1, 3, 4, 0]))):
        near = draw(st.sampled_from(edges)) if edges and draw(st.integers(0, 3)) else start + draw(starts)
        begins = near + draw(_minutes(-60, 20))
        if windows and draw(st.integers(0, 4)) == 0:
            begins = draw(st.sampled_from(windows)).starts_at
        word = begins - draw(_minutes(-60, 60) | _minutes(0, 10 * 1440))
        known = draw(_between(begins)) if draw(st.integers(0, 2)) == 0 else ANYTIME
        if draw(st.integers(0, 7)) == 0:
            word = None
        windows.append(
            Maintenance(
                f"m-{number}",
                number,
                draw(st.sampled_from(types) | st.sampled_from(TYPES)),
                word,
                begins,
                begins + draw(_minutes(0, 700) | _minutes(100, 5000)),
                known,
            )
        )
    logs["maintenance"] = Log(maintenance=tuple(windows), known_until=max(end, until) + DAY)
    terms = Terms(
        zone=zone,
        business=draw(st.sampled_from(CALENDARS)),
        effective=draw(st.sampled_from([None, None, None, None, None, None, start, start + MINUTE, until])),
    )
    if not whole_logs and draw(st.integers(0, 5)) == 0:
        terms = replace(terms, ends=start + draw(_minutes(1, within[1] - 1)))
    begin = min(until - 1, start + draw(st.sampled_from([0, 0, 1, 40 * HOUR, -HOUR])))
    return Case(commitment, Records(logs, {name: READERS[name] for name in logs}), terms, Window(begin, until))


@st.composite
def _between(draw: st.DrawFn, begins: int) -> Between:
    """Draw two looks around the begin of a window: one that did not show its record, if any, and one that did."""
    missed = begins + draw(_minutes(-60, 60) | _minutes(-20 * 1440, 60))
    return Between(
        draw(st.sampled_from([missed, missed, LONG_AGO])), missed + draw(_minutes(1, 60) | _minutes(1, 3000))
    )


@st.composite
def _watched(draw: st.DrawFn, start: int, end: int, edges: list[int]) -> list[tuple[int, int]]:
    """Draw what was watched: all of it but for a few holes, or a few stretches, or nothing."""
    if draw(st.integers(0, 9)) == 0:
        return []
    holes = []
    for _ in range(draw(st.integers(0, 3))):
        near = draw(st.sampled_from(edges)) if edges and draw(st.booleans()) else start + draw(_minutes(0, 45000))
        holes.append((near, near + draw(_minutes(0, 90) | LENGTHS)))
    begins, stretches = start - draw(st.sampled_from([DAY, 0, -10 * MINUTE])), []
    for one, other in sorted(holes):
        if begins < one:
            stretches.append((begins, one))
        begins = max(begins, other)
    if begins < end:
        stretches.append((begins, end - draw(st.sampled_from([0, 0, -DAY, MINUTE, 3 * HOUR]))))
    return [(one, other) for one, other in stretches if one < other]
