"""The report as OSCAL assessment results; ``tests/lab`` holds it against NIST's definitions."""

from __future__ import annotations

import json
import re
from collections import Counter

import msgspec
import pytest
import samples

from drcheck.core.model.controls import Control, Standard
from drcheck.core.model.verdict import NamedBreach, News, Opening
from drcheck.reports.oscal.report import render

_OF_SERVICES = {one.policy.service: one for one in samples.hostile().services}
HOSTILE = msgspec.structs.replace(samples.hostile(), services=tuple(_OF_SERVICES.values()))
"""A service has one policy."""
REPORTS = [samples.report(), HOSTILE, samples.fifty()]


def read(report):
    return json.loads(render(report))["assessment-results"]


def result(report):
    (one,) = read(report)["results"]
    return one


def named(props):
    return {each["name"]: each["value"] for each in props}


def findings(report):
    """Return the findings of commitments by service and commitment."""
    found = {}
    for one in result(report)["findings"]:
        props = named(one["props"])
        if "commitment" in props:
            found[props["service"], props["commitment"]] = one
    return found


def statuses(report):
    return {
        key: (one["target"]["status"]["state"], one["target"]["status"]["reason"])
        for key, one in findings(report).items()
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


def test_only_what_is_met_satisfies_and_what_is_unknown_does_not_for_another_reason():
    assert statuses(samples.report()) == {
        ("webshop", "rpo-server"): ("not-satisfied", "fail"),
        ("webshop", "rpo-datacentre"): ("not-satisfied", "other"),
        ("webshop", "rto-server"): ("satisfied", "pass"),
        ("webshop", "daily"): ("satisfied", "pass"),
        ("webshop", "kept"): ("not-satisfied", "fail"),  # waived
        ("webshop", "encrypted"): ("not-satisfied", "other"),
        ("hosting", "uptime"): ("not-satisfied", "fail"),
        ("hosting", "daily-uptime"): ("satisfied", "pass"),
        ("hosting", "disks"): ("satisfied", "pass"),
        ("wiki", "daily"): ("satisfied", "pass"),
    }


def test_in_a_report_of_a_period_it_serves_the_controls_of_its_kind_in_the_standards_that_the_report_maps():
    frequency = Control("A.8.13", "Information backup", ("backup_frequency",), "backups are made", "all else")
    mine = Control("4.2", "Ours", ("rto",), "how long it takes", "all else")
    standards = (Standard("iso27001", "ISO", (frequency,)), Standard("ours", "Ours", (mine,)))
    report = msgspec.structs.replace(samples.report(samples.all_met(), faults=False), standards=standards)
    (finding,) = (one for (_, id_), one in findings(report).items() if id_ == "daily")
    assert [one["value"] for one in finding["props"] if one["name"] == "control"] == ["iso27001:A.8.13"]
    (selection,) = result(report)["reviewed-controls"]["control-selections"]
    served = [one["control-id"] for one in selection["include-controls"]]
    assert "iso27001-A.8.13" in served
    assert "drcheck-backup_frequency" not in served
    assert "ours-4.2" not in served


def test_what_is_not_owed_yet_is_observed_and_found_neither_way():
    observed = {one["title"]: named(one.get("props", ())) for one in result(samples.report())["observations"]}
    assert observed["metering uptime"]["status"] == "not_owed"


def test_a_policy_that_could_not_be_judged_is_not_satisfied():
    (one,) = (one for one in result(samples.report())["findings"] if named(one["props"]).get("policy"))
    assert named(one["props"])["policy"] == "policies/old.yaml"
    assert (one["target"]["status"]["state"], one["target"]["status"]["reason"]) == ("not-satisfied", "other")
    assert "`policies/old.yaml:9:12: 24 is not a duration (24h)`" in one["description"].split("\n\n")


def test_a_period_that_is_not_proved_is_not_satisfied():
    report = samples.report(with_one(of_period=True, unproved=True), faults=False)
    assert statuses(report) == {("wiki", "daily"): ("not-satisfied", "other")}


def test_what_was_waived_in_a_period_and_is_satisfied_at_its_end_says_so():
    window = samples.all_met().verdicts[0].window
    breach = Opening(window.start, window.start + 60, "it was late", waived=True)
    report = samples.report(
        with_one(of_period=True, since_last_run=(NamedBreach(breach, False, News.OF_PERIOD),)), faults=False
    )
    (one,) = findings(report).values()
    assert one["target"]["status"] == {
        "state": "satisfied",
        "reason": "pass",
        "remarks": "At its end; a breach in the period was waived.",
    }


def test_a_breach_that_is_over_and_that_no_run_has_shown_fails_but_where_only_now_is_asked():
    breach = Opening(samples.AS_OF - 7200, samples.AS_OF - 3600, "newest restorable data was too old")
    report = samples.report(with_one(since_last_run=(NamedBreach(breach, counts=True, why=News.NEW),)), faults=False)
    assert statuses(report) == {("wiki", "daily"): ("not-satisfied", "fail")}
    assert statuses(msgspec.structs.replace(report, now_alone=True)) == {("wiki", "daily"): ("satisfied", "pass")}


def test_a_waiver_is_a_risk_with_who_why_until_when_and_approved_by_whom():
    whole = read(samples.report())
    (risk,) = whole["results"][0]["risks"]
    assert (risk["status"], risk["deadline"]) == ("deviation-approved", "2026-12-31T02:30:00Z")
    assert named(risk["props"]) == {
        "type": "waiver",
        "reason": "older dumps lost in the move, CHG-1234",
        "applied-by": "cto@example.com",
        "approved-by": "cto@example.com",
        "applied-at": "2026-11-20T02:30:00Z",
        "expires-at": "2026-12-31T02:30:00Z",
    }
    (owner,) = whole["metadata"]["parties"]
    assert (owner["type"], owner["name"]) == ("person", "cto@example.com")
    assert risk["origins"] == [{"actors": [{"type": "party", "actor-uuid": owner["uuid"]}]}]
    assert findings(samples.report())["webshop", "kept"]["related-risks"] == [{"risk-uuid": risk["uuid"]}]


def test_what_somebody_attests_is_known_by_an_interview():
    methods = {one["title"]: one["methods"] for one in result(samples.report())["observations"]}
    assert methods["hosting disks"] == ["INTERVIEW"]
    assert methods["webshop daily"] == ["EXAMINE"]


def test_a_finding_has_clause_and_controls_and_its_objective_the_words_of_the_agreement():
    whole = read(samples.report())
    one = findings(samples.report())["webshop", "rpo-server"]
    props = [(each["name"], each["value"]) for each in one["props"]]
    assert ("clause", "7.2") in props
    assert {value for name, value in props if name == "control"} == {"iso27001:A.8.13", "nist800-53:CP-9"}
    objectives = {
        each["parts"][0]["id"]: (each["control-id"], each["parts"][0]["prose"])
        for each in whole["local-definitions"]["objectives-and-methods"]
    }
    control, text = objectives[one["target"]["target-id"]]
    assert control == "iso27001-A.8.13"
    assert text.startswith("`RPO = 60 minuter, dvs kan förlora maximalt 120 minuters arbete`")
    (selection,) = whole["results"][0]["reviewed-controls"]["control-selections"]
    reviewed = {each["control-id"] for each in selection["include-controls"]}
    assert {"iso27001-A.8.13", "cp-9", "drcheck-rto"} <= reviewed


def test_controls_of_nist_have_the_ids_of_its_catalog():
    shop = samples.webshop()
    promise = msgspec.structs.replace(shop.verdicts[0].commitment, controls=("nist800-53:CP-9(1)", "cis:11.2"))
    shop = msgspec.structs.replace(shop, verdicts=(msgspec.structs.replace(shop.verdicts[0], commitment=promise),))
    (selection,) = result(samples.report(shop))["reviewed-controls"]["control-selections"]
    assert [each["control-id"] for each in selection["include-controls"]] == ["cis-11.2", "cp-9.1"]


def test_an_observation_has_its_evidence_with_where_it_lies_and_what_does_not_count():
    observed = {one["title"]: one for one in result(samples.report())["observations"]}
    evidence = observed["webshop rpo-server"]["relevant-evidence"]
    assert evidence[0]["href"] == f"ssh://backup@vault.example.com:2222/srv/backups/webshop/{samples.NEWEST}"
    assert named(evidence[0]["props"])["counts"] == "yes"
    rejected = named(evidence[1]["props"])
    assert (rejected["counts"], rejected["why-not"]) == ("no", "it is too small: 12 B, at least 10 MiB is asked")


def test_what_could_not_be_seen_is_observed_and_related_to_what_rests_on_it():
    one = findings(samples.report())["webshop", "encrypted"]
    observed = {each["uuid"]: each for each in result(samples.report())["observations"]}
    related = [observed[each["observation-uuid"]] for each in one["related-observations"]]
    assert [each["types"] for each in related] == [["control-objective"], ["evidence-gap"]]
    assert related[1]["description"].endswith("\n\n`Allow s3:GetObject.`")
    kinds = Counter(each["types"][0] for each in observed.values())
    assert kinds == {"control-objective": 11, "evidence-gap": 8, "not-judged": 3}


@pytest.mark.parametrize("report", REPORTS)
def test_every_id_is_there_once_and_every_reference_has_what_it_names(report):
    whole = read(report)
    ids = Counter(all_of(whole, "uuid"))
    assert max(ids.values()) == 1
    references = ("observation-uuid", "risk-uuid", "subject-uuid", "actor-uuid", "component-uuid")
    assert {one for key in references for one in all_of(whole, key)} <= set(ids)
    assert whole["import-ap"]["href"].removeprefix("#") in ids
    objectives = [each["id"] for one in all_of(whole, "parts") for each in one]
    assert len(set(objectives)) == len(objectives)


@pytest.mark.parametrize("report", REPORTS)
def test_the_same_results_are_the_same_bytes_and_other_results_another_document(report):
    assert render(report) == render(report)
    other = msgspec.structs.replace(report, services=report.services[:-1])
    assert read(other)["uuid"] != read(report)["uuid"]


def test_what_outlasts_a_run_keeps_its_id_and_findings_are_those_of_one_run():
    first, second = samples.report(), msgspec.structs.replace(samples.report(), run="another")

    def ids(of, report):
        return {one["uuid"] for one in of(report)}

    for kept in (
        lambda report: read(report)["metadata"]["parties"],
        lambda report: result(report)["local-definitions"]["components"],
        lambda report: result(report)["risks"],
    ):
        assert ids(kept, first) == ids(kept, second)
    for key in ("findings", "observations"):
        assert not {one["uuid"] for one in result(first)[key]} & {one["uuid"] for one in result(second)[key]}
    # So they are in every version of drcheck: others may have stored them.
    assert result(first)["local-definitions"]["components"][0]["uuid"] == "97dcdd4c-64cc-5670-b4f2-76d6b54d50f3"


def test_no_text_that_is_markup_holds_any():
    for key in ("description", "statement", "prose"):
        for text in all_of(read(samples.hostile()), key):
            for paragraph in text.split("\n\n"):
                assert re.fullmatch(r"(`+)(?!`).+(?<!`)\1", paragraph) or not re.search(r"[<>*\[\]]", paragraph)


def test_names_with_dots_do_not_make_one_objective_of_two():
    met = samples.all_met()

    def one(service, commitment):
        promise = msgspec.structs.replace(met.verdicts[0].commitment, id=commitment)
        return msgspec.structs.replace(
            met,
            policy=msgspec.structs.replace(met.policy, service=service),
            verdicts=(msgspec.structs.replace(met.verdicts[0], commitment=promise),),
        )

    report = samples.report(one("a.b", "c"), one("a", "b.c"))
    assert len({each["target"]["target-id"] for each in findings(report).values()}) == 2
