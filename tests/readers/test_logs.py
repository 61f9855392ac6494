"""Logs of restore tests, outages and maintenance: what a line must be to be a record, and what it then says."""

from __future__ import annotations

import json
import re
from datetime import datetime
from pathlib import Path

import pytest
from hypothesis import example, given
from hypothesis import strategies as st
from paged_place import NOW, Place, source

from drcheck import registry
from drcheck.core.model.commitments import Rung
from drcheck.core.model.evidence import FOREVER, LONG_AGO
from drcheck.core.model.log_records import Announcement, Check, Maintenance, Outage, Phase, Watched
from drcheck.interfaces import CollectorError, LookRequest
from drcheck.readers.logs import log_file, maintenance_log, outage_log, record_fields, restore_log
from drcheck.registry import READERS


def at(text: str) -> int:
    return int(datetime.fromisoformat(text).timestamp())


TEST = {
    "test": "2026-q3",
    "service": "web",
    "scenarios": ["server", "datacentre"],
    "started_at": "2026-09-01T09:00:00+02:00",
    "finished_at": "2026-09-01T10:00:00.25Z",
    "outcome": "passed",
    "disrupted_at": "2026-09-01T07:00:00Z",
    "declared_at": "2026-09-01T07:05:00.9Z",
    "restore_started_at": "2026-09-01T07:10:00Z",
    "restored_at": "2026-09-01T09:30:00.1Z",
    "validated_at": "2026-09-01T09:45:00Z",
    "target_site": "lab",
    "recovery_point": {"source": "dumps", "of": "orders", "name": "orders/x.gz", "data_as_of": "2026-09-01T01:00:00Z"},
    "validation": "restored",
    "phases": [{"name": "dns", "started_at": "2026-09-01T09:00:00Z", "finished_at": "2026-09-01T09:10:00Z"}],
    "checks": [{"name": "rows", "outcome": "passed", "detail": "1000"}, {"name": "mail", "outcome": "skipped"}],
    "operator": "anna",
    "notes": "all well",
    "ticket": 17,
}
ANNOUNCEMENT = {
    "announces": "2026-q3",
    "announced_at": "2026-08-01T08:00:00Z",
    "planned_for": "2026-09-01T07:00:00Z",
    "by": "anna",
}
CHECK = {
    "check": "c1",
    "service": "web",
    "level": "data_checked",
    "outcome": "passed",
    "started_at": "2026-09-02T01:00:00Z",
    "finished_at": "2026-09-02T02:00:00.5Z",
    "of": ["orders"],
    "tool": "restic",
    "notes": "check --read-data",
}
OUTAGE = {
    "outage": "o1",
    "service": "web",
    "started_at": "2026-09-01T07:00:00Z",
    "ended_at": "2026-09-01T08:00:00Z",
    "scope": "total",
    "cause": "disk",
    "scenario": "server",
    "recovered_by": "restore",
    "recovery_point": {"source": "dumps"},
}
WINDOW = {
    "maintenance": "m1",
    "service": "web",
    "type": "planned",
    "announced_at": "2026-08-01T08:00:00Z",
    "starts_at": "2026-10-01T08:00:00Z",
    "ends_at": "2026-10-01T09:00:00Z",
}


def lines(*records) -> bytes:
    return b"".join(
        (record if isinstance(record, bytes) else json.dumps(record).encode()) + b"\n" for record in records
    )


def without(record, *keys):
    return {key: value for key, value in record.items() if key not in keys}


def test_a_restore_test_tells_its_clocks_its_point_and_its_rung():
    log = restore_log.parse(lines(TEST), "web")
    (test,) = log.recoveries
    assert log.gaps == ()
    assert (test.id, test.line, test.outcome, test.real) == ("2026-q3", 1, "passed", False)
    assert test.scenarios == {"server", "datacentre"}
    assert (test.started_at, test.disrupted_at) == (at("2026-09-01T07:00:00Z"), at("2026-09-01T07:00:00Z"))
    # Fractions never make a recovery shorter: its start is cut, its stop counted up.
    assert test.declared_at == at("2026-09-01T07:05:00Z")
    assert test.restored_at == at("2026-09-01T09:30:01Z")
    assert test.finished_at == at("2026-09-01T10:00:01Z")
    assert test.validated_at == at("2026-09-01T09:45:00Z")
    assert (test.target_site, test.point_source, test.point_of, test.point_name) == (
        "lab",
        "dumps",
        "orders",
        "orders/x.gz",
    )
    assert test.validation is Rung.RESTORED
    assert test.phases == (Phase("dns", at("2026-09-01T09:00:00Z"), at("2026-09-01T09:10:00Z")),)
    assert (test.operator, test.notes) == ("anna", "all well")


def test_a_restore_test_may_leave_out_what_it_does_not_know():
    log = restore_log.parse(
        lines({key: TEST[key] for key in ("test", "service", "started_at", "finished_at", "outcome")}), "web"
    )
    (test,) = log.recoveries
    assert (test.disrupted_at, test.validated_at, test.validation, test.point_source) == (None, None, None, "")


def test_announcements_are_records_of_their_own():
    log = restore_log.parse(lines(ANNOUNCEMENT, {**ANNOUNCEMENT, "service": "other"}, TEST), "web")
    assert log.announcements == (
        Announcement("2026-q3", 1, at("2026-08-01T08:00:00Z"), at("2026-09-01T07:00:00Z"), "anna"),
    )
    assert (len(log.recoveries), log.gaps) == (1, ())


def test_records_of_another_service_are_skipped_and_are_no_gaps():
    log = restore_log.parse(lines({**TEST, "service": "other"}), "web")
    assert (log.recoveries, log.gaps) == ((), ())


def test_an_empty_log_has_no_records_and_no_gaps():
    for parse in (restore_log.parse, outage_log.parse, maintenance_log.parse):
        assert parse(b"", "web").gaps == ()
        assert parse(b"\n\r\n", "web").gaps == ()


@pytest.mark.parametrize(
    ("line", "what"),
    [
        (b"not json", "it is not a JSON object"),
        (b"{}{}", "it is not JSON"),
        (b"\xff\xfe", "it is not UTF-8"),
        (b"\xef\xbb\xbf{}", "it is not a JSON object"),
        (b"[1]", "it is not a JSON object"),
        (b"null", "it is not a JSON object"),
        (b"{}", "its kind is not known"),
        (b'{"drill": "x"}', "its kind is not known"),
        (b'{"test": "x", "announces": "x"}', "its kind is not known"),
        (b'{"test": "a", "test": "b"}', "key 'test' stands twice"),
        (b'{"x": {"a": 1, "a": 2}}', "key 'a' stands twice"),
        (b'{"x": NaN}', "NaN is not a number"),
        (b'{"x": -Infinity}', "-Infinity is not a number"),
        (b'{"x": ' + b"9" * 5000 + b"}", "it is not JSON"),
        (b'{"x": ' + b"[" * 100 + b"]" * 100 + b"}", "it is nested deeper than 100 levels"),
        (b'{"x": ' + b"[" * 60_000, "it is nested deeper than 100 levels"),
        (b'{"x": "' + b"a" * 70_000 + b'"}', "it is longer than 64 KiB"),
        (b'{"test": "a\x1b[2J"}', "it holds control characters"),
        (b'{"test": "a\tb"}', "it holds control characters"),
        (b'{"test":\t"a"}', "it holds control characters"),
        (b'{"test": "a\\u0000"}', "it holds control characters"),
        (b'{"test": "a\\u009b"}', "it holds control characters"),
        (b'{"x": [["a\\u202e"]]}', "it holds control characters"),
        (b'{"x\\n": 1}', "it holds control characters"),
        (b'{"x": "\\ud800"}', "it holds control characters"),
        ('{"x": "a\u202eb"}'.encode(), "it holds control characters"),
        ('{"x": "a\u2066b"}'.encode(), "it holds control characters"),
        (without(TEST, "service"), "service is missing"),
        (without(TEST, "started_at"), "started_at is missing"),
        (without(TEST, "finished_at"), "finished_at is missing"),
        (without(TEST, "outcome"), "outcome is missing"),
        ({**TEST, "test": ""}, "test is missing"),
        ({**TEST, "test": 7}, "test is not a string"),
        ({**TEST, "outcome": "ok"}, "outcome is 'ok', not one of passed, failed, aborted"),
        ({**TEST, "outcome": ["passed"]}, "outcome is not a string"),
        ({**TEST, "validation": "looked at"}, "validation is 'looked at', not one of listed"),
        ({**TEST, "started_at": "2026-09-01T09:00:00"}, "started_at is not an instant with offset"),
        ({**TEST, "started_at": "2026-09-01"}, "started_at is not an instant with offset"),
        ({**TEST, "started_at": 1790000000}, "started_at is not an instant with offset"),
        ({**TEST, "started_at": "2026-02-30T09:00:00Z"}, "started_at is no instant that a calendar has"),
        ({**TEST, "finished_at": "2026-09-01T06:00:00Z"}, "finished_at lies before started_at"),
        ({**TEST, "restored_at": "2026-09-01T09:46:00Z"}, "validated_at lies before restored_at"),
        (
            {**TEST, "declared_at": None, "disrupted_at": "2026-09-01T07:11:00Z"},
            "restore_started_at lies before disrupted_at",
        ),
        ({**TEST, "scenarios": "server"}, "scenarios is not a list of strings"),
        ({**TEST, "scenarios": [1]}, "scenarios is not a list of strings"),
        ({**TEST, "recovery_point": "x"}, "recovery_point is not an object"),
        ({**TEST, "recovery_point": {"data_as_of": "today"}}, "data_as_of is not an instant"),
        ({**TEST, "phases": [{"name": "dns"}]}, "started_at is missing"),
        (
            {**TEST, "phases": [{**TEST["phases"][0], "finished_at": "2026-09-01T08:00:00Z"}]},
            "the end of the same phase lies before",
        ),
        (
            {**TEST, "checks": [{"name": "rows", "outcome": "failed"}]},
            "its outcome is passed, and its check rows failed",
        ),
        ({**TEST, "checks": [{"name": "rows", "outcome": "well"}]}, "outcome is 'well'"),
        (without(ANNOUNCEMENT, "announced_at"), "announced_at is missing"),
    ],
)
def test_a_line_that_is_no_record_is_a_gap_and_the_others_stand(line, what):
    log = restore_log.parse(lines({**TEST, "test": "before"}, line, {**TEST, "test": "after"}), "web")
    assert [one.id for one in log.recoveries] == ["before", "after"]
    assert log.announcements == ()
    (gap,) = log.gaps
    assert what in gap.what
    assert gap.line == 2
    assert gap.hint


def test_what_happened_cannot_lie_in_the_future_and_what_is_planned_can():
    log = restore_log.parse(lines(TEST, ANNOUNCEMENT), "web", at("2026-08-15T00:00:00Z"))
    assert [gap.what for gap in log.gaps] == ["started_at lies in the future"]
    assert len(log.announcements) == 1


def test_a_test_that_is_recorded_twice_is_a_gap():
    log = restore_log.parse(lines({**TEST, "outcome": "failed"}, TEST), "web")
    assert [one.outcome for one in log.recoveries] == ["failed"]
    assert [(gap.what, gap.line) for gap in log.gaps] == [("test 2026-q3 is already recorded in line 1", 2)]


def test_a_last_line_that_does_not_end_is_still_being_written():
    whole = lines(TEST)
    for data in (whole[:-1], whole[: len(whole) // 2]):
        log = restore_log.parse(lines({**TEST, "test": "before"}) + data, "web")
        assert [one.id for one in log.recoveries] == ["before"]
        assert [(gap.what, gap.line) for gap in log.gaps] == [("it is still being written: it does not end", 2)]


def test_lines_may_end_as_windows_ends_them():
    assert len(restore_log.parse(lines(TEST).replace(b"\n", b"\r\n"), "web").recoveries) == 1


def test_a_gap_quotes_no_more_than_a_sentence():
    for outcome in ("very " * 10_000 + "well", "v" * 50_000):
        (gap,) = restore_log.parse(lines({**TEST, "outcome": outcome}), "web").gaps
        assert len(gap.what) == record_fields.LONGEST_REASON
        assert gap.what.startswith("outcome is 'v")
        assert gap.what.endswith("…")


@pytest.mark.parametrize(
    "change",
    [
        {"service": " web"},
        {"service": "web\u00a0"},
        {"test": "t1 "},
        {"outcome": "passed "},
        {"target_site": " lab"},
        {"scenarios": ["server "]},
        {"recovery_point": {"source": " dumps"}},
        {"phases": [{**TEST["phases"][0], "name": "dns "}]},
    ],
)
def test_white_space_around_a_name_is_refused_since_it_would_silently_make_another_one(change):
    (gap,) = restore_log.parse(lines({**TEST, **change}), "web").gaps
    assert gap.what.endswith("begins or ends with white space")
    assert restore_log.parse(lines({**TEST, "notes": " free text ", "operator": "anna "}), "web").gaps == ()


@pytest.mark.parametrize("change", [{"outage": " o1"}, {"service": "web "}, {"scope": " total"}, {"cause": "disk "}])
def test_an_outage_whose_names_have_white_space_around_them_is_a_gap(change):
    for service in ("web", "other"):
        log = outage_log.parse(lines({**OUTAGE, **change}), service)
        assert log.outages == ()
        if service == "web" or "service" in change:
            assert "white space" in log.gaps[0].what
    (gap,) = outage_log.parse(lines({"watched": {}, "service": "web "}), "web").gaps
    assert gap.what in {"from is missing", "service begins or ends with white space"}


# Checks


def test_a_check_tells_how_far_up_the_ladder_it_looked_and_what_at():
    log = restore_log.parse(lines(CHECK, TEST, {**CHECK, "check": "c2", "outcome": "failed", "of": None}), "web")
    finished = at("2026-09-02T02:00:00Z")
    assert log.checks == (
        Check("c1", 1, Rung.DATA_CHECKED, True, finished, frozenset({"orders"}), "restic", started_at=finished - 3600),
        Check("c2", 3, Rung.DATA_CHECKED, False, finished, frozenset(), "restic", started_at=finished - 3600),
    )
    assert (len(log.recoveries), log.gaps) == (1, ())


def test_a_check_that_was_aborted_proves_nothing_and_its_name_is_taken():
    log = restore_log.parse(lines({**CHECK, "outcome": "aborted"}, CHECK), "web")
    assert log.checks == ()
    assert [(gap.what, gap.line) for gap in log.gaps] == [("check c1 is already recorded", 2)]


def test_a_check_of_another_service_is_skipped():
    log = restore_log.parse(lines({**CHECK, "service": "other"}), "web")
    assert (log.checks, log.gaps) == ((), ())


@pytest.mark.parametrize(
    ("change", "what"),
    [
        ({"check": ""}, "check is missing"),
        ({"check": 7}, "check is not a string"),
        ({"test": "t1"}, "its kind is not known"),
        ({"level": "very well"}, "level is 'very well', not one of listed"),
        ({"level": None}, "level is missing"),
        ({"outcome": "skipped"}, "outcome is 'skipped', not one of passed, failed, aborted"),
        ({"started_at": None}, "started_at is missing"),
        ({"finished_at": "2026-09-02T00:00:00Z"}, "finished_at lies before started_at"),
        ({"finished_at": "2999-09-02T00:00:00Z"}, "finished_at lies in the future"),
        ({"of": "orders"}, "of is not a list of strings"),
        ({"tool": ["restic"]}, "tool is not a string"),
    ],
)
def test_a_line_that_is_no_check_is_a_gap(change, what):
    log = restore_log.parse(lines({**CHECK, **change}), "web", at("2026-10-01T00:00:00Z"))
    assert log.checks == ()
    assert what in log.gaps[0].what


# Outages


def test_an_outage_that_ended_is_a_real_recovery():
    (outage,) = outage_log.parse(
        lines(OUTAGE, {"watched": {"from": "2026-09-01T00:00:00Z", "to": "2026-09-02T00:00:00Z"}}), "web"
    ).recoveries
    assert (outage.id, outage.real, outage.outcome, outage.recovered_by) == ("o1", True, "passed", "restore")
    assert outage.scenarios == {"server"}
    assert (outage.started_at, outage.disrupted_at) == (at("2026-09-01T07:00:00Z"),) * 2
    assert (outage.finished_at, outage.validated_at) == (at("2026-09-01T08:00:00Z"),) * 2
    assert outage.point_source == "dumps"


def test_an_open_outage_is_closed_by_a_second_record():
    begun = without(OUTAGE, "ended_at", "recovered_by")
    (outage,) = outage_log.parse(lines(begun), "web").recoveries
    assert (outage.finished_at, outage.outcome, outage.validated_at) == (None, "", None)
    log = outage_log.parse(lines(begun, {**OUTAGE, "outage": "o2"}, OUTAGE), "web")
    assert [(one.id, one.line) for one in log.recoveries] == [("o2", 2), ("o1", 3)]
    assert log.gaps == ()


def test_an_outage_tells_when_how_much_and_why():
    partial = {**OUTAGE, "outage": "o2", "scope": "partial", "cause": "third-party", "ended_at": None}
    log = outage_log.parse(lines(without(OUTAGE, "scope"), partial), "web")
    assert log.outages == (
        Outage("o1", 1, at("2026-09-01T07:00:00Z"), at("2026-09-01T08:00:00Z"), total=True, cause="disk"),
        Outage("o2", 2, at("2026-09-01T07:00:00Z"), None, total=False, cause="third-party"),
    )
    closed = outage_log.parse(lines(partial, {**partial, "ended_at": "2026-09-01T09:00:00Z"}), "web")
    assert [(one.line, one.ended_at) for one in closed.outages] == [(2, at("2026-09-01T09:00:00Z"))]


def test_what_was_watched_holds_for_the_whole_log_unless_it_names_a_service():
    span = {"from": "2026-09-01T00:00:00Z", "to": "2026-09-02T00:00:00.9Z"}
    log = outage_log.parse(
        lines({"watched": span}, {"watched": span, "service": "other"}, {"watched": span, "service": "web"}), "web"
    )
    begin, end = at("2026-09-01T00:00:00Z"), at("2026-09-02T00:00:00Z")
    assert log.watched == (Watched(begin, end, 1), Watched(begin, end, 3))
    assert log.gaps == ()


def test_what_is_watched_in_the_future_is_a_gap():
    watched = {"watched": {"from": "2026-09-01T00:00:00Z", "to": "2026-09-02T00:00:00Z"}, "service": "other"}
    log = outage_log.parse(lines(watched), "web", at("2026-09-01T12:00:00Z"))
    assert (log.watched, [gap.what for gap in log.gaps]) == ((), ["to lies in the future"])


@pytest.mark.parametrize(
    ("record", "what"),
    [
        ({**OUTAGE, "notes": "again"}, "outage o1 is already recorded in line 1"),
        ({"watched": {"from": "2026-09-02T00:00:00Z", "to": "2026-09-01T00:00:00Z"}}, "to lies before from"),
        ({"watched": {"from": "2026-09-01T00:00:00Z", "to": "2026-09-01T00:00:00Z"}, "service": 7}, "service is not a"),
        ({**OUTAGE, "outage": "o2", "watched": {}}, "its kind is not known"),
        ({**OUTAGE, "outage": "o2", "ended_at": "2026-09-01T06:00:00Z"}, "ended_at lies before started_at"),
        ({**OUTAGE, "outage": "o2", "scope": "some"}, "scope is 'some'"),
        ({**OUTAGE, "outage": "o2", "service": None}, "service is missing"),
        ({"watched": {"from": "2026-09-01T00:00:00Z"}}, "to is missing"),
        ({"watched": True}, "watched is not an object"),
        ({"down": True}, "its kind is not known"),
    ],
)
def test_a_line_that_is_no_outage_is_a_gap(record, what):
    log = outage_log.parse(lines(OUTAGE, record), "web")
    assert (len(log.recoveries), len(log.gaps)) == (1, 1)
    assert what in log.gaps[0].what


# Maintenance


def test_a_maintenance_window_tells_when_it_was_announced_and_may_lie_in_the_future():
    log = maintenance_log.parse(lines(WINDOW), "web", at("2026-09-01T00:00:00Z"))
    assert log.maintenance == (
        Maintenance(
            "m1", 1, "planned", at("2026-08-01T08:00:00Z"), at("2026-10-01T08:00:00Z"), at("2026-10-01T09:00:00Z")
        ),
    )


@pytest.mark.parametrize(
    ("record", "what"),
    [
        ({**WINDOW, "by": "anna"}, "maintenance m1 is already recorded in line 1"),
        ({**WINDOW, "maintenance": "m2", "type": "secret"}, "type is 'secret'"),
        ({**WINDOW, "maintenance": "m2", "ends_at": "2026-10-01T07:00:00Z"}, "ends_at lies before starts_at"),
        ({"test": "x"}, "its kind is not known"),
    ],
)
def test_a_line_that_is_no_maintenance_window_is_a_gap(record, what):
    log = maintenance_log.parse(lines(WINDOW, record), "web")
    assert (len(log.maintenance), len(log.gaps)) == (1, 1)
    assert what in log.gaps[0].what


# Looks


def look(place, read=restore_log.read):
    return read(place, source(path="logs/web.jsonl"), "web.jsonl", LookRequest(LONG_AGO, NOW, 300, "web"))


def test_a_complete_look_knows_the_log_up_to_its_begin():
    seen = look(Place(files={"web.jsonl": lines(TEST)}))
    assert seen.look.complete
    assert (seen.log.known_until, seen.log.unseen, seen.raw) == (NOW, (), lines(TEST))
    assert seen.look.calls == 1
    assert len(seen.log.recoveries) == 1


def test_a_malformed_line_is_a_gap_of_its_line_and_the_look_stays_complete():
    seen = look(Place(files={"web.jsonl": b"x\n"}))
    assert seen.look.complete
    assert seen.look.gaps == seen.log.gaps != ()
    assert seen.log.known_until == NOW


def test_a_log_that_is_not_there_is_a_gap_and_not_an_empty_one():
    missing, empty = look(Place()), look(Place(files={"web.jsonl": b""}))
    assert not missing.look.complete
    assert missing.look.gaps[0].what.startswith("there is no log web.jsonl at minio:logs/web.jsonl")
    assert (missing.log.known_until, missing.log.unseen) == (LONG_AGO, missing.look.gaps)
    assert empty.look.complete
    assert (empty.log.recoveries, empty.log.known_until) == ((), NOW)


def test_a_log_that_cannot_be_read_is_a_gap():
    class Denied(Place):
        def read(self, name, *, offset=0, at_most):
            raise CollectorError("access is denied", "Allow GetObject.")

    seen = look(Denied())
    assert (seen.look.gaps[0].what, seen.look.gaps[0].hint) == ("access is denied", "Allow GetObject.")
    assert seen.log.known_until == LONG_AGO


def test_a_log_that_is_too_large_is_a_gap_and_never_cut(monkeypatch):
    monkeypatch.setattr(log_file, "LARGEST_LOG", 4096)
    seen = look(Place(files={"web.jsonl": lines(TEST) * 20}))
    assert not seen.look.complete
    assert "is larger than" in seen.look.gaps[0].what
    assert (seen.log.recoveries, seen.raw) == ((), b"")


def test_a_host_whose_clock_is_off_is_a_gap():
    seen = look(Place(files={"web.jsonl": lines(TEST)}, offset=-4000.0))
    assert "the clock of minio is 4000 s behind ours" in seen.look.gaps[0].what
    assert seen.log.known_until == LONG_AGO


# What must hold for every log

JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=5),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=3), inner, max_size=3),
    max_leaves=5,
)
MANGLED = st.builds(
    lambda keys, values: json.dumps({**without(TEST, *keys), **values}).encode(),
    st.lists(st.sampled_from([*TEST]), max_size=2),
    st.dictionaries(st.sampled_from([*TEST, "announces"]), JSON, max_size=2),
)
LINE = st.one_of(
    st.binary(max_size=60),
    MANGLED,
    st.builds(
        lambda test, at, byte: (
            (data := lines({**TEST, "test": test})[:-1])[: at % len(data)] + byte + data[at % len(data) :]
        ),
        st.sampled_from("abc"),
        st.integers(0, 999),
        st.binary(max_size=2),
    ),
    st.builds(
        lambda test, outcome: lines({**TEST, "test": test, "outcome": outcome})[:-1],
        st.sampled_from("abc"),
        st.sampled_from(restore_log.OUTCOMES),
    ),
)


@given(st.lists(LINE, max_size=6), st.booleans())
@example([b'{"test": "a"', b"}"], True)
def test_a_line_only_ever_says_what_it_says_alone(written, ended):
    data = b"\n".join(written) + (b"\n" if ended else b"")
    log = restore_log.parse(data, "web")
    complete = data.split(b"\n")[:-1]
    for test in log.recoveries:
        (alone,) = restore_log.parse(complete[test.line - 1] + b"\n", "web").recoveries
        assert (alone.id, alone.outcome) == (test.id, test.outcome)
        assert f'"{test.outcome}"'.encode() in complete[test.line - 1]
    told = {one.line for one in (*log.recoveries, *log.announcements, *log.gaps)}
    for number, line in enumerate(data.split(b"\n"), start=1):
        if line.removesuffix(b"\r") and number not in told:
            repeated = line.removesuffix(b"\r") in {one.removesuffix(b"\r") for one in complete[: number - 1]}
            # Only another service's records are passed over, and what was told before, byte for byte.
            assert repeated or json.loads(line).get("service") != "web"
    assert all(gap.line is not None for gap in log.gaps)


@given(st.binary(max_size=300), st.sampled_from([restore_log.parse, outage_log.parse, maintenance_log.parse]))
@example(b'{"test": ' + b"[" * 50_000 + b"\n", restore_log.parse)
def test_no_bytes_make_a_parser_fail(data, parse):
    log = parse(data, "web", FOREVER)
    assert parse(data + b"\n", "web", FOREVER).recoveries[: len(log.recoveries)] == log.recoveries


# The page that tells of logs

PAGE = Path(__file__).parents[2] / "docs" / "logs.md"
EXAMPLES = re.findall(
    r"^```(jsonl|csv|json|xml) (\S+)\n(.*?)^```", PAGE.read_text(encoding="utf-8"), re.MULTILINE | re.DOTALL
)


def test_the_page_has_an_example_of_every_log_in_every_form():
    logs = {"restore-log", "outage-log", "maintenance-log", "attestations"}
    asked = {(form, name) for form in ("jsonl", "csv") for name in logs}
    exports = {("json", "outage-log"), ("xml", "restore-log")}
    assert {(form, name) for form, name, _ in EXAMPLES} == asked | exports


@pytest.mark.parametrize(("form", "name", "text"), EXAMPLES)
def test_every_example_of_the_page_is_read_without_a_gap(form, name, text):
    where = source(path=f"records/log.{form}", reader=READERS[name])
    log = registry.parser(where)(text.encode(), "webshop", at("2026-12-02T00:00:00Z"))
    assert log.gaps == ()
    told = (log.recoveries, log.announcements, log.maintenance, log.outages, log.watched, log.attestations, log.checks)
    assert any(told)


@pytest.mark.parametrize("year", ["0001", "1969", "3000", "9999"])
def test_instants_beyond_what_calendars_reckon_with_are_malformed(year):
    line = {"maintenance": "m", "service": "web", "type": "planned", "starts_at": f"{year}-06-01T00:00:00Z",
            "ends_at": f"{year}-06-02T00:00:00Z"}  # fmt: skip
    found = maintenance_log.parse(json.dumps(line).encode() + b"\n", "web")
    assert found.maintenance == ()
    assert "lies outside the years 1970 to 2999" in found.gaps[0].what


@pytest.mark.parametrize(
    ("told", "size"), [("7", 7), ("0", None), ('"10 GB"', None), ("true", None), ("null", None), (str(1 << 62), None)]
)
def test_the_size_of_what_was_restored_is_read_where_it_is_a_number_of_bytes(told, size):
    line = (
        '{"test": "t", "service": "shop", "started_at": "2026-01-01T00:00:00Z", "finished_at": "2026-01-01T01:00:00Z", '
        f'"outcome": "passed", "recovery_point": {{"source": "dumps", "size": {told}}}}}\n'
    )
    log = restore_log.parse(line.encode(), "shop")
    assert (log.gaps, log.recoveries[0].point_size) == ((), size)
