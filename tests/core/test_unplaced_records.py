"""Records of a log that concern nothing the policy has."""

from __future__ import annotations

import pytest

from drcheck.core.history.difference import difference
from drcheck.core.history.source_history import History
from drcheck.core.history.to_parts import parts_of
from drcheck.core.judging.sources import SourceEvidence
from drcheck.core.judging.unplaced_records import unplaced
from drcheck.core.kinds.integrity.commitment import Integrity
from drcheck.core.model.commitments import Rung, Standing
from drcheck.core.model.evidence import Candidate, Look
from drcheck.core.model.log_records import Check, Log, Recovery
from drcheck.core.model.observation import Observation
from drcheck.core.model.policy import Policy, Source
from drcheck.core.model.verdict import Window
from drcheck.registry import READERS

START, END = 1_000, 2_000
DUMPS = Source("dumps", "host", "d/", READERS["objects"], ("db",))
DRILLS = Source("drills", "host", "drills.jsonl", READERS["restore-log"], ("shop",))


def told(*records, names=(), commitments=(), seen=True):
    """Return what is told of a log of restore tests and checks, where looks have shown \"a.dump\" and ``names``."""
    history = History()
    shown = [Candidate("a.dump", "db", "", 500, 500, 500, 500, 100, "", complete=True)]
    history.apply(difference(history, Observation(Look("dumps", 900, 900), shown)))
    parts = parts_of(history, DUMPS, clock_tolerance=300)
    evidence = {"dumps": SourceEvidence(Standing.STORAGE, parts, names=lambda: names)} if seen else {}
    log = Log(
        recoveries=tuple(one for one in records if isinstance(one, Recovery)),
        checks=tuple(one for one in records if isinstance(one, Check)),
    )
    policy = Policy("shop", "", "", "", "UTC", {"dumps": DUMPS, "drills": DRILLS}, commitments)
    return unplaced(policy, "drills", log, evidence, Window(START, END))


def drill(started, finished, **more):
    more = {"scenarios": frozenset({"flood"}), **more}
    return Recovery("t", 1, started, finished, "" if finished is None else "failed", **more)


def check(finished=START, name="a.dump", **more):
    return Check("c", 1, Rung.RESTORED, False, finished, frozenset(), "", "dumps", name)._replace(**more)


@pytest.mark.parametrize(
    ("started", "finished", "is_told"),
    [(900, 999, False), (900, 1_000, True), (1_999, 2_000, True), (2_000, 2_100, False), (900, None, True)],
)
def test_a_failure_of_an_unknown_scenario_is_told_if_the_period_saw_any_of_it(started, finished, is_told):
    assert bool(told(drill(started, finished, real=finished is None))) is is_told


def test_a_test_that_passed_is_no_failure_whatever_it_names():
    assert told(Recovery("t", 1, 900, 1_100, "passed", frozenset({"flood"}))) == ()
    assert told(drill(900, 1_100, scenarios=frozenset())) == ()


@pytest.mark.parametrize(
    ("name", "names", "seen", "is_told"),
    [
        ("a.dump", (), True, False),
        ("b.dump", (), True, True),
        ("b.dump", ("b.dump",), True, False),  # any look has shown it, though the question needs none of it
        ("b.dump", (), False, False),  # nobody looks there
    ],
)
def test_bad_data_of_a_copy_is_told_where_looks_are_made_and_none_has_shown_it(name, names, seen, is_told):
    failed = drill(900, 1_100, scenarios=frozenset(), data_wrong=True, point_source="dumps", point_name=name)
    for record in (failed, check(name=name)):
        assert bool(told(record, names=names, seen=seen)) is is_told
        assert not is_told or f"no look has shown {name} at dumps" in told(record, names=names, seen=seen)[0]


def test_a_check_of_no_copy_in_particular_is_told_unless_a_promise_rests_on_its_log():
    intact = Integrity("intact", ("drills",), level=Rung.RESTORED)
    assert [bool(told(check(name=""), commitments=those)) for those in ((), (intact,))] == [True, False]
    assert told(check(name="x.dump"), commitments=(intact,))
    assert [bool(told(check(at, "x.dump"))) for at in (START - 1, START)] == [False, True]
    assert "check c passed, and no look has shown x.dump" in told(check(name="x.dump", passed=True))[0]
    assert told(check(name="", passed=True)) == ()
    assert "the policy has no source attic" in told(check(point_source="attic"))[0]
