"""Logs as CSV: a row is the same record as the line of JSON that says the same."""

from __future__ import annotations

import csv
import io
import json

import pytest
from hypothesis import example, given
from hypothesis import strategies as st
from paged_place import NOW, Place, source

from drcheck.core.model.evidence import FOREVER, LONG_AGO
from drcheck.interfaces import LookRequest
from drcheck.readers.logs import attestations, csv_lines, maintenance_log, outage_log, restore_log
from drcheck.registry import READERS

OUTAGES = outage_log.parser(source(path="status/outages.csv", reader=READERS["outage-log"]))
WINDOWS = maintenance_log.parser(source(path="status/maintenance.csv", reader=READERS["maintenance-log"]))
HEADER = "outage,service,started_at,ended_at,scope,cause,scenario,recovered_by,notes,watched_from,watched_to\n"
OUTAGE = {
    "outage": "o1",
    "service": "web",
    "started_at": "2026-09-01T07:00:00Z",
    "ended_at": "2026-09-01T08:00:00Z",
    "scope": "partial",
    "cause": "third-party",
    "scenario": "server",
    "recovered_by": "restore, then replay",
    "notes": 'the "old" disk',
}
POINT = {"source": "dumps", "of": "orders", "name": "orders/x.gz"}
WATCHED = {"watched_from": "2026-09-01T00:00:00Z", "watched_to": "2026-09-02T00:00:00Z"}
WINDOW = {
    "maintenance": "m1",
    "service": "web",
    "type": "planned",
    "announced_at": "2026-08-01T08:00:00Z",
    "starts_at": "2026-10-01T08:00:00Z",
    "ends_at": "2026-10-01T09:00:00Z",
}


def table(*rows: dict[str, str], columns: list[str] | None = None) -> bytes:
    text = io.StringIO()
    names = columns or list({name: None for row in rows for name in row})
    writer = csv.DictWriter(text, names, restval="")
    writer.writeheader()
    writer.writerows(rows)
    return text.getvalue().encode()


def test_a_row_is_the_same_record_as_a_line_of_json():
    log = OUTAGES(table(OUTAGE, {**WATCHED}), "web", FOREVER)
    watched = {"watched": {"from": WATCHED["watched_from"], "to": WATCHED["watched_to"]}}
    # The header is a line as well: an empty one stands in its place.
    lines = "\n" + json.dumps(OUTAGE) + "\n" + json.dumps(watched) + "\n"
    assert log == outage_log.parse(lines.encode(), "web")
    assert (len(log.outages), len(log.watched), log.gaps) == (1, 1, ())
    assert log.recoveries[0].notes == 'the "old" disk'
    assert WINDOWS(table(WINDOW), "web", FOREVER) == maintenance_log.parse(b"\n" + json.dumps(WINDOW).encode() + b"\n", "web")  # fmt: skip


def test_a_row_tells_the_recovery_point_of_a_real_recovery_like_a_line_of_json():
    log = OUTAGES(table({**OUTAGE, **{f"recovery_point_{key}": told for key, told in POINT.items()}}), "web", FOREVER)
    assert log == outage_log.parse(("\n" + json.dumps({**OUTAGE, "recovery_point": POINT}) + "\n").encode(), "web")
    (recovery,) = log.recoveries
    assert (recovery.point_source, recovery.point_of, recovery.point_name) == ("dumps", "orders", "orders/x.gz")


def test_columns_stand_in_any_order_and_unknown_ones_say_nothing():
    row = {"severity": "1", **dict(reversed(OUTAGE.items())), "watched": "yes", "recovery_point": "x"}
    assert OUTAGES(table(row), "web", FOREVER) == OUTAGES(table(OUTAGE), "web", FOREVER)


def test_an_empty_cell_says_nothing():
    log = OUTAGES(table({**OUTAGE, "ended_at": "", "scope": ""}), "web", FOREVER)
    assert [(one.ended_at, one.total) for one in log.outages] == [(None, True)]


def test_a_byte_order_mark_and_the_line_ends_of_either_kind_are_taken():
    plain = OUTAGES(table(OUTAGE), "web", FOREVER)
    assert len(plain.outages) == 1
    assert OUTAGES(b"\xef\xbb\xbf" + table(OUTAGE), "web", FOREVER) == plain
    assert OUTAGES(table(OUTAGE).replace(b"\r\n", b"\n"), "web", FOREVER) == plain


def test_an_open_outage_is_closed_by_a_second_row():
    log = OUTAGES(table({**OUTAGE, "ended_at": ""}, OUTAGE), "web", FOREVER)
    assert [(one.line, one.ended_at is None) for one in log.outages] == [(3, False)]


def test_rows_of_another_service_are_skipped_and_are_no_gaps():
    log = OUTAGES(table({**OUTAGE, "service": "other"}), "web", FOREVER)
    assert (log.outages, log.recoveries, log.gaps) == ((), (), ())


@pytest.mark.parametrize(
    ("row", "what"),
    [
        ("o2,web", "it has 2 cells, and the header names 11"),
        ("o2,web" + "," * 10, "it has 12 cells, and the header names 11"),
        ("," * 10, "its kind is not known"),
        ("o2,web,2026-09-01T07:00:00Z,,,,,,,2026-09-01T00:00:00Z,2026-09-02T00:00:00Z", "its kind is not known"),
        (",,,,,,,,,2026-09-01T00:00:00Z,", "to is missing"),
        ("o2,,2026-09-01T07:00:00Z,,,,,,,,", "service is missing"),
        ("o2,web,2026-09-01 07:00,,,,,,,,", "started_at is not an instant with offset"),
        ("o2,web,2999-09-01T07:00:00Z,,,,,,,,", "started_at lies in the future"),
        ("o2,web,2026-09-01T07:00:00Z,2026-09-01T06:00:00Z,,,,,,,", "ended_at lies before started_at"),
        ("o2,web,2026-09-01T07:00:00Z,,half,,,,,,", "scope is 'half'"),
        ("o1,web,2026-09-01T07:00:00Z,,,,,,,,", "outage o1 is already recorded in line 2"),
        ("o2, web,2026-09-01T07:00:00Z,,,,,,,,", "service begins or ends with white space"),
        ("o2 ,web,2026-09-01T07:00:00Z,,,,,,,,", "outage begins or ends with white space"),
        ("o2,web,2026-09-01T07:00:00Z,, total,,,,,,", "scope begins or ends with white space"),
        ('"o2"x,web,2026-09-01T07:00:00Z,,,,,,,,', "its quotes are not those of a CSV record"),
        ("o2\t,web,2026-09-01T07:00:00Z,,,,,,,,", "it holds control characters"),
        ("o2\u202e,web,2026-09-01T07:00:00Z,,,,,,,,", "it holds control characters"),
        ("o2,web,2026-09-01T07:00:00Z,,,,,,\x1b[2J,,", "it holds control characters"),
        ("o2,web,2026-09-01T07:00:00Z,,,,,," + "x" * 70_000 + ",,", "it is longer than 64 KiB"),
    ],
)
def test_a_row_that_is_no_record_is_a_gap_of_its_line_and_the_others_stand(row, what):
    first = table(OUTAGE, columns=HEADER.strip().split(","))
    last = table({**OUTAGE, "outage": "o9"}, columns=HEADER.strip().split(",")).split(b"\r\n")[1]
    log = OUTAGES(first + b"\r\n" + row.encode() + b"\n" + last + b"\n", "web", NOW)
    assert [(one.id, one.line) for one in log.outages] == [("o1", 2), ("o9", 5)]
    (gap,) = log.gaps
    assert what in gap.what
    assert gap.line == 4


@pytest.mark.parametrize("more", ["", "x" * 200_000])
def test_a_newline_within_quotes_makes_no_record_out_of_what_follows_it(more):
    hostile = {**OUTAGE, "notes": "one\no2,web,2026-09-01T07:00:00Z,,,,,,,,\ntwo" + more}
    rows = table(hostile, {**OUTAGE, "outage": "o3"}, columns=HEADER.strip().split(","))
    log = OUTAGES(rows, "web", FOREVER)
    assert [(one.id, one.line) for one in log.outages] == [("o3", 5)]
    why = "it is held by the quotes of line 2 to line 4"
    assert [(gap.what, gap.line) for gap in log.gaps] == [(why, 2), (why, 3), (why, 4)]


def test_quotes_that_do_not_close_hold_all_that_follows():
    rows = HEADER + '"o1,web,2026-09-01T07:00:00Z,,,,,,,,\no2,web,2026-09-01T07:00:00Z,,,,,,,,\n'
    log = OUTAGES(rows.encode(), "web", FOREVER)
    assert (log.outages, [gap.line for gap in log.gaps]) == ((), [2, 3])


def test_a_last_row_that_does_not_end_is_still_being_written():
    log = OUTAGES(table(OUTAGE) + b"o2,web,2026-09-01T07:00:00Z", "web", FOREVER)
    assert [(gap.what, gap.line) for gap in log.gaps] == [("it is still being written: it does not end", 3)]


@pytest.mark.parametrize(
    ("data", "what"),
    [
        (b"", "it has no header line that ends"),
        (b"outage,service,started_at,ended_at", "it has no header line that ends"),
        (b"outage,service,ended_at\n", "it has no column started_at"),
        (b"outage|service|started_at|ended_at\n", "it has no column outage, started_at, ended_at"),
        (b"Outage,Service,started_at,ended_at\n", "it has no column outage"),
        (b"outage,service,started_at,ended_at,outage\n", "column outage stands twice"),
        (b"outage,service,started_at,ended_at,watched_to,watched_to\n", "column watched_to stands twice"),
        (b"outage,service,started_at,ended_at, cause\n", "column ' cause' begins or ends with white space"),
        (b'{"outage": "o1"}\n', "it has no column outage"),
        (b'"outage\n,service"\n', "its quotes are not those of a CSV record"),
        (b"\xff\xfe\n", "it is not UTF-8"),
        (b"\n" + HEADER.encode(), "it has no column outage"),
    ],
)
def test_without_its_header_nothing_is_read_and_the_gap_is_of_the_whole_look(data, what):
    log = OUTAGES(data, "web", FOREVER)
    (gap,) = log.gaps
    assert what in gap.what
    assert gap.hides
    assert "outage, started_at, ended_at; and, if wanted, service, scope" in gap.hint
    place = Place(files={"outages.csv": data})
    where = source(path="status/outages.csv", reader=READERS["outage-log"])
    seen = outage_log.read(place, where, "outages.csv", LookRequest(LONG_AGO, NOW, 300, "web"))
    assert not seen.look.complete
    assert (seen.log.known_until, len(seen.log.unseen), seen.log.gaps) == (LONG_AGO, 1, ())


def test_a_log_that_is_missing_is_to_be_created_with_its_header_line():
    where = source(path="status/outages.csv", reader=READERS["outage-log"])
    seen = outage_log.read(Place(), where, "outages.csv", LookRequest(LONG_AGO, NOW, 300, "web"))
    assert seen.look.gaps[0].hint == (
        "Create it, with its header line alone if nothing is to be told yet, or correct the source's path."
    )


def test_a_log_of_maintenance_needs_all_its_columns():
    (gap,) = WINDOWS(b"maintenance,service,type\n", "web", FOREVER).gaps
    assert "it has no column starts_at, ends_at" in gap.what
    assert gap.hint.endswith("maintenance, type, starts_at, ends_at; and, if wanted, service, announced_at, corrects.")


CELL = st.sampled_from([*OUTAGE.values(), *WATCHED.values(), "", "other", '"', "\n", "\r", '""', ",", "\x1b"]) | st.text(max_size=4)  # fmt: skip


@given(st.binary(max_size=200), st.sampled_from([OUTAGES, WINDOWS]))
@example(b'outage,service,started_at,ended_at\n"', OUTAGES)
def test_no_bytes_make_a_parser_fail(data, parse):
    parse(data, "web", NOW)
    parse(HEADER.encode() + data, "web", NOW)


@given(st.lists(st.lists(CELL, min_size=9, max_size=13), max_size=5))
def test_a_row_only_ever_says_what_it_says_alone_and_only_of_its_own_service(rows):
    data = HEADER + "".join(",".join(row) + "\n" for row in rows)
    log = OUTAGES(data.encode("utf-8", "surrogatepass"), "web", NOW)
    lines = data.encode("utf-8", "surrogatepass").split(b"\n")
    for outage in log.outages:
        alone = OUTAGES(HEADER.encode() + lines[outage.line - 1] + b"\n", "web", NOW)
        assert [one._replace(line=outage.line) for one in alone.outages] == [outage]
        cells = csv_lines._cells(lines[outage.line - 1].removesuffix(b"\r").decode())
        assert cells[:2] == [outage.id, "web"]


def as_semicolons(text: bytes) -> bytes:
    rows = list(csv.reader(io.StringIO(text.decode())))
    out = io.StringIO()
    csv.writer(out, delimiter=";").writerows(rows)
    return out.getvalue().encode()


def test_semicolons_separate_columns_as_well_as_commas():
    log = OUTAGES(table(OUTAGE, {**WATCHED}), "web", FOREVER)
    assert OUTAGES(as_semicolons(table(OUTAGE, {**WATCHED})), "web", FOREVER) == log
    assert WINDOWS(as_semicolons(table(WINDOW)), "web", FOREVER) == WINDOWS(table(WINDOW), "web", FOREVER)


def test_a_log_without_a_column_of_services_is_of_the_one_whose_policy_names_it():
    alone = {key: value for key, value in OUTAGE.items() if key != "service"}
    log = OUTAGES(table(alone, {"corrects": "9", "notes": "x"}), "web", FOREVER)
    assert [outage.id for outage in log.outages] == ["o1"]
    # An empty cell in such a column is of nobody.
    (gap,) = OUTAGES(table({**OUTAGE, "service": ""}), "web", FOREVER).gaps
    assert gap.what == "service is missing"


def test_a_record_that_says_that_a_line_tells_nothing_needs_no_service():
    alone = {key: value for key, value in OUTAGE.items() if key != "service"}
    data = table({**alone, "corrects": ""}, {"outage": "o2"}, {"corrects": "3"})
    log = OUTAGES(data, "web", FOREVER)
    assert (log.gaps, log.corrections) == ((), {4: 3})


def test_a_window_without_its_announcement_has_none():
    window = {key: value for key, value in WINDOW.items() if key != "announced_at"}
    (read,) = WINDOWS(table(window), "web", FOREVER).maintenance
    assert read.announced_at is None


TEST = {
    "test": "t1",
    "service": "web",
    "started_at": "2026-09-01T07:00:00Z",
    "finished_at": "2026-09-01T08:00:00Z",
    "outcome": "passed",
    "disrupted_at": "2026-09-01T07:00:00Z",
    "validated_at": "2026-09-01T08:00:00Z",
    "target_site": "lab",
    "validation": "restored",
    "operator": "anna",
    "notes": "a, b",
}


def test_restore_tests_announcements_and_checks_are_read_from_csv():
    drills = restore_log.parser(source(path="drills.csv", reader=READERS["restore-log"]))
    announcement = {"announces": "t1", "announced_at": "2026-08-01T00:00:00Z", "by": "anna"}
    check = {
        "check": "c1", "service": "web", "level": "data_checked", "outcome": "passed",
        "started_at": "2026-09-01T07:00:00Z", "finished_at": "2026-09-01T08:00:00Z",
    }  # fmt: skip
    rows = [
        {**TEST, "scenarios": "server fire", "recovery_point_source": "offsite", "recovery_point_of": "orders"},
        announcement,
        {**check, "of": "orders customers", "tool": "restic"},
    ]
    lines = [
        {**TEST, "scenarios": ["server", "fire"], "recovery_point": {"source": "offsite", "of": "orders"}},
        announcement,
        {**check, "of": ["orders", "customers"], "tool": "restic"},
    ]
    log = drills(table(*rows), "web", FOREVER)
    assert log.gaps == ()
    assert log == restore_log.parse(("\n" + "\n".join(map(json.dumps, lines)) + "\n").encode(), "web")


def test_attestations_are_read_from_csv():
    statement = {
        "attests": "encrypted", "service": "web", "statement": "LUKS; keys are held by operations", "by": "anna",
        "at": "2026-08-01T00:00:00Z", "expires_at": "2027-08-01T00:00:00Z",
    }  # fmt: skip
    words = attestations.parser(source(path="word.csv", reader=READERS["attestations"]))
    log = words(table(statement, {**statement, "holds": "False"}, {**statement, "holds": "perhaps"}), "web", FOREVER)
    assert [one.holds for one in log.attestations] == [True, False]
    assert [gap.what for gap in log.gaps] == ["holds is neither true nor false"]
