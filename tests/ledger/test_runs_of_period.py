"""Which runs of a ledger tell of a period."""

from __future__ import annotations

from drcheck.core.judging.completeness import Completeness, Without
from drcheck.core.model.verdict import Window
from drcheck.ledger.runs_of_period import RunsOfPeriod
from drcheck.ledger.store import Ledger
from tests.ledger.ledgers import found, policy
from tests.ledger.memory_log import MemoryLog

DAY = 86400
EVERY = f"every {DAY}"


def night(ledger: Ledger, at: int, job: str = "", *, finished: bool = True, **more) -> None:
    more |= {"schedule": EVERY} if job else {}
    with ledger.start(Window(0, at), version="1", started_at=at, job=job, **more) as run:
        run.policies([policy()])
        run.found([found()])
        if finished:
            run.finish(0)


def missing(ledger: Ledger, start: int, end: int) -> Completeness:
    runs = RunsOfPeriod(lambda _digest, _text: frozenset(), start)
    for number, data in ledger.log.read():
        runs.add(number, data)
    return runs.completeness(Window(start, end), ["web"])


def test_a_job_that_died_before_the_period_is_due_in_it_while_another_one_runs() -> None:
    ledger = Ledger(MemoryLog())
    for day in range(1, 40):
        if day < 8:
            night(ledger, day * DAY, "a")
        night(ledger, day * DAY + 60, "b")
    its = missing(ledger, 10 * DAY, 40 * DAY)
    assert its.without == (Without("a", 10 * DAY, 39 * DAY, 30),)
    assert set(its.schedules) == {("a", EVERY), ("b", EVERY)}


def test_a_job_that_died_in_the_middle_of_its_last_run_is_due_by_the_one_before() -> None:
    ledger = Ledger(MemoryLog())
    night(ledger, 1 * DAY, "a")
    night(ledger, 2 * DAY, "a", finished=False)
    night(ledger, 3 * DAY, "b")
    assert Without("a", 4 * DAY, 9 * DAY, 6) in missing(ledger, 4 * DAY, 10 * DAY).without


def test_a_question_before_the_period_makes_nobody_forget_when_the_next_run_is_due() -> None:
    ledger = Ledger(MemoryLog())
    night(ledger, 1 * DAY, "a")
    night(ledger, 2 * DAY, question=True)
    assert missing(ledger, 3 * DAY, 5 * DAY).without == (Without("a", 3 * DAY, 4 * DAY, 2),)


def test_of_a_job_that_was_taken_out_before_the_period_nothing_is_due_in_it() -> None:
    ledger = Ledger(MemoryLog())
    night(ledger, 1 * DAY, "a")
    for day in range(2, 6):
        night(ledger, day * DAY, "b", gone=("a",))
    its = missing(ledger, 4 * DAY, 6 * DAY)
    assert (its.gone, its.without, its.schedules) == ((), (), (("b", EVERY),))
    assert missing(ledger, 2 * DAY, 6 * DAY).gone == (("a", 2 * DAY),)
