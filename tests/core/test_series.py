"""Listings to series of backups: which names are one series, which series are one service, and what they show."""

from __future__ import annotations

from time import process_time

import pytest

from drcheck.core.names.estimates import estimate
from drcheck.core.names.series import SERIES_AT_MOST, ListedThing, Series, series
from drcheck.core.names.service_names import service_names
from drcheck.core.names.shared_templates import ServiceForm, groups

DAY = 86400
DAYS = [f"2026-11-{day:02d}" for day in range(1, 29)]


def found(*names: str, size: int = 5000) -> tuple[Series, ...]:
    return series(ListedThing(name, size, 0) for name in names).series


def told(*names: str) -> list[tuple[str, str, str, tuple[str, ...]]]:
    return [(one.directory, one.label, one.template, one.sets) for one in found(*names)]


def test_each_directory_is_a_series():
    names = [f"{customer}/db/{day}.gz" for customer in ("acme", "beta") for day in DAYS]
    assert told(*names) == [
        ("acme/db/", "", "{data_as_of:%Y-%m-%d}.gz", ()),
        ("beta/db/", "", "{data_as_of:%Y-%m-%d}.gz", ()),
    ]


def test_names_that_differ_at_the_place_itself_are_a_series_each():
    names = [f"{service}-{day}.sql.gz" for service in ("größe", "my-stock") for day in DAYS]
    assert told(*names) == [
        ("", "größe", "größe-{data_as_of:%Y-%m-%d}.sql.gz", ()),
        ("", "my-stock", "my-stock-{data_as_of:%Y-%m-%d}.sql.gz", ()),
    ]


def test_a_few_names_that_differ_in_a_directory_of_their_own_are_its_data_sets():
    names = [f"acme/{of}-{day}.gz" for of in ("orders", "stock") for day in DAYS]
    assert told(*names) == [("acme/", "", "{of}-{data_as_of:%Y-%m-%d}.gz", ("orders", "stock"))]


def test_many_names_that_differ_in_a_directory_are_a_series_each():
    names = [f"all/c{number}-{day}.gz" for number in range(9) for day in DAYS]
    assert [label for _, label, _, _ in told(*names)] == [f"c{number}" for number in range(9)]


def test_a_first_night_of_many_services_is_not_taken_for_one_service_with_ids():
    assert len(found(*(f"c{number}-2026-11-27.gz" for number in range(30)))) == 30


@pytest.mark.parametrize("one", ["a8f3-{}", "1234-{}"])
def test_what_changes_with_every_backup_is_no_service(one: str):
    # Four digits behind a date look like a time of day where they happen to be one.
    names = [f"acme/{day}-{one.format('')}{number * 7919 % 9973:04d}.gz" for number, day in enumerate(DAYS)]
    assert len(found(*names)) == 1


def test_ids_beside_data_sets_leave_the_data_sets():
    names = [f"acme/{of}-{day}-{number * 7919 % 99991:05x}.gz" for of in "ab" for number, day in enumerate(DAYS)]
    assert told(*names) == [("acme/", "", "{of}-{data_as_of:%Y-%m-%d}-{*}.gz", ("a", "b"))]


def test_directories_of_a_day_with_directories_in_them_are_backups_as_a_whole():
    (one,) = found(*(f"acme/{day}/dump/{file}.bson" for day in DAYS for file in "xyz"))
    assert (one.directory, one.template) == ("acme/", "{data_as_of:%Y-%m-%d}/")
    assert [point.size for point in one.points["data"]] == [15000] * len(DAYS)


def test_files_in_the_directory_of_a_day_are_services_by_name():
    names = [f"{day}/{service}.gz" for day in DAYS for service in ("acme", "beta")]
    assert [(label, template) for _, label, template, _ in told(*names)] == [
        ("acme", "{data_as_of:%Y-%m-%d}/acme.gz"),
        ("beta", "{data_as_of:%Y-%m-%d}/beta.gz"),
    ]


def test_days_before_months_are_told_from_months_before_days_by_all_names():
    (one,) = found(*(f"acme/x_11-{day:02d}-2026.gz" for day in range(1, 29)))
    assert one.template == "x_{data_as_of:%m-%d-%Y}.gz"


def test_names_of_months_are_one_series():
    assert len(found(*(f"acme/{day:02d}-{month}-2026.gz" for month in ("Sep", "May") for day in range(1, 29)))) == 1


def test_numbers_of_machines_are_no_dates_where_most_of_them_are_none():
    assert len(found(*(f"vm-{number}/{day}.gz" for number in (261121, 999999, 870000) for day in DAYS))) == 3


def test_what_stands_beside_backups_is_their_marker_and_no_series():
    names = [ListedThing(f"acme/{day}.gz{end}", 64 if end else 5000, 0) for day in DAYS for end in ("", ".sha256")]
    (one,) = series(names).series
    assert (one.marker, one.beside) == ("{name}.sha256", len(DAYS))
    names = [ListedThing(f"acme/{day}{end}", 3 if end == ".ok" else 5000, 0) for day in DAYS for end in (".gz", ".ok")]
    (one,) = series(names).series
    assert one.marker == "{stem}.ok"
    some_lack_it = [seen for seen in names if not seen.name.endswith(("1.ok", "2.ok"))]
    assert series(some_lack_it).series[0].marker == ""


def test_what_tells_no_instant_is_left_and_the_largest_comes_first():
    grouped = series(
        [ListedThing("latest.dump", 10, 0), ListedThing("x/y.bin", 70000, 0), ListedThing(".hidden", 9, 0)]
    )
    assert (grouped.series, [seen.name for seen in grouped.unread]) == ((), ["x/y.bin", "latest.dump"])
    assert series([]) == ((), ())


def test_habits_are_those_of_the_worst_data_set():
    of_orders = [ListedThing(f"acme/orders-{day}.gz", 10**6, 0) for day in DAYS]
    of_stock = [ListedThing(f"acme/stock-{day}.gz", 2000, 0) for day in DAYS if day != "2026-11-20"]
    seen = estimate(series([*of_orders, *of_stock]).series[0])
    assert (seen.every, seen.longest, seen.per) == (DAY, 2 * DAY, "day")
    assert (seen.min_size, seen.max_shrink, seen.tiny) == (1000, 50, 0)
    assert seen.kept == 27 * DAY
    assert seen.rpo == 50 * 3600  # a name that tells the day alone leaves a day open


def test_an_incremental_backup_is_not_taken_for_a_broken_full_one():
    names = [ListedThing(f"acme/{day}-{'full' if day.endswith('1') else 'incr'}.gz", 0, 0) for day in DAYS]
    sized = [seen._replace(size=10**6 if "full" in seen.name else 3000) for seen in names]
    seen = estimate(series(sized).series[0])
    assert (seen.tiny, seen.smallest) == (0, 3000)


def test_a_broken_backup_lowers_no_size():
    sized = [ListedThing(f"acme/{day}.gz", 20 if day == "2026-11-20" else 10**6, 0) for day in DAYS]
    seen = estimate(series(sized).series[0])
    assert (seen.tiny, seen.min_size) == (1, 500_000)


@pytest.mark.parametrize(
    ("names", "per", "kept"),
    [
        ([f"2026-11-27T{hour:02d}00Z.gz" for hour in range(24)], "hour", None),
        ([f"2026-{month:02d}-{day:02d}.gz" for month in (9, 10, 11) for day in (1, 8, 15, 22)], "week", 82 * DAY),
        ([f"2026-{month:02d}-01.gz" for month in range(1, 12)], "month", 304 * DAY),
        (["2026-11-27.gz"], "", None),
        ([f"2026-11-27T{hour:02d}00Z.gz" for hour in (0, 6, 12, 18)], "", None),
    ],
)
def test_how_often_backups_come_is_told_by_the_slot_that_holds_one(names, per, kept):
    seen = estimate(found(*(f"acme/{name}" for name in names))[0])
    assert (seen.per, seen.kept) == (per, kept)


def test_how_much_backups_shrink_is_told_of_the_smallest_beside_the_largest():
    sized = [ListedThing(f"acme/{day}.gz", size, 0) for day, size in zip(DAYS, (1000, 900, 600, 1000), strict=False)]
    assert estimate(series(sized).series[0]).shrinks == 40


def test_backups_are_kept_unbroken_since_the_newest_hole_of_any_data_set():
    whole = [f"acme/stock-{day}.gz" for day in DAYS]
    holes = [f"acme/orders-{day}.gz" for day in DAYS if day[-2:] not in {"05", "06", "15", "16"}]
    seen = estimate(found(*whole, *holes)[0])
    assert (seen.newest - seen.unbroken_from) // DAY == 11  # from the 17th on


def test_an_unusual_time_between_backups_is_not_taken_for_a_shorter_one():
    (one,) = found(*(f"acme/2026-11-27T{hour:02d}00Z.gz" for hour in (0, 7, 14, 21)))
    assert estimate(one).every == 7 * 3600


def test_names_of_services_are_safe_and_differ():
    wanted = ["acme", "Acme", "a/b c", "\x1b[31m", "größe", "x" * 300, "...", "a-b-c"]
    names = service_names(wanted, taken=["größe", "gr-e"])
    assert names[:4] == ["acme", "Acme-2", "a-b-c", "31m"]
    assert names[4] == "gr-e-2"
    assert len(names[5]) <= 100
    assert names[6:] == ["service", "a-b-c-2"]


def listing(services: int, **sizes: int) -> list[ServiceForm]:
    several = series(
        ListedThing(f"c{number:03d}/c{number:03d}-{day}.gz", sizes.get(f"c{number:03d}", 5000 + number), 0)
        for number in range(services)
        for day in DAYS
    ).series
    return [
        ServiceForm(one.directory[:-1], one.directory[:-1], f"disk:{one.directory}", one, estimate(one))
        for one in several
    ]


def test_services_that_differ_in_their_names_alone_are_alike():
    (common,) = groups(listing(100))
    assert len(common.services) == 100
    assert (common.at, common.name, common.min_size) == ("", "", 2000)
    assert groups(listing(2)) == []


def test_one_that_is_far_smaller_does_not_lower_the_size_of_the_others():
    (common,) = groups(listing(10, c003=20))
    assert common.min_size == 2000


@pytest.mark.parametrize(
    "names",
    [
        [
            f"c{number % 100:03d}/pg-{DAYS[number // 100 % 28]}_{number * 7919 % 99991:05x}.dump"
            for number in range(25_000)
        ],
        [f"c{number % 977}/{number * 104729 % 10**9:x}q{number}-x/y" for number in range(25_000)],
        ["a1" * 500 + str(number) for number in range(5_000)],
        [f"d{number:06d}/2026-11-27.gz" for number in range(25_000)],
    ],
    ids=["with ids", "of no sort", "long", "a directory each"],
)
def test_a_large_listing_takes_seconds(names: list[str]):
    begun = process_time()
    grouped = series(ListedThing(name, 5000, 0) for name in names)
    assert len(grouped.series) <= SERIES_AT_MOST
    assert process_time() - begun < 30
