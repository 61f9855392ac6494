"""What ``borg list --json`` and ``borg info --json`` print, as borg 1.2 writes it, and what is none."""

from __future__ import annotations

import json

import pytest

from drcheck.collectors.memory import MemoryConnection, StoredFile, open_memory
from drcheck.collectors.pool import Connections
from drcheck.core.model.evidence import LONG_AGO, UNTOLD, Fact
from drcheck.core.model.policy import Source
from drcheck.interfaces import LookRequest
from drcheck.readers.tools import borg
from drcheck.registry import READERS

WRITTEN = 1_790_000_000
NOW = WRITTEN + 3600


def archive(name, start="2026-09-01T00:00:00.000000", **more):
    return {"archive": name, "barchive": name, "id": f"{hash(name) & 0xFFFF:064x}", "name": name, "start": start} | more


def listed(*archives, mode="repokey"):
    return {"archives": list(archives), "encryption": {"mode": mode}, "repository": {"id": "1"}}


def look(content, of=("shop",), facts=(), zone="UTC", **stated):
    """Return what is seen of a saved list."""
    if not isinstance(content, bytes):
        content = json.dumps(content).encode()
    connection = MemoryConnection("disk", entries={"borg.json": StoredFile(content, WRITTEN, WRITTEN)})
    source = Source("archives", "disk", "borg.json", READERS["borg"], of, name_zone=zone, **stated)
    collector = open_memory(connection, "", Connections({"disk": connection}, 1, 1000))
    return borg.read(collector, source, "borg.json", LookRequest(LONG_AGO, NOW, 300, "shop", frozenset(facts)))


def gap(content, **stated):
    """Return why a list is refused; nothing of it is believed."""
    seen = look(content, **stated)
    assert not seen.look.complete
    assert not list(seen.candidates)
    (only,) = seen.look.gaps
    assert only.hint
    return only.what


def names(seen):
    assert seen.look.complete, seen.look.gaps
    return [(one.name, one.of) for one in seen.candidates]


def test_a_time_that_the_clocks_show_twice_is_uncertain():
    (one,) = look(listed(archive("a", "2026-10-25T02:30:00.000000")), zone="Europe/Stockholm").candidates
    assert one.data_hi - one.data_lo == 3600


def test_an_end_bounds_the_arrival_and_a_size_is_told_by_info_alone():
    (one,) = look(listed(archive("a", end="2026-09-01T00:07:00.000000", stats={"original_size": 42}))).candidates
    assert one.available_lo == one.available_hi == one.data_lo + 420
    assert one.size == 42
    assert look(listed(archive("a"))).candidates[0].size == UNTOLD


@pytest.mark.parametrize(
    ("content", "why"),
    [
        (b"", "is empty"),
        (json.dumps(listed(archive("a"))).encode()[:-9], "cut short"),
        (b"Failed to create/acquire the lock\n", "is no JSON: Failed to create/acquire the lock"),
        ([], "no object"),
        ({"cache": {}, "encryption": {"mode": "repokey"}}, "lists no archives"),
        ({"type": "log_message", "levelname": "ERROR", "message": "Repository a does not exist."}, "Repository a does not exist."),
        (listed("x"), "an archive that is none"),
        (listed(archive("a", "2026-09-31T00:00:00")), "no instant that a calendar has"),
        (listed(archive("a", "yesterday")), "start is not an instant"),
        (listed(archive("a", stats={"original_size": "1"})), "original_size is no size"),
        (listed(archive("a"), archive("a")), "has an archive twice"),
    ],
)  # fmt: skip
def test_what_is_not_understood_is_no_shorter_list(content, why):
    assert why in gap(content)


def test_a_time_that_the_clocks_skip_is_refused():
    assert "skip" in gap(listed(archive("a", "2026-03-29T02:30:00.000000")), zone="Europe/Stockholm")


def test_without_a_zone_no_time_is_known():
    assert "TZ=UTC" in gap(listed(archive("a")), zone="")
    assert (
        look(listed(archive("a", "2026-09-01T02:00:00.000000+02:00")), zone="").candidates[0].data_lo == 1_788_220_800
    )


def test_archives_named_in_several_ways_are_not_mixed_where_none_is_stated():
    two = listed(archive("web1-2026-09-01"), archive("web2-2026-09-01"))
    assert "named in 2 ways: web1-* and web2-*" in gap(two)
    chosen = look(two, selects=(("shop", (("archives", ("web1-*",)),)),))
    assert names(chosen) == [("web1-2026-09-01", "shop")]
    assert [one.name for one in chosen.look.unaccounted] == ["archive web2-2026-09-01"]
    dated = ("web-2026-09-01", "web-2026-09-02T020000", "web-1788220800", "web-20260903_0200")
    assert len(look(listed(*map(archive, dated))).candidates) == 4


def test_hosts_are_not_mixed_where_none_is_stated():
    two = listed(archive("2026-09-01", hostname="a"), archive("2026-09-02", hostname="b"))
    assert "archives of 2 hosts: a and b" in gap(two)
    assert names(look(two, selects=(("shop", (("host", ("a",)),)),))) == [("2026-09-01", "shop")]
    told = gap(listed(archive("2026-09-01")), selects=(("shop", (("host", ("a",)),)),))
    assert "tells no hosts" in told


def test_ways_of_naming_are_data_sets():
    two = listed(archive("web-1"), archive("db-1"), archive("db-2.checkpoint"), archive("db-3.checkpoint.1"))
    selects = (("db", (("archives", ("db-*",)),)), ("web", (("archives", ("web-*", "www-*")),)))
    seen = look(two, of=("web", "db"), selects=selects)
    assert sorted(names(seen)) == [("db-1", "db"), ("web-1", "web")]
    assert seen.unread == 2
    both = (("db", (("archives", ("*-1",)),)), ("web", (("archives", ("web-*",)),)))
    assert "is of web and of db" in gap(two, of=("web", "db"), selects=both)


@pytest.mark.parametrize(
    ("pattern", "name", "fits"),
    [
        ("web-*", "web-1", True), ("web-*", "web-", True), ("web-*", "aweb-1", False), ("*", "", True),
        ("a*a", "a", False), ("a*a", "aa", True), ("a*b*c", "axxbyyc", True), ("a*b*c", "axxcyyb", False),
        ("*b*b*", "ab", False), ("w.b", "web", False), ("web", "web-1", False),
    ],
)  # fmt: skip
def test_in_a_pattern_only_a_star_is_special(pattern, name, fits):
    assert borg._is_named(name, pattern) is fits


@pytest.mark.parametrize(
    ("mode", "holds"), [("none", False), ("authenticated", False), ("repokey-blake2", True), ("new", None)]
)
def test_the_mode_of_a_repository_tells_whether_it_is_encrypted(mode, holds):
    seen = look(listed(archive("a"), mode=mode), facts={Fact.CLIENT_ENCRYPTION, Fact.LOCK})
    told = {one.fact: one.told.holds for one in seen.described}
    assert told == {Fact.CLIENT_ENCRYPTION: holds, Fact.LOCK: None}
