"""The report as CSV, as spreadsheets of all countries read it."""

from __future__ import annotations

import csv
import io
from collections import Counter
from pathlib import Path

import msgspec
import pytest
import samples

from drcheck.core.model.verdict import NamedBreach, News, Opening
from drcheck.reports.csv import COLUMNS, render
from drcheck.reports.wording.text import prose

GOLDEN = Path(__file__).parent / "golden" / "few.csv"
FORMULAS = ("=1+1", "+1", "-1", "@SUM(A1)", "\t=1", "\r=1", " =1", "a;=1", "a; @b", "＝1", "＠b", '"=1"')  # noqa: RUF001


def rows(report, **options):
    return list(csv.DictReader(io.StringIO(render(report, **options).decode(), newline=""), strict=True))


def commitments(report):
    return {(row["service"], row["commitment"]): row for row in rows(report) if row["record"] == "commitment"}


def with_one(**more):
    met = samples.all_met()
    return msgspec.structs.replace(met, verdicts=(msgspec.structs.replace(met.verdicts[0], **more),))


def test_it_reads_as_it_did():
    """Look at a difference before you copy it: spreadsheets rest on the columns."""
    assert render(samples.few()).decode() == GOLDEN.read_bytes().decode()


def test_columns_are_only_ever_added_at_the_end():
    assert ",".join(COLUMNS).startswith(
        "record,service,title,owner,policy,commitment,kind,scenario,clause,status,at_risk,attested,reason,details,hint,"
        "objective,measured,headroom,worst,unit,due_at,as_of,window_from,breached_since,unknown_since,breaches,"
        "passed_breaches,met_s,breached_s,unknown_s,kept_percent,waived_until,waived_by,evidence_gaps,run,question"
    )


@pytest.mark.parametrize("report", [samples.report(), samples.hostile(), samples.fifty()])
def test_there_is_one_row_a_commitment_and_lines_end_as_rfc_4180_has_it(report):
    promised = Counter(
        (one.policy.service, verdict.commitment.id) for one in report.services for verdict in one.verdicts
    )
    found = rows(report)
    assert Counter((row["service"], row["commitment"]) for row in found if row["record"] == "commitment") == promised
    assert render(report).count(b"\r\n") == len(found) + 1 == render(report).count(b"\n")


def test_a_row_says_what_other_reports_say():
    found = commitments(samples.report())
    states = {key: row["status"] for key, row in found.items()}
    assert states["webshop", "rpo-server"] == "breached"
    assert states["webshop", "rpo-datacentre"] == "unknown"
    assert states["webshop", "kept"] == "waived"
    assert states["metering", "uptime"] == "not_owed"
    rpo = found["webshop", "rpo-server"]
    assert [rpo[key] for key in ("objective", "measured", "headroom", "unit")] == ["3600", "5400", "-1800", "s"]
    assert rpo["breached_since"] == "2026-11-19T02:30:00Z"
    assert (rpo["due_at"], rpo["breaches"], rpo["passed_breaches"]) == ("2026-11-21T02:00:00Z", "2", "0")
    assert found["webshop", "rto-server"]["at_risk"] == "true"
    assert found["hosting", "disks"]["attested"] == "true"
    kept = found["webshop", "kept"]
    assert (kept["waived_until"], kept["waived_by"]) == ("2026-12-31T02:30:00Z", "cto@example.com")
    assert "older dumps lost in the move, CHG-1234" in kept["details"]


def test_gaps_invalid_policies_and_what_nobody_judges_have_rows_and_quiet_leaves_none_out():
    report = samples.report()
    records = Counter(row["record"] for row in rows(report))
    assert records == {"commitment": 11, "evidence gap": 8, "not judged": 2, "invalid policy": 2}
    assert {row["status"] for row in rows(report) if row["record"] == "invalid policy"} == {"unknown"}
    assert render(report, quiet=True) == render(report)


def test_a_breach_that_is_over_is_told():
    breach = Opening(samples.AS_OF - 7200, samples.AS_OF - 3600, "newest restorable data was too old")
    found = with_one(since_last_run=(NamedBreach(breach, counts=True, why=News.NEW),))
    row = commitments(samples.report(found, faults=False))["wiki", "daily"]
    assert (row["status"], row["passed_breaches"]) == ("met", "1")
    assert "not shown by any run before: breached for 1 h, until 2026-11-21T01:30:00Z" in row["details"]


def test_a_period_that_is_not_proved_is_unknown():
    row = commitments(samples.report(with_one(of_period=True, unproved=True)))["wiki", "daily"]
    assert row["status"] == "unknown"
    assert "kept for 100 % of the time owed" in row["details"]


@pytest.mark.parametrize("text", FORMULAS)
def test_no_cell_is_a_formula_wherever_a_spreadsheet_parts_cells(text):
    met = samples.all_met()
    policy = msgspec.structs.replace(met.policy, title=text, owner=text)
    overall = msgspec.structs.replace(met.verdicts[0].overall, reason=text)
    found = msgspec.structs.replace(
        met, policy=policy, verdicts=(msgspec.structs.replace(met.verdicts[0], overall=overall, notes=(text,)),)
    )
    row = rows(samples.report(found))[0]
    for key in ("title", "owner", "reason", "details"):
        for cell in row[key].split(";"):
            assert cell.strip()[:1] not in {*"=+-@＝＠"}  # noqa: RUF001
        assert row[key].replace("'", "").replace("\\t", "").replace("\\r", "").strip() == prose(text)


def test_figures_below_zero_stay_figures():
    assert {row["headroom"] for row in rows(samples.report()) if row["record"] == "commitment"} >= {"-1800", "-0.55"}


def test_hostile_text_stays_in_its_cell():
    found = rows(samples.hostile())
    titles = {row["title"] for row in found}
    assert {'quote"back\\slash.dump', "<script>alert(1)</script>", "'=cmd|' /C calc'!A0"} <= titles
    assert all(set(row) == set(COLUMNS) for row in found)
