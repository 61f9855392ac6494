"""What a run names since the last one, and what the ledger answers alone: offline, over periods, and again."""

from __future__ import annotations

import json
import os
import re
import sqlite3
import subprocess
import sys
import time
from contextlib import closing
from datetime import UTC, datetime, timedelta
from pathlib import Path
from zoneinfo import ZoneInfo

import cbor2
import pytest

from drcheck.collectors.local.settings import LocalConnection
from drcheck.core.history.difference import difference
from drcheck.core.model.commitments import Standing
from drcheck.core.model.evidence import Candidate, Look
from drcheck.core.model.observation import Observation
from drcheck.core.model.verdict import Window
from drcheck.ledger.entries import RecordedVerdict
from drcheck.ledger.state import Key
from drcheck.ledger.store import open_ledger
from drcheck.policyfile.load import load_policies
from drcheck.settings import Settings

HOUR, DAY = 3600, 86400
CONFIG = "connections:\n  vault: {type: local, root: vault}\n"
POLICY = """\
drcheck: 1
service: shop
timezone: Europe/Stockholm
sources:
  dumps:
    at: vault:dumps/
    reader: objects
    name: "{data_as_of:%Y-%m-%dT%H%M%S}Z.dump"
    available_at: name
    max_duration: 1m
    thinned_after: never
commitments:
  rpo: {kind: rpo, at_most: 2h, evidence: [dumps]}
"""


class Nights:
    """A working directory whose ledger has looks of the past: hourly backups, with those that are missing."""

    def __init__(self, root: Path) -> None:
        self.root = root
        (root / "policies").mkdir()
        (root / "vault" / "dumps").mkdir(parents=True)
        (root / "drcheck.yaml").write_text(CONFIG)
        (root / "policies" / "shop.yaml").write_text(POLICY)
        self.now = int(time.time()) // HOUR * HOUR
        settings = Settings("drcheck.yaml", connections={"vault": LocalConnection("vault", root=str(root / "vault"))})
        (self.policy,) = load_policies([str(root / "policies" / "shop.yaml")], settings).policies
        self.key = Key("shop", self.policy.sources["dumps"].identity)

    def backups(self, since: int, until: int, *, missing: range = range(0)) -> None:
        for at in range(since, until, HOUR):
            if at not in missing:
                moment = datetime.fromtimestamp(at, UTC)
                (self.root / "vault" / "dumps" / f"{moment:%Y-%m-%dT%H%M%S}Z.dump").write_bytes(b"x" * (100 + at % 97))

    def drcheck(self, *arguments: str, expect: int | None = None) -> subprocess.CompletedProcess[str]:
        done = subprocess.run(
            [sys.executable, "-m", "drcheck", *arguments], cwd=self.root, capture_output=True, text=True, timeout=60,
            check=False,
        )  # fmt: skip
        if expect is not None:
            assert done.returncode == expect, done.stdout + done.stderr
        time.sleep(1.1)  # two looks within one second are of one instant
        return done

    def judged(self, *arguments: str, expect: int | None = None) -> dict[str, object]:
        report = json.loads(self.drcheck("verify", "--format", "json", *arguments, expect=expect).stdout)
        return report["services"][0]["commitments"][0] | {"window": report["services"][0]["window"]}


@pytest.fixture
def nights(tmp_path: Path) -> Nights:
    return Nights(tmp_path)


def test_a_breach_that_opened_and_closed_between_two_runs_counts_once(nights: Nights) -> None:
    hole = range(nights.now - 30 * HOUR, nights.now - 25 * HOUR)
    nights.backups(nights.now - 60 * HOUR, nights.now, missing=hole)
    first = nights.judged("--window", "2d", expect=0)  # the first run counts what is open, and names the rest
    assert [one["counts"] for one in first["since_last_run"]] == [False]
    assert nights.judged("--window", "2d", expect=0)["since_last_run"] == []
    found = nights.judged("--window", "59h", expect=0)
    assert found["since_last_run"] == []  # what a run has shown is not new, however wide the window


def test_a_breach_since_the_last_run_is_named_however_much_longer_ago_that_was_than_the_window(nights: Nights) -> None:
    hole = range(nights.now - 30 * HOUR, nights.now - 25 * HOUR)
    nights.backups(nights.now - 60 * HOUR, nights.now, missing=hole)
    ran(nights, nights.now - 40 * HOUR)
    found = nights.judged("--window", "2h", expect=1)
    assert [one["counts"] for one in found["since_last_run"]] == [True]
    again = nights.judged("--offline", expect=1)
    assert (again["since_last_run"], again["window"]) == (found["since_last_run"], found["window"])
    assert nights.judged("--offline", "--window", "2h", expect=0)["breaches"] == []
    nights.drcheck("replay", expect=0)
    assert nights.judged("--window", "2h", expect=0)["since_last_run"] == []


def ran(nights: Nights, at: int) -> None:
    """Let a run of record be made at an instant, at which nothing was looked at."""
    with open_ledger(f"sqlite:///{nights.root}/drcheck.db") as ledger:
        with ledger.start(Window(at - 30 * DAY, at), version="0", started_at=at) as run:
            run.policies([nights.policy])
            run.found([RecordedVerdict("shop", "rpo", "rpo", "met", "")])
            run.finish(0)
        ledger.publish(run.id, at)


def drill(nights: Nights, days: int, outcome: str) -> str:
    at = f"{datetime.fromtimestamp(nights.now - days * DAY, UTC):%Y-%m-%dT%H:%M:%SZ}"
    told = {"test": f"t{days}", "service": "shop", "started_at": at, "finished_at": at, "outcome": outcome}
    return json.dumps(told | {"disrupted_at": at, "validated_at": at}) + "\n"


def drilled(nights: Nights) -> Path:
    """Promise a recovery time, and return the log of restore tests, of which one has passed."""
    policy = nights.root / "policies" / "shop.yaml"
    head, _ = POLICY.split("sources:")
    drills = '  drills: {at: "vault:drills.jsonl", reader: restore-log}\n'
    policy.write_text(f"{head}sources:\n{drills}commitments:\n  rto: {{kind: rto, at_most: 2h, evidence: [drills]}}\n")
    log = nights.root / "vault" / "drills.jsonl"
    log.write_text(drill(nights, 20, "passed"))
    return log


def test_a_late_line_that_tells_of_an_old_breach_is_new_until_a_run_has_shown_it(nights: Nights) -> None:
    log = drilled(nights)
    nights.drcheck("verify", expect=0)
    log.write_text(log.read_text() + drill(nights, 10, "failed") + drill(nights, 5, "passed"))
    shown = nights.drcheck("verify", expect=1).stdout
    assert "not shown by any run before: breached for 5 d" in shown
    assert "1 breached and over since" in shown
    assert "not shown by any run before" in nights.drcheck("verify", "-q", "--offline", expect=1).stdout
    nights.drcheck("verify", "--offline", "--fail-on", "now", expect=0)
    nights.drcheck("verify", expect=0)


def test_what_a_run_found_that_was_killed_before_its_report_is_named_by_the_next(nights: Nights) -> None:
    log = drilled(nights)
    nights.drcheck("verify", expect=0)
    log.write_text(log.read_text() + drill(nights, 10, "failed") + drill(nights, 5, "passed"))
    os.mkfifo(nights.root / "nobody-reads")
    command = [sys.executable, "-m", "drcheck", "verify", "--output", "nobody-reads"]
    with subprocess.Popen(command, cwd=nights.root) as run:
        await_ends(nights.root / "drcheck.db", 2, run)
        run.kill()
    assert "finished     1  its report was not shown" in nights.drcheck("ledger", "show", expect=0).stdout
    assert "not shown by any run before" in nights.drcheck("verify", expect=1).stdout
    nights.drcheck("verify", expect=0)


def test_a_report_that_found_no_room_has_shown_nothing(nights: Nights) -> None:
    log = drilled(nights)
    nights.drcheck("verify", expect=0)
    log.write_text(log.read_text() + drill(nights, 10, "failed") + drill(nights, 5, "passed"))
    told = nights.drcheck("verify", "--output", "/dev/full", expect=1).stderr
    assert "the report could not be written" in told
    nights.drcheck("verify", "--output", "report.txt", expect=1)
    nights.drcheck("verify", expect=0)


def await_ends(ledger: Path, ends: int, run: subprocess.Popen[bytes]) -> None:
    """Wait until so many runs have their end in the ledger."""
    until = time.monotonic() + 60
    while time.monotonic() < until:
        assert run.poll() is None
        with closing(sqlite3.connect(f"file:{ledger}?mode=ro", uri=True)) as connection:
            kinds = [cbor2.loads(data)[0] for (data,) in connection.execute("SELECT bytes FROM entry")]
        if kinds.count("run ended") >= ends:
            return
        time.sleep(0.05)
    raise AssertionError("the run never came to its end")


def test_judging_offline_gives_what_the_run_gave_though_everything_is_gone(nights: Nights) -> None:
    nights.backups(nights.now - 60 * HOUR, nights.now, missing=range(nights.now - 9 * HOUR, nights.now - 5 * HOUR))
    online = nights.judged("--window", "2d", expect=0)
    for path in (nights.root / "vault" / "dumps").iterdir():
        path.unlink()
    (nights.root / "vault" / "dumps").rmdir()
    offline = nights.judged("--offline", "--window", "2d", expect=0)
    assert offline == online


def test_offline_a_service_that_no_run_has_judged_is_unknown_and_not_left_out(nights: Nights) -> None:
    nights.backups(nights.now - 60 * HOUR, nights.now)
    nights.drcheck("verify", "--window", "2d", expect=0)
    (nights.root / "policies" / "new.yaml").write_text(POLICY.replace("service: shop", "service: new"))
    for arguments in ((), ("--period", f"{datetime.now(UTC):%Y-%m}")):
        shown = nights.drcheck("verify", "--offline", "--format", "json", *arguments, expect=3)
        found = {one["service"]: one["commitments"][0]["status"] for one in json.loads(shown.stdout)["services"]}
        assert found["new"] == "unknown"


def test_a_period_of_which_a_part_is_unknown_is_not_met(nights: Nights) -> None:
    nights.backups(nights.now - 60 * HOUR, nights.now)
    nights.drcheck("verify", "--window", "2d", expect=0)
    long_ago = f"{datetime.fromtimestamp(nights.now - 90 * DAY, UTC):%Y-%m-%d}"
    until = f"{datetime.fromtimestamp(nights.now - HOUR, UTC):%Y-%m-%dT%H:%M:%SZ}"
    found = nights.judged("--offline", "--from", long_ago, "--to", until, expect=3)
    assert found["status"] == "unknown"
    assert "of the period are unknown" in found["reason"]


def test_a_period_is_judged_in_the_policys_own_zone_and_every_breach_in_it_counts(nights: Nights) -> None:
    nights.backups(nights.now - 80 * HOUR, nights.now, missing=range(nights.now - 50 * HOUR, nights.now - 45 * HOUR))
    nights.drcheck("verify", expect=0)
    day = datetime.fromtimestamp(nights.now - 47 * HOUR, ZoneInfo("Europe/Stockholm")).date()
    found = nights.judged("--offline", "--period", day.isoformat(), expect=1)
    midnight = datetime(day.year, day.month, day.day, tzinfo=ZoneInfo("Europe/Stockholm"))
    assert found["window"]["from"] == f"{midnight.astimezone(UTC):%Y-%m-%dT%H:%M:%SZ}"
    assert found["over_window"]["unknown"]["value"] <= 120  # a minute in which a backup arrives, at either end
    assert found["over_window"]["breached"]["value"] > 0
    assert {one["counts"] for one in found["since_last_run"]} == {True}
    since = f"{datetime.fromtimestamp(nights.now - 40 * HOUR, UTC):%Y-%m-%dT%H:%M:%SZ}"
    until = f"{datetime.fromtimestamp(nights.now - 30 * HOUR, UTC):%Y-%m-%dT%H:%M:%SZ}"
    kept = nights.judged("--offline", "--from", since, "--to", until, expect=0)
    assert kept["over_window"]["kept"] == {"value": "100", "unit": "%"}
    assert kept["over_window"]["worst"]["value"] == HOUR + 60


def test_what_is_not_any_more_as_it_was_in_a_period_is_named(nights: Nights) -> None:
    nights.backups(nights.now - 60 * HOUR, nights.now)
    nights.drcheck("verify", "--window", "2d", expect=0)
    since, until = (f"{datetime.fromtimestamp(nights.now - h * HOUR, UTC):%Y-%m-%dT%H:%M:%SZ}" for h in (40, 20))
    moment = datetime.fromtimestamp(nights.now - 30 * HOUR, UTC)
    pruned = nights.root / "vault" / "dumps" / f"{moment:%Y-%m-%dT%H%M%S}Z.dump"
    pruned.unlink()
    redated = pruned.with_name(f"{moment:%Y-%m-%dT%H}3000Z.dump")
    redated.write_bytes(b"y" * 150)
    tonight = nights.judged("--window", "2d")
    assert tonight["since_then"] == []
    found = nights.judged("--offline", "--from", since, "--to", until)["since_then"]
    assert [(one["what"], one["name"]) for one in found if one["what"] != "first seen since"] == [
        ("late or back-dated", redated.name),
        ("gone", pruned.name),
    ]
    late, gone = found[0], found[1]
    assert late["not_yet_at"] == gone["last_seen"] < gone["first_missed"] == late["first_seen"]
    shown = " ".join(nights.drcheck("verify", "--offline", "--from", since, "--to", until).stdout.split())
    assert "1 backup gone since: dumps" in shown
    last_seen, first_missed = (
        datetime.fromisoformat(gone[key]).astimezone(ZoneInfo("Europe/Stockholm")).isoformat()
        for key in ("last_seen", "first_missed")
    )
    assert f"last seen {last_seen}, first missed {first_missed}" in shown
    assert (
        f"gone: dumps: {pruned.name}"
        in nights.drcheck("verify", "--offline", "-v", "--from", since, "--to", until).stdout
    )


def test_a_later_waiver_hides_no_breach_of_a_period_that_closed_before_it_came(nights: Nights) -> None:
    nights.backups(nights.now - 60 * HOUR, nights.now, missing=range(nights.now - 30 * HOUR, nights.now - 25 * HOUR))
    nights.drcheck("verify", "--window", "2d", expect=0)
    policy = nights.root / "policies" / "shop.yaml"
    waiver = "waivers: [{commitment: rpo, until: 2999-12-31, owner: cto@example.com, reason: moving house}]\n"
    policy.write_text(POLICY.replace("at_most: 2h", "at_most: 1m") + waiver)
    tonight = nights.judged("--window", "2d", expect=0)  # what is open now is accepted
    assert (tonight["status"], tonight["waived"]) == ("breached", True)
    assert 0 < tonight["over_window"]["waived"]["value"] < tonight["over_window"]["breached"]["value"]
    policy.write_text(POLICY + waiver)
    since, until = (f"{datetime.fromtimestamp(nights.now - h * HOUR, UTC):%Y-%m-%dT%H:%M:%SZ}" for h in (40, 20))
    found = nights.judged("--offline", "--from", since, "--to", until, expect=1)
    (breach,) = found["breaches"]
    assert (breach["waived"], found["waived"], found["over_window"]["waived"]["value"]) == (False, False, 0)


def test_questions_are_no_verdicts_of_record(nights: Nights) -> None:
    nights.backups(nights.now - 60 * HOUR, nights.now)
    nights.drcheck("verify", expect=0)
    history = nights.drcheck("history", "--all", "--format", "json").stdout
    as_of = f"{datetime.fromtimestamp(nights.now - 20 * HOUR, UTC):%Y-%m-%dT%H:%M:%SZ}"
    nights.drcheck("verify", "--as-of", as_of)
    nights.drcheck("verify", "--offline")
    nights.drcheck("verify", "--offline", "--period", "2026")
    assert nights.drcheck("history", "--all", "--format", "json").stdout == history


def test_a_run_that_is_replayed_finds_the_same_until_its_ledger_says_otherwise(nights: Nights) -> None:
    nights.backups(nights.now - 60 * HOUR, nights.now, missing=range(nights.now - 9 * HOUR, nights.now - 5 * HOUR))
    nights.drcheck("verify", expect=0)
    policy = nights.root / "policies" / "shop.yaml"
    policy.write_text(POLICY.replace("at_most: 2h", "at_most: 30m"))
    nights.drcheck("verify")
    runs = [line.split()[0] for line in nights.drcheck("ledger", "show").stdout.splitlines() if line[:2] == "20"]
    assert len(runs) == 2
    for run in runs:
        asked = run.replace("-", "").replace(":", "")
        assert "all the same" in nights.drcheck("replay", asked, expect=0).stdout
    assert "no run that recorded verdicts is called 1999" in nights.drcheck("replay", "1999", expect=2).stderr


def test_the_past_is_judged_as_the_source_was_read_then(nights: Nights) -> None:
    past = nights.now - 3 * DAY
    with open_ledger(f"sqlite:///{nights.root}/drcheck.db") as ledger:
        ledger_run = ledger.start(Window(past - DAY, past + 1), version="0", started_at=past, clock_tolerance=300)
        with ledger_run as run:
            run.policies([nights.policy])
            shown = [
                Candidate(f"{at}", "shop", "", at, at, at, at + 60, 100 + at % 97, "", complete=True)
                for at in range(past - 30 * HOUR, past, HOUR)
            ]
            history = ledger.state({nights.key}).source(nights.key).history
            run.looked(nights.key, Standing.LOG, difference(history, Observation(Look("dumps", past, past), shown)))
            run.finish(0)
    policy = nights.root / "policies" / "shop.yaml"
    policy.write_text(POLICY.replace('name: "', 'name: "new-'))
    nights.drcheck("verify")
    since, until = (f"{datetime.fromtimestamp(past - hours * HOUR, UTC):%Y-%m-%dT%H:%M:%SZ}" for hours in (20, 1))
    assert nights.judged("--offline", "--from", since, "--to", until)["over_window"]["kept"]["value"] == "100"


def test_nothing_can_be_asked_of_a_ledger_that_knows_nothing(nights: Nights) -> None:
    assert "there is no ledger yet" in nights.drcheck("verify", "--offline", expect=2).stderr
    told = nights.drcheck("verify", "--from", "2026-01-01", expect=2).stderr
    assert "--from and --to go together" in told
    assert "ask for different times" in nights.drcheck("verify", "--as-of", "2026", "--period", "2026", expect=2).stderr


def test_a_window_of_the_nightly_run_is_told_in_seconds(nights: Nights) -> None:
    nights.backups(nights.now - 60 * HOUR, nights.now)
    found = nights.judged("--window", "1d", expect=0)
    seconds = sum(found["over_window"][status]["value"] for status in ("met", "breached", "unknown"))
    assert timedelta(seconds=seconds) == timedelta(days=1)


def test_a_period_that_has_not_begun_in_the_zone_of_one_policy_is_not_owed_there_yet(nights: Nights) -> None:
    nights.backups(nights.now - 60 * HOUR, nights.now)
    policies = nights.root / "policies"
    (policies / "shop.yaml").write_text(POLICY.replace("Europe/Stockholm", "Pacific/Kiritimati"))
    behind = POLICY.replace("Europe/Stockholm", "Pacific/Pago_Pago").replace("service: shop", "service: till")
    (policies / "till.yaml").write_text(behind)
    nights.drcheck("verify", expect=0)
    today = f"{datetime.now(ZoneInfo('Pacific/Kiritimati')):%Y-%m-%d}"
    for online in ([], ["--offline"]):
        report = json.loads(nights.drcheck("verify", *online, "--period", today, "--format", "json").stdout)
        shop, till = report["services"]
        assert shop["status"] in {"met", "unknown"}
        (promise,) = till["commitments"]
        assert (promise["status"], till["status"]) == (None, None)
        assert f"{today} begins" in promise["reason"]
        assert report["window"]["to"] == shop["window"]["to"]
        assert f"nothing is owed yet: {today} begins" in nights.drcheck("verify", *online, "--period", today).stdout
    tomorrow = f"{datetime.now(ZoneInfo('Pacific/Kiritimati')) + timedelta(days=1):%Y-%m-%d}"
    assert "has begun" in nights.drcheck("verify", "--period", tomorrow, expect=2).stderr


def test_a_report_names_the_instant_of_each_service_where_they_were_judged_in_different_runs(nights: Nights) -> None:
    nights.backups(nights.now - 60 * HOUR, nights.now)
    till = POLICY.replace("service: shop", "service: till")
    (nights.root / "policies" / "till.yaml").write_text(till)
    nights.drcheck("verify", expect=0)
    assert "· as of" not in nights.drcheck("verify", "--offline", expect=0).stdout
    nights.drcheck("verify", "policies/till.yaml", expect=0)
    report = json.loads(nights.drcheck("verify", "--offline", "--format", "json", expect=0).stdout)
    instants = {datetime.fromisoformat(one["as_of"]) for one in report["services"]}
    assert len(instants) == 2
    shown = " ".join(nights.drcheck("verify", "--offline", expect=0).stdout.split())
    for at in instants:
        assert f"as of {at.astimezone(ZoneInfo('Europe/Stockholm')).isoformat()}" in shown
    assert "over 30 d;" in shown


def test_a_period_tells_how_much_of_it_was_kept_and_how_much_is_unknown(nights: Nights) -> None:
    hole = range(nights.now - 30 * HOUR, nights.now - 25 * HOUR)
    nights.backups(nights.now - 60 * HOUR, nights.now, missing=hole)
    nights.drcheck("verify", expect=0)
    since, until = (
        f"{datetime.fromtimestamp(nights.now + by, UTC):%Y-%m-%dT%H:%M:%SZ}" for by in (-40 * HOUR, -20 * HOUR)
    )
    shown = nights.drcheck("verify", "--offline", "--from", since, "--to", until, expect=1).stdout
    told = " ".join(shown.split())
    assert "in the period: breached for 4 h" in told
    assert "not shown by any run before" not in told
    assert re.search(
        r"kept for 79\.\d+ % of the time owed: met 15 h .*breached 4 h, unknown 1 min; the worst 6 h", told
    ), told
