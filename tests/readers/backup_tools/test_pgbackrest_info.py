"""What ``pgbackrest info --output=json`` prints, as pgBackRest 2.45 writes it, and what is none."""

from __future__ import annotations

import json

import pytest

from drcheck.collectors.memory import MemoryConnection, StoredFile, open_memory
from drcheck.collectors.pool import Connections
from drcheck.core.model.evidence import LONG_AGO, Fact
from drcheck.core.model.policy import Source
from drcheck.interfaces import LookRequest
from drcheck.readers.tools import pgbackrest
from drcheck.registry import READERS

NOW = 1_795_400_000
FULL, INCR = "20261119-191745F", "20261119-191745F_20261120-191803I"


def backup(label=FULL, kind="full", prior=None, segment="000000010000000000000002", stop=1_795_115_879, **more):
    return {
        "archive": {"start": segment, "stop": segment},
        "backrest": {"format": 5, "version": "2.45"},
        "database": {"id": 1, "repo-key": 1},
        "error": False,
        "info": {"delta": 22992629, "repository": {"delta": 3043492, "size": 3043492}, "size": 22992629},
        "label": label,
        "lsn": {"start": "0/2000028", "stop": "0/2000100"},
        "prior": prior,
        "reference": None if prior is None else [prior],
        "timestamp": {"start": stop - 14, "stop": stop},
        "type": kind,
    } | more


def stanza(*backups, name="main", code=0, message="ok", repos=1, **more):
    status = {"code": code, "lock": {"backup": {"held": False}}, "message": message}
    return {
        "archive": [
            {
                "database": {"id": 1, "repo-key": 1},
                "id": "15-1",
                "max": "00000001000000000000000D",
                "min": "000000010000000000000001",
            }
        ],
        "backup": list(backups),
        "cipher": "none",
        "db": [{"id": 1, "repo-key": 1, "system-id": 7713303680810553975, "version": "15"}],
        "name": name,
        "repo": [{"cipher": "none", "key": key + 1, "status": status} for key in range(repos)],
        "status": status,
    } | more


def look(content, of=("main",), facts=(), **stated):
    content = content if isinstance(content, bytes) else json.dumps(content).encode()
    connection = MemoryConnection("disk", entries={"info.json": StoredFile(content, NOW, NOW)})
    source = Source("pg", "disk", "info.json", READERS["pgbackrest"], of, **stated)
    collector = open_memory(connection, "", Connections({"disk": connection}, 1, 1000))
    return pgbackrest.read(
        collector, source, "info.json", LookRequest(LONG_AGO, NOW, 300, "shop", facts=frozenset(facts))
    )


def gap(content, **stated):
    seen = look(content, **stated)
    assert not list(seen.candidates)
    (only,) = seen.look.gaps
    assert only.hint
    return only.what


def told(seen):
    return {(one.name, one.fact): one.told for one in seen.described}


def test_a_backup_is_of_when_it_stopped_and_names_what_it_builds_on():
    incr = backup(INCR, "incr", FULL, "000000010000000000000006", 1_795_202_294)
    seen = look([stanza(backup(), incr)])
    assert seen.look.complete
    full, later = seen.candidates
    assert (full.name, full.kind, full.data_lo, full.available_hi, full.size) == (
        f"main/{FULL}", "full", 1_795_115_879, 1_795_115_879, 22992629,
    )  # fmt: skip
    assert later.kind == "incremental"
    assert told(seen)[f"main/{INCR}", Fact.BUILDS_ON].how == "1795115879"


def test_a_backup_whose_prior_is_not_there_names_it():
    seen = look([stanza(backup(INCR, "incr", FULL))])
    (one,) = seen.candidates
    assert not one.complete
    assert told(seen)[one.name, Fact.STATE].how == f"it builds on {FULL}, which is not there"


def test_pages_with_wrong_checksums_make_no_backup():
    seen = look([stanza(backup(error=True))])
    (one,) = seen.candidates
    assert not one.complete
    assert "wrong checksums" in told(seen)[one.name, Fact.STATE].how


def test_a_backup_from_before_the_archive_begins_does_not_restore():
    seen = look([stanza(backup(segment="000000010000000000000000"))])
    assert "the archive begins with 000000010000000000000001" in told(seen)[f"main/{FULL}", Fact.STATE].how


def test_a_backup_from_after_the_archive_ends_does_not_restore():
    seen = look([stanza(backup(segment="00000001000000000000000E"))])
    assert "the archive ends with 00000001000000000000000D" in told(seen)[f"main/{FULL}", Fact.STATE].how


@pytest.mark.parametrize("archive", [[], [{"database": {"id": 1}, "id": "15-1", "max": None, "min": None}]])
def test_a_backup_without_any_archive_of_its_database_does_not_restore(archive):
    seen = look([stanza(backup(), archive=archive)])
    (one,) = seen.candidates
    assert not one.complete
    assert "the archive of its database holds nothing" in told(seen)[one.name, Fact.STATE].how


def test_a_stanza_without_backups_has_none():
    seen = look([stanza(code=2, message="no valid backups")])
    assert seen.look.complete
    assert not list(seen.candidates)


@pytest.mark.parametrize("code", [1, 3, 6, 99])
def test_what_pgbackrest_could_not_see_is_a_gap(code):
    assert f"status code {code}" in gap([stanza(backup(), code=code, message="missing stanza path")])


def test_a_stanza_that_is_not_there_is_a_gap():
    assert "no stanza main: it shows none" in gap([])
    assert "it shows a and b" in gap([stanza(name="a"), stanza(name="b")])


def test_a_single_stanza_needs_no_name():
    seen = look([stanza(backup(), name="cluster")], of=("shop",))
    assert [one.of for one in seen.candidates] == ["shop"]


def test_several_stanzas_are_data_sets():
    selects = (("orders", (("stanza", ("a",)),)),)
    seen = look([stanza(backup(), name="a"), stanza(backup(), name="web")], of=("orders", "web"), selects=selects)
    assert [(one.of, one.name) for one in seen.candidates] == [("orders", f"a/{FULL}"), ("web", f"web/{FULL}")]


def test_several_repositories_are_several_sources():
    assert "repositories 1 and 2" in gap([stanza(backup(), repos=2)])


@pytest.mark.parametrize(
    "content",
    [
        b"", b"[", b"{}", b"ERROR: [055]: unable to load info file", json.dumps([stanza(backup())])[:-9].encode(),
        [stanza(backup(kind="new"))], [stanza(backup(timestamp={"start": 1, "stop": -1}))],
        [stanza(backup(timestamp={"start": 1, "stop": 1 << 63}))], [stanza(backup(info={"size": "many"}))],
        [stanza(backup(archive={"start": "../x", "stop": "x"}))], [stanza(backup(INCR, "incr", None))],
        [stanza({"label": 1})], [stanza(), stanza()], [stanza(status={})],
        [stanza(backup=None)], [{"name": 1}], [stanza(backup(reference=[1]))],
    ],
)  # fmt: skip
def test_what_is_not_understood_is_refused(content):
    assert gap(content)


def test_encryption_is_told():
    seen = look([stanza(backup(), cipher="aes-256-cbc")], facts=[Fact.CLIENT_ENCRYPTION])
    assert told(seen)[f"main/{FULL}", Fact.CLIENT_ENCRYPTION] == (True, "aes-256-cbc", 0)
