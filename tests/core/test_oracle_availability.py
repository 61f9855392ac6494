"""availability against an oracle that walks every minute, and its laws."""

from __future__ import annotations

from collections.abc import Sequence
from decimal import Decimal
from fractions import Fraction

from hypothesis import assume, given
from hypothesis import strategies as st
from msgspec.structs import replace
from oracle import changes
from oracle.allowed import assert_whole, status_at
from oracle.availability import Walked, World, full_hours, periods, walk, worlds
from oracle.profiles import briefly, slowly, thoroughly
from oracle.uptime_worlds import MINUTE, Case, cases

from drcheck.core.evaluation.inputs import Records
from drcheck.core.kinds.availability.commitment import Credits
from drcheck.core.model.evidence import LONG_AGO, Gap
from drcheck.core.model.log_records import ANYTIME, Between, LogGrowth, Maintenance, Outage, Watched
from drcheck.core.model.slots import Per
from drcheck.core.model.status import Status
from drcheck.core.model.verdict import Finding, PeriodFigures

BAD = {None: 0, Status.MET: 0, Status.UNKNOWN: 1, Status.BREACHED: 2}


def check(case: Case) -> None:
    """Check every minute of the window, and the figures of every period, against the oracle's walk.

    Where it is not known when some maintenance was announced, each way in which it can have been is walked through.
    """
    finding = case.judge()
    assert_whole(finding, case.window)
    ways = worlds(case.commitment, case.records, case.terms)
    assume(len(ways) <= 4)
    spans = list(periods(case.commitment.per, case.terms.zone, *case.window))
    walked = [[walk(world, start, end, case.window.end) for start, end in spans] for world in ways]
    pieces = iter(finding.pieces)
    piece = next(pieces)
    for several in zip(*walked, strict=True):
        for together in zip(*(period.statuses for period in several), strict=True):
            second, found = together[0][0], {status for _, status in together}
            if case.window.start <= second < case.window.end:
                while second >= piece.end:
                    piece = next(pieces)
                assert piece.status in allowed(found, ways), (second, piece.status, found)
    assert len(finding.periods) == len(spans)
    for number, (figures, (start, end)) in enumerate(zip(finding.periods, spans, strict=True)):
        assert (figures.start, figures.end) == (start, end)
        several = [one[number] for one in walked]
        assert figures.status in allowed({period.shown for period in several}, ways)
        assert figures.unwatched == several[0].unwatched
        if len(ways) == 1:
            check_figures(figures, several[0], case)


def allowed(found: set[Status | None], ways: Sequence[World]) -> set[Status | None]:
    """Return what may be said where each way gives one of ``found``: bounds may not decide what all ways agree on."""
    return found if len(ways) == 1 else {Status.UNKNOWN} | (found if len(found) == 1 else set())


def check_figures(figures: PeriodFigures, period: Walked, case: Case) -> None:
    assert figures.downtime == period.best.counted
    assert figures.allowed == int((1 - case.commitment.at_least) * (period.whole - period.best.left))
    assert {one.why: one.seconds for one in figures.excused} == dict(period.best.excused)
    assert Decimal(figures.availability) == period.availability()


@slowly
@given(cases())
def test_each_minute_of_a_month_has_the_status_that_walking_through_it_gives(case: Case):
    check(case)


@thoroughly
@given(cases(per=Per.DAY))
def test_days_of_23_to_25_hours_have_the_status_that_walking_through_them_gives(case: Case):
    check(case)


@thoroughly
@given(cases(per=Per.DAY))
def test_full_hours_belong_to_the_day_in_which_they_were_completed(case: Case):
    commitment = replace(case.commitment, credits=Credits(full_hours_times=1), at_least=Fraction(999, 1000))
    (world, *others) = worlds(commitment, case.records, case.terms)
    assume(not others)
    for figures in replace(case, commitment=commitment).judge().periods:
        if figures.status is Status.BREACHED and figures.end <= case.window.end and case.terms.ends is None:
            hours = full_hours(world, figures.start, figures.end)
            assert (figures.credit.amount.value if figures.credit else 0) == hours


# The laws. ------------------------------------------------------------------------------------------------------------


def seconds(*findings: Finding) -> list[int]:
    """Return the seconds at which one of several findings begins or ends a piece."""
    first, last = findings[0].pieces[0].start, findings[0].pieces[-1].end
    edges = {at for finding in findings for piece in finding.pieces for at in (piece.start, piece.end - 1)}
    return sorted(at for at in edges if first <= at < last)


@briefly
@given(cases())
def test_the_order_of_records_and_records_told_twice_change_nothing(case: Case):
    logs = {
        name: replace(
            log,
            outages=log.outages[::-1] * 2,
            watched=log.watched[::-1] * 2,
            maintenance=log.maintenance[::-1] * 2,
        )
        for name, log in reversed(case.records.logs.items())
    }
    again = replace(case, records=Records(logs, case.records.readers)).judge()
    before = case.judge()
    assert changes.spans(again) == changes.spans(before)
    assert [replace(figures, credit=None) for figures in again.periods] == list(before.periods)


@briefly
@given(cases(), st.sampled_from([Fraction(1, 2), Fraction(9, 10), Fraction(999, 1000)]))
def test_a_looser_target_never_worsens(case: Case, factor: Fraction):
    loose = replace(case, commitment=replace(case.commitment, at_least=case.commitment.at_least * factor))
    strict, looser = case.judge(), loose.judge()
    for second in seconds(strict, looser):
        assert BAD[status_at(looser, second)] <= BAD[status_at(strict, second)], second


@briefly
@given(cases(), st.integers(0, 255))
def test_less_watching_gives_the_same_verdict_or_unknown(case: Case, which: int):
    logs = {
        name: replace(log, watched=tuple(one for number, one in enumerate(log.watched) if not which >> number & 1))
        for name, log in case.records.logs.items()
    }

    def last_watched(records: Records) -> int:
        seen = min(log.known_until for name, log in records.logs.items() if name != "maintenance")
        spans = [one for log in records.logs.values() for one in log.watched if one.start < case.window.end]
        return max((min(one.end, seen, case.window.end) for one in spans), default=0)

    less = replace(case, records=Records(logs, case.records.readers))
    before, after = case.judge(), less.judge()
    # What is open is judged as far as it was watched: less of it is then judged, and may be met.
    assume(last_watched(less.records) == last_watched(case.records) or case.window.end >= before.periods[-1].end)
    for second in seconds(before, after):
        assert status_at(after, second) in (status_at(before, second), Status.UNKNOWN), second


@briefly
@given(cases(), st.data())
def test_one_more_outage_never_improves(case: Case, data: st.DataObject):
    log = case.records.logs["outages"]
    begins = case.window.start // MINUTE * MINUTE + MINUTE * data.draw(st.integers(-500, 40000))
    length = data.draw(st.none() | st.integers(1, 3000))
    ours = data.draw(st.booleans())
    cause = "" if ours else data.draw(st.sampled_from(["customer", "third-party", "us"]))
    ends = None if length is None else begins + length * MINUTE
    more = Outage("one-more", 99, begins, ends, ours or data.draw(st.booleans()), cause)
    before, after = case.judge(), case.with_log("outages", replace(log, outages=(*log.outages, more))).judge()
    for second in seconds(before, after):
        was, now = status_at(before, second), status_at(after, second)
        if ours:
            assert BAD[now] >= BAD[was], second
        else:
            # What is known to have been partial, or somebody else's doing, is no longer unwatched; but no breach ends.
            assert was is not Status.BREACHED or now is Status.BREACHED, second


# What nobody can read. ------------------------------------------------------------------------------------------------


def _written(record: Outage | Watched | Maintenance) -> int:
    """Return when a record was appended: when what it tells was over, or announced, or began."""
    match record:
        case Outage():
            return record.started_at if record.ended_at is None else record.ended_at
        case Watched():
            return record.end
        case _:
            return record.starts_at if record.announced_at is None else min(record.announced_at, record.starts_at)


def _in_lines(case: Case, hidden: int, late: int = 0, looks: Sequence[int] = ()) -> Case:
    """Return the case with its logs' lines in the order in which they were written, some of which nobody can read.

    Of those, lines of outages and of watching may tell, ``late`` seconds after, of what was over long before. ``looks``
    came before the newest one; where there are none, nobody kept what that showed.
    """
    logs = {}
    number = 0
    for name, log in case.records.logs.items():
        told: list[tuple[int, str, bool, Outage | Watched | Maintenance]] = []
        for record in (*log.outages, *log.watched, *log.maintenance):
            hide = bool(hidden >> number & 1)
            delay = 0 if not hide or isinstance(record, Maintenance) else late
            told.append((_written(record) + delay, str(record), hide, record))
            number += 1
        told.sort(key=lambda one: one[:2])
        kept = [
            record._replace(line=line)
            if not isinstance(record, Maintenance)
            else record._replace(line=line, known=_known(written, looks, log.known_until))
            for line, (written, _, hide, record) in enumerate(told, 1)
            if not hide
        ]
        shown = [(at, sum(one[0] <= at for one in told)) for at in looks if at < log.known_until]
        shown = [*sorted(shown), (log.known_until, len(told))]
        logs[name] = replace(
            log,
            outages=tuple(one for one in kept if isinstance(one, Outage)),
            watched=tuple(one for one in kept if isinstance(one, Watched)),
            maintenance=tuple(one for one in kept if isinstance(one, Maintenance)),
            gaps=tuple(Gap("it is not JSON", line=line) for line, one in enumerate(told, 1) if one[2]),
            looks=tuple(LogGrowth(at, count, count) for at, count in shown) if looks else (),
        )
    return replace(case, records=Records(logs, case.records.readers))


def _known(written: int, looks: Sequence[int], newest: int) -> Between:
    """Return the look that did not show what was written at an instant, and the first that did."""
    if not looks:
        return ANYTIME
    ats = sorted({*(at for at in looks if at < newest), newest})
    return Between(
        max((at for at in ats if at < written), default=LONG_AGO),
        min((at for at in ats if at >= written), default=newest),
    )


def _check_hidden(case: Case, hidden: int, late: int, looks: Sequence[int] = ()) -> None:
    before, after = _in_lines(case, 0, looks=looks).judge(), _in_lines(case, hidden, late, looks).judge()
    for second in seconds(before, after):
        assert status_at(after, second) in (status_at(before, second), Status.UNKNOWN), second


# The first lines of the first log are those of its outages.
HIDDEN = st.integers(0, 3).map(lambda line: 1 << line) | st.integers(1, 2**16 - 1)
LATE = st.sampled_from([0, MINUTE, 3600, 30 * 3600, 100 * 86400])


@thoroughly
@given(cases(whole_logs=True), HIDDEN, LATE)
def test_lines_that_nobody_can_read_give_the_full_verdict_or_unknown(case: Case, hidden: int, late: int):
    _check_hidden(case, hidden, late)


@thoroughly
@given(cases(whole_logs=True), HIDDEN, st.lists(st.integers(-5000, 40000), min_size=1, max_size=6))
def test_unreadable_lines_that_looks_bound_give_the_full_verdict_or_unknown(
    case: Case, hidden: int, minutes: list[int]
):
    start = case.window.start // MINUTE * MINUTE
    _check_hidden(case, hidden, 0, [start + minute * MINUTE for minute in minutes])


@thoroughly
@given(cases(per=Per.DAY, whole_logs=True), HIDDEN, LATE)
def test_lines_that_nobody_can_read_leave_open_every_day_before_they_were_written(case: Case, hidden: int, late: int):
    # What is told as open is closed by a line of its own, which tells all of it.
    assume(all(one.ended_at is not None for log in case.records.logs.values() for one in log.outages))
    _check_hidden(case, hidden, late)


@thoroughly
@given(cases(whole_logs=True), st.integers(0, 40000))
def test_announcements_that_nobody_has_seen_give_the_full_verdict_or_unknown(case: Case, minutes: int):
    log = case.records.logs["maintenance"]
    since = case.window.start // MINUTE * MINUTE + minutes * MINUTE
    seen = tuple(one for one in log.maintenance if _written(one) < since)
    before = case.judge()
    after = case.with_log("maintenance", replace(log, maintenance=seen, known_until=since)).judge()
    for second in seconds(before, after):
        assert status_at(after, second) in (status_at(before, second), Status.UNKNOWN), second
