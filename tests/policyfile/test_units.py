"""How quantities are written."""

from __future__ import annotations

from contextlib import suppress
from datetime import UTC, datetime
from decimal import Decimal
from fractions import Fraction
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from drcheck.core.model.commitments import Money, Notice
from drcheck.errors import DrcheckError
from drcheck.policyfile import units

STOCKHOLM = ZoneInfo("Europe/Stockholm")


@pytest.mark.parametrize(
    ("text", "seconds"),
    [
        ("90s", 90),
        ("15m", 900),
        ("8h", 28800),
        ("1d12h", 129600),
        ("90d", 7776000),
        ("2w", 1209600),
        ("1w1d1h1m1s", 694861),
    ],
)
def test_durations_are_whole_seconds(text, seconds):
    assert units.duration(text) == seconds


@pytest.mark.parametrize(
    "text",
    [
        "",
        "90",
        "0",
        "0s",
        "-1h",
        "1.5h",
        "1 h",
        "1month",
        "1M",
        "1y",
        "12h1d",
        "1h1h",
        "h",
        "1H",
        "٣h",
        "1h ",
        "P1D",
        "999999999w",
        "1" * 5000 + "s",
        "9" * 5000,
    ],
)
def test_what_is_no_duration_is_refused_with_what_would_be(text):
    with pytest.raises(DrcheckError) as caught:
        units.duration(text)
    assert caught.value.hint


def test_months_and_years_are_told_to_be_no_durations():
    with pytest.raises(DrcheckError, match="no fixed time"):
        units.duration("3 months")


@given(st.integers(1, 100 * 366 * 86400))
def test_a_duration_in_any_of_its_spellings_comes_back(seconds):
    rest, parts = seconds, []
    for unit, length in (("w", 604800), ("d", 86400), ("h", 3600), ("m", 60), ("s", 1)):
        count, rest = divmod(rest, length)
        parts.append(f"{count}{unit}")
    assert units.duration("".join(parts)) == seconds
    assert units.duration("".join(part for part in parts if part[0] != "0")) == seconds
    assert units.duration(f"{seconds}s") == seconds


@pytest.mark.parametrize(
    ("text", "count"),
    [
        ("1 B", 1),
        ("500 kB", 500_000),
        ("10 MiB", 10 << 20),
        ("10MiB", 10 << 20),
        ("1.5 GiB", 3 << 29),
        ("2 TB", 2 * 10**12),
        ("0.5 kB", 500),
    ],
)
def test_sizes_are_whole_bytes(text, count):
    assert units.size(text) == count


@pytest.mark.parametrize(
    "text", ["10", "0 B", "10 KB", "10 mb", "10 M", "1.5 B", "-1 MB", "1,5 MB", "10  MB", "MB", "9" * 18 + " PB"]
)
def test_what_is_no_size_is_refused(text):
    with pytest.raises(DrcheckError):
        units.size(text)


@given(st.integers(1, 10**6), st.sampled_from(["B", "kB", "MB", "GB", "KiB", "MiB", "GiB"]))
def test_a_size_is_its_amount_times_its_unit(amount, unit):
    one = units.size(f"1 {unit}")
    assert units.size(f"{amount} {unit}") == amount * one
    assert one in {1, 1000, 10**6, 10**9, 1 << 10, 1 << 20, 1 << 30}


@given(st.decimals(0, 100, places=6))
def test_percentages_are_exact(amount):
    assert units.percentage(f"{amount}%") == Fraction(amount) / 100


@pytest.mark.parametrize("text", ["99.9", "101%", "100.0001%", "-1%", "99,9%", "1e1%", "%"])
def test_what_is_no_percentage_is_refused(text):
    with pytest.raises(DrcheckError):
        units.percentage(text)


def test_money_is_exact_and_has_a_currency():
    assert units.money("1000 USD") == Money(Decimal(1000), "USD")
    assert str(units.money("249.90 EUR").amount) == "249.90"
    assert units.money("0.0001 BHD").amount == Decimal("0.0001")


@pytest.mark.parametrize(
    "text",
    ["1000", "USD 1000", "1000 usd", "1000 EURO", "1,000 USD", "1e3 USD", "-5 USD", "0.00 USD", "1.00001 USD", "1000  USD"],
)  # fmt: skip
def test_what_is_no_amount_of_money_is_refused(text):
    with pytest.raises(DrcheckError):
        units.money(text)


def test_notices_are_time_or_whole_business_days():
    assert units.notice("48h") == Notice(seconds=172800)
    assert units.notice("20 business days") == Notice(business_days=20)
    assert units.notice("1 business day") == Notice(business_days=1)
    for text in ("0 business days", "20", "20 days", "business days", "1.5 business days"):
        with pytest.raises(DrcheckError):
            units.notice(text)


@given(st.datetimes(datetime(1970, 1, 2), datetime(2999, 12, 30)), st.integers(-14 * 60, 14 * 60))
def test_an_instant_with_offset_comes_back(moment, offset):
    sign, hours, minutes = "-" if offset < 0 else "+", *divmod(abs(offset), 60)
    text = f"{moment:%Y-%m-%dT%H:%M:%S}{sign}{hours:02}:{minutes:02}"
    assert units.instant(text, STOCKHOLM) == int(moment.replace(tzinfo=UTC, microsecond=0).timestamp()) - offset * 60


def test_a_bare_date_is_its_first_instant_in_the_zone():
    assert units.instant("2026-07-01", STOCKHOLM) == units.instant("2026-06-30T22:00:00Z", STOCKHOLM)
    # Clocks in Beirut go from 24:00 to 01:00, in Havana from 01:00 back to 00:00.
    assert units.instant("2026-03-29", ZoneInfo("Asia/Beirut")) == units.instant("2026-03-28T22:00:00Z", UTC)
    assert units.instant("2026-11-01", ZoneInfo("America/Havana")) == units.instant("2026-11-01T04:00:00Z", UTC)


@pytest.mark.parametrize(
    "text",
    [
        "2026-01-01T00:00:00",
        "2026-01-01 00:00:00Z",
        "2026-01-01T24:00:00Z",
        "2026-13-01",
        "2026-02-29",
        "20260101",
        "1969-12-31",
        "3000-01-01",
        "2026-01-01T00:00:60Z",
        "2026-01-01T00:00Z",
        "2026-W01-1",
        "٢٠٢٦-01-01",
    ],
)
def test_what_is_no_instant_is_refused(text):
    with pytest.raises(DrcheckError):
        units.instant(text, UTC)


def test_hours_and_days_of_the_year():
    assert units.hours("07:00-17:00") == (25200, 61200)
    assert units.hours("00:00-24:00") == (0, 86400)
    assert units.month_day("02-29") == (2, 29)
    for text in ("17:00-07:00", "07:00-24:01", "7:00-17:00", "07:60-17:00", "07:00"):
        with pytest.raises(DrcheckError):
            units.hours(text)
    for text in ("02-30", "13-01", "00-01", "01-00", "1-1", "24-12"):
        with pytest.raises(DrcheckError):
            units.month_day(text)


@given(st.text(max_size=30))
def test_no_text_is_a_crash(text):
    for read in (units.duration, units.size, units.percentage, units.notice, units.day, units.hours, units.month_day):
        with suppress(DrcheckError):
            assert read(text) is not None
