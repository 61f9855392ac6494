"""immutability: no recovery point can be deleted before so long after it arrived."""

from __future__ import annotations

import pytest
from points import DAY, START, Point, at, daily, part, subject

from drcheck.core.evaluation.inputs import Terms
from drcheck.core.kinds import immutability
from drcheck.core.kinds.immutability import Immutability
from drcheck.core.model.commitments import LockMode
from drcheck.core.model.evidence import Fact, FactValue
from drcheck.core.model.status import Status
from drcheck.core.model.verdict import Window

LOOKS = daily(30, after=2)
WINDOW = Window(START, at(24 * 20))
AT_LEAST = 14 * DAY
ARRIVED = 24 * 10 + 1
ENOUGH = at(ARRIVED) + AT_LEAST


def lock(how="compliance", until=ENOUGH):
    return FactValue(True, how, until)


NO, UNTOLD = FactValue(False), FactValue(None, "s3:GetObjectRetention was refused")


def point(*locks, hold=NO, arrived=ARRIVED, **more):
    """A point with what was told of its lock, each a Told or (hour of the look, Told)."""
    steps = [one if type(one) is tuple else (arrived + 1, one) for one in locks]
    told = {Fact.LOCK: steps} if steps else {}
    if hold is not None:
        told[Fact.LEGAL_HOLD] = [(arrived + 1, hold)]
    return Point(arrived - 1, arrived, told=told, **more)


def judge(*points, mode=LockMode.COMPLIANCE, looks=LOOKS, window=WINDOW, **more):
    commitment = Immutability("locked", ("vault",), at_least=AT_LEAST, mode=mode)
    return immutability.evaluate(commitment, subject(part("vault", points, looks, **more)), Terms(), window)


@pytest.mark.parametrize(
    ("told", "mode", "status"),
    [
        (lock(), LockMode.COMPLIANCE, Status.MET),
        (lock(until=ENOUGH - 1), LockMode.COMPLIANCE, Status.BREACHED),
        (lock(until=ENOUGH + 1), LockMode.COMPLIANCE, Status.MET),
        (lock("governance"), LockMode.COMPLIANCE, Status.BREACHED),
        (lock("governance"), LockMode.ANY, Status.MET),
        (lock("governance", ENOUGH - 1), LockMode.ANY, Status.BREACHED),
        (lock("unlocked"), LockMode.ANY, Status.BREACHED),
        (lock("unlocked"), LockMode.COMPLIANCE, Status.BREACHED),
        (lock("something new"), LockMode.ANY, Status.UNKNOWN),
        (NO, LockMode.ANY, Status.BREACHED),
        (UNTOLD, LockMode.ANY, Status.UNKNOWN),
        (UNTOLD, LockMode.COMPLIANCE, Status.UNKNOWN),
    ],
)
def test_which_locks_are_enough(told, mode, status):
    finding = judge(point(told), mode=mode)
    assert finding.status is status, finding.reason


@pytest.mark.parametrize(
    ("mode", "hold", "status"),
    [
        (LockMode.ANY, FactValue(True), Status.MET),
        (LockMode.COMPLIANCE, FactValue(True), Status.BREACHED),
        (LockMode.ANY, NO, Status.BREACHED),
        (LockMode.ANY, UNTOLD, Status.UNKNOWN),
        (LockMode.ANY, None, Status.UNKNOWN),
        (LockMode.COMPLIANCE, None, Status.BREACHED),
    ],
)
def test_a_legal_hold_is_a_lock_that_somebody_may_lift(mode, hold, status):
    assert judge(point(NO, hold=hold), mode=mode).status is status


def test_the_worst_points_are_named_with_what_is_wanting():
    short = point(lock(until=at(ARRIVED) + 7 * DAY))
    finding = judge(short, point(NO, arrived=ARRIVED + 24), point(lock(until=ENOUGH + 30 * DAY), arrived=ARRIVED + 48))
    assert finding.status is Status.BREACHED
    assert finding.reason == (
        "2 of 3 recovery points of orders are not locked for 14 d in compliance mode: "
        "vault-1 at vault (no lock) and vault-0 at vault (locked for 7 d)"
    )
    assert (finding.measured.value, finding.objective.value) == (1, 3)
    assert [cited.name for cited in finding.evidence] == ["vault-1", "vault-0", "vault-2"]


def test_a_point_past_its_time_owes_nothing_any_more():
    old = Point(0, 1, told={Fact.LOCK: [(2, NO)], Fact.LEGAL_HOLD: [(2, NO)]})
    finding = judge(old, point(lock()))
    (breach,) = finding.openings(Status.BREACHED)
    assert (breach.opened_at, breach.closed_at) == (at(1), at(1) + AT_LEAST)
    assert finding.status is Status.MET


def test_a_lock_that_is_put_later_ends_the_breach_only_from_its_look_on():
    finding = judge(point(NO, (ARRIVED + 49, lock())))
    (breach,) = finding.openings(Status.BREACHED)
    assert (breach.opened_at, breach.closed_at) == (at(ARRIVED), at(ARRIVED + 49))


GONE = (ARRIVED + 25, ARRIVED + 49)


def test_a_firmly_locked_point_that_is_listed_no_more_stands_behind_its_delete_marker():
    assert judge(point(lock(), gone=GONE)).status is Status.MET


@pytest.mark.parametrize(("told", "hold"), [(lock("governance"), NO), (NO, FactValue(True))])
def test_one_whose_lock_somebody_may_lift_may_have_been_deleted(told, hold):
    finding = judge(point(told, hold=hold, gone=GONE), mode=LockMode.ANY)
    assert finding.status is Status.UNKNOWN
    assert "no longer listed" in finding.reason
    assert "delete marker" in finding.reason


def test_one_without_enough_of_a_lock_was_deleted_and_breaches_to_the_end_of_its_time():
    finding = judge(
        point(NO, gone=GONE),
        point(lock(until=ENOUGH + 9 * DAY), arrived=ARRIVED + 24 * 8),
        window=Window(START, at(24 * 29)),
    )
    (breach,) = finding.openings(Status.BREACHED)
    assert (breach.opened_at, breach.closed_at) == (at(ARRIVED), ENOUGH)


def test_a_deleted_point_of_which_nobody_knows_the_lock_is_unknown():
    finding = judge(point(gone=GONE, hold=None))
    assert finding.status is Status.UNKNOWN
    assert "how it was locked is not known: nobody has asked yet" in finding.reason


def test_an_arrival_that_is_not_known_well_enough_is_judged_both_ways():
    unsure = point(lock(until=ENOUGH + DAY // 2), arrived_by=ARRIVED + 24)
    finding = judge(unsure)
    assert finding.status is Status.UNKNOWN
    assert "available_at" in finding.reason
    assert judge(point(lock(until=ENOUGH + DAY), arrived_by=ARRIVED + 24)).status is Status.MET


def test_met_needs_a_complete_look_and_a_subject():
    unseen = judge(point(lock()), looks=())
    assert unseen.status is Status.UNKNOWN
    assert "could not be seen" in unseen.reason
    nothing = judge()
    assert nothing.status is Status.UNKNOWN
    assert "there is nothing of orders that could be locked" in nothing.reason


def test_what_does_not_count_needs_no_lock():
    assert judge(point(lock()), point(NO, arrived=ARRIVED + 24, why_not="it is a stub")).status is Status.MET


def test_behind_a_policy_that_can_be_removed_nothing_stands_that_is_listed_no_more():
    finding = judge(point(lock("unlocked"), gone=GONE))
    assert finding.status is Status.BREACHED
    assert "an unlocked policy, which can be removed" in finding.reason
