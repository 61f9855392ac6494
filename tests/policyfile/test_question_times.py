"""Instants and periods as people name them."""

from __future__ import annotations

from datetime import UTC
from zoneinfo import ZoneInfo

import pytest

from drcheck.core import words
from drcheck.errors import DrcheckError
from drcheck.policyfile.question_times import moment, period

STOCKHOLM = ZoneInfo("Europe/Stockholm")


@pytest.mark.parametrize(
    ("text", "start", "end"),
    [
        ("2026-Q3", "2026-06-30T22:00:00Z", "2026-09-30T22:00:00Z"),
        ("2026q4", "2026-09-30T22:00:00Z", "2026-12-31T23:00:00Z"),
        ("2026-09", "2026-08-31T22:00:00Z", "2026-09-30T22:00:00Z"),
        ("2026-12", "2026-11-30T23:00:00Z", "2026-12-31T23:00:00Z"),
        ("2026", "2025-12-31T23:00:00Z", "2026-12-31T23:00:00Z"),
        ("2026-10-25", "2026-10-24T22:00:00Z", "2026-10-25T23:00:00Z"),
    ],
)
def test_a_period_begins_and_ends_at_midnight_of_the_policys_zone(text, start, end):
    found = period(text)
    assert (words.instant(found.start(STOCKHOLM)), words.instant(found.end(STOCKHOLM))) == (start, end)


@pytest.mark.parametrize(
    "text", ["2026-Q5", "2026-13", "2026-00", "26", "2026-9", "last week", "2026-02-30", "0001", ""]
)
def test_what_is_no_period_is_refused_with_how_it_is_written(text):
    with pytest.raises(DrcheckError) as refused:
        period(text)
    assert refused.value.hint


def test_a_moment_is_an_instant_or_the_beginning_of_a_period():
    assert words.instant(moment("2026-11-01")(STOCKHOLM)) == "2026-10-31T23:00:00Z"
    assert words.instant(moment("2026-11")(UTC)) == "2026-11-01T00:00:00Z"
    assert words.instant(moment("2026-11-01T10:00:00+02:00")(STOCKHOLM)) == "2026-11-01T08:00:00Z"
    with pytest.raises(DrcheckError, match="neither a date nor an instant"):
        moment("yesterday")
