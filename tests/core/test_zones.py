"""Every calendar rule of a commitment follows its own zone, where it has one."""

from __future__ import annotations

from fractions import Fraction

import pytest
from msgspec.structs import replace

from drcheck import registry
from drcheck.core.judging.judge import judge
from drcheck.core.judging.sources import SourceEvidence
from drcheck.core.kinds.availability.commitment import Availability, Claim, ClaimFrom, Credits, Excuses, MaintenanceRule
from drcheck.core.kinds.restore_test import RestoreTest
from drcheck.core.model.commitments import Notice, Outside, Rung, Standing
from drcheck.core.model.log_records import Announcement, Log, Maintenance, Outage, Recovery, Watched
from drcheck.core.model.policy import BusinessCalendar, Policy, Source
from drcheck.core.model.slots import Per
from drcheck.core.model.status import Status
from drcheck.core.model.verdict import Window

HOUR, DAY = 3600, 86400
MONDAY = 20_003 * DAY
"""A midnight in UTC, 2024-10-07."""
NOON = MONDAY + 12 * HOUR
"""In Tokyo 21:00 of the same day."""
WINDOW = Window(MONDAY - 7 * DAY, MONDAY + 3 * DAY)
READERS = {
    "drills": registry.READERS["restore-log"],
    "status": registry.READERS["outage-log"],
    "works": registry.READERS["maintenance-log"],
}
SOURCES = {name: Source(name, "host", f"{name}.jsonl", reader, ("shop",)) for name, reader in READERS.items()}
OFFICE = BusinessCalendar(opens=7 * HOUR, closes=17 * HOUR)
PLANNED = MaintenanceRule("planned", outside=Outside.BUSINESS_HOURS)
UPTIME = Availability("c", ("status", "works"), at_least=Fraction(1), per=Per.DAY,
                      excused=Excuses((PLANNED,)))  # fmt: skip


def judged(commitment, zone, **logs):
    its = Policy("shop", "shop.yaml", "0", "", "UTC", SOURCES, (replace(commitment, zone=zone),), business=OFFICE)
    evidence = {name: SourceEvidence(Standing.LOG, log=replace(log, known_until=WINDOW.end))
                for name, log in logs.items()}  # fmt: skip
    return judge(its, evidence, WINDOW, clock_tolerance=300)[0]


def drilled(**more):
    test = Recovery("t", 2, NOON, NOON + HOUR, "passed", restored_at=NOON + HOUR, validation=Rung.RESTORED)
    return Log((test,), **more)


def down(starts, ends, *, maintenance=()):
    log = Log(outages=(Outage("o", 1, starts, ends, True, ""),), watched=(Watched(0, WINDOW.end, 2),))
    return {"status": log, "works": Log(maintenance=maintenance)}


@pytest.mark.parametrize(("zone", "status"), [("", Status.BREACHED), ("Asia/Tokyo", Status.MET)])
def test_a_restore_test_is_held_outside_the_business_hours_of_its_commitments_zone(zone, status):
    outside = RestoreTest("c", ("drills",), outside=Outside.BUSINESS_HOURS)
    assert judged(outside, zone, drills=drilled()).status is status


@pytest.mark.parametrize(("zone", "status"), [("", Status.BREACHED), ("Pacific/Auckland", Status.MET)])
def test_business_days_of_notice_are_those_of_the_commitments_zone(zone, status):
    # Announced on Wednesday the 2nd at 12:00; held on Monday the 7th at 12:00, which in Auckland is Tuesday the 8th.
    noticed = RestoreTest("c", ("drills",), notice=Notice(business_days=3))
    told = Announcement(test="t", line=1, announced_at=NOON - 5 * DAY - 2 * HOUR, planned_for=NOON, by="")
    assert judged(noticed, zone, drills=drilled(announcements=(told,))).status is status


@pytest.mark.parametrize(("zone", "counts"), [("", HOUR), ("Asia/Tokyo", 0)])
def test_maintenance_stays_out_of_the_business_hours_of_the_commitments_zone(zone, counts):
    window = Maintenance(id="m", line=1, type="planned", announced_at=MONDAY - 30 * DAY, starts_at=NOON,
                         ends_at=NOON + HOUR)  # fmt: skip
    periods = judged(UPTIME, zone, **down(NOON, NOON + HOUR, maintenance=(window,))).overall.periods
    assert sum(period.downtime for period in periods) == counts


def test_periods_and_the_days_to_claim_a_credit_are_those_of_the_commitments_zone():
    claimed = Credits(ratio=1, claim=Claim(ClaimFrom.PERIOD_END, Notice(business_days=1)))
    commitment = replace(UPTIME, credits=claimed)
    (owed,) = [one for one in judged(commitment, "Asia/Tokyo", **down(NOON, NOON + HOUR)).overall.periods if one.credit]
    assert (owed.start, owed.end) == (MONDAY - 9 * HOUR, MONDAY + 15 * HOUR)
    (claim,) = owed.credit.claims
    assert (claim.until + 9 * HOUR) % DAY == 0
