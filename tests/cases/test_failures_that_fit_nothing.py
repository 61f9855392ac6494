"""Restore tests and checks that failed, and whose records name what the policy does not have."""

from __future__ import annotations

import json
from datetime import timedelta

import pytest
from situation import Situation

POLICY = """\
  dumps: {at: "disk:d/", reader: objects, name: "{data_as_of:%Y-%m-%dT%H%M}Z.dump", available_at: mtime, site: lab}
  drills: {at: "disk:drills.jsonl", reader: restore-log}
"""
SITES = "sites: {sto: {}, lab: {}}\nscenarios: {server: {loses: [sto]}}\n"
PROMISES = """\
  rpo: {kind: rpo, at_most: 25h, evidence: [dumps]}
  rto: {kind: rto, at_most: 4h, scenario: server, evidence: [drills]}
"""


def told(situation: Situation, **fields: object) -> str:
    """Return what is told beside verdicts of a log whose newest record has these fields."""
    began = situation.night(0) + timedelta(hours=1)
    situation.put(f"d/{situation.night(0):%Y-%m-%dT%H%M}Z.dump", situation.noise(9000), situation.night(0))
    at = f"{began:%Y-%m-%dT%H:%M:%SZ}"
    record = {"service": "shop", "started_at": at, "finished_at": at, "outcome": "failed", **fields}
    situation.put("drills.jsonl", json.dumps(record).encode() + b"\n", began)
    situation.policy(sources=POLICY, commitments=PROMISES, more=SITES)
    done = situation.run("--format", "json")
    assert json.loads(done.stdout)["services"][0]["commitments"][0]["status"] == "met"
    (source,) = (one for one in json.loads(done.stdout)["services"][0]["sources"] if one["name"] == "drills")
    shown = " ".join(situation.run("--quiet").stdout.split())
    assert all(sentence in shown for sentence in source["unplaced_failures"])
    return " ".join(source["unplaced_failures"])


@pytest.mark.parametrize(
    ("fields", "words"),
    [
        ({"test": "t", "scenarios": ["sevrer"]}, "no scenario of that name"),
        ({"test": "t", "data": "wrong"}, "does not tell of which copy"),
        ({"test": "t", "data": "wrong", "recovery_point": {"source": "dmups", "name": "x"}}, "no source dmups"),
        ({"test": "t", "data": "wrong", "recovery_point": {"source": "dumps", "name": "x"}}, "no look has shown x"),
        ({"check": "c", "level": "restored"}, "does not tell of which copy"),
        ({"check": "c", "level": "restored", "recovery_point": {"source": "dumps", "name": "x"}}, "no look has shown"),
    ],
)
def test_a_failure_that_fits_nothing_is_told(situation, fields, words):
    assert words in told(situation, **fields)


@pytest.mark.parametrize(("log", "counts"), [(b"no record\n", (2, 2, 1)), (b"", (2, 2, 0)), (None, (2, 1, 1))])
def test_a_log_that_no_promise_rests_on_is_counted_and_what_could_not_be_seen_of_it_told(situation, log, counts):
    for ago in range(3):
        situation.put(f"d/{situation.night(ago):%Y-%m-%dT%H%M}Z.dump", situation.noise(9000), situation.night(ago))
    if log is not None:
        situation.put("drills.jsonl", log, situation.night(0))
    situation.policy(sources=POLICY, commitments=PROMISES.partition("  rto")[0], more=SITES)
    report = json.loads(situation.run("--format", "json").stdout)
    assert tuple(report["sources"][key] for key in ("asked", "seen", "gaps")) == counts
    (service,) = report["services"]
    assert [one["status"] for one in service["commitments"]] == ["met"]
    assert [len(source["gaps"]) for source in service["sources"]] == [0, counts[2]]
    for arguments in ((), ("--quiet",), ("--offline",)):
        shown = " ".join(situation.run(*arguments).stdout.split())
        assert ("could not be seen" in shown) is ("1 evidence gap" in shown) is ("· drills" in shown) is bool(counts[2])
        assert arguments == ("--quiet",) or f"{'1 of ' * (counts[1] == 1)}2 sources seen" in shown


def test_a_failure_of_a_backup_older_than_the_question_or_newer_is_of_one_that_looks_have_shown(situation):
    names = [f"{situation.night(ago):%Y-%m-%dT%H%M}Z.dump" for ago in (60, 0)]
    for name, ago in zip(names, (60, 0), strict=True):
        situation.put(f"d/{name}", situation.noise(9000), situation.night(ago))
    at = f"{situation.night(0) + timedelta(hours=1):%Y-%m-%dT%H:%M:%SZ}"
    same = {"service": "shop", "started_at": at, "finished_at": at, "level": "restored", "outcome": "failed"}
    records = [{"check": n, **same, "recovery_point": {"source": "dumps", "name": n}} for n in (*names, "x")]
    situation.put(
        "drills.jsonl", b"".join(json.dumps(record).encode() + b"\n" for record in records), situation.night(0)
    )
    kept = "  kept: {kind: retention, keep: 90d, evidence: [dumps]}\n"
    situation.policy(sources=POLICY, commitments=PROMISES + kept, more=SITES)
    situation.run()
    situation.policy(sources=POLICY, commitments=PROMISES, more=SITES)
    for question in ((), ("--from", f"{situation.night(20):%Y-%m-%d}", "--to", f"{situation.night(10):%Y-%m-%d}")):
        done = json.loads(situation.run("--format", "json", *question).stdout)
        (source,) = (one for one in done["services"][0]["sources"] if one["name"] == "drills")
        assert [f"no look has shown {name}" in " ".join(source["unplaced_failures"]) for name in (*names, "x")] == [
            False, False, True,
        ]  # fmt: skip


def test_an_outage_of_after_the_period_is_no_failure_of_it(situation):
    at = f"{situation.night(0):%Y-%m-%dT%H:%M:%SZ}"
    record = {
        "test": "t",
        "service": "shop",
        "started_at": at,
        "finished_at": at,
        "outcome": "failed",
        "scenarios": ["s"],
    }
    situation.put("drills.jsonl", json.dumps(record).encode() + b"\n", situation.night(0))
    situation.policy(sources=POLICY, commitments=PROMISES, more=SITES)
    period = ("--from", f"{situation.night(20):%Y-%m-%d}", "--to", f"{situation.night(10):%Y-%m-%d}")
    for question, told in (((), 1), (period, 0)):
        done = json.loads(situation.run("--format", "json", *question).stdout)
        (source,) = (one for one in done["services"][0]["sources"] if one["name"] == "drills")
        assert len(source["unplaced_failures"]) == told


@pytest.mark.parametrize("fields", [{"test": "t", "scenarios": ["server"]}, {"test": "t"}])
def test_a_failure_that_says_nothing_of_data_is_no_such_thing(situation, fields):
    assert told(situation, **fields) == ""


def test_a_test_that_restored_data_of_after_its_end_is_no_record(situation):
    later = f"{situation.night(-1):%Y-%m-%dT%H:%M:%SZ}"
    told(situation, test="t", scenarios=["server"], outcome="passed", recovery_point={"data_as_of": later})
    found = situation.judged()["rto"]
    assert found["status"] == "unknown"
    assert any("data_as_of" in gap["what"] for gap in found["gaps"])
