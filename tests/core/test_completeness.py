"""What of a period is missing, by the runs that there were."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest

from drcheck.core.judging.completeness import NotInReport, NotJudged, Ran, Without, completeness
from drcheck.core.model.drill import Drill, Ending, Origin
from drcheck.core.model.verdict import Window

NIGHTLY = "30 2 * * * Europe/Stockholm"
BOTH = frozenset({"shop", "wiki"})


def at(day: int, hour: int = 0, minute: int = 31, month: int = 7) -> int:
    """An instant of July 2026; clocks in Stockholm show two hours more."""
    return int(datetime(2026, month, day, hour, minute, tzinfo=UTC).timestamp())


JULY = Window(at(1, 0, 0), at(1, 0, 0, 8))


def ran(when: int, job: str = "nightly", schedule: str = NIGHTLY, **more) -> Ran:
    return Ran(f"r{when}", when, "finished", job, schedule, **{"services": BOTH, **more})


def missing(runs, window=JULY, **more):
    facts = {"entries": 9, "reported": BOTH, "retired": {}, "drills": ()}
    return completeness(runs, window, **facts | more)


def nights(*days: int) -> list[Ran]:
    return [ran(at(day)) for day in days]


def test_a_month_with_a_run_each_night_lacks_nothing() -> None:
    found = missing(nights(*range(1, 32)))
    assert (found.recorded, found.without, found.not_judged, found.not_in_report) == (31, (), (), ())
    assert found.schedules == (("nightly", NIGHTLY),)


def test_nights_without_a_run_are_named_those_that_follow_on_each_other_together() -> None:
    found = missing(nights(*range(1, 5), *range(8, 20), *range(21, 32)))
    # A run that began after two others were missed kept the newest of the three times that had passed.
    assert found.without == (
        Without("nightly", at(5, minute=30), at(7, minute=30), 3),
        Without("nightly", at(20, minute=30), at(20, minute=30), 1),
    )


def test_a_run_that_came_late_kept_the_newest_time_alone() -> None:
    runs = [*nights(*range(1, 5)), ran(at(8, 20)), *nights(*range(9, 32))]
    assert missing(runs).without == (Without("nightly", at(5, minute=30), at(7, minute=30), 3),)


def test_a_job_that_runs_no_more_is_missed_until_the_end_of_the_period() -> None:
    assert missing(nights(*range(1, 11))).without == (Without("nightly", at(11, minute=30), at(31, minute=30), 21),)


def test_the_last_time_of_a_period_may_be_kept_behind_it_but_no_more_once_the_next_one_came() -> None:
    before = nights(*range(1, 31))
    assert missing([*before, ran(at(1, 0, 10, 8))]).without == ()
    assert missing([*before, ran(at(1, 0, 31, 8))]).without == (
        Without("nightly", at(31, minute=30), at(31, minute=30), 1),
    )


def test_the_run_before_a_period_tells_when_the_first_ones_in_it_were_due() -> None:
    assert missing([ran(at(29, month=6)), *nights(*range(4, 32))]).without == (
        Without("nightly", at(1, minute=30), at(3, minute=30), 3),
    )
    assert missing(nights(*range(4, 32))).without == ()  # nobody had said by then that it was due


def test_a_job_by_seconds_counts_from_each_beginning() -> None:
    window = Window(1000, 10_000)
    runs = [ran(when, "often", "every 600") for when in (700, 1310, 1920, 4000, 4610, 9990)]
    assert missing(runs, window).without == (Without("often", 2520, 3120, 2), Without("often", 5210, 8810, 7))


def test_a_job_that_died_before_the_period_is_missed_while_another_one_runs() -> None:
    died = ran(at(29, month=6), "weekly")
    found = missing([died, ran(at(30, month=6)), *nights(*range(1, 32))])
    assert found.without == (Without("weekly", at(1, minute=30), at(31, minute=30), 31),)
    assert ("weekly", NIGHTLY) in found.schedules


def test_a_job_that_was_taken_out_is_due_until_then_and_told_once() -> None:
    died = ran(at(29, month=6), "old")
    runs = [died, *nights(1, 2), ran(at(3), gone=("old",)), *(ran(at(day), gone=("old",)) for day in range(4, 32))]
    found = missing(runs)
    assert found.gone == (("old", at(3)),)
    assert found.without == (Without("old", at(1, minute=30), at(3, minute=30), 3),)
    again = missing([*runs, ran(at(31, 12), "old")])
    assert (again.gone, again.without[0].times) == ((), 30)


def test_where_no_schedule_is_known_days_without_a_run_are_named() -> None:
    runs = [ran(at(day, 9), "", "") for day in range(1, 32) if day not in {3, 4, 9}]
    assert missing(runs).without == (
        Without("", at(3, minute=0), at(4, minute=0), 2),
        Without("", at(9, minute=0), at(9, minute=0), 1),
    )


@pytest.mark.parametrize("schedule", ["every 0", "every x", "61 2 * * * UTC", "30 2 * * * Nowhere", "x"])
def test_a_schedule_that_cannot_be_read_is_told(schedule: str) -> None:
    assert missing([ran(at(1), schedule=schedule)]).unread == ("the schedule of nightly",)


def test_a_promise_without_a_verdict_is_named_with_the_runs_that_left_it_out() -> None:
    runs = nights(*range(1, 32))
    for day in (3, 4, 7):
        runs[day - 1] = runs[day - 1]._replace(lacking=(("shop", "rpo"),))
    assert missing(runs).not_judged == (NotJudged("shop", "rpo", at(3), at(7), 3),)


def test_a_service_that_a_run_left_out_is_named_and_so_is_one_that_none_judges_any_more() -> None:
    runs = nights(*range(1, 32))
    runs[9] = runs[9]._replace(services=frozenset({"shop"}))
    assert missing(runs).not_judged == (NotJudged("wiki", "", at(10), at(10), 1),)
    gone = [one._replace(services=frozenset({"shop"})) if one.at >= at(20) else one for one in nights(*range(1, 32))]
    assert missing(gone).not_judged == (NotJudged("wiki", "", at(20), at(31), 12),)


def test_a_service_that_was_retired_is_owed_no_more_until_it_is_judged_again() -> None:
    gone = [one._replace(services=frozenset({"shop"})) if one.at >= at(20) else one for one in nights(*range(1, 32))]
    found = missing(gone, reported=frozenset({"shop"}), retired={"wiki": at(22)})
    assert found.not_judged == (NotJudged("wiki", "", at(20), at(21), 2),)
    assert found.not_in_report == (NotInReport("wiki", at(19), at(22)),)
    assert missing(gone, reported=frozenset({"shop"})).not_in_report == (NotInReport("wiki", at(19), None),)


def test_a_service_that_another_job_has_judged_since_is_not_left_out() -> None:
    runs = [ran(at(day), services=BOTH if day < 10 else frozenset({"shop"})) for day in range(1, 32)]
    weekly = [
        ran(at(day, 9), "weekly", "0 11 * * 0 Europe/Stockholm", services=frozenset({"wiki"})) for day in (12, 19, 26)
    ]
    assert missing(sorted([*runs, *weekly], key=lambda one: one.at)).not_judged == ()


def test_commands_of_one_day_judge_together_what_is_owed_of_it() -> None:
    runs = []
    for day in range(1, 32):
        runs += [ran(at(day, 9), "", ""), ran(at(day, 10), "", "", services=frozenset({"shop"}))]
    assert missing(runs).not_judged == ()


def test_drills_that_failed_count_like_those_that_passed_and_one_without_an_end_is_named() -> None:
    def drill(number: int, outcome: Ending | None, when: int = at(3)) -> Drill:
        return Drill(f"d{number}", "shop", when, Origin.RUN, outcome=outcome)

    found = missing(
        nights(*range(1, 32)),
        drills=[
            drill(1, Ending.PASSED), drill(2, Ending.FAILED), drill(3, Ending.ABORTED), drill(4, None),
            drill(5, Ending.FAILED, at(1, month=6)),
        ],
    )  # fmt: skip
    assert found.drills == {"aborted": 1, "failed": 1, "passed": 1}
    assert found.unended == (("shop", "d4", at(3)),)


def test_runs_that_came_to_no_end_are_named_and_keep_no_time() -> None:
    runs = nights(*range(1, 32))
    runs[4] = runs[4]._replace(state="interrupted", recorded=False)
    found = missing(runs)
    assert [one.run for one in found.stopped] == [runs[4].run]
    assert found.without == (Without("nightly", at(5, minute=30), at(5, minute=30), 1),)
