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


UNSHOWN = "1999-01-01T0100Z.dump"


@pytest.mark.parametrize(
    ("proved", "expected"), [("", ("met", "met")), (", thinned_after: never", ("unknown", "unknown"))]
)
def test_a_pass_on_a_copy_that_no_look_has_shown_is_told_and_no_proof_where_looks_would_have_shown_it(
    situation, monkeypatch, proved, expected
):
    monkeypatch.setitem(globals(), "SOURCES", SOURCES.replace("mtime,", f"mtime{proved},"))
    found = judged(situation, {"recovery_point": {"name": UNSHOWN}})
    assert statuses(found) == expected
    for one in ("rto", "tested") if proved else ():
        assert_tells(found[one], [f"restored {UNSHOWN} at dumps, which no look has shown"])
    report = json.loads(situation.run("--format", "json").stdout)
    (source,) = (one for one in report["services"][0]["sources"] if one["name"] == "drills")
    (told,) = source["unplaced_failures"]
    assert f"passed, and no look has shown {UNSHOWN} at dumps" in told


@pytest.mark.parametrize("name", ["orders.dump restored by hand", "9999-99-99T9999Z.dump"])
def test_a_name_that_no_template_reads_speaks_against_no_pass(situation, monkeypatch, name):
    monkeypatch.setitem(globals(), "SOURCES", SOURCES.replace("mtime,", "mtime, thinned_after: never,"))
    assert statuses(judged(situation, {"recovery_point": {"name": name}})) == ("met", "met")


def test_neither_a_check_nor_a_test_that_cannot_be_makes_backups_whole(situation, monkeypatch):
    monkeypatch.setitem(globals(), "SOURCES", SOURCES.replace("mtime,", "mtime, thinned_after: never,"))
    whole = "  whole: {kind: integrity, level: structure_checked, every: 30d, evidence: [dumps, drills]}\n"
    monkeypatch.setitem(globals(), "PROMISES", PROMISES + whole)
    found = judged(situation, {"recovery_point": {"name": UNSHOWN}})["whole"]
    assert found["status"] == "unknown"
    assert_tells(found, [f"restored {UNSHOWN} at dumps, which no look has shown"])
    log = situation.disk / "drills.jsonl"
    test = json.loads(log.read_text())
    check = {
        "check": "c", "service": "shop", "level": "structure_checked", "outcome": "passed",
        "started_at": test["started_at"], "finished_at": test["finished_at"],
        "recovery_point": {"source": "dumps", "name": UNSHOWN},
    }  # fmt: skip
    with log.open("a") as more:
        more.write(json.dumps(check) + "\n")
    assert situation.judged()["whole"]["status"] == "unknown"
    check |= {"check": "d", "recovery_point": {"source": "dumps", "name": f"{situation.night(3):%Y-%m-%dT%H%M}Z.dump"}}
    with log.open("a") as more:
        more.write(json.dumps(check) + "\n")
    assert situation.judged()["whole"]["status"] == "met"


def of_two(situation: Situation, *records: dict[str, object]) -> dict[str, dict[str, object]]:
    """Return the verdicts where a policy holds two data sets, and ``records`` are told of their restores."""
    for ago in range(6):
        for of in ("orders", "customers"):
            name = f"d/{of}/{situation.night(ago):%Y-%m-%dT%H%M}Z.dump"
            situation.put(name, situation.noise(9000), situation.night(ago))
    lines = []
    for number, record in enumerate(records):
        began = situation.night(5 - number) + timedelta(hours=1)
        told = {
            "test": f"t{number}", "service": "shop", "scenarios": ["server"], "outcome": "passed",
            "validation": "restored", "target_site": "lab", "disrupted_at": f"{began:%Y-%m-%dT%H:%M:%SZ}",
            "started_at": f"{began:%Y-%m-%dT%H:%M:%SZ}", "finished_at": f"{began + timedelta(hours=1):%Y-%m-%dT%H:%M:%SZ}",
        }  # fmt: skip
        point = {"source": "dumps", **({"of": record["of"]} if "of" in record else {})}
        rest = {key: value for key, value in record.items() if key != "of"}
        lines.append(json.dumps({**told, **rest, "recovery_point": point}))
    situation.put("drills.jsonl", "".join(f"{line}\n" for line in lines).encode(), situation.night(0))
    sources = SOURCES.replace('name: "', 'of: [orders, customers], name: "{of}/')
    situation.policy(sources=sources, commitments=PROMISES, more=SITES)
    return situation.judged()


def test_a_pass_that_restored_one_of_two_data_sets_proves_nothing_of_the_other(situation):
    found = of_two(situation, {"of": "orders"})
    assert statuses(found) == ("unknown", "breached")
    assert_tells(found["rto"], ["customers: never proven"])
    assert_tells(found["tested"], ["customers: no restore test has ever passed"])


@pytest.mark.parametrize("records", [({"of": "orders"}, {"of": "customers"}), ({"of": "orders"}, {}), ({},)])
def test_passes_that_restored_each_data_set_or_say_nothing_of_that_prove_both(situation, records):
    assert statuses(of_two(situation, *records)) == ("met", "met")


def test_a_pass_of_another_data_set_ends_no_failure(situation):
    found = of_two(situation, {}, {"of": "orders", "outcome": "failed"}, {"of": "customers"})
    assert found["rto"]["status"] == "breached"
    assert_tells(found["rto"], ["orders: restore test t1 failed"])
