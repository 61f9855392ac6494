"""Announcements, as looks at their log disprove or confirm them: real runs, one after the other, on one ledger."""

from __future__ import annotations

import json
import subprocess
import sys
import time

import pytest

DAY = 86400
POLICY = """drcheck: 1
service: shop
sources:
  outages:     {at: "status:outages.jsonl", reader: outage-log}
  maintenance: {at: "status:maintenance.jsonl", reader: maintenance-log}
  drills:      {at: "status:drills.jsonl", reader: restore-log}
commitments:
  up:
    {kind: availability, at_least: 100%, per: year, excused: {maintenance: [{type: planned}]}, evidence: [outages, maintenance]}
  tested: {kind: restore_test, notice: 7d, evidence: [drills]}
"""


def at(t: int) -> str:
    return time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime(t))


class Shop:
    """A service with its logs, which only grow."""

    def __init__(self, directory) -> None:
        self.directory = directory
        (directory / "policies").mkdir()
        (directory / "status").mkdir()
        (directory / "drcheck.yaml").write_text("connections:\n  status: {type: local, root: status}\n")
        (directory / "policies" / "shop.yaml").write_text(POLICY)
        for name in ("outages", "maintenance", "drills"):
            self.append(name)

    def append(self, name: str, *records: dict) -> None:
        with (self.directory / "status" / f"{name}.jsonl").open("a") as log:
            log.writelines(json.dumps(record) + "\n" for record in records)

    def run(self) -> tuple[int, dict[str, dict]]:
        """Run a second later; returns since when this run's looks are, and what it found."""
        time.sleep(1.05 - time.time() % 1.0)
        began = int(time.time())
        arguments = ["verify", "--format", "json"]
        done = subprocess.run(
            [sys.executable, "-m", "drcheck", *arguments], cwd=self.directory, capture_output=True, text=True, timeout=60, check=False
        )  # fmt: skip
        assert done.returncode in {0, 1, 3}, done.stdout + done.stderr
        return began, {found["id"]: found for found in json.loads(done.stdout)["services"][0]["commitments"]}

    def goes_down(self, begins: int) -> None:
        """Tell of a second of downtime, in maintenance said to have been announced two weeks before."""
        watched = {"from": at(begins - 400 * DAY), "to": at(begins + 1)}
        self.append(
            "outages",
            {"outage": "o1", "service": "shop", "started_at": at(begins), "ended_at": at(begins + 1)},
            {"watched": watched},
        )

    def announces(self, begins: int) -> None:
        window = {"starts_at": at(begins), "ends_at": at(begins + 2), "announced_at": at(begins - 14 * DAY)}
        self.append("maintenance", {"maintenance": "m1", "service": "shop", "type": "planned", **window})


@pytest.fixture
def shop(tmp_path) -> Shop:
    return Shop(tmp_path)


def test_an_announcement_is_taken_at_its_word_until_a_look_disproves_it(shop: Shop):
    began = int(time.time()) - 60
    shop.goes_down(began)
    shop.announces(began)
    _, found = shop.run()
    assert found["up"]["status"] == "met"


def test_a_back_dated_announcement_excuses_nothing_that_began_before_a_look_that_did_not_show_it(shop: Shop):
    began = int(time.time()) - 60
    shop.goes_down(began)
    assert shop.run()[1]["up"]["status"] == "breached"
    shop.announces(began)
    _, found = shop.run()
    assert found["up"]["status"] == "breached"
    (window,) = (one for one in found["up"]["rejected"] if one["name"] == "m1")
    assert window["why_not"] == "it was announced after it had begun"
    # Nor once the log cannot be seen any more: what is known of it is kept.
    (shop.directory / "status" / "maintenance.jsonl").unlink()
    assert shop.run()[1]["up"]["status"] == "breached"


def test_a_back_dated_announcement_of_what_began_between_two_looks_is_unknown(shop: Shop):
    looked, _ = shop.run()
    begins = looked + 10  # a run begins within less than that
    shop.announces(begins)
    while time.time() < begins + 1:
        time.sleep(0.1)
    shop.goes_down(begins)
    _, found = shop.run()
    assert found["up"]["status"] == "unknown"
    assert "maintenance, m1: a look did not show it after its announced_at" in found["up"]["reason"]
    assert "has not been seen since" not in found["up"]["reason"]


def test_a_restore_test_whose_announcement_a_look_after_its_date_did_not_show_was_not_announced(shop: Shop):
    shop.run()
    held = int(time.time()) - DAY
    test = {"service": "shop", "started_at": at(held), "finished_at": at(held + 60), "outcome": "passed"}
    shop.append("drills", {"announces": "t1", "announced_at": at(held - 14 * DAY)}, {"test": "t1", **test})
    _, found = shop.run()
    assert found["tested"]["status"] == "breached"
    assert found["tested"]["reason"].endswith("; 7 d ahead is owed")


def test_a_line_that_is_written_twice_takes_no_breach_away(shop: Shop):
    began = int(time.time()) - 60
    shop.goes_down(began)
    shop.announces(began + 30)
    assert shop.run()[1]["up"]["status"] == "breached"
    shop.announces(began + 30)
    shop.goes_down(began)
    _, found = shop.run()
    assert (found["up"]["status"], found["up"]["gaps"]) == ("breached", [])
