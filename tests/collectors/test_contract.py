"""What every collector does, on memory, a local disk, SeaweedFS, Azurite and real sshds."""

from __future__ import annotations

import os
import time
from contextlib import closing

import pytest

from drcheck.collectors import value_bounds
from drcheck.collectors.azure import client as azure_client
from drcheck.core.model.evidence import FOREVER, Fact
from drcheck.interfaces import CollectorError, NotFound
from tests.collectors.places import S3, Azure, Disk, Memory, Place

ODD_NAMES = (
    "two words",
    "ünïcödé 漢字",
    "quo'te\"s",
    "-rf",
    "--help",
    "$(reboot)",
    "`id`",
    "semi;colon&and|pipe",
    "star*?[a]",
    "per%41cent+plus",
    "<b>&amp;</b>",
    "=cmd",
    ".hidden",
    "..two dots",
    "deep/er/and deeper",
)


def names(place: Place, prefix: str = "", after: str = "") -> list[str]:
    with closing(place.open()) as collector:
        return sorted(entry.name for entry in collector.list(prefix, after=after))


def test_an_empty_place_is_a_real_answer(place: Place):
    place.put("other/x", b"")
    if isinstance(place, Disk):
        (place.top / place.root / "empty").mkdir()

    assert list(place.open(f"{place.root}empty/").list("")) == []


def test_names_are_relative_to_the_root_at_any_depth(place: Place):
    for name in ("a", "b/c", "b/d/e"):
        place.put(name, b"x")

    assert names(place) == ["a", "b/c", "b/d/e"]


def test_sizes_and_bounds_of_arrival_are_told(place: Place):
    before = int(time.time()) - 2
    place.put("dump", b"12345")
    after = int(time.time()) + 2

    (entry,) = place.open().list("")

    assert entry.size == 5
    assert before <= entry.arrived_lo <= after
    assert entry.arrived_lo <= entry.arrived_hi
    assert entry.arrived_hi <= after or entry.arrived_hi == FOREVER
    assert before <= entry.modified <= after


def test_a_prefix_may_end_within_a_name_or_with_a_directory(place: Place):
    for name in ("2026/10/31", "2026/11/01", "2026/11/02", "2026-note"):
        place.put(name, b"x")

    assert names(place, "2026/11/") == ["2026/11/01", "2026/11/02"]
    assert names(place, "2026/1") == ["2026/10/31", "2026/11/01", "2026/11/02"]
    assert names(place, "2026/11/02") == ["2026/11/02"]
    assert names(place, "2027/") == []


def test_what_sorts_after_is_never_left_out(place: Place):
    all_names = [f"2026/{month}/{day:02}/{hour:02}.dump" for month in (10, 11) for day in (1, 2, 3) for hour in (3, 15)]
    for name in all_names:
        place.put(name, b"x")

    for after in ("2026/11/02", "2026/11/02/", "2026/11/02/03.dump", "2026/11/02/0", "2026/11", "2026/"):
        got = names(place, after=after)
        assert set(got) >= {name for name in all_names if name > after}, after
        assert set(got) <= set(all_names), after


def test_odd_names_are_listed_and_read(place: Place):
    for name in ODD_NAMES:
        place.put(name, name.encode())

    assert names(place) == sorted(ODD_NAMES)
    collector = place.open()
    for name in ODD_NAMES:
        assert collector.read(name, at_most=100) == name.encode()


def test_a_name_with_a_line_break_is_listed_and_never_asked_for(place: Place):
    place.put("one\nline", b"x")

    assert names(place) == ["one\nline"]
    with pytest.raises(CollectorError, match="is refused"):
        place.open().read("one\nline", at_most=1)


def test_a_listing_over_several_pages_is_whole(place: Place, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr(azure_client, "_PAGE", 50)
    count = 1100 if isinstance(place, S3) else 130
    expected = [f"{number % 7}/{number:04}" for number in range(count)]
    place.fill(expected)

    collector = place.open()
    got = [entry.name for entry in collector.list("")]

    assert sorted(got) == sorted(expected)
    if isinstance(place, S3 | Azure):
        assert collector.calls == -(-count // (1000 if isinstance(place, S3) else 50))


def test_more_entries_than_a_look_may_list_are_an_error_and_no_shorter_listing(place: Place):
    for number in range(7):
        place.put(f"d{number % 2}/{number}", b"")
    place.pool._list_at_most = 6

    with pytest.raises(CollectorError, match="lists more than 6 entries") as caught:
        names(place)
    assert "list_at_most" in caught.value.hint


def test_a_look_may_list_as_much_in_all_its_listings_as_in_one(place: Place):
    for number in range(4):
        place.put(str(number), b"")
    place.pool._list_at_most = 11  # find shows the directory itself as well
    collector = place.open()

    assert len(list(collector.list(""))) == len(list(collector.list(""))) == 4
    with pytest.raises(CollectorError, match="lists more than 11 entries"):
        list(collector.list(""))


@pytest.mark.parametrize("modified", [value_bounds.EARLIEST - 1, value_bounds.LATEST, 1 << 40, -(1 << 40)])
def test_a_file_of_an_impossible_time_hides_nothing_in_silence(place: Place, modified: int):
    if not isinstance(place, Disk):
        return  # a cloud sets the times itself; what it could tell is with the storages that lie
    place.put("a", b"x")
    place.put("odd", b"x")
    os.utime(place.top / place.root / "odd", (modified, modified))
    if int((place.top / place.root / "odd").stat().st_mtime) != modified:
        return  # this file system keeps no such time

    try:
        said = " ".join(names(place))
    except CollectorError as error:
        said = error.message
    # SFTP has 32 bits for a time, and shows another one
    assert said == "a odd" or "outside of the years 1900 to 2999" in said


@pytest.mark.parametrize("size", [1 << 40, (1 << 43) + 7])
def test_the_largest_files_are_listed_with_their_size(place: Place, size: int):
    if not isinstance(place, Disk):
        return
    place.put("large", b"")
    os.truncate(place.top / place.root / "large", size)

    (entry,) = place.open().list("")

    assert entry.size == size


def test_a_listing_is_lazy(place: Place, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr(azure_client, "_PAGE", 2)
    for number in range(7):
        place.put(str(number), b"")

    collector = place.open()
    listing = collector.list("")
    calls = collector.calls
    next(listing)
    listing.close()

    assert calls == 0
    if isinstance(place, Azure):
        assert collector.calls == 1


def test_a_listing_and_reads_may_alternate(place: Place):
    for number in range(60):
        place.put(f"d{number % 5}/{number}", str(number).encode())
    collector = place.open()

    got = {entry.name: collector.read(entry.name, at_most=10) for entry in collector.list("")}

    assert got == {f"d{number % 5}/{number}": str(number).encode() for number in range(60)}


def test_reads_are_bounded(place: Place):
    place.put("log", b"0123456789")
    collector = place.open()

    assert collector.read("log", offset=0, at_most=4) == b"0123"
    assert collector.read("log", offset=3, at_most=4) == b"3456"
    assert collector.read("log", offset=8, at_most=4) == b"89"
    assert collector.read("log", offset=10, at_most=4) == b""
    assert collector.read("log", offset=11, at_most=4) == b""
    assert collector.read("log", offset=-3, at_most=10) == b"789"
    assert collector.read("log", offset=-3, at_most=2) == b"78"
    assert collector.read("log", offset=-30, at_most=100) == b"0123456789"


def test_a_larger_file_is_read_whole_and_in_parts(place: Place):
    content = bytes(range(256)) * 4096
    place.put("big", content)
    collector = place.open()

    assert collector.read("big", at_most=len(content) + 1) == content
    assert collector.read("big", offset=500_000, at_most=200_000) == content[500_000:700_000]
    assert collector.read("big", offset=-100_000, at_most=100_000) == content[-100_000:]


def test_an_empty_file_reads_as_nothing(place: Place):
    place.put("empty", b"")
    collector = place.open()

    for offset in (0, -5, 5):
        assert collector.read("empty", offset=offset, at_most=10) == b""


def test_a_missing_name_is_said_to_be_missing(place: Place):
    place.put("there", b"x")
    collector = place.open()

    for name in ("missing", "no/such/directory"):
        for offset in (0, -5):
            with pytest.raises(NotFound, match="there is no"):
                collector.read(name, offset=offset, at_most=10)


def test_nothing_outside_the_root_can_be_named(place: Place):
    place.put("a", b"x")
    collector = place.open()

    for name in (
        "../secret",
        "a/../../secret",
        "/etc/passwd",
        "a//b",
        "./a",
        "a/.",
        "..",
        "",
        "a/",
        "a\0b",
        "a\nb",
        "a/..",
    ):
        with pytest.raises(CollectorError, match="is refused"):
            collector.read(name, at_most=10)


def test_nothing_outside_the_root_can_be_read_or_listed(place: Place):
    place.put("a", b"x")
    outside = place.put_outside()

    with pytest.raises(CollectorError, match="is refused"):
        place.open().read(outside, at_most=10)
    for prefix in ("../", outside, "/", "a/../../", "x\0", "x\n"):
        with pytest.raises(CollectorError, match="is refused"):
            list(place.open().list(prefix))
    assert names(place) == ["a"]


def test_a_root_cannot_leave_the_connection(place: Place):
    for root in ("../", "{}../", "{}/", "/etc/", "{}..", "{}a\n/", "{}./"):
        with pytest.raises(CollectorError, match="is refused"):
            place.open(root.format(place.root))


def test_a_directory_cannot_be_read(place: Place):
    place.put("d/x", b"x")

    with pytest.raises(CollectorError):
        place.open().read("d", at_most=10)


def test_a_prefix_beside_the_root_is_not_listed(place: Place):
    place.put("a", b"x")
    place.put_outside()
    own, place.root = place.root, f"{place.root.rstrip('/')}-more/"
    place.put("b", b"x")
    place.root = own

    assert names(place) == ["a"]


def test_the_far_clock_is_measured(place: Place, request: pytest.FixtureRequest):
    place.put("a", b"x")
    collector = place.open()
    list(collector.list(""))

    offset = collector.clock_offset()

    if "sftp" in request.node.callspec.params["place"]:
        assert offset is None
    else:
        assert offset is not None
        assert abs(offset) < 2


def test_requests_are_counted(place: Place):
    place.put("a", b"x")
    collector = place.open()
    assert collector.calls == 0

    list(collector.list(""))
    listed = collector.calls
    collector.read("a", at_most=1)

    assert collector.calls > listed > 0


def test_every_fact_that_is_asked_is_answered(place: Place):
    place.put("dir/a", b"x")
    collector = place.open()
    asked = [frozenset(Fact), frozenset({Fact.LOCK}), frozenset({Fact.STORAGE_ENCRYPTION}), frozenset[Fact]()]

    for listed in (False, True):
        for facts in asked:
            for name in (None, "dir/a"):
                told = collector.describe(name, facts)
                assert told.keys() == facts, (listed, name)
                assert all(each.how for each in told.values() if each.holds is None)
        list(collector.list(""))


def test_a_description_reads_no_content(place: Place):
    place.put("a", b"age-encryption.org/v1\n")

    told = place.open().describe("a", frozenset({Fact.CLIENT_ENCRYPTION, Fact.CHECKSUM, Fact.LOCK}))

    assert told[Fact.CLIENT_ENCRYPTION].holds is told[Fact.CHECKSUM].holds is None


def test_what_is_not_there_is_not_described(place: Place):
    place.put("a", b"x")
    collector = place.open()
    list(collector.list(""))

    for name in ("missing", "no/such/directory"):
        with pytest.raises(NotFound, match="there is no"):
            collector.describe(name, frozenset({Fact.STORAGE_ENCRYPTION}))
    for name in ("../secret", "/etc/passwd", "a/", ""):
        with pytest.raises(CollectorError, match="is refused"):
            collector.describe(name, frozenset({Fact.STORAGE_ENCRYPTION}))


def test_descriptions_are_counted(place: Place):
    place.put("a", b"x")
    collector = place.open()

    collector.describe("a", frozenset({Fact.STORAGE_ENCRYPTION}))

    assert collector.calls > 0


def test_a_closed_run_answers_nothing_more(place: Place):
    if isinstance(place, Memory):
        return  # it asks nobody
    place.put("a", b"x")
    collector = place.open()
    list(collector.list(""))
    place.pool.close()

    with pytest.raises(CollectorError):
        list(collector.list(""))
    with pytest.raises(CollectorError):
        collector.read("a", at_most=1)
    with pytest.raises(CollectorError):
        collector.describe("b", frozenset({Fact.STORAGE_ENCRYPTION}))


def test_what_a_collector_holds_can_be_closed_twice(place: Place):
    place.put("a", b"x")
    collector = place.open()
    list(collector.list(""))

    collector.close()
    collector.close()
