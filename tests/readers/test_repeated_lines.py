"""A record that is written again, byte for byte, says nothing new, in every log and form; another one of its name is a gap."""

from __future__ import annotations

import json
from collections.abc import Iterator

import pytest
from msgspec.structs import replace
from paged_place import source

from drcheck.core.model.log_records import Log
from drcheck.readers.logs import attestations, maintenance_log, outage_log, restore_log
from drcheck.readers.logs.log_file import Parse
from drcheck.registry import READERS

OUTAGES_CSV = outage_log.parser(source(path="status/outages.csv", reader=READERS["outage-log"]))
WINDOWS_CSV = maintenance_log.parser(source(path="status/maintenance.csv", reader=READERS["maintenance-log"]))
SPAN = {"started_at": "2026-09-01T07:00:00Z", "finished_at": "2026-09-01T08:00:00Z"}
OPEN = {"outage": "o1", "service": "web", "started_at": "2026-09-01T07:00:00Z"}
CLOSED = {**OPEN, "ended_at": "2026-09-01T08:00:00Z"}

JSON = {
    "test": (restore_log.parse, {"test": "t1", "service": "web", "outcome": "passed", **SPAN}),
    "announcement": (restore_log.parse, {"announces": "t1", "announced_at": "2026-08-01T07:00:00Z"}),
    "check": (restore_log.parse, {"check": "c1", "service": "web", "level": "complete", "outcome": "failed", **SPAN}),
    "aborted check": (
        restore_log.parse,
        {"check": "c1", "service": "web", "level": "complete", "outcome": "aborted", **SPAN},
    ),
    "outage": (outage_log.parse, CLOSED),
    "watched": (outage_log.parse, {"watched": {"from": "2026-09-01T00:00:00Z", "to": "2026-09-02T00:00:00Z"}}),
    "maintenance": (
        maintenance_log.parse,
        {
            "maintenance": "m1",
            "service": "web",
            "type": "planned",
            "starts_at": "2026-10-01T08:00:00Z",
            "ends_at": "2026-10-01T09:00:00Z",
        },
    ),
    "attestation": (
        attestations.parse,
        {
            "attests": "a",
            "service": "web",
            "statement": "It is so.",
            "by": "anna",
            "at": "2026-09-01T07:00:00Z",
            "expires_at": "2027-09-01T07:00:00Z",
        },
    ),
    "other service": (outage_log.parse, {**CLOSED, "service": "shop"}),
}
CSV = {
    "outage": (
        OUTAGES_CSV,
        "outage,service,started_at,ended_at,notes",
        'o1,web,2026-09-01T07:00:00Z,2026-09-01T08:00:00Z,"disk, then controller"',
    ),
    "watched": (
        OUTAGES_CSV,
        "outage,service,started_at,ended_at,watched_from,watched_to",
        ",,,,2026-09-01T00:00:00Z,2026-09-02T00:00:00Z",
    ),
    "maintenance": (
        WINDOWS_CSV,
        "maintenance,service,type,announced_at,starts_at,ends_at",
        "m1,web,planned,,2026-10-01T08:00:00Z,2026-10-01T09:00:00Z",
    ),
}


def once_and_twice(parse: Parse, line: str, header: str = "", end: str = "\n") -> Iterator[Log]:
    head = header + end if header else ""
    return (parse((head + (line + end) * times).encode(), "web", 1 << 40) for times in (1, 2))


@pytest.mark.parametrize("kind", JSON)
def test_a_record_of_json_lines_that_is_repeated_byte_for_byte_says_nothing_new(kind: str):
    parse, record = JSON[kind]
    once, twice = once_and_twice(parse, json.dumps(record))
    assert once.gaps == ()
    assert twice == once


@pytest.mark.parametrize("end", ["\n", "\r\n"])
@pytest.mark.parametrize("kind", CSV)
def test_a_row_of_csv_that_is_repeated_byte_for_byte_says_nothing_new(kind: str, end: str):
    parse, header, row = CSV[kind]
    once, twice = once_and_twice(parse, row, header, end)
    assert once.gaps == ()
    assert twice == once


def test_a_correction_that_is_repeated_says_nothing_new():
    broken, right = '{"outage": "o1"', json.dumps({**CLOSED, "corrects": 1})
    nothing = '{"corrects": 1}'
    for correction in (right, nothing):
        once = outage_log.parse(f"{broken}\n{correction}\n".encode(), "web")
        twice = outage_log.parse(f"{broken}\n{correction}\n{correction}\n".encode(), "web")
        assert once.gaps == ()
        assert twice == once


def test_an_open_outage_that_is_told_again_once_it_has_ended_stays_ended():
    log = outage_log.parse("".join(json.dumps(one) + "\n" for one in (OPEN, CLOSED, OPEN, CLOSED)).encode(), "web")
    assert [(one.ended_at is None, one.line) for one in log.outages] == [(False, 2)]
    assert log.gaps == ()


def test_a_repeated_line_of_another_service_can_still_be_corrected():
    theirs = json.dumps({**CLOSED, "service": "shop", "scope": "Total"})
    correction = json.dumps({**CLOSED, "service": "shop", "corrects": 2})
    assert outage_log.parse(f"{theirs}\n{theirs}\n{correction}\n".encode(), "web").gaps == ()


def test_a_line_that_is_no_record_is_a_gap_each_time():
    log = outage_log.parse(b"x\nx\n", "web")
    assert [gap.line for gap in log.gaps] == [1, 2]
    (gap,) = outage_log.parse(b'x\nx\n{"corrects": 1}\n', "web").gaps
    assert gap.line == 2


def test_a_record_that_could_not_be_taken_yet_is_taken_once_it_can():
    """It corrects its own line, which is no earlier one; two lines later the same bytes do."""
    second = json.dumps({**CLOSED, "corrects": 2})
    log = outage_log.parse(f"x\n{second}\n{second}\n".encode(), "web")
    assert [one.line for one in log.outages] == [3]
    assert [gap.line for gap in log.gaps] == [1]


def test_a_record_of_the_same_name_that_says_something_else_is_a_gap():
    for parse, record in (JSON["outage"], JSON["test"], JSON["check"], JSON["maintenance"]):
        log = parse((json.dumps(record) + "\n" + json.dumps({**record, "notes": "again"}) + "\n").encode(), "web")
        assert [gap.line for gap in log.gaps] == [2], record
        assert replace(log, gaps=()) == parse((json.dumps(record) + "\n").encode(), "web")
