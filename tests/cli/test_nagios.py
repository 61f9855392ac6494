"""``drcheck verify --format nagios`` as a monitoring system runs it: standard output and exit status."""

from __future__ import annotations

import subprocess
import sys

import pytest

from drcheck.ledger.store import open_ledger

POLICY = """\
drcheck: 1
service: shop
sources:
  log: {at: "here:log.jsonl", reader: restore-log}
commitments:
  tested: {kind: restore_test, every: 180d, evidence: [log]}
"""


@pytest.fixture
def place(tmp_path):
    (tmp_path / "data").mkdir()
    (tmp_path / "data" / "log.jsonl").write_text("")
    (tmp_path / "policies").mkdir()
    (tmp_path / "policies" / "shop.yaml").write_text(POLICY)
    (tmp_path / "drcheck.yaml").write_text("connections:\n  here: {type: local, root: data}\n")
    return tmp_path


def plugin(place, *arguments):
    command = [sys.executable, "-m", "drcheck", "verify", *arguments]
    done = subprocess.run(command, cwd=place, capture_output=True, text=True, timeout=60, check=False)
    return done.returncode, done.stdout


def test_a_breach_is_critical(place):
    status, text = plugin(place, "--format", "nagios")
    assert status == 2
    assert text.startswith("DRCHECK CRITICAL - 1 breached: shop/tested | breached=1;;0;0 ")


def test_a_waiver_makes_it_ok(place):
    waived = "waivers: [{commitment: tested, until: 2999-12-31, owner: me, reason: later}]\n"
    (place / "policies" / "shop.yaml").write_text(POLICY + waived)
    status, text = plugin(place, "--format=nagios")
    assert status == 0
    assert text.startswith("DRCHECK OK - 1 waived |")
    assert "[waived] shop/tested: " in text


def test_what_could_not_be_seen_is_unknown(place):
    (place / "data" / "log.jsonl").unlink()
    status, text = plugin(place, "--format", "nagios")
    assert status == 3
    assert text.startswith("DRCHECK UNKNOWN - 1 unknown, 1 evidence gap: shop/tested |")


@pytest.mark.parametrize(
    ("arguments", "why"),
    [
        (("--format", "nagios", "nowhere.yaml"), "nowhere.yaml"),
        (("--as-of", "yesterday", "--format=nagios"), "--as-of: "),
        (("--form", "nagios", "--wrong"), "wrong usage"),
    ],
)
def test_where_nothing_was_judged_it_is_unknown_and_says_why_on_standard_output(place, arguments, why):
    status, text = plugin(place, *arguments)
    assert status == 3
    assert text.startswith("DRCHECK UNKNOWN - ")
    assert why in text
    assert text.count("\n") == 1
    assert plugin(place, *(one for one in arguments if "nagios" not in one and one[:4] != "--fo"))[0] == 2


def test_a_ledger_that_another_run_holds_is_unknown(place):
    plugin(place)
    with open_ledger(f"sqlite:///{place}/drcheck.db"):
        status, text = plugin(place, "--format", "nagios")
    assert (status, text.startswith("DRCHECK UNKNOWN - ")) == (3, True)


def test_a_policy_that_is_called_nagios_changes_nothing(place):
    assert plugin(place, "nagios") == (2, "")
