"""Bundles: checked by drcheck, and by plain tools alone."""

from __future__ import annotations

import hashlib
import json
import shutil
import subprocess
import zipfile
from collections.abc import Callable
from pathlib import Path

import pytest

from tests.cli.test_report import WORD, drcheck, estate, last_days, this_year

__all__ = ["estate"]
TEMPLATE = """\
template: true
owner: ops@example.com
"""


@pytest.fixture
def bundle(estate: Path) -> Path:
    drcheck(estate, "report", "--quiet", "--period", this_year(), "--format", "bundle", "--output", "q.zip")
    return estate / "q.zip"


def test_a_bundle_holds_pages_report_and_policies_and_all_of_it_holds(bundle: Path) -> None:
    done = drcheck(bundle.parent, "check", "q.zip")
    assert "✗" not in done.stdout
    assert "the policies in it are those of all 1 services" in done.stdout
    with zipfile.ZipFile(bundle) as archive:
        names = archive.namelist()
        assert {"digests.sha256", "manifest.json", "report.json", "policies/0-0.yaml", "pages/index.html"} <= {*names}
        policy = archive.read("policies/0-0.yaml")
        manifest = json.loads(archive.read("manifest.json"))
    assert policy == (bundle.parent / "policies" / "shop.yaml").read_bytes()
    assert manifest["services"][0]["policy_sha256"] == hashlib.sha256(policy).hexdigest()
    assert manifest["missing"] == []


def test_plain_tools_check_it(bundle: Path, tmp_path: Path) -> None:
    out = tmp_path / "out"
    with zipfile.ZipFile(bundle) as archive:
        archive.extractall(out)
    done = subprocess.run(
        ["sha256sum", "--strict", "-c", "digests.sha256"], cwd=out, capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stdout
    assert done.stdout.count(": OK") == len([path for path in out.rglob("*") if path.is_file()]) - 1


def rewritten(bundle: Path, change: Callable[[dict[str, bytes]], None], *, sums: bool = False) -> None:
    with zipfile.ZipFile(bundle) as archive:
        files = {name: archive.read(name) for name in archive.namelist()}
    change(files)
    if sums:
        files["digests.sha256"] = "".join(
            f"{hashlib.sha256(data).hexdigest()}  {name}\n" for name, data in files.items() if name != "digests.sha256"
        ).encode()
    with zipfile.ZipFile(bundle, "w") as archive:
        for name, data in files.items():
            archive.writestr(name, data)


def lose_a_commitment(files: dict[str, bytes]) -> None:
    report = json.loads(files["report.json"])
    del report["services"][0]["commitments"][0]
    files["report.json"] = json.dumps(report).encode()


def say_otherwise(files: dict[str, bytes]) -> None:
    manifest = json.loads(files["manifest.json"])
    states = manifest["services"][0]["commitments"]
    states[next(iter(states))] = "waived"
    files["manifest.json"] = json.dumps(manifest).encode()


@pytest.mark.parametrize(
    ("change", "sums", "told"),
    [
        (
            lambda files: files.update({"report.json": files["report.json"] + b" "}),
            False,
            "report.json has not the digest",
        ),
        (lambda files: files.pop("report.json"), False, "report.json is not attached"),
        (lambda files: files.pop("digests.sha256"), False, "digests.sha256 is not attached"),
        (lambda files: files.update({"more.txt": b"x"}), False, "more.txt has not the digest"),
        (
            lambda files: files.update({"policies/0-0.yaml": b"drcheck: 1\n"}),
            True,
            "no policy in it has the digest",
        ),
        (lose_a_commitment, True, "tell different things of shop"),
        (say_otherwise, True, "tell different things of shop"),
        (lambda files: files.update({"manifest.json": b"[]"}), True, "has not the form"),
        (lambda files: files.update({"report.json": b"no json"}), True, "has not the form"),
    ],
)
def test_what_was_changed_is_told(
    bundle: Path, change: Callable[[dict[str, bytes]], None], sums: bool, told: str
) -> None:
    rewritten(bundle, change, sums=sums)
    done = drcheck(bundle.parent, "check", "q.zip", expect=1)
    assert told in done.stdout


def test_what_is_no_bundle_is_told(estate: Path) -> None:
    (estate / "x.zip").write_bytes(b"PK no zip")
    assert "no PDF" in drcheck(estate, "check", "x.zip", expect=2).stderr
    assert "cannot be read" in drcheck(estate, "check", "missing.zip", expect=2).stderr


def test_what_would_fill_memory_is_refused(estate: Path) -> None:
    with zipfile.ZipFile(estate / "bomb.zip", "w") as archive:
        archive.writestr("report.json", b"{}")
    data = (estate / "bomb.zip").read_bytes()
    entry = data.index(b"PK\x01\x02")
    (estate / "bomb.zip").write_bytes(data[: entry + 24] + (2**32 - 2).to_bytes(4, "little") + data[entry + 28 :])
    assert "says to hold more than" in drcheck(estate, "check", "bomb.zip", expect=2).stderr


def test_with_the_ledger_the_policies_in_it_are_judged_again(bundle: Path) -> None:
    done = drcheck(bundle.parent, "check", "q.zip", "--config", "drcheck.yaml")
    assert "judging again comes to the same" in " ".join(done.stdout.split())

    def flatter(files: dict[str, bytes]) -> None:
        report = json.loads(files["report.json"])
        report["services"][0]["commitments"][0]["over_window"]["breached"] = {"value": 5, "unit": "s"}
        files["report.json"] = json.dumps(report).encode()

    rewritten(bundle, flatter, sums=True)
    drcheck(bundle.parent, "check", "q.zip")
    done = drcheck(bundle.parent, "check", "q.zip", "--config", "drcheck.yaml", expect=1)
    assert "differs in over_window" in done.stdout


def test_a_sample_in_it_is_drawn_again(estate: Path) -> None:
    drcheck(estate, "report", *last_days(until=0), *WORD, "--format", "bundle", "--output", "q.zip")
    drcheck(estate, "check", "q.zip", "--config", "drcheck.yaml")

    def choose(files: dict[str, bytes]) -> None:
        report = json.loads(files["report.json"])
        report["sample"]["word"] = "another"
        report["sample"]["entry_sha256"] = "0" * 64
        report["sample"]["not_kept_at_most"][0]["slots"] = 0
        files["report.json"] = json.dumps(report).encode()

    rewritten(estate / "q.zip", choose, sums=True)
    told = " ".join(drcheck(estate, "check", "q.zip", "--config", "drcheck.yaml", expect=1).stdout.split())
    assert "the sample is not what its word draws" in told
    assert "at 90 % confidence, not 0" in told
    assert "has not the digest by which the sample was drawn" in told


def test_a_policy_that_could_not_be_judged_is_missing_in_the_bundle(estate: Path) -> None:
    shutil.copy(estate / "policies" / "shop.yaml", estate / "policies" / "other.yaml")
    (estate / "policies" / "other.yaml").write_text("drcheck: 1\nservice: other\n")
    drcheck(estate, "report", "--period", this_year(), "--format", "bundle", "--output", "q.zip")
    assert "missing: policies/other.yaml" in drcheck(estate, "check", "q.zip", expect=1).stdout


def test_templates_that_a_policy_extends_are_in_it(estate: Path) -> None:
    policy = estate / "policies" / "shop.yaml"
    policy.write_bytes(b"\xef\xbb\xbf" + policy.read_bytes() + b"extends: base.yaml\n")
    (estate / "policies" / "base.yaml").write_text(TEMPLATE)
    drcheck(estate, "verify", "--quiet", "policies/shop.yaml")
    drcheck(estate, "report", "--period", this_year(), "--format", "bundle", "--output", "q.zip", "policies/shop.yaml")
    assert "the policies in it" in drcheck(estate, "check", "q.zip").stdout
    with zipfile.ZipFile(estate / "q.zip") as archive:
        assert archive.read("policies/0-1.yaml").decode() == TEMPLATE
