"""Records of logs, and the forms that logs are written in: JSON Lines, CSV, an export of Prometheus."""

from __future__ import annotations

import csv
import io
import json
from collections.abc import Iterable, Mapping
from datetime import UTC, date, datetime, timedelta

from lab.story.telling import DAY, MINUTE, Story, instant, rfc3339

Record = dict[str, object]

STEP = 5 * MINUTE
"""Between the samples of an export; after that long, Prometheus takes a sample for stale."""
_COLUMNS = ("outage", "service", "started_at", "ended_at", "scope", "cause", "watched_from", "watched_to")


def down(
    service: str, day: date, at: str, seconds: int, *, scope: str = "total", cause: str = "", **told: object
) -> Record:
    """Return an outage that begins at a time, in UTC, of a day; ``told`` are further keys of its record."""
    begin = instant(day, at)
    record = {
        "outage": f"{day}-{at.replace(':', '')}",
        "service": service,
        "started_at": rfc3339(begin),
        "ended_at": rfc3339(begin + seconds),
        "scope": scope,
    }
    return record | ({"cause": cause} if cause else {}) | told


def hiccup(story: Story, service: str, *, one_second_in: int) -> list[Record]:
    """Return one short outage of the current month, in proportion to what has passed of it, in whole minutes."""
    begin = instant(story.month, "00:00")
    minutes = (story.now - begin) // one_second_in // MINUTE
    started = datetime.fromtimestamp(begin + (story.now - begin) // 3, UTC)
    return [down(service, started.date(), f"{started:%H:%M}", minutes * MINUTE)] if minutes else []


def window(service: str, kind: str, day: date, at: str, seconds: int, *, ahead: int) -> Record:
    """Return maintenance of ``kind`` that begins at a time, in UTC, of a day, announced so many seconds ahead."""
    begin = instant(day, at)
    return {
        "maintenance": f"{kind}-{day}-{at.replace(':', '')}",
        "service": service,
        "type": kind,
        "announced_at": rfc3339(begin - ahead),
        "starts_at": rfc3339(begin),
        "ends_at": rfc3339(begin + seconds),
    }


def throughout(window: Record) -> Record:
    """Return the outage that maintenance was: all of its window."""
    return {
        "outage": window["maintenance"],
        "service": window["service"],
        "started_at": window["starts_at"],
        "ended_at": window["ends_at"],
        "scope": "total",
    }


def recovery(
    test: str, service: str, scenarios: list[str], begin: int, took: int, point: Mapping[str, str], target: str
) -> Record:
    """Return the record of a restore test that passed."""
    return {
        "test": test,
        "service": service,
        "scenarios": scenarios,
        "started_at": rfc3339(begin),
        "disrupted_at": rfc3339(begin),
        "declared_at": rfc3339(begin + 10 * MINUTE),
        "restore_started_at": rfc3339(begin + 20 * MINUTE),
        "restored_at": rfc3339(begin + took - 10 * MINUTE),
        "validated_at": rfc3339(begin + took),
        "finished_at": rfc3339(begin + took),
        "outcome": "passed",
        "target_site": target,
        "recovery_point": dict(point),
        "validation": "validated",
        "operator": "on-call",
    }


def attested(now: int, service: str, commitment: str, by: str, statement: str) -> list[Record]:
    """Return a statement that was good for half a year, and the one that renewed it in time."""
    common = {"attests": commitment, "service": service, "statement": statement, "by": by}
    return [
        common | {"at": rfc3339(now - ago * DAY), "expires_at": rfc3339(now + (180 - ago) * DAY)} for ago in (190, 20)
    ]


def watched(story: Story) -> list[Record]:
    """Return that somebody watched, day by day, from the first day of last year until this minute."""
    day = story.month.replace(year=story.month.year - 1, month=1)
    until = story.now // MINUTE * MINUTE
    found: list[Record] = []
    while (begin := instant(day, "00:00")) < until:
        found.append({"watched": {"from": rfc3339(begin), "to": rfc3339(min(begin + DAY, until))}})
        day += timedelta(days=1)
    return found


def outage_log(story: Story, outages: Iterable[Record]) -> list[Record]:
    """Return outages that are over, and what was watched, in the order in which they were written down."""
    over = [one for one in outages if str(one["ended_at"]) <= rfc3339(story.now)]
    return sorted([*over, *watched(story)], key=_written)


def _written(record: Record) -> str:
    told = record.get("watched")
    return str(told["to"] if isinstance(told, dict) else record["ended_at"])


def announced(story: Story, windows: Iterable[Record]) -> list[Record]:
    """Return the windows that have been announced by now, in that order."""
    known = [one for one in windows if str(one["announced_at"]) <= rfc3339(story.now)]
    return sorted(known, key=lambda one: str(one["announced_at"]))


def json_lines(records: Iterable[Record]) -> bytes:
    return "".join(json.dumps(record, ensure_ascii=False) + "\n" for record in records).encode()


def comma_separated(records: Iterable[Record]) -> bytes:
    """Return an outage log as CSV."""
    text = io.StringIO()
    writer = csv.DictWriter(text, _COLUMNS, lineterminator="\n")
    writer.writeheader()
    for record in records:
        told = record.get("watched")
        row = {"watched_from": told["from"], "watched_to": told["to"]} if isinstance(told, dict) else record
        writer.writerow(row)
    return text.getvalue().encode()


def prometheus(story: Story, labels: Mapping[str, str], outages: Iterable[Record]) -> bytes:
    """Return what Prometheus answers to a query for a range vector of ``up`` from the previous month on."""
    spans = [(str(one["started_at"]), str(one["ended_at"])) for one in outages]
    values = []
    for at in range(instant(story.previous_month, "00:00"), story.now + 1, STEP):
        told = rfc3339(at)
        values.append([at, "0" if any(begin <= told < end for begin, end in spans) else "1"])
    series = {"metric": {"__name__": "up", **labels}, "values": values}
    return json.dumps({"status": "success", "data": {"resultType": "matrix", "result": [series]}}).encode()
