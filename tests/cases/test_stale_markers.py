"""Markers of completion that are those of an earlier backup, or of an earlier attempt at the same one."""

from __future__ import annotations

import hashlib
from datetime import timedelta

import pytest
from buckets import Bucket
from lab.servers import SeaweedFS
from situation import Situation, assert_tells

RPO = "  rpo: {kind: rpo, at_most: 20h, evidence: [dumps]}\n"
MINUTE = timedelta(minutes=1)


def source(at: str, marker: str, more: str = "") -> str:
    name = "{data_as_of:%Y-%m-%dT%H%M}Z.dump"
    return f'  dumps: {{at: "{at}", reader: objects, name: "{name}", complete_when: "{marker}", thinned_after: 10d{more}}}\n'


def put_nights(situation: Situation) -> None:
    for ago in range(3):
        began = situation.night(ago)
        situation.put(f"d/{began:%Y-%m-%dT%H%M}Z.dump", situation.noise(9000), began + 5 * MINUTE)


def test_one_marker_of_a_whole_directory_tells_nothing_of_a_backup_that_came_after_it(situation):
    put_nights(situation)
    situation.policy(sources=source("disk:d/", "{dir}/SUCCESS", ", available_at: mtime"), commitments=RPO)
    situation.put("d/SUCCESS", b"ok", situation.night(1) + 6 * MINUTE)
    found = situation.judged()["rpo"]
    assert found["status"] == "unknown"
    assert_tells(found, ["SUCCESS is 23 h 59 min older than it", "an earlier backup", "max_duration on dumps"])
    situation.put("d/SUCCESS", b"ok", situation.night(0) + 6 * MINUTE)
    assert situation.statuses() == {"rpo": "met"}


def test_one_marker_of_a_whole_directory_is_as_old_at_an_object_storage(situation, seaweedfs: SeaweedFS):
    bucket = Bucket(seaweedfs, situation)
    loaded = situation.night(0)
    bucket.load("d/SUCCESS", situation.night(1) + 6 * MINUTE)
    bucket.load(f"d/{loaded:%Y-%m-%dT%H%M}Z.dump", loaded + 5 * MINUTE)
    situation.policy(sources=source(f"s3:{bucket.name}/d/", "{dir}/SUCCESS"), commitments=RPO)
    assert situation.judged()["rpo"]["status"] == "unknown"
    bucket.put("d/SUCCESS", b"ok")
    assert situation.statuses() == {"rpo": "met"}


@pytest.mark.parametrize(
    ("marked", "more", "status"),
    [
        (timedelta(days=-1), "", "unknown"),
        (-30 * MINUTE, "", "met"),
        (timedelta(hours=-2), ", max_duration: 3h", "met"),
        (timedelta(days=-1), ", available_at: name", "met"),
        (6 * MINUTE, "", "met"),
    ],
)
def test_a_marker_that_was_there_long_before_its_backup_is_of_an_earlier_attempt(situation, marked, more, status):
    put_nights(situation)
    for ago in range(3):
        began = situation.night(ago)
        situation.put(f"d/{began:%Y-%m-%dT%H%M}Z.dump.ok", b"ok", began + (6 * MINUTE if ago else marked))
    more = more if "available_at" in more else f"{more}, available_at: mtime"
    situation.policy(sources=source("disk:d/", "{name}.ok", more), commitments=RPO)
    assert situation.statuses() == {"rpo": status}


def test_what_is_added_later_to_a_directory_takes_nothing_from_its_marker(situation):
    for ago in range(3):
        began = situation.night(ago)
        for name in ("data", "DONE"):
            situation.put(f"d/{began:%Y-%m-%dT%H%M}Z/{name}", situation.noise(900), began + 5 * MINUTE)
    situation.put(f"d/{began:%Y-%m-%dT%H%M}Z/notes", situation.noise(900), began + timedelta(hours=3))
    situation.policy(
        sources='  dumps: {at: "disk:d/", reader: objects, name: "{data_as_of:%Y-%m-%dT%H%M}Z/", '
        'complete_when: "{dir}/DONE", available_at: mtime, thinned_after: 10d}\n',
        commitments=RPO,
    )
    assert situation.statuses() == {"rpo": "met"}


def test_a_marker_that_is_to_hold_a_checksum_and_is_empty_leaves_a_doubt_until_it_is_written(situation):
    put_nights(situation)
    situation.policy(sources=source("disk:d/", "{name}.sha256", ", available_at: mtime"), commitments=RPO)
    name = f"d/{situation.night(0):%Y-%m-%dT%H%M}Z.dump"
    for ago in range(3):
        other = f"d/{situation.night(ago):%Y-%m-%dT%H%M}Z.dump"
        digest = hashlib.sha256((situation.disk / other).read_bytes()).hexdigest()
        content = f"{digest}  {other[2:]}\n".encode() if ago else b""
        situation.put(f"{other}.sha256", content, situation.night(ago) + 6 * MINUTE)
    found = situation.judged()["rpo"]
    assert found["status"] == "unknown"
    assert_tells(found, ["sha256 is empty, and holds no checksum"])
    digest = hashlib.sha256((situation.disk / name).read_bytes()).hexdigest()
    situation.put(f"{name}.sha256", f"{digest}  {name[2:]}\n".encode(), situation.night(0) + 6 * MINUTE)
    assert situation.statuses() == {"rpo": "met"}


def test_a_marker_that_holds_nothing_by_its_name_may_be_empty(situation):
    put_nights(situation)
    for ago in range(3):
        situation.put(f"d/{situation.night(ago):%Y-%m-%dT%H%M}Z.dump.ok", b"", situation.night(ago) + 6 * MINUTE)
    situation.policy(sources=source("disk:d/", "{name}.ok", ", available_at: mtime"), commitments=RPO)
    assert situation.statuses() == {"rpo": "met"}
