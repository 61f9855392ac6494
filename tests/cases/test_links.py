"""Backups that were moved to another disk and left as symbolic links, and links beside backups."""

from __future__ import annotations

import pytest
from situation import Situation, assert_tells

PROMISES = """\
  rpo: {kind: rpo, at_most: 20h, evidence: [dumps]}
  every: {kind: backup_frequency, every: 20h, evidence: [dumps]}
"""


def policy(situation: Situation, name: str, more: str = "") -> None:
    source = f'  dumps: {{at: "disk:d/", reader: objects, name: "{name}", available_at: mtime, thinned_after: never{more}}}\n'
    situation.policy(sources=source, commitments=PROMISES)


def put(situation: Situation, *ago: int) -> None:
    for each in ago:
        began = situation.night(each)
        situation.put(f"d/{began:%Y-%m-%dT%H%M}Z.dump", situation.noise(9000), began)


def link(situation: Situation, name: str, target: str = "/mnt/large/x") -> None:
    (situation.disk / "d").mkdir(exist_ok=True)
    (situation.disk / "d" / name).symlink_to(target)


@pytest.mark.parametrize(
    ("template", "name"),
    [("{data_as_of:%Y-%m-%dT%H%M}Z.dump", "%Y-%m-%dT%H%MZ.dump"), ("{data_as_of:%Y-%m-%dT%H%M}Z/", "%Y-%m-%dT%H%MZ")],
)
def test_what_lies_behind_a_link_with_the_name_of_a_backup_is_not_known(situation, template, name):
    put(situation, 2)
    link(situation, situation.night(0).strftime(name))
    policy(situation, template)
    found = situation.judged()
    assert {one["status"] for one in found.values()} == {"unknown"}
    assert_tells(found["rpo"], ["is a symbolic link", situation.night(0).strftime(name)])


def test_a_link_to_a_backup_that_is_there_hides_nothing(situation):
    put(situation, 2, 1)
    (situation.disk / "d/weekly").mkdir()
    newest = f"{situation.night(1):%Y-%m-%dT%H%M}Z.dump"
    link(situation, f"weekly/{newest}", f"../{newest}")
    link(situation, "latest.dump", newest)
    policy(situation, "{**}{data_as_of:%Y-%m-%dT%H%M}Z.dump")
    assert situation.statuses() == {"rpo": "breached", "every": "breached"}


def test_links_of_what_is_older_than_the_question_hide_no_breach(situation):
    put(situation, 4)
    for ago in (200, 300):
        link(situation, f"{situation.night(ago):%Y-%m-%dT%H%M}Z.dump")
    policy(situation, "{data_as_of:%Y-%m-%dT%H%M}Z.dump")
    assert situation.statuses() == {"rpo": "breached", "every": "breached"}


def test_where_names_tell_no_instant_a_link_hides_something_only_if_nothing_else_is_there(situation):
    link(situation, "shop-latest.dump")
    policy(situation, "shop-{*}.dump", ", data_as_of: storage")
    assert situation.statuses() == {"rpo": "unknown", "every": "unknown"}
    situation.put("d/shop-1.dump", situation.noise(9000), situation.night(1))
    assert situation.statuses() == {"rpo": "breached", "every": "breached"}


@pytest.mark.parametrize("name", ["latest", "2026"])
def test_a_place_that_holds_nothing_but_links_is_not_empty(situation, name):
    link(situation, name)
    policy(situation, "{data_as_of:%Y-%m-%dT%H%M}Z.dump")
    found = situation.judged()
    assert {one["status"] for one in found.values()} == {"unknown"}
    assert_tells(found["rpo"], [f"{name} (a symbolic link)"])


def test_once_backups_were_seen_a_place_that_holds_nothing_but_links_has_none(situation):
    put(situation, 0)
    link(situation, "latest", f"{situation.night(0):%Y-%m-%dT%H%M}Z.dump")
    policy(situation, "{data_as_of:%Y-%m-%dT%H%M}Z.dump")
    assert situation.judged()["rpo"]["status"] == "met"
    (situation.disk / "d" / f"{situation.night(0):%Y-%m-%dT%H%M}Z.dump").unlink()
    found = situation.judged()["rpo"]
    assert found["status"] == "breached"
    assert_tells(found, ["there is nothing but latest (a symbolic link) at dumps"])


@pytest.mark.parametrize(
    ("template", "there", "linked"),
    [
        ("{data_as_of:%Y-%m-%d}/{data_as_of:%H%M}.dump", "%Y-%m-%d/%H%M.dump", "%Y-%m-%d"),
        ("{of}/{data_as_of:%Y-%m-%dT%H%M}.dump", "wiki/%Y-%m-%dT%H%M.dump", "shop"),
    ],
)
def test_what_lies_behind_a_link_on_the_way_to_backups_is_not_known(situation, template, there, linked):
    situation.put(f"d/{situation.night(2).strftime(there)}", situation.noise(9000), situation.night(2))
    link(situation, situation.night(0).strftime(linked))
    policy(situation, template, ", name_zone: UTC" + (", of: [shop, wiki]" if "{of}" in template else ""))
    found = situation.judged()["rpo"]
    assert next(one for one in found.get("of") or [found] if one.get("of", "shop") == "shop")["status"] == "unknown"


def test_a_linked_directory_whose_data_set_is_there_otherwise_hides_nothing(situation):
    for ago in (2, 1):
        began = situation.night(ago)
        situation.put(f"d/{began:%Y-%m-%d}/{began:%H%M}.dump", situation.noise(9000), began)
    link(situation, "latest", f"{situation.night(1):%Y-%m-%d}")
    policy(situation, "{data_as_of:%Y-%m-%d}/{data_as_of:%H%M}.dump", ", name_zone: UTC")
    assert situation.statuses() == {"rpo": "breached", "every": "breached"}
