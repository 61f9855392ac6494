"""The report as JUnit's XML, read by a library that others read it with."""

from __future__ import annotations

from pathlib import Path
from xml.etree import ElementTree as ET

import junitparser
import msgspec
import pytest
import samples

from drcheck.core.model.evidence import Gap
from drcheck.core.model.verdict import NamedBreach, News, Opening
from drcheck.reports.junit import render

GOLDEN = Path(__file__).parent / "golden" / "few.junit"


def read(report):
    return junitparser.JUnitXml.fromstring(render(report))


def cases(report):
    """Return how each case ended, by suite and name; an empty list: it passed."""
    return {
        (suite.name, case.name): [type(each).__name__ for each in case.result]
        for suite in read(report)
        for case in suite
    }


def with_one(**more):
    met = samples.all_met()
    return msgspec.structs.replace(met, verdicts=(msgspec.structs.replace(met.verdicts[0], **more),))


def test_it_reads_as_it_did():
    """Look at a difference before you copy it: pipelines tell cases apart by their names."""
    assert render(samples.few()).decode() == GOLDEN.read_text()


def test_a_breach_fails_and_an_unknown_is_an_error_and_only_what_is_accepted_or_not_owed_is_skipped():
    assert cases(samples.report()) == {
        ("webshop", "rpo-server"): ["Failure"],
        ("webshop", "rpo-datacentre"): ["Error"],
        ("webshop", "rto-server"): [],
        ("webshop", "daily"): [],
        ("webshop", "kept"): ["Skipped"],
        ("webshop", "encrypted"): ["Error"],
        ("hosting", "uptime"): ["Failure"],
        ("hosting", "daily-uptime"): [],
        ("hosting", "disks"): [],
        ("metering", "uptime"): ["Skipped"],
        ("wiki", "daily"): [],
        ("policies not judged", "policies/old.yaml"): ["Error"],
    }


@pytest.mark.parametrize("report", [samples.report(), samples.hostile(), samples.fifty()])
def test_the_counts_are_those_of_the_cases(report):
    whole = read(report)
    for each in (whole, *whole):
        its = [case for suite in (whole if each is whole else [each]) for case in suite]
        ended = [type(one).__name__ for case in its for one in case.result]
        assert (each.tests, each.failures, each.errors, each.skipped) == (
            len(its), ended.count("Failure"), ended.count("Error"), ended.count("Skipped"),
        )  # fmt: skip


def test_a_failure_says_why_and_on_what_evidence():
    (failure,) = next(iter(next(iter(read(samples.report()))))).result
    assert failure.message.startswith("newest restorable data of orders is of 2026-11-21T01:00:00Z, 1 h 30 min old")
    assert "evidence: dumps: vault:webshop/orders/2026-11-21T0100Z.dump.gz" in failure.text
    assert "does not count: it is too small" in failure.text
    assert "evidence gap: dumps-offsite: azure-backup did not answer within 120 s\n  Check that" in failure.text


def test_a_waiver_tells_who_accepted_it_until_when_and_why():
    case = next(case for suite in read(samples.report()) for case in suite if case.name == "kept")
    assert case.result[0].message == (
        "waived until 2026-12-31T02:30:00Z by cto@example.com: older dumps lost in the move, CHG-1234"
    )


def test_what_could_not_be_seen_is_told_though_all_passed():
    met = with_one(gaps=(("dumps", Gap("a file is in doubt", "Wait until it is whole.")),))
    found = msgspec.structs.replace(met, sources=samples.webshop().sources)
    report = samples.report(found, faults=False)
    assert cases(report) == {("wiki", "daily"): []}
    root = ET.fromstring(render(report))
    told = "evidence gap: dumps: a file is in doubt\n  Wait until it is whole."
    assert told in root.find("testsuite/testcase/system-out").text
    told_of_all = root.find("testsuite/system-err").text
    assert told in told_of_all
    assert "evidence gap: checks, line 3: line 3 is no JSON object" in told_of_all
    assert "dumps also holds sessions, which the policy does not list" in told_of_all


def test_a_breach_that_is_over_and_that_no_run_has_shown_fails_but_where_only_now_is_asked():
    breach = Opening(samples.AS_OF - 7200, samples.AS_OF - 3600, "newest restorable data was too old")
    report = samples.report(with_one(since_last_run=(NamedBreach(breach, counts=True, why=News.NEW),)), faults=False)
    assert cases(report) == {("wiki", "daily"): ["Failure"]}
    assert b'message="breached until 2026-11-21T01:30:00Z: newest restorable data was too old"' in render(report)
    now = msgspec.structs.replace(report, now_alone=True)
    assert cases(now) == {("wiki", "daily"): []}
    assert b"not shown by any run before: breached for 1 h" in render(now)


def test_a_period_that_is_not_proved_is_an_error():
    assert cases(samples.report(with_one(of_period=True, unproved=True), faults=False)) == {
        ("wiki", "daily"): ["Error"]
    }


def test_the_time_of_a_case_is_what_was_measured_in_seconds():
    times = {case.get("name"): case.get("time") for case in ET.fromstring(render(samples.report())).iter("testcase")}
    assert (times["rpo-server"], times["rto-server"], times["kept"]) == ("5400", "13680", None)


def test_hostile_names_are_text_and_nothing_that_xml_forbids():
    root = ET.fromstring(render(samples.hostile()))
    assert {each.tag for each in root.iter()} == {
        "testsuites", "testsuite", "properties", "property", "testcase", "failure", "error", "system-out", "system-err",
    }  # fmt: skip
    messages = {each.get("message") for each in root.iter("failure")}
    assert "<script>alert(1)</script> is too old" in messages
    assert "escape\\x1b[31m\\x1b]0;owned\\x07.dump is too old" in messages
    assert "lone\\ud800surrogate is too old" in messages
