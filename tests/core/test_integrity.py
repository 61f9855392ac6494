"""integrity: checked to a rung of the ladder, recently enough, and nothing failed since."""

from __future__ import annotations

import pytest
from points import DAY, HOUR, START, Point, at, daily, part, subject

from drcheck.core.commitments import integrity
from drcheck.core.evidence import LONG_AGO, Check, Fact, Gap, Log, Recovery, Told
from drcheck.core.promises import Integrity, Kind, Rung
from drcheck.core.terms import Records, Terms
from drcheck.core.verdict import Status, Window

LOOKS = daily(30, after=2)
WINDOW = Window(START, at(24 * 20 + 2))


def verified(day, passed=True):
    """A checksum as drcheck checked it at a look."""
    when = 24 * day + 2
    return (when, Told(passed, "sha256 is another one", at(when)))


def point(*checks, day=1, **more):
    return Point(24 * day, 24 * day + 1, told={Fact.CHECKSUM: list(checks)} if checks else {}, **more)


def check(day, level=Rung.DATA_CHECKED, *, passed=True, of=(), line=1):
    return Check(f"check-{line}", line, level, passed, at(24 * day), frozenset(of), "restic")


def restored(day, validation=Rung.RESTORED, *, outcome="passed", of="", line=1):
    began = at(24 * day) - HOUR
    return Recovery(f"drill-{line}", line, began, at(24 * day), outcome, point_of=of, validation=validation)


def logged(*told, gaps=(), known_until=None):
    return Records(
        {
            "checks": Log(
                checks=tuple(one for one in told if isinstance(one, Check)),
                recoveries=tuple(one for one in told if isinstance(one, Recovery)),
                gaps=gaps,
                known_until=WINDOW.end if known_until is None else known_until,
            )
        }
    )


def judge(*parts, records=None, level=Rung.CHECKSUMMED, every=7 * DAY, effective=None):
    commitment = Integrity("intact", Kind.INTEGRITY, ("dumps",), level=level, every=every)
    return integrity.evaluate(commitment, subject(*parts), records or Records({}), Terms(effective=effective), WINDOW)


def statuses(finding):
    return [(piece.status, (piece.end - START) // HOUR) for piece in finding.pieces]


def test_a_checksum_that_was_verified_is_met_until_it_is_too_old():
    finding = judge(part("dumps", [point(verified(2))], LOOKS))
    assert statuses(finding) == [
        (Status.UNKNOWN, 50),  # no look was asked to verify anything
        (Status.MET, 50 + 7 * 24),
        (Status.BREACHED, 20 * 24 + 2),
    ]
    assert "the last check of orders to checksummed passed 2026-03-29T02:00:00Z, 17 d 23 h before" in finding.reason
    assert (finding.measured.value, finding.objective.value) == (18 * DAY, 7 * DAY)
    assert finding.due_at == at(50) + 7 * DAY


def test_the_newest_check_of_any_point_counts():
    finding = judge(part("dumps", [point(verified(2)), point(verified(16), day=15)], LOOKS))
    assert finding.status is Status.MET
    assert finding.reason.startswith("the checksum of dumps-1 at dumps passed")


def test_without_every_a_check_does_not_lapse():
    assert judge(part("dumps", [point(verified(2))], LOOKS), every=None).status is Status.MET


def test_a_failed_check_breaches_until_the_same_point_passes_one():
    other = point(verified(19), day=15)
    failed = judge(part("dumps", [point(verified(18, passed=False)), other], LOOKS))
    assert failed.status is Status.BREACHED
    assert failed.reason.startswith("the checksum of dumps-0 at dumps failed 2026-04-14T02:00:00Z")
    assert failed.evidence[0].told == "sha256 is another one"
    mended = judge(part("dumps", [point(verified(18, passed=False), verified(19))], LOOKS))
    assert mended.status is Status.MET


def test_one_backup_that_fails_every_night_is_one_failure_since_its_first():
    rotten = judge(part("dumps", [point(*(verified(day, passed=False) for day in (17, 18, 19)))], LOOKS))
    assert rotten.reason.startswith("the checksum of dumps-0 at dumps failed 2026-04-13T02:00:00Z, and no later")
    assert len(rotten.evidence) == 1


def test_looks_that_were_not_asked_for_checksums_prove_nothing_of_checks():
    finding = judge(part("dumps", [point()], LOOKS))
    assert finding.status is Status.UNKNOWN
    assert "no look at dumps was asked to verify checksums" in finding.reason


def test_a_failed_point_that_is_gone_breaches_no_more():
    gone = point(verified(16, passed=False), gone=24 * 17 + 2)
    finding = judge(part("dumps", [gone, point(verified(17), day=15)], LOOKS))
    assert finding.status is Status.MET
    unsure = point(verified(16, passed=False), gone=(24 * 17 + 2, 24 * 20 + 2))
    assert judge(part("dumps", [unsure, point(verified(17), day=15)], LOOKS)).status is Status.UNKNOWN


@pytest.mark.parametrize(
    ("told", "status"),
    [
        (check(18), Status.MET),
        (check(18, Rung.CHECKSUMMED), Status.MET),
        (check(18, Rung.COMPLETE), Status.BREACHED),
        (check(18, of=("orders",)), Status.MET),
        (check(18, of=("customers",)), Status.BREACHED),
        (check(18, passed=False), Status.BREACHED),
        (check(10), Status.BREACHED),
        (restored(18), Status.MET),
        (restored(18, Rung.LISTED), Status.BREACHED),
        (restored(18, None), Status.BREACHED),
        (restored(18, of="orders"), Status.MET),
        (restored(18, of="customers"), Status.BREACHED),
        (restored(18, outcome="failed"), Status.BREACHED),
    ],
)
def test_what_a_log_tells(told, status):
    assert judge(records=logged(told)).status is status


def test_a_failed_check_ends_with_a_later_one_that_passed_on_at_least_its_rung():
    failed = check(15, passed=False)
    assert judge(records=logged(failed, check(17, line=2))).status is Status.MET
    assert judge(records=logged(failed, check(17, Rung.CHECKSUMMED, line=2))).status is Status.BREACHED
    assert judge(records=logged(failed, check(17, of=("customers",), line=2))).status is Status.BREACHED


def test_what_is_broken_lower_down_does_not_hold_higher_up():
    finding = judge(
        records=logged(check(10), check(18, Rung.CHECKSUMMED, passed=False, line=2)),
        level=Rung.DATA_CHECKED,
        every=None,
    )
    assert finding.status is Status.BREACHED


def test_a_log_that_nobody_could_read_may_tell_of_a_failure():
    unseen = judge(records=logged(check(18), known_until=at(24 * 19)))
    assert unseen.status is Status.UNKNOWN
    assert "checks has not been seen since" in unseen.reason
    gap = judge(records=logged(check(18), gaps=(Gap("it is no JSON", line=2),)))
    assert gap.status is Status.UNKNOWN
    before = judge(records=logged(check(18, line=2), gaps=(Gap("it is no JSON", line=1),)))
    assert before.status is Status.MET


def test_an_overdue_check_is_no_breach_where_nobody_could_read():
    assert judge(records=logged(known_until=LONG_AGO)).status is Status.UNKNOWN
    finding = judge(part("dumps", [point(verified(2))], LOOKS[:5]))
    assert finding.status is Status.UNKNOWN
    assert "dumps has not been seen since" in finding.reason


def test_never_checked_is_owed_from_the_agreement_on():
    records = logged()
    assert judge(records=records).status is Status.BREACHED
    finding = judge(records=records, effective=at(24 * 5))
    assert statuses(finding) == [(None, 24 * 12), (Status.BREACHED, 24 * 20 + 2)]


def test_nothing_that_could_tell_is_unknown():
    finding = judge(part("dumps", [point()], LOOKS), level=Rung.RESTORED)
    assert finding.status is Status.UNKNOWN
    assert "no source of this commitment can tell of a check to restored" in finding.reason


@pytest.mark.parametrize(
    ("checks", "unasked", "why"),
    [
        (((50, Told(None, "no side-car stands beside it")),), {}, "no side-car stands beside it"),
        ((), {Fact.CHECKSUM: "the byte budget is spent"}, "the byte budget is spent"),
    ],
)
def test_a_checksum_that_could_not_be_verified_is_unknown(checks, unasked, why):
    finding = judge(part("dumps", [point(*checks)], LOOKS, unasked=unasked))
    assert finding.status is Status.UNKNOWN
    assert why in finding.reason


@pytest.mark.parametrize("level", [Rung.LISTED, Rung.COMPLETE])
def test_the_looks_themselves_prove_the_lowest_rungs(level):
    finding = judge(part("dumps", [point()], LOOKS), level=level, every=2 * DAY)
    assert finding.status is Status.MET
    assert finding.reason.startswith("the look at dumps passed 2026-04-15T02:00:00Z")
    empty = judge(part("dumps", [], LOOKS), level=level, every=2 * DAY)
    assert empty.status is Status.BREACHED
    stub = judge(part("dumps", [point(why_not="it is a stub")], LOOKS), level=level, every=2 * DAY)
    assert stub.status is Status.BREACHED


def test_it_is_at_risk_within_a_tenth_of_its_time():
    assert judge(part("dumps", [point(verified(14))], LOOKS)).at_risk is False
    assert judge(part("dumps", [point(verified(13, True))], LOOKS), every=7 * DAY + 2 * HOUR).at_risk is True
