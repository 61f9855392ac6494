"""How long a recovery took at least and at most, as far as its clocks tell."""

from __future__ import annotations

import pytest

from drcheck.core.evaluation.recovery_time import CountsFrom, Until, recovery_time
from drcheck.core.model.evidence import FOREVER
from drcheck.core.model.log_records import Recovery

NOTHING = frozenset[str]()


@pytest.mark.parametrize(
    ("clocks", "took"),
    [
        (
            {"disrupted_at": 0, "declared_at": 10, "restore_started_at": 20, "restored_at": 50, "validated_at": 60},
            (60, 60),
        ),
        # What is open goes on, and a missing beginning may be long ago.
        ({"disrupted_at": 0, "restored_at": 50}, (FOREVER, None)),
        ({"restore_started_at": 20, "validated_at": 60}, (40, None)),
        ({"disrupted_at": 0, "validated_at": 60}, (60, 60)),
    ],
)
def test_only_a_recovery_of_which_both_ends_are_known_has_a_longest_time(clocks, took):
    open_still = "validated_at" not in clocks
    recovery = Recovery("r", 1, 0, None if open_still else 60, "" if open_still else "passed", **clocks)
    assert recovery_time(recovery, CountsFrom.DISRUPTION, Until.VALIDATED, NOTHING) == took
