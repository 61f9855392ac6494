"""``drcheck report`` on ledgers that runs made."""

from __future__ import annotations

import hashlib
import json
import sqlite3
import subprocess
import sys
import time
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from jsonschema import Draft202012Validator

POLICY = """\
drcheck: 1
service: shop
sources:
  dumps:
    at: vault:dumps/
    reader: objects
    name: "{data_as_of:%Y-%m-%d}.dump"
    name_zone: UTC
commitments:
  daily: {kind: backup_frequency, every: 1d, evidence: [dumps]}
  rpo: {kind: rpo, at_most: 2d, evidence: [dumps]}
  kept: {kind: backup_frequency, per: day, evidence: [dumps]}
"""


def drcheck(root: Path, *arguments: str, expect: int = 0) -> subprocess.CompletedProcess[str]:
    done = subprocess.run(
        [sys.executable, "-m", "drcheck", *arguments], cwd=root, capture_output=True, text=True, timeout=60, check=False
    )
    assert done.returncode == expect, done.stdout + done.stderr
    return done


@pytest.fixture
def estate(tmp_path: Path) -> Path:
    """A directory with a policy, ten daily backups, and a ledger that has seen them."""
    (tmp_path / "vault" / "dumps").mkdir(parents=True)
    (tmp_path / "policies").mkdir()
    (tmp_path / "policies" / "shop.yaml").write_text(POLICY)
    (tmp_path / "drcheck.yaml").write_text("connections:\n  vault: {type: local, root: vault}\n")
    for days in range(10):
        day = datetime.now(UTC) - timedelta(days=days)
        (tmp_path / "vault" / "dumps" / f"{day:%Y-%m-%d}.dump").write_bytes(b"data" * (100 + days))
    assert subprocess.run([sys.executable, "-m", "drcheck", "verify", "-q"], cwd=tmp_path, check=False).returncode in {
        0,
        1,
        3,
    }
    return tmp_path


WORD = ("--sample", "5", "--word", "<b>bløð</b>")


def last_days(*, until: int) -> tuple[str, ...]:
    """Return how to ask for ten days that ended so many days ago."""
    end = datetime.now(UTC).date() - timedelta(days=until)
    return "--from", f"{end - timedelta(days=10)}", "--to", f"{end}"


def this_year() -> str:
    return str(datetime.now(UTC).year)


def test_a_report_is_one_file_named_by_its_period(estate: Path) -> None:
    done = drcheck(estate, "report", "--period", this_year())
    written = estate / f"drcheck-{this_year()}.html"
    assert f"wrote {written.name}" in done.stderr
    text = written.read_text()
    assert "Backup and recovery promises" in text
    assert text.count("<svg") >= 5  # a strip of each commitment, two of ages, one of slots
    assert "dump" in text


def test_a_report_to_file_is_a_pdf(estate: Path) -> None:
    drcheck(estate, "report", "--quiet", "--period", this_year(), "--format", "pdf")
    assert (estate / f"drcheck-{this_year()}.pdf").read_bytes().startswith(b"%PDF-1.7")


def test_a_directory_gets_a_page_a_service(estate: Path) -> None:
    drcheck(estate, "report", "--quiet", "--period", this_year(), "--output", "out/")
    assert sorted(path.relative_to(estate / "out").as_posix() for path in (estate / "out").rglob("*.html")) == [
        "index.html", "services/shop-8d9001d3.html",
    ]  # fmt: skip


def test_a_period_that_is_not_over_is_judged_up_to_the_newest_run(estate: Path) -> None:
    drcheck(estate, "report", "--period", this_year(), "--format", "json", "--output", "r.json")
    report = json.loads((estate / "r.json").read_text())
    ends = [service["window"]["to"] for service in report["services"]]
    looked = report["run"][:8]
    assert [end.replace("-", "")[:8] for end in ends] == [looked]
    assert all(
        "has not been seen since" not in commitment["reason"] for commitment in report["services"][0]["commitments"]
    )


def test_as_json_it_has_all_that_there_was_and_what_pictures_are_drawn_from(estate: Path) -> None:
    drcheck(estate, "report", "--period", this_year(), "--format", "json", "--output", "r.json")
    report = json.loads((estate / "r.json").read_text())
    Draft202012Validator(json.loads(drcheck(estate, "schema", "report").stdout)).validate(report)
    (service,) = report["services"]
    (points,) = service["population"]["recovery_points"]
    assert {len(points[column]) for column in ("name", "data_as_of", "available", "gone", "size", "counts")} == {10}
    assert {*points["counts"]} == {"surely"}
    drawn = {commitment["id"]: commitment["exhibits"] for commitment in service["commitments"]}
    assert drawn["rpo"][0]["ages"]["data_as_of"][-1] == points["data_as_of"][-1]
    assert {*drawn["kept"][0]["slots"]["status"]} >= {"met"}


def test_a_report_says_which_runs_it_rests_on_and_which_policies_came(estate: Path) -> None:
    (estate / "policies" / "shop.yaml").write_text(POLICY.replace("at_most: 2d", "at_most: 3d"))
    time.sleep(1.1)  # two runs within one second are of one instant
    drcheck(estate, "verify", "--quiet", "--silent")
    drcheck(estate, "report", "--period", this_year(), "--format", "json", "--output", "r.json")
    came = json.loads((estate / "r.json").read_text())["provenance"]
    assert (came["runs"], came["stopped"]) == (2, 0)
    assert [text["service"] for text in came["texts"]] == ["shop", "shop"]
    assert came["texts"][1]["sha256"] == hashlib.sha256((estate / "policies" / "shop.yaml").read_bytes()).hexdigest()
    assert came["longest_without"]["from"][:10] == f"{this_year()}-01-01"
    drcheck(estate, "report", "--period", this_year(), "--output", "r.html")
    assert "2 runs that recorded verdicts" in (estate / "r.html").read_text()


def test_it_counts_the_runs_that_the_newest_snapshot_has_let_go_of(estate: Path) -> None:
    for _ in range(3):
        drcheck(estate, "verify", "--quiet", "--silent")
    drcheck(estate, "ledger", "rebuild")
    drcheck(estate, "report", "--period", this_year(), "--format", "json", "--output", "r.json")
    assert json.loads((estate / "r.json").read_text())["provenance"]["runs"] == 4


def test_it_names_the_entries_that_it_rests_on_by_the_root_of_their_tree(estate: Path) -> None:
    drcheck(estate, "report", "--period", this_year(), "--format", "json", "--output", "r.json")
    with sqlite3.connect(estate / "drcheck.db") as ledger:
        row = [leaf for (leaf,) in ledger.execute("SELECT leaf FROM entry ORDER BY number")]
    count = len(row)
    while len(row) > 1:
        pairs = [b"".join(row[place : place + 2]) for place in range(0, len(row), 2)]
        row = [hashlib.sha256(b"\x01" + pair).digest() if len(pair) > 32 else pair for pair in pairs]
    told = {"entries": count, "root_sha256": row[0].hex()}
    assert json.loads((estate / "r.json").read_text())["provenance"]["ledger"] == told


def test_an_auditors_word_draws_a_sample_that_anybody_draws_again(estate: Path) -> None:
    asked = (*last_days(until=0), *WORD)
    drcheck(estate, "report", *asked, "--format", "json", "--output", "r.json")
    report = json.loads((estate / "r.json").read_text())
    schema = json.loads(drcheck(estate, "schema", "report").stdout)
    Draft202012Validator(schema).validate(report)
    sample = report["sample"]
    with sqlite3.connect(estate / "drcheck.db") as ledger:
        (leaf,) = ledger.execute("SELECT leaf FROM entry WHERE number = ?", (sample["entry"],)).fetchone()
    assert sample["entry_sha256"] == leaf.hex()
    seed = hashlib.sha256(f"{leaf.hex()}<b>bløð</b>".encode()).hexdigest()
    slots = [
        label
        for commitment in report["services"][0]["commitments"]
        for exhibit in commitment.get("exhibits", ())
        if "slots" in exhibit
        for label, status in zip(exhibit["slots"]["label"], exhibit["slots"]["status"], strict=True)
        if status != "not_owed"
    ]
    assert sample["population"] == len(slots) > 5
    least = sorted(range(len(slots)), key=lambda place: hashlib.sha256(f"{seed}:{place + 1}".encode()).digest())[:5]
    assert [(one["number"], one["label"]) for one in sample["drawn"]] == [(at + 1, slots[at]) for at in sorted(least)]
    drcheck(estate, "report", *asked, "--output", "r.html")
    page = (estate / "r.html").read_text()
    assert seed in page
    assert "&lt;b&gt;bløð&lt;/b&gt;" in page
    assert "<b>bl" not in page


def test_a_later_run_does_not_change_what_a_word_draws_of_a_period_that_is_over(estate: Path) -> None:
    def drawn() -> dict[str, object]:
        drcheck(estate, "report", *last_days(until=1), *WORD, "--format", "json", "--output", "r.json")
        sample: dict[str, object] = json.loads((estate / "r.json").read_text())["sample"]
        return sample

    before = drawn()
    drcheck(estate, "verify", "--quiet", "--silent")
    assert drawn() == before


def test_a_report_records_nothing(estate: Path) -> None:
    before = drcheck(estate, "ledger", "check").stdout
    drcheck(estate, "report", "--period", this_year())
    assert drcheck(estate, "ledger", "check").stdout == before


@pytest.mark.parametrize(
    ("arguments", "told"),
    [
        ((), "a report is of a period"),
        (("--period", "2026-13"), "2026-13"),
        (("--from", "2026-01-01"), "--from and --to go together"),
        (("--period", "2999"), "begins after"),
        (("--period", "2026", "--output", "drcheck.db"), "is the ledger"),
        (("--period", "2026", "--output", "missing/there.html"), "missing"),
        (("--period", "2026", "--output", "drcheck.db/"), "drcheck.db is no directory"),
        (("--period", "2026", "--format", "json", "--output", "all/"), "json is one file, and all/ is a directory"),
        (("--period", "2026", "--sample", "5"), "--sample and --word go together"),
        (("--period", "2026", "--word", "w"), "--sample and --word go together"),
        (("--period", "2026", "--sample", "0", "--word", "w"), "a sample has 1 to 1000 slots"),
        (("--period", "2026", "--sample", "5", "--word", "w", "--format", "csv"), "csv shows no sample"),
        (("--period", "2026", "--format", "bundle", "--output", "all/"), "bundle is one file, and all/ is a directory"),
    ],
)
def test_wrong_usage_says_what_is_right(estate: Path, arguments: tuple[str, ...], told: str) -> None:
    assert told in drcheck(estate, "report", *arguments, expect=2).stderr


def test_without_any_run_there_is_nothing_to_report(tmp_path: Path) -> None:
    (tmp_path / "policies").mkdir()
    (tmp_path / "policies" / "shop.yaml").write_text(POLICY)
    (tmp_path / "drcheck.yaml").write_text("connections:\n  vault: {type: local, root: vault}\n")
    (tmp_path / "vault").mkdir()
    done = drcheck(tmp_path, "report", "--period", this_year(), expect=2)
    assert "Run drcheck verify first" in done.stderr or "no ledger" in done.stderr


def test_a_breach_that_stood_when_the_period_began_says_since_when_it_did(estate: Path) -> None:
    for dump in (estate / "vault" / "dumps").iterdir():
        if datetime.fromisoformat(f"{dump.stem}T00:00:00Z") > datetime.now(UTC) - timedelta(days=7):
            dump.unlink()

    def rpo(asked: tuple[str, ...]) -> dict[str, Any]:
        time.sleep(1.1)  # two runs within one second are of one instant
        drcheck(estate, "verify", "--quiet", "--silent", expect=1)
        drcheck(estate, "report", "--quiet", *asked, "--format", "json", "--output", "r.json")
        commitments = json.loads((estate / "r.json").read_text())["services"][0]["commitments"]
        return next(one for one in commitments if one["id"] == "rpo")

    first = rpo(("--period", this_year()))
    began = first["breaches"][-1]["opened_at"]
    assert first["breached_since"] is None
    later = datetime.fromisoformat(began) + timedelta(seconds=1)
    again = rpo(("--from", later.isoformat(), "--to", f"{later.year + 1}-01-01"))
    assert datetime.fromisoformat(again["breaches"][-1]["opened_at"]) == later
    assert again["breached_since"] == began
