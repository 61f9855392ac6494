"""Durations, sizes and lists in words, at their edges."""

from __future__ import annotations

import pytest

from drcheck.core import words


@pytest.mark.parametrize(
    ("seconds", "told", "exactly"),
    [
        (0, "0 s", "0 s"),
        (1, "1 s", "1 s"),
        (59, "59 s", "59 s"),
        (60, "1 min", "1 min"),
        (3599, "59 min 59 s", "59 min 59 s"),
        (86400, "1 d", "1 d"),
        (86400 + 1, "1 d", "1 d 1 s"),
        (86400 + 3600 + 60 + 1, "1 d 1 h", "1 d 1 h 1 min 1 s"),
    ],
)
def test_a_duration_is_told_in_its_two_longest_units_or_in_all(seconds, told, exactly):
    assert (words.duration(seconds), words.to_the_second(seconds)) == (told, exactly)


@pytest.mark.parametrize(
    ("count", "told"),
    [
        (0, "0 B"),
        (1, "1 B"),
        (1023, "1023 B"),
        (1024, "1 KiB"),
        (1536, "1.5 KiB"),
        ((1 << 20) - 1, "1024 KiB"),
        (1 << 20, "1 MiB"),
        (1 << 40, "1 TiB"),
        (1 << 50, "1024 TiB"),
    ],
)
def test_a_size_is_told_in_the_largest_unit_of_which_it_has_one(count, told):
    assert words.size(count) == told


@pytest.mark.parametrize(
    ("several", "told"),
    [("", ""), ("a", "a"), ("ab", "a and b"), ("abc", "a, b and c"), ("abcd", "a, b and 2 more")],
)
def test_a_list_names_up_to_three_and_counts_the_rest(several, told):
    assert words.several(list(several)) == told


def test_a_quote_is_cut_where_it_is_longer_than_it_may_be():
    assert [len(words.quoted("x" * length)) for length in (59, 60, 61)] == [61, 62, 63]
    assert words.quoted("x" * 61).endswith('x…"')


def test_one_thing_has_no_plural():
    assert [words.counted(number, "run") for number in (0, 1, 2)] == ["0 runs", "1 run", "2 runs"]
    assert words.counted(2, "copy", "copies") == "2 copies"
