"""Backups told by their names: what counts as one, when it arrived, and what a look can claim."""

from __future__ import annotations

from datetime import UTC, datetime
from functools import lru_cache

import pytest
from hypothesis import given
from hypothesis import strategies as st
from paged_place import DAY, HOUR, NOW, Place, entry, source

from drcheck.core.model.evidence import FOREVER, LONG_AGO, Fact
from drcheck.core.model.policy import Arrival
from drcheck.core.names.template import Template
from drcheck.interfaces import CollectorError, LookRequest, Seek
from drcheck.readers.points.objects import read

TEMPLATE = "{of}/{data_as_of:%Y/%m/%d/%H%M}Z.gz"


def name(instant: int, of: str = "orders", template: str = TEMPLATE) -> str:
    return parsed(template).write(instant, of=of)


parsed = lru_cache(Template.parse)


def look(place, told=None, *, since=LONG_AGO, tolerance=300):
    return read(place, told or source(template=TEMPLATE), "", LookRequest(since, NOW, tolerance, "web"))


def at(text: str) -> int:
    return int(datetime.fromisoformat(text).replace(tzinfo=UTC).timestamp())


def only(observation):
    (candidate,) = observation.candidates
    return candidate


BACKUP = name(NOW - DAY)
DATA = (NOW - DAY) // 60 * 60


def test_a_backup_tells_data_set_instant_arrival_and_size():
    seen = look(Place([entry(BACKUP, NOW - DAY + 300, size=7, checksum="abc")]))
    one = only(seen)
    assert (one.name, one.of, one.kind, one.size, one.checksum) == (BACKUP, "orders", "", 7, "abc")
    assert (one.data_lo, one.data_hi) == (DATA, DATA)
    assert (one.available_lo, one.available_hi, one.complete) == (NOW - DAY + 300, NOW - DAY + 300, True)
    assert seen.look.complete
    assert (seen.look.source, seen.look.begin, seen.look.asked_from) == ("dumps", NOW, LONG_AGO)
    assert seen.look.calls == 1


@pytest.mark.parametrize(
    "suffix",
    [
        ".sha256",
        ".md5",
        ".sig",
        ".asc",
        ".json",
        ".part",
        ".partial",
        ".tmp",
        ".crdownload",
        "~",
        ".filepart",
        ".checkpoint",
    ],
)
def test_side_cars_and_partial_files_are_counted_and_never_candidates(suffix):
    seen = look(Place([entry(BACKUP + suffix), entry("manifest.json"), entry("orders/2026/10/99/0100Z.gz")]))
    assert seen.candidates == []
    assert seen.unread == 3
    assert seen.look.complete


def test_an_empty_place_is_a_complete_look():
    seen = look(Place([]), since=NOW - DAY)
    assert seen.look.complete
    assert seen.candidates == []
    assert seen.look.asked_from == LONG_AGO


def test_a_data_set_that_is_not_listed_is_told_and_gives_no_candidate():
    seen = look(Place([entry(BACKUP), entry(name(NOW - DAY, "stock")), entry(name(NOW - DAY, "stock") + ".md5")]))
    assert only(seen).of == "orders"
    assert seen.unlisted == ("stock",)
    assert seen.unread == 2


def test_a_side_car_is_not_a_data_set_of_its_own():
    told = source(template="{data_as_of:%Y%m%d}/{of}", name_zone="UTC")
    seen = look(Place([entry("20260920/orders"), entry("20260920/orders.sha256"), entry("20260920/stock")]), told)
    assert only(seen).name == "20260920/orders"
    assert seen.unlisted == ("stock",)


# Arrival


def test_an_upload_whose_end_the_storage_does_not_tell_ends_within_the_longest_duration():
    place = Place([entry(BACKUP, NOW - DAY, until=FOREVER)])
    assert only(look(place)).available_hi == FOREVER
    one = only(look(place, source(template=TEMPLATE, max_duration=1200)))
    assert (one.available_lo, one.available_hi) == (NOW - DAY, NOW - DAY + 1200)


def test_mtime_is_taken_at_its_word_where_the_policy_says_so():
    shown = entry(BACKUP, NOW - DAY, until=NOW - HOUR)
    assert only(look(Place([shown]))).available_hi == NOW - HOUR
    one = only(look(Place([shown]), source(template=TEMPLATE, available_at=Arrival.MTIME)))
    assert (one.available_lo, one.available_hi) == (NOW - DAY, NOW - DAY)


def test_a_name_tells_the_arrival_after_a_move_that_reset_the_storages_times():
    place = Place([entry(BACKUP, NOW - HOUR)])
    told = {"template": TEMPLATE, "available_at": Arrival.NAME}
    one = only(look(place, source(**told, max_duration=1200)))
    assert (one.available_lo, one.available_hi) == (DATA, DATA + 1200)
    assert only(look(place, source(**told))).available_hi == NOW - HOUR


def test_a_name_without_an_instant_leaves_the_data_between_the_longest_duration_before_arrival_and_arrival():
    told = {"template": "{of}.tar"}
    place = Place([entry("orders.tar", NOW - DAY, until=NOW - DAY + 60)])
    one = only(look(place, source(**told, max_duration=1200)))
    assert (one.data_lo, one.data_hi) == (NOW - DAY - 1200, NOW - DAY + 60)
    assert only(look(place, source(**told))).data_lo == NOW - DAY


def test_instants_without_a_zone_are_read_in_the_zone_that_the_source_names():
    told = source(template="{of}/{data_as_of:%Y-%m-%dT%H%M}", name_zone="Europe/Stockholm")
    one = only(look(Place([entry("orders/2026-09-20T0200")]), told))
    assert one.data_lo == at("2026-09-20T00:00")


# Markers


def test_a_backup_is_complete_once_its_marker_stands_beside_it():
    told = source(template=TEMPLATE, complete_when="{name}.sha256")
    other = name(NOW - HOUR)
    seen = look(Place([entry(BACKUP), entry(f"{BACKUP}.sha256", NOW - DAY + 900), entry(other)]), told)
    marked, unmarked = seen.candidates
    assert (marked.name, marked.complete, marked.available_lo, marked.available_hi) == (
        BACKUP, True, NOW - DAY + 900, NOW - DAY + 900,
    )  # fmt: skip
    assert (unmarked.name, unmarked.complete) == (other, False)
    assert seen.unread == 1


def test_a_marker_older_than_its_backup_does_not_make_it_earlier():
    told = source(template=TEMPLATE, complete_when="{name}.sha256")
    one = only(look(Place([entry(BACKUP), entry(f"{BACKUP}.sha256", NOW - 9 * DAY)]), told))
    assert one.available_lo == NOW - DAY


@pytest.mark.parametrize(("longest", "marked", "doubted"), [(None, 2 * HOUR, 1), (None, 1800, 0), (900, 1200, 1)])
def test_where_only_mtime_is_told_a_marker_that_is_much_older_is_of_an_earlier_attempt(longest, marked, doubted):
    told = source(template=TEMPLATE, complete_when="{name}.done", max_duration=longest)
    its = entry(BACKUP, until=FOREVER), entry(f"{BACKUP}.done", NOW - DAY - marked, until=FOREVER)  # as SFTP tells them
    seen = look(Place(its, in_place=True), told)
    assert len([one for one in seen.described if one.fact is Fact.STATE and one.told.holds is None]) == doubted


@pytest.mark.parametrize("since", [LONG_AGO, NOW - 2 * DAY])
def test_markers_may_lie_in_a_directory_of_their_own(since):
    told = source(template=TEMPLATE, complete_when="done/{name}")
    place = Place([entry(BACKUP), entry(f"done/{BACKUP}"), *(entry(name(NOW - n * DAY)) for n in range(5, 2000))])
    seen = look(place, told, since=since)
    assert [one.name for one in seen.candidates if one.complete] == [BACKUP]


def test_a_marker_is_never_a_candidate_even_where_its_name_fits_the_template():
    told = source(template="{of}-{data_as_of:%s}", of=("orders", "ok-orders"), complete_when="ok-{name}")
    seen = look(Place([entry("orders-1789999999"), entry("ok-orders-1789999999")]), told)
    assert only(seen).name == "orders-1789999999"
    assert only(seen).complete


def test_a_marker_that_a_broken_listing_may_have_hidden_is_not_missing():
    told = source(template=TEMPLATE, complete_when="{name}.sha256")
    place = Place([entry(BACKUP), entry(f"{BACKUP}.sha256")], page=1, breaks_at=2)
    seen = look(place, told)
    assert seen.candidates == []
    assert not seen.look.complete


# Gaps


def test_a_page_that_fails_leaves_what_was_seen_and_a_gap():
    entries = [entry(name(NOW - n * DAY)) for n in range(1, 31)]
    seen = look(Place(entries, page=10, breaks_at=3))
    assert len(seen.candidates) == 20
    assert [(gap.what, gap.hint) for gap in seen.look.gaps] == [("the page cannot be had", "Try again.")]


def test_a_clock_that_is_off_is_a_gap_and_widens_every_arrival():
    for offset, lo, hi in ((400.5, NOW - DAY - 401, NOW - DAY), (-400.5, NOW - DAY, NOW - DAY + 401)):
        seen = look(Place([entry(BACKUP)], offset=offset))
        assert "the clock of minio is 400 s" in seen.look.gaps[0].what
        assert seen.look.clock_offset == offset
        assert (only(seen).available_lo, only(seen).available_hi) == (lo, hi)


def test_a_clock_within_its_tolerance_changes_nothing():
    seen = look(Place([entry(BACKUP)], offset=299.0))
    assert seen.look.complete
    assert seen.look.clock_offset == 299.0
    assert only(seen).available_lo == NOW - DAY


def test_a_clock_that_cannot_be_asked_is_a_gap():
    class Clockless(Place):
        def clock_offset(self):
            raise CollectorError("the host does not answer")

    seen = look(Clockless([entry(BACKUP)]))
    assert seen.look.gaps[0].what == "the host does not answer"
    assert len(seen.candidates) == 1


@pytest.mark.parametrize(
    ("told", "what"),
    [
        ({"template": "{of}/{data_as_of:%Q}"}, "unknown directive"),
        (
            {"template": TEMPLATE, "available_at": Arrival.MANIFEST},
            "available_at of source dumps: manifests are not read",
        ),
        ({"template": "{of}.tar", "available_at": Arrival.NAME}, "names that tell no instant cannot tell the arrival"),
        ({"template": "{of}/{data_as_of:%Y%m%d}"}, "name of source dumps: its times carry no zone"),
        ({"template": "{data_as_of:%s}", "of": ("a", "b")}, "does not tell which of 2"),
        ({"template": TEMPLATE, "complete_when": "{name}"}, "a backup cannot be its own marker"),
        ({"template": TEMPLATE, "complete_when": "DONE"}, "does not tell which backup"),
    ],
)
def test_a_source_that_cannot_be_read_is_a_gap_with_a_remedy(told, what):
    place = Place([entry(BACKUP)])
    seen = look(place, source(**told))
    assert what in seen.look.gaps[0].what
    assert seen.look.gaps[0].hint
    assert (seen.candidates, place.calls) == ((), 0)


# The window


def hourly(of: str, newest: int, count: int):
    return [entry(name(newest - n * HOUR, of), newest - n * HOUR + 60) for n in range(count)]


def test_a_window_costs_one_request_a_data_set_however_large_the_bucket_is():
    told = source(template=TEMPLATE, of=("orders", "stock"))
    place = Place([*hourly("orders", NOW, 20_000), *hourly("stock", NOW, 20_000)])
    seen = look(place, told, since=NOW - 30 * DAY)
    assert seen.look.calls == 2
    assert seen.look.asked_from == NOW - 30 * DAY
    assert sum(one.data_lo >= NOW - 30 * DAY for one in seen.candidates) == 2 * 720


def test_backups_that_stopped_are_found_without_listing_the_bucket():
    place = Place(hourly("orders", NOW - 400 * DAY, 40_000))
    seen = look(place, since=NOW - 30 * DAY)
    assert max(one.data_lo for one in seen.candidates) == (NOW - 400 * DAY) // 60 * 60
    # the window, the first page, windows of 60, 120 and 240 days, and the two pages of 80 days; 40 for all of it
    assert seen.look.calls == 7
    assert seen.look.complete
    assert seen.look.asked_from == NOW - 480 * DAY


def test_a_data_set_that_never_was_costs_two_requests():
    seen = look(Place(hourly("stock", NOW, 5000)), since=NOW - 30 * DAY)
    assert (seen.candidates, seen.look.calls, seen.look.asked_from) == ([], 2, LONG_AGO)


def test_one_data_set_that_stopped_does_not_let_the_look_claim_more_about_the_others():
    told = source(template=TEMPLATE, of=("orders", "stock"))
    place = Place([*hourly("orders", NOW - 100 * DAY, 5000), *hourly("stock", NOW, 5000)])
    seen = look(place, told, since=NOW - 30 * DAY)
    assert seen.look.asked_from == NOW - 30 * DAY
    assert max(one.data_lo for one in seen.candidates if one.of == "orders") == (NOW - 100 * DAY) // 60 * 60


def test_stubs_and_unfinished_backups_in_the_window_do_not_end_the_search_for_the_newest():
    told = source(template=TEMPLATE, min_size=10, complete_when="{name}.ok")
    old = hourly("orders", NOW - 100 * DAY, 3000)
    place = Place(
        [
            *old, *(entry(f"{one.name}.ok") for one in old),
            entry(BACKUP, size=3), entry(f"{BACKUP}.ok"), entry(name(NOW - 2 * DAY)),
        ]
    )  # fmt: skip
    seen = look(place, told, since=NOW - 30 * DAY)
    assert max(one.data_lo for one in seen.candidates if one.complete and one.size > 3) == (NOW - 100 * DAY) // 60 * 60


def test_a_failure_while_looking_further_back_is_a_gap():
    seen = look(Place(hourly("orders", NOW - 400 * DAY, 40_000), breaks_at=4), since=NOW - 30 * DAY)
    assert not seen.look.complete
    assert len(seen.candidates) == 1000


def test_a_place_that_only_knows_prefixes_is_asked_for_the_months_of_the_window():
    place = Place(hourly("orders", NOW, 20_000), seek=Seek.PREFIX)
    seen = look(place, since=NOW - 30 * DAY)
    assert [prefix for prefix, _ in place.asked] == ["orders/2026/08", "orders/2026/09"]
    assert seen.look.asked_from == NOW - 30 * DAY
    assert sum(one.data_lo >= NOW - 30 * DAY for one in seen.candidates) == 720


def test_where_only_prefixes_narrow_a_listing_all_of_a_stopped_data_set_is_listed_once():
    place = Place(hourly("orders", NOW - 400 * DAY, 3000), seek=Seek.PREFIX, page=5000)
    seen = look(place, since=NOW - 30 * DAY)
    assert [prefix for prefix, _ in place.asked][2:] == ["orders/"]
    assert (len(seen.candidates), seen.look.asked_from) == (3000, LONG_AGO)


def test_hosts_and_disks_are_listed_whole():
    place = Place(hourly("orders", NOW, 100), seek=Seek.NONE)
    seen = look(place, since=NOW - DAY)
    assert (place.asked, seen.look.asked_from, len(seen.candidates)) == ([("", "")], LONG_AGO, 100)


def test_a_data_set_behind_the_instant_is_listed_with_the_others():
    template = "{data_as_of:%Y/%m/%d/%H%M}Z/{of}"
    told = source(template=template, of=("orders", "stock"))
    place = Place([entry(name(NOW - n * HOUR, "orders", template)) for n in range(5000)])
    seen = look(place, told, since=NOW - 30 * DAY)
    assert seen.look.calls == 1
    assert seen.look.asked_from == NOW - 30 * DAY


# What must hold for every listing

MINUTES = st.integers(0, 90 * 24 * 60).map(lambda minutes: NOW - minutes * 60)
ENTRIES = st.lists(
    st.builds(
        lambda of, instant, suffix, late: entry(name(instant, of) + suffix, instant + late),
        st.sampled_from(["orders", "stock", "other"]),
        MINUTES,
        st.sampled_from(["", "", "", ".ok", ".part"]),
        st.integers(0, 4000),
    ),
    max_size=30,
)


@given(ENTRIES, st.randoms(use_true_random=False), st.integers(1, 7), st.booleans())
def test_order_duplicates_and_page_cuts_change_nothing(entries, random, page, marked):
    told = source(template=TEMPLATE, of=("orders", "stock"), complete_when="{name}.ok" if marked else "")
    shuffled = random.sample(entries + entries[:5], k=len(entries) + len(entries[:5]))
    one, other = look(Place(entries), told), look(Place(shuffled, page=page, in_order=False), told)
    assert one.candidates == other.candidates
    assert (one.unlisted, one.unread) == (other.unlisted, other.unread)


@given(ENTRIES, MINUTES, st.sampled_from(Seek), st.sampled_from(["UTC", "Europe/Stockholm", "Pacific/Kiritimati"]))
def test_a_window_gives_all_that_the_whole_listing_has_in_it(entries, since, seek, zone):
    told = source(template=TEMPLATE.replace("Z", ""), of=("orders", "stock"), name_zone=zone)
    entries = [one._replace(name=one.name.replace("Z", "")) for one in entries]
    everything = look(Place(entries), told)
    seen = look(Place(entries, seek=seek), told, since=since)
    assert seen.look.asked_from <= max(since, LONG_AGO)
    asked = {one for one in everything.candidates if one.data_lo >= seen.look.asked_from}
    assert asked <= {*seen.candidates} <= {*everything.candidates}


@given(ENTRIES, st.integers(1, 5), st.integers(1, 12), st.booleans())
def test_a_broken_listing_shows_nothing_that_the_whole_one_does_not(entries, page, breaks_at, marked):
    told = source(template=TEMPLATE, of=("orders", "stock"), complete_when="{name}.ok" if marked else "")
    entries = list({one.name: one for one in entries}.values())  # of two under one name either may be the one seen
    whole, broken = look(Place(entries), told), look(Place(entries, page=page, breaks_at=breaks_at), told)
    if broken.look.complete:
        assert broken.candidates == whole.candidates
    else:
        assert {one for one in broken.candidates if one.complete} <= {*whole.candidates}
