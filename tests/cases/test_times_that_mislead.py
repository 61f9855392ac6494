"""Times that do not mean what they seem to: what is said of them names the setting that would be right."""

from __future__ import annotations

from datetime import timedelta

import pytest
from situation import Situation, assert_tells

RPO = "  rpo: {kind: rpo, at_most: 3h, evidence: [dumps]}\n"


def source(name: str, more: str = "") -> str:
    return f'  dumps: {{at: "disk:d/", reader: objects, name: "{name}"{more}}}\n'


def rejected(situation: Situation) -> str:
    return situation.judged()["rpo"]["rejected"][0]["why_not"]


def test_names_of_another_zone_than_the_policy_says_are_told_as_that(situation):
    began = situation.night(0)
    situation.put(f"d/{began + timedelta(hours=3):%Y-%m-%d_%H%M}.gz", situation.noise(4000), began)
    zone = ", name_zone: UTC, available_at: mtime"
    situation.policy(sources=source("{data_as_of:%Y-%m-%d_%H%M}.gz", zone), commitments=RPO)
    why = rejected(situation)
    assert "it claims data newer than its own arrival" in why
    assert "perhaps UTC (name_zone) is not the zone of the clock that wrote its name" in why


def test_no_zone_dates_a_name_years_ahead_or_before_a_time_that_was_set_back(situation):
    began = situation.night(0)
    for ahead, written in ((timedelta(days=400), began), (timedelta(0), situation.night(9))):
        situation.put(f"d/{began + ahead:%Y-%m-%d_%H%M}.gz", situation.noise(4000), written)
    zone = ", name_zone: UTC, available_at: mtime"
    situation.policy(sources=source("{data_as_of:%Y-%m-%d_%H%M}.gz", zone), commitments=RPO)
    future, set_back = (one["why_not"] for one in situation.judged()["rpo"]["rejected"])
    assert "it is dated in the future" in future
    assert "perhaps" not in future
    assert set_back.endswith("perhaps its time was set back, and available_at: mtime takes that at its word")


def test_names_that_carry_their_zone_are_not_said_to_be_of_another(situation):
    began = situation.night(0)
    situation.put(f"d/{began + timedelta(hours=3):%Y-%m-%dT%H%M}Z.gz", situation.noise(4000), began)
    situation.policy(
        sources=source("{data_as_of:%Y-%m-%dT%H%M}Z.gz", ", available_at: mtime, thinned_after: 9d"), commitments=RPO
    )
    why = rejected(situation)
    assert "name_zone" not in why
    assert "perhaps its time was set back, and available_at: mtime takes that at its word" in why


def test_a_hint_proposes_nothing_that_the_source_says_already(situation):
    for ago in (2, 1, 0):
        situation.put(f"n/{situation.night(ago):%Y-%m-%dT%H%M}Z.dump", situation.noise(9000), situation.night(ago))
    situation.policy(
        sources='  dumps: {at: "disk:n/", reader: objects, name: "{data_as_of:%Y-%m-%dT%H%M}Z.dump", '
        "available_at: name, thinned_after: 10d}\n",
        commitments="  rpo: {kind: rpo, at_most: 25h, evidence: [dumps]}\n",
    )
    told = " ".join(one["reason"] for one in situation.judged("--window", "2d")["rpo"]["unknowns"])
    assert "arrived somewhere between" in told
    assert "available_at: mtime" not in told
    assert "needs max_duration" in told


@pytest.mark.parametrize("more", ["", ", available_at: mtime"])
def test_what_was_seen_had_arrived_whatever_later_time_its_place_shows_for_it(situation, more):
    for ago in (3, 2):
        situation.put(f"d/{situation.night(ago):%Y-%m-%dT%H%M}Z.gz", situation.noise(4000), situation.night(ago))
    situation.put(f"d/{situation.night(0):%Y-%m-%dT%H%M}Z.gz", situation.noise(4000), situation.night(-2))
    situation.policy(
        sources=source("{data_as_of:%Y-%m-%dT%H%M}Z.gz", f"{more}, thinned_after: 9d"),
        commitments="  rpo: {kind: rpo, at_most: 20h, evidence: [dumps]}\n"
        "  every: {kind: backup_frequency, every: 20h, evidence: [dumps]}\n",
    )
    assert situation.statuses() == {"rpo": "met", "every": "met"}
    assert situation.statuses() == {"rpo": "met", "every": "met"}


def test_where_every_backup_is_dated_ahead_of_its_arrival_the_breach_says_that_of_the_newest(situation):
    for ago in range(3):
        name = situation.last_night + timedelta(hours=9) - timedelta(days=ago)
        situation.put(f"d/{name:%Y%m%d-%H%M}.dump", situation.noise(9000), situation.night(ago))
    situation.policy(
        sources='  dumps: {at: "disk:d/", reader: objects, name: "{data_as_of:%Y%m%d-%H%M}.dump", name_zone: UTC, '
        "available_at: mtime, thinned_after: never}\n",
        commitments="  rpo: {kind: rpo, at_most: 25h, evidence: [dumps]}\n",
    )
    found = situation.judged()["rpo"]
    assert found["status"] == "breached"
    assert_tells(found, ["does not count: it is dated in the future", "perhaps UTC (name_zone) is not the zone"])
