"""Backups of two things that a wildcard reads as those of one, and files of repositories that are no backups."""

from __future__ import annotations

import hashlib

import pytest
from situation import Situation, assert_tells

SOURCE = '  dumps: {at: "disk:d/", reader: objects, available_at: mtime, thinned_after: never, name: "%s"%s}\n'
PROMISES = (
    "  rpo: {kind: rpo, at_most: 25h, evidence: [dumps]}\n"
    "  daily: {kind: backup_frequency, at_least: 1, per: day, evidence: [dumps]}\n"
)
TEMPLATE = "{*}_{data_as_of:%Y-%m-%dT%H%M}Z.dump"


def put(situation: Situation, name: str, nights: range | list[int]) -> None:
    for ago in nights:
        began = situation.night(ago)
        situation.put(f"d/{name}_{began:%Y-%m-%dT%H%M}Z.dump", situation.noise(9000), began)


def judged(situation: Situation, template: str = TEMPLATE) -> dict[str, str | None]:
    situation.policy(sources=SOURCE % (template, ""), commitments=PROMISES)
    return situation.statuses()


def test_whether_what_goes_on_holds_the_data_of_what_stopped_is_not_known(situation):
    put(situation, "web", range(4, 14))
    put(situation, "crm", range(14))
    assert judged(situation) == {"rpo": "unknown", "daily": "unknown"}
    found = situation.judged()["rpo"]
    assert_tells(found, ["named as web_", "came every 1 d", "{of}"])


def test_names_of_one_thing_each_need_no_doubt(situation):
    put(situation, "web", range(4, 14))
    put(situation, "crm", range(14))
    assert judged(situation, TEMPLATE.replace("{*}", "crm")) == {"rpo": "met", "daily": "met"}


@pytest.mark.parametrize(
    "series",
    [
        {"web": range(14), "crm": range(14)},
        {"node-a": range(6, 14), "node-b": range(6)},  # a fail-over
        {"16.5.1-ee": range(6, 14), "16.6.0-ee": range(6)},
        {"nightly": range(14), "before-deploy": [13, 12, 9, 8, 5]},
        {"daily": range(21), "weekly": range(14, 50, 7)},
        {"web": range(10, 14), "crm": range(14)},
    ],
    ids=["both go on", "fail-over", "versions", "now and then", "weekly", "too few"],
)
def test_names_that_follow_each_other_or_come_otherwise_are_of_one_data_set(situation, series):
    for name, nights in series.items():
        put(situation, name, nights)
    assert judged(situation) == {"rpo": "met", "daily": "met"}


def repository(situation: Situation, more: str) -> dict[str, str | None]:
    for ago in range(5):
        name = hashlib.sha256(str(ago).encode()).hexdigest()
        situation.put(f"d/snapshots/{name}", situation.noise(300), situation.night(ago))
    situation.policy(sources=SOURCE % ("snapshots/{*}", f", data_as_of: storage{more}"), commitments=PROMISES)
    return situation.statuses()


def test_files_of_a_repository_without_its_packs_are_no_proof_of_backups(situation):
    assert repository(situation, "") == {"rpo": "unknown", "daily": "unknown"}
    assert_tells(situation.judged()["rpo"], ["file of a repository of restic or borg", "`kind: snapshot` on dumps"])


def test_a_source_may_say_that_they_are_whole(situation):
    assert repository(situation, ", kind: snapshot") == {"rpo": "met", "daily": "met"}


def test_in_the_directory_of_snapshots_itself_they_are_known_as_well(situation):
    repository(situation, "")
    source = (SOURCE % ("{*}", ", data_as_of: storage")).replace("disk:d/", "disk:d/snapshots/")
    situation.policy(sources=source, commitments=PROMISES)
    assert situation.statuses() == {"rpo": "unknown", "daily": "unknown"}
