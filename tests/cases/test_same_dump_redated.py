"""A dump that works for five nights; then its step fails, and the old file is stored under each night's new name."""

from __future__ import annotations

import pytest
from situation import Situation, assert_tells

LARGE = 3 << 20
"""More than is read of it."""


def redated(situation: Situation, size: int) -> Situation:
    last = b""
    for ago in range(8, -1, -1):
        began = situation.night(ago)
        last = situation.noise(size + ago) if ago >= 4 else last
        situation.put(f"d/app-{began:%Y-%m-%dT%H%M}Z.dump", last, began)
    return situation


def policy(situation: Situation, key: str = "") -> Situation:
    situation.policy(
        sources='  dumps: {at: "disk:d/", reader: objects, name: "app-{data_as_of:%Y-%m-%dT%H%M}Z.dump", '
        f"available_at: mtime, thinned_after: 10d{key}}}\n",
        commitments="  rpo: {kind: rpo, at_most: 25h, evidence: [dumps]}\n"
        "  daily: {kind: backup_frequency, at_least: 1, per: day, evidence: [dumps]}\n",
    )
    return situation


@pytest.mark.parametrize("size", [9000, LARGE])
@pytest.mark.parametrize(
    ("key", "expected"),
    [("", "unknown"), (", identical_dumps: refused", "breached"), (", identical_dumps: allowed", "met")],
)
def test_an_old_dump_under_each_nights_name_is_what_the_policy_says_or_unknown(situation, size, key, expected):
    found = policy(redated(situation, size), key).judged()
    assert {name: one["status"] for name, one in found.items()} == {"rpo": expected, "daily": expected}
    for one in found.values() if not key else ():
        assert_tells(one, ["the same content as", "identical_dumps on dumps would settle it"])


def test_a_restated_key_is_judged_on_what_earlier_looks_read(situation):
    policy(redated(situation, 9000)).judged()
    for file in (situation.disk / "d").iterdir():
        file.chmod(0)
    assert policy(situation).statuses()["rpo"] == "unknown"


def test_dumps_that_differ_only_in_content_are_backups_of_their_own(situation):
    for ago in range(8, -1, -1):
        began = situation.night(ago)
        situation.put(f"d/app-{began:%Y-%m-%dT%H%M}Z.dump", situation.noise(LARGE), began)
    assert policy(situation).statuses()["rpo"] == "met"
