"""Which point is proven by a restore, how old the newest one is, and how much longer it will stand."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from itertools import product
from typing import Any, NamedTuple

import pytest
from hypothesis import given
from hypothesis import strategies as st
from msgspec.structs import replace
from oracle.profiles import thoroughly
from points import DAY, HOUR, START, Point, at, part, subject

from drcheck.core.evaluation.inputs import Records, Terms
from drcheck.core.history.part import Part
from drcheck.core.kinds.provable import Provable, evaluate
from drcheck.core.model.commitments import Rung
from drcheck.core.model.evidence import Fact, FactValue, Gap
from drcheck.core.model.log_records import Log, Recovery
from drcheck.core.model.policy import NEVER
from drcheck.core.model.status import Status
from drcheck.core.model.verdict import Finding, Window

END = 240
"""Hours after the start at which everything was seen last."""


def restored(began: float, name: str = "", **told: Any) -> Recovery:
    given = {
        "point_source": "dumps" if name else "",
        "point_of": "orders",
        "validation": Rung.RESTORED,
        "outcome": "passed",
    }
    return Recovery("t", 1, at(began), at(began + 1), point_name=name, **(given | told))


def dumps(*points: Point, **of_part: Any) -> Part:
    return part("dumps", points, range(END + 1), **({"thinned_after": NEVER} | of_part))


def judged(
    tests: Sequence[Recovery], *parts: Part, gaps: Sequence[Gap] = (), end: float = END, **commitment: Any
) -> Finding:
    asked: dict[str, Any] = {"at_most": 3 * DAY} if not {"at_most", "outlives"} & commitment.keys() else {}
    promise = Provable("p", ("dumps", "drills"), **asked, **commitment)
    records = Records({"drills": Log(recoveries=tuple(tests), gaps=tuple(gaps), known_until=at(END) + 1)})
    return evaluate(promise, subject(*parts), records, Terms(), Window(START, at(end) + 1))


def status(finding: Finding, hours: float) -> Status | None:
    return next(piece.status for piece in finding.pieces if piece.start <= at(hours) < piece.end)


def test_a_point_is_proven_from_the_end_of_its_restore_until_its_data_is_too_old() -> None:
    found = judged([restored(20, "dumps-0")], dumps(Point(10, 11)))
    assert [status(found, hours) for hours in (20.5, 21, 81.9, 82)] == [
        Status.BREACHED, Status.MET, Status.MET, Status.BREACHED,
    ]  # fmt: skip


def test_of_a_name_that_is_overwritten_the_restore_of_this_very_content_is_cited() -> None:
    latest = dumps(Point(10, 11, gone=15), Point(14, 15))
    latest = replace(latest, points=replace(latest.points, name=("latest", "latest")))
    tests = [replace(restored(12, "latest"), id="one"), replace(restored(20, "latest"), id="two")]
    found = judged(tests, latest, end=60)
    assert [cited.name for cited in found.evidence] == ["latest", "two"]


def test_newer_backups_that_nobody_restored_prove_nothing() -> None:
    found = judged([restored(20, "dumps-0")], dumps(*(Point(at, at + 1) for at in range(10, 230, 10))))
    assert found.status is Status.BREACHED
    assert "newest proven data of orders is of" in found.reason


def test_a_proven_point_that_is_gone_is_no_proof_any_more() -> None:
    found = judged([restored(20, "dumps-0")], dumps(Point(10, 11, gone=40)))
    assert [status(found, hours) for hours in (39, 40)] == [Status.MET, Status.BREACHED]


def test_one_that_a_later_look_missed_at_an_unknown_time_is_unknown_in_between() -> None:
    found = judged([restored(20, "dumps-0")], dumps(Point(10, 11, gone=(40, 50))))
    assert [status(found, hours) for hours in (39, 45, 50)] == [Status.MET, Status.UNKNOWN, Status.BREACHED]


@pytest.mark.parametrize(
    "told",
    [
        {"point_source": "dumps", "name": ""},
        {"name": "dumps-9"},
        {"name": "dumps-0", "validation": None},
        {"name": "dumps-0", "contradicted": "it restored what was gone"},
    ],
)
def test_a_record_that_does_not_surely_tell_what_it_proved_leaves_it_unknown(told: dict[str, Any]) -> None:
    found = judged([restored(20, **told)], dumps(Point(10, 11)), end=60)
    assert found.status is Status.UNKNOWN
    assert "restore test t passed" in found.reason
    assert status(found, 20) is Status.BREACHED


@pytest.mark.parametrize(
    "told",
    [
        {"validation": Rung.DATA_CHECKED}, {"outcome": "failed"}, {"outcome": "aborted"}, {"point_of": "customers"},
    ],
)  # fmt: skip
def test_what_is_no_restore_of_it_that_passed_proves_nothing(told: dict[str, Any]) -> None:
    assert judged([restored(20, "dumps-0", **told)], dumps(Point(10, 11)), end=60).status is Status.BREACHED


def test_the_rung_that_is_asked_must_be_reached() -> None:
    tests, point = [restored(20, "dumps-0")], dumps(Point(10, 11))
    assert judged(tests, point, end=60, validation=Rung.VALIDATED).status is Status.BREACHED
    assert judged(tests, point, end=60).status is Status.MET


def test_a_restore_from_another_place_proves_no_copy_here() -> None:
    found = judged([restored(20, "far-0", point_source="far")], dumps(Point(10, 11)), end=60)
    assert found.status is Status.BREACHED


def test_a_line_that_nobody_can_read_may_tell_of_the_restore() -> None:
    log = [Gap("it is cut short", line=2)]
    assert judged([], dumps(Point(10, 11)), gaps=log, end=60).status is Status.UNKNOWN
    assert judged([restored(20, "dumps-0")], dumps(Point(10, 11)), gaps=log, end=60).status is Status.MET


def test_a_log_that_was_not_seen_since_may_tell_of_a_newer_one() -> None:
    promise = Provable("p", ("dumps", "drills"), at_most=3 * DAY)
    records = Records({"drills": Log(known_until=at(50))})
    found = evaluate(promise, subject(dumps(Point(10, 11))), records, Terms(), Window(START, at(60)))
    assert found.status is Status.UNKNOWN
    assert "drills has not been seen since" in found.reason


def test_what_no_look_saw_may_be_a_newer_proven_point() -> None:
    unseen = replace(dumps(Point(10, 11)), absence=part("dumps", [], [30]).absence)
    assert judged([restored(20, "dumps-0")], unseen).status is Status.UNKNOWN


def test_before_the_agreement_and_its_objective_nothing_is_owed() -> None:
    promise = Provable("p", ("dumps", "drills"), at_most=3 * DAY)
    records = Records({"drills": Log(known_until=at(END) + 1)})
    found = evaluate(promise, subject(dumps(Point(10, 11))), records, Terms(effective=at(24)), Window(START, at(END)))
    assert [status(found, hours) for hours in (1, 25, 95, 97)] == [None, None, None, Status.BREACHED]


def test_a_lock_says_that_the_newest_proven_point_outlives_what_is_asked() -> None:
    lock = FactValue(True, "compliance", at(60))
    point = dumps(Point(10, 11, told={Fact.LOCK: [(11, lock)]}), thinned_after=None)
    found = judged([restored(20, "dumps-0")], point, outlives=DAY, end=50)
    assert [status(found, hours) for hours in (10, 21, 35.9, 36)] == [
        Status.UNKNOWN, Status.MET, Status.MET, Status.UNKNOWN,
    ]  # fmt: skip
    assert found.due_at == at(36)
    assert "a lock in compliance mode, or thinned_after on dumps, would" in found.reason


def test_without_a_lock_nobody_knows_tonight_and_of_the_past_it_is_seen() -> None:
    found = judged([restored(20, "dumps-0")], dumps(Point(10, 11), thinned_after=None), outlives=DAY, end=100)
    assert status(found, 75) is Status.MET
    assert status(found, 77) is Status.UNKNOWN
    assert found.status is Status.UNKNOWN


def test_one_that_was_pruned_too_soon_did_not_outlive_what_is_asked() -> None:
    found = judged([restored(20, "dumps-0")], dumps(Point(10, 11, gone=60), thinned_after=None), outlives=DAY)
    assert [status(found, hours) for hours in (35.9, 36, 59, 60)] == [
        Status.MET, Status.BREACHED, Status.BREACHED, Status.UNKNOWN,
    ]  # fmt: skip


@pytest.mark.parametrize("mode", ["unlocked", "governance"])
def test_a_lock_that_somebody_may_remove_keeps_nothing(mode: str) -> None:
    lock = FactValue(True, mode, at(600))
    point = dumps(Point(10, 11, told={Fact.LOCK: [(11, lock)]}), thinned_after=None)
    assert judged([restored(20, "dumps-0")], point, outlives=DAY).status is Status.UNKNOWN


def test_where_one_in_between_may_be_the_newest_its_standing_matters_as_well() -> None:
    locked: dict[Fact, Sequence[tuple[float, FactValue]]] = {Fact.LOCK: [(11, FactValue(True, "compliance", at(600)))]}
    one = dumps(Point(10, 11, told=locked), Point(14, 15), Point(18, 19, told=locked), thinned_after=None)
    named, unnamed = restored(20, "dumps-0"), restored(30, point_source="dumps")
    assert status(judged([named], one, outlives=DAY), 239) is Status.MET
    found = judged([named, unnamed], one, outlives=DAY)
    assert [status(found, hours) for hours in (30.9, 31, 239)] == [Status.MET, Status.MET, Status.UNKNOWN]
    assert "dumps-1 may be it" in found.reason


def test_a_lock_counts_for_as_long_as_it_is_told() -> None:
    told: Sequence[tuple[float, FactValue]] = [(11, FactValue(True, "compliance", at(600))), (100, FactValue(False))]
    one = dumps(Point(10, 11, told={Fact.LOCK: told}), thinned_after=None)
    found = judged([restored(20, "dumps-0")], one, outlives=7 * DAY)
    assert [status(found, hours) for hours in (99, 100)] == [Status.MET, Status.UNKNOWN]


def test_what_went_earlier_than_thinned_after_says_disproves_it_until_as_long_again_has_passed() -> None:
    points = [Point(10, 11), Point(14, 15, gone=40)]
    found = judged([restored(20, "dumps-0")], dumps(*points, thinned_after=6 * DAY), outlives=4 * DAY, end=60)
    assert [status(found, hours) for hours in (39, 40)] == [Status.MET, Status.UNKNOWN]
    found = judged([restored(20, "dumps-0")], dumps(*points), outlives=DAY)
    assert [status(found, hours) for hours in (39, 215, 239)] == [Status.MET, Status.MET, Status.UNKNOWN]
    assert "what thinned_after on dumps says does not hold: dumps-1, of" in found.reason
    kept = dumps(*points, Point(180, 181), thinned_after=6 * DAY)
    assert (
        status(judged([restored(20, "dumps-0"), restored(182, "dumps-2")], kept, outlives=3 * DAY), 239) is Status.MET
    )


def test_of_what_builds_on_others_a_lock_alone_says_nothing() -> None:
    lock = FactValue(True, "compliance", at(600))
    one = dumps(Point(10, 11, told={Fact.LOCK: [(11, lock)]}))
    one = replace(one, points=replace(one.points, kind=("incremental",)))
    assert judged([restored(20, "dumps-0")], one, outlives=DAY).status is Status.UNKNOWN


def late(times: Sequence[float], kept: int | None, *, end: float = END) -> Finding:
    """Judge points that are proven an hour after they were made, at ``times``, and kept for so many hours."""
    tests = [replace(restored(hours, f"dumps-{number}"), id=f"t{number}") for number, hours in enumerate(times)]
    points = [Point(hours - 1, hours - 0.5) for hours in times]
    thinned = None if kept is None else kept * HOUR
    return judged(tests, dumps(*points, thinned_after=thinned), end=end, at_most=30 * DAY)


@pytest.mark.parametrize(
    ("times", "kept", "told"),
    [
        ([20, 70, 120, 170, 220], 60, False),
        (
            [20, 70, 120, 170, 220],
            51,
            True,
        ),  # proven 2 h after its data is of: kept for 49 h more, and tested each 50 h
        ([20, 70, 120, 170, 220], 52, False),
        ([20, 120, 170, 200, 220], 60, False),  # of the newest three times alone
        ([150], 60, True),  # the last one lies 89 h back
        ([200], 60, False),
        ([20, 70, 120, 170, 220], None, False),  # nothing says for how long
    ],
)
def test_an_alarm_is_told_where_what_goes_wrong_may_be_found_too_late(
    times: Sequence[float], kept: int | None, told: bool
) -> None:
    found = late(times, kept)
    assert found.status is Status.MET
    assert (bool(found.notes), found.at_risk) == (told, told)


def test_where_nothing_is_proven_there_is_no_such_alarm() -> None:
    assert late([], 60).notes == ()


@given(st.lists(st.integers(2, END - 2), unique=True, max_size=6).map(sorted), st.integers(2, 200), st.integers(0, 50))
def test_what_is_kept_longer_or_tested_more_often_sets_off_no_alarm(times: list[int], kept: int, more: int) -> None:
    if not late(times, kept).notes:
        assert not late(times, kept + more).notes


def test_both_promises_bind_together_and_the_worst_counts() -> None:
    found = judged([restored(20, "dumps-0")], dumps(Point(10, 11)), at_most=3 * DAY, outlives=DAY)
    assert status(found, 40) is Status.MET
    assert found.status is Status.BREACHED
    assert found.due_at == at(10) + 3 * DAY


class Case(NamedTuple):
    """Points with what became of them, and restores of some, at whole hours."""

    points: tuple[tuple[int, tuple[int, int] | None], ...]
    """The hour of its data, an hour before it arrives; and between which hours it went."""
    tests: tuple[tuple[int, int | None], ...]
    """The hour at which each began, an hour before its end; and which point it names."""
    at_most: int


@st.composite
def cases(draw: st.DrawFn) -> Case:
    hours = sorted(draw(st.sets(st.integers(0, 40), min_size=1, max_size=4)))
    went = [draw(st.none() | st.tuples(st.integers(hour + 2, 70), st.integers(0, 9))) for hour in hours]
    gone = [None if one is None else (one[0], one[0] + one[1]) for one in went]
    tests = draw(
        st.lists(
            st.tuples(st.integers(0, 60), st.none() | st.integers(0, len(hours) - 1)),
            max_size=3, unique_by=lambda one: one[0],
        )
    )  # fmt: skip
    # A record that names what was not there is held against the looks elsewhere.
    there = [
        (began, which)
        for began, which in tests
        if which is None or (hours[which] < began and ((went := gone[which]) is None or went[0] > began + 1))
    ]
    return Case(tuple(zip(hours, gone, strict=True)), tuple(sorted(there)), draw(st.integers(1, 50)))


def worlds(case: Case) -> Iterator[list[tuple[int, int, int]]]:
    """Yield every way in which points may have been proven: each with its data, since when, and until when."""
    for ends in product(*((99,) if gone is None else gone for _, gone in case.points)):
        choices = [[which] if which is not None else [None, *_there(case, ends, began)] for began, which in case.tests]
        for chosen in product(*choices):
            yield [
                (case.points[row][0], began + 1, ends[row])
                for (began, _), row in zip(case.tests, chosen, strict=True)
                if row is not None
            ]


def _there(case: Case, ends: Sequence[int], began: int) -> list[int]:
    return [row for row, (hour, _) in enumerate(case.points) if hour <= began and ends[row] > began]


@thoroughly
@given(cases())
def test_stepping_through_each_hour_of_each_world_finds_the_same(case: Case) -> None:
    points = dumps(*(Point(hour, hour + 1, gone=gone) for hour, gone in case.points))
    tests = [restored(began, "" if which is None else f"dumps-{which}") for began, which in case.tests]
    promise = Provable("p", ("dumps", "drills"), at_most=case.at_most * HOUR)
    records = Records({"drills": Log(recoveries=tuple(tests), known_until=at(END) + 1)})
    found = evaluate(promise, subject(points), records, Terms(clock_tolerance=0), Window(START, at(100)))
    every = list(worlds(case))
    for hour in range(100):
        newest = (max((data for data, since, gone in one if since <= hour < gone), default=-99) for one in every)
        possible = {Status.MET if hour < data + case.at_most else Status.BREACHED for data in newest}
        expected = possible.pop() if len(possible) == 1 else Status.UNKNOWN
        assert status(found, hour) is expected, (hour, case)
