"""Reports of test runners in JUnit's XML as restore tests: what passes, and what never does."""

from __future__ import annotations

import subprocess
import sys
from datetime import datetime

import pytest
from hypothesis import example, given
from hypothesis import strategies as st
from paged_place import NOW, Place, source

from drcheck.core.history import rewritten_logs
from drcheck.core.history.difference import difference
from drcheck.core.history.source_history import History
from drcheck.core.model.commitments import Rung
from drcheck.core.model.evidence import FOREVER, LONG_AGO
from drcheck.core.model.policy import NOTHING_STATED, Clock, RestoreRecords
from drcheck.interfaces import LookRequest
from drcheck.readers.logs import junit, restore_log
from drcheck.registry import READERS

START = 1_788_246_000  # 2026-09-01T07:00:00Z
OF_SERVER = RestoreRecords(
    scenarios=("server",), validation="restored", restored_from="offsite", target_site="lab", of="orders"
)
PASSED = '<testcase name="rows" classname="restore" time="1.2"/>'
FAILED = '<testcase name="rows"><failure message="3 rows are missing">…</failure></testcase>'
SKIPPED = '<testcase name="rows"><skipped/></testcase>'


def suite(cases: str = PASSED, *, name="restore", timestamp="2026-09-01T07:00:00Z", time="600.5", more="") -> str:
    return f'<testsuite name="{name}" timestamp="{timestamp}" time="{time}" {more}>{cases}</testsuite>'


def read(text: str | bytes, restores: RestoreRecords = NOTHING_STATED, latest: int = FOREVER):
    data = text if isinstance(text, bytes) else text.encode()
    return junit.parse(data, "web", latest, restores=restores)


def outcome(text: str) -> str:
    (test,) = read(text).recoveries
    return test.outcome


def refused(text: str | bytes, restores: RestoreRecords = NOTHING_STATED, latest: int = FOREVER) -> str:
    log = read(text, restores, latest)
    assert not log.recoveries
    (gap,) = log.gaps
    assert gap.hides
    return gap.what


def test_a_suite_is_a_restore_test_with_its_times_and_what_the_policy_says_of_it():
    (test,) = read(suite(), OF_SERVER).recoveries
    assert (test.started_at, test.finished_at, test.outcome) == (START, START + 601, "passed")
    assert (test.scenarios, test.validation) == (frozenset({"server"}), Rung.RESTORED)
    assert (test.point_source, test.point_of, test.target_site) == ("offsite", "orders", "lab")
    assert (test.restore_started_at, test.validated_at, test.disrupted_at) == (START, START + 601, None)


def test_the_policy_says_what_its_start_and_end_stand_for():
    clocks = RestoreRecords(begins_with=Clock.DISRUPTION, ends_with=Clock.RESTORED)
    (test,) = read(suite(), clocks).recoveries
    assert (test.disrupted_at, test.restore_started_at) == (START, None)
    assert (test.restored_at, test.validated_at) == (START + 601, None)


def test_the_report_that_pytest_writes_is_read(tmp_path):
    (tmp_path / "test_restore.py").write_text(
        "import pytest\n\n"
        "def test_rows():\n    pass\n\n"
        "@pytest.mark.skip\ndef test_later():\n    pass\n\n"
        "@pytest.mark.xfail\ndef test_known():\n    assert False\n"
    )
    command = [sys.executable, "-m", "pytest", "-q", "-p", "no:cacheprovider", "--junitxml", "report.xml"]
    subprocess.run(command, cwd=tmp_path, check=True, stdout=subprocess.DEVNULL)
    report = (tmp_path / "report.xml").read_text()
    (test,) = read(report, RestoreRecords(zone="UTC")).recoveries
    assert (test.outcome, test.notes) == ("passed", "1 case")
    assert abs(test.started_at - datetime.now().timestamp()) < 86400  # noqa: DTZ005


def test_a_report_whose_case_fails_is_written_by_pytest_too(tmp_path):
    (tmp_path / "test_restore.py").write_text("def test_rows():\n    assert False\n")
    command = [sys.executable, "-m", "pytest", "-q", "-p", "no:cacheprovider", "--junitxml", "report.xml"]
    subprocess.run(command, cwd=tmp_path, check=False, stdout=subprocess.DEVNULL)
    (test,) = read((tmp_path / "report.xml").read_text(), RestoreRecords(zone="UTC")).recoveries
    assert test.outcome == "failed"


@pytest.mark.parametrize(
    ("cases", "comes_to"),
    [
        (PASSED, "passed"),
        (PASSED + SKIPPED, "passed"),
        (SKIPPED, "aborted"),
        ("", "aborted"),
        ('<testcase name="a" status="notrun"/>', "aborted"),
        ('<testcase name="a" result="suppressed"/>', "aborted"),
        ('<testcase name="a" status="NotRun"/>', "aborted"),
        ('<testcase name="a" status="run" result="completed"/><testcase name="b" status="PASSED"/>', "passed"),
        (PASSED + '<testcase name="a" status="FAILED"/>', "failed"),
        (PASSED + '<testcase name="a" status="skipped" result="error"/>', "failed"),
        (PASSED + FAILED, "failed"),
        (PASSED + '<testcase name="a"><error/></testcase>', "failed"),
        ('<testcase name="a"><skipped/><error/></testcase>', "failed"),
        ('<testcase name="a"><error/><skipped/></testcase>', "failed"),
        ('<testcase name="a"><rerunFailure>x</rerunFailure></testcase>' + PASSED, "failed"),
        ('<testcase name="a"><flakyFailure><stackTrace>x</stackTrace></flakyFailure></testcase>', "passed"),
        ('<testcase name="a"><failure><system-out>x</system-out></failure></testcase>', "failed"),
        (PASSED + "<error>of the suite's own set-up</error>", "failed"),
        (PASSED + '<properties><property name="a" value="b"/></properties><system-out>x</system-out>', "passed"),
    ],
)
def test_it_passed_if_cases_were_run_and_none_failed(cases, comes_to):
    assert outcome(suite(cases)) == comes_to


def test_what_its_attributes_count_as_failed_failed():
    assert outcome(suite(more='tests="1" failures="1"')) == "failed"
    assert outcome(suite(more='errors="2"')) == "failed"
    assert outcome(f"<testsuites failures='1'>{suite()}</testsuites>") == "failed"
    inner = suite(name="inner", more="errors='1'")
    assert outcome(f"<testsuites>{suite(inner)}</testsuites>") == "failed"


def test_all_suites_of_a_report_are_one_test():
    both = suite() + suite(FAILED, name="other", timestamp="2026-09-01T09:00:00+01:00", time="3,600")
    (test,) = read(f"<testsuites name='drill'>{both}</testsuites>").recoveries
    assert (test.id, test.outcome) == ("drill 2026-09-01T07:00:00Z", "failed")
    assert (test.started_at, test.finished_at) == (START, START + 3600 + 3600)


def test_the_suite_that_the_policy_names_is_the_test():
    both = f"<testsuites failures='1'>{suite(name='units', cases=FAILED)}{suite()}</testsuites>"
    (test,) = read(both, RestoreRecords(suite="restore")).recoveries
    assert test.outcome == "passed"
    assert "no suite 'drill', but 'units', 'restore'" in refused(both, RestoreRecords(suite="drill"))


def test_a_suite_is_no_shorter_than_a_case_in_it():
    (test,) = read(suite('<testcase name="a" time="7200.1"/>', time="0.1")).recoveries
    assert test.finished_at == START + 7201


def test_a_suite_ends_no_earlier_than_a_suite_in_it():
    (test,) = read(suite(suite(name="inner", time="7200"), time="10")).recoveries
    assert test.finished_at == START + 7200
    later = suite(name="inner", timestamp="2026-09-01T08:00:00Z", time="7200")
    (test,) = read(suite(PASSED + later, time="10")).recoveries
    assert (test.started_at, test.finished_at) == (START, START + 3600 + 7200)


def test_suites_that_do_not_say_when_they_began_last_as_long_as_their_frame():
    untimed = '<testsuite name="a" time="3600">' + PASSED + "</testsuite>"
    (test,) = read(f"<testsuites timestamp='2026-09-01T07:00:00Z' time='7300'>{untimed * 2}</testsuites>").recoveries
    assert (test.started_at, test.finished_at) == (START, START + 7300)
    (test,) = read(f"<testsuites timestamp='2026-09-01T07:00:00Z'>{untimed}</testsuites>").recoveries
    assert test.finished_at == START + 3600
    # One after the other, or at once: nobody can tell.
    frame = f"<testsuites timestamp='2026-09-01T07:00:00Z'>{untimed * 2}</testsuites>"
    assert "how long" in refused(frame)
    assert "how long" in refused(frame, RestoreRecords(suite="a"))


def test_a_report_is_as_long_as_it_says_where_its_suites_together_are_shorter():
    (test,) = read(f"<testsuites time='7200'>{suite()}</testsuites>").recoveries
    assert (test.started_at, test.finished_at) == (START, START + 7200)
    (test,) = read(f"<testsuites timestamp='2026-09-01T06:00:00Z' time='1'>{suite()}</testsuites>").recoveries
    assert (test.started_at, test.finished_at) == (START - 3600, START + 601)
    # Runners add up what ran at once; then each suite tells when it ran.
    (test,) = read(f"<testsuites time='1200'>{suite() + suite(name='b')}</testsuites>").recoveries
    assert test.finished_at == START + 601


def test_a_time_without_zone_is_read_in_the_zone_that_the_source_states():
    naive = suite(timestamp="2026-09-01T09:00:00.25")
    (test,) = read(naive, RestoreRecords(zone="Europe/Stockholm")).recoveries
    assert (test.started_at, test.finished_at) == (START, START + 602)
    assert "add `zone`" in refused(naive)


@pytest.mark.parametrize(
    ("text", "why"),
    [
        ("", "it is empty"),
        (suite()[:-5], "not whole"),
        ("<html><body>Log in</body></html>", "'html'"),
        (suite(more='tests="3"'), "says 3 cases, and holds 1"),
        (f"<testsuites tests='2'>{suite()}</testsuites>", "says 2 cases, and holds 1"),
        (suite(more='tests="1" skipped="1"'), "says 1 skipped, and holds 0"),
        (f"<testsuites disabled='2'>{suite(SKIPPED)}</testsuites>", "says 2 skipped, and holds 1"),
        (suite('<testcase name="a" status="mostly"/>'), "'mostly'"),
        (suite(more='failures="-1"'), "not a number"),
        (suite('<testcase name="a"><exploded/></testcase>'), "'exploded'"),
        (suite('<testcase name="a"><testcase name="b"/></testcase>'), "'testcase'"),
        (suite(time="-5"), "not seconds"),
        (suite(time="NaN"), "not seconds"),
        (suite(time=""), "no time"),
        (suite(timestamp=""), "no timestamp"),
        (suite(timestamp="yesterday"), "not an instant"),
        (suite(timestamp="2026-02-30T00:00:00"), "add `zone`"),
        (suite(name=" restore"), "white space"),
        (suite(name="a\u202eb"), "control characters"),
        ('<!DOCTYPE a [<!ENTITY b "x">]>' + suite(), "document type"),
        ('<?xml version="1.0" encoding="ISO-8859-1"?>' + suite(), "encoding"),
        (suite().encode("utf-16"), "not UTF-8"),
        ("<testsuite>" * 60 + "</testsuite>" * 60, "levels"),
        ("<testsuite>" + "<testcase/>" * 210_000 + "</testsuite>", "elements"),
    ],
)
def test_what_is_no_report_is_a_gap_of_the_whole_look(text, why):
    assert why in refused(text)


def test_nothing_in_it_can_lie_in_the_future():
    assert "in the future" in refused(suite(), latest=START + 600)


@given(st.text(alphabet="<>/=\"' testuicafrskpdlm\n\u202e\0&;#-!", max_size=80))
@example("--><testcase/><!--")
@example('"/><testcase name="x"/>')
def test_whatever_is_written_into_a_failure_it_never_passes(text):
    escaped = text.replace("&", "&amp;").replace("<", "&lt;").replace('"', "&quot;")
    report = suite(f'<testcase name="{escaped}"><failure message="{escaped}">{escaped}</failure></testcase>')
    assert all(test.outcome == "failed" for test in read(report).recoveries)


@given(st.binary(max_size=200))
def test_no_bytes_raise_anything_and_none_that_hold_no_case_pass(data):
    log = read(data)
    assert log.gaps or log.recoveries
    if b"testcase" not in data:
        assert not any(test.outcome == "passed" for test in log.recoveries)


@given(st.integers(0, len(suite(PASSED + FAILED)) - 1))
def test_a_report_that_is_cut_off_is_none(end):
    assert refused(suite(PASSED + FAILED)[:end])


WHERE = source(path="ci/restore.xml", reader=READERS["restore-log"], restores=OF_SERVER)


def look(history: History, text: str, begin: int):
    place = Place(files={"restore.xml": text.encode()})
    seen = restore_log.read(place, WHERE, "restore.xml", LookRequest(LONG_AGO, begin, 300, "web"))
    history.apply(difference(history, seen))
    return seen


def test_a_failure_stays_known_when_the_next_report_has_taken_its_place():
    history = History()
    look(history, suite(FAILED), NOW)
    look(history, suite(timestamp="2026-09-02T07:00:00Z"), NOW + 86400)
    log = rewritten_logs.of_reports(history, OF_SERVER)
    assert [test.outcome for test in log.recoveries] == ["failed", "passed"]
    assert log.known_until == NOW + 86400


def test_of_one_run_that_is_reported_twice_both_outcomes_stay():
    history = History()
    look(history, suite(FAILED), NOW)
    look(history, suite(), NOW + 86400)
    log = rewritten_logs.of_reports(history, OF_SERVER)
    assert sorted(test.outcome for test in log.recoveries) == ["failed", "passed"]


def test_a_look_that_finds_no_report_leaves_what_was_told_and_is_a_gap():
    history = History()
    look(history, suite(), NOW)
    seen = look(history, "<html>502</html>", NOW + 86400)
    assert "this is HTML" in seen.look.gaps[0].what
    log = rewritten_logs.of_reports(history, OF_SERVER)
    assert ([test.outcome for test in log.recoveries], log.known_until) == (["passed"], NOW)
    assert log.unseen
