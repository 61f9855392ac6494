"""Restore tests that passed by their record, and whose record cannot be true, or says two things."""

from __future__ import annotations

import json
from datetime import timedelta

import pytest
from situation import Situation, assert_tells

SOURCES = """\
  dumps: {at: "disk:d/", reader: objects, name: "{data_as_of:%Y-%m-%dT%H%M}Z.dump", available_at: mtime, site: lab}
  drills: {at: "disk:drills.jsonl", reader: restore-log}
"""
SITES = "sites: {sto: {}, lab: {}}\nscenarios: {server: {loses: [sto]}}\n"
PROMISES = """\
  rpo: {kind: rpo, at_most: 25h, evidence: [dumps]}
  rto: {kind: rto, at_most: 4h, scenario: server, evidence: [drills]}
  tested: {kind: restore_test, every: 30d, evidence: [drills]}
"""


def judged(situation: Situation, *records: dict[str, object]) -> dict[str, dict[str, object]]:
    """Return the verdicts on a log of tests that passed three nights ago, as far as ``records`` say nothing else."""
    for ago in range(6):
        situation.put(f"d/{situation.night(ago):%Y-%m-%dT%H%M}Z.dump", situation.noise(9000), situation.night(ago))
    began = situation.night(3) + timedelta(hours=1)
    point = {"source": "dumps", "of": "shop"}
    same: dict[str, object] = {
        "test": "t", "service": "shop", "scenarios": ["server"], "outcome": "passed", "validation": "restored",
        "started_at": f"{began:%Y-%m-%dT%H:%M:%SZ}", "finished_at": f"{began + timedelta(hours=1):%Y-%m-%dT%H:%M:%SZ}",
        "disrupted_at": f"{began:%Y-%m-%dT%H:%M:%SZ}", "target_site": "lab",
    }  # fmt: skip
    lines = [
        json.dumps({**same, **one, "recovery_point": {**point, **one.get("recovery_point", {})}}) for one in records
    ]
    situation.put("drills.jsonl", "".join(f"{line}\n" for line in lines).encode(), situation.night(0))
    situation.policy(sources=SOURCES, commitments=PROMISES, more=SITES)
    return situation.judged()


def statuses(found: dict[str, dict[str, object]]) -> tuple[object, object]:
    return found["rto"]["status"], found["tested"]["status"]


def test_a_test_that_restored_a_copy_of_before_its_end_proves_what_it_says(situation):
    name = f"{situation.night(3):%Y-%m-%dT%H%M}Z.dump"
    assert statuses(judged(situation, {"recovery_point": {"name": name}})) == ("met", "met")


def test_a_test_that_restored_a_copy_whose_data_is_of_after_its_end_proves_nothing(situation):
    name = f"{situation.night(1):%Y-%m-%dT%H%M}Z.dump"
    found = judged(situation, {"recovery_point": {"name": f"d/{name}"}})
    assert statuses(found) == ("unknown", "unknown")
    for one in ("rto", "tested"):
        assert_tells(found[one], ["later than its end", name])


def test_a_test_of_a_data_set_that_the_policy_does_not_have_proves_nothing(situation):
    found = judged(situation, {"recovery_point": {"of": "wiki"}})
    assert statuses(found) == ("unknown", "unknown")
    for one in ("rto", "tested"):
        assert_tells(found[one], ["restored wiki", "no source of the policy holds"])


def test_a_failure_breaches_whatever_it_says_that_it_restored(situation):
    assert judged(situation, {"recovery_point": {"of": "wiki"}, "outcome": "failed"})["rto"]["status"] == "breached"


@pytest.mark.parametrize("later", ["failed", "aborted"])
def test_a_pass_that_a_later_line_of_the_same_test_denies_is_no_proof_until_that_line_is_corrected(situation, later):
    found = judged(situation, {}, {"outcome": later})
    assert statuses(found) == ("unknown", "unknown")
    assert_tells(found["tested"], ["line 2 of its log says", later])
    with (situation.disk / "drills.jsonl").open("a") as log:
        log.write('{"corrects": 2}\n')
    assert statuses(situation.judged()) == ("met", "met")


def test_a_failure_that_a_later_line_of_the_same_test_denies_stays_one(situation):
    assert statuses(judged(situation, {"outcome": "failed"}, {})) == ("breached", "unknown")
