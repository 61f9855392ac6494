"""Which part of a listing a look asks for: never too little, whatever the names look like."""

from __future__ import annotations

from datetime import UTC, datetime
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from drcheck.core.names.matching import Matcher
from drcheck.core.names.template import KINDS, Part, Template
from drcheck.interfaces import Seek
from drcheck.readers.points import listing_ranges

DAY = 86400
SETS = ("orders", "stock")
TEMPLATES = [
    "{of}/{data_as_of:%Y-%m-%dT%H%M}Z.gz",
    "{of}/{data_as_of:%Y-%m}/{*}-{data_as_of:%d_%H}.gz",
    "{data_as_of:%G-W%V}/{of}.gz",
    "{data_as_of:%G-W%V-%u}/{of}/",
    "{data_as_of:%Y-%m}/{of}-{part}.gz",
    "{data_as_of:%Y%m%d}-{of}-{*}.gz",
    "{*}-{of}-{data_as_of:%Y%m%d}.gz",
    "{**}/{of}-{data_as_of:%Y%m%d%H%M%S}.gz",
    "{data_as_of:%F}/{of}_{kind}_{data_as_of:%F_%H-%M-%S}.bak",
    "{kind}/{of}/{data_as_of:%s}.tar",
    "{data_as_of:%Y}/{of}/{kind}_{data_as_of:%m%d}.gz",
    "{data_as_of:%F}_{kind}{of}_{data_as_of:%H%M}.gz",
    "{of}/{data_as_of:%F_%I-%M-%p}.gz",
    "{of}/{data_as_of:%FT%H-%M-%S-%f}Z.gz",
    "{of}/{data_as_of:%F_%A}.gz",
    "{of}/{data_as_of:%d-%m-%Y}.gz",
    "{of}/{data_as_of:%B-%Y}/{data_as_of:%F}.gz",
    "{data_as_of:%y%j}-{of}.gz",
    "{other:%F}/{of}/{data_as_of:%F}.gz",
    "{part}/{of}/{data_as_of:%F}.gz",
    "{of}/{data_as_of:%s_%Y_%m_%d}_{*}_gitlab_backup.tar",
    "{of}-latest.gz",
]
FILLS = ["", "a", "zz", "0", "2", "~"]
KINDS_OF_OUR_OWN = {"VOLL": "full"}


def written(template: Template, label: int, of: str, kind: str, fill: str) -> str:
    fills = {Part.ANY: fill, Part.PART: fill.strip("~") or "1", Part.OTHER: None}
    name = "".join(
        fills.get(piece.part)
        or ("" if piece.part is Part.ANY else template.write(label, of=of, kind=kind, pieces=[piece]))
        for piece in template.pieces
    )
    return f"{name}x/y" if template.is_directory else name


@given(
    st.lists(st.sampled_from(TEMPLATES), min_size=1, max_size=3, unique=True),
    st.integers(1_700_000_000, 1_900_000_000),
    st.integers(0, 400 * DAY),
    st.integers(0, 10**6),
    st.sampled_from(FILLS),
    st.sampled_from([*KINDS, *KINDS_OF_OUR_OWN]),
    st.sampled_from(SETS),
    st.sampled_from([ZoneInfo("Europe/Stockholm"), ZoneInfo("Pacific/Kiritimati"), ZoneInfo("Pacific/Pago_Pago"), UTC]),
    st.sampled_from(list(Seek)),
)
def test_no_name_whose_data_can_lie_in_the_window_is_missed(texts, since, window, ago, fill, kind, of, zone, seek):
    templates = [Template.parse(text) for text in texts]
    match = Matcher(templates, SETS, zone, kinds=KINDS_OF_OUR_OWN)
    asked = listing_ranges.ranges_since(
        templates, SETS, kinds=KINDS_OF_OUR_OWN, instant=since, until=since + window, in_utc=zone is UTC, seek=seek
    )
    for template, text in zip(templates, texts, strict=True):
        instant = since + min(ago, window)
        local = datetime.fromtimestamp(instant, UTC if template.has_zone else zone)
        label = int(local.replace(tzinfo=UTC).timestamp())
        name = written(template, label, of, kind, fill)
        named = match(name)
        if named is None or (named.data_hi is not None and named.data_hi < since):
            continue  # it reads by none, or by another one, as something older
        assert any(name.startswith(each.prefix) and name > each.after for each in asked), (text, name, asked)
        assert any(of in each.of for each in asked)


@pytest.mark.parametrize("text", TEMPLATES)
def test_everything_holds_every_name(text):
    template = Template.parse(text)
    name = written(template, 1_790_000_000, "orders", "full", "zz")
    for asked in (listing_ranges.everything([template], SETS), listing_ranges.ranges_of_all([template], SETS)):
        assert any(name.startswith(each.prefix) for each in asked)


def asked(*texts: str, seek: Seek = Seek.AFTER) -> list[tuple[str, str]]:
    templates = [Template.parse(text) for text in texts]
    since = 1_790_000_000  # 2026-09-21T14:13:20Z
    found = listing_ranges.ranges_since(templates, SETS, instant=since, until=since + 30 * DAY, in_utc=True, seek=seek)
    return [(each.prefix, each.after) for each in found]


def test_a_listing_starts_as_late_as_the_beginning_of_names_allows():
    assert asked("x/{data_as_of:%F}/{*}-{of}-{data_as_of:%H%M}") == [("x/20", "x/2026-09-20/")]
    assert asked("x/{data_as_of:%Y-%m}/{*}-{of}-{data_as_of:%F}") == [("x/20", "x/2026-08/")]
    assert asked("x/{data_as_of:%G-W%V}/{of}") == [("x/", "x/2026-W38/")]
    assert asked("x/{data_as_of:%G-W%V}/{of}", seek=Seek.PREFIX) == [("x/2026", "")]
    assert asked("x/{*}/{data_as_of:%F}-{of}") == [("x/", "")]


def test_of_several_templates_what_one_listing_holds_is_not_listed_twice():
    assert asked("x/{data_as_of:%F}-{of}.bak", "x/{data_as_of:%F}-{of}.trn") == [("x/20", "x/2026-09-20")]
    assert asked("x/{data_as_of:%F}-{of}.bak", "x/{*}-{data_as_of:%F}-{of}.trn") == [("x/", "")]
    assert asked("a/{data_as_of:%F}-{of}", "b/{*}-{of}") == [("a/20", "a/2026-09-20"), ("b/", "")]


@pytest.mark.parametrize("seek", list(Seek))
def test_a_kind_and_a_data_set_between_two_times_are_each_listed(seek):
    text = "{data_as_of:%Y}/{of}_{kind}_{data_as_of:%m-%d}.bak"
    template = Template.parse(text)
    since = 1_700_000_000
    asked = listing_ranges.ranges_since(
        [template], SETS, kinds=["VOLL"], instant=since, until=since + DAY, in_utc=True, seek=seek
    )
    for of in SETS:
        for kind in (*KINDS, "VOLL"):
            name = template.write(since, of=of, kind=kind)
            assert any(name.startswith(each.prefix) and name > each.after for each in asked), (name, asked)
