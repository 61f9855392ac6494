"""``drcheck verify`` as its users run it: a real process, its output, its exit status, its ledger."""

from __future__ import annotations

import fcntl
import json
import os
import re
import subprocess
import sys
import time
from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest

NOW = datetime.now(UTC).replace(microsecond=0)
CONFIG = "connections:\n  vault: {type: local, root: vault}\n"
DUMPS = """\
  dumps:
    at: vault:dumps/
    reader: objects
    name: "{data_as_of:%Y-%m-%dT%H%M%S}Z.dump"
    available_at: mtime
    thinned_after: never
"""


class Place:
    """A working directory with a configuration, policies, and a vault of backups."""

    def __init__(self, root):
        self.root = root
        self.next_second = 0
        (root / "policies").mkdir()
        (root / "vault" / "dumps").mkdir(parents=True)
        (root / "drcheck.yaml").write_text(CONFIG)

    def policy(self, commitments, *, service="shop", sources=DUMPS, more=""):
        text = f"drcheck: 1\nservice: {service}\n{more}sources:\n{sources}commitments:\n{commitments}"
        (self.root / "policies" / f"{service}.yaml").write_text(text)

    def backup(self, age, *, size=100, name=None):
        """Put a backup there whose data is ``age`` old, complete ten seconds later."""
        made = NOW - age
        path = self.root / "vault" / "dumps" / (name or f"{made:%Y-%m-%dT%H%M%S}Z.dump")
        path.write_bytes(bytes([size % 251 + 1]) * size)
        os.utime(path, (made.timestamp() + 10,) * 2)
        return path

    def drcheck(self, *arguments, expect=None, verb="verify", env=None):
        # Looks are kept to the second: of two within one nobody could say which came first.
        time.sleep(max(0.0, self.next_second - time.time()))
        done = subprocess.run(
            [sys.executable, "-m", "drcheck", verb, *arguments],
            cwd=self.root, capture_output=True, text=True, timeout=60, check=False, env={**os.environ, **(env or {})},
        )  # fmt: skip
        self.next_second = int(time.time()) + 1
        if expect is not None:
            assert done.returncode == expect, done.stdout + done.stderr
        return done

    def judged(self, *arguments, expect=None):
        """Return commitment to its object in the JSON report, over all services."""
        report = json.loads(self.drcheck("--format", "json", *arguments, expect=expect).stdout)
        return {found["id"]: found for service in report["services"] for found in service["commitments"]}


@pytest.fixture
def place(tmp_path, monkeypatch):
    # Of each test its own: minutes may pass between the first test and the last.
    monkeypatch.setattr(sys.modules[__name__], "NOW", datetime.now(UTC).replace(microsecond=0))
    return Place(tmp_path)


def test_everything_met_exits_with_0(place):
    place.policy("  rpo: {kind: rpo, at_most: 1h, evidence: [dumps]}\n")
    place.backup(timedelta(minutes=10))
    assert "1 met" in place.drcheck(expect=0).stdout


def test_a_breach_exits_with_1_and_tells_when_the_objective_was_crossed(place):
    place.policy("  rpo: {kind: rpo, at_most: 1h, evidence: [dumps]}\n")
    place.backup(timedelta(hours=3))
    rpo = place.judged(expect=1)["rpo"]
    crossed = f"{NOW - timedelta(hours=2):%Y-%m-%dT%H:%M:%SZ}"
    assert rpo["breaches"] == [
        {"opened_at": crossed, "closed_at": None, "reason": rpo["breaches"][0]["reason"], "waived": False}
    ]
    assert rpo["due_at"] == crossed


STANDING = """\
  rpo: {kind: rpo, at_most: 7d, evidence: [dumps]}
  kept: {kind: retention, keep: 2d, evidence: [dumps], grace: 1h}
  ceiling: {kind: retention, at_most: 30d, evidence: [dumps]}
  here: {kind: copies, all_in: {site: [own]}, evidence: [dumps]}
  daily: {kind: backup_frequency, every: 2d, evidence: [dumps]}
"""


def test_what_must_stand_is_unknown_where_the_place_cannot_be_seen_tonight_however_fresh_yesterday(place):
    sites = "sites: {own: {provider: own}}\n"
    place.policy(STANDING, sources=DUMPS + "    site: own\n", more=sites)
    for days in range(4):
        place.backup(timedelta(days=days, hours=1), size=1000 + days)
    assert {found["status"] for found in place.judged(expect=0).values()} == {"met"}
    (place.root / "vault" / "dumps").rename(place.root / "away")
    (place.root / "vault").rmdir()
    found = place.judged(expect=3)
    assert {name: one["status"] for name, one in found.items()} == {
        "rpo": "unknown", "kept": "unknown", "ceiling": "unknown", "here": "unknown", "daily": "met",
    }  # fmt: skip
    assert "was last seen" in found["rpo"]["reason"]
    (place.root / "vault").mkdir()
    (place.root / "away").rename(place.root / "vault" / "dumps")
    assert {one["status"] for one in place.judged(expect=0).values()} == {"met"}


def test_an_unknown_exits_with_3(place):
    place.policy("  sealed: {kind: encryption, evidence: [dumps]}\n")
    assert place.judged(expect=3)["sealed"]["status"] == "unknown"


def test_a_breach_outranks_an_unknown_and_an_invalid_file(place):
    place.policy("  rpo: {kind: rpo, at_most: 1h, evidence: [dumps]}\n  e: {kind: encryption, evidence: [dumps]}\n")
    (place.root / "policies" / "bad.yaml").write_text("drcheck: 1\nservice: bad\n")
    assert place.judged(expect=1)["rpo"]["status"] == "breached"


def test_one_invalid_policy_does_not_stop_the_others(place):
    place.policy("  rpo: {kind: rpo, at_most: 1h, evidence: [dumps]}\n")
    place.policy("  rpo: {kind: rpo, at_most: 1, evidence: [dumps]}\n", service="bad")
    place.backup(timedelta(minutes=10))
    done = place.drcheck(expect=3)
    assert "policies/bad.yaml:" in done.stdout
    assert "1 met" in done.stdout


def test_no_policy_at_all_is_wrong_usage(place):
    done = place.drcheck(expect=2)
    assert "there is no policy" in done.stderr
    assert "Hint:" in done.stderr


@pytest.mark.parametrize("arguments", [("--as-of", "yesterday"), ("--window", "30"), ("--config", "none.yaml")])
def test_wrong_usage_exits_with_2_and_judges_nothing(place, arguments):
    place.policy("  rpo: {kind: rpo, at_most: 1h, evidence: [dumps]}\n")
    place.drcheck(*arguments, expect=2)
    assert not (place.root / "drcheck.db").exists()


def test_an_empty_place_is_a_breach_and_a_missing_one_is_unknown(place):
    place.policy("  rpo: {kind: rpo, at_most: 1h, evidence: [dumps]}\n")
    assert place.judged(expect=1)["rpo"]["status"] == "breached"
    (place.root / "vault" / "dumps").rmdir()
    rpo = place.judged(expect=3)["rpo"]
    assert rpo["status"] == "unknown"
    assert rpo["gaps"][0]["source"] == "dumps"
    assert rpo["gaps"][0]["hint"]


def test_what_was_deleted_between_two_runs_is_told_with_when_it_was_last_seen(place):
    place.policy("  kept: {kind: retention, keep: 10d, evidence: [dumps]}\n")
    gone = [place.backup(timedelta(days=days), size=100 + days) for days in range(12)][5]
    assert place.judged(expect=0)["kept"]["status"] == "met"
    gone.unlink()
    kept = place.judged(expect=1)["kept"]
    assert f"{gone.name} was last seen" in kept["reason"]


def test_the_past_can_be_judged_as_of_any_instant(place):
    place.policy("  rpo: {kind: rpo, at_most: 1h, evidence: [dumps]}\n")
    place.backup(timedelta(days=5))
    then = NOW - timedelta(days=5) + timedelta(minutes=30)
    rpo = place.judged("--as-of", f"{then:%Y-%m-%dT%H:%M:%SZ}", expect=0)["rpo"]
    assert rpo["measured"] == {"value": 1800, "unit": "s"}


def test_asking_for_the_present_by_name_is_asking_for_the_looks_of_now(place):
    place.policy(
        "  rpo: {kind: rpo, at_most: 1h, evidence: [dumps]}\n", sources=DUMPS.replace("    thinned_after: never\n", "")
    )
    place.backup(timedelta(hours=3))
    assert place.judged("--as-of", f"{datetime.now(UTC):%Y-%m-%dT%H:%M:%SZ}", expect=1)["rpo"]["status"] == "breached"


def test_stubs_and_future_dates_do_not_count_and_are_told_why(place):
    place.policy(
        "  rpo: {kind: rpo, at_most: 1h, evidence: [dumps]}\n",
        sources=DUMPS + "    min_size: 50 B\n    max_shrink: 50%\n",
    )
    for days in range(1, 6):
        place.backup(timedelta(days=days), size=200 + days)
    place.backup(timedelta(minutes=30), size=3)
    place.backup(timedelta(minutes=20), size=60)
    place.backup(-timedelta(days=1), size=222)
    rpo = place.judged(expect=1)["rpo"]
    reasons = " / ".join(cited["why_not"] for cited in rpo["rejected"])
    assert "too small" in reasons
    assert "shrank by 70 %" in reasons
    assert "dated in the future" in reasons


def drill(**more):
    made = NOW - timedelta(days=3)
    record = {
        "test": "t1", "service": "shop", "started_at": f"{made.isoformat()}", "outcome": "passed",
        "finished_at": f"{(made + timedelta(hours=2)).isoformat()}", "disrupted_at": f"{made.isoformat()}",
        "restored_at": f"{(made + timedelta(hours=1)).isoformat()}",
        "validated_at": f"{(made + timedelta(hours=2)).isoformat()}", "validation": "validated", **more,
    }  # fmt: skip
    return json.dumps(record) + "\n"


LOG = "  drills: {at: 'vault:drills.jsonl', reader: restore-log}\n"


def test_a_restore_test_in_time_proves_the_recovery_time(place):
    place.policy("  rto: {kind: rto, at_most: 4h, evidence: [drills]}\n", sources=LOG)
    (place.root / "vault" / "drills.jsonl").write_text(drill())
    assert place.judged(expect=0)["rto"]["measured"] == {"value": 7200, "unit": "s"}


@pytest.mark.parametrize("after", ['{"test": "t2", "servi', "not json\n", '{"surprise": 1}\n', '{"a": 1, "a": 2}\n'])
def test_a_line_that_cannot_be_read_after_the_deciding_record_is_unknown(place, after):
    place.policy("  rto: {kind: rto, at_most: 4h, evidence: [drills]}\n", sources=LOG)
    (place.root / "vault" / "drills.jsonl").write_text(drill() + after)
    rto = place.judged(expect=3)["rto"]
    assert rto["gaps"][0]["line"] == 2


def test_a_line_that_cannot_be_read_does_not_matter_once_a_look_showed_it_before_the_deciding_record(place):
    place.policy("  rto: {kind: rto, at_most: 4h, evidence: [drills]}\n", sources=LOG)
    log = place.root / "vault" / "drills.jsonl"
    log.write_text("not json\n")
    place.drcheck(expect=3)
    time.sleep(1.1)
    begun = datetime.now(UTC).replace(microsecond=0).isoformat()
    time.sleep(1.1)
    log.write_text("not json\n" + drill(started_at=begun, disrupted_at=begun, finished_at=begun, restored_at=begun,
                                        validated_at=begun))  # fmt: skip
    assert place.judged(expect=0)["rto"]["status"] == "met"
    quiet = place.drcheck("--quiet", expect=0).stdout
    assert "· drills, line 1: " in quiet
    assert "✓ met: 1 met; 1 evidence gap, as of " in quiet


def test_a_log_that_was_rewritten_proves_nothing_any_more(place):
    place.policy("  rto: {kind: rto, at_most: 4h, evidence: [drills]}\n", sources=LOG)
    log = place.root / "vault" / "drills.jsonl"
    log.write_text(drill(outcome="failed"))
    place.drcheck(expect=1)
    log.write_text(drill())
    rto = place.judged(expect=3)["rto"]
    assert "no longer in it" in rto["gaps"][0]["what"]


def test_a_restore_log_of_an_attested_standing_does_not_reach_the_minimum(place):
    place.policy("  rto: {kind: rto, at_most: 4h, evidence: [drills], min_standing: tool}\n", sources=LOG)
    (place.root / "vault" / "drills.jsonl").write_text(drill())
    assert "standing log" in place.judged(expect=3)["rto"]["reason"]


def test_a_waived_breach_counts_as_met_and_is_still_shown(place):
    waiver = "waivers:\n  - {commitment: rpo, until: 2999-12-31, owner: cto@example.com, reason: 'moving house'}\n"
    place.policy("  rpo: {kind: rpo, at_most: 1h, evidence: [dumps]}\n", more=waiver)
    assert place.judged(expect=0)["rpo"]["waived"] is True
    assert "moving house" in place.drcheck(expect=0).stdout


def test_a_waiver_covers_no_unknown(place):
    waiver = "waivers:\n  - {commitment: e, until: 2999-12-31, owner: cto@example.com, reason: later}\n"
    place.policy("  e: {kind: encryption, evidence: [dumps]}\n", more=waiver)
    assert place.judged(expect=3)["e"]["waived"] is False


def test_nothing_is_owed_before_the_agreement_takes_effect(place):
    place.policy("  rpo: {kind: rpo, at_most: 1h, evidence: [dumps]}\n", more="agreement: {effective: 2999-01-01}\n")
    assert place.judged(expect=0)["rpo"]["status"] is None


def test_the_report_is_written_whole_or_not_at_all(place):
    place.policy("  rpo: {kind: rpo, at_most: 1h, evidence: [dumps]}\n")
    place.backup(timedelta(minutes=1))
    place.drcheck("--format", "json", "--output", "report.json", expect=0)
    assert json.loads((place.root / "report.json").read_text())["status"] == "met"
    assert "report cannot be written" in place.drcheck("--output", "none/report.txt", expect=2).stderr
    assert sorted(path.name for path in place.root.iterdir() if "report" in path.name) == ["report.json"]


@pytest.mark.parametrize("argument", ["--help", "--version"])
def test_help_and_version_load_no_cloud_sdk(argument):
    code = (
        "import sys, contextlib\nfrom drcheck.cli import main\n"
        f"with contextlib.suppress(SystemExit): main([{argument!r}])\n"
        "heavy = {'botocore', 'azure', 'paramiko', 'rich', 'yaml', 'sqlite3', 'dataclasses', 'pathlib', 'drcheck.core.time',"
        " 'drcheck.core.model.policy', 'drcheck.settings', 'drcheck.interfaces'}\n"
        "print('LOADED', sorted(heavy & set(sys.modules)))\n"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True, timeout=30)
    assert "LOADED []" in done.stdout


def test_a_look_at_a_local_disk_loads_nothing_that_it_does_not_need(place):
    place.policy("  rpo: {kind: rpo, at_most: 1h, evidence: [dumps]}\n")
    place.backup(timedelta(minutes=1))
    code = (
        "import sys\nfrom drcheck.cli import main\nmain(['verify'])\n"
        "heavy = {'botocore', 'azure', 'paramiko', 'rich', 'statistics', 'drcheck.readers.content.fact_requests',"
        " 'drcheck.core.kinds.copies.evaluate', 'drcheck.cli.lint', 'jsonschema', 'referencing', 'drcheck.policyfile.kinds.rto'}\n"
        "print('LOADED', sorted(heavy & set(sys.modules)))\n"
    )
    command = [sys.executable, "-c", code]
    done = subprocess.run(command, cwd=place.root, capture_output=True, text=True, check=True, timeout=30)
    assert "LOADED []" in done.stdout


def test_a_slot_is_judged_by_the_policy_of_its_day(place):
    commitment = "  daily: {{kind: backup_frequency, at_least: {}, per: day, evidence: [dumps]}}\n"
    for days in range(6):
        place.backup(timedelta(days=days), size=100 + days)
    place.policy(commitment.format(1))
    place.drcheck(expect=0)
    place.policy(commitment.format(2))
    assert place.judged("--window", "3d", expect=0)["daily"]["breaches"] == []
    correction = commitment.format(2).replace(
        "per: day", f"per: day, in_force_from: {NOW - timedelta(days=4):%Y-%m-%d}"
    )
    place.policy(correction)
    assert len(place.judged("--window", "3d", expect=1)["daily"]["breaches"]) == 1


def test_a_service_whose_policy_is_gone_is_unknown_until_it_is_retired(place):
    place.policy("  rpo: {kind: rpo, at_most: 1h, evidence: [dumps]}\n")
    place.policy("  rpo: {kind: rpo, at_most: 1h, evidence: [dumps]}\n", service="till")
    place.backup(timedelta(minutes=1))
    place.drcheck(expect=0)
    (place.root / "policies" / "till.yaml").unlink()
    assert "till" in place.drcheck(expect=3).stdout
    place.drcheck("retire", "till", "--reason", "closed down", verb="ledger", expect=0)
    place.drcheck(expect=0)


def test_two_runs_at_once_are_refused(place):
    place.policy("  rpo: {kind: rpo, at_most: 1h, evidence: [dumps]}\n")
    place.drcheck()
    with (place.root / "drcheck.db").open("r+") as ledger:
        fcntl.flock(ledger, fcntl.LOCK_EX)
        assert "another run holds the ledger; nothing was judged" in place.drcheck(expect=4).stderr


def test_what_only_more_looks_would_tell_is_told_apart_from_what_could_not_be_seen(place):
    sources = DUMPS.replace("    thinned_after: never\n", "")
    place.policy("  rpo: {kind: rpo, at_most: 90s, evidence: [dumps]}\n", sources=sources)
    seen = []
    for size in (100, 200):
        for old in (place.root / "vault" / "dumps").iterdir():
            old.unlink()
        made = datetime.now(UTC) - timedelta(seconds=80)
        path = place.root / "vault" / "dumps" / f"{made:%Y-%m-%dT%H%M%S}Z.dump"
        path.write_bytes(b"x" * size)
        os.utime(path, (made.timestamp(),) * 2)
        seen.append(place.judged(expect=0)["rpo"])
        time.sleep(1.5)
    between = [one for one in seen[-1]["unknowns"] if one["between_looks"]]
    assert len(between) == 1
    assert between[0]["closed_at"] is not None


def test_evidence_names_its_file_in_full(place):
    place.policy("  rpo: {kind: rpo, at_most: 1h, evidence: [dumps]}\n")
    file = place.backup(timedelta(minutes=20))
    (cited,) = place.judged(expect=0)["rpo"]["evidence"]
    assert cited["place"] == f"vault:dumps/{file.name}"
    assert cited["location"] == f"file://{place.root}/vault/dumps/{file.name}"
    shown = place.drcheck("--verbose", expect=0).stdout
    assert f"+ dumps: vault:dumps/{file.name}, data of" in shown


def test_the_console_shows_the_zone_of_the_policy_and_what_is_kept_is_utc(place):
    place.policy("  rpo: {kind: rpo, at_most: 1h, evidence: [dumps]}\n", more="timezone: Asia/Kolkata\n")
    place.backup(timedelta(minutes=20))
    made = NOW - timedelta(minutes=20)
    shown = " ".join(place.drcheck("--verbose", expect=0).stdout.split())
    assert f"is of {made.astimezone(ZoneInfo('Asia/Kolkata')).isoformat()}, " in shown
    assert re.search(r"T\d\d:\d\d:\d\dZ", shown) is None
    assert f"is of {made:%Y-%m-%dT%H:%M:%SZ}, " in place.judged(expect=0)["rpo"]["reason"]
    assert "all the same" in place.drcheck(verb="replay", expect=0).stdout
