"""Soarsilk promises uptime alone. Its previous month reached the 99.25 % of the agreement's own example, which credits
175 USD where 1,000 USD are paid. Partial outages do not count; maintenance, and what the customer or a third party
causes, is excused.
"""

from __future__ import annotations

from datetime import timedelta

from lab.story import logs
from lab.story.telling import DAY, HOUR, MINUTE, SUNDAY, Story, instant, nth

SERVICE = "soarsilk"
STATUS = "soarsilk-status"


def tell(story: Story) -> None:
    story.write(STATUS, "outages.csv", logs.comma_separated(logs.outage_log(story, outages(story))))
    story.write(STATUS, "maintenance.jsonl", logs.json_lines(maintenance(story)))


def outages(story: Story) -> list[logs.Record]:
    month = story.previous_month
    missed = (instant(story.month, "00:00") - instant(month, "00:00")) * 3 // 400  # 0.75 %, in whole seconds
    return [
        logs.down(SERVICE, month + timedelta(days=6), "08:00", missed - HOUR),
        logs.down(SERVICE, month + timedelta(days=20), "17:00", HOUR),
        logs.down(SERVICE, month + timedelta(days=14), "09:00", 3 * HOUR, scope="partial"),
        logs.down(SERVICE, month + timedelta(days=16), "04:00", 50 * MINUTE, cause="third-party"),
        *map(logs.throughout, maintenance(story)),
        *logs.hiccup(story, SERVICE, one_second_in=6000),
    ]


def maintenance(story: Story) -> list[logs.Record]:
    month = story.previous_month
    sunday, emergency = nth(2, SUNDAY, month), month + timedelta(days=23)
    return [
        logs.window(SERVICE, "regular", sunday, "22:00", 30 * MINUTE, ahead=2 * DAY),
        logs.window(SERVICE, "emergency", emergency, "05:00", 40 * MINUTE, ahead=0),
    ]
