"""A line of a log can be read in one way at most, and says what it says to the second."""

from __future__ import annotations

from datetime import UTC

import pytest

from drcheck.core.names.line_template import LineTemplate
from drcheck.errors import DrcheckError

AT = "2026-11-21T20:47:46Z"


@pytest.mark.parametrize(
    ("template", "line", "test"),
    [
        ("[{test}] {outcome} {finished_at}", f"[shop] passed {AT}", "shop"),
        # Neither the character before a word in the template nor the one after it may stand in it.
        ("[{test}] {outcome} {finished_at}", f"[a[b] passed {AT}", None),
        ("[{test}] {outcome} {finished_at}", f"[a]b] passed {AT}", None),
        ("({test}] {outcome} {finished_at}", f"(a[b] passed {AT}", "a[b"),
        ("{test}: {outcome} {finished_at}", f"[shop]: passed {AT}", "[shop]"),
        ("{test}: {outcome} {finished_at}", f"a:b: passed {AT}", None),
        ("{finished_at} {outcome} -{test}", f"{AT} passed -shop", "shop"),
        ("{test}-> {outcome} {finished_at}", f"a>b-> passed {AT}", "a>b"),
        ("{finished_at} {outcome} [{test}]", f"{AT} passed [a[b]", None),
        ("{finished_at} {outcome} [{test}]", f"{AT} passed [a]b]", None),
        ("{finished_at} {outcome} -{test}", f"{AT} passed -a-b", None),
        ("{finished_at} {outcome} -{test}", f"{AT} passed -a b", None),
        ("{finished_at} {outcome} {test}", f"{AT} passed {'x' * 200}", "x" * 200),
        ("{finished_at} {outcome} {test}", f"{AT} passed {'x' * 201}", None),
    ],
)
def test_a_word_holds_neither_of_the_characters_beside_it_in_the_template(template: str, line: str, test: str | None):
    found = LineTemplate.parse(template).match(line, UTC)
    assert (None if found is None else found["test"]) == test


@pytest.mark.parametrize(
    ("unit", "took", "seconds"),
    [
        ("", "1h5m30s", 3930), ("", "90s", 90), ("", "5m", 300), ("", "5min", 300), ("", "2h", 7200),
        ("", "1:05:30", 3930), ("", "0:00:01.5", 2), ("", "1.5s", 2),
        (":s", "90", 90), (":s", "90.2", 91), (":m", "5", 300), (":m", "0.5", 30), (":h", "2", 7200),
    ],
)  # fmt: skip
def test_how_long_it_took_is_counted_up_to_the_second(unit: str, took: str, seconds: int):
    template = LineTemplate.parse(f"{{finished_at}} {{outcome}} {{took{unit}}}")
    assert template.seconds(took) == seconds


@pytest.mark.parametrize(
    ("form", "told", "instant"),
    [
        ("%Y-%m-%d %I:%M %p", "2026-11-21 12:05 AM", "2026-11-21T00:05:00.000000Z"),
        ("%Y-%m-%d %I:%M %p", "2026-11-21 12:05 pm", "2026-11-21T12:05:00.000000Z"),
        ("%Y-%m-%d %I:%M %p", "2026-11-21 01:05 PM", "2026-11-21T13:05:00.000000Z"),
        ("%y-%j %H", "26-001 07", "2026-01-01T07:00:00.000000Z"),
        ("%Y-%j %H", "2024-366 07", "2024-12-31T07:00:00.000000Z"),
        ("%d %b %Y %T.%f", "01 Dec 2026 00:00:01.5", "2026-12-01T00:00:01.500000Z"),
        ("%a %F %T %z", "Sat 2026-11-21 20:47:46 -0130", "2026-11-21T22:17:46.000000Z"),
        ("%s", "1790000000", "2026-09-21T14:13:20.000000Z"),
        ("%F%%%T", "2026-11-21%20:47:46", "2026-11-21T20:47:46.000000Z"),
    ],
)
def test_an_instant_is_read_as_its_format_says(form: str, told: str, instant: str):
    found = LineTemplate.parse(f"{{outcome}} at {{finished_at:{form}}}").match(f"passed at {told}", UTC)
    assert found is not None
    assert found["finished_at"].replace("Z", "").ljust(26, "0") == instant.replace("Z", "")


@pytest.mark.parametrize(
    ("template", "needed"),
    [
        ("{finished_at} {outcome}", False),
        ("{finished_at:%F %T} {outcome}", True),
        ("{finished_at:%F %T %z} {outcome}", False),
        ("{finished_at:%s} {outcome}", False),
        ("{started_at:%F %T} {finished_at:%s} {outcome}", True),
        ("{finished_at} {outcome} {took:s}", False),
    ],
)
def test_a_zone_is_needed_where_an_instant_carries_none(template: str, needed: bool):
    assert LineTemplate.parse(template).needs_zone is needed


def test_a_format_may_end_in_a_per_cent_sign_of_its_own_but_not_in_half_a_directive():
    template = LineTemplate.parse("{outcome} {finished_at:%Y-%m-%d %H:%M:%S%%} {test}")
    assert template.match("passed 2026-11-21 20:47:46% shop", UTC) is not None
    with pytest.raises(DrcheckError, match="a % at its end"):
        LineTemplate.parse("{outcome} {finished_at:%Y-%m-%d %H:%M:%} {test}")
