"""The one rule of grace: which holds, and what is due when."""

from __future__ import annotations

import pytest

from drcheck.core.kinds.backup_frequency.commitment import Frequency
from drcheck.core.kinds.retention.commitment import Retention
from drcheck.core.kinds.rpo import Rpo
from drcheck.core.model import grace, lateness
from drcheck.core.model.policy import Policy, Source
from drcheck.core.model.slots import Per
from drcheck.registry import READERS

HOUR = 3600


def policy(*declared: int | None) -> Policy:
    names = [f"place-{number}" for number in range(len(declared))]
    sources = {
        name: Source(name, "disk", name, READERS["objects"], ("orders",), max_duration=seconds)
        for name, seconds in zip(names, declared, strict=True)
    }
    return Policy("web", "web.yaml", "", "", "UTC", sources, ())


@pytest.mark.parametrize(
    ("stated", "declared", "holds"),
    [
        (None, [None], HOUR),
        (None, [60], 60),
        (None, [None, 60, 7200], 7200),
        (0, [7200], 0),
        (1, [None], 1),
    ],
)
def test_a_stated_grace_holds_else_the_longest_declared_duration_else_an_hour(stated, declared, holds):
    known = policy(*declared)
    for commitment in (
        Frequency("c", tuple(known.sources), per=Per.DAY, grace=stated),
        Retention("c", tuple(known.sources), keep=90 * 86400, grace=stated),
    ):
        assert grace.of_commitment(known, commitment) == holds


def test_only_the_sources_that_a_commitment_rests_on_give_it_a_grace():
    assert grace.of_commitment(policy(60, 7200), Rpo("c", ("place-0",), at_most=1)) == 60


def test_deletion_may_run_two_days_late_where_nothing_is_stated():
    assert grace.of_deletion(Retention("c", ("a",), at_most=1)) == 48 * HOUR
    assert grace.of_deletion(Retention("c", ("a",), at_most=1, grace=0)) == 0


def test_by_when_something_was_promised_is_where_its_due_instant_came_from():
    assert lateness.promised_by(lateness.due(1000, 60), 60) == 1000
