"""Records of restore tests that passed, held against what looks have shown of the copy that they name."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest

from drcheck.core.history.difference import difference
from drcheck.core.history.source_history import History
from drcheck.core.history.to_parts import parts_of
from drcheck.core.judging.judge import judge
from drcheck.core.judging.reach import needed_since
from drcheck.core.judging.sources import SourceEvidence
from drcheck.core.kinds.backup_frequency.commitment import Frequency
from drcheck.core.kinds.provable import Provable
from drcheck.core.kinds.restore_test import RestoreTest
from drcheck.core.model.commitments import Rung, Standing
from drcheck.core.model.evidence import Candidate, Look
from drcheck.core.model.log_records import Check, Log, Recovery
from drcheck.core.model.observation import Observation
from drcheck.core.model.policy import NEVER, Policy, Source
from drcheck.core.model.status import Status
from drcheck.core.model.verdict import Window
from drcheck.registry import READERS

HOUR, DAY = 3600, 86400
T = 20_000 * DAY
TEMPLATE = "{data_as_of:%Y-%m-%d}.dump"


def name(day: int) -> str:
    """Return the name of the backup of a day before T."""
    return f"{datetime.fromtimestamp(T - day * DAY, UTC):%Y-%m-%d}.dump"


def status(restored: str, began: int, *, looks: dict[int, list[int]], **stated: object) -> Status | None:
    """Return the verdict on a test that restored a copy, where each look showed the backups of some days."""
    source = Source(
        "dumps", "host", "d/", READERS["objects"], ("shop",), templates=(TEMPLATE,), name_zone="UTC", **stated
    )
    log = Source("log", "host", "log.jsonl", READERS["restore-log"], ("shop",))
    history = History()
    for begin, days in looks.items():
        rows = [
            Candidate(name(day), "shop", "", T - day * DAY, T - day * DAY + HOUR, T - day * DAY + HOUR,
                      T - day * DAY + HOUR, 100, "", complete=True)
            for day in days
        ]  # fmt: skip
        history.apply(difference(history, Observation(Look("dumps", begin, begin), tuple(rows))))
    test = Recovery(
        "t", 1, began, began + HOUR, "passed", point_source="dumps", point_name=restored, validation=Rung.RESTORED
    )
    policy = Policy(
        "shop", "p", "0", "", "UTC", {"dumps": source, "log": log}, (RestoreTest("c", ("log",), every=90 * DAY),)
    )
    evidence = {
        "dumps": SourceEvidence(Standing.STORAGE, parts_of(history, source, clock_tolerance=300), names=history.names),
        "log": SourceEvidence(Standing.LOG, log=Log((test,), known_until=T)),
    }
    return judge(policy, evidence, Window(T - DAY, T), clock_tolerance=300)[0].status


SEEN = {T - 6 * DAY: [9, 8, 7], T - 5 * DAY: [9, 8, 7, 6], T - 2 * DAY: [8, 7, 6, 5, 4, 3], T - 1: [7, 6, 5, 4, 3, 2]}


@pytest.mark.parametrize(
    ("restored", "began", "expected"),
    [
        (name(7), T - 4 * DAY, Status.MET),
        (name(30), T - 4 * DAY, Status.UNKNOWN),  # looks on both sides of the test show nothing of it
        (f"d/{name(30)}", T - 4 * DAY, Status.UNKNOWN),
        (name(30), T - 20 * DAY, Status.MET),  # it may have stood before the first look
        ("by hand", T - 4 * DAY, Status.MET),
        (name(9), T - 4 * DAY, Status.MET),  # gone at some time between two looks
        (
            name(9),
            T - 2 * DAY + 299,
            Status.MET,
        ),  # with what clocks may differ by, it began before the look that missed it
        (name(9), T - 2 * DAY + 300, Status.UNKNOWN),
        (name(2), T - 4 * DAY, Status.UNKNOWN),
    ],
)
def test_a_pass_proves_nothing_where_looks_prove_that_its_copy_was_not_there(restored, began, expected):
    assert status(restored, began, looks=SEEN) is expected


def test_a_copy_that_nobody_saw_may_have_stood_between_looks_where_the_place_prunes_faster():
    assert status(name(30), T - 4 * DAY, looks=SEEN, thinned_after=DAY) is Status.MET
    assert status(name(30), T - 20 * DAY, looks=SEEN, thinned_after=NEVER) is Status.UNKNOWN


def test_what_is_taken_not_to_have_come_between_looks_far_apart_speaks_against_no_restore():
    weekly = {T - 13 * DAY: [20, 13], T - 6 * DAY: [20, 13, 7]}
    assert status(name(2), T - DAY, looks=weekly, seen_every=7 * DAY) is Status.MET
    assert status(name(30), T - 8 * DAY, looks=weekly, seen_every=7 * DAY) is Status.UNKNOWN


def frequency(*checks: Check) -> Status | None:
    """Return the verdict on when a backup was made last that stood from day 5 to day 3 before T, by checks of it."""
    source = Source("dumps", "host", "d/", READERS["objects"], ("shop",), templates=(TEMPLATE,), name_zone="UTC")
    log = Source("log", "host", "log.jsonl", READERS["restore-log"], ("shop",))
    history = History()
    made = Candidate(name(5), "shop", "", T - 5 * DAY, T - 5 * DAY + HOUR, T - 5 * DAY + HOUR,
                     T - 5 * DAY + HOUR, 100, "", complete=True)  # fmt: skip
    for begin, rows in {T - 5 * DAY + 2 * HOUR: (made,), T - 4 * DAY: (made,), T - 3 * DAY: (), T - 1: ()}.items():
        history.apply(difference(history, Observation(Look("dumps", begin, begin), rows)))
    policy = Policy("shop", "p", "0", "", "UTC", {"dumps": source, "log": log}, (Frequency(
        "c", ("dumps",), every=10 * DAY),))  # fmt: skip
    evidence = {
        "dumps": SourceEvidence(Standing.STORAGE, parts_of(history, source, clock_tolerance=300), names=history.names),
        "log": SourceEvidence(Standing.LOG, log=Log((), checks=checks, known_until=T)),
    }
    return judge(policy, evidence, Window(T - DAY, T), clock_tolerance=300)[0].status


def checked(ended: int, *, passed: bool) -> Check:
    return Check("c", 1, Rung.DATA_CHECKED, passed, ended, frozenset(), "", "dumps", name(5), ended - HOUR)


def test_a_check_that_passed_on_a_copy_that_was_gone_makes_no_broken_one_whole():
    broken = checked(T - 4 * DAY - HOUR, passed=False)
    assert frequency(checked(T - 4 * DAY + HOUR, passed=True)) is Status.MET
    assert frequency(broken, checked(T - 4 * DAY + HOUR, passed=True)) is Status.MET
    assert frequency(broken, checked(T - 2 * DAY, passed=True)) is not Status.MET


def proven(restored: str, *, at_most: int, templates: tuple[str, ...] = (TEMPLATE,)) -> Status | None:
    """Return the verdict on ``provable`` over the last day, by a test 40 days before T, and what that needs to read."""
    source = Source("dumps", "host", "d/", READERS["objects"], ("shop",), templates=templates, name_zone="UTC")
    log = Source("log", "host", "log.jsonl", READERS["restore-log"], ("shop",))
    history = History()
    for days in range(60, -1, -1):
        made = T - days * DAY
        rows = tuple(
            Candidate(name(day), "shop", "", T - day * DAY, T - day * DAY + HOUR, T - day * DAY + HOUR,
                      T - day * DAY + HOUR, 100, "", complete=True)
            for day in range(60, days, -1)
        )  # fmt: skip
        history.apply(difference(history, Observation(Look("dumps", made, made), rows)))
    began = T - 40 * DAY
    test = Recovery(
        "t", 1, began, began + HOUR, "passed", point_source="dumps", point_name=restored, validation=Rung.RESTORED
    )
    promise = Provable("c", ("dumps", "log"), at_most=at_most)
    policy = Policy("shop", "p", "0", "", "UTC", {"dumps": source, "log": log}, (promise,))
    window = Window(T - DAY, T)
    read = parts_of(history, source, clock_tolerance=300, since=needed_since(policy, source, window), until=T)
    evidence = {
        "dumps": SourceEvidence(Standing.STORAGE, read, names=history.names),
        "log": SourceEvidence(Standing.LOG, log=Log((test,), known_until=T)),
    }
    return judge(policy, evidence, window, clock_tolerance=300)[0].status


@pytest.mark.parametrize(
    ("restored", "at_most", "expected"),
    [
        (name(45), 50 * DAY, Status.MET),
        (name(45), 42 * DAY, Status.BREACHED),
        (name(58), 42 * DAY, Status.BREACHED),  # so old that no look asks for it any more
        (f"d/{name(58)}", 42 * DAY, Status.BREACHED),
        (name(58), 3 * DAY, Status.BREACHED),
        (name(99), 50 * DAY, Status.UNKNOWN),  # that no look has ever shown: it may be another one's name
        ("by hand", 50 * DAY, Status.UNKNOWN),
    ],
)
def test_a_restore_of_a_point_that_is_too_old_to_be_read_proves_no_newer_one(restored, at_most, expected):
    assert proven(restored, at_most=at_most) is expected
