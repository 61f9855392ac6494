"""A file that is not the log it was said to be is named, with what to do."""

from __future__ import annotations

import gzip
import json
import lzma

import pytest
from hypothesis import given
from hypothesis import strategies as st
from paged_place import NOW, Place, source

from drcheck import registry
from drcheck.core.model.evidence import LONG_AGO
from drcheck.core.model.policy import Reader, RestoreRecords
from drcheck.interfaces import LookRequest
from drcheck.registry import READERS

LINE = json.dumps(
    {
        "test": "t1", "service": "web", "started_at": "2026-09-01T07:00:00Z", "finished_at": "2026-09-01T08:00:00Z",
        "outcome": "passed",
    }
)  # fmt: skip
JUNIT = '<?xml version="1.0"?>\n<testsuites><testsuite name="a"/></testsuites>\n'
CSV = "test,started_at,finished_at,outcome\nt1,2026-09-01T07:00:00Z,2026-09-01T08:00:00Z,passed\n"
TEXT = "2026-09-01 07:00:00 restore OK\n2026-09-02 07:00:00 restore OK\n2026-09-03 07:00:00 restore OK\n"


def look(data: bytes, path: str = "drills.jsonl", reader: Reader = READERS["restore-log"], line: str = ""):
    where = source(path=path, reader=reader, restores=RestoreRecords(line=line, ignores_others=bool(line)))
    place = Place(files={path: data})
    return registry.reader(where)(place, where, path, LookRequest(LONG_AGO, NOW, 300, "web"))


@pytest.mark.parametrize(
    ("data", "path", "what", "hint"),
    [
        (JUNIT, "drills.jsonl", "JUnit XML", "end in .xml"),
        (JUNIT, "drills.csv", "JUnit XML", "end in .xml"),
        (CSV, "drills.jsonl", "CSV with commas", "end in .csv"),
        (CSV.replace(",", ";"), "drills.jsonl", "CSV with semicolons", "end in .csv"),
        (CSV.replace(",", ";"), "drills.xml", "CSV with semicolons", "end in .csv"),
        (CSV.replace(",", "\t"), "drills.csv", "CSV with tabs", "commas or semicolons"),
        ("<!DOCTYPE html>\n<html>\n", "drills.jsonl", "HTML: a login page", "not logged in"),
        ("\n <HTML>\n", "drills.xml", "HTML: a login page", "not logged in"),
        ("<a/>", "drills.jsonl", "XML", "JSON Lines"),
        (gzip.compress(LINE.encode()), "drills.jsonl", "gzip", "as text"),
        (lzma.compress(LINE.encode()), "drills.xml", "xz", "as text"),
        (b"PK\x03\x04abc", "drills.csv", "a ZIP archive, as Excel's workbooks are", "as text"),
        ((LINE + "\n").encode("utf-16"), "drills.jsonl", "UTF-16 text", "UTF-8"),
        (CSV.encode("utf-16-le"), "drills.csv", "UTF-16 text", "UTF-8"),
        (json.dumps([json.loads(LINE)]), "drills.jsonl", "one JSON document", "jq"),
        (json.dumps(json.loads(LINE), indent=1), "drills.jsonl", "one JSON document", "jq"),
        (LINE + "\n", "drills.csv", "JSON Lines", ".jsonl"),
        (LINE + "\n", "drills.xml", "JSON Lines", ".jsonl"),
        (TEXT, "drills.jsonl", "plain text", "`line`"),
    ],
)
def test_it_is_named_and_its_hint_says_what_to_do(data, path, what, hint):
    seen = look(data if isinstance(data, bytes) else data.encode(), path)
    (gap,) = seen.look.gaps
    assert f"this is {what}" in gap.what
    assert hint in gap.hint
    assert gap.hides  # so that nothing of it is kept, and the right file can take its place
    assert not seen.look.complete


def test_an_export_on_one_line_is_told_what_is_wrong_with_it():
    empty = b'{"status": "success", "data": {"resultType": "matrix", "result": []}}\n'
    assert "it holds no samples" in look(empty, "up.json", reader=READERS["outage-log"]).look.gaps[0].what


def test_a_text_log_that_is_none_is_named_as_well():
    line = "{finished_at} {outcome}"
    assert "gzip" in look(gzip.compress(b"x"), "drills.log", line=line).look.gaps[0].what
    assert "JSON Lines" in look(LINE.encode() + b"\n", "drills.log", line=line).look.gaps[0].what


@pytest.mark.parametrize("reader", [READERS["outage-log"], READERS["maintenance-log"], READERS["attestations"]])
def test_it_is_named_by_every_reader_of_logs(reader):
    assert "gzip" in look(gzip.compress(b"x\n"), reader=reader).look.gaps[0].what
    assert "CSV with semicolons" in look(b"a;b;c\n1;2;3\n", reader=reader).look.gaps[0].what
    assert "say `reader: restore-log`" in look(JUNIT.encode(), reader=reader).look.gaps[0].hint


def test_an_export_in_a_log_is_named_and_html_in_an_export():
    answer = json.dumps({"status": "success", "data": {}}, indent=1).encode()
    assert "end" in look(answer, reader=READERS["outage-log"]).look.gaps[0].hint
    assert "HTML" in look(b"<html></html>", "up.json", READERS["outage-log"]).look.gaps[0].what


@pytest.mark.parametrize("first", ["<html>", "x", '{"test":', "a;b;c", "\x1f\x8b"])
def test_a_line_that_is_unreadable_beside_one_that_can_be_read_is_a_gap_of_that_line_alone(first):
    seen = look(f"{first}\n{LINE}\n".encode())
    assert seen.look.complete
    assert [gap.line for gap in seen.log.gaps] == [1]
    assert len(seen.log.recoveries) == 1


def test_an_empty_log_says_that_nothing_happened_and_an_empty_report_that_it_is_empty():
    assert look(b"").look.complete
    assert "it is empty" in look(b"", "drills.xml").look.gaps[0].what


@given(st.binary(max_size=60))
def test_no_bytes_raise_anything(data):
    for path, reader in (
        ("a.jsonl", READERS["restore-log"]), ("a.csv", READERS["attestations"]), ("a.xml", READERS["restore-log"]),
        ("a.json", READERS["outage-log"]),
    ):  # fmt: skip
        assert not look(data, path, reader).log.recoveries
