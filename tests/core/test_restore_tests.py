"""Restore tests: how often they pass, and the notice and hours that each must keep."""

from __future__ import annotations

from typing import Any

import pytest
from msgspec.structs import replace
from uptimes import at, spells

from drcheck.core.evaluation.inputs import Records, Terms
from drcheck.core.kinds import restore_test
from drcheck.core.kinds.restore_test import RestoreTest
from drcheck.core.model.commitments import Notice, Outside, Rung
from drcheck.core.model.evidence import LONG_AGO, Gap
from drcheck.core.model.log_records import Announcement, Between, Log, LogGrowth, Maintenance, Recovery
from drcheck.core.model.policy import BusinessCalendar
from drcheck.core.model.status import Status
from drcheck.core.model.verdict import Finding, Window
from drcheck.core.time.spans import Span
from drcheck.registry import READERS

DAY = 86400
TESTED = RestoreTest("tested", ("drills",))
NOTICED = replace(TESTED, notice=Notice(seconds=7 * DAY))
QUIET = replace(TESTED, outside=Outside.BUSINESS_HOURS)
OFTEN = replace(TESTED, every=30 * DAY, validation=Rung.RESTORED)
TERMS = Terms(business=BusinessCalendar(opens=7 * 3600, closes=17 * 3600))
WINDOW = Window(at("11-01T00:00"), at("12-01T00:00"))
NOW = "12-01T00:00"


def drill(name: str, start: str, end: str, *, line: int = 1, outcome: str = "passed") -> Recovery:
    return Recovery(name, line, at(start), at(end), outcome, validation=Rung.RESTORED)


def notice(test: str, announced: str, *, line: int = 1, known: Between | None = None) -> Announcement:
    said = Announcement(test, line, at(announced), None, "")
    return said if known is None else said._replace(known=known)


def judge(
    commitment: RestoreTest, *told: Recovery | Announcement, unreadable: int = 0, terms: Terms = TERMS, **log: Any
) -> Finding:
    log = {"known_until": at(NOW), **log}
    drills = Log(
        recoveries=tuple(one for one in told if isinstance(one, Recovery)),
        announcements=tuple(one for one in told if isinstance(one, Announcement)),
        gaps=(Gap("it is not JSON", line=unreadable),) if unreadable else (),
        **log,
    )
    return restore_test.evaluate(commitment, Records({"drills": drills}), terms, WINDOW)


# Order of lines. ------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("line", [1, 2])
def test_of_tests_that_began_at_the_same_instant_the_worst_decides_about_the_notice(line: int):
    kept = drill("a", "11-10T20:00", "11-10T22:00", line=line)
    broke = drill("b", "11-10T20:00", "11-10T21:00", line=3 - line)
    said = notice("a", "11-01T00:00")
    finding = judge(NOTICED, kept, broke, said)
    assert spells(finding) == spells(judge(NOTICED, broke, kept, said))
    assert finding.status is Status.BREACHED
    assert "restore test b of" in finding.reason
    assert judge(NOTICED, kept, broke, said, notice("b", "11-01T00:00")).status is Status.MET


@pytest.mark.parametrize("line", [1, 2])
def test_of_tests_that_began_at_the_same_instant_the_worst_decides_about_the_hours(line: int):
    short = drill("a", "11-10T05:00", "11-10T06:00", line=line)
    long = drill("b", "11-10T05:00", "11-10T08:00", line=3 - line)
    for first, second in ((short, long), (long, short)):
        assert judge(QUIET, first, second).status is Status.BREACHED


# Lines that nobody can read. ------------------------------------------------------------------------------------------


@pytest.mark.parametrize("commitment", [NOTICED, QUIET])
def test_while_a_test_was_under_way_a_line_after_its_start_may_tell_of_another_one(commitment: RestoreTest):
    """It stands after the record of the test, or before it and after an announcement of long ago."""
    under_way = drill("a", "11-10T20:00", "11-11T04:00", line=2)
    said = notice("a", "10-01T00:00")
    looks = (LogGrowth(at("11-10T23:00"), 1, 1), LogGrowth(at(NOW), 9, 9))
    for line in (2, 3):
        test = under_way if line == 3 else replace(under_way, line=3)
        finding = judge(commitment, test, said, unreadable=line, looks=looks)
        assert finding.pieces[-1][0:3:2] == (
            at("11-10T20:00") if line == 3 else finding.pieces[-1].start,
            Status.UNKNOWN,
        )
        assert finding.pieces[-1].start <= at("11-10T20:00")


def test_a_line_that_was_shown_before_the_test_began_tells_of_none_that_began_after_it():
    test, said = drill("a", "11-10T20:00", "11-11T04:00", line=3), notice("a", "10-01T00:00")
    looks = (LogGrowth(at("11-09T00:00"), 2, 2), LogGrowth(at(NOW), 9, 9))
    finding = judge(NOTICED, test, said, unreadable=2, looks=looks)
    assert spells(finding) == [(at("11-01T00:00"), Status.UNKNOWN), (at("11-10T20:00"), Status.MET)]


def test_a_notice_that_was_broken_stays_broken_whatever_a_later_line_says_that_nobody_can_read():
    test = drill("a", "11-10T20:00", "11-10T22:00", line=1)
    assert spells(judge(NOTICED, test, unreadable=2)) == [
        (at("11-01T00:00"), None),
        (at("11-10T20:00"), Status.BREACHED),
    ]
    # One that no look before the test was held showed can have announced it.
    looks = (LogGrowth(at("11-02T00:00"), 1, 1), LogGrowth(at(NOW), 9, 9))
    assert judge(NOTICED, replace(test, line=2), unreadable=1).status is Status.UNKNOWN
    assert judge(NOTICED, replace(test, line=2), unreadable=1, looks=looks).status is Status.UNKNOWN
    late = (LogGrowth(at("11-05T00:00"), 0, 0), LogGrowth(at(NOW), 9, 9))
    assert judge(NOTICED, replace(test, line=2), unreadable=1, looks=late).status is Status.BREACHED


def test_a_line_of_the_maintenance_log_may_tell_of_regular_maintenance_that_a_test_was_held_in():
    commitment = replace(TESTED, outside=Outside.REGULAR_MAINTENANCE)
    test = drill("a", "11-10T20:00", "11-10T22:00")
    window = Maintenance("m", 1, "planned", None, at("11-20T00:00"), at("11-21T00:00"))
    for announced, status in (("11-01T00:00", Status.UNKNOWN), ("11-11T00:00", Status.MET)):
        told = Log(
            maintenance=(window._replace(announced_at=at(announced)),),
            gaps=(Gap("it is not JSON", line=2),),
            known_until=at(NOW),
            looks=(LogGrowth(at("11-09T00:00"), 2, 2), LogGrowth(at(NOW), 9, 9)) if status is Status.UNKNOWN else (),
        )
        logs = {"drills": Log(recoveries=(test,), known_until=at(NOW)), "maintenance": told}
        readers = {"drills": READERS["restore-log"], "maintenance": READERS["maintenance-log"]}
        finding = restore_test.evaluate(
            commitment, Records(logs, readers), TERMS, Window(WINDOW.start, at("11-11T00:00"))
        )
        assert finding.status is status


@pytest.mark.parametrize(
    ("start", "end", "status"),
    [
        ("11-10T18:00", "11-10T20:00", Status.MET),
        ("11-10T18:00", "11-10T20:00:01", Status.BREACHED),
        ("11-10T21:59:59", "11-10T23:00", Status.BREACHED),
        ("11-10T22:00", "11-10T23:00", Status.MET),
    ],
)
def test_a_test_that_touches_regular_maintenance_at_its_edge_was_not_held_in_it(start: str, end: str, status: Status):
    commitment = replace(TESTED, outside=Outside.REGULAR_MAINTENANCE)
    window = Maintenance("m", 1, "regular", None, at("11-10T20:00"), at("11-10T22:00"))
    logs = {
        "drills": Log(recoveries=(drill("a", start, end),), known_until=at(NOW)),
        "maintenance": Log(maintenance=(window,), known_until=at(NOW)),
    }
    assert restore_test.evaluate(commitment, Records(logs), TERMS, WINDOW).status is status


def test_a_line_that_nobody_can_read_may_be_the_pass_that_is_owed_until_that_lapses_too():
    passed = drill("a", "10-01T00:00", "10-01T04:00", line=1)
    looks = (LogGrowth(at("10-10T00:00"), 1, 1), LogGrowth(at("10-11T00:00"), 2, 2))
    finding = judge(OFTEN, passed, unreadable=2, looks=looks)
    assert spells(finding) == [(at("11-01T00:00"), Status.UNKNOWN), (at("11-10T00:00"), Status.BREACHED)]
    assert spells(judge(OFTEN, passed, unreadable=2)) == [(at("11-01T00:00"), Status.UNKNOWN)]


def test_a_pass_stands_whatever_nobody_can_read():
    passed = drill("a", "10-20T00:00", "10-20T04:00", line=1)
    assert spells(judge(OFTEN, passed, unreadable=2))[0] == (at("11-01T00:00"), Status.MET)


def test_every_counts_from_the_newest_pass_or_from_the_agreement_whichever_is_later():
    passed = drill("a", "10-10T00:00", "10-10T04:00")
    terms = replace(TERMS, effective=at("10-20T00:00"))
    assert spells(judge(OFTEN, passed, terms=terms)) == [
        (at("11-01T00:00"), Status.MET),
        (at("11-19T00:00"), Status.BREACHED),
    ]


# Announcements that looks disprove. -----------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("missed", "shown", "status"),
    [
        (None, NOW, Status.MET),  # taken at its word, until a look disproves it
        ("10-20T00:00", NOW, Status.MET),
        ("11-02T00:00", "11-11T00:00", Status.UNKNOWN),  # some time between two looks, not two weeks before
        ("11-04T00:00", "11-11T00:00", Status.BREACHED),
        ("11-02T00:00", "11-03T00:00", Status.MET),  # whenever that was, it was early enough
    ],
)
def test_an_announcement_that_a_look_after_its_date_did_not_show_was_made_between_two_looks(
    missed: str | None, shown: str, status: Status
):
    known = Between(LONG_AGO if missed is None else at(missed), at(shown))
    test, said = drill("a", "11-10T20:00", "11-10T22:00", line=2), notice("a", "10-27T00:00", known=known)
    finding = judge(NOTICED, test, said)
    assert finding.status is status
    if status is Status.UNKNOWN:
        assert "one was made between 2026-11-02T00:00:01Z and 2026-11-11T00:00:00Z" in finding.reason


# What counts as a pass. -----------------------------------------------------------------------------------------------


def test_a_test_that_validated_less_than_is_asked_is_no_pass():
    checked = replace(drill("a", "11-20T05:00", "11-20T06:00"), validation=Rung.CHECKSUMMED)
    assert judge(OFTEN, checked).status is Status.BREACHED
    assert judge(OFTEN, replace(checked, validation=Rung.VALIDATED)).status is Status.MET


def test_a_test_of_which_nobody_told_what_it_validated_proves_and_disproves_nothing():
    untold = replace(drill("a", "11-20T05:00", "11-20T06:00"), validation=None)
    assert judge(OFTEN, untold).status is Status.UNKNOWN


def test_the_headroom_is_what_is_left_until_the_next_test_is_due():
    finding = judge(OFTEN, drill("a", "11-20T05:00", "11-20T06:00"))
    assert finding.headroom is not None
    assert finding.headroom.value == 30 * DAY - (at(NOW) - at("11-20T06:00"))
    assert not finding.at_risk
    assert judge(OFTEN, drill("a", "11-01T12:00", "11-01T13:00")).at_risk


def test_before_the_first_test_the_reason_says_when_it_is_due():
    effective = at("11-10T00:00")
    finding = judge(OFTEN, terms=replace(TERMS, effective=effective))
    assert finding.reason == "nothing is owed yet: the first restore test is due 2026-12-10T00:00:00Z"
    assert finding.due_at == effective + 30 * DAY


def test_once_a_wording_binds_no_more_nothing_is_unknown_of_its_hours():
    terms = replace(TERMS, binds=Span(at("10-01T00:00"), at("11-10T00:00")))
    finding = judge(QUIET, unreadable=1, terms=terms)
    assert spells(finding) == [(at("11-01T00:00"), Status.UNKNOWN), (at("11-10T00:00"), None)]
