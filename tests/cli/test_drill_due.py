"""``drcheck drill due``, the real process: which restores must be tested next, in which order, and why."""

from __future__ import annotations

import json
import subprocess
import sys
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

NOW = datetime.now(UTC).replace(microsecond=0)
POLICY = """\
drcheck: 1
service: {service}
timezone: Europe/Stockholm
sites:
  here: {{region: one}}
  lab: {{region: two}}
scenarios:
  fire: {{loses: [here]}}
sources:
  near: {{at: "vault:near/", site: here, reader: objects, name: "{{data_as_of:%Y-%m-%dT%H%M%S}}Z.{{*}}", max_duration: 1m}}
  far: {{at: "vault:far/", site: lab, reader: objects, name: "{{data_as_of:%Y-%m-%dT%H%M%S}}Z.{{*}}", max_duration: 1m}}
  told: {{at: "ledger:", reader: recorded-drills}}
  log: {{at: "vault:drills.jsonl", reader: restore-log}}
commitments:
  rpo: {{kind: rpo, at_most: 26h, evidence: [near, far]}}
{commitments}"""
TESTED = "  tested: {kind: restore_test, every: 90d, scenario: fire, evidence: [told]}\n"


class Estate:
    """Services with two copies each, one of which survives a fire."""

    def __init__(self, root: Path) -> None:
        self.root = root
        for directory in ("policies", "vault/near", "vault/far"):
            (root / directory).mkdir(parents=True)
        (root / "drcheck.yaml").write_text("connections:\n  vault: {type: local, root: vault}\n")
        (root / "vault/drills.jsonl").write_text("")

    def service(self, name: str, commitments: str) -> None:
        (self.root / f"policies/{name}.yaml").write_text(POLICY.format(service=name, commitments=commitments))

    def drcheck(self, *arguments: str) -> subprocess.CompletedProcess[str]:
        return subprocess.run(
            [sys.executable, "-m", "drcheck", *arguments], cwd=self.root, capture_output=True, text=True, timeout=60,
            check=False, stdin=subprocess.DEVNULL,
        )  # fmt: skip

    def passed(self, service: str, days: float, *more: str, source: str = "far") -> None:
        began, ended = (NOW - timedelta(days=days, hours=hours) for hours in (1, 0))
        done = self.drcheck(
            "drill", "record", service, "--outcome", "passed", "--started", began.isoformat(), "--finished",
            ended.isoformat(), "--scenario", "fire", "--source", source, "--site", "lab", "--validation", "restored",
            *more,
        )  # fmt: skip
        assert done.returncode == 0, done.stderr

    def due(self, *arguments: str, expect: int) -> list[dict[str, Any]]:
        done = self.drcheck("drill", "due", *arguments, "--format", "json")
        assert done.returncode == expect, done.stdout + done.stderr
        found: list[dict[str, Any]] = json.loads(done.stdout)["due"]
        return found


@pytest.fixture
def estate(tmp_path: Path) -> Estate:
    return Estate(tmp_path)


def test_what_is_overdue_comes_first_and_a_drill_counts_as_soon_as_it_is_recorded(estate):
    estate.service("shop", TESTED)
    estate.drcheck("verify")
    first, *rest = estate.due(expect=1)
    assert (first["service"], first["scenario"], first["urgency"]) == ("shop", "fire", "overdue")
    assert [one["source"] for one in first["copies"]] == ["far"]  # the other one is lost
    assert [(one["urgency"], one["copies"][0]["source"]) for one in rest] == [("never", "near")]
    estate.passed("shop", 1)
    first, *_ = estate.due(expect=0)
    assert (first["urgency"], first["in"] // 86400) == ("due", 88)
    assert first["copies"][0]["last_restored_at"] == first["last_passed_at"]


def test_of_several_services_the_one_that_lapses_first_comes_first(estate):
    for service, every, days in (("a", 90, 10), ("b", 30, 10), ("c", 90, 80)):
        estate.service(service, TESTED.replace("90d", f"{every}d"))
        estate.passed(service, days)
    estate.drcheck("verify")
    due = [one["service"] for one in estate.due(expect=0) if one["urgency"] == "due"]
    assert due == ["c", "b", "a"]
    assert [one["service"] for one in estate.due("b", expect=0)] == ["b", "b"]


def test_of_two_that_are_overdue_the_stricter_promise_comes_first(estate):
    estate.service("lax", TESTED.replace("90d", "365d"))
    estate.service("strict", TESTED.replace("90d", "30d"))
    estate.drcheck("verify")
    assert [one["service"] for one in estate.due(expect=1)][:2] == ["strict", "lax"]


def test_what_was_never_proven_is_unknown_and_comes_before_what_is_kept(estate):
    estate.service("shop", "  rto: {kind: rto, at_most: 4h, scenario: fire, evidence: [told]}\n")
    estate.service("wiki", TESTED)
    estate.passed("wiki", 1)
    estate.drcheck("verify")
    first, second, *_ = estate.due(expect=3)
    assert [(one["service"], one["urgency"]) for one in (first, second)] == [("shop", "unproven"), ("wiki", "due")]
    assert "never proven" in first["promises"][0]["reason"]


def test_a_service_that_was_never_judged_and_a_policy_that_cannot_be_read_are_told(estate):
    estate.service("shop", TESTED)
    estate.passed("shop", 1)
    estate.drcheck("verify")
    estate.service("new", TESTED)
    (estate.root / "policies/bad.yaml").write_text("drcheck: 1\n")
    done = estate.drcheck("drill", "due")
    assert done.returncode == 3
    assert "new was never judged" in done.stdout
    assert "bad.yaml cannot be read" in " ".join(done.stdout.split())


def test_before_anything_was_judged_there_is_nothing_to_say(estate):
    estate.service("shop", TESTED)
    done = estate.drcheck("drill", "due")
    assert (done.returncode, "there is no ledger yet" in done.stderr) == (2, True)


def test_each_line_says_why_and_fits_on_a_terminal(estate):
    estate.service("shop", TESTED.replace("fire,", "fire, notice: 5 business days,"))
    estate.drcheck("verify")
    text = estate.drcheck("drill", "due").stdout
    assert max(map(len, text.splitlines())) <= 80
    told = " ".join(text.split())
    assert "✗ shop: fire overdue `tested`: no restore test for fire has ever passed; one is owed every 90 d" in told
    assert "from far at lab: nothing was ever restored from it" in told
    assert "5 business days (`tested`) ahead is owed: announced now, for" in told
    assert "? shop: near never restored from, and no promise asks for it" in told


def test_a_drill_that_is_announced_is_named(estate):
    estate.service("shop", TESTED)
    estate.drcheck("verify")
    planned = (NOW + timedelta(days=9)).isoformat()
    assert estate.drcheck("drill", "announce", "shop", "--for", planned, "--scenario", "fire").returncode == 0
    assert len(estate.due(expect=1)[0]["announced"]) == 1
