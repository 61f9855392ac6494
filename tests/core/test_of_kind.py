"""``of_kind``: frequency and retention of one kind of backup alone."""

from __future__ import annotations

import pytest
from msgspec.structs import replace

from drcheck.core.history.absence import Absence
from drcheck.core.history.difference import difference
from drcheck.core.history.part import Part, of_kind
from drcheck.core.history.source_history import History
from drcheck.core.history.to_parts import parts_of
from drcheck.core.judging.judge import judge
from drcheck.core.judging.sources import SourceEvidence
from drcheck.core.kinds.backup_frequency.commitment import Frequency
from drcheck.core.kinds.retention.commitment import Retention
from drcheck.core.model.commitments import Standing
from drcheck.core.model.evidence import Candidate, Fact, FactValue, Look
from drcheck.core.model.observation import Observation
from drcheck.core.model.policy import NEVER, Policy, Source
from drcheck.core.model.slots import Per
from drcheck.core.model.status import Status
from drcheck.core.model.verdict import Window
from drcheck.registry import READERS

HOUR, DAY = 3600, 86400
T = 20_000 * DAY
"""A midnight in UTC."""
DUMPS = Source("dumps", "host", "dumps/", READERS["objects"], ("db",), thinned_after=NEVER)
WEEK = [(day, "full" if day == 6 else "differential") for day in range(7)]
"""Days before T, and the kind of each one's backup."""


def verdict(commitment, days):
    rows = tuple(
        Candidate(f"db{day}", "db", kind, at, at, at + 60, at + 60, 100, "", complete=True)
        for day, kind in days
        for at in [T - day * DAY - DAY // 2]
    )
    history = History()
    history.apply(difference(history, Observation(Look("dumps", T - 1, T - 1), rows)))
    parts = parts_of(history, DUMPS, clock_tolerance=300)
    policy = Policy("shop", "shop.yaml", "0", "", "UTC", {"dumps": DUMPS}, (commitment,))
    evidence = {"dumps": SourceEvidence(Standing.STORAGE, parts)}
    return judge(policy, evidence, Window(T - DAY, T), clock_tolerance=300)[0].overall


@pytest.mark.parametrize(
    ("kind", "status"),
    [
        ("", Status.MET),
        ("differential", Status.MET),
        ("full", Status.BREACHED),
        ("log", Status.BREACHED),
    ],
)
def test_a_frequency_of_a_kind_counts_that_kind_alone(kind, status):
    daily = Frequency("daily", ("dumps",), per=Per.DAY, of_kind=kind)
    assert verdict(daily, WEEK).status is status


def test_a_weekly_full_is_enough_where_fulls_are_asked_for_each_week():
    weekly = Frequency("weekly", ("dumps",), every=8 * DAY, of_kind="full")
    assert verdict(weekly, WEEK).status is Status.MET


def test_retention_of_a_kind_keeps_and_bounds_that_kind_alone():
    kept = Retention("kept", ("dumps",), at_most=5 * DAY, of_kind="differential", grace=0)
    assert verdict(kept, [(day, kind) for day, kind in WEEK if day < 5 or kind == "full"]).status is Status.MET
    assert verdict(replace(kept, of_kind=""), WEEK).status is Status.BREACHED
    assert verdict(replace(kept, of_kind="full"), WEEK).status is Status.BREACHED


def test_a_backup_whose_kind_nobody_tells_is_a_full_one():
    daily = Frequency("daily", ("dumps",), per=Per.DAY, of_kind="full")
    assert verdict(daily, [(day, "") for day in range(7)]).status is Status.MET
    assert verdict(replace(daily, of_kind="incremental"), [(day, "") for day in range(7)]).status is Status.BREACHED


def test_what_is_known_of_a_row_goes_with_it():
    history = History()
    rows = tuple(
        Candidate(f"db{n}", "db", kind, T + n, T + n, T + n, T + n, 100 * n, "", complete=n != 3)
        for n, kind in enumerate(["full", "log", "full", "full"])
    )
    history.apply(difference(history, Observation(Look("dumps", T + 9, T + 9), rows)))
    points = parts_of(history, DUMPS, clock_tolerance=300)["db"].points
    told = {(2, Fact.CHECKSUM): [(T, FactValue(True))]}
    found = of_kind(Part(replace(points, facts=told, held_until={2: 7}), Absence((), None)), "full").points
    assert list(found.name) == ["db0", "db2", "db3"]
    assert list(found.size) == [0, 200, 300]
    assert found.facts == {(1, Fact.CHECKSUM): [(T, FactValue(True))]}
    assert found.held_until == {1: 7}
    assert sorted(found.why_not) == [0, 2]  # the empty one, and the one without its marker
