"""The evidence that the lab tells its story with: what lies where, relative to now. Nothing here touches a server.

What is told, for the five policies of the repository:

- interworks.cloud: its SQL backups run well; one night, nine days ago, was skipped everywhere, and one offsite copy
  came late. The host with the storage backups cannot be reached.
- Cloudworkz: its half-hourly increments run well. Its nightly images shrank to a stub three nights ago, so the copies
  in the other data centre are stubs as well; one of these copies, twelve nights ago, came late. A restore after the
  loss of a server passed; the one after the loss of a data centre failed, and passed last more than a year ago.
- Teamplify: its database backups run well, the backups of its files stopped two days ago. Both failover tests
  passed in time; the first was announced in time, the second too late.
- Amberflo and Soarsilk promise uptime alone: some outages, some maintenance.
"""

from __future__ import annotations

import json
from collections import defaultdict
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, time, timedelta
from typing import NamedTuple
from zoneinfo import ZoneInfo

from lab.azurite import Blob
from lab.seaweedfs import Object

NIGHTS = 124
"""How many nights back the story reaches: as long as the longest that a policy says its backups are left alone."""
STOCKHOLM = ZoneInfo("Europe/Stockholm")
MINUTE, HOUR, DAY = 60, 3600, 86400
MIB, GIB = 1 << 20, 1 << 30
STUB = 20_480
"""Bytes of an archive of an empty directory: what a dump becomes when its disk is not mounted."""


class File(NamedTuple):
    """A file on a host: ``content``, extended to ``size`` where one is given."""

    name: str
    content: bytes
    modified: int
    size: int | None = None


@dataclass(slots=True)
class Story:
    """What lies where."""

    now: int
    files: dict[str, list[File]] = field(default_factory=lambda: defaultdict(list))
    """By the name of the host."""
    objects: dict[str, list[Object]] = field(default_factory=lambda: defaultdict(list))
    """By the name of the bucket."""
    blobs: dict[str, list[Blob]] = field(default_factory=lambda: defaultdict(list))
    """By the name of the container."""

    def log(self, host: str, name: str, records: Iterable[dict[str, object]]) -> None:
        """Put a log of JSON Lines on a host."""
        lines = "".join(json.dumps(record, ensure_ascii=False) + "\n" for record in records)
        self.files[host].append(File(name, lines.encode(), self.now))

    def arrived(self) -> Story:
        """Return what is there by now: a backup that is still running is not."""
        return Story(
            self.now,
            {host: [each for each in files if each.modified <= self.now] for host, files in self.files.items()},
            {
                bucket: [each for each in objects if each.modified <= self.now]
                for bucket, objects in self.objects.items()
            },
            {
                container: [each for each in blobs if each.modified <= self.now]
                for container, blobs in self.blobs.items()
            },
        )


def tell(now: int) -> Story:
    """Return the whole story as it stands at ``now``, seconds since the epoch."""
    story = Story(now)
    interworks(story)
    cloudworkz(story)
    teamplify(story)
    amberflo(story)
    soarsilk(story)
    return story.arrived()


def interworks(story: Story) -> None:
    for ago, start in nights(story.now, UTC, "01:10"):
        if ago == 9:
            continue  # the skipped night
        name, size = f"platform-sql/{stamp(start, '%Y/%m/%d/%H%M')}Z.bak.gz", grown(6 * GIB, ago)
        if ago <= 34:  # the rest is pruned
            story.blobs["sql-backups"].append(Blob(name, size, start + 41 * MINUTE))
            story.blobs["sql-backups-copy"].append(Blob(name, size, start + 95 * MINUTE))
            late = 31 * HOUR if ago == 5 else 0
            story.objects["interworks-offsite"].append(Object(f"{name}.age", size + 200, start + 4 * HOUR + late))
    attested = {"by": "cto@interworks.example", "at": rfc3339(story.now - 20 * DAY)}
    statements = [
        {"attests": "encryption", "statement": "Premium managed disks are encrypted by SSE.", **attested},
        {"attests": "copies", "statement": "Storage accounts are replicated to West US (RA-GRS).", **attested},
    ]
    host, service = "interworks-records", "interworks-cloud"
    story.log(host, "attestations.jsonl", statements)
    story.log(
        host, "outages.jsonl", outages(story.now, service, [(11, 17, "total", ""), (37, 52, "partial", "third-party")])
    )
    story.log(host, "maintenance.jsonl", maintenance(story.now, service, "planned", every=28, minutes=90, ahead=9))


def cloudworkz(story: Story) -> None:
    for ago, start in nights(story.now, STOCKHOLM, "03:30"):
        name = f"{stamp(start, '%Y-%m-%dT%H%M')}Z.img.zst"
        size = STUB if ago <= 2 else grown(38 * GIB, ago)
        late = 17 * HOUR if ago == 12 else 0
        story.files["cloudworkz-backup"].append(File(f"images/{name}", b"image", start + 34 * MINUTE, size))
        story.objects["cloudworkz"].append(Object(f"images/{name}", size, start + 110 * MINUTE + late))
    half_hour = 30 * MINUTE
    for start in range(story.now // half_hour * half_hour - 32 * DAY + half_hour, story.now, half_hour):
        name = f"incrementals/{stamp(start, '%Y-%m-%dT%H%M')}Z.inc.zst"
        size = grown(90 * MIB, start // half_hour % 7)
        story.files["cloudworkz-backup"].append(File(name, b"increment", start + 5 * MINUTE, size))
    host, service = "cloudworkz-records", "cloudworkz"
    story.log(host, "restore-tests.jsonl", cloudworkz_tests(story.now))
    story.log(host, "attestations.jsonl", [])
    story.log(host, "outages.jsonl", outages(story.now, service, [(18, 4, "partial", ""), (44, 3, "total", "")]))
    story.log(host, "maintenance.jsonl", maintenance(story.now, service, "planned", every=28, minutes=120, ahead=10))


def cloudworkz_tests(now: int) -> Iterator[dict[str, object]]:
    def tested(test: str, scenario: str, days_ago: int, took: int) -> dict[str, object]:
        begin = now - days_ago * DAY
        night = datetime.fromtimestamp(begin, STOCKHOLM).date() - timedelta(days=1)
        source, target = ("images", "stockholm") if scenario == "server" else ("images-offsite", "gothenburg")
        start = instant(night, "03:30", STOCKHOLM)
        point = {"source": source, "name": f"{stamp(start, '%Y-%m-%dT%H%M')}Z.img.zst", "data_as_of": rfc3339(start)}
        return recovery(test, "cloudworkz", [scenario], begin, took, point, target)

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


def teamplify(story: Story) -> None:
    four_hours = 4 * HOUR
    newest = (story.now - 20 * MINUTE) // four_hours * four_hours + 20 * MINUTE
    for start in range(newest - 34 * DAY, newest + 1, four_hours):
        for of, base in (("database", 700 * MIB), ("files", 3 * GIB)):
            if of == "files" and start > story.now - 54 * HOUR:
                continue  # the backup that stopped
            key = f"{of}/{stamp(start, '%Y/%m/%d/%H%M')}Z.dump.zst"
            size = grown(base, (story.now - start) // DAY)
            story.objects["teamplify"].append(Object(key, size, start + 18 * MINUTE))
    host, service = "teamplify-records", "teamplify"
    story.log(host, "failover-tests.jsonl", teamplify_tests(story.now))
    story.log(
        host, "outages.jsonl", outages(story.now, service, [(13, 41, "total", ""), (51, 12, "partial", "customer")])
    )
    regular = maintenance(story.now, service, "regular", every=7, minutes=60, ahead=9)
    story.log(host, "maintenance.jsonl", regular)


def teamplify_tests(now: int) -> Iterator[dict[str, object]]:
    """Two tests on Saturdays at 20:00, the weekly maintenance being on Sundays."""
    today = datetime.fromtimestamp(now, UTC).date()
    for test, about, notice, took in (("failover-1", 70, 26, 340), ("failover-2", 21, 12, 365)):
        saturday = today - timedelta(days=about + (today - timedelta(days=about)).weekday() - 5)
        begin = instant(saturday, "20:00", UTC)
        yield {
            "announces": test,
            "announced_at": rfc3339(instant(business_days_before(saturday, notice), "09:00", UTC)),
            "planned_for": rfc3339(begin),
            "by": "support@teamplify.example",
        }
        point = {"source": "backups", "of": "database", "data_as_of": rfc3339(begin - 200 * MINUTE)}
        yield recovery(test, "teamplify", [], begin, took * MINUTE, point, "")


def amberflo(story: Story) -> None:
    host, service = "amberflo-status", "amberflo"
    story.log(host, "cloud-meter/outages.jsonl", outages(story.now, service, [(8, 25, "total", "")]))
    story.log(host, "billing-meter/outages.jsonl", outages(story.now, service, [(16, 70, "partial", "third-party")]))
    story.log(host, "maintenance.jsonl", maintenance(story.now, service, "planned", every=30, minutes=45, ahead=3))


def soarsilk(story: Story) -> None:
    host, service = "soarsilk-status", "soarsilk"
    story.log(host, "outages.jsonl", outages(story.now, service, [(6, 12, "total", ""), (19, 180, "partial", "")]))
    story.log(host, "maintenance.jsonl", maintenance(story.now, service, "regular", every=14, minutes=30, ahead=2))


def nights(now: int, zone: ZoneInfo | type[UTC], at: str) -> Iterator[tuple[int, int]]:
    """Yield, oldest first, how many days ago a local date was, and the instant of ``at`` on it; today is 0 days ago."""
    today = datetime.fromtimestamp(now, zone).date()
    for ago in range(NIGHTS, -1, -1):
        yield ago, instant(today - timedelta(days=ago), at, zone)


def recovery(
    test: str, service: str, scenarios: list[str], begin: int, took: int, point: dict[str, str], target: str
) -> dict[str, object]:
    """Return the record of a restore test that passed."""
    return {
        "test": test,
        "service": service,
        "scenarios": scenarios,
        "started_at": rfc3339(begin),
        "disrupted_at": rfc3339(begin),
        "declared_at": rfc3339(begin + 10 * MINUTE),
        "restore_started_at": rfc3339(begin + 20 * MINUTE),
        "restored_at": rfc3339(begin + took - 10 * MINUTE),
        "validated_at": rfc3339(begin + took),
        "finished_at": rfc3339(begin + took),
        "outcome": "passed",
        "target_site": target,
        "recovery_point": point,
        "validation": "validated",
        "operator": "on-call",
    }


def outages(now: int, service: str, told: list[tuple[int, int, str, str]]) -> Iterator[dict[str, object]]:
    """Yield outages (days ago, minutes, scope, cause) and, day by day, that the service was watched."""
    by_day = {ago: each for each in told for ago in [each[0]]}
    for ago in range(NIGHTS, 0, -1):
        begin = now - ago * DAY
        if ago in by_day:
            _, minutes, scope, cause = by_day[ago]
            down = {"started_at": rfc3339(begin + HOUR), "ended_at": rfc3339(begin + HOUR + minutes * MINUTE)}
            record = {"outage": f"outage-{ago}-days-ago", "service": service, **down, "scope": scope}
            yield record | ({"cause": cause} if cause else {})
        yield {"watched": {"from": rfc3339(begin), "to": rfc3339(begin + DAY)}}


def maintenance(
    now: int, service: str, kind: str, *, every: int, minutes: int, ahead: int
) -> Iterator[dict[str, object]]:
    """Yield announced windows on Sundays at 22:00 UTC, ``every`` so many days, announced ``ahead`` days before."""
    today = datetime.fromtimestamp(now, UTC).date()
    sunday = today - timedelta(days=(today.weekday() + 1) % 7)
    for ago in range(NIGHTS // every * every, -1, -every):
        begin = instant(sunday - timedelta(days=ago), "22:00", UTC)
        yield {
            "maintenance": f"{kind}-{stamp(begin, '%Y-%m-%d')}",
            "service": service,
            "type": kind,
            "announced_at": rfc3339(begin - ahead * DAY),
            "starts_at": rfc3339(begin),
            "ends_at": rfc3339(begin + minutes * MINUTE),
        }


def business_days_before(day: date, count: int) -> date:
    """Return the last date with ``count`` whole business days of Teamplify between it and ``day``."""
    while count >= 0:
        day -= timedelta(days=1)
        if day.weekday() < 5 and (day.month, day.day) not in {(1, 1), (12, 25)}:
            count -= 1
    return day


def grown(base: int, ago: int) -> int:
    """Return the size of a backup some time ago: data grows by a thousandth each time, with some scatter."""
    return base - base * ago // 1000 + (ago * 7919 % 97) * (base // 20_000)


def instant(day: date, at: str, zone: ZoneInfo | type[UTC]) -> int:
    return int(datetime.combine(day, time.fromisoformat(at), zone).timestamp())


def stamp(when: int, form: str) -> str:
    return datetime.fromtimestamp(when, UTC).strftime(form)


def rfc3339(when: int) -> str:
    return stamp(when, "%Y-%m-%dT%H:%M:%SZ")
