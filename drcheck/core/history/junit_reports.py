"""What a test runner reported of restore tests, joined with what its earlier reports told.

A log is appended to; a report is written anew each time, and is of one run. What each one told is kept: a failure that
a later report replaced stays known.
"""

from __future__ import annotations

from collections.abc import Iterable

from drcheck.core import words
from drcheck.core.model.commitments import Rung
from drcheck.core.model.log_records import Log, Recovery
from drcheck.core.model.policy import Clock, RestoreRecords
from drcheck.core.model.rewritten_logs import ReportedTest


def as_log(tests: Iterable[ReportedTest], restores: RestoreRecords) -> Log:
    """Return restore tests as a log; what a report does not tell ``restores`` says."""
    found = {_id(one): _recovery(one, restores) for one in tests}
    return Log(tuple(sorted(found.values(), key=lambda one: (one.started_at, one.id))))


def _id(one: ReportedTest) -> str:
    """Return what tells two tests apart: another outcome of the same run is told as well, and the worst decides."""
    return f"{one.name} {words.instant(one.started_at)} {one.outcome} {one.finished_at - one.started_at}s {one.cases}"


def _recovery(one: ReportedTest, restores: RestoreRecords) -> Recovery:
    begins, ends = restores.begins_with or Clock.RESTORE_START, restores.ends_with or Clock.VALIDATED

    def at(clock: Clock) -> int | None:
        return one.started_at if clock is begins else one.finished_at if clock is ends else None

    return Recovery(
        id=f"{one.name} {words.instant(one.started_at)}",
        line=0,
        started_at=one.started_at,
        finished_at=one.finished_at,
        outcome=one.outcome,
        scenarios=frozenset(restores.scenarios),
        disrupted_at=at(Clock.DISRUPTION),
        declared_at=at(Clock.DECLARATION),
        restore_started_at=at(Clock.RESTORE_START),
        restored_at=at(Clock.RESTORED),
        validated_at=at(Clock.VALIDATED),
        target_site=restores.target_site,
        point_source=restores.restored_from,
        point_of=restores.of,
        validation=Rung[restores.validation.upper()] if restores.validation else None,
        notes=words.counted(one.cases, "case"),
    )
