"""Cloudworkz: the half-hourly increments run well. The nightly images shrank to a stub three nights ago, so the copies
in the other data centre are stubs as well; one of these copies, twelve nights ago, came late.

A restore after the loss of a server passed; twenty days ago a server was lost for real, and its service was back in
time. The restore after the loss of a data centre failed, and passed last more than a year ago.

On the 18th of the previous month all servers were down for four minutes: more than a day allows, and far less than a
year does. Planned maintenance is excused, and what only a part of the platform misses does not count.
"""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta

from lab.seaweedfs import Object
from lab.story import logs
from lab.story.telling import (
    DAY,
    GIB,
    HOUR,
    MIB,
    MINUTE,
    STOCKHOLM,
    SUNDAY,
    File,
    Story,
    grown,
    instant,
    nights,
    nth,
    rfc3339,
    stamp,
)

SERVICE = "cloudworkz"
HOST = "cloudworkz-backup"
RECORDS = "cloudworkz-records"
STUB = 20_480
"""Bytes of an archive of an empty directory: what a dump becomes when its disk is not mounted."""


def tell(story: Story) -> None:
    for ago, start in nights(story.now, STOCKHOLM, "03:30"):
        name = f"images/{stamp(start, '%Y-%m-%dT%H%M')}Z.img.zst"
        size = STUB if ago <= 2 else grown(38 * GIB, ago)
        late = 17 * HOUR if ago == 12 else 0
        story.files[HOST].append(File(name, f"image {name}".encode(), start + 34 * MINUTE, size))
        story.objects["cloudworkz"].append(Object(name, size, start + 110 * MINUTE + late))
    half_hour = 30 * MINUTE
    for start in range(story.now // half_hour * half_hour - 32 * DAY + half_hour, story.now, half_hour):
        name = f"incrementals/{stamp(start, '%Y-%m-%dT%H%M')}Z.inc.zst"
        size = grown(90 * MIB, start // half_hour % 7)
        story.files[HOST].append(File(name, f"increment {name}".encode(), start + 5 * MINUTE, size))
    replicated = "Every customer database is replicated synchronously to a second storage node in Stockholm."
    attested = logs.attested(story.now, SERVICE, "replicated-in-real-time", "driftchef@cloudworkz.example", replicated)
    for name, records in (
        ("restore-tests", tests(story.now)),
        ("attestations", attested),
        ("outages", logs.outage_log(story, outages(story))),
        ("network-outages", logs.outage_log(story, network_outages(story))),
        ("maintenance", logs.announced(story, maintenance(story))),
    ):
        story.write(RECORDS, f"{name}.jsonl", logs.json_lines(records))


def tests(now: int) -> Iterator[logs.Record]:
    """Yield the restore tests, oldest first."""

    def tested(test: str, scenario: str, days_ago: int, took: int) -> logs.Record:
        begin = now - days_ago * DAY
        source, target = ("images", "stockholm") if scenario == "server" else ("images-offsite", "gothenburg")
        return logs.recovery(test, SERVICE, [scenario], begin, took, image_before(begin, source), target)

    yield tested("dr-exercise-1", "datacentre", 402, 31 * HOUR)
    called_off = {"outcome": "aborted", "notes": "called off: the technician was needed elsewhere"}
    yield tested("server-2", "server", 60, HOUR) | called_off
    # 4 h 20 min in all, of which 50 minutes of waiting for DNS do not count
    begin = now - 40 * DAY
    waited = {"started_at": rfc3339(begin + 200 * MINUTE), "finished_at": rfc3339(begin + 250 * MINUTE)}
    yield tested("server-3", "server", 40, 260 * MINUTE) | {"phases": [{"name": "dns-propagation", **waited}]}
    failed = tested("dr-exercise-2", "datacentre", 12, 9 * HOUR)
    del failed["restored_at"], failed["validated_at"], failed["validation"]
    check = {"name": "newest order is there", "outcome": "failed", "detail": "the restored server does not boot"}
    yield failed | {"outcome": "failed", "checks": [check]}


def image_before(begin: int, source: str) -> dict[str, str]:
    """Return the recovery point that the image of the night before is."""
    night = datetime.fromtimestamp(begin, STOCKHOLM).date() - timedelta(days=1)
    start = instant(night, "03:30", STOCKHOLM)
    name = f"{stamp(start, '%Y-%m-%dT%H%M')}Z.img.zst"
    return {"source": source, "name": name, "data_as_of": rfc3339(start)}


def outages(story: Story) -> list[logs.Record]:
    month = story.previous_month
    lost = datetime.fromtimestamp(story.now - 20 * DAY, UTC)
    recovered = {
        "scenario": "server",
        "recovered_by": "restore of the image and its increments to a new server",
        "recovery_point": image_before(story.now - 20 * DAY, "images"),
        "notes": "the host of one customer's server burned out",
    }
    return [
        logs.down(SERVICE, month + timedelta(days=6), "15:10", 40 * MINUTE, scope="partial"),
        logs.down(SERVICE, month + timedelta(days=17), "13:00", 4 * MINUTE),
        *(logs.throughout(one) for one in maintenance(story)),
        logs.down(SERVICE, lost.date(), "09:20", 110 * MINUTE, scope="partial", **recovered),
    ]


def network_outages(story: Story) -> list[logs.Record]:
    return [
        logs.down(SERVICE, story.previous_month + timedelta(days=8), "02:40", 26 * MINUTE, scope="partial"),
        *logs.hiccup(story, SERVICE, one_second_in=9000),
    ]


def maintenance(story: Story) -> list[logs.Record]:
    sunday = nth(2, SUNDAY, story.previous_month)
    return [logs.window(SERVICE, "planned", sunday, "02:00", 30 * MINUTE, ahead=10 * DAY)]
