"""Names as tools write them: a date twice in a path, fractions of a second, local time over the end of summer time."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

RPO = "  rpo: {kind: rpo, at_most: %s, evidence: [dumps]}\n"


def test_a_date_that_stands_twice_must_agree_and_an_empty_dump_breaches(situation):
    for ago in range(5, -1, -1):
        began = situation.night(ago)
        for of in ("app", "billing"):
            content = b"" if (ago, of) == (0, "billing") else situation.noise(9000 + ago)
            situation.put(f"daily/{began:%Y-%m-%d}/pg-{of}_{began:%Y-%m-%d_%H-%M-%S}.sql.gz", content, began)
    situation.put(f"daily/{began:%Y-%m-%d}/pg-app_{began:%Y-%m-%d_%H-%M-%S}.sql.gz.in_progress", b"x", began)
    situation.policy(
        sources='  dumps: {at: "disk:daily/", reader: objects, of: [app, billing], name: '
        '"{data_as_of:%Y-%m-%d}/pg-{of}_{data_as_of:%Y-%m-%d_%H-%M-%S}.sql.gz", name_zone: UTC, available_at: mtime, '
        "thinned_after: 10d}\n",
        commitments=RPO % "25h",
    )
    rpo = situation.judged()["rpo"]
    assert rpo["status"] == "breached"
    assert {one["of"]: one["status"] for one in rpo["of"]} == {"app": "met", "billing": "breached"}


def test_a_fraction_of_a_second_stands_in_a_name(situation):
    for ago in range(5, -1, -1):
        began = situation.night(ago)
        situation.put(f"r/backup-{began:%Y-%m-%dT%H-%M}-0{ago}-{100 + ago * 37}Z.tar.gz", situation.noise(9000), began)
    situation.policy(
        sources='  dumps: {at: "disk:r/", reader: objects, name: "backup-{data_as_of:%Y-%m-%dT%H-%M-%S-%f}Z.tar.gz", '
        "available_at: mtime, thinned_after: 10d}\n",
        commitments=RPO % "25h",
    )
    assert situation.statuses() == {"rpo": "met"}


def test_local_names_over_the_end_of_summer_time_are_in_doubt_for_the_hour_that_comes_twice_alone(situation):
    paris = ZoneInfo("Europe/Paris")
    at = datetime(2026, 10, 24, 18, 30, tzinfo=UTC)
    while at <= datetime(2026, 10, 25, 5, 30, tzinfo=UTC):
        content = situation.noise(4000)
        situation.put(f"h/{at.astimezone(paris):%Y-%m-%d_%H%M}.sql.gz", content, at + timedelta(minutes=1))
        at += timedelta(hours=1)
    situation.policy(
        sources='  dumps: {at: "disk:h/", reader: objects, name: "{data_as_of:%Y-%m-%d_%H%M}.sql.gz", '
        "name_zone: Europe/Paris, available_at: mtime, thinned_after: never}\n",
        commitments=RPO % "65m" + "  hourly: {kind: backup_frequency, at_least: 1, per: hour, evidence: [dumps]}\n",
    )
    found = situation.judged("--as-of", "2026-10-25T05:45:00Z", "--window", "8h")
    for name, start, end in (
        ("rpo", "2026-10-25T00:35:00Z", "2026-10-25T01:31:00Z"),
        ("hourly", "2026-10-25T01:00:00Z", "2026-10-25T03:01:00Z"),
    ):
        spans = [*found[name]["breaches"], *found[name]["unknowns"]]
        assert found[name]["status"] == "met"
        assert spans
        assert all(start <= span["opened_at"] and span["closed_at"] <= end for span in spans), (name, spans)


def test_what_failed_or_is_not_finished_by_its_ending_is_no_backup_where_a_template_ends_openly(situation):
    for ago in (2, 1):
        situation.put(f"o/{situation.night(ago):%Y-%m-%dT%H%M}Z.dump.gz", situation.noise(9000), situation.night(ago))
    for ending in (".failed", "_FAILED", ".aborted", ".broken", ".corrupt", ".pending", ".download", ".swp", ".aria2"):
        name = f"o/{situation.night(0):%Y-%m-%dT%H%M}Z.dump.gz{ending}"
        situation.put(name, situation.noise(9000), situation.night(0))
    situation.policy(
        sources='  dumps: {at: "disk:o/", reader: objects, name: "{data_as_of:%Y-%m-%dT%H%M}Z.dump{*}", '
        "available_at: mtime, thinned_after: 10d}\n",
        commitments=RPO % "20h",
    )
    assert situation.statuses() == {"rpo": "breached"}
