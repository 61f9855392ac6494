"""integrity: checked to a rung of the ladder, recently enough, and nothing failed since."""

from __future__ import annotations

import pytest
from msgspec.structs import replace
from points import DAY, HOUR, START, Point, at, daily, part, subject

from drcheck.core.evaluation.inputs import Records, Terms
from drcheck.core.kinds.integrity import evaluate as integrity
from drcheck.core.kinds.integrity.commitment import Integrity
from drcheck.core.model.commitments import Rung
from drcheck.core.model.evidence import LONG_AGO, Fact, FactValue, Gap
from drcheck.core.model.log_records import Check, Log, LogGrowth, Recovery
from drcheck.core.model.status import Status
from drcheck.core.model.verdict import Window

LOOKS = daily(30, after=2)
WINDOW = Window(START, at(24 * 20 + 2))


def verified(day, passed=True):
    """A checksum as drcheck checked it at a look."""
    when = 24 * day + 2
    return (when, FactValue(passed, "sha256 is another one", at(when)))


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


def logs(**told):
    return Records({source: logged(*those).logs["checks"] for source, those in told.items()})


def judge(*parts, records=None, level=Rung.CHECKSUMMED, every=7 * DAY, effective=None):
    commitment = Integrity("intact", ("dumps",), level=level, every=every)
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


def test_what_passes_elsewhere_ends_no_failure():
    both = logs(offsite=[check(15, passed=False)], local=[check(17)])
    finding = judge(records=both)
    assert finding.status is Status.BREACHED
    assert finding.reason.startswith("check check-1 at offsite failed 2026-04-11T00:00:00Z")
    assert judge(records=logs(offsite=[check(15, passed=False), check(16, line=2)], local=[])).status is Status.MET


def test_a_failure_is_doubted_by_what_was_not_looked_at_since_and_by_no_line_that_nobody_can_read():
    gap = (Gap("it is no JSON", line=9),)
    failed, passed = check(15, passed=False), check(17)
    own = Records({"offsite": logged(failed, gaps=gap).logs["checks"], **logs(local=[passed]).logs})
    assert judge(records=own).status is Status.BREACHED
    unseen = Records({"offsite": logged(failed, known_until=at(24 * 16)).logs["checks"], **logs(local=[passed]).logs})
    finding = judge(records=unseen)
    assert finding.status is Status.UNKNOWN
    assert "as far as is known: offsite has not been seen since" in finding.reason


@pytest.mark.parametrize("line", [1, 2])
def test_of_a_check_that_failed_and_one_that_passed_at_the_same_instant_the_failure_decides(line):
    told = [check(15, passed=False, line=line), check(15, line=3 - line)]
    assert judge(records=logged(*told)).status is judge(records=logged(*told[::-1])).status is Status.BREACHED


@pytest.mark.parametrize(
    ("then", "status"),
    [
        ((), Status.BREACHED),
        ((restored(17, line=2),), Status.MET),
        ((restored(17, Rung.VALIDATED, line=2),), Status.MET),
        ((restored(17, None, line=2),), Status.BREACHED),
        ((restored(17, Rung.CHECKSUMMED, line=2),), Status.BREACHED),
        ((restored(17, of="customers", line=2),), Status.BREACHED),
        ((restored(17, outcome="aborted", line=2),), Status.BREACHED),
        ((check(17, Rung.DATA_CHECKED, line=2),), Status.BREACHED),
        ((check(17, Rung.RESTORED, line=2),), Status.BREACHED),  # which says nothing of whether it can be restored
    ],
)
def test_a_failed_restore_test_is_a_failed_check_until_one_passes_again(then, status):
    finding = judge(records=logged(restored(12), restored(15, outcome="failed"), *then), level=Rung.RESTORED)
    assert finding.status is status
    if status is Status.BREACHED:
        assert finding.reason.startswith("restore test drill-1 at checks failed 2026-04-11T00:00:00Z")


@pytest.mark.parametrize(
    ("failed", "status"),
    [
        (restored(15, None, outcome="failed", line=2), Status.BREACHED),
        (restored(15, Rung.VALIDATED, outcome="failed", line=2), Status.BREACHED),
        (restored(15, Rung.COMPLETE, outcome="failed", line=2), Status.MET),  # it went for less than is asked
        (restored(15, outcome="failed", of="customers", line=2), Status.MET),
        (restored(15, outcome="aborted", line=2), Status.MET),
    ],
)
def test_only_a_restore_test_that_failed_on_the_rung_asked_tells_of_a_failure(failed, status):
    assert judge(records=logged(restored(14), failed), level=Rung.RESTORED).status is status


def test_a_restore_of_one_backup_does_not_end_a_failed_check_of_all():
    assert judge(records=logged(check(15, passed=False), restored(17, line=2))).status is Status.BREACHED


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
    for day, status in ((17, Status.MET), (18, Status.UNKNOWN)):
        log = logged(check(18, line=2), gaps=(Gap("it is no JSON", line=1),)).logs["checks"]
        looks = (LogGrowth(at(24 * day), 1, 1), LogGrowth(WINDOW.end, 2, 2))
        assert judge(records=Records({"checks": replace(log, looks=looks)})).status is status


def test_a_line_that_nobody_can_read_may_be_the_check_that_is_owed_until_that_lapses_too():
    told = Records({"checks": logged(check(2), gaps=(Gap("it is no JSON", line=2),)).logs["checks"]})
    looks = (LogGrowth(at(24 * 4), 1, 1), LogGrowth(at(24 * 6), 2, 2))
    finding = judge(records=Records({"checks": replace(told.logs["checks"], looks=looks)}))
    assert [status for status, _ in statuses(finding)][-2:] == [Status.UNKNOWN, Status.BREACHED]
    assert finding.pieces[-1].start == at(24 * 13)


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


def test_a_check_from_long_before_the_agreement_owes_a_new_one_and_meets_nothing():
    finding = judge(records=logged(check(-100)), effective=at(24 * 5))
    assert statuses(finding) == [(None, 24 * 12), (Status.BREACHED, 24 * 20 + 2)]
    recent = judge(records=logged(check(3)), effective=at(24 * 5))
    assert statuses(recent) == [(None, 24 * 5), (Status.MET, 24 * 10), (None, 24 * 12), (Status.BREACHED, 24 * 20 + 2)]


def test_nothing_that_could_tell_is_unknown():
    finding = judge(part("dumps", [point()], LOOKS), level=Rung.RESTORED)
    assert finding.status is Status.UNKNOWN
    assert "no source of this commitment can tell of a check to restored" in finding.reason


@pytest.mark.parametrize(
    ("checks", "unasked", "why"),
    [
        (((50, FactValue(None, "no side-car stands beside it")),), {}, "no side-car stands beside it"),
        ((), {Fact.CHECKSUM: "the byte budget is spent"}, "the byte budget is spent"),
    ],
)
def test_a_checksum_that_could_not_be_verified_is_unknown(checks, unasked, why):
    finding = judge(part("dumps", [point(*checks)], LOOKS, unasked=unasked))
    assert finding.status is Status.UNKNOWN
    assert why in finding.reason


def test_a_checksum_of_what_does_not_count_proves_nothing():
    stub = point(verified(18), why_not="it is a stub")
    assert judge(part("dumps", [stub], LOOKS)).status is Status.BREACHED
    failed = point(verified(18, passed=False), why_not="it is a stub")
    assert judge(part("dumps", [failed, point(verified(18), day=2)], LOOKS)).status is Status.BREACHED


def test_an_older_answer_does_not_prove_that_a_look_could_verify_since():
    refused = {Fact.CHECKSUM: "access denied"}
    finding = judge(part("dumps", [point(verified(2))], LOOKS, unasked=refused))
    assert statuses(finding)[-1] == (Status.UNKNOWN, 20 * 24 + 2)
    assert "at dumps no checksum could be verified: access denied" in finding.reason
    since = judge(part("dumps", [point(verified(2)), point(verified(19), day=2)], LOOKS, unasked=refused))
    assert statuses(since)[1:] == [
        (Status.MET, 50 + 7 * 24),
        (Status.BREACHED, 24 * 19 + 2),  # looks could verify until then, and did not
        (Status.MET, 20 * 24 + 2),
    ]


def test_what_could_not_be_verified_later_does_not_excuse_what_was_not_before():
    unverified = point((24 * 15, FactValue(None, "no side-car stands beside it")), day=14)
    finding = judge(part("dumps", [point(verified(2)), unverified], LOOKS))
    assert statuses(finding)[2:] == [(Status.BREACHED, 24 * 15), (Status.UNKNOWN, 20 * 24 + 2)]


@pytest.mark.parametrize("level", [Rung.LISTED, Rung.COMPLETE])
def test_the_looks_themselves_prove_the_lowest_rungs(level):
    finding = judge(part("dumps", [point()], LOOKS), level=level, every=2 * DAY)
    assert finding.status is Status.MET
    assert finding.reason.startswith("the look at dumps passed 2026-04-15T02:00:00Z")
    stub = judge(part("dumps", [point(why_not="it is a stub")], LOOKS), level=level, every=2 * DAY)
    assert stub.status is Status.BREACHED


@pytest.mark.parametrize("level", [Rung.LISTED, Rung.COMPLETE, Rung.CHECKSUMMED, Rung.DATA_CHECKED])
@pytest.mark.parametrize("effective", [None, START])
def test_over_a_source_that_holds_nothing_nothing_is_promised(level, effective):
    for records in (Records({}), logged(), logged(check(18))):
        empty = judge(part("dumps", [], LOOKS), level=level, every=2 * DAY, records=records, effective=effective)
        assert empty.status is Status.UNKNOWN
    assert "nothing of orders that could be checked is known to stand at dumps" in empty.reason


@pytest.mark.parametrize("gone", [24 * 19 + 2, (24 * 19 + 2, 24 * 30), (24 * 19 + 2, None)])
def test_what_was_checked_and_is_gone_since_is_no_subject_any_more(gone):
    emptied = judge(part("dumps", [point(verified(18), gone=gone)], LOOKS))
    assert statuses(emptied)[-2:] == [(Status.MET, 24 * 19 + 2), (Status.UNKNOWN, 24 * 20 + 2)]
    overdue = judge(part("dumps", [point(verified(2), gone=gone)], LOOKS))
    assert statuses(overdue)[-2:] == [(Status.BREACHED, 24 * 19 + 2), (Status.UNKNOWN, 24 * 20 + 2)]


def test_a_look_proves_only_what_stood_at_it():
    stub = Point(0, 1, why_not="it is a stub")
    brief = [Point(24 * day, 24 * day + 1, gone=24 * day + 2 + stay) for day, stay in ((1, 0), (9, 48), (3, 24))]
    finding = judge(part("dumps", [stub, *brief], LOOKS), level=Rung.COMPLETE, every=DAY // 2)
    assert statuses(finding) == [
        (Status.UNKNOWN, 2),
        *((status, 24 * day + hour) for day, status, hour in _shown_by(1, 3, 4, 9, 10, 11)),
        (Status.BREACHED, 20 * 24 + 2),
    ]


def _shown_by(*days):
    for day in days:
        yield from ((day, Status.BREACHED, 2), (day, Status.MET, 14))


def test_it_is_at_risk_within_a_tenth_of_its_time():
    assert judge(part("dumps", [point(verified(14))], LOOKS)).at_risk is False
    assert judge(part("dumps", [point(verified(13, True))], LOOKS), every=7 * DAY + 2 * HOUR).at_risk is True


@pytest.mark.parametrize(
    ("source", "status"), [("dumps", Status.MET), ("", Status.MET), ("elsewhere", Status.BREACHED)]
)
def test_a_check_of_a_copy_at_another_place_says_nothing_of_what_lies_here(source, status):
    records = logged(check(19)._replace(point_source=source, point_name="x"))
    here = part("dumps", [point(day=1)], LOOKS)
    assert judge(here, records=records, level=Rung.DATA_CHECKED).status is status
    failed = logged(check(18), check(19, passed=False, line=2)._replace(point_source=source))
    assert judge(here, records=failed, level=Rung.DATA_CHECKED).status is Status.BREACHED


@pytest.mark.parametrize(
    ("after", "status"),
    [(-1, Status.BREACHED), (0, Status.UNKNOWN), (DAY - 1, Status.UNKNOWN), (DAY, Status.BREACHED)],
)
def test_a_pass_that_something_speaks_against_leaves_doubt_as_long_as_it_would_have_been_fresh(after, status):
    against = replace(restored(10, line=2), contradicted="no look has shown its copy")
    commitment = Integrity("intact", ("dumps",), level=Rung.RESTORED, every=DAY)
    instant = Window(at(24 * 10) + after, at(24 * 10) + after + 1)
    here, told = subject(part("dumps", [point()], LOOKS)), logged(restored(2), against)
    assert integrity.evaluate(commitment, here, told, Terms(), instant).status is status


def test_of_several_logs_the_one_that_was_seen_least_lately_tells_how_far_checks_are_known():
    for known, status in ((WINDOW.end, Status.BREACHED), (at(24 * 18), Status.UNKNOWN)):
        lists = {"a": logged(check(2)), "b": logged(known_until=known)}
        records = Records({name: one.logs["checks"] for name, one in lists.items()})
        assert judge(part("dumps", [point()], LOOKS), records=records, level=Rung.DATA_CHECKED).status is status


def test_a_failure_is_sure_up_to_the_look_that_showed_no_later_pass_and_uncertain_after_it():
    known = at(24 * 10)
    finding = judge(
        part("dumps", [point()], LOOKS), records=logged(check(2), check(5, passed=False, line=2), known_until=known)
    )
    assert [(piece.start, piece.status) for piece in finding.pieces][-2:] == [
        (at(24 * 5), Status.BREACHED),
        (known + 1, Status.UNKNOWN),
    ]
