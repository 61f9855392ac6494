"""The laws at the end of ``judging.md``, for evaluators that know nothing of each other or of the oracle."""

from __future__ import annotations

from zoneinfo import ZoneInfo

from hypothesis import assume, given
from hypothesis import strategies as st
from msgspec.structs import replace
from oracle import changes
from oracle.allowed import status_at
from oracle.cases import (
    COARSE,
    FrequencyCase,
    LogCase,
    PlacesCase,
    RestoreTestCase,
    RetentionCase,
    RpoCase,
    RtoCase,
    frequency_cases,
    kept_cases,
    restore_test_cases,
    rpo_cases,
    rto_cases,
    tier_cases,
)
from oracle.profiles import briefly
from oracle.worlds import BASE, DAY, HOUR, Place, Truth, subject

from drcheck.core.evaluation.inputs import Subject
from drcheck.core.history.difference import difference
from drcheck.core.history.source_history import History
from drcheck.core.history.to_parts import parts_of
from drcheck.core.kinds import rpo
from drcheck.core.kinds.backup_frequency import evaluate as backup_frequency
from drcheck.core.kinds.retention import evaluate as retention
from drcheck.core.model.evidence import FOREVER, Candidate, Look
from drcheck.core.model.observation import Observation
from drcheck.core.model.policy import Source
from drcheck.core.model.status import Status
from drcheck.core.model.verdict import Finding, Window
from drcheck.registry import READERS

WEEK = 7 * DAY
BAD = {None: 0, Status.MET: 0, Status.UNKNOWN: 1, Status.BREACHED: 2}

POINTS = rpo_cases() | frequency_cases() | kept_cases() | tier_cases()
LOGS = rto_cases(outages=True) | restore_test_cases(often=True) | restore_test_cases(often=False)


def judge(case: PlacesCase, on: Subject) -> Finding:
    if isinstance(case, RpoCase):
        return rpo.evaluate(case.commitment, on, case.terms, case.window)
    if isinstance(case, FrequencyCase):
        return backup_frequency.evaluate(case.commitment, on, case.terms, case.window)
    assert isinstance(case, RetentionCase)
    return retention.evaluate(case.commitment, on, case.terms, case.window)


def judged_on(case: PlacesCase) -> tuple[Place, ...]:
    return case.survivors if isinstance(case, RpoCase) else case.places


# Order, duplicates and page cuts change nothing. -----------------------------------------------------------------------


@briefly
@given(POINTS)
def test_the_order_of_sources_and_looks_and_looks_told_twice_change_nothing(case: PlacesCase):
    others = [
        replace(place, looks=(*reversed(place.looks), *place.looks), truths=place.truths[::-1])
        for place in reversed(judged_on(case))
    ]
    assert changes.spans(judge(case, subject(others))) == changes.spans(case.judge())


@briefly
@given(LOGS)
def test_the_order_of_records_and_records_told_twice_change_nothing(case: LogCase):
    again = replace(case, records=changes.reordered(case.records))
    assert changes.spans(again.judge()) == changes.spans(case.judge())


@briefly
@given(st.data(), rpo_cases())
def test_the_order_and_the_page_cuts_of_a_listing_change_nothing(data: st.DataObject, case: RpoCase):
    source = Source("dumps", "here", "", READERS["objects"], ("orders",))
    place = case.places[0]
    plain, mixed = History(), History()
    for look in sorted(place.looks, key=lambda look: look.begin):
        if look.begin in {known.begin for known in plain.looks}:
            continue
        shown = [
            Candidate(
                truth.name, "orders", "", truth.data, truth.data, truth.arrived, truth.arrived, 1000, "", complete=True
            )
            for truth in place.truths
            if truth.stands(look.begin) and look.asked_from <= truth.data
        ]
        again = data.draw(st.lists(st.sampled_from(shown), max_size=3)) if shown else []
        plain.apply(difference(plain, Observation(look, shown)))
        mixed.apply(difference(mixed, Observation(look, data.draw(st.permutations([*shown, *again])))))
    assert parts_of(mixed, source, clock_tolerance=300) == parts_of(plain, source, clock_tolerance=300)


# Shifting every time by the same amount changes nothing (UTC slots). ---------------------------------------------------


@briefly
@given(POINTS, st.integers(-3, 3))
def test_recovery_points_shifted_by_whole_weeks_shift_the_verdict(case: PlacesCase, weeks: int):
    by = weeks * WEEK
    utc = replace(case, terms=replace(case.terms, zone=ZoneInfo("UTC"), made=()))
    later = replace(
        utc,
        places=tuple(changes.shifted_place(place, by) for place in case.places),
        terms=changes.shifted_terms(utc.terms, by),
        window=changes.shifted_window(case.window, by),
    )
    before, after = utc.judge(), later.judge()
    assert changes.spans(after) == changes.spans(before, by)
    assert after.measured == before.measured
    assert after.due_at == (None if before.due_at is None else before.due_at + by)


@briefly
@given(rpo_cases() | frequency_cases(every=True), st.integers(-DAY, DAY))
def test_where_no_calendar_matters_any_shift_will_do(case: PlacesCase, by: int):
    later = replace(
        case,
        places=tuple(changes.shifted_place(place, by) for place in case.places),
        terms=changes.shifted_terms(case.terms, by),
        window=changes.shifted_window(case.window, by),
    )
    assert changes.spans(later.judge()) == changes.spans(case.judge(), by)


@briefly
@given(rto_cases(outages=True) | restore_test_cases(often=True), st.integers(-DAY, DAY))
def test_logs_shifted_shift_the_verdict(case: LogCase, by: int):
    later = replace(
        case,
        records=changes.shifted_records(case.records, by),
        terms=changes.shifted_terms(case.terms, by),
        window=changes.shifted_window(case.window, by),
    )
    assert changes.spans(later.judge()) == changes.spans(case.judge(), by)


# Adding a counting point never worsens rpo or frequency; removing one never improves them. -----------------------------


@briefly
@given(rpo_cases() | frequency_cases() | frequency_cases(every=False), st.data())
def test_one_more_recovery_point_never_worsens(case: PlacesCase, data: st.DataObject):
    places = judged_on(case)
    assume(places)
    first = places[0]
    number = data.draw(COARSE.instants())
    more = Truth("one-more", number, number + data.draw(st.sampled_from((0, 60, 5 * HOUR))), FOREVER)
    # It is told beside what the looks showed, so that they prove the same with it as without it.
    extra = Place(first.source, (Look(first.source, more.arrived, more.arrived),), truths=(more,)).part()
    fewer = subject(places)
    richer = Subject(fewer.of, (*fewer.parts, replace(extra, absence=fewer.parts[0].absence)))
    before, after = judge(case, fewer), judge(case, richer)
    for second in case.seconds(before):
        was, now = status_at(before, second), status_at(after, second)
        # Where nothing was owed because nothing had ever been made, the first backup begins what is owed; and before
        # the first look it turns "never" into "no more".
        if was is not None and not _nothing_yet(places, second):
            assert BAD[now] <= BAD[was], (second, was, now)


def _nothing_yet(places: tuple[Place, ...], second: int) -> bool:
    return not any(seen.available[1] <= second for place in places for seen in place.counted)


# With as_of after all evidence, advancing it never turns rpo, every: or restore_test from breached to met. -------------


@briefly
@given(
    rpo_cases() | frequency_cases(every=True) | restore_test_cases(often=True),
    st.integers(1, 10 * DAY),
    st.integers(1, 10 * DAY),
)
def test_waiting_alone_never_mends_a_breach(case: RpoCase | FrequencyCase | RestoreTestCase, wait: int, longer: int):
    newest = max([case.window.start, *case.marks()])
    early = replace(case, window=Window(case.window.start, newest + wait)).judge()
    late = replace(case, window=Window(case.window.start, newest + wait + longer)).judge()
    if early.status is Status.BREACHED:
        assert late.status is not Status.MET


@briefly
@given(POINTS | LOGS, st.integers(1, 10 * DAY), st.integers(1, 10 * DAY))
def test_the_judgement_of_an_instant_does_not_depend_on_the_window(case: PlacesCase | LogCase, before: int, after: int):
    inner = case.judge()
    outer = replace(case, window=Window(case.window.start - before, case.window.end + after)).judge()
    for second in case.seconds(inner):
        assert status_at(inner, second) is status_at(outer, second), second


# A looser objective never worsens. -------------------------------------------------------------------------------------


@briefly
@given(POINTS | LOGS)
def test_a_looser_objective_never_worsens(
    case: RpoCase | FrequencyCase | RetentionCase | RtoCase | RestoreTestCase,
):
    strict, loose = case.judge(), case.looser().judge()
    for second in case.seconds(strict):
        was, now = status_at(strict, second), status_at(loose, second)
        assert BAD[now] <= BAD[was], (second, was, now)


# Dropping points, every look that would show them becoming a gap, gives the full verdict or unknown. -------------------


@briefly
@given(rpo_cases() | frequency_cases() | kept_cases(), st.integers(0, 255))
def test_a_listing_that_breaks_off_gives_the_full_verdict_or_unknown(case: PlacesCase, which: int):
    # Nothing is deleted here: a proof of presence survives a gap, so a deletion that only a gap saw goes unnoticed.
    whole = tuple(
        replace(place, truths=tuple(replace(truth, gone=FOREVER) for truth in place.truths)) for place in case.places
    )
    partial = tuple(
        changes.dropped(place, {truth.name for number, truth in enumerate(place.truths) if which >> number & 1})
        for place in whole
    )
    full = replace(case, places=whole).judge()
    less = replace(case, places=partial).judge()
    for second in case.seconds(full):
        was, now = status_at(full, second), status_at(less, second)
        # With nothing seen yet, nothing may be owed yet.
        assert now in (was, Status.UNKNOWN, None), (second, was, now)


# Widening an uncertain instant gives the same verdict or unknown. ------------------------------------------------------


@briefly
@given(
    POINTS | frequency_cases(copies=True),
    st.integers(0, 20),
    *(st.sampled_from((0, 1, HOUR, 7 * HOUR, 30 * HOUR)) for _ in range(3)),
)
def test_a_less_certain_instant_gives_the_same_verdict_or_unknown(
    case: PlacesCase, number: int, data: int, available: int, gone: int
):
    exact = subject(judged_on(case))
    vague = changes.widened(exact, number, data=data, available=available, gone=gone)
    before, after = judge(case, exact), judge(case, vague)
    for second in case.seconds(before):
        was, now = status_at(before, second), status_at(after, second)
        assert now in (was, Status.UNKNOWN), (second, was, now)


@briefly
@given(
    rto_cases(outages=False),
    st.integers(0, 9),
    st.sampled_from(("disrupted_at", "declared_at", "restore_started_at", "restored_at", "validated_at")),
)
def test_a_clock_that_is_not_told_gives_the_same_verdict_or_unknown(case: RtoCase, number: int, clock: str):
    logs = dict(case.records.logs)
    name = sorted(logs)[number % len(logs)]
    found = logs[name].recoveries
    assume(found)
    vague = found[number % len(found)]
    changed = tuple(replace(one, **{clock: None}) if one is vague else one for one in found)
    logs[name] = replace(logs[name], recoveries=changed)
    # A pass whose time is unknown does not end a failure: there the rule for rto goes before this law.
    always = replace(case, window=Window(BASE - 10 * DAY, case.window.end)).judge()
    assume(not always.openings(Status.BREACHED))
    before, after = case.judge(), replace(case, records=replace(case.records, logs=logs)).judge()
    for second in case.seconds(before):
        was, now = status_at(before, second), status_at(after, second)
        assert now in (was, Status.UNKNOWN), (second, was, now)
