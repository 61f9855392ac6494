"""retention: what tiers owe while a slot is open or was never seen, and what a ceiling says over nothing."""

from __future__ import annotations

from datetime import datetime
from zoneinfo import ZoneInfo

import pytest
from msgspec.structs import replace
from points import HOUR, START, Point, at, daily, part, subject

from drcheck.core.evaluation.inputs import Terms
from drcheck.core.history.difference import difference
from drcheck.core.history.source_history import History
from drcheck.core.history.to_parts import parts_of
from drcheck.core.kinds.retention import evaluate as retention
from drcheck.core.kinds.retention.commitment import Retention
from drcheck.core.model.evidence import Candidate, Fact, Gap, Look
from drcheck.core.model.observation import Observation
from drcheck.core.model.policy import Source
from drcheck.core.model.slots import Per
from drcheck.core.model.status import Status
from drcheck.core.model.verdict import Window
from drcheck.registry import READERS

MET, BREACHED, UNKNOWN = Status.MET, Status.BREACHED, Status.UNKNOWN
CAIRO = ZoneInfo("Africa/Cairo")
TIER = Retention("c", ("dumps",), tiers={Per.DAY: 3})
CEILING = Retention("c", ("dumps",), at_most=24 * HOUR, grace=0)


def in_cairo(text: str) -> float:
    """Return a local time of Cairo as hours after START."""
    return (datetime.fromisoformat(text).replace(tzinfo=CAIRO).timestamp() - START) / HOUR


def judge(commitment, hours, *parts, zone="UTC", effective=None):
    """Return the finding for the second that begins so many hours after START."""
    end = at(hours) + 1
    terms = Terms(zone=ZoneInfo(zone), effective=effective)
    return retention.evaluate(commitment, subject(*parts), terms, Window(end - 1, end))


def backups(*days: int) -> list[Point]:
    """Return a backup at 01:00 of each of these days."""
    return [Point(24 * day + 1, 24 * day + 2) for day in days]


def may_days(thinned_after):
    """Four days of May: the first one's backup went somewhen, the fourth one's came in the morning."""
    evening, noon = in_cairo("2026-05-03T20:00"), in_cairo("2026-05-04T12:00")
    looks = [in_cairo(f"2026-05-0{day}T20:00") for day in (1, 2)]
    points = [
        Point(came := in_cairo(f"2026-05-0{day}T06:27"), came, gone=(evening + 1 / 3600, noon) if day == 1 else None)
        for day in (1, 2, 3, 4)
    ]
    return part("dumps", points, [in_cairo("2026-04-30T20:00"), *looks, evening, noon], thinned_after=thinned_after)


def test_a_slot_that_is_owed_no_longer_once_it_is_due_hides_no_other():
    march, april = Point(24, 25), Point(24 * 10, 24 * 10 + 1)
    evidence = part("dumps", [march, april], daily(40))
    promise = Retention("c", ("dumps",), keep=30 * 24 * HOUR + 12 * HOUR, per=Per.MONTH)
    morning = at(24 * 35 + 6)  # of the first of May
    terms = Terms(zone=ZoneInfo("UTC"))
    for start in (at(24 * 3), morning - 1):  # March is owed until noon of its last day, and due after it
        assert retention.evaluate(promise, subject(evidence), terms, Window(start, morning)).status is MET


def test_what_stands_is_met_from_when_the_first_slot_is_due():
    evidence = part("dumps", backups(*range(9)), daily(12, after=12))
    promise = Retention("c", ("dumps",), keep=3 * 24 * HOUR)
    found = retention.evaluate(promise, subject(evidence), Terms(effective=at(24)), Window(START, at(24 * 9)))
    assert [(piece.end, piece.status) for piece in found.pieces] == [(at(49), None), (at(24 * 9), MET)]


@pytest.mark.parametrize("thinned_after", [None, HOUR])
@pytest.mark.parametrize("effective", [None, "2026-05-01T00:00", "2026-04-20T00:00"])
@pytest.mark.parametrize(
    ("when", "status"),
    [
        ("2026-05-03T20:00", MET),
        ("2026-05-03T23:00", UNKNOWN),
        ("2026-05-04T00:00", UNKNOWN),
        ("2026-05-04T06:26", UNKNOWN),
        ("2026-05-04T06:27", MET),
        ("2026-05-04T12:00", MET),
    ],
)
def test_a_slot_that_has_only_begun_takes_no_place_before_its_backup_comes(when, status, effective, thinned_after):
    points = may_days(thinned_after)
    begins = None if effective is None else at(in_cairo(effective))
    assert judge(TIER, in_cairo(when), points, zone="Africa/Cairo", effective=begins).status is status


def test_what_nobody_saw_in_the_open_slot_is_not_owed():
    pruning = part("dumps", backups(0, 1, 2), [*daily(4, after=-1), 80], thinned_after=24 * HOUR + HOUR)
    assert judge(TIER, 73, pruning).status is MET
    thinning = part("dumps", backups(0, 1, 2), [*daily(4, after=-1), 80], thinned_after=HOUR)
    assert judge(TIER, 73, thinning).status is MET


def test_only_a_ceiling_asks_whether_a_place_still_holds_what_was_overwritten_or_deleted():
    assert [one.facts() for one in (CEILING, TIER)] == [{Fact.EARLIER}, set()]


@pytest.mark.parametrize("last", [(), (Gap("the place cannot be reached"),), (Gap("none may ask", fact=Fact.EARLIER),)])
def test_a_look_that_failed_takes_nothing_back_of_what_a_place_still_holds(last):
    source = Source("dumps", "host", "dumps/", READERS["objects"], ("shop",))
    held = Gap("what was deleted is still held there", fact=Fact.EARLIER)
    shown = (Candidate("a", "shop", "", at(1), at(1), at(2), at(2), 100, "", complete=True),)
    history = History()
    for hours, gaps, rows in ((3, (held,), shown), (4, last, () if last and last[0].hides else shown)):
        history.apply(difference(history, Observation(Look("dumps", at(hours), at(hours), gaps=gaps), rows)))
    dumps = parts_of(history, source, clock_tolerance=300, until=at(5))["shop"]
    found = retention.evaluate(CEILING, subject(dumps), Terms(zone=ZoneInfo("UTC")), Window(at(3), at(3) + 1))
    assert found.status is (UNKNOWN if last else MET)


def test_a_hole_from_before_the_first_look_was_never_owed_if_enough_others_stand():
    found = judge(TIER, 97, part("dumps", backups(0, 2, 3), [97]))
    assert found.status is MET
    assert found.reason.endswith("nothing of 2026-03-28 stood at the first complete look, and it is not owed")
    assert judge(TIER, 97, part("dumps", backups(0, 2), [97])).status is UNKNOWN


@pytest.mark.parametrize(("first", "status"), [(47, UNKNOWN), (48, MET)])
def test_a_hole_of_a_day_that_was_over_by_the_first_look_is_from_before_it(first, status):
    dumps = part("dumps", backups(0, 2, 3), [first, 97], thinned_after=HOUR)
    assert judge(TIER, 97, dumps).status is status


@pytest.mark.parametrize(("second", "status"), [(-1, MET), (0, UNKNOWN)])
def test_what_nobody_saw_in_a_slot_is_owed_once_that_is_over(second, status):
    thinning = part("dumps", backups(0, 1, 2), [*daily(4, after=-1), 104], thinned_after=HOUR)
    assert judge(TIER, 96 + second / HOUR, thinning).status is status


def test_a_hole_that_thinning_may_have_left_since_is_not_known():
    dumps = part("dumps", backups(0, 1, 3), [-2, 30, 60, 90, 97], thinned_after=HOUR)
    found = judge(TIER, 97, dumps)
    assert found.status is UNKNOWN
    assert "2026-03-29" in found.reason


def test_a_first_backup_that_may_have_come_by_then_changes_nothing_of_the_others():
    coming = Point(73, 73, arrived_by=80)
    assert judge(TIER, 75, part("dumps", [*backups(0, 1, 2), coming], [*daily(4, after=-1), 80])).status is MET


def test_a_ceiling_over_nothing_that_stands_any_more_is_unknown():
    looks = daily(5)
    assert judge(CEILING, 48, part("dumps", backups(1), looks)).status is MET
    emptied = part("dumps", [Point(25, 26, gone=(40, 48))], looks)
    assert [judge(CEILING, hours, emptied).status for hours in (39, 41, 48, 96)] == [MET, UNKNOWN, UNKNOWN, UNKNOWN]
    assert "nothing of it is known to stand" in judge(CEILING, 96, emptied).reason


def test_what_came_between_two_looks_is_no_older_than_they_are_apart():
    thinned = part("dumps", backups(1, 2, 3), daily(5), thinned_after=HOUR)
    assert judge(CEILING, 60, thinned).status is BREACHED  # the one of day 1 is 35 hours old
    two_days = replace(CEILING, at_most=90 * HOUR)
    assert judge(two_days, 60, thinned).status is MET
    assert judge(replace(CEILING, at_most=20 * HOUR), 30, thinned).status is UNKNOWN


@pytest.mark.parametrize(
    "commitment", [TIER, replace(TIER, tiers={}, keep=72 * HOUR, grace=0), replace(CEILING, at_most=90 * HOUR)]
)
def test_what_nobody_has_seen_since_the_newest_look_is_not_known_to_stand(commitment):
    seen = 72 + 2
    nobody_knows = (seen + 1 / HOUR, None)
    held = part("dumps", [one._replace(gone=nobody_knows) for one in backups(0, 1, 2, 3)], daily(4, after=2))
    assert judge(commitment, seen, held).status is MET
    assert judge(commitment, seen + 1, held).status is UNKNOWN


def test_a_tier_tells_how_many_of_its_slots_stand_and_what_is_wanting():
    looks = daily(8, after=-1)
    points = [Point(24 * day + 1, 24 * day + 2, gone=95 if day == 2 else None) for day in range(4)]
    found = judge(TIER, 100, part("dumps", points, looks))
    assert (found.status, found.measured.value, found.objective.value, found.headroom.value) == (BREACHED, 2, 3, -1)
    few = judge(TIER, 26, part("dumps", backups(0, 1), looks, thinned_after=240 * HOUR), effective=at(0))
    assert (few.status, few.measured.value, few.objective.value, few.headroom.value) == (MET, 2, 2, 0)


@pytest.mark.parametrize(("hours", "oldest"), [(2, 0), (40 - 1 / HOUR, 0), (40, 1)])
def test_a_ceiling_measures_the_oldest_of_what_stands_and_not_what_is_gone(hours, oldest):
    first, second = backups(0, 1)
    found = judge(CEILING, hours, part("dumps", [first._replace(gone=40), second], daily(3)))
    assert found.measured.value == at(hours) + 1 - at((first, second)[oldest].data)


def test_a_ceiling_tells_how_many_are_too_old_and_that_none_is():
    looks = [*daily(8, after=-1), 200]
    points = [Point(24 * day + 1, 24 * day + 2) for day in range(4)]
    reasons = [judge(CEILING, hours, part("dumps", points, looks)).reason for hours in (24, 26, 60)]
    assert reasons == [
        "nothing of orders is older than 1 d",
        "dumps-0 at dumps is older than 1 d: its data is of 2026-03-27T01:00:00Z",
        "dumps-0 (and 1 more) at dumps is older than 1 d: its data is of 2026-03-27T01:00:00Z",
    ]
