"""Files that are still being written while somebody looks, and markers of what a name held before."""

from __future__ import annotations

import os
import time
import uuid
from contextlib import closing
from pathlib import Path

import pytest
from paged_place import DAY, HOUR, NOW, Place, entry, source

from drcheck import clock
from drcheck.collectors.local.collector import LocalCollector
from drcheck.collectors.local.settings import LocalConnection
from drcheck.collectors.pool import Connections
from drcheck.core.history.difference import difference
from drcheck.core.history.source_history import History
from drcheck.core.history.to_parts import parts_of
from drcheck.core.model.evidence import LONG_AGO, Fact, FactValue, Look, StateRead
from drcheck.core.model.observation import Observation
from drcheck.interfaces import LookRequest
from drcheck.readers.points import unfinished
from drcheck.readers.points.objects import read
from tests.collectors.places import Azure

SOURCE = source(template="{data_as_of:%Y-%m-%dT%H%M}Z.dump")
LATEST = source(template="latest.dump", data_as_of="storage", complete_when="{name}.done")


def look(place, asked_source=SOURCE, *, begin=NOW, states=None):
    return read(place, asked_source, "", LookRequest(LONG_AGO, begin, 300, "web", states=states or {}))


def states(seen):
    return {one.name: one.told.holds for one in seen.described if one.fact is Fact.STATE}


class Disk:
    """A directory with one dump in it, and looks at it, each with what earlier ones told."""

    def __init__(self, root: Path) -> None:
        self.root = root
        self.history = History()
        self.began = int(time.time())

    def put(self, size: int, age: int = 0) -> Path:
        path = self.root / time.strftime("%Y-%m-%dT%H%MZ.dump", time.gmtime(self.began - HOUR))
        path.write_bytes(b"x" * size)
        os.utime(path, (self.began - age,) * 2)
        return path

    def look(self, *, after: int = 0) -> dict[str, bool | None]:
        connection = LocalConnection("disk", root=str(self.root))
        pool = Connections({"disk": connection}, 1, 1000)
        begin = self.began + after
        with closing(LocalCollector(connection, "", pool)) as place:
            seen = look(place, begin=begin, states=self.history.states(LONG_AGO))
        self.history.apply(
            difference(
                self.history, Observation(Look("dumps", begin, begin), seen.candidates, described=seen.described)
            )
        )
        return states(seen)

    def doubts(self):
        points = parts_of(self.history, SOURCE, clock_tolerance=300)["orders"].points
        return [[one.why for one in points.doubts.get(row, ())] for row in range(len(points))]


@pytest.fixture
def disk(tmp_path):
    return Disk(tmp_path)


@pytest.fixture
def pauses(monkeypatch):
    """Return what happens in the pause between the two listings, to be filled by tests; nobody waits."""
    happens = []
    monkeypatch.setattr(clock, "pause", lambda _: [each() for each in happens])
    return happens


def test_a_dump_that_grows_while_it_is_looked_at_is_in_doubt(disk, pauses):
    disk.put(100)
    pauses.append(lambda: disk.put(150))
    assert list(disk.look().values()) == [None]
    ((why,),) = disk.doubts()
    assert "it had 100 B, and a moment later 150 B" in why


def test_what_became_of_it_counts_once_a_look_finds_it_at_rest(disk, pauses):
    disk.put(100)
    pauses.append(lambda: disk.put(150))
    disk.look()
    pauses.clear()
    disk.look(after=2 * HOUR)
    half, whole = disk.doubts()
    assert (len(half), whole) == (1, [])


def test_a_dump_whose_time_alone_was_changed_meanwhile_counts_from_its_arrival_on_once_that_is_known(disk, pauses):
    path = disk.put(100, age=100)
    pauses.append(lambda: os.utime(path, (disk.began - 50,) * 2))
    assert list(disk.look().values()) == [None]
    pauses.clear()
    assert list(disk.look(after=HOUR).values()) == [True]
    assert disk.doubts() == [[]]


def test_a_dump_that_went_meanwhile_is_in_doubt(disk, pauses):
    path = disk.put(100)
    pauses.append(path.unlink)
    assert list(disk.look().values()) == [None]


def test_a_dump_that_was_written_just_now_and_is_at_rest_counts(disk, pauses):
    disk.put(100)
    assert disk.look() == {}


def test_nobody_waits_for_what_was_written_before(disk, pauses):
    pauses.append(lambda: pytest.fail("nothing is to wait for"))
    disk.put(100, age=unfinished.FRESH + 1)
    assert disk.look() == {}


def test_nobody_waits_at_an_object_storage_nor_where_a_marker_tells(pauses):
    pauses.append(lambda: pytest.fail("nothing is to wait for"))
    look(Place([entry("2026-09-21T1400Z.dump", NOW)]))
    marked = source(template="{data_as_of:%Y-%m-%dT%H%M}Z.dump", complete_when="{name}.done")
    look(Place([entry("2026-09-21T1400Z.dump", NOW), entry("2026-09-21T1400Z.dump.done", NOW)], in_place=True), marked)


@pytest.mark.parametrize("sort", ["append", "page", "block"])
def test_a_blob_that_is_appended_to_or_written_by_pages_is_in_doubt_while_that_goes_on(azurite, pauses, sort):
    own = f"place-{uuid.uuid4().hex[:12]}"
    at = Azure(own, azurite)
    blob = at.admin.get_blob_client(f"{own}/{time.strftime('%Y-%m-%dT%H%MZ.dump', time.gmtime(time.time() - HOUR))}")

    def write():
        if sort == "append":
            blob.append_block(b"x" * 512)
        elif sort == "page":
            blob.upload_page(b"x" * 512, 0, 512)
        else:
            pytest.fail("a block blob is listed once it is whole")

    {"append": blob.create_append_blob, "page": lambda: blob.create_page_blob(1024)}.get(
        sort, lambda: blob.upload_blob(b"x" * 512)
    )()
    time.sleep(1.0 - time.time() % 1.0)  # Azure tells times to the second
    pauses.append(write)
    with at.pool, closing(at.open()) as place:
        assert list(states(look(place, begin=int(time.time()))).values()) == ([] if sort == "block" else [None])
        pauses[:] = [lambda: None] * (sort != "block")
        assert list(states(look(place, begin=int(time.time()))).values()) == []


def test_what_is_fresh_is_told_by_the_clock_of_the_place(pauses):
    happened = []
    pauses.append(lambda: happened.append("waited"))
    at = NOW - unfinished.FRESH - 30
    look(Place([entry("2026-09-21T1400Z.dump", at)], in_place=True))
    assert happened == []
    look(Place([entry("2026-09-21T1400Z.dump", at)], in_place=True, offset=-100.0))
    assert happened == ["waited"]


@pytest.mark.parametrize(("older", "known"), [(HOUR, True), (HOUR + 1, False), (DAY, False), (-60, True)])
def test_a_marker_much_older_than_what_is_written_anew_under_its_name_may_be_of_what_stood_there_before(older, known):
    place = Place([entry("latest.dump", NOW - HOUR), entry("latest.dump.done", NOW - HOUR - older)])
    seen = look(place, LATEST)
    assert (seen.candidates[0].complete, states(seen)) == (True, {} if known else {"latest.dump": None})


def test_how_long_a_backup_takes_says_how_much_older_a_marker_may_be():
    place = Place([entry("latest.dump", NOW - HOUR), entry("latest.dump.done", NOW - 3 * HOUR)])
    long = source(template="latest.dump", data_as_of="storage", complete_when="{name}.done", max_duration=2 * HOUR)
    assert states(look(place, long)) == {}


def test_a_marker_that_was_copied_before_a_backup_whose_name_tells_its_instant_is_of_that_backup():
    marked = source(template="{data_as_of:%Y-%m-%dT%H%M}Z.dump", complete_when="{name}.done")
    place = Place([entry("2026-09-20T1400Z.dump", NOW - HOUR), entry("2026-09-20T1400Z.dump.done", NOW - DAY)])
    assert states(look(place, marked)) == {}


def test_what_is_written_anew_on_a_disk_beside_an_older_marker_is_listed_once_more(pauses):
    place = Place([entry("latest.dump", NOW - 10), entry("latest.dump.done", NOW - 1800)], in_place=True)
    pauses.append(lambda: setattr(place, "entries", [entry("latest.dump", NOW - 10, size=120), *place.entries[1:]]))
    assert states(look(place, LATEST)) == {"latest.dump": None}


def test_a_listing_that_broke_off_before_the_marker_settles_nothing():
    entries = [entry("latest.dump", NOW - HOUR), entry("latest.dump.done", NOW - DAY)]
    known = {"latest.dump": StateRead(NOW - 60, FactValue(None, "its marker is older"))}
    assert states(look(Place(entries), LATEST, states=known)) == {"latest.dump": None}
    assert states(look(Place(entries, page=1, breaks_at=2), LATEST, states=known)) == {}
    marked = [entries[0], entry("latest.dump.done", NOW - 30)]
    assert states(look(Place(marked), LATEST, states=known)) == {"latest.dump": True}
