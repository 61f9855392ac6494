"""``drcheck restore``, the real process: what it answers out of the ledger, with nothing else at hand."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
import time
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from drcheck.reports.restore.typed import beside, typed

HOUR = 3600
CONFIG = "connections:\n  vault: {type: local, root: vault}\n"
POLICY = """\
drcheck: 1
service: shop
title: The shop
timezone: Europe/Stockholm
sites:
  here: {region: one}
  there: {region: two}
scenarios:
  fire: {loses: [here]}
sources:
  near: {at: "vault:near/", site: here, reader: objects, name: "{data_as_of:%Y-%m-%dT%H%M%S}Z.{*}",
         available_at: name, max_duration: 1m, kind: full}
  far: {at: "vault:far/", site: there, reader: objects, name: "{data_as_of:%Y-%m-%dT%H%M%S}Z.{*}",
        available_at: name, max_duration: 1m, kind: full}
  drills: {at: "vault:drills.jsonl", reader: restore-log}
commitments:
  rpo: {kind: rpo, at_most: 26h, evidence: [near, far]}
  rto: {kind: rto, at_most: 2h, scenario: fire, evidence: [drills]}
"""


class Shop:
    """A working directory with a place near and one far, each with backups of some hours ago."""

    def __init__(self, root: Path) -> None:
        self.root = root
        self.now = int(time.time()) // HOUR * HOUR
        for directory in ("policies", "vault/near", "vault/far"):
            (root / directory).mkdir(parents=True)
        (root / "drcheck.yaml").write_text(CONFIG)
        (root / "policies" / "shop.yaml").write_text(POLICY)
        (root / "vault" / "drills.jsonl").write_text("")

    def name(self, hours: int, ending: str = "dump") -> str:
        return f"{datetime.fromtimestamp(self.now - hours * HOUR, UTC):%Y-%m-%dT%H%M%S}Z.{ending}"

    def backup(self, place: str, hours: int, *, ending: str = "dump", size: int = 2000) -> str:
        name = self.name(hours, ending)
        file = self.root / "vault" / place / name
        file.write_bytes(bytes([hours % 251]) * (size + hours))
        os.utime(file, (self.now - hours * HOUR + 10, self.now - hours * HOUR + 10))
        return name

    def drilled(self, hours: int, name: str) -> None:
        began, ended = (
            f"{datetime.fromtimestamp(self.now - at * HOUR, UTC):%Y-%m-%dT%H:%M:%SZ}" for at in (hours, hours - 1)
        )
        record = {
            "test": "t1", "service": "shop", "scenarios": ["fire"], "started_at": began, "finished_at": ended,
            "outcome": "passed", "disrupted_at": began, "validated_at": ended, "validation": "validated",
            "target_site": "there", "recovery_point": {"source": "far", "of": "shop", "name": name},
        }  # fmt: skip
        (self.root / "vault" / "drills.jsonl").write_text(json.dumps(record) + "\n")

    def drcheck(self, *arguments: str, expect: int | None = None) -> subprocess.CompletedProcess[str]:
        done = subprocess.run(
            [sys.executable, "-m", "drcheck", *arguments], cwd=self.root, capture_output=True, text=True, timeout=60,
            check=False,
        )  # fmt: skip
        if expect is not None:
            assert done.returncode == expect, done.stdout + done.stderr
        return done

    def looked(self) -> None:
        assert self.drcheck("verify", "--quiet").returncode in {0, 1, 3}

    def answer(self, *arguments: str, expect: int) -> dict[str, Any]:
        found: dict[str, Any] = json.loads(
            self.drcheck("restore", "shop", "--format", "json", *arguments, expect=expect).stdout
        )
        return found


@pytest.fixture
def shop(tmp_path: Path) -> Shop:
    return Shop(tmp_path)


def test_it_answers_out_of_the_ledger_when_everything_else_is_gone(shop: Shop) -> None:
    old, new = shop.backup("far", 5), shop.backup("near", 2)
    shop.drilled(4, old)
    shop.looked()
    shutil.rmtree(shop.root / "vault")
    shutil.rmtree(shop.root / "policies")
    found = shop.answer(expect=0)
    assert found["restorable"] == "yes"
    (only,) = found["data_sets"]
    assert (only["point"]["name"], only["point"]["typed"]) == (new, str(shop.root / "vault" / "near" / new))
    assert only["point"]["survives"] == {"fire": False}
    assert [one["name"] for one in only["older"]] == [old]
    assert only["proven"]["point"]["name"] == old
    assert any("is gone or cannot be read" in note for note in found["notes"])
    assert {one["commitment"]: one["status"] for one in found["promises"]} == {"rpo": "met", "rto": "met"}


def test_after_a_disaster_it_names_what_survives_and_how_long_the_last_restore_of_it_took(shop: Shop) -> None:
    old = shop.backup("far", 5)
    shop.backup("near", 2)
    shop.drilled(4, old)
    shop.looked()
    text = shop.drcheck("restore", "shop", "--scenario", "fire", expect=0).stdout
    assert f"restore ✓ {old}" in text
    assert "it took 1 h, in time: `rto` allows 2 h" in " ".join(text.split())
    assert "it lies at here, which is lost with fire" in " ".join(text.split())
    (only,) = shop.answer("--scenario", "fire", expect=0)["data_sets"]
    assert only["point"]["last_restored"]["objectives"] == [
        {"commitment": "rto", "at_most": 7200, "shortest": 3600, "longest": 3600, "met": True}
    ]


def test_the_state_of_an_instant_is_asked_for_with_at(shop: Shop) -> None:
    old = shop.backup("far", 5)
    shop.backup("near", 2)
    shop.looked()
    instant = f"{datetime.fromtimestamp(shop.now - 3 * HOUR, UTC):%Y-%m-%dT%H:%M:%SZ}"
    assert shop.answer("--at", instant, expect=0)["data_sets"][0]["point"]["name"] == old
    assert shop.answer("--at", "2001-01-01", expect=1)["data_sets"][0]["point"] is None


def test_where_nothing_survives_the_exit_status_says_so(shop: Shop) -> None:
    shop.backup("near", 2)
    policy = shop.root / "policies" / "shop.yaml"
    policy.write_text(POLICY.replace("loses: [here]", "loses: [here, there]"))
    shop.looked()
    text = shop.drcheck("restore", "shop", "--scenario", "fire", expect=1).stdout
    assert "restore ✗ nothing" in text
    assert "no source of shop survives fire" in text


def test_what_is_in_doubt_is_told_as_unknown_with_its_own_exit_status(shop: Shop) -> None:
    shop.backup("near", 2, ending="dump.gz", size=50)
    shop.looked()
    found = shop.answer(expect=3)
    assert found["restorable"] == "unknown"
    assert "it is 52 B" in found["data_sets"][0]["reason"]


def test_every_line_fits_eighty_columns_but_a_path_that_would_be_broken(shop: Shop) -> None:
    old = shop.backup("far", 5)
    shop.backup("near", 2)
    shop.drilled(4, old)
    shop.looked()
    for line in shop.drcheck("restore", "shop", expect=0).stdout.splitlines():
        assert len(line) <= 80 or "/vault/" in line


def test_a_hostile_name_reaches_no_terminal_and_no_shell(shop: Shop) -> None:
    name = shop.backup("near", 2, ending="$(touch owned)\x1b[2J\u202edump;  '")
    shop.looked()
    text = shop.drcheck("restore", "shop", expect=0).stdout
    assert "\x1b" not in text
    assert "\u202e" not in text
    (line,) = (line.strip() for line in text.splitlines() if line.strip().startswith("$'/"))
    words = subprocess.run(["bash", "-c", f"printf %s {line}"], capture_output=True, cwd=shop.root, check=True).stdout
    assert words.decode() == str(shop.root / "vault" / "near" / name)
    assert not (shop.root / "owned").exists()


@pytest.mark.parametrize(
    ("arguments", "told"),
    [
        (["sohp"], "the ledger has no service sohp"),
        (["shop", "--scenario", "fier"], "the policy of shop has no scenario fier"),
        (["shop", "--at", "yesterday"], "--at:"),
    ],
)
def test_a_wrong_word_is_told_with_what_would_be_right(shop: Shop, arguments: list[str], told: str) -> None:
    shop.backup("near", 2)
    shop.looked()
    done = shop.drcheck("restore", *arguments, expect=2)
    assert told in done.stderr
    assert "Hint:" in done.stderr


def test_without_a_ledger_nothing_is_known(shop: Shop) -> None:
    assert "there is no ledger yet" in shop.drcheck("restore", "shop", expect=2).stderr


def test_a_policy_that_has_changed_since_is_told_and_not_read(shop: Shop) -> None:
    shop.backup("near", 2)
    shop.looked()
    policy = shop.root / "policies" / "shop.yaml"
    policy.write_text(POLICY.replace("vault:near/", "vault:elsewhere/"))
    found = shop.answer(expect=0)
    assert any("has changed since" in note for note in found["notes"])
    assert found["data_sets"][0]["point"]["source"] == "near"


def test_a_night_judges_the_newest_proven_point_and_restore_tells_when_that_lapses(shop: Shop) -> None:
    policy = shop.root / "policies" / "shop.yaml"
    promise = "  proven: {kind: provable, at_most: 2d, outlives: 7d, scenario: fire, evidence: [near, far, drills]}\n"
    policy.write_text(f"{POLICY}{promise}")
    shop.drilled(4, shop.backup("far", 5))
    shop.backup("near", 2)
    report = json.loads(shop.drcheck("verify", "--format", "json").stdout)
    found = {one["id"]: one for one in report["services"][0]["commitments"]}["proven"]
    assert found["status"] == "unknown"  # nothing says for how long it will stand
    assert "a lock in compliance mode, or thinned_after on far, would" in found["reason"]
    policy.write_text(f"{POLICY}{promise.replace(' outlives: 7d,', '')}")
    shop.looked()
    (due,) = (one for one in shop.answer(expect=0)["promises"] if one["commitment"] == "proven")
    assert (due["kind"], due["status"]) == ("provable", "met")
    assert due["breaks_at"] == f"{datetime.fromtimestamp(shop.now + 43 * HOUR, UTC):%Y-%m-%dT%H:%M:%SZ}"


@pytest.mark.parametrize(
    ("keys", "told"),
    [
        ("at_most: 2d, evidence: [near]", "none of it tells what was restored"),
        ("at_most: 2d, validation: checksummed, evidence: [near, drills]", "is reached without a restore"),
        ("evidence: [near, drills]", "write at_most or outlives"),
    ],
)
def test_a_promise_that_nothing_can_prove_is_told(shop: Shop, keys: str, told: str) -> None:
    (shop.root / "policies" / "shop.yaml").write_text(f"{POLICY}  proven: {{kind: provable, {keys}}}\n")
    done = shop.drcheck("lint")
    assert told in done.stdout + done.stderr


def test_every_key_of_the_json_is_documented(shop: Shop) -> None:
    old = shop.backup("far", 5)
    shop.backup("near", 2)
    shop.drilled(4, old)
    shop.looked()
    page = (Path(__file__).parents[2] / "docs" / "restore.md").read_text()
    assert [key for key in _keys(shop.answer(expect=0)) if f"`{key}`" not in page and f"`{key}[]`" not in page] == []


def _keys(value: object) -> Iterator[str]:
    if isinstance(value, dict):
        yield from (key for key in value if key != "fire")
        value = list(value.values())
    if isinstance(value, list):
        for one in value:
            yield from _keys(one)


@pytest.mark.parametrize(
    ("base", "path", "word", "more"),
    [
        ("file:///mnt/my%20vault/", "a b.gz", "'/mnt/my vault/a b.gz'", ""),
        ("ssh://eve@backup1:2222/srv/", "d/x.gz", "eve@backup1:/srv/d/x.gz", "port 2222"),
        ("ssh://eve@[2001:db8::1]/srv/", "x", "'eve@[2001:db8::1]:/srv/x'", ""),
        ("s3://", "bucket/a;b?versionId=v1", "'s3://bucket/a;b'", "version v1"),
        ("https://a.blob.core.windows.net/", "c/a b", "https://a.blob.core.windows.net/c/a%20b", ""),
    ],
)
def test_a_place_is_told_as_tools_take_it(base: str, path: str, word: str, more: str) -> None:
    assert (typed(f"one:{path}", {"one": base}), beside(f"one:{path}", {"one": base})) == (word, more)
    assert typed(f"other:{path}", {"one": base}) is None
