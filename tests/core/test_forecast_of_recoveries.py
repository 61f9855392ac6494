"""A recovery time that is met, and will not be for long: at risk, with when and by what."""

from __future__ import annotations

from typing import Any

import pytest
from points import DAY, HOUR, part, subject

from drcheck.core.evaluation.inputs import Records, Terms
from drcheck.core.evaluation.recovery_time import CountsFrom
from drcheck.core.kinds.rto import Rto, evaluate
from drcheck.core.model.commitments import Rung
from drcheck.core.model.log_records import Log, Recovery
from drcheck.core.model.status import Status
from drcheck.core.model.verdict import Finding, Window

NOW = 20_000 * DAY


def held(number: int, days: int, hours: float, **more: Any) -> Recovery:
    began = NOW - days * DAY
    told: dict[str, Any] = {"outcome": "passed", "validation": Rung.VALIDATED, "point_source": "dumps", **more}
    return Recovery(
        f"t{number}", number, began, began + int(hours * HOUR), restore_started_at=began,
        validated_at=began + int(hours * HOUR), **told,
    )  # fmt: skip


def judged(*tests: Recovery, at_most: float, proven_within: int = 365) -> Finding:
    promise = Rto("r", ("log",), at_most=int(at_most * HOUR), counts_from=CountsFrom.RESTORE_START,
                  proven_within=proven_within * DAY)  # fmt: skip
    records = Records({"log": Log(recoveries=tests, known_until=NOW)})
    return evaluate(promise, [subject(part("dumps", (), range(2)))], records, Terms(), Window(NOW - DAY, NOW))


GROWING = [held(number, 121 - 30 * number, 1 + number) for number in range(5)]


def test_what_grows_is_at_risk_before_it_takes_too_long():
    found = judged(*GROWING, at_most=7)
    assert (found.status, found.at_risk) == (Status.MET, True)
    (note,) = found.notes
    assert found.foretold == note
    assert note.startswith("recovery time is expected to pass 7 h about ")
    assert note.endswith(", as it grows in the last 5 tests")


def test_what_passes_its_objective_after_its_proof_has_lapsed_is_foretold_and_not_at_risk():
    found = judged(*GROWING, at_most=8, proven_within=60)
    assert (bool(found.notes), found.at_risk, found.foretold) == (True, False, "")


@pytest.mark.parametrize(
    "tests",
    [
        GROWING[-3:],
        [held(number, 121 - 30 * number, 5) for number in range(5)],
        [held(number, 121 - 30 * number, 1 + number, outcome="failed" if number == 2 else "passed") for number in range(4)],
        [held(number, 121 - 30 * number, 1 + number, real=True, recovered_by="restore") for number in range(5)],
        [held(number, 121 - 30 * number, 1 + number, point_source="dumps" if number > 1 else "far") for number in range(5)],
    ],
)  # fmt: skip
def test_of_too_few_tests_of_one_copy_and_of_what_does_not_grow_nothing_is_told(tests: list[Recovery]):
    found = judged(*tests, at_most=9)
    assert (found.notes, found.at_risk) == ((), False)


def test_what_is_breached_needs_no_forecast():
    found = judged(*GROWING, at_most=4)
    assert (found.status, found.notes, found.at_risk) == (Status.BREACHED, (), False)
