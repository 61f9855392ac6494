"""Instants in the zone of the policy."""

from __future__ import annotations

from datetime import datetime
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from drcheck.core import words
from drcheck.policyfile import units
from drcheck.reports.wording.local_time import Local

STOCKHOLM, UTC = ZoneInfo("Europe/Stockholm"), ZoneInfo("UTC")


@pytest.mark.parametrize(
    ("sentence", "shown"),
    [
        ("of 2026-11-21T01:00:00Z, 1 h old", "of 2026-11-21T02:00:00+01:00, 1 h old"),
        ("2026-07-01T00:00:00Z to 2026-07-02T00:00:00Z", "2026-07-01T02:00:00+02:00 to 2026-07-02T02:00:00+02:00"),
        ("seen 2026-11-21T01:00:00Z: it is gone", "seen 2026-11-21T02:00:00+01:00: it is gone"),
        ("(2026-11-21T01:00:00Z).", "(2026-11-21T02:00:00+01:00)."),
        # The hour that October has twice, and the one that March has not.
        ("2026-10-25T00:30:00Z, 2026-10-25T01:30:00Z", "2026-10-25T02:30:00+02:00, 2026-10-25T02:30:00+01:00"),
        ("2026-03-29T01:30:00Z", "2026-03-29T03:30:00+02:00"),
        # Names of files and ids of records.
        ("orders/2026-11-21T01:00:00Z.dump is gone", "orders/2026-11-21T01:00:00Z.dump is gone"),
        ("vault:2026-11-21T01:00:00Z/base.tar", "vault:2026-11-21T01:00:00Z/base.tar"),
        ("outage-2026-11-21T01:00:00Z was open", "outage-2026-11-21T01:00:00Z was open"),
        ("2026-11-21T01:00:00Z.dump", "2026-11-21T01:00:00Z.dump"),
        ("the night of 2026-11-21", "the night of 2026-11-21"),
        ("9999-99-99T00:00:00Z", "9999-99-99T00:00:00Z"),
        ("0001-01-01T00:00:00Z", "0001-01-01T00:00:00Z"),
        ("9999-12-31T23:59:59Z", "9999-12-31T23:59:59Z"),
    ],
)
def test_instants_of_a_sentence_are_shown_in_the_zone_and_names_as_they_are(sentence, shown):
    assert Local(STOCKHOLM).text(sentence) == shown


def test_a_name_that_is_an_instant_is_left_as_it_is():
    local = Local(STOCKHOLM, ["2026-11-21T01:00:00Z"])
    assert local.text("2026-11-21T01:00:00Z of 2026-11-20T23:00:00Z") == (
        "2026-11-21T01:00:00Z of 2026-11-21T00:00:00+01:00"
    )


def test_utc_keeps_its_z():
    assert Local(UTC).text("of 2026-11-21T01:00:00Z") == "of 2026-11-21T01:00:00Z"
    assert Local(ZoneInfo("Europe/London")).instant(0) == "1970-01-01T01:00:00+01:00"


@given(
    st.integers(-(1 << 62), 1 << 62) | st.integers(-2_000_000_000, 4_000_000_000),
    st.sampled_from(
        [
            "UTC",
            "Europe/London",
            "Asia/Kathmandu",
            "America/St_Johns",
            "Pacific/Apia",
            "Africa/Monrovia",
            "Europe/Amsterdam",
        ]
    ),
)
def test_what_is_shown_is_the_same_instant(seconds, zone):
    shown = Local(ZoneInfo(zone)).instant(seconds)
    if "T" in shown:
        assert datetime.fromisoformat(shown).timestamp() == seconds
    else:
        assert shown == words.instant(seconds)


def test_what_is_shown_can_be_asked_for():
    assert units.instant(Local(STOCKHOLM).instant(1_795_228_200), UTC) == 1_795_228_200
