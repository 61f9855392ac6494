"""Drills of the ledger: told once, judged as any other restore test, by what was known when a run saw them."""

from __future__ import annotations

import json
from pathlib import Path
from tempfile import TemporaryDirectory

import pytest
from hypothesis import given
from hypothesis import strategies as st
from memory_log import MemoryLog
from msgspec.structs import replace

from drcheck.app.judge import evidence_of, judge
from drcheck.app.policy_versions import Versions
from drcheck.core.history import drill_log as as_log
from drcheck.core.model.commitments import Rung, Standing
from drcheck.core.model.drill import (
    Announced,
    Drill,
    DrillCheck,
    DrillClocks,
    DrillPhase,
    DrillPoint,
    Ending,
    Origin,
)
from drcheck.core.model.evidence import FOREVER
from drcheck.core.model.verdict import Status, Window
from drcheck.ledger.drills import DrillAnnounced, DrillTold
from drcheck.ledger.errors import LedgerError
from drcheck.ledger.look_columns import Damaged
from drcheck.ledger.state import Key
from drcheck.ledger.store import Ledger
from drcheck.policyfile.load import load_policies
from drcheck.readers.logs import restore_log

DAY = 86400
POLICY = """\
drcheck: 1
service: shop
timezone: UTC
sources:
  drills: {at: "ledger:", reader: drills}
  told: {at: "ledger:", reader: recorded-drills}
commitments:
  tested: {kind: restore_test, every: 30d, evidence: [drills]}
  told: {kind: restore_test, every: 30d, evidence: [told]}
  measured: {kind: restore_test, every: 30d, min_standing: drill, evidence: [told]}
  quick: {kind: rto, at_most: 1h, counts_from: restore_start, evidence: [drills]}
  noticed: {kind: restore_test, notice: 2d, evidence: [drills]}
"""
with TemporaryDirectory() as directory:
    path = Path(directory) / "shop.yaml"
    path.write_text(POLICY)
    LOADED = load_policies([str(path)], None)
assert LOADED.problems == ()
(TEXT,) = LOADED.policies
NOW = 1795228200


def drill(number=1, **more):
    began = more.pop("began_at", NOW - DAY)
    told = {
        "outcome": Ending.PASSED,
        "ended_at": began + 600,
        "took_ms": 600_000,
        "clocks": DrillClocks(restore_started_at=began, restored_at=began + 500, validated_at=began + 600),
        "rung": Rung.VALIDATED,
        "point": DrillPoint("dumps", "shop", "a.gz", began - 3600, 10**9),
    }
    return Drill(f"drill-{number}", "shop", began, **{**told, **more})


def begun(number=1, **more):
    return Drill(f"drill-{number}", "shop", more.pop("began_at", NOW - DAY), **more)


def ran(ledger, at=NOW):
    with ledger.start(Window(at - 40 * DAY, at + 1), version="0", started_at=at) as run:
        run.policies([TEXT])
        run.finish(0)


def verdicts(ledger, at=NOW):
    state = ledger.state(())
    known = {"shop": Versions(TEXT, 0, (), ())}
    window = {"shop": Window(at - 40 * DAY, at + 1)}
    (judged,) = judge(lambda key: ledger.source(state, key), known, window, clock_tolerance=300)
    return {one.commitment.id: one for one in judged.verdicts}


def statuses(*told, run_at=NOW):
    ledger = Ledger(MemoryLog())
    for one in told:
        ledger.tell_of_drill(one if isinstance(one, DrillAnnounced) else DrillTold(NOW, one))
    ran(ledger, run_at)
    return {name: one.status for name, one in verdicts(ledger, run_at).items()}


def test_a_drill_that_drcheck_ran_proves_that_tests_pass_and_in_time():
    found = statuses(begun(), drill())
    assert (found["tested"], found["quick"]) == (Status.MET, Status.MET)


def test_it_has_the_standing_drill_and_what_people_type_in_never_has():
    ledger = Ledger(MemoryLog())
    ledger.tell_of_drill(DrillTold(NOW, drill(1)))
    ledger.tell_of_drill(DrillTold(NOW, drill(2, origin=Origin.TYPED, took_ms=None)))
    ledger.tell_of_drill(DrillTold(NOW, drill(3, origin=Origin.IMPORTED, took_ms=None)))
    ran(ledger)
    found = verdicts(ledger)
    assert found["tested"].standing is Standing.DRILL
    assert found["told"].standing is Standing.ATTESTED
    assert (found["told"].status, found["measured"].status) == (Status.MET, Status.UNKNOWN)


def test_what_people_type_in_is_no_drill_that_drcheck_ran():
    found = statuses(drill(origin=Origin.TYPED))
    assert (found["tested"], found["told"]) == (Status.BREACHED, Status.MET)


@pytest.mark.parametrize(
    "held",
    [
        begun(),
        drill(outcome=Ending.FAILED),
        drill(outcome=Ending.ABORTED),
        drill(outcome=Ending.COULD_NOT_RUN, rung=None),
        drill(ended_at=NOW - DAY + 6000),  # the machine slept, or its clock was set
    ],
)
def test_what_did_not_pass_for_sure_proves_nothing(held):
    assert statuses(held)["tested"] is Status.BREACHED


def test_one_that_failed_breaches_the_recovery_time_and_one_that_was_killed_changes_none():
    assert statuses(drill(outcome=Ending.FAILED))["quick"] is Status.BREACHED
    assert statuses(drill(1), begun(2, began_at=NOW - 3600))["quick"] is Status.MET
    assert statuses(drill(1), drill(2, began_at=NOW - 3600, outcome=Ending.FAILED))["quick"] is Status.BREACHED


def test_a_validation_that_nobody_told_leaves_a_pass_unknown():
    assert statuses(drill(rung=None))["tested"] is Status.UNKNOWN


@pytest.mark.parametrize(
    ("ahead", "status"), [(3 * DAY, Status.MET), (2 * DAY, Status.MET), (2 * DAY - 1, Status.BREACHED)]
)
def test_an_announcement_counts_from_when_it_was_written(ahead, status):
    began = NOW - DAY
    given = DrillAnnounced(Announced("a", "shop", began - ahead, began, by="anna"))
    assert statuses(given, drill(announcement="a"))["noticed"] is status


@pytest.mark.parametrize(
    ("scenario", "planned", "status"),
    [
        ("", NOW - DAY, Status.MET),
        ("fire", NOW - DAY, Status.MET),
        ("flood", NOW - DAY, Status.BREACHED),  # of another scenario
        ("", NOW - 3 * DAY, Status.BREACHED),  # for another day
    ],
)
def test_a_drill_that_names_no_announcement_was_held_under_that_of_its_day(scenario, planned, status):
    given = DrillAnnounced(Announced("a", "shop", NOW - 9 * DAY, planned, scenario))
    assert statuses(given, drill(scenarios=("fire",)))["noticed"] is status


def test_what_was_announced_after_it_had_begun_was_not_announced():
    given = DrillAnnounced(Announced("a", "shop", NOW - DAY + 1, NOW - DAY + 2))
    assert statuses(given, drill())["noticed"] is Status.BREACHED


def test_a_drill_that_was_killed_was_held_all_the_same():
    assert statuses(begun())["noticed"] is Status.BREACHED


def test_a_drill_that_was_never_announced_breaches_notice():
    assert statuses(drill())["noticed"] is Status.BREACHED


def test_nothing_run_is_no_gap_but_a_breach():
    """The ledger is always at hand: nobody has to look at it."""
    assert statuses()["tested"] is Status.BREACHED


def test_offline_a_run_is_repeated_by_the_drills_that_it_knew():
    ledger = Ledger(MemoryLog())
    ran(ledger)
    ledger.tell_of_drill(DrillTold(NOW + 60, drill()))
    assert verdicts(ledger)["tested"].status is Status.BREACHED
    ran(ledger, NOW + 120)
    assert verdicts(ledger, NOW + 120)["tested"].status is Status.MET
    then = ledger.state((), upto=3)  # as it was known in the first run
    known = {"shop": Versions(TEXT, 0, (), ())}
    (judged,) = judge(then.known, known, {"shop": Window(NOW - 40 * DAY, NOW + 1)}, clock_tolerance=300)
    assert judged.verdicts[0].status is Status.BREACHED


def test_how_a_drill_ended_is_told_once():
    ledger = Ledger(MemoryLog())
    ledger.tell_of_drill(DrillTold(NOW, drill()))
    ledger.tell_of_drill(DrillTold(NOW, drill(outcome=Ending.FAILED)))
    with pytest.raises(LedgerError, match="drill drill-1 has ended already"):
        ledger.state(())


@pytest.mark.parametrize("told", [begun(origin=Origin.TYPED), drill(origin=Origin.TYPED)])
def test_nobody_else_ends_a_drill_that_drcheck_began(told):
    state = Ledger(MemoryLog()).state(())
    state.apply(1, DrillTold(NOW, begun()))
    with pytest.raises(Damaged):
        state.apply(2, DrillTold(NOW, told))


def test_an_announcement_is_made_once():
    state = Ledger(MemoryLog()).state(())
    state.apply(1, DrillAnnounced(Announced("a", "shop", 1, 2)))
    with pytest.raises(Damaged):
        state.apply(2, DrillAnnounced(Announced("a", "shop", 3, 4)))


ids = st.sampled_from(["a", "b", "c"])
ends = st.sampled_from([None, *Ending])
told = st.builds(
    lambda id_, origin, outcome, began, more: replace(
        drill(began_at=NOW - began * DAY, **more), id=id_, origin=origin, outcome=outcome
    ),
    ids,
    st.sampled_from(Origin),
    ends,
    st.integers(0, 40),
    st.fixed_dictionaries({}, optional={"rung": st.none() | st.sampled_from(Rung), "announcement": ids}),
)


def followed(entries):
    """Leave out what no writer appends: the end of what has ended, or by another one than began it."""
    known = {}
    for one in entries:
        before = known.get(one.id)
        if before is None or (before.outcome is None and before.origin is one.origin):
            known[one.id] = one
            yield one


@given(st.lists(told, max_size=8), st.lists(st.integers(0, 3), min_size=1, max_size=5))
def test_runs_and_snapshots_cut_nothing_out_of_the_drills(several, cuts):
    """Whichever runs and snapshots lie between, the newest run's verdicts are those of all drills before it."""
    whole, cut = Ledger(MemoryLog()), Ledger(MemoryLog())
    for number, one in enumerate(followed(several)):
        for ledger in (whole, cut):
            ledger.tell_of_drill(DrillTold(NOW, one))
        how = cuts[number % len(cuts)]
        if how & 1:
            ran(cut)
        if how & 2:
            cut.snapshot()
    for ledger in (whole, cut):
        ran(ledger)
    cut.snapshot()
    expected = [(one.overall, one.gaps) for one in verdicts(whole).values()]
    assert [(one.overall, one.gaps) for one in verdicts(cut).values()] == expected
    cut.rebuild()
    assert [(one.overall, one.gaps) for one in verdicts(cut).values()] == expected


texts = st.text(st.characters(exclude_categories=("C", "Z")), max_size=12)
instants = st.integers(0, 4 * 10**9)


@given(
    st.builds(
        Drill,
        ids,
        st.just("shop"),
        instants,
        st.sampled_from(Origin),
        st.lists(ids, max_size=2, unique=True).map(tuple),
        st.builds(DrillPoint, ids | st.just(""), ids | st.just(""), texts, st.none() | st.just(0), st.none()),
        target_site=ids | st.just(""),
        outcome=ends,
        phases=st.lists(st.builds(DrillPhase, ids, instants, st.integers(0, 10**9)), max_size=2).map(tuple),
        rung=st.none() | st.sampled_from(Rung),
        checks=st.lists(st.builds(DrillCheck, ids, st.just("skipped"), texts), max_size=2).map(tuple),
        operator=texts,
        notes=texts,
    )
)
def test_every_drill_reads_as_a_record_of_a_log(one):
    log = restore_log.parse(as_log.log_lines([one], []), "shop", FOREVER)
    assert log.gaps == ()
    (recovery,) = log.recoveries
    assert recovery.id == one.id
    assert (recovery.outcome == "passed") == (one.outcome is Ending.PASSED)
    assert recovery.scenarios == frozenset(one.scenarios)
    assert (recovery.point_source, recovery.point_name) == (one.point.source, one.point.name)
    assert recovery.validation is one.rung


@given(st.text(), st.text(), st.text(), st.integers(0, 400))
def test_no_text_keeps_a_drill_that_drcheck_ran_from_being_read(said, notes, name, many):
    failed = Drill(
        "d", "shop", NOW, point=DrillPoint("s", "o", name), outcome=Ending.FAILED, ended_at=NOW + 9, data_wrong=True,
        checks=(DrillCheck("c", "failed", said), *[DrillCheck("c", "failed", "x" * 300)] * many), operator=said, notes=notes,
    )  # fmt: skip
    log = restore_log.parse(as_log.log_lines([failed], []), "shop", FOREVER)
    assert log.gaps == ()
    assert [(one.id, one.outcome) for one in log.recoveries] == [("d", "failed")]


@pytest.mark.parametrize("said", ["ERROR:\trelation", "\x1b[31mno\x1b[0m", "x" * 70_000])
def test_the_last_words_of_a_command_never_hide_that_a_drill_failed(said):
    failed = drill(2, began_at=NOW - 3600, outcome=Ending.FAILED, checks=(DrillCheck("rows", "failed", said),))
    assert statuses(drill(1), failed)["quick"] is Status.BREACHED


def test_several_drills_may_be_held_under_one_announcement():
    given = Announced("a", "shop", NOW - 9 * DAY, NOW - DAY)
    raw = as_log.log_lines([drill(1, announcement="a"), drill(2, announcement="a")], [given])
    log = restore_log.parse(raw, "shop", FOREVER)
    assert [one.test for one in log.announcements] == ["drill-1", "drill-2"]
    assert [json.loads(line).get("announces", "") for line in raw.splitlines()] == ["drill-1", "", "drill-2", ""]


def test_a_drill_knows_what_it_measured():
    one = drill()
    assert (one.recovery_seconds, one.recovery_point_age, one.clocks_disagree) == (600, 3600, 0)
    assert replace(one, outcome=Ending.FAILED).recovery_seconds is None
    assert replace(one, took_ms=10_000).clocks_disagree == 590
    assert replace(one, point=DrillPoint()).recovery_point_age is None


def test_what_the_ledger_knows_of_drills_is_a_log_seen_whole():
    ledger = Ledger(MemoryLog())
    ledger.tell_of_drill(DrillTold(NOW, drill()))
    ran(ledger)
    state = ledger.state(())
    source = TEXT.sources["drills"]
    seen = ledger.source(state, Key("shop", source.identity))
    evidence = evidence_of(source, seen, "shop", 300, since=0, until=NOW + 1)
    assert evidence.log.known_until == NOW
    assert evidence.gaps == ()
