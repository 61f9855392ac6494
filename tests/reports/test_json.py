"""The JSON report keeps its contract."""

from __future__ import annotations

import errno
import io
import json
import unicodedata
from importlib.resources import files

import jsonschema
import pytest
import samples
from msgspec.structs import replace

from drcheck.core.model.evidence import Fact
from drcheck.core.model.verdict import Window
from drcheck.errors import OutputError
from drcheck.reports.json import documents, render
from drcheck.run_report import Report

SCHEMA = json.loads((files("drcheck.reports") / "report.schema.json").read_text())
VALIDATOR = jsonschema.Draft202012Validator(SCHEMA, format_checker=jsonschema.FormatChecker())
EMPTY = Report("run", "0.1.0", Window(0, 1), ())


def objects_of(schema):
    """Yield every schema of an object, wherever it stands."""
    if isinstance(schema, dict):
        if schema.get("type") == "object":
            yield schema
        for value in schema.values():
            yield from objects_of(value)
    elif isinstance(schema, list):
        for value in schema:
            yield from objects_of(value)


def test_the_schema_has_every_fact_that_a_gap_may_be_of():
    assert SCHEMA["$defs"]["gap"]["properties"]["fact"]["enum"] == [*Fact, None]


def test_the_schema_is_a_schema_and_tells_every_key():
    jsonschema.Draft202012Validator.check_schema(SCHEMA)
    for part in objects_of(SCHEMA):
        assert part["additionalProperties"] is False
        for key, its in part["properties"].items():
            assert "description" in its or "$ref" in its or "enum" in its, key


@pytest.mark.parametrize("report", [samples.report(), samples.hostile(), EMPTY])
def test_a_report_is_valid(report):
    VALIDATOR.validate(json.loads(render(report)))


def test_the_report_holds_what_the_contract_says():
    shown = json.loads(render(samples.report()))
    assert shown["as_of"] == "2026-11-21T02:30:00Z"
    assert shown["status"] == "breached"
    assert shown["totals"] == {
        "met": 5, "breached": 2, "unknown": 2, "waived": 1, "not_owed": 1, "invalid": 1, "at_risk": 2, "attested": 1,
        "passed": 0,
    }  # fmt: skip
    webshop, hosting, metering, wiki = shown["services"]
    assert (webshop["status"], metering["status"], wiki["status"]) == ("breached", None, "met")
    assert (webshop["recovery_objective"], metering["recovery_objective"]) == (True, False)
    rpo = webshop["commitments"][0]
    assert (rpo["id"], rpo["kind"], rpo["status"], rpo["at_risk"], rpo["waived"]) == (
        "rpo-server", "rpo", "breached", False, False,
    )  # fmt: skip
    assert rpo["objective"] == {"value": 3600, "unit": "s"}
    assert rpo["measured"] == {"value": 5400, "unit": "s"}
    assert rpo["headroom"] == {"value": -1800, "unit": "s"}
    assert rpo["due_at"] == "2026-11-21T02:00:00Z"
    assert [(one["opened_at"], one["closed_at"]) for one in rpo["breaches"]] == [
        ("2026-11-01T02:30:00Z", "2026-11-01T07:30:00Z"),
        ("2026-11-19T02:30:00Z", None),
    ]
    assert [one["closed_at"] for one in rpo["unknowns"]] == ["2026-11-19T02:30:00Z"]
    assert [one["name"] for one in rpo["evidence"]] == ["orders/2026-11-21T0100Z.dump.gz"]
    assert [one["why_not"][:15] for one in rpo["rejected"]] == ["it is too small", "it shrank by 97"]
    assert [(one["of"], one["status"]) for one in rpo["of"]] == [("orders", "breached"), ("customers", "met")]
    assert rpo["gaps"][0]["source"] == "dumps-offsite"
    assert "of" not in webshop["commitments"][1]
    assert [one["line"] for one in webshop["commitments"][2]["gaps"]] == [17, 18, 23, 40, 41]
    assert webshop["commitments"][5]["gaps"][0]["fact"] == "storage-encryption"
    assert [one["attested"] for one in hosting["commitments"]] == [False, False, True]
    assert [one["standing"] for one in hosting["commitments"]] == ["log", "log", "attested"]
    kept = webshop["commitments"][4]
    assert (kept["status"], kept["waived"], kept["waiver"]["owner"]) == ("breached", True, "cto@example.com")
    assert len(shown["faults"]) == 2


def test_a_period_that_fell_short_states_its_credit_and_until_when_it_can_be_claimed():
    shown = json.loads(render(samples.report(samples.hosting())))
    october, november = shown["services"][0]["commitments"][0]["periods"]
    assert (october["label"], october["availability"]) == ("2026-10", {"value": "99.25", "unit": "%"})
    assert october["excused"] == [
        {"why": "cause third-party", "downtime": {"value": 7200, "unit": "s"}},
        {"why": "maintenance planned", "downtime": {"value": 1800, "unit": "s"}},
    ]
    assert october["credit"] == {
        "amount": {"value": "17.5", "unit": "%"},
        "of": "monthly fee",
        "how": "99.25 % is 0.7 % below 99.95 %, times 25",
        "capped": False,
        "money": {"amount": "175.00", "currency": "USD"},
        "claims": [{"what": "2026-10", "until": "2026-11-16T00:00:00Z"}],
    }
    assert november["credit"]["amount"] == {"value": 70, "unit": "h"}
    assert november["unwatched"] == {"value": 600, "unit": "s"}
    assert "periods" not in shown["services"][0]["commitments"][2]


def test_an_invalid_policy_makes_the_run_unknown():
    assert json.loads(render(samples.report(samples.all_met(), faults=False)))["status"] == "met"
    assert json.loads(render(samples.report(samples.all_met())))["status"] == "unknown"
    assert json.loads(render(samples.report(samples.metering(), faults=False)))["status"] is None


def test_each_piece_of_evidence_names_its_file_in_full():
    shown = json.loads(render(samples.report()))
    rpo, _, rto, *_ = shown["services"][0]["commitments"]
    name = "orders/2026-11-21T0100Z.dump.gz"
    assert (rpo["evidence"][0]["name"], rpo["evidence"][0]["place"]) == (name, f"vault:webshop/{name}")
    vault = "ssh://backup@vault.example.com:2222/srv/backups"
    assert rpo["evidence"][0]["location"] == f"{vault}/webshop/{name}"
    assert rpo["rejected"][0]["location"].endswith("webshop/orders/2026-11-19T0015Z.dump.gz")
    assert rto["evidence"][0]["location"] == f"{vault}/logs/drills.jsonl"
    assert shown["services"][0]["sources"][0] == {
        "name": "dumps",
        "place": "vault:webshop/",
        "location": f"{vault}/webshop/",
        "seconds": 0,
        "unlisted": ["sessions"],
        "other_lines": 0,
        "unplaced_failures": [],
        "gaps": [],
        "unread": 31,
        "names": 40,
        "matched": 9,
        "ever_matched": True,
        "unmatched": [{"name": "orders_20261121.sql", "modified": "2026-11-21T01:30:00Z", "newer": True}],
    }
    assert shown["services"][0]["sources"][2]["other_lines"] == 4
    told = {source["name"]: source["gaps"] for source in shown["services"][0]["sources"]}
    assert {name: len(gaps) for name, gaps in told.items()} == {
        "dumps": 0,
        "dumps-offsite": 2,
        "drills": 5,
        "checks": 1,
    }
    assert told["checks"] == [
        {"source": "checks", "what": "line 3 is no JSON object", "hint": "", "line": 3, "fact": None}
    ]
    assert shown["sources"] == {"asked": 8, "seen": 7, "gaps": 8}


def test_a_place_at_a_connection_that_is_configured_no_more_has_no_location():
    shown = json.loads(render(replace(samples.report(), locations={})))
    assert shown["services"][0]["sources"][0]["location"] is None


def test_hostile_text_reaches_no_terminal_and_stays_readable_by_any_parser():
    text = render(samples.hostile()).decode()
    assert all(one == "\n" or unicodedata.category(one) not in {"Cc", "Cf", "Cs", "Zl", "Zp"} for one in text)
    titles = [service["title"] for service in json.loads(text)["services"]]
    kept = [name for name in samples.HOSTILE if not any("\ud800" <= one <= "\udfff" for one in name)]
    assert [title for title in titles if title in kept] == kept
    assert "not-utf8-\\xff\\x80.dump" in titles
    assert "lone\\ud800surrogate" in titles


@pytest.mark.parametrize("report", [samples.report(), samples.hostile(), EMPTY])
def test_written_service_by_service_it_is_the_same(report):
    made = documents(iter(report.services), lambda: report, split=False)
    assert [b"".join(document.pieces) for document in made] == [render(report)]


def test_where_the_disk_is_full_it_is_told_where_space_is_missing(monkeypatch):
    class Full(io.BytesIO):
        def write(self, _data):
            raise OSError(errno.ENOSPC, "No space left on device")

    monkeypatch.setattr("tempfile.TemporaryFile", lambda **_: Full())
    report = samples.report()
    with pytest.raises(OutputError, match="no space left on device") as raised:
        list(documents(iter(report.services), lambda: report, split=False))
    assert "TMPDIR=" in raised.value.hint
