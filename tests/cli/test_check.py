"""``drcheck check`` on reports that were filed, whole and not."""

from __future__ import annotations

import hashlib
import io
import json
import subprocess
import sys
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pikepdf
import pytest

POLICY = """\
drcheck: 1
service: shop
extends: base.yaml
commitments:
  daily: {kind: backup_frequency, every: 1d, evidence: [dumps]}
  rpo: {kind: rpo, at_most: 2d, evidence: [dumps]}
"""
BASE = """\
drcheck: 1
template: true
sources:
  dumps:
    at: vault:dumps/
    reader: objects
    name: "{data_as_of:%Y-%m-%d}.dump"
    name_zone: UTC
"""


def drcheck(root: Path, *arguments: str, expect: int = 0) -> str:
    done = subprocess.run(
        [sys.executable, "-m", "drcheck", *arguments], cwd=root, capture_output=True, text=True, timeout=60, check=False
    )
    assert done.returncode == expect, done.stdout + done.stderr
    return " ".join((done.stdout + done.stderr).split())


def look(root: Path) -> None:
    done = subprocess.run([sys.executable, "-m", "drcheck", "verify", "-q"], cwd=root, check=False, timeout=60)
    assert done.returncode in {0, 1, 3}


@pytest.fixture(scope="module")
def filed(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A directory with a ledger, and with ``r.pdf``, a report of this year that rests on it."""
    root = tmp_path_factory.mktemp("estate")
    (root / "vault" / "dumps").mkdir(parents=True)
    (root / "policies").mkdir()
    (root / "policies" / "shop.yaml").write_text(POLICY)
    (root / "policies" / "base.yaml").write_text(BASE)
    (root / "drcheck.yaml").write_text("connections:\n  vault: {type: local, root: vault}\n")
    for days in range(10):
        day = datetime.now(UTC) - timedelta(days=days)
        (root / "vault" / "dumps" / f"{day:%Y-%m-%d}.dump").write_bytes(b"data" * (100 + days))
    look(root)
    year = str((datetime.now(UTC) - timedelta(days=1)).year)
    drcheck(root, "report", "--quiet", "--period", year, "--format", "pdf", "--output", "r.pdf")
    return root


def with_attached(root: Path, name: str, *files: tuple[str, bytes | None]) -> None:
    """Write ``r.pdf`` as ``name`` with other attachments."""
    with pikepdf.open(io.BytesIO((root / "r.pdf").read_bytes())) as opened:
        for attached, data in files:
            if data is None:
                del opened.attachments[attached]
            else:
                opened.attachments[attached] = pikepdf.AttachedFileSpec(opened, data)
        opened.save(root / name)


def attached(root: Path, name: str) -> bytes:
    with pikepdf.open(io.BytesIO((root / "r.pdf").read_bytes())) as opened:
        return opened.attachments[name].get_file().read_bytes()


def test_a_report_as_it_was_filed_fits_its_own_files_and_the_ledger(filed: Path) -> None:
    told = drcheck(filed, "check", "r.pdf", "--config", "drcheck.yaml")
    assert "2 files have the digests" in told
    assert "the policies in it are those of all 1 services" in told
    assert "judging again comes to the same" in told
    assert "ledger" not in drcheck(filed, "check", "r.pdf")


def test_it_still_fits_after_later_looks_have_shown_more(filed: Path) -> None:
    (filed / "vault" / "dumps" / "2020-01-01.dump").write_bytes(b"old")
    look(filed)
    assert "comes to the same" in drcheck(filed, "check", "r.pdf", "--config", "drcheck.yaml")


def test_a_verdict_that_was_changed_is_named(filed: Path) -> None:
    report = json.loads(attached(filed, "report.json"))
    report["services"][0]["commitments"][0]["status"] = "breached"
    changed = json.dumps(report).encode()
    with_attached(filed, "changed.pdf", ("report.json", changed))
    told = drcheck(filed, "check", "changed.pdf", "--config", "drcheck.yaml", expect=1)
    assert "report.json has not the digest that digests.sha256 says" in told
    assert "shop: daily differs in status: breached, and again" in told


def test_a_commitment_that_was_left_out_is_named(filed: Path) -> None:
    report = json.loads(attached(filed, "report.json"))
    del report["services"][0]["commitments"][0]
    changed = json.dumps(report).encode()
    name = "policy-shop-8d9001d3.txt"
    files = {"report.json": changed, name: attached(filed, name)}
    digests = "".join(f"{hashlib.sha256(data).hexdigest()}  {each}\n" for each, data in files.items())
    with_attached(filed, "less.pdf", ("report.json", changed), ("digests.sha256", digests.encode()))
    told = drcheck(filed, "check", "less.pdf", "--config", "drcheck.yaml", expect=1)
    assert "shop: daily is judged, and left out" in told


def test_a_policy_that_was_changed_or_left_out_is_named(filed: Path) -> None:
    name = "policy-shop-8d9001d3.txt"
    with_attached(filed, "laxer.pdf", (name, attached(filed, name).replace(b"2d", b"9d")))
    told = drcheck(filed, "check", "laxer.pdf", expect=1)
    assert f"{name} has not the digest" in told
    assert "no policy in it has the digest that report.json says of shop" in told
    with_attached(filed, "without.pdf", (name, None))
    assert f"{name} is not attached" in drcheck(filed, "check", "without.pdf", expect=1)


def test_a_name_that_is_no_text_comes_to_the_same(tmp_path: Path) -> None:
    (tmp_path / "policies").mkdir()
    (tmp_path / "servers.txt").write_bytes(b"\xffweb\n")
    (tmp_path / "drcheck.yaml").write_text("connections:\n  here: {type: local, root: .}\n")
    (tmp_path / "policies" / "estate.yaml").write_text(
        'drcheck: 1\nservice: estate\nsources:\n  servers: {at: "here:servers.txt", reader: inventory}\n'
        "commitments:\n  covered: {kind: coverage, evidence: [servers]}\n"
    )
    look(tmp_path)
    year = str(datetime.now(UTC).year)
    drcheck(tmp_path, "report", "--quiet", "--period", year, "--format", "pdf", "--output", "r.pdf")
    assert "\\\\xffweb" in attached(tmp_path, "report.json").decode()
    assert "comes to the same" in drcheck(tmp_path, "check", "r.pdf", "--config", "drcheck.yaml")


def test_a_tolerance_of_clocks_that_was_changed_since_changes_neither_a_report_nor_its_check(tmp_path: Path) -> None:
    (tmp_path / "vault" / "dumps").mkdir(parents=True)
    (tmp_path / "policies").mkdir()
    (tmp_path / "policies" / "shop.yaml").write_text(POLICY)
    (tmp_path / "policies" / "base.yaml").write_text(BASE.replace("%Y-%m-%d", "%Y-%m-%dT%H-%M-%S"))
    config = "connections:\n  vault: {type: local, root: vault}\n"
    (tmp_path / "drcheck.yaml").write_text(f"{config}clock_tolerance: 10m\n")
    ahead = datetime.now(UTC) + timedelta(seconds=300)
    for size, when in ((100, ahead), (101, ahead - timedelta(days=3))):
        (tmp_path / "vault" / "dumps" / f"{when:%Y-%m-%dT%H-%M-%S}.dump").write_bytes(b"data" * size)
    look(tmp_path)
    (tmp_path / "drcheck.yaml").write_text(f"{config}clock_tolerance: 1s\n")
    year = str(datetime.now(UTC).year)
    drcheck(tmp_path, "report", "--quiet", "--period", year, "--format", "pdf", "--output", "r.pdf")
    rpo = json.loads(attached(tmp_path, "report.json"))["services"][0]["commitments"][1]
    assert rpo["measured"] == {"value": 0, "unit": "s"}  # by the backup of just ahead
    assert "comes to the same" in drcheck(tmp_path, "check", "r.pdf", "--config", "drcheck.yaml")


def test_another_ledger_does_not_have_the_run(filed: Path, tmp_path: Path) -> None:
    for name in ("vault", "policies", "drcheck.yaml"):
        (tmp_path / name).symlink_to(filed / name)
    (tmp_path / "drcheck.yaml").unlink()
    (tmp_path / "drcheck.yaml").write_text((filed / "drcheck.yaml").read_text())
    look(tmp_path)
    told = drcheck(tmp_path, "check", str(filed / "r.pdf"), "--config", "drcheck.yaml", expect=1)
    assert "the ledger has no run" in told
    assert "entries of the ledger are not those that it rests on" in told


def test_the_first_document_of_a_directory_leads_to_the_others(filed: Path) -> None:
    year = str((datetime.now(UTC) - timedelta(days=1)).year)
    drcheck(filed, "report", "--quiet", "--period", year, "--format", "pdf", "--output", "several/")
    assert "1 of 1 documents are as they were written" in drcheck(filed, "check", "several/index.pdf")
    other = filed / "several" / "services" / "shop-8d9001d3.pdf"
    other.write_bytes((filed / "r.pdf").read_bytes())
    told = drcheck(filed, "check", "several/index.pdf", expect=1)
    assert "services/shop-8d9001d3.pdf: it has not the digest that documents.sha256 says" in told
    other.unlink()
    assert "cannot be read" in drcheck(filed, "check", "several/index.pdf", expect=1)


@pytest.mark.parametrize("data", [b"", b"%PDF-1.7\n", b"\x00" * 100])
def test_what_is_no_pdf_is_refused(tmp_path: Path, data: bytes) -> None:
    (tmp_path / "r.pdf").write_bytes(data)
    assert "no PDF that can be read" in drcheck(tmp_path, "check", "r.pdf", expect=2)
    assert "cannot be read" in drcheck(tmp_path, "check", "missing.pdf", expect=2)


def test_a_pdf_of_somebody_else_is_no_report(tmp_path: Path) -> None:
    with pikepdf.new() as made:
        made.save(tmp_path / "r.pdf")
    told = drcheck(tmp_path, "check", "r.pdf", expect=1)
    assert "digests.sha256 is not attached" in told
    assert "report.json is missing" in told
