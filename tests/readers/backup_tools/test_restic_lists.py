"""What ``restic snapshots --json`` prints, as restic 0.14 and later ones write it, and what is none."""

from __future__ import annotations

import json

import pytest

from drcheck.collectors.memory import MemoryConnection, StoredFile, open_memory
from drcheck.collectors.pool import Connections
from drcheck.core.model.evidence import FOREVER, LONG_AGO, UNTOLD, Fact
from drcheck.core.model.policy import Source
from drcheck.interfaces import LookRequest
from drcheck.readers.tools import restic
from drcheck.registry import READERS

WRITTEN = 1_790_000_000
NOW = WRITTEN + 3600


def snapshot(number, **more):
    """Return a snapshot as restic 0.14 tells it."""
    return {
        "time": f"2026-09-{number:02}T02:00:00.123456789+02:00",
        "tree": f"{7:064x}",
        "paths": ["/srv"],
        "hostname": "web",
        "username": "root",
        "id": f"{number:064x}",
        "short_id": f"{number:064x}"[:8],
    } | more


def look(content, of=("shop",), facts=(), **stated):
    """Return what is seen of a saved list."""
    if not isinstance(content, bytes):
        content = json.dumps(content).encode()
    connection = MemoryConnection("disk", entries={"snapshots.json": StoredFile(content, WRITTEN, WRITTEN)})
    source = Source("snaps", "disk", "snapshots.json", READERS["restic"], of, **stated)
    collector = open_memory(connection, "", Connections({"disk": connection}, 1, 1000))
    return restic.read(collector, source, "snapshots.json", LookRequest(LONG_AGO, NOW, 300, "shop", frozenset(facts)))


def gap(content, **stated):
    """Return why a list is refused; nothing of it is believed."""
    seen = look(content, **stated)
    assert not seen.look.complete
    assert not list(seen.candidates)
    (only,) = seen.look.gaps
    assert only.hint
    return only.what


def test_a_snapshot_is_of_when_it_began_and_came_at_an_unknown_instant_after_that():
    seen = look([snapshot(1), snapshot(2)])
    assert seen.look.complete
    first = seen.candidates[0]
    assert (first.name, first.of, first.kind, first.size) == (f"{1:064x}", "shop", "snapshot", UNTOLD)
    assert first.data_lo == first.data_hi == first.available_lo == 1_788_220_800
    assert first.available_hi == FOREVER


def test_later_versions_tell_when_it_was_there_and_how_much_was_read():
    summary = {"backup_start": "2026-09-01T00:00:01Z", "backup_end": "2026-09-01T00:07:00.5Z"}
    seen = look([snapshot(1, summary=summary | {"total_bytes_processed": 42, "total_files_processed": 1})])
    (one,) = seen.candidates
    assert one.available_lo == one.available_hi == one.data_lo + 421
    assert one.size == 42


def test_a_saved_list_is_of_when_it_was_written_and_of_no_later_time():
    seen = look([snapshot(1)])
    assert seen.look.begin == seen.look.end == WRITTEN


def test_an_empty_repository_is_an_answer():
    seen = look([])
    assert seen.look.complete
    assert not list(seen.candidates)


@pytest.mark.parametrize(
    ("content", "why"),
    [
        (b"", "is empty"),
        (b"  \n", "is empty"),
        (json.dumps([snapshot(1)]).encode()[:-20], "cut short"),
        (b"Fatal: wrong password or no key found\n", "is no JSON: Fatal: wrong password or no key found"),
        (b"[NaN]", "no JSON"),
        (b"[" * 100_000, "cut short, or no JSON"),
        ({"snapshots": []}, "no list of snapshots"),
        (["x"], "a snapshot that is none"),
        ([snapshot(1) | {"time": "2026-09-01T02:00:00"}], "time is not an instant with offset"),
        ([snapshot(1) | {"id": "7"}], "id"),
        ([snapshot(1) | {"paths": "/srv"}], "paths is no list of texts"),
        ([snapshot(1) | {"summary": {"total_bytes_processed": -5}}], "total_bytes_processed is no size"),
        ([snapshot(1), snapshot(1)], "has a snapshot twice"),
    ],
)
def test_what_is_not_understood_is_no_shorter_list(content, why):
    assert why in gap(content)


def test_the_error_of_a_later_restic_is_told_in_its_own_words():
    said = {"message_type": "exit_error", "code": 12, "message": "Fatal: wrong password or no key found"}
    assert gap(said) == "restic failed: Fatal: wrong password or no key found"


def test_a_snapshot_of_another_host_never_counts():
    listed = [snapshot(1), snapshot(2, hostname="db")]
    seen = look(listed, selects=(("shop", (("host", ("web",)),)),))
    assert [one.name for one in seen.candidates] == [f"{1:064x}"]
    assert seen.unread == 1
    assert seen.look.unaccounted[0].name == "snapshot 00000000 of db (/srv)"


def test_hosts_are_not_mixed_where_none_is_stated():
    assert "snapshots of 2 hosts: db and web" in gap([snapshot(1), snapshot(2, hostname="db")])


def test_sets_of_paths_are_not_mixed_where_none_is_stated():
    listed = [snapshot(1), snapshot(2, paths=["/etc"])]
    assert "2 sets of paths: (/etc) and (/srv)" in gap(listed)
    seen = look(listed, selects=(("shop", (("paths", ("/srv",)),)),))
    assert len(seen.candidates) == 1


def test_all_paths_and_all_tags_that_are_stated_must_be_there():
    listed = [snapshot(1, paths=["/etc", "/srv"], tags=["a", "b"]), snapshot(2, tags=["a"]), snapshot(3, tags=None)]
    seen = look(listed, selects=(("shop", (("paths", ("/srv",)), ("tags", ("a", "b")))),))
    assert [one.name for one in seen.candidates] == [f"{1:064x}"]


def test_hosts_of_one_repository_are_data_sets():
    listed = [snapshot(1), snapshot(2, hostname="db"), snapshot(3, hostname="other")]
    selects = (("db", (("host", ("db",)),)), ("web", (("host", ("web",)),)))
    seen = look(listed, of=("web", "db"), selects=selects)
    assert {(one.name[-1], one.of) for one in seen.candidates} == {("1", "web"), ("2", "db")}
    assert seen.unread == 1


def test_a_snapshot_of_two_data_sets_is_refused():
    selects = (("etc", (("paths", ("/etc",)),)), ("srv", (("paths", ("/srv",)),)))
    said = gap([snapshot(1, paths=["/etc", "/srv"])], of=("etc", "srv"), selects=selects)
    assert "is of etc and of srv" in said


def test_every_repository_of_restic_is_encrypted_by_itself_and_tells_nothing_of_its_storage():
    seen = look([snapshot(1)], facts={Fact.CLIENT_ENCRYPTION, Fact.STORAGE_ENCRYPTION})
    told = {one.fact: one.told for one in seen.described}
    assert told[Fact.CLIENT_ENCRYPTION].holds
    assert told[Fact.STORAGE_ENCRYPTION].holds is None


def test_only_what_was_made_of_one_snapshot_is_held_to_have_its_content():
    tagged = snapshot(9, original=f"{1:064x}", time=snapshot(1)["time"])
    first, same_tree, again = look([snapshot(1), snapshot(2), tagged]).candidates
    assert first.checksum == again.checksum
    assert first.checksum != same_tree.checksum
    assert first.checksum.rpartition(":")[0] != same_tree.checksum.rpartition(":")[0]
