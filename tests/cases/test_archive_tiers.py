"""A restore was tested in time, and since then every copy that survives has been moved to an archive tier."""

from __future__ import annotations

import json
import subprocess
import sys
from datetime import timedelta

import pytest
from buckets import Bucket
from lab.servers import SeaweedFS
from situation import Situation, assert_tells

MORE = "sites: {here: {}, away: {}}\nscenarios: {fire: {loses: [here]}}\n"
SOURCES = (
    '  near: {at: "disk:dumps/", site: here, reader: objects, name: "shop-{data_as_of:%%Y-%%m-%%dT%%H%%M}Z.dump", '
    "available_at: mtime, thinned_after: 10d}\n"
    '  away: {at: "s3:%s/", site: away, reader: objects, name: "shop-{data_as_of:%%Y-%%m-%%dT%%H%%M}Z.dump", '
    "available_at: name, thinned_after: 10d, max_duration: 10m}\n"
    '  drills: {at: "disk:drills.jsonl", reader: restore-log}\n'
)
PROMISES = (
    "  back: {kind: rto, at_most: %s, scenario: fire, evidence: [drills]}\n"
    "  closed: {kind: encryption, by: client, evidence: [away]}\n"
)
AGE = b"age-encryption.org/v1\n"


@pytest.fixture
def away(situation: Situation, seaweedfs: SeaweedFS) -> Bucket:
    return Bucket(seaweedfs, situation)


def tested(situation: Situation) -> None:
    began = situation.night(2)
    record = {
        "test": "t1", "service": "shop", "outcome": "passed", "scenarios": ["fire"], "target_site": "away",
        "recovery_point": {"source": "away", "of": "shop"}, "validation": "restored",
    }  # fmt: skip
    for clock, hours in (
        ("started_at", 0),
        ("disrupted_at", 0),
        ("restored_at", 2),
        ("validated_at", 3),
        ("finished_at", 3),
    ):
        record[clock] = f"{began + timedelta(hours=hours):%Y-%m-%dT%H:%M:%SZ}"
    situation.put("drills.jsonl", json.dumps(record).encode() + b"\n", began)


def dump(situation: Situation, away: Bucket, ago: int, tier: str = "STANDARD") -> None:
    content, began = AGE + situation.noise(3000), situation.night(ago)
    name = f"shop-{began:%Y-%m-%dT%H%M}Z.dump"
    situation.put(f"dumps/{name}", content, began)
    away.put(name, content, tier)


@pytest.mark.parametrize(("at_most", "status"), [("4h", "unknown"), ("12h", "met")])
def test_an_objective_that_is_shorter_than_the_thaw_is_in_doubt(situation, away, at_most, status):
    tested(situation)
    for ago in (1, 0):
        dump(situation, away, ago, "DEEP_ARCHIVE")
    situation.policy(more=MORE, sources=SOURCES % away.name, commitments=PROMISES % at_most)

    found = situation.judged()

    back = found["back"]
    assert back["status"] == status
    if status == "unknown":
        assert_tells(
            back, ["no copy of shop that survives can be read at once", "S3 Glacier Deep Archive", "12 h", "4 h"]
        )
        cited = back["evidence"][-1]
        assert (cited["source"], cited["name"]) == ("away", f"shop-{situation.night(0):%Y-%m-%dT%H%M}Z.dump")
    closed = found["closed"]
    assert closed["status"] == "unknown"
    assert any("cannot be read: they lie in an archive tier" in gap["what"] for gap in closed["gaps"])


def test_the_newest_at_hand_is_enough_until_it_is_moved_as_well(situation, away):
    tested(situation)
    dump(situation, away, 1, "GLACIER")
    dump(situation, away, 0)
    situation.policy(more=MORE, sources=SOURCES % away.name, commitments=PROMISES % "4h")
    assert situation.statuses()["back"] == "met"
    name = f"shop-{situation.night(0):%Y-%m-%dT%H%M}Z.dump"
    content = (situation.disk / "dumps" / name).read_bytes()
    away.put(name, content, "GLACIER")
    assert situation.statuses()["back"] == "unknown"
    assert situation.statuses("--offline")["back"] == "unknown"
    away.put(name, content)
    assert situation.statuses()["back"] == "met"


def test_a_first_look_shows_what_lies_in_an_archive_tier(situation, away):
    for ago, tier in ((2, "STANDARD"), (1, "INTELLIGENT_TIERING"), (0, "DEEP_ARCHIVE")):
        dump(situation, away, ago, tier)
    command = [sys.executable, "-m", "drcheck", "try", f"s3:{away.name}/"]
    shown = subprocess.run(command, cwd=situation.root, capture_output=True, text=True, timeout=60, check=False).stdout
    assert shown.count(", in S3 Glacier Deep Archive, ") == 1
    assert "archive tier" not in shown  # what was written lately has not been moved by S3 itself
