"""interworks.cloud: its backups run well, but for one night, nine days ago, that was skipped everywhere, and one copy,
five nights ago, that came offsite too late.

The previous month lacks 45 minutes, for which the agreement's table of minutes leaves room in 31 days and its exact
99.9 % does not: 10 % are credited. They are a quarter of an hour of maintenance beyond the six hours that are
excused, and ten minutes each of a partial outage, of maintenance announced too late, and of an emergency that nobody
announced. An outage by a third party, and an emergency that was announced, are excused.
"""

from __future__ import annotations

import base64
import hashlib
from datetime import UTC, timedelta

from lab.azurite import Blob
from lab.seaweedfs import Object
from lab.story import logs
from lab.story.telling import DAY, GIB, HOUR, MIB, MINUTE, SUNDAY, File, Story, grown, nights, nth, stamp

SERVICE = "interworks-cloud"
RECORDS = "interworks-records"
AGE = base64.b64decode(
    "YWdlLWVuY3J5cHRpb24ub3JnL3YxCi0+IFgyNTUxOSBackFObDcxQUZVZURKckRHU1NVLzF0b0xudmtsMlYwNE5idlkvUFJjN2dR"
    "CmhUb2F0UklKeDBrOUhHU0dPa3ltSEhpaXZGM3FiUzIxM0tqVVhkWUUzUDQKLS0tIFExK0s5VVF5UnYrY0k4TkRacFM4SE9wbDNH"
    "N21QY1ZLelN1REVBYm9xMVEKDiFoDEyEIpUZwKItxsu8XqzwbXfiJqV8LaHnc7MmspYA5Ks1vDRgRfn+F0/IhPT10XrkpySWBTrt"
    "iW9Wcmf9orQtBspbLpN2DazGEIR7nSmBPVe2cNZjFgze/r52ZH4zNyyscwScdpXFc0wn3QjKp2WCTULRYV2vkUpQb+Zn8vmzDkIl"
    "kHZ4mpDwkLsM8dpAmSViLEWzaM1Fh+WEINL6/3imUvwieRHMs3D30aEH4nMA5Ou7o17QyiQGh1Qh3AjlMk3fNQfFvbrwyGilisvV"
    "AsY5LipPwuNNUsjkFJ8HCro10nnhnL5D0JNIMUK6rsTCsmhvou7ugfQW9239V2GBXFzteklJVcDd5kZlP5AWwhtcM+xuycGiRjEJ"
    "Pq+yCZ1I0Btyv/kTq9ygv+S6ZoD0mo4hpb9pUzf7kedGBeEKOnQPqUZhHu87TjJjhIOfk7xbZS0xbt+83EY="
)
"""The first bytes of a file that ``age`` 1.1.1 encrypted for a key that nobody has any more."""


def tell(story: Story) -> None:
    for ago, start in nights(story.now, UTC, "01:10"):
        if ago == 9 or ago > 34:
            continue  # skipped, or pruned
        name, size = f"platform-sql/{stamp(start, '%Y/%m/%d/%H%M')}Z.bak.gz", grown(6 * GIB, ago)
        story.blobs["sql-backups"].append(Blob(name, size, start + 41 * MINUTE))
        story.blobs["sql-backups-copy"].append(Blob(name, size, start + 95 * MINUTE))
        late = 31 * HOUR if ago == 5 else 0
        story.objects["interworks-offsite"].append(
            Object(f"{name}.age", size + 200, start + 4 * HOUR + late, uploaded_in_parts(name, size), AGE)
        )
    for ago, start in nights(story.now, UTC, "03:30"):
        if ago <= 34:
            name = f"storage/common-storage-{stamp(start, '%Y-%m-%dT%H%M')}Z.tar.zst.age"
            file = File(name, AGE, start + 70 * MINUTE, grown(44 * GIB, ago))
            story.files["interworks-thessaloniki-files"].append(file)
    story.write(RECORDS, "attestations.jsonl", logs.json_lines(attestations(story.now)))
    story.write(RECORDS, "outages.jsonl", logs.json_lines(logs.outage_log(story, outages(story))))
    story.write(RECORDS, "maintenance.jsonl", logs.json_lines(logs.announced(story, maintenance(story))))


def uploaded_in_parts(name: str, size: int) -> str:
    """Return the ETag of an upload in parts of 64 MiB, as large ones are; it is no checksum of the content."""
    return f"{hashlib.md5(name.encode(), usedforsecurity=False).hexdigest()}-{-(-size // (64 * MIB))}"


def attestations(now: int) -> list[logs.Record]:
    by = "cto@interworks.example"
    replicated = "The storage accounts of West Europe are replicated to West US (RA-GRS)."
    return [
        *logs.attested(now, SERVICE, "live-databases-encrypted", by, "All managed disks are encrypted by SSE."),
        *logs.attested(now, SERVICE, "two-regions-storage", by, replicated),
    ]


def outages(story: Story) -> list[logs.Record]:
    month = story.previous_month
    return [
        logs.down(SERVICE, month + timedelta(days=4), "11:20", 52 * MINUTE, scope="partial", cause="third-party"),
        logs.down(SERVICE, month + timedelta(days=11), "14:00", 10 * MINUTE, scope="partial"),
        *map(logs.throughout, maintained(story)),
        *logs.hiccup(story, SERVICE, one_second_in=3000),
    ]


def maintained(story: Story) -> list[logs.Record]:
    """Return the maintenance of the previous month."""
    month = story.previous_month
    second, third, fourth = (nth(count, SUNDAY, month) for count in (2, 3, 4))
    return [
        logs.window(SERVICE, "planned", second, "20:00", 3 * HOUR, ahead=9 * DAY),
        logs.window(SERVICE, "planned", third, "20:00", 3 * HOUR + 15 * MINUTE, ahead=9 * DAY),
        logs.window(SERVICE, "planned", fourth, "20:00", 10 * MINUTE, ahead=2 * DAY),
        logs.window(SERVICE, "emergency", month + timedelta(days=19), "03:00", 10 * MINUTE, ahead=0),
        logs.window(SERVICE, "emergency", month + timedelta(days=23), "03:00", 20 * MINUTE, ahead=3 * HOUR),
    ]


def maintenance(story: Story) -> list[logs.Record]:
    next_month = (story.month + timedelta(days=31)).replace(day=1)
    coming = logs.window(SERVICE, "planned", nth(2, SUNDAY, next_month), "20:00", 2 * HOUR, ahead=45 * DAY)
    return [*maintained(story), coming]
