"""Repositories of backup tools, by the names of their files."""

from __future__ import annotations

from drcheck.core.names.tool_repositories import is_inside, repositories

KEY = "a" * 64


def found(*names):
    return [(one.directory, one.tool, one.reader) for one in repositories({*names})]


def test_each_is_told_by_what_stands_in_it():
    assert found("config", f"keys/{KEY}", f"snapshots/{KEY}") == [("", "restic", "restic")]
    assert found("srv/b/config", "srv/b/README", "srv/b/data/0/1") == [("srv/b/", "borg", "borg")]
    assert found("p/backup/main/backup.info") == [("p/", "pgBackRest", "pgbackrest-files")]
    assert found("pg/base/20261121T020000/backup.info") == [("pg/", "Barman", "barman-files")]


def test_a_repository_of_pgbackrest_whose_list_is_gone_is_one_all_the_same():
    assert found("p/backup/main/backup.info.copy") == [("p/", "pgBackRest", "pgbackrest-files")]
    for label in ("20261119-191745F", "20261119-191745F_20261120-191803I"):
        for name in ("backup.manifest", "backup.manifest.copy"):
            assert found(f"p/backup/main/{label}/{name}") == [("p/", "pgBackRest", "pgbackrest-files")]
    assert found("p/backup/main/latest/backup.manifest") == []


def test_several_are_told_apart_and_what_lies_beside_them_is_none_of_theirs():
    names = {"a/config", f"a/keys/{KEY}", "b/config", f"b/keys/{KEY}", "dump-2026-11-21.gz"}
    several = repositories(names)
    assert [one.directory for one in several] == ["a/", "b/"]
    assert {name for name in names if not is_inside(name, several)} == {"dump-2026-11-21.gz"}


def test_what_looks_like_a_part_alone_is_none():
    assert found(f"keys/{KEY}", "data/0/1", "config.txt", "README") == []
    assert found("config", "keys/short", "data/0/x") == []
    assert found("base/latest/backup.info", "backup.info") == []
