"""Name templates: what they may say, and what names then tell."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from time import process_time
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from drcheck.core.names import directives
from drcheck.core.names.matching import Matcher, NameReading
from drcheck.core.names.template import KINDS, Template
from drcheck.errors import DrcheckError

DAY = 86400

STOCKHOLM = ZoneInfo("Europe/Stockholm")


def at(text: str) -> int:
    return int(datetime.fromisoformat(text).timestamp())


def read(template: str, name: str, of=("orders",), zone=UTC) -> NameReading | None:
    return Matcher(Template.parse(template), of, zone)(name)


def instants(template: str, name: str, zone=UTC) -> tuple[int | None, int | None] | None:
    named = read(template, name, zone=zone)
    return named and (named.data_lo, named.data_hi)


@pytest.mark.parametrize(
    ("template", "name", "lo", "hi"),
    [
        ("{of}/{data_as_of:%Y-%m-%dT%H%M}Z.dump.gz", "orders/2026-10-22T0115Z.dump.gz", "2026-10-22T01:15Z", None),
        ("{of}/{data_as_of:%Y/%m/%d/%H%M}.dump.gz", "orders/2026/10/22/0115.dump.gz", "2026-10-22T01:15Z", None),
        ("{data_as_of:%Y%m%dT%H%M%S}Z-{of}", "20261121T204746Z-orders", "2026-11-21T20:47:46Z", None),
        ("{data_as_of:%Y/%m/%Y%m%d-%H%M}.gz", "2026/11/20261121-2047.gz", "2026-11-21T20:47Z", None),
        ("dt={data_as_of:%F-%H-%M}/{of}", "dt=2026-11-21-20-47/orders", "2026-11-21T20:47Z", None),
        ("{data_as_of:%s}.tar", "1790000000.tar", "2026-09-21T14:13:20Z", None),
        ("{data_as_of:%FT%T%z}.tar", "2026-11-21T20:47:46+01:30.tar", "2026-11-21T19:17:46Z", None),
        ("{data_as_of:%FT%T%z}.tar", "2026-11-21T20:47:46-0130.tar", "2026-11-21T22:17:46Z", None),
        ("{data_as_of:%FT%T%z}.tar", "2026-11-21T20:47:46Z.tar", "2026-11-21T20:47:46Z", None),
        ("{data_as_of:%Y%m%d%H}.gz", "2026112120.gz", "2026-11-21T20:00Z", "2026-11-21T20:59:59Z"),
        ("{data_as_of:%Y-%m-%d}.gz", "2026-11-21.gz", "2026-11-21T00:00Z", "2026-11-21T23:59:59Z"),
        ("{data_as_of:%Y%j}.gz", "2024366.gz", "2024-12-31T00:00Z", "2024-12-31T23:59:59Z"),
        ("{data_as_of:%d_%B_%Y}.gz", "21_november_2026.gz", "2026-11-21T00:00Z", "2026-11-21T23:59:59Z"),
        ("{data_as_of:%F_%I-%M-%p}", "2026-11-21_12-05-AM", "2026-11-21T00:05Z", None),
        ("{data_as_of:%F_%I-%M%p}", "2026-11-21_12-05pm", "2026-11-21T12:05Z", None),
        ("{data_as_of:%F_%I%p}", "2026-11-21_11PM", "2026-11-21T23:00Z", "2026-11-21T23:59:59Z"),
        ("{data_as_of:%FT%H-%M-%S-%f}Z", "2026-11-21T20-47-46-123Z", "2026-11-21T20:47:46Z", None),
        ("{data_as_of:%FT%T.%f%z}", "2026-11-21T20:47:46.123456789+01:00", "2026-11-21T19:47:46Z", None),
        ("d_{data_as_of:%F_%Hh%Mm_%A}", "d_2026-11-21_03h15m_Saturday", "2026-11-21T03:15Z", None),
        ("w_{data_as_of:%F_%Hh%Mm_%V}", "w_2026-11-21_03h15m_47", "2026-11-21T03:15Z", None),
        ("{data_as_of:%a_%d-%m-%Y}", "SAT_21-11-2026", "2026-11-21T00:00Z", "2026-11-21T23:59:59Z"),
        ("{data_as_of:%G-W%V}", "2026-W53", "2026-12-28T00:00Z", "2027-01-03T23:59:59Z"),
        ("{data_as_of:%G-W%V-%u}", "2026-W53-5", "2027-01-01T00:00Z", "2027-01-01T23:59:59Z"),
        ("{data_as_of:%G%V%a}", "202653Sun", "2027-01-03T00:00Z", "2027-01-03T23:59:59Z"),
        ("{data_as_of:%Y-%m}", "2024-02", "2024-02-01T00:00Z", "2024-02-29T23:59:59Z"),
        ("{data_as_of:%B%Y}", "December2026", "2026-12-01T00:00Z", "2026-12-31T23:59:59Z"),
        ("{data_as_of:%Y/%b/%Y-%m-%d}", "2026/Nov/2026-11-21", "2026-11-21T00:00Z", "2026-11-21T23:59:59Z"),
        ("{data_as_of:%s_%Y_%m_%d}_{*}_backup", "1790000000_2026_09_21_17.0.1_backup", "2026-09-21T14:13:20Z", None),
        ("{data_as_of:%F}/db_{data_as_of:%F_%H-%M}", "2026-11-21/db_2026-11-21_01-02", "2026-11-21T01:02Z", None),
        (
            "{data_as_of:%Y}/{*}/{data_as_of:%m}/{data_as_of:%d}",
            "2026/x/11/21",
            "2026-11-21T00:00Z",
            "2026-11-21T23:59:59Z",
        ),
        (
            "{other:%Y-%m-%d}/{data_as_of:%F}.gz",
            "2020-01-01/2026-11-21.gz",
            "2026-11-21T00:00Z",
            "2026-11-21T23:59:59Z",
        ),
        ("{data_as_of:%d-%b-%y}.gz", "21-Nov-26.gz", "2026-11-21T00:00Z", "2026-11-21T23:59:59Z"),
        ("100%{{x}}{data_as_of:%%%Y%m%d}", "100%{x}%20261121", "2026-11-21T00:00Z", "2026-11-21T23:59:59Z"),
    ],
)
def test_a_name_tells_the_instant_of_its_data(template, name, lo, hi):
    assert instants(template, name) == (at(lo), at(hi or lo))


@pytest.mark.parametrize(
    ("template", "name"),
    [
        ("{data_as_of:%F}/db_{data_as_of:%F_%H-%M}", "2026-11-21/db_2026-11-20_01-02"),
        ("{data_as_of:%Y/%b/%Y-%m-%d}", "2026/Nov/2026-12-21"),
        ("{data_as_of:%F_%A}", "2026-11-21_Sunday"),
        ("{data_as_of:%F_%V}", "2026-11-21_48"),
        ("{data_as_of:%G-W%V}", "2027-W53"),
        ("{data_as_of:%G-W%V}", "2026-W54"),
        ("{data_as_of:%s_%Y_%m_%d}", "1790000000_2026_09_29"),
        ("{data_as_of:%s_%Y_%m_%d}", "1790000000_2026_02_30"),
        ("{other:%Y-%m-%d}_{data_as_of:%F}", "2026-1121_2026-11-21"),
        ("{data_as_of:%F_%I%p}", "2026-11-21_00AM"),
        ("{data_as_of:%F_%I%p}", "2026-11-21_13PM"),
    ],
)
def test_pieces_of_an_instant_that_disagree_or_do_not_exist_tell_nothing(template, name):
    assert read(template, name) is None


def test_a_month_and_a_week_are_read_by_their_zones_own_days():
    assert instants("{data_as_of:%Y-%m}", "2026-10", STOCKHOLM) == (at("2026-09-30T22:00Z"), at("2026-10-31T22:59:59Z"))
    week = instants("{data_as_of:%G-W%V}", "2026-W43", STOCKHOLM)
    assert week == (at("2026-10-18T22:00Z"), at("2026-10-25T22:59:59Z"))


@pytest.mark.parametrize(
    ("template", "name", "fits"),
    [
        ("{*}-{data_as_of:%F}.gz", "host-a-2026-11-21.gz", True),
        ("{*}-{data_as_of:%F}.gz", "-2026-11-21.gz", True),
        ("{*}-{data_as_of:%F}.gz", "a/host-2026-11-21.gz", False),
        ("{*}-{data_as_of:%F}.gz", ".host-2026-11-21.gz", False),  # as in a shell: a hidden name
        ("x{*}-{data_as_of:%F}.gz", "x.host-2026-11-21.gz", True),
        ("{**}-{data_as_of:%F}.gz", "a/b/host-2026-11-21.gz", True),
        ("{**}-{data_as_of:%F}.gz", "a/.~tmp~/host-2026-11-21.gz", False),
        ("{**}/{data_as_of:%F}{*}.gz", "2020-01-01/x/2026-11-21-y.gz", True),
        ("{**}a{*}/x-{data_as_of:%F}", "a/b/a/x-2026-11-21", True),  # the first `a` leads nowhere
        ("{**}a{*}b{**}/{data_as_of:%F}", "a/ac/ab/d/2026-11-21", True),
        ("{*}_{data_as_of:%F}_{*}.gz", "a_2020-01-0_2026-11-21_b_c.gz", True),
        ("{data_as_of:%F}{*}", "2026-11-21.sql.gz", True),
        ("{data_as_of:%F}{*}", "2026-11-21.sql.gz.part", False),
        ("{data_as_of:%F}{*}", "2026-11-21.sql.gz.sha256", False),
        ("{data_as_of:%F}{*}", "2026-11-21.sql.gz.in_progress", False),
        ("{data_as_of:%F}{*}", "2026-11-21-incomplete", False),
        ("{data_as_of:%F}{*}", "2026-11-21.sql.gz.md5sum", False),
        ("{data_as_of:%F}{*}", "2026-11-21.sql.lock", False),
        ("{data_as_of:%F}{*}/", "2026-11-21-shop/a.part", True),
        ("{data_as_of:%F}{*}/", "2026-11-21.partial/a", False),
        ("{data_as_of:%F}{*}/", "2026-11-21_in_progress/a", False),
        ("{data_as_of:%F}{*}/", "2026-11-21~/a", False),
        ("{data_as_of:%F}.{part}", "2026-11-21.ab", True),
        ("{data_as_of:%F}.{part}", "2026-11-21.md5", False),
        ("{data_as_of:%F}.{part}", "2026-11-21.tmp", False),
        ("{data_as_of:%F}.{part}.gz", "2026-11-21.md5.gz", True),
        ("{data_as_of:%F}-{part}/", "2026-11-21-aa.tmp/b", False),
        ("{data_as_of:%F}{*}.md5", "2026-11-21.sql.gz.md5", True),
        ("{*}{data_as_of:%F}{*}{data_as_of:%F}{*}", "x2026-11-21y2026-11-21", True),
        ("{*}{data_as_of:%F}{*}{data_as_of:%F}{*}", "x2026-11-21y2026-11-22", False),
    ],
)
def test_a_wildcard_is_any_text_within_its_part_of_the_path_or_across(template, name, fits):
    assert (read(template, name) is not None) is fits


def test_of_several_templates_the_first_that_fits_decides():
    templates = [
        Template.parse(text) for text in ("{of}-{kind}-{data_as_of:%F}", "{of}-{*}{data_as_of:%F}", "{of}.tar")
    ]
    match = Matcher(templates, ["a"], UTC, kind="snapshot")
    assert match("a-full-2026-11-21").kind == "full"
    assert match("a-old-2026-11-21").kind == "snapshot"
    assert match("a.tar") == NameReading("a", "snapshot", None, None)
    assert match("a.zip") is None
    assert match.unlisted("b.tar") == "b"
    assert match.unlisted("b-full-2026-11-21") == "b"


def test_labels_of_kinds_may_be_ones_own_and_any_other_matches_nothing():
    match = Matcher(Template.parse("{kind}-{data_as_of:%F}"), ["a"], UTC, kinds={"FULL_COPY": "full", "D": "snapshot"})
    assert match("FULL_COPY-2026-11-21").kind == "full"
    assert match("D-2026-11-21").kind == "snapshot"  # not pgBackRest's letter
    assert match("I-2026-11-21").kind == "incremental"
    assert match("COPY-2026-11-21") is None


@pytest.mark.parametrize(
    ("template", "name", "part", "parts", "whole"),
    [
        ("{data_as_of:%F}.tar.{part}", "2026-11-21.tar.003", "003", 0, "2026-11-21.tar.{part}"),
        ("{data_as_of:%F}-{part}of{parts}.gz", "2026-11-21-2of07.gz", "2", 7, "2026-11-21-{part}of07.gz"),
        ("{data_as_of:%F}/", "2026-11-21/db/a.bson", "", 0, "2026-11-21/"),
        ("{data_as_of:%F}/", "2026-11-21/.hidden", "", 0, "2026-11-21/"),
        ("{*}/{data_as_of:%F}/", "a/2026-11-21/2026-11-20/b", "", 0, "a/2026-11-21/"),
        ("{data_as_of:%F}-{part}/", "2026-11-21-aa/x/y", "aa", 0, "2026-11-21-{part}/"),
        ("{data_as_of:%F}.gz", "2026-11-21.gz", "", 0, ""),
    ],
)
def test_a_part_and_a_file_in_a_directory_tell_the_backup_that_they_are_pieces_of(template, name, part, parts, whole):
    named = read(template, name)
    assert (named.part, named.parts, named.whole) == (part, parts, whole)


def test_a_directory_that_is_the_backup_is_no_name_by_itself():
    assert read("{data_as_of:%F}/", "2026-11-21/") is None
    assert read("{data_as_of:%F}/", "2026-11-21") is None
    assert read("{data_as_of:%F}/", "x/2026-11-21/y") is None


@pytest.mark.parametrize(
    "name",
    [
        "orders/2026-13-22T0115Z.gz",
        "orders/2026-02-29T0115Z.gz",
        "orders/2026-10-22T2460Z.gz",
        "orders/2026-10-22T0115Z.gz.part",
        "orders/2026-10-22T0115Z.gz.sha256",
        "orders/2026-10-22T0115Z.gz~",
        "orders/2026-10-22T0115Z.gz\n",
        "orders/.2026-10-22T0115Z.gz",
        "x/orders/2026-10-22T0115Z.gz",
        "orders2/2026-10-22T0115Z.gz",
        "orders/\uff12\uff10\uff12\uff16-10-22T0115Z.gz",
        "orders/0026-10-22T0115Z.gz",
        "",
    ],
)
def test_what_is_no_such_name_tells_nothing(name):
    assert read("{of}/{data_as_of:%Y-%m-%dT%H%M}Z.gz", name) is None


@pytest.mark.parametrize(
    ("name", "lo", "hi"),
    [
        ("2026-10-25T0230", "2026-10-25T00:30Z", "2026-10-25T01:30Z"),  # the clocks show it twice
        ("2026-10-25T0159", "2026-10-24T23:59Z", "2026-10-24T23:59Z"),
        ("2026-10-25T0300", "2026-10-25T02:00Z", "2026-10-25T02:00Z"),
        ("2026-03-29T0130", "2026-03-29T00:30Z", "2026-03-29T00:30Z"),
        ("2026-07-01T1200", "2026-07-01T10:00Z", "2026-07-01T10:00Z"),
    ],
)
def test_an_hour_that_the_clocks_repeat_is_a_pair(name, lo, hi):
    assert instants("{data_as_of:%Y-%m-%dT%H%M}", name, STOCKHOLM) == (at(lo), at(hi))


@pytest.mark.parametrize(
    ("form", "name", "zone", "lo", "hi"),
    [
        # By the offset after the clocks went forward, and by the one before: cron ran it at 01:00Z, or the clock of the
        # host stayed as it was.
        ("%Y-%m-%dT%H%M", "2026-03-29T0230", "Europe/Stockholm", "2026-03-29T00:30Z", "2026-03-29T01:30Z"),
        ("%Y-%m-%dT%H", "2026-03-29T02", "Europe/Stockholm", "2026-03-29T00:00Z", "2026-03-29T01:59:59Z"),
        ("%Y-%m-%dT%H%M", "2026-10-04T0215", "Australia/Lord_Howe", "2026-10-03T15:15Z", "2026-10-03T15:45Z"),
    ],
)
def test_an_hour_that_the_clocks_skip_is_one_of_before_or_after(form, name, zone, lo, hi):
    assert instants(f"{{data_as_of:{form}}}", name, ZoneInfo(zone)) == (at(lo), at(hi))


@pytest.mark.parametrize(("form", "name"), [("%Y-%m-%d", "2011-12-30"), ("%Y-%m-%dT%H%M", "2011-12-30T0230")])
def test_a_date_that_the_zone_skips_is_none(form, name):
    assert instants(f"{{data_as_of:{form}}}", name, ZoneInfo("Pacific/Apia")) is None


@pytest.mark.parametrize(
    ("form", "name", "zone", "lo", "hi"),
    [
        ("%Y-%m-%d", "2026-10-25", "Europe/Stockholm", "2026-10-24T22:00Z", "2026-10-25T22:59:59Z"),
        ("%Y-%m-%d", "2026-03-29", "Europe/Stockholm", "2026-03-28T23:00Z", "2026-03-29T21:59:59Z"),
        ("%Y-%m-%dT%H", "2026-10-25T02", "Europe/Stockholm", "2026-10-25T00:00Z", "2026-10-25T01:59:59Z"),
        # Lord Howe's clocks go by half an hour: from 02:00 to 02:30 on 4 October, from 02:00 to 01:30 on 5 April
        ("%Y-%m-%dT%H", "2026-10-04T02", "Australia/Lord_Howe", "2026-10-03T15:30Z", "2026-10-03T15:59:59Z"),
        ("%Y-%m-%dT%H", "2026-04-05T01", "Australia/Lord_Howe", "2026-04-04T14:00Z", "2026-04-04T15:29:59Z"),
        ("%Y-%m-%dT%H%M", "2026-04-05T0145", "Australia/Lord_Howe", "2026-04-04T14:45Z", "2026-04-04T15:15Z"),
        ("%Y-%m-%dT%H%M", "2026-04-05T0115", "Australia/Lord_Howe", "2026-04-04T14:15Z", "2026-04-04T14:15Z"),
    ],
)
def test_a_coarse_instant_is_the_pair_from_its_first_to_its_last_second(form, name, zone, lo, hi):
    assert instants(f"{{data_as_of:{form}}}", name, ZoneInfo(zone)) == (at(lo), at(hi))


@pytest.mark.parametrize("word", KINDS)
def test_a_name_tells_its_kind(word):
    named = read("{kind}/{data_as_of:%Y%m%d}-{kind}.bak", f"{word}/20261121-{word}.bak")
    assert named is not None
    assert named.kind == KINDS[word]
    assert read("{kind}/{data_as_of:%Y%m%d}-{kind}.bak", f"{word}/20261121-other.bak") is None


def test_the_longest_data_set_that_fits_is_meant_and_a_second_mention_must_agree():
    template = "{of}/{of}-{data_as_of:%Y%m%d}"
    assert read(template, "a-b/a-b-20261121", of=("a", "a-b")).of == "a-b"
    assert read(template, "a/a-20261121", of=("a", "a-b")).of == "a"
    assert read(template, "a/a-b-20261121", of=("a", "a-b")) is None


def test_characters_of_patterns_are_literal_text():
    assert read("{of}.+({data_as_of:%Y%m%d})|$", "a+b.+(20261121)|$", of=("a+b",)) is not None
    assert read("{of}.+({data_as_of:%Y%m%d})|$", "aab.+(20261121)|$", of=("a+b",)) is None


def test_a_name_without_an_instant_still_tells_the_data_set():
    assert read("{of}.tar", "orders.tar") == NameReading("orders", "", None, None)
    assert read("all.tar", "all.tar", of=("webshop",)) == NameReading("webshop", "", None, None)


def test_a_data_set_that_nobody_listed_is_told():
    match = Matcher(Template.parse("{of}/{data_as_of:%Y%m%d}.gz"), ("orders",), UTC)
    assert match.unlisted("stock/20261121.gz") == "stock"
    assert match.unlisted("orders/20261121.gz") == ""
    assert match.unlisted("stock/20261121.gz.md5") == ""
    assert match.unlisted("a/b/20261121.gz") == ""


def test_names_that_cannot_tell_data_sets_apart_are_refused():
    with pytest.raises(DrcheckError, match="does not tell which of 2 data sets"):
        Matcher(Template.parse("{data_as_of:%Y%m%d}.gz"), ("a", "b"), UTC)


@pytest.mark.parametrize(
    ("text", "what"),
    [
        ("", "is empty"),
        ("/x/{of}", "is absolute"),
        ("{of", "a brace without its partner at character 1"),
        ("of}", "a brace without its partner at character 3"),
        ("{of}{name}", r"unknown field \{name\}"),
        ("{data_as_of}", r"\{data_as_of\} without a format"),
        ("{of:%Y}", r"unknown field \{of:%Y\}"),
        ("{data_as_of:today}", "no directive"),
        ("{data_as_of:%%}", "no directive"),
        ("{data_as_of:%Y%Q}", "unknown directive %Q"),
        ("{data_as_of:%Y%m%d%}", "unknown directive %"),
        ("{data_as_of:%Y}", "not a whole date"),
        ("{data_as_of:%Y%m}{data_as_of:%H}", "not a whole date"),
        ("{data_as_of:%Y-W%V}", "not a whole date"),
        ("{data_as_of:%G-W%V-%H}", "not a whole date"),
        ("{data_as_of:%Y%m%d%I%M}", "not a whole date"),
        ("{data_as_of:%Y%m%d%H%M%p}", "not a whole date"),
        ("{data_as_of:%Y%m%d%H%M%f}", "not a whole date"),
        ("{data_as_of:%Y%m%V}", "not a whole date"),
        ("{other:%Q}", "unknown directive %Q"),
        ("{data_as_of:%m%d}", "not a whole date"),
        ("{data_as_of:%Y%m%d%M}", "not a whole date"),
        ("{data_as_of:%Y%m%d%H%S}", "not a whole date"),
        ("{data_as_of:%Y%s}", "not a whole date"),
        ("{data_as_of:%Y%m%d%z}", "not a whole date"),
        ("{data_as_of:%H%M}", "not a whole date"),
    ],
)
def test_a_faulty_template_is_refused_with_a_remedy(text, what):
    with pytest.raises(DrcheckError, match=what) as raised:
        Template.parse(text)
    assert raised.value.hint.endswith(".")


@pytest.mark.parametrize(
    ("text", "zone"),
    [
        ("{of}/{data_as_of:%Y-%m-%dT%H%M}Z.gz", True),
        ("{of}/{data_as_of:%Y-%m-%dT%H%MZ}.gz", True),
        ("{data_as_of:%Y-%m-%dT%H%M}Z", True),
        ("{data_as_of:%s}", True),
        ("{data_as_of:%F %T%z}", True),
        ("{of}/{data_as_of:%Y-%m-%dT%H%M}.gz", False),
        ("{data_as_of:%Y-%m-%d}Zoo", False),
        ("{data_as_of:%Y-%m-%d}-Z", False),
        ("Z{of}", False),
    ],
)
def test_a_template_knows_whether_its_instant_carries_a_zone(text, zone):
    assert Template.parse(text).has_zone is zone


@pytest.mark.parametrize(
    ("text", "ordered"),
    [
        ("{of}/{data_as_of:%Y/%m/%d/%H%M}", True),
        ("{of}/{data_as_of:%Y/%m/%Y%m%d-%H%M%S}", True),
        ("{data_as_of:%y%m%d}{of}", True),
        ("{data_as_of:%Y%jT%H}", True),
        ("{data_as_of:%s}", True),
        ("{data_as_of:%FT%T%z}", True),
        ("{data_as_of:%Y-%m}", True),
        ("{data_as_of:%G-W%V}", True),
        ("{data_as_of:%FT%H-%M-%S-%f}Z", True),
        ("{data_as_of:%F_%A}{*}", True),
        ("{data_as_of:%F}/{*}{data_as_of:%H}", True),  # by its beginning
        ("{data_as_of:%F_%I%p}", True),  # likewise
        ("{*}{data_as_of:%F}", False),
        ("{part}/{data_as_of:%F}", False),
        ("{other:%F}/{data_as_of:%F}", False),
        ("{data_as_of:%A_%F}", False),
        ("{data_as_of:%B-%Y}", False),
        ("{data_as_of:%d-%m-%Y}", False),
        ("{data_as_of:%Y-%b-%d}", False),
        ("{data_as_of:%H%M/%Y%m%d}", False),
        ("{data_as_of:%Y/%d/%m}", False),
        ("{of}.tar", False),
    ],
)
def test_a_template_knows_whether_its_names_are_in_time_order(text, ordered):
    assert Template.parse(text).in_time_order is ordered


FORMS = ["%Y-%m-%dT%H%M%S", "%Y/%m/%d/%H%M%S", "%Y%j-%H%M%S", "%d.%b.%y_%H.%M.%S", "%s", "%FT%T%z", "%Y/%Y%m%d%H%M%S"]
SECONDS = st.integers(at("2001-09-09T01:46:40Z"), at("2099-12-31T00:00:00Z"))
TEXT = st.text(st.characters(codec="utf-8", exclude_characters="*?$%<`[\\"), max_size=8).map(
    lambda text: text.replace("{", "{{").replace("}", "}}")
)


@given(
    st.sampled_from(FORMS),
    TEXT,
    TEXT.filter(lambda text: not text.endswith("/")),
    SECONDS,
    st.sampled_from(["orders", "a-b", "x/y", "{z}"]),
)
def test_reading_is_the_inverse_of_writing(form, before, after, instant, of):
    template = Template.parse(f"x{before}{{of}}{{data_as_of:{form}}}{after}")
    name = template.write(instant, of=of)
    assert Matcher(template, [of, "other"], UTC)(name) == NameReading(of, "", instant, instant)


@given(
    st.integers(at("2024-01-01T00:00:00Z"), at("2028-01-01T00:00:00Z")), st.sampled_from(["%H%M%S", "%H%M", "%H", ""])
)
def test_the_true_instant_always_lies_in_the_pair_that_a_local_name_tells(instant, time):
    for key in ("Europe/Stockholm", "Australia/Lord_Howe", "America/St_Johns", "Africa/Casablanca"):
        zone = ZoneInfo(key)
        template = Template.parse(f"{{data_as_of:%Y%m%d{time}}}")
        name = datetime.fromtimestamp(instant, zone).strftime(f"%Y%m%d{time}")
        named = Matcher(template, ["x"], zone)(name)
        assert named is not None
        assert named.data_lo <= instant <= named.data_hi + 59
        if time == "%H%M%S":
            assert instant in {named.data_lo, named.data_hi}


@given(st.text(max_size=200))
def test_a_strangers_name_is_read_or_not_and_never_an_error(name):
    match = Matcher(Template.parse("{of}-{of}{kind}{data_as_of:%Y%m%d}{of}"), ["a", "b"], STOCKHOLM)
    assert match(name) is None or name
    assert isinstance(match.unlisted(name), str)


@pytest.mark.parametrize(
    "name",
    ["a" * 1_000_000, "-" * 4096, "a-" * 2048, "a-a" + "full" * 1000, "a-" * 500_000, "2026" * 1024, "/" * 4096],
)
def test_a_hostile_name_is_read_to_its_end_and_is_none(name):
    template = Template.parse("{of}-{of}{kind}{data_as_of:%Y%m%d}{of}")
    match = Matcher(template, ["a", "a-a", "-"], UTC)
    assert match(name) is None
    assert match.unlisted(name) == ""


@pytest.mark.parametrize(
    "text",
    [
        "{*}{*}{*}{*}{*}x",
        "{**}{**}{**}{**}/x",
        "{**}a{*}a{*}a{**}a{*}b",
        "{*}{of}{*}{of}{part}{*}{data_as_of:%F}{*}{data_as_of:%F}",
        "{of}{part}{parts}{kind}{*}{of}{part}{**}{of}x",
        "{**}{other:%Y}{**}{part}{parts}{*}x",
        "{**}/{data_as_of:%Y%m%d}{*}/{data_as_of:%Y%m%d}{**}/",
    ],
)
@pytest.mark.parametrize(
    "unit",
    ["a", "1", "a/", "2026", "20261121", "a20261121/", "2026-11-21", "//", "a.", "full", "-", "\n", "a1" * 16 + "/"],
)
def test_a_megabyte_of_hostile_names_is_read_in_linear_time(text, unit):
    match = Matcher(Template.parse(text), ["a", "a-a", "aa", "-"] if "{of}" in text else ["a"], UTC)
    lengths = (1024, 2048, 4096)
    spent = []
    for length in lengths:
        name = (unit * length)[:length]
        began = process_time()
        for _ in range(2):
            match(name)
            match.unlisted(name)
        spent.append(process_time() - began)
    # A megabyte is 256 names of 4,096 characters; twice the length takes about twice the time, not four times.
    assert spent[2] * 128 < 60
    assert spent[2] < 0.02 or spent[2] < 9 * spent[0]


def test_the_names_of_fifty_services_over_thirty_days_are_all_read():
    template = Template.parse("{of}/{data_as_of:%Y/%m/%d/%H%M}.dump.gz")
    start = datetime(2026, 10, 22, tzinfo=UTC)
    labels = [int((start + timedelta(hours=hour)).timestamp()) for hour in range(720)]
    services = [[template.write(label, of=f"service-{n}") for label in labels] for n in range(50)]
    matchers = [Matcher(template, [f"service-{n}"], STOCKHOLM) for n in range(50)]
    read = sum(match(name) is not None for match, names in zip(matchers, services, strict=True) for name in names)
    assert read == 36_000


@pytest.mark.parametrize(
    ("form", "hint"),
    [
        ("%Y%m%d%I%M", "need %p"),
        ("%Y%m%d%H%M%p", "%p goes with %I"),
        ("%Y%m%d%p", "Use %s alone"),
        ("%Y%m%d%I%p%S", "Use %s alone"),
        ("%Y-W%V", "write %G with %V"),
        ("%y-W%V", "write %G with %V"),
        ("%m%d", "Use %s alone"),
    ],
)
def test_what_the_directives_of_an_instant_lack_is_said(form: str, hint: str):
    with pytest.raises(DrcheckError) as caught:
        Template.parse(f"{{of}}-{{data_as_of:{form}}}")
    assert hint in caught.value.hint


@pytest.mark.parametrize(
    ("letters", "seconds"),
    [
        ("s", 1), ("sYmd", 1), ("sY", None), ("YmdHMS", 1), ("YmdHMSf", 1), ("YmdIMSpz", 1),
        ("YmdHM", 60), ("YmdIMp", 60), ("YmdHMz", 60), ("YmdH", 3600), ("YmdIp", 3600), ("YjHz", 3600),
        ("Ymd", DAY), ("ybd", DAY), ("Yj", DAY), ("GVu", DAY), ("GV", 7 * DAY), ("Ym", 31 * DAY), ("yB", 31 * DAY),
        ("Y", None), ("YH", None), ("Ymdz", None), ("YmdS", None), ("YmdIM", None), ("YmdHp", None), ("YmV", None),
        ("GVH", None), ("HM", None),
    ],
)  # fmt: skip
def test_directives_tell_an_instant_as_finely_as_their_last_one_without_a_hole(letters: str, seconds: int | None):
    assert directives.span(letters) == seconds
