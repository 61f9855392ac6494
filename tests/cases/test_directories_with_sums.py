"""Directories that are one backup each, with the checksums of their files in a list among them."""

from __future__ import annotations

import hashlib
from datetime import datetime

import pytest
from situation import Situation, assert_tells

SOURCE = (
    '  dumps: {at: "disk:pg/", reader: objects, name: "{data_as_of:%Y-%m-%dT%H%M}Z/", '
    "available_at: mtime, thinned_after: 10d}\n"
)
RPO = "  rpo: {kind: rpo, at_most: 30h, evidence: [dumps]}\n"
SOUND = "  sound: {kind: integrity, level: checksummed, every: 7d, evidence: [dumps]}\n"


def directory(situation: Situation, began: datetime, number: int, *, sums: str, under: str = "") -> list[str]:
    """Put a directory of so many files and the list of their sums; returns the names of the files."""
    names, lines = [], []
    for at in range(number):
        content = situation.noise(2000 + at)
        names.append(f"pg/{began:%Y-%m-%dT%H%M}Z/base/{at:02d}.dat")
        situation.put(names[-1], content, began)
        lines.append(f"{hashlib.sha256(content).hexdigest()}  {under}base/{at:02d}.dat\n")
    situation.put(f"pg/{began:%Y-%m-%dT%H%M}Z/{sums}", "".join(lines).encode(), began)
    return names


@pytest.mark.parametrize("sums", ["SHA256SUMS", "manifest.sha256"])
@pytest.mark.parametrize("lost", [1, 3])
@pytest.mark.parametrize("under", ["", "./", "/var/lib/backup/"])
def test_a_directory_without_a_file_that_its_list_of_sums_names_is_not_whole(situation, sums, lost, under):
    for ago in range(3, -1, -1):
        names = directory(situation, situation.night(ago), 3, sums=sums, under=under)
    for name in names[:lost]:
        (situation.disk / name).unlink()
    situation.policy(sources=SOURCE, commitments=RPO + SOUND)
    found = situation.judged()
    assert found["rpo"]["evidence"][0]["name"] == f"{situation.night(1):%Y-%m-%dT%H%M}Z/"
    assert_tells(found["rpo"], ["does not count", "base/00.dat", sums])
    assert found["sound"]["status"] == "breached"


def test_each_file_of_the_newest_directories_is_held_against_its_sum(situation):
    for ago in range(3, -1, -1):
        names = directory(situation, situation.night(ago), 15, sums="SHA256SUMS")
    for name in names[:1]:
        path = situation.disk / name
        situation.put(name, path.read_bytes()[:-1] + b"x", situation.night(0))
    situation.policy(sources=SOURCE, commitments=RPO)
    assert_tells(situation.judged()["rpo"], ["does not count", "sha256 differs"])


def test_a_list_of_sums_may_name_what_is_no_part_of_a_backup(situation):
    for ago in range(3, -1, -1):
        began = situation.night(ago)
        directory(situation, began, 2, sums="SHA256SUMS")
        # Those of backups that were pruned since stand in a list that is appended to.
        line = f"{'0' * 64}  {situation.night(20):%Y-%m-%dT%H%M}Z/base/00.dat\n"
        situation.put("pg/SHA256SUMS", line.encode(), began)
    situation.policy(sources=SOURCE, commitments=RPO + SOUND)
    assert situation.statuses() == {"rpo": "met", "sound": "met"}


def test_a_file_that_is_gone_is_not_taken_for_another_one_of_its_name(situation):
    for ago in range(3, -1, -1):
        began, lines = situation.night(ago), []
        for name in ("PG_VERSION", "base/1/PG_VERSION", "base/5/PG_VERSION", "base/1/1259"):
            content = situation.noise(2000) if name == "base/1/1259" else b"15"
            lines.append(f"{hashlib.sha256(content).hexdigest()}  {name}\n")
            situation.put(f"pg/{began:%Y-%m-%dT%H%M}Z/{name}", content, began)
        situation.put(f"pg/{began:%Y-%m-%dT%H%M}Z/SHA256SUMS", "".join(lines).encode(), began)
    (situation.disk / f"pg/{situation.night(0):%Y-%m-%dT%H%M}Z/base/1/PG_VERSION").unlink()
    situation.policy(sources=SOURCE, commitments=RPO + SOUND)
    found = situation.judged()
    assert_tells(found["rpo"], ["does not count", "base/1/PG_VERSION, which"])
    assert found["sound"]["status"] == "breached"


def test_a_directory_with_all_that_its_list_names_is_met_however_the_list_was_written(situation):
    for ago in range(3, -1, -1):
        began = situation.night(ago)
        top = f"pg/{began:%Y-%m-%dT%H%M}Z"
        units, plain = situation.noise(2000), situation.noise(2000)
        lines = [
            f"\\{hashlib.sha256(units).hexdigest().upper()} *my\\\\x2dunit.slice\r\n",
            f"SHA256 (./{began:%Y}/../a b) = {hashlib.sha256(plain).hexdigest()}\r\n",
            f"{'0' * 64}  ../pruned\r\n# made by hand\r\n",
            f"{hashlib.sha256().hexdigest()}  SHA256SUMS\r\n{hashlib.sha256().hexdigest()}  SHA256SUMS.tmp\r\n",
        ]
        situation.put(f"{top}/my\\x2dunit.slice", units, began)
        situation.put(f"{top}/a b", plain, began)
        situation.put(f"{top}/SHA256SUMS", "".join(("\ufeff", *lines)).encode(), began)
    situation.policy(sources=SOURCE, commitments=RPO + SOUND)
    assert situation.statuses() == {"rpo": "met", "sound": "met"}
