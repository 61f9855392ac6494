"""Files taken together as one backup: what is kept of them, and what their labels tell."""

from __future__ import annotations

import pytest
from paged_place import DAY, NOW, Place, entry, source

from drcheck.core.model.evidence import FOREVER, LONG_AGO
from drcheck.core.model.policy import Arrival
from drcheck.interfaces import LookRequest, Seek
from drcheck.readers.points.listing import PAGE
from drcheck.readers.points.multi_file_backups import hole_in, in_order
from drcheck.readers.points.objects import read

DIRECTORY = "{data_as_of:%Y-%m-%d}/"


def look(place, *, since=LONG_AGO, **told):
    told = {"templates": (DIRECTORY,), "name_zone": "UTC", "of": ("orders",), **told}
    return read(place, source(**told), "", LookRequest(since, NOW, 300, "web"))


@pytest.mark.parametrize(
    ("labels", "hole"),
    [
        (["000", "001", "002"], ""),
        (["1", "2", "10"], "3"),
        (["001", "003"], "002"),
        (["003"], "001"),
        (["aa", "ab", "ac"], ""),
        (["ac"], "aa"),
        (["aa", "ac"], "ab"),
        (["db", "fs"], ""),
        (["orders", "users"], ""),
        ([], ""),
    ],
)
def test_a_hole_in_the_order_of_parts_is_the_first_label_that_is_missing(labels, hole):
    assert hole_in(in_order(labels)) == hole


def test_the_size_is_the_sum_and_the_arrival_that_of_the_newest_file():
    place = Place([entry("2026-09-20/a", NOW - DAY, size=3), entry("2026-09-20/b/c", NOW - 7200, size=4)])
    (one,) = look(place).candidates
    assert (one.name, one.size, one.available_lo, one.available_hi) == ("2026-09-20/", 7, NOW - 7200, NOW - 7200)
    assert (one.pieces.number, one.pieces.young) == (2, False)


@pytest.mark.parametrize(
    ("age", "told", "young"), [(3600, {}, True), (3601, {}, False), (3601, {"max_duration": 7200}, True)]
)
def test_more_may_come_while_the_newest_file_is_no_older_than_the_longest_duration_or_an_hour(age, told, young):
    (one,) = look(Place([entry("2026-09-20/a", NOW - age)]), **told).candidates
    assert one.pieces.young is young


def test_a_directory_that_is_being_copied_with_its_times_is_young_by_when_its_files_came():
    # rsync keeps the old mtime; that the file came just now, its ctime alone tells.
    place = Place([entry("2026-09-20/a", NOW - 7200, until=NOW - 10)])
    assert [one.pieces.young for one in look(place).candidates] == [True]
    assert [one.pieces.young for one in look(place, available_at=Arrival.MTIME).candidates] == [False]
    unknown = Place([entry("2026-09-20/a", NOW - 7200, until=FOREVER)])
    assert [one.pieces.young for one in look(unknown).candidates] == [False]


@pytest.mark.parametrize(("parts", "complete"), [(None, True), (3, False), (2, True)])
def test_a_part_that_is_empty_does_not_stand_there(parts, complete):
    sizes = {"aa": 100, "ab": 0, "ac": 60}
    place = Place([entry(f"2026-09-20-{part}", size=size) for part, size in sizes.items()])
    (one,) = look(place, templates=("{data_as_of:%Y-%m-%d}-{part}",), parts=parts).candidates
    assert (one.pieces.parts, one.pieces.hole, one.complete) == (2, "ab", complete)


def test_the_last_part_that_is_empty_is_missing():
    place = Place([entry("2026-09-20-aa"), entry("2026-09-20-ab", size=0)])
    (one,) = look(place, templates=("{data_as_of:%Y-%m-%d}-{part}",)).candidates
    assert one.pieces.hole == "ab"


def test_a_directory_may_hold_empty_files():
    (one,) = look(Place([entry("2026-09-20/a"), entry("2026-09-20/b", size=0)])).candidates
    assert (one.pieces.number, one.pieces.hole) == (2, "")


def test_the_same_files_of_another_day_have_the_same_fingerprint():
    days = ("2026-09-19", "2026-09-20")
    files = [entry(f"{day}/{name}", checksum=name * 8) for day in days for name in "ab"]
    first, second = look(Place(files)).candidates
    assert first.checksum == second.checksum != ""
    files[-1] = files[-1]._replace(checksum="")
    assert look(Place(files)).candidates[1].checksum == ""


def test_a_directory_of_which_a_listing_broke_off_is_not_shown_in_part():
    place = Place([entry(f"2026-09-20/{n}") for n in range(5)], page=2, breaks_at=2)
    seen = look(place)
    assert (list(seen.candidates), seen.look.complete) == ([], False)


def test_a_directory_that_the_first_page_cuts_is_not_shown_in_part():
    old = [entry(f"2026-01-01/{n:04}", NOW - 260 * DAY) for n in range(PAGE + 10)]
    seen = look(Place(old, seek=Seek.AFTER), since=NOW - DAY)
    assert all(one.pieces.number == PAGE + 10 for one in seen.candidates)


def test_a_marker_within_the_directory_is_none_of_its_files():
    place = Place([entry("2026-09-20/a"), entry("2026-09-20/_SUCCESS", NOW - 60, size=1)])
    (one,) = look(place, complete_when="{dir}/_SUCCESS").candidates
    assert (one.complete, one.size, one.pieces.number, one.available_hi) == (True, 100, 1, NOW - 60)
    (one,) = look(Place([entry("2026-09-20/a")]), complete_when="{dir}/_SUCCESS").candidates
    assert not one.complete
