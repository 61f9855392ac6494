"""Name templates: what they may say, and what names then tell."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from drcheck.core.matching import Matcher, Named
from drcheck.core.naming import KINDS, Template
from drcheck.errors import DrcheckError

STOCKHOLM = ZoneInfo("Europe/Stockholm")


def at(text: str) -> int:
    return int(datetime.fromisoformat(text).timestamp())


def read(template: str, name: str, of=("orders",), zone=UTC) -> Named | None:
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
        ("{data_as_of:%d-%b-%y}.gz", "21-Nov-26.gz", "2026-11-21T00:00Z", "2026-11-21T23:59:59Z"),
        ("100%{{x}}{data_as_of:%%%Y%m%d}", "100%{x}%20261121", "2026-11-21T00:00Z", "2026-11-21T23:59:59Z"),
    ],
)
def test_a_name_tells_the_instant_of_its_data(template, name, lo, hi):
    assert instants(template, name) == (at(lo), at(hi or lo))


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


def test_an_hour_that_the_clocks_skip_is_none():
    assert instants("{data_as_of:%Y-%m-%dT%H%M}", "2026-03-29T0230", STOCKHOLM) is None
    assert instants("{data_as_of:%Y-%m-%dT%H}", "2026-03-29T02", STOCKHOLM) is None
    assert instants("{data_as_of:%Y-%m-%d}", "2011-12-30", ZoneInfo("Pacific/Apia")) is None


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
    assert read("{of}.*({data_as_of:%Y%m%d})?$", "a+b.*(20261121)?$", of=("a+b",)) is not None
    assert read("{of}.*({data_as_of:%Y%m%d})?$", "aab.*(20261121)?$", of=("a+b",)) is None


def test_a_name_without_an_instant_still_tells_the_data_set():
    assert read("{of}.tar", "orders.tar") == Named("orders", "", None, None)
    assert read("all.tar", "all.tar", of=("webshop",)) == Named("webshop", "", None, None)


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
        ("{data_as_of}", r"unknown field \{data_as_of\}"),
        ("{of:%Y}", r"unknown field \{of:%Y\}"),
        ("{data_as_of:%Y%m%d}{data_as_of:%H}", "twice"),
        ("{data_as_of:today}", "no directive"),
        ("{data_as_of:%%}", "no directive"),
        ("{data_as_of:%Y%Q}", "unknown directive %Q"),
        ("{data_as_of:%Y%m%d%}", "unknown directive %"),
        ("{data_as_of:%Y%m}", "not a whole date"),
        ("{data_as_of:%m%d}", "not a whole date"),
        ("{data_as_of:%Y%m%d%M}", "not a whole date"),
        ("{data_as_of:%Y%m%d%H%S}", "not a whole date"),
        ("{data_as_of:%Y%m%b%d}", "not a whole date"),
        ("{data_as_of:%Y%y%m%d}", "not a whole date"),
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
TEXT = st.text(st.characters(codec="utf-8"), max_size=8).map(lambda text: text.replace("{", "{{").replace("}", "}}"))


@given(st.sampled_from(FORMS), TEXT, TEXT, SECONDS, st.sampled_from(["orders", "a-b", "x/y", "{z}"]))
def test_reading_is_the_inverse_of_writing(form, before, after, instant, of):
    template = Template.parse(f"x{before}{{of}}{{data_as_of:{form}}}{after}")
    name = template.write(instant, of=of)
    assert Matcher(template, [of, "other"], UTC)(name) == Named(of, "", instant, instant)


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


def test_the_names_of_fifty_services_over_thirty_days_are_all_read():
    template = Template.parse("{of}/{data_as_of:%Y/%m/%d/%H%M}.dump.gz")
    start = datetime(2026, 10, 22, tzinfo=UTC)
    labels = [int((start + timedelta(hours=hour)).timestamp()) for hour in range(720)]
    services = [[template.write(label, of=f"service-{n}") for label in labels] for n in range(50)]
    matchers = [Matcher(template, [f"service-{n}"], STOCKHOLM) for n in range(50)]
    read = sum(match(name) is not None for match, names in zip(matchers, services, strict=True) for name in names)
    assert read == 36_000
