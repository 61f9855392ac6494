"""Differentials and logs are left, and no full backup: nothing can be restored, whatever the age of the newest file."""

from __future__ import annotations

from datetime import timedelta

import pytest
from situation import Situation, assert_tells

NAME = "{of}/{kind}/SRV1_{of}_{kind}_{data_as_of:%Y%m%d_%H%M%S}"
MORE = "name_zone: UTC, available_at: mtime, thinned_after: 10d"
SOURCES = f"""\
  diffs: {{at: "disk:sql/SRV1/", reader: objects, of: [shop], name: "{NAME}.bak", {MORE}}}
  logs: {{at: "disk:sql/SRV1/", reader: objects, of: [shop], name: "{NAME}.trn", {MORE}}}
"""
COMMITMENTS = """\
  rpo: {kind: rpo, at_most: 19h, evidence: [diffs, logs]}
  kept: {kind: retention, keep: 3d, evidence: [diffs]}
  daily: {kind: backup_frequency, at_least: 1, per: day, evidence: [diffs]}
"""


def put(situation, kind, began):
    extension = "trn" if kind == "LOG" else "bak"
    name = f"sql/SRV1/shop/{kind}/SRV1_shop_{kind}_{began:%Y%m%d_%H%M%S}.{extension}"
    return situation.put(name, situation.noise(4000), began + timedelta(minutes=5))


@pytest.fixture
def changes(situation: Situation) -> Situation:
    for ago in range(9, -1, -1):
        put(situation, "DIFF", situation.night(ago))
        for after in (0.25, 2):
            put(situation, "LOG", situation.night(ago) + timedelta(hours=after))
    return situation


def test_without_any_full_nothing_can_be_restored(changes):
    changes.policy(sources=SOURCES, commitments=COMMITMENTS)
    found = changes.judged()
    assert {name: one["status"] for name, one in found.items()} == {
        "rpo": "breached", "kept": "breached", "daily": "met",
    }  # fmt: skip
    assert_tells(found["rpo"], ["no full backup that it builds on is known"])
    assert_tells(found["kept"], ["no full backup that it builds on is known"])


def test_with_their_full_they_restore(changes):
    put(changes, "FULL", changes.night(9.5))
    changes.policy(sources=SOURCES, commitments=COMMITMENTS)
    assert changes.statuses() == {"rpo": "met", "kept": "met", "daily": "met"}


def test_a_full_that_goes_takes_what_builds_on_it_along(changes):
    full = put(changes, "FULL", changes.night(9.5))
    changes.policy(sources=SOURCES, commitments=COMMITMENTS)
    assert changes.statuses()["rpo"] == "met"
    full.unlink()
    found = changes.judged()
    assert {name: one["status"] for name, one in found.items()} == {
        "rpo": "breached", "kept": "breached", "daily": "met",
    }  # fmt: skip
    assert_tells(found["rpo"], [full.name, "which is gone"])


def test_logs_restore_on_any_full_that_still_stands(situation):
    put(situation, "FULL", situation.night(9))
    nightly = put(situation, "FULL", situation.night(1))
    for hours in range(1, 220, 6):
        put(situation, "LOG", situation.night(9) + timedelta(hours=hours))
    situation.policy(sources=SOURCES, commitments="  rpo: {kind: rpo, at_most: 19h, evidence: [logs]}\n")
    assert situation.statuses() == {"rpo": "met"}
    nightly.unlink()
    assert situation.statuses() == {"rpo": "met"}


def test_whether_changes_build_on_backups_of_no_kind_elsewhere_is_not_known(changes):
    changes.put("dumps/2026.dump", b"", changes.night(9))
    for ago in (9.5, 8.5):
        began = changes.night(ago)
        changes.put(f"dumps/{began:%Y%m%d_%H%M%S}.dump", changes.noise(9000), began)
    dumps = (
        f'  dumps: {{at: "disk:dumps/", reader: objects, of: [shop], name: "{{data_as_of:%Y%m%d_%H%M%S}}.dump", {MORE}'
    )
    changes.policy(sources=SOURCES + dumps + "}\n", commitments=COMMITMENTS)
    found = changes.judged()
    assert (found["rpo"]["status"], found["daily"]["status"]) == ("unknown", "met")
    assert_tells(found["rpo"], ["dumps", "`kind: full`"])
    changes.policy(sources=SOURCES + dumps + ", kind: full}\n", commitments=COMMITMENTS)
    assert changes.statuses() == {"rpo": "met", "kept": "met", "daily": "met"}


DUPLICITY = (
    '  chain: {at: "disk:dup/", reader: objects, available_at: mtime, thinned_after: never, name: ['
    '"duplicity-{kind}.{data_as_of:%Y%m%dT%H%M%SZ}.vol{part}.difftar.gpg", '
    '"duplicity-{kind}.{since:%Y%m%dT%H%M%SZ}.to.{data_as_of:%Y%m%dT%H%M%SZ}.vol{part}.difftar.gpg"]}\n'
)


def test_an_incremental_whose_predecessor_nobody_saw_restores_nothing(situation):
    def put(name: str, ago: int) -> None:
        for part in (1, 2):
            situation.put(f"dup/duplicity-{name}.vol{part}.difftar.gpg", situation.noise(4000), situation.night(ago))

    stamps = [f"{situation.night(ago):%Y%m%dT%H%M%SZ}" for ago in range(4)]
    put(f"full.{stamps[3]}", 3)
    put(f"inc.{stamps[1]}.to.{stamps[0]}", 0)
    situation.policy(sources=DUPLICITY, commitments="  rpo: {kind: rpo, at_most: 20h, evidence: [chain]}\n")
    found = situation.judged()["rpo"]
    assert found["status"] == "breached"
    assert_tells(found, ["builds on a backup of", f"{situation.night(1):%Y-%m-%dT%H:%M:%SZ}"])
    put(f"inc.{stamps[3]}.to.{stamps[2]}", 2)
    put(f"inc.{stamps[2]}.to.{stamps[1]}", 1)
    assert situation.statuses() == {"rpo": "met"}
