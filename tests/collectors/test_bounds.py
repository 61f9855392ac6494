"""What numbers, instants and names from outside can be."""

from __future__ import annotations

import math
from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from drcheck.collectors import value_bounds
from drcheck.collectors.value_bounds import EARLIEST, LARGEST, LATEST, Nonsense
from tests.collectors.lies import NO_DATES, NO_INSTANTS, NO_SIZES

INSTANTS = st.integers(EARLIEST, LATEST - 1)


def moment(seconds: int) -> datetime:
    return datetime(1970, 1, 1, tzinfo=UTC) + timedelta(seconds=seconds)


@pytest.mark.parametrize(
    ("read", "texts"),
    [(value_bounds.count, NO_SIZES), (value_bounds.rfc3339, NO_INSTANTS), (value_bounds.http_date, NO_DATES)],
)
def test_what_no_storage_says_is_nonsense(read, texts):
    for text in texts:
        with pytest.raises(Nonsense) as caught:
            read(text)
        assert len(str(caught.value)) < 300


@given(st.integers(0, LARGEST))
def test_every_size_that_can_be_is_read(size):
    assert value_bounds.count(str(size)) == size


@given(INSTANTS)
def test_every_instant_that_can_be_is_read_in_each_form(instant):
    at = moment(instant)
    assert value_bounds.rfc3339(at.strftime("%Y-%m-%dT%H:%M:%S.999Z")) == instant
    assert value_bounds.rfc3339(at.strftime("%Y-%m-%dT%H:%M:%SZ")) == instant
    assert value_bounds.http_date(at.strftime("%a, %d %b %Y %H:%M:%S GMT")) == instant
    assert value_bounds.decimal(f"{instant}.0000000000") == value_bounds.decimal(str(instant)) == instant


@given(INSTANTS, st.integers(-14 * 60, 14 * 60))
def test_a_zone_is_reckoned_with(instant, minutes):
    sign, (hours, rest) = "-" if minutes < 0 else "+", divmod(abs(minutes), 60)
    local = moment(instant + minutes * 60)
    if 1900 <= local.year < 3000:
        assert value_bounds.rfc3339(f"{local:%Y-%m-%dT%H:%M:%S}{sign}{hours:02}:{rest:02}") == instant


@given(st.integers(EARLIEST, LATEST - 2), st.integers(0, 10**9 - 1))
def test_fractions_of_a_second_are_cut_towards_the_past(instant, nanoseconds):
    # as find prints them: a time before 1970 with its fraction counted back from zero
    exact = instant + nanoseconds / 10**9 if instant >= 0 or not nanoseconds else None
    if exact is not None:
        assert value_bounds.decimal(f"{instant}.{nanoseconds:09}0") == instant
    else:
        whole = instant + 1
        written = f"{'-' if whole == 0 else ''}{whole}.{10**9 - nanoseconds:09}0"
        assert value_bounds.decimal(written) == instant


@given(st.text())
def test_any_text_is_read_or_is_nonsense(text):
    for read in (
        value_bounds.count,
        value_bounds.decimal,
        value_bounds.rfc3339,
        value_bounds.http_date,
        value_bounds.name,
        value_bounds.path,
    ):
        try:
            read(text)
        except Nonsense:
            continue


@given(st.text(alphabet="0123456789-+:.TZ \u0661\uff12", max_size=30))
def test_any_digits_are_a_number_of_ours_or_nonsense(text):
    for read in (value_bounds.count, value_bounds.decimal, value_bounds.rfc3339):
        try:
            found = read(text)
        except Nonsense:
            continue
        assert text.isascii()
        assert EARLIEST <= found <= LARGEST


def test_a_lock_for_ever_holds_as_long_as_is_reckoned_with():
    assert value_bounds.until(datetime(9999, 12, 31, 23, 59, 59, 999999, tzinfo=UTC)) == LATEST - 1
    assert value_bounds.until(datetime(2027, 1, 1, tzinfo=UTC)) == 1_798_761_600
    with pytest.raises(Nonsense, match="no zone"):
        value_bounds.until(datetime(2027, 1, 1))
    assert math.isclose(LATEST, moment(LATEST).timestamp())


@pytest.mark.parametrize("name", ["", "/a", "a//b", "../a", "a/..", "a/./b", "a\0b", "x" * 5000, "\u00e4" * 2049])
def test_a_name_that_leads_elsewhere_is_none(name):
    with pytest.raises(Nonsense):
        value_bounds.path(name)


@pytest.mark.parametrize("name", ["a", "a/b", "..a", "a\nb", "x" * 4096, " ", "-rf"])
def test_odd_names_are_names(name):
    assert value_bounds.path(name) == name
