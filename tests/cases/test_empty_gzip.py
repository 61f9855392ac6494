"""Dumps that hold nothing: of the gzip of nothing, as a pipe leaves it whose first command failed, or of zeros."""

from __future__ import annotations

import pytest
from buckets import Bucket
from lab.servers import SeaweedFS
from situation import NOTHING, Situation, assert_tells

SOURCE = (
    '  dumps: {at: "disk:shop/", reader: objects, name: "shop-{data_as_of:%Y-%m-%dT%H%M}Z.sql.gz", '
    "available_at: mtime, thinned_after: 30d"
)
COMMITMENTS = """\
  rpo: {kind: rpo, at_most: 25h, evidence: [dumps]}
  daily: {kind: backup_frequency, at_least: 1, per: day, evidence: [dumps]}
  kept: {kind: retention, keep: 10d, evidence: [dumps]}
"""


@pytest.fixture
def dumps(situation: Situation) -> Situation:
    for ago in range(15, -1, -1):
        began = situation.night(ago)
        content = NOTHING if ago <= 2 else situation.noise(40000 + ago * 100)
        situation.put(f"shop/shop-{began:%Y-%m-%dT%H%M}Z.sql.gz", content, began)
    return situation


def test_three_nights_of_nothing_are_unknown_where_no_size_is_stated(dumps):
    dumps.policy(sources=SOURCE + "}\n", commitments=COMMITMENTS)
    found = dumps.judged()
    assert {name: one["status"] for name, one in found.items()} == dict.fromkeys(("rpo", "daily", "kept"), "unknown")
    assert_tells(found["rpo"], ["20 B", "`min_size: 1 kB`", "`max_shrink: none`"])
    assert_tells(found["daily"], ["20 B", "`max_shrink: none`"])
    assert sum("20 B" in one["in_doubt"] for one in found["rpo"]["evidence"]) >= 1


@pytest.mark.parametrize("stated", ["max_shrink: 90%", "min_size: 1 kB"])
def test_a_stated_size_makes_a_breach_of_them_since_the_first_is_overdue(dumps, stated):
    dumps.policy(sources=SOURCE + f", {stated}}}\n", commitments=COMMITMENTS)
    found = dumps.judged("--window", "10d")
    assert (found["rpo"]["status"], found["daily"]["status"]) == ("breached", "breached")
    assert found["rpo"]["breaches"][-1]["opened_at"] == f"{dumps.night(3 - 25 / 24):%Y-%m-%dT%H:%M:%SZ}"


def test_any_size_is_accepted_where_the_policy_says_so(dumps):
    dumps.policy(sources=SOURCE + ", max_shrink: none, identical_dumps: allowed}\n", commitments=COMMITMENTS)
    assert set(dumps.statuses().values()) == {"met"}


def test_that_any_size_is_accepted_does_not_say_that_alike_ones_are_no_old_copies(dumps):
    dumps.policy(sources=SOURCE + ", max_shrink: none}\n", commitments=COMMITMENTS)
    found = dumps.judged()["rpo"]
    assert found["status"] == "unknown"
    assert_tells(found, ["the same content as", "identical_dumps on dumps would settle it"])


def test_nothing_but_nothing_is_no_backup_either(situation):
    for ago in range(13, -1, -1):
        began = situation.night(ago)
        situation.put(f"shop/shop-{began:%Y-%m-%dT%H%M}Z.sql.gz", NOTHING, began)
    situation.policy(sources=SOURCE + "}\n", commitments=COMMITMENTS)
    assert set(situation.statuses().values()) == {"unknown"}


@pytest.mark.parametrize("size", [40_000, (1 << 20) + 7])
def test_a_dump_of_the_usual_size_that_holds_zeros_alone_is_in_doubt(situation, size):
    for ago in range(4, -1, -1):
        began = situation.night(ago)
        content = situation.noise(size) if ago else bytes(size)
        situation.put(f"shop/shop-{began:%Y-%m-%dT%H%M}Z.sql.gz", content, began)
    situation.policy(sources=SOURCE + "}\n", commitments=COMMITMENTS.partition("  kept")[0])
    found = situation.judged()
    assert found["rpo"]["status"] == "unknown"
    assert_tells(found["rpo"], ["nothing but zeros"])
    situation.put(f"shop/shop-{began:%Y-%m-%dT%H%M}Z.sql.gz", situation.noise(size + 1), began)
    assert situation.statuses()["rpo"] == "met"


def test_an_object_that_holds_zeros_alone_is_in_doubt_though_none_of_it_is_read(situation, seaweedfs: SeaweedFS):
    bucket = Bucket(seaweedfs, situation)
    for ago in range(4, -1, -1):
        content = situation.noise(40_000) if ago else bytes(40_000)
        bucket.put(f"shop/shop-{situation.night(ago):%Y-%m-%dT%H%M}Z.sql.gz", content)
    source = SOURCE.replace("disk:", f"s3:{bucket.name}/").replace(", available_at: mtime", "")
    situation.policy(sources=source + "}\n", commitments=COMMITMENTS.partition("  kept")[0])
    found = situation.judged()["rpo"]
    assert found["status"] == "unknown"
    assert_tells(found, ["nothing but zeros"])


def test_a_dump_that_begins_and_ends_with_zeros_holds_something(situation):
    for ago in range(2, -1, -1):
        began = situation.night(ago)
        content = bytes(300_000) + situation.noise(4000) + bytes(300_000)
        situation.put(f"shop/shop-{began:%Y-%m-%dT%H%M}Z.sql.gz", content, began)
    situation.policy(sources=SOURCE + "}\n", commitments=COMMITMENTS.partition("  kept")[0])
    assert situation.statuses()["rpo"] == "met"
