"""What a story is made of: what lies where, and dates relative to now. Nothing here touches a server."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, time, timedelta
from typing import NamedTuple
from zoneinfo import ZoneInfo

from lab.azurite import Blob
from lab.seaweedfs import Object

NIGHTS = 124
"""How many nights back backups reach: as long as the longest that a policy says its backups are left alone."""
STOCKHOLM = ZoneInfo("Europe/Stockholm")
MINUTE, HOUR, DAY = 60, 3600, 86400
MIB, GIB = 1 << 20, 1 << 30
SATURDAY, SUNDAY = 5, 6


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

    @property
    def month(self) -> date:
        """The first day of the current month, in UTC."""
        return datetime.fromtimestamp(self.now, UTC).date().replace(day=1)

    @property
    def previous_month(self) -> date:
        """The first day of the month before: what it owes is final, and can still be claimed."""
        return (self.month - timedelta(days=1)).replace(day=1)

    def write(self, host: str, name: str, content: bytes) -> None:
        """Put a file on a host that was written just now."""
        self.files[host].append(File(name, content, self.now))

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


def nights(now: int, zone: ZoneInfo | type[UTC], at: str) -> Iterator[tuple[int, int]]:
    """Yield, oldest first, how many days ago a local date was, and the instant of ``at`` on it; today is 0 days ago."""
    today = datetime.fromtimestamp(now, zone).date()
    for ago in range(NIGHTS, -1, -1):
        yield ago, instant(today - timedelta(days=ago), at, zone)


def grown(base: int, ago: int) -> int:
    """Return the size of a backup some time ago: data grows by a thousandth each time, with some scatter."""
    return base - base * ago // 1000 + (ago * 7919 % 97) * (base // 20_000)


def nth(count: int, weekday: int, month: date) -> date:
    """Return the first, second, … Monday (0) to Sunday (6) of the month that begins with ``month``."""
    return month + timedelta(days=(weekday - month.weekday()) % 7 + 7 * (count - 1))


def instant(day: date, at: str, zone: ZoneInfo | type[UTC] = UTC) -> int:
    return int(datetime.combine(day, time.fromisoformat(at), zone).timestamp())


def stamp(when: int, form: str) -> str:
    return datetime.fromtimestamp(when, UTC).strftime(form)


def rfc3339(when: int) -> str:
    return stamp(when, "%Y-%m-%dT%H:%M:%SZ")
