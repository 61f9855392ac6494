"""Policies that were reworded, as ``drcheck verify`` judges them: by the texts that its ledger has kept."""

from __future__ import annotations

import hashlib
import json
import os
import subprocess
import sys
from datetime import UTC, datetime, timedelta

import pytest
from msgspec.structs import replace

from drcheck.core.model.verdict import Window
from drcheck.ledger.store import open_ledger
from drcheck.policyfile.load import load_policies

HOUR, DAY = timedelta(hours=1), timedelta(days=1)
SOURCES = """\
sources:
  dumps: {at: "vault:dumps/", reader: objects, name: "{data_as_of:%Y-%m-%dT%H%M%S}Z.dump", available_at: mtime, thinned_after: never}
  status: {at: "vault:outages.jsonl", reader: outage-log}
commitments:
"""


class Place:
    """A working directory whose policy had other texts before, as the ledger of its runs tells."""

    def __init__(self, root):
        self.root = root
        self.now = datetime.now(UTC).replace(microsecond=0)
        (root / "policies").mkdir()
        (root / "vault" / "dumps").mkdir(parents=True)
        (root / "vault" / "outages.jsonl").write_text("")
        (root / "drcheck.yaml").write_text("connections:\n  vault: {type: local, root: vault}\n")

    def write(self, commitments, more=""):
        text = f"drcheck: 1\nservice: shop\n{more}{SOURCES}  {commitments}\n"
        (self.root / "policies" / "shop.yaml").write_text(text)

    def judged_before(self, ago, commitments, more=""):
        """Put a run of that long ago into the ledger, which judged this text."""
        self.write(commitments, more)
        (policy,) = load_policies([str(self.root / "policies" / "shop.yaml")], None).policies
        at = int((self.now - ago).timestamp())
        with (
            open_ledger(f"sqlite:///{self.root}/drcheck.db") as ledger,
            ledger.start(Window(at - 86400, at), version="0", started_at=at) as run,
        ):
            run.policies([policy])
            run.finish(0)

    def backup(self, *ages):
        for number, age in enumerate(ages):
            made = self.now - age
            path = self.root / "vault" / "dumps" / f"{made:%Y-%m-%dT%H%M%S}Z.dump"
            path.write_bytes(bytes([number % 251 + 1]) * (200 + number))
            os.utime(path, (made.timestamp() + 10,) * 2)

    def outages(self, *days):
        """Tell of an outage of 20 hours on each of those days before today, and that all of the last 90 were watched."""
        midnight = self.now.replace(hour=0, minute=0, second=0)
        lines = [
            {"outage": f"o{ago}", "service": "shop", "started_at": (midnight - ago * DAY).isoformat(),
             "ended_at": (midnight - ago * DAY + 20 * HOUR).isoformat()}
            for ago in days
        ]  # fmt: skip
        watched = {"from": (midnight - 90 * DAY).isoformat(), "to": self.now.isoformat()}
        told = [*lines, {"watched": watched, "service": "shop"}]
        (self.root / "vault" / "outages.jsonl").write_text("".join(json.dumps(line) + "\n" for line in told))

    def drcheck(self, *arguments):
        return subprocess.run(
            [sys.executable, "-m", "drcheck", "verify", *arguments],
            cwd=self.root, capture_output=True, text=True, timeout=60, check=False,
        )  # fmt: skip

    def judged(self, *arguments):
        done = self.drcheck("--format", "json", *arguments)
        assert done.stdout, done.stderr
        return json.loads(done.stdout)["services"][0]["commitments"][0]


@pytest.fixture
def place(tmp_path):
    return Place(tmp_path)


UPTIME = "up: {{kind: availability, at_least: {}%, per: day, evidence: [status]{}}}"


@pytest.mark.parametrize("first_seen", [40, 2])
def test_a_correction_leaves_what_began_before_it_breached_and_shows_both_verdicts_on_the_rest(place, first_seen):
    place.outages(20, 9, 4)
    place.judged_before(first_seen * DAY, UPTIME.format("99.9", ""))
    before = place.judged()["periods"]
    place.write(UPTIME.format("10", f", in_force_from: {place.now - 9 * DAY + DAY:%Y-%m-%d}"))
    found = place.judged()
    statuses = {period["from"][:10]: period["status"] for period in found["periods"]}
    assert [statuses[f"{place.now - ago * DAY:%Y-%m-%d}"] for ago in (20, 9, 4)] == ["breached", "breached", "met"]
    assert sum(period["status"] == "breached" for period in before) == 3
    (note,) = found["notes"]
    assert "corrects what was in force from" in note
    assert "was breached before it and is met by it" in note
    for how in ("--verbose", "--quiet"):
        assert "corrects what was in force from" in " ".join(place.drcheck(how).stdout.split())


def test_what_an_old_text_owes_for_longer_than_the_window_is_still_owed(place):
    place.backup(*(age * DAY for age in range(40) if age != 10))
    place.judged_before(100 * DAY, "kept: {kind: retention, keep: 30d, evidence: [dumps]}")
    place.judged_before(5 * DAY, "kept: {kind: retention, keep: 2d, evidence: [dumps]}")
    assert place.judged("--window", "1d")["status"] == "breached"


@pytest.mark.parametrize(
    ("looser", "more"),
    [
        ("rpo: {{kind: rpo, at_most: 90d, evidence: [dumps], in_force_from: {}}}", ""),
        ("rpo: {{kind: rpo, at_most: 90d, evidence: [dumps]}}", "agreement: {{effective: {}}}\n"),
    ],
    ids=["in_force_from", "effective"],
)
def test_a_text_of_long_ago_binds_until_the_one_after_it_comes_into_force(place, looser, more):
    place.backup(3 * HOUR)
    ahead = f"{place.now + 5 * DAY:%Y-%m-%d}"
    place.judged_before(100 * DAY, "rpo: {kind: rpo, at_most: 1h, evidence: [dumps]}")
    place.judged_before(50 * DAY, looser.format(ahead), more.format(ahead))
    assert place.judged("--window", "1d")["status"] == "breached"


def test_a_promise_that_is_taken_out_is_told_with_what_it_was_last(place):
    rpo, daily = (
        "rpo: {kind: rpo, at_most: 1h, evidence: [dumps]}",
        "up: {kind: availability, at_least: 1%, per: day, evidence: [status]}",
    )
    place.backup(3 * HOUR)
    place.outages()
    place.write(f"{rpo}\n  {daily}")
    assert place.drcheck().returncode == 1
    place.write(daily)
    offline = place.drcheck("--offline", "--quiet")
    told = json.loads(place.drcheck("--format", "json").stdout)["services"][0]
    assert [(one["id"], one["kind"], one["status"]) for one in told["dropped"]] == [("rpo", "rpo", "breached")]
    assert told["unused_sources"] == ["dumps"]
    told = " ".join(offline.stdout.split())
    assert "rpo (rpo) is not in the policy any more" in told
    assert "found it breached" in told
    assert "nobody looked at dumps" in told
    assert place.drcheck("--as-of", f"{place.now:%Y-%m-%dT%H:%M:%SZ}").returncode == 0
    again = json.loads(place.drcheck("--offline", "--format", "json").stdout)["services"][0]
    assert [one["id"] for one in again["dropped"]] == ["rpo"], "what was new in the run that is repeated is new"
    assert json.loads(place.drcheck("--format", "json").stdout)["services"][0]["dropped"] == []
    assert json.loads(place.drcheck("--offline", "--format", "json").stdout)["services"][0]["dropped"] == []


def test_a_promise_that_was_taken_out_is_told_until_somebody_was_shown_that(place):
    up = "up: {kind: availability, at_least: 1%, per: day, evidence: [status]}"
    place.outages()
    place.write(f"{up}\n  more: {up[4:]}")
    assert place.drcheck().returncode == 0
    place.write(up)
    assert "could not be written" in place.drcheck("--output", "/dev/full").stderr
    told = json.loads(place.drcheck("--format", "json").stdout)["services"][0]
    assert [one["id"] for one in told["dropped"]] == ["more"]
    assert json.loads(place.drcheck("--format", "json").stdout)["services"][0]["dropped"] == []


def test_an_earlier_text_that_cannot_be_read_any_more_is_no_silence(place):
    rpo = "rpo: {kind: rpo, at_most: 9h, evidence: [dumps]}"
    place.backup(3 * HOUR)
    place.write(f"{rpo}\n  other: {{kind: of_another_age, evidence: [dumps]}}")
    text = (place.root / "policies" / "shop.yaml").read_text()
    place.write(rpo)
    (policy,) = load_policies([str(place.root / "policies" / "shop.yaml")], None).policies
    at = int((place.now - 2 * DAY).timestamp())
    with (
        open_ledger(f"sqlite:///{place.root}/drcheck.db") as ledger,
        ledger.start(Window(at - 86400, at), version="0", started_at=at) as run,
    ):
        run.policies([replace(policy, text=text, sha256=hashlib.sha256(text.encode()).hexdigest())])
        run.finish(0)
    for how in ((), ("--quiet",), ("--offline",)):
        done = place.drcheck(*how)
        assert done.returncode == 0, "of now all is known"
        shown = " ".join(done.stdout.split())
        assert "is unknown: this version of drcheck cannot read the policy's text of then" in shown
        assert "invalid" not in shown
    report = json.loads(place.drcheck("--offline", "--format", "json").stdout)
    ((service,), span) = report["services"], report["services"][0]["unreadable_texts"]
    (unknown,) = [one for one in service["commitments"][0]["unknowns"] if "cannot read" in one["reason"]]
    assert (report["faults"], span) == ([], [{"from": report["window"]["from"], "to": unknown["closed_at"]}])
    period = place.drcheck("--offline", "--from", f"{place.now - DAY:%Y-%m-%d}", "--to", f"{place.now + DAY:%Y-%m-%d}")
    assert period.returncode == 3, "a part of the period proves no whole"
