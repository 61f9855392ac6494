"""Teamplify: its database backups run well, the backups of its files stopped two days ago. Both failover tests
passed in time; the first was announced in time, the second too late.

On the first day of the month, from the moment on that 20 hours of it have passed, seven hours of outage have broken
99.5 %: 70 hours are credited. The previous month was kept: weekly maintenance and planned maintenance at the weekend
are excused, and so is what the customer caused. What was announced too late, a second regular maintenance in one week,
and the failover test are not.
"""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, date, datetime, timedelta

from lab.seaweedfs import Object
from lab.story import logs
from lab.story.telling import (
    DAY,
    GIB,
    HOUR,
    MIB,
    MINUTE,
    SATURDAY,
    Story,
    grown,
    instant,
    nth,
    rfc3339,
    stamp,
)

SERVICE = "teamplify"
RECORDS = "teamplify-records"
TUESDAY, WEDNESDAY, FRIDAY = 1, 2, 4


def tell(story: Story) -> None:
    four_hours = 4 * HOUR
    newest = (story.now - 20 * MINUTE) // four_hours * four_hours + 20 * MINUTE
    for start in range(newest - 34 * DAY, newest + 1, four_hours):
        for of, base in (("database", 700 * MIB), ("files", 3 * GIB)):
            if of == "files" and start > story.now - 54 * HOUR:
                continue  # the backup that stopped
            key = f"{of}/{stamp(start, '%Y/%m/%d/%H%M')}Z.dump.zst"
            size = grown(base, (story.now - start) // DAY)
            story.objects["teamplify"].append(Object(key, size, start + 18 * MINUTE))
    for name, records in (
        ("failover-tests", tests(story)),
        ("outages", logs.outage_log(story, outages(story))),
        ("maintenance", logs.announced(story, maintenance(story))),
    ):
        story.write(RECORDS, f"{name}.jsonl", logs.json_lines(records))


def second_test(story: Story) -> date:
    return nth(3, SATURDAY, story.previous_month)


def tests(story: Story) -> Iterator[logs.Record]:
    """Yield two tests at 20:00 on Saturdays, the weekly maintenance being on Wednesdays."""
    second = second_test(story)
    for test, saturday, notice, took in (
        ("failover-1", second - timedelta(days=49), 26, 340),
        ("failover-2", second, 12, 365),
    ):
        begin = instant(saturday, "20:00")
        yield {
            "announces": test,
            "announced_at": rfc3339(instant(business_days_before(saturday, notice), "09:00")),
            "planned_for": rfc3339(begin),
            "by": "support@teamplify.example",
        }
        point = {"source": "backups", "of": "database", "data_as_of": rfc3339(begin - 200 * MINUTE)}
        yield logs.recovery(test, SERVICE, [], begin, took * MINUTE, point, "")


def business_days_before(day: date, count: int) -> date:
    """Return the last date with ``count`` whole business days of Teamplify between it and ``day``."""
    while count >= 0:
        day -= timedelta(days=1)
        if day.weekday() < SATURDAY and (day.month, day.day) not in {(1, 1), (12, 25)}:
            count -= 1
    return day


def outages(story: Story) -> Iterator[logs.Record]:
    month = story.previous_month
    long_enough = story.now - instant(story.month, "00:00") > 20 * HOUR
    by = "failover to the standby"
    yield logs.down(SERVICE, story.month if long_enough else month, "12:00", 7 * HOUR, recovered_by=by)
    yield logs.down(SERVICE, month + timedelta(days=5), "10:00", 41 * MINUTE)
    yield logs.down(SERVICE, month + timedelta(days=12), "16:00", 12 * MINUTE, scope="partial", cause="customer")
    yield logs.down(SERVICE, second_test(story), "20:00", 5 * MINUTE)
    for one in extraordinary(story):
        yield logs.throughout(one)
    for wednesday in wednesdays(story):
        if wednesday >= month:
            yield logs.down(SERVICE, wednesday, "22:10", 15 * MINUTE)


def maintenance(story: Story) -> Iterator[logs.Record]:
    yield from extraordinary(story)
    for wednesday in wednesdays(story):
        yield logs.window(SERVICE, "regular", wednesday, "22:00", HOUR, ahead=9 * DAY)


def wednesdays(story: Story) -> Iterator[date]:
    """Yield the days of weekly maintenance: those of four months, and of the week to come."""
    today = datetime.fromtimestamp(story.now, UTC).date()
    coming = today + timedelta(days=(WEDNESDAY - today.weekday()) % 7)
    for weeks in range(18, -1, -1):
        yield coming - timedelta(weeks=weeks)


def extraordinary(story: Story) -> list[logs.Record]:
    """Return what was maintained in the previous month beside the weekly maintenance."""
    month = story.previous_month
    first_saturday, second_tuesday = nth(1, SATURDAY, month), nth(2, TUESDAY, month)
    friday = nth(3, WEDNESDAY, month) + timedelta(days=FRIDAY - WEDNESDAY)
    return [
        logs.window(SERVICE, "planned", first_saturday, "18:00", 2 * HOUR, ahead=12 * DAY),
        logs.window(SERVICE, "planned", second_tuesday, "18:00", 30 * MINUTE, ahead=2 * DAY),
        logs.window(SERVICE, "regular", friday, "20:00", 20 * MINUTE, ahead=9 * DAY),
    ]
