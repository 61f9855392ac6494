"""A place that can only be seen now and then: what its newest complete look showed is taken to stand meanwhile."""

from __future__ import annotations

import pytest
from situation import assert_tells

SOURCE = (
    '  laptop: {at: "disk:shop/", reader: objects, name: "{data_as_of:%%Y-%%m-%%dT%%H%%M}Z.gz", available_at: mtime, '
    "thinned_after: never%s}\n"
)
COMMITMENTS = """\
  rpo: {kind: rpo, at_most: 25h, evidence: [laptop]}
  kept: {kind: retention, keep: 3d, evidence: [laptop]}
  daily: {kind: backup_frequency, at_least: 1, per: day, evidence: [laptop]}
"""


@pytest.fixture
def laptop(situation):
    for ago in range(6, -1, -1):
        began = situation.night(ago)
        situation.put(f"shop/{began:%Y-%m-%dT%H%M}Z.gz", situation.noise(5000 + ago), began)
    return situation


def test_a_look_that_fails_within_the_stated_time_is_told_and_changes_nothing(laptop):
    laptop.policy(sources=SOURCE % ", seen_every: 7d", commitments=COMMITMENTS)
    assert set(laptop.statuses().values()) == {"met"}
    (laptop.disk / "shop").rename(laptop.root / "away")
    found = laptop.judged()
    assert {one["status"] for one in found.values()} == {"met"}
    assert_tells(found["rpo"], ["laptop as seen on"])
    assert found["rpo"]["gaps"]


def test_without_it_what_stands_is_unknown_once_it_cannot_be_seen(laptop):
    laptop.policy(sources=SOURCE % "", commitments=COMMITMENTS)
    assert set(laptop.statuses().values()) == {"met"}
    (laptop.disk / "shop").rename(laptop.root / "away")
    assert laptop.statuses()["rpo"] == "unknown"


def test_after_that_time_it_is_unknown_again(laptop):
    laptop.policy(sources=SOURCE % ", seen_every: 1s", commitments=COMMITMENTS)
    assert set(laptop.statuses().values()) == {"met"}
    (laptop.disk / "shop").rename(laptop.root / "away")
    laptop._next_second += 1
    assert laptop.statuses()["rpo"] == "unknown"
