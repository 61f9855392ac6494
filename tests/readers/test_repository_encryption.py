"""Repositories of restic and borg, told by what the real tools write."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest
from paged_place import NOW, source
from tools import place, run

from drcheck.core.model.evidence import LONG_AGO, Candidate, Fact, FactValue
from drcheck.interfaces import LookRequest
from drcheck.readers.content import fact_requests, repository_encryption
from drcheck.readers.points import objects

CLIENT = Fact.CLIENT_ENCRYPTION
MODES = {
    "none": False, "authenticated": False, "authenticated-blake2": False,
    "repokey": True, "keyfile": True, "repokey-blake2": True, "keyfile-blake2": True,
}  # fmt: skip


@pytest.fixture
def kept(tmp_path: Path) -> Path:
    """A directory with something to back up."""
    (tmp_path / "kept").mkdir()
    for n in range(5):
        (tmp_path / "kept" / str(n)).write_bytes(bytes([n]) * 50_000)
    return tmp_path


def restic(top: Path, *argv: str) -> None:
    run("restic", "--quiet", "--repo", "repository", *argv, cwd=top)


def borg(top: Path, *argv: str) -> None:
    run("borg", *argv, cwd=top)


def look(top: Path, template: str):
    """Look at all of ``top`` through the reader."""
    asked = LookRequest(LONG_AGO, NOW, 10**9, "web", frozenset({CLIENT}))
    return objects.read(place(top), source(template=template, of=("repository",)), "", asked)


def ask(top: Path, prefix: str):
    """Ask all that lies in a directory of the repository; return what was told, the gaps, and the requests it took."""
    collector = place(top / "repository")
    candidates = [
        Candidate(one.name, "orders", "", 0, 0, 0, 0, one.size, "", complete=True) for one in collector.list(prefix)
    ]
    before = collector.calls
    asked = LookRequest(LONG_AGO, NOW, 10**9, "web", frozenset({CLIENT}))
    described, gaps = fact_requests.describe(collector, source(), candidates, asked)
    assert gaps == ()
    return {one.name: one.told for one in described}, collector.calls - before


@pytest.mark.parametrize("version", ["1", "2"])
def test_a_restic_repository_encrypts_all_that_it_keeps(kept: Path, version):
    restic(kept, "init", "--repository-version", version)
    for _ in range(3):
        restic(kept, "backup", "kept")
    told, calls = ask(kept, "snapshots/")
    assert list(told.values()) == [FactValue(True, "restic")] * 3
    # One backup is read, the configuration, the directory of keys and one key; the two other backups are not.
    assert calls == 4
    # Where a name tells no more than the data set, the repository's configuration stands for it.
    assert [one.told for one in look(kept, "{of}/config").described] == [FactValue(True, "restic")]


def test_an_empty_or_a_foreign_key_does_not_hide_a_restic_repository(kept: Path):
    restic(kept, "init")
    (kept / "repository" / "keys" / ("0" * 64)).write_bytes(b"")
    (kept / "repository" / "keys" / "README").write_bytes(b"{}")
    assert repository_encryption.at(place(kept), "repository/") == FactValue(True, "restic")


def test_what_lies_beside_a_repository_is_judged_by_itself(kept: Path):
    restic(kept, "init")
    restic(kept, "backup", "kept")
    (kept / "repository" / "dumps").mkdir()
    (kept / "repository" / "dumps" / "x").write_bytes(bytes(range(1, 200)))
    assert ask(kept, "dumps/")[0]["dumps/x"].holds is None


@pytest.mark.parametrize("content", [b"", b"{}", b'{"kdf": 1, "data": ""}', b"[" * 10_000])
def test_a_directory_of_keys_that_are_none_is_no_repository(tmp_path: Path, content):
    (tmp_path / "keys").mkdir()
    (tmp_path / "config").write_bytes(b"something")
    (tmp_path / "keys" / ("0" * 64)).write_bytes(content)
    assert repository_encryption.at(place(tmp_path), "") is None


def test_a_directory_without_configuration_costs_one_request(tmp_path: Path):
    collector = place(tmp_path)
    assert repository_encryption.at(collector, "") is None
    assert collector.calls == 1


@pytest.mark.parametrize(("mode", "encrypts"), MODES.items())
def test_a_borg_repository_is_judged_by_what_it_stores(kept: Path, mode, encrypts):
    borg(kept, "init", "-e", mode, "repository")
    for n in range(3):
        borg(kept, "create", f"repository::{n}", "kept")
    has_key = "key =" in (kept / "repository" / "config").read_text()
    assert has_key is (mode.startswith(("repokey", "authenticated")))  # which therefore tells nothing
    told, calls = ask(kept, "data/")
    assert len(told) >= 6
    assert set(told.values()) == {FactValue(encrypts, f"borg, {mode}")}
    assert calls <= 6  # one segment, the configuration, two directories, and the first segments that hold anything
    assert {one.told for one in look(kept, "{of}/config").described} == {FactValue(encrypts, f"borg, {mode}")}


@pytest.mark.parametrize("mode", ["none", "repokey"])
def test_a_borg_repository_whose_first_segments_were_compacted_away_still_tells(kept: Path, mode):
    borg(kept, "init", "-e", mode, "repository")
    for n in range(3):
        borg(kept, "create", f"repository::{n}", "kept")
        (kept / "kept" / "new").write_bytes(bytes([n]) * 70_000)
    borg(kept, "delete", "repository::0")
    borg(kept, "compact", "--threshold", "0", "repository")
    assert not (kept / "repository" / "data" / "0" / "0").exists()
    assert repository_encryption.at(place(kept), "repository/") == FactValue(MODES[mode], f"borg, {mode}")


def test_segments_of_borg_tell_by_themselves_where_the_repository_cannot_be_seen(kept: Path):
    borg(kept, "init", "-e", "authenticated", "repository")
    borg(kept, "create", "repository::1", "kept")
    shutil.move(kept / "repository" / "data" / "0", kept / "moved")
    shutil.rmtree(kept / "repository")
    shutil.move(kept / "moved", kept / "repository")
    told, _ = ask(kept, "")
    assert told["0"] == FactValue(False, "borg, authenticated")
    assert told["1"].holds is None  # it holds nothing but the end of a transaction


def test_a_borg_repository_that_stores_nothing_or_of_another_mode_is_not_known(kept: Path):
    borg(kept, "init", "-e", "none", "repository")
    segment = kept / "repository" / "data" / "0" / "0"
    content = bytearray(segment.read_bytes())
    content[49] = 0x11
    segment.write_bytes(content)
    assert "mode that is not known" in repository_encryption.at(place(kept), "repository/").how
    shutil.rmtree(kept / "repository" / "data")
    assert repository_encryption.at(place(kept), "repository/").holds is None


@pytest.mark.parametrize(
    ("name", "expected"),
    [
        ("config", [""]),
        ("orders/config", ["orders/"]),
        ("snapshots/ab", [""]),
        ("a/data/b/data/0", ["a/", "a/data/b/"]),
        ("data/", []),
        ("metadata/0", []),
        ("orders.gz", []),
    ],
)
def test_the_directory_of_a_repository_is_told_by_the_names_of_its_parts(name, expected):
    assert repository_encryption.roots(name) == expected
