"""The report as metrics, read back by Prometheus' own parser of the classic text format."""

from __future__ import annotations

from collections import Counter
from pathlib import Path

import msgspec
import pytest
import samples
from prometheus_client.parser import text_string_to_metric_families

from drcheck.core.model.evidence import Cited
from drcheck.core.model.verdict import NamedBreach, News, Opening, Quantity
from drcheck.reports.prometheus import render
from drcheck.run_report import Fault

GOLDEN = Path(__file__).parent / "golden" / "few.prometheus"


def read(report, **options):
    """Return every sample by its metric and the labels that matter."""
    families = text_string_to_metric_families(render(report, **options).decode())
    return [sample for family in families for sample in family.samples]


def value(report, name, service="", commitment=""):
    """Return the value of the one series of that metric; None: there is none."""
    found = [
        sample.value
        for sample in read(report)
        if sample.name == f"drcheck_{name}"
        and (sample.labels.get("service", ""), sample.labels.get("commitment", "")) == (service, commitment)
    ]
    assert len(found) < 2
    return found[0] if found else None


def state(report, service, commitment):
    """Return the one state of a commitment."""
    (found,) = (
        sample.labels["drcheck_commitment_status"]
        for sample in read(report)
        if sample.name == "drcheck_commitment_status"
        and sample.value == 1
        and (sample.labels["service"], sample.labels["commitment"]) == (service, commitment)
    )
    return found


def test_it_reads_as_it_did():
    """Look at a difference before you copy it: alert rules rest on these names."""
    assert render(samples.few()).decode() == GOLDEN.read_text()


@pytest.mark.parametrize("report", [samples.report(), samples.hostile(), samples.fifty()])
def test_every_commitment_has_exactly_one_state(report):
    states = Counter()
    for sample in read(report):
        if sample.name == "drcheck_commitment_status":
            states[sample.labels["service"], sample.labels["commitment"]] += sample.value
    assert states == Counter(
        (one.policy.service, verdict.commitment.id) for one in report.services for verdict in one.verdicts
    )


@pytest.mark.parametrize(
    ("service", "commitment", "expected"),
    [
        ("webshop", "rpo-server", "breached"),
        ("webshop", "rpo-datacentre", "unknown"),
        ("webshop", "daily", "met"),
        ("webshop", "kept", "waived"),
        ("metering", "uptime", "not_owed"),
    ],
)
def test_a_state_says_what_other_reports_say(service, commitment, expected):
    assert state(samples.report(), service, commitment) == expected


def test_figures_are_in_base_units_and_instants_in_seconds_since_1970():
    report = samples.report()
    assert value(report, "commitment_objective_seconds", "webshop", "rpo-server") == 3600
    assert value(report, "commitment_measured_seconds", "webshop", "rpo-server") == 5400
    assert value(report, "commitment_headroom_seconds", "webshop", "rpo-server") == -1800
    assert value(report, "commitment_due_timestamp_seconds", "webshop", "rpo-server") == samples.AS_OF - 1800
    assert value(report, "commitment_newest_data_timestamp_seconds", "webshop", "rpo-server") == samples.AS_OF - 5400
    assert value(report, "commitment_breached_since_timestamp_seconds", "webshop", "rpo-server") == (
        samples.AS_OF - 2 * samples.DAY
    )
    assert value(report, "commitment_unknown_since_timestamp_seconds", "webshop", "rpo-datacentre") == (
        samples.AS_OF - samples.DAY
    )
    assert value(report, "commitment_objective_ratio", "hosting", "uptime") == 0.9995
    assert value(report, "commitment_headroom_ratio", "hosting", "uptime") == -0.0055
    assert value(report, "commitment_measured_points", "webshop", "kept") == 88
    assert value(report, "commitment_waived_until_timestamp_seconds", "webshop", "kept") == samples.MOVE.until
    assert value(report, "run_as_of_timestamp_seconds") == samples.AS_OF
    assert value(report, "run_end_timestamp_seconds") == samples.AS_OF + 3
    assert value(report, "run_duration_seconds") == 2.345


def test_what_was_not_measured_has_no_series():
    report = samples.report()
    assert value(report, "commitment_measured_seconds", "webshop", "rpo-datacentre") is None
    assert value(report, "commitment_breached_since_timestamp_seconds", "webshop", "daily") is None
    assert value(report, "commitment_objective_seconds", "metering", "uptime") is None


def test_what_does_not_count_is_no_newest_data():
    met = samples.all_met()
    doubted = (
        Cited("dumps", "wiki", "a", samples.AS_OF - 60, samples.AS_OF, in_doubt="it grows"),
        Cited("dumps", "wiki", "b", samples.AS_OF - 90, samples.AS_OF, "it is too small"),
    )
    overall = msgspec.structs.replace(met.verdicts[0].overall, evidence=doubted)
    found = msgspec.structs.replace(met, verdicts=(msgspec.structs.replace(met.verdicts[0], overall=overall),))
    assert value(samples.report(found), "commitment_newest_data_timestamp_seconds", "wiki", "daily") is None


def test_gaps_and_policies_that_were_not_judged_are_told_and_outweigh_what_is_met():
    met = samples.report(samples.all_met(), faults=False)
    assert (value(met, "policies_invalid"), value(met, "policies_gone"), value(met, "run_exit_status")) == (0, 0, 0)
    report = samples.report(samples.all_met())
    report = msgspec.structs.replace(
        report, faults=(*report.faults, Fault("policies/gone.yaml", "it is gone", gone=True))
    )
    assert (value(report, "policies_invalid"), value(report, "policies_gone")) == (1, 1)
    assert value(report, "run_exit_status") == 3
    few = samples.few()
    assert value(few, "service_evidence_gaps", "webshop") == 8
    assert (value(few, "service_sources_asked", "webshop"), value(few, "service_sources_seen", "webshop")) == (4, 3)
    assert value(few, "run_exit_status") == 1


def test_a_breach_that_is_over_and_that_no_run_has_shown_is_told():
    breach = Opening(samples.AS_OF - 7200, samples.AS_OF - 3600, "newest restorable data was too old")
    met = samples.all_met()
    news = (NamedBreach(breach, counts=True, why=News.NEW), NamedBreach(breach, counts=False, why=News.ENDED))
    found = msgspec.structs.replace(met, verdicts=(msgspec.structs.replace(met.verdicts[0], since_last_run=news),))
    report = samples.report(found, faults=False)
    assert state(report, "wiki", "daily") == "met"
    assert value(report, "commitment_passed_breaches", "wiki", "daily") == 1
    assert value(report, "run_exit_status") == 1


def test_a_period_that_is_not_proved_is_unknown():
    met = samples.all_met()
    found = msgspec.structs.replace(
        met, verdicts=(msgspec.structs.replace(met.verdicts[0], of_period=True, unproved=True),)
    )
    report = samples.report(found, faults=False)
    assert state(report, "wiki", "daily") == "unknown"
    assert value(report, "run_exit_status") == 3


def test_hostile_text_stays_within_its_label_and_is_told_as_it_was():
    text = render(samples.hostile()).decode()
    assert all(line.startswith(("# HELP drcheck_", "# TYPE drcheck_", "drcheck_")) for line in text.splitlines())
    assert all(one == "\n" or one.isprintable() for one in text)
    titles = {one.labels["title"] for one in read(samples.hostile()) if one.name == "drcheck_service_info"}
    for name in ('quote"back\\slash.dump', "=cmd|' /C calc'!A0", "<script>alert(1)</script>", "newline and tab.dump"):
        assert name in titles
    assert "not-utf8-\\xff\\x80.dump" in titles


def test_what_was_found_makes_no_series():
    """Names of backups, reasons and gaps are in no label: they differ each night, and would never end."""
    few, many = samples.report(samples.webshop()), samples.report(samples.webshop())
    shop = many.services[0]
    verdicts = tuple(msgspec.structs.replace(one, gaps=one.gaps * 50, notes=("x",) * 50) for one in shop.verdicts)
    many = msgspec.structs.replace(many, services=(msgspec.structs.replace(shop, verdicts=verdicts),), run="another")
    assert len(read(few)) == len(read(many))


def test_quiet_leaves_nothing_out():
    assert render(samples.report(), quiet=True) == render(samples.report())


def test_every_unit_of_a_figure_has_its_metric():
    for unit, figure in (("s", 60), ("%", "99.9"), ("copies", 2), ("points", 3)):
        met = samples.all_met()
        overall = msgspec.structs.replace(met.verdicts[0].overall, objective=Quantity(figure, unit))
        found = msgspec.structs.replace(met, verdicts=(msgspec.structs.replace(met.verdicts[0], overall=overall),))
        assert sum("_objective_" in one.name for one in read(samples.report(found))) == 1
