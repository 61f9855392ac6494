"""Amberflo promises uptime alone. Its cloud meter, which Prometheus watches, was down for 5 % more of the previous
month than the agreement allows, which credits 5 %: a day and a half in all, among it an hour of maintenance that was
announced a day ahead. The hour that was announced three days ahead is excused.

The host that tells of its billing meter cannot be reached.
"""

from __future__ import annotations

from datetime import timedelta

from lab.story import logs
from lab.story.telling import DAY, HOUR, MINUTE, SUNDAY, Story, instant, nth

SERVICE = "amberflo"
STATUS = "amberflo-status"
BILLING = "amberflo-billing-status"
"""The host that cannot be reached."""


def tell(story: Story) -> None:
    in_time, late = maintenance(story)
    cloud = [logs.throughout(in_time), logs.throughout(late), lasting(story)]
    export = logs.prometheus(story, {"job": "cloud-meter", "instance": "probe-1"}, cloud)
    story.write(STATUS, "cloud-meter/up.json", export)
    story.write(STATUS, "maintenance.jsonl", logs.json_lines([in_time, late]))
    third = logs.down(
        SERVICE, story.previous_month + timedelta(days=3), "08:00", 70 * MINUTE, scope="partial", cause="third-party"
    )
    story.write(BILLING, "outages.jsonl", logs.json_lines(logs.outage_log(story, [third])))


def maintenance(story: Story) -> tuple[logs.Record, logs.Record]:
    """Return the hour that was announced in time, and the one that was not."""
    second, third = (nth(count, SUNDAY, story.previous_month) for count in (2, 3))
    return (
        logs.window(SERVICE, "planned", second, "20:00", HOUR, ahead=3 * DAY),
        logs.window(SERVICE, "planned", third, "20:00", HOUR, ahead=DAY),
    )


def lasting(story: Story) -> logs.Record:
    """Return the outage that leaves, with the hour announced too late, 94.9 %: as near as samples tell it."""
    month = story.previous_month
    whole = instant(story.month, "00:00") - instant(month, "00:00")
    allowed_and_5_percent = whole * 51 // 1000 // logs.STEP * logs.STEP
    return logs.down(SERVICE, month + timedelta(days=2), "06:00", allowed_and_5_percent - HOUR)
