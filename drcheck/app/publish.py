"""Publish: once the report of a recorded run was handed over, say so in the ledger, and tell the channels."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

from drcheck import clock
from drcheck.app.verify import Outcome
from drcheck.core.fast_dataclasses import replace
from drcheck.errors import DrcheckError
from drcheck.ledger.errors import Busy, LedgerError
from drcheck.ledger.store import Ledger, open_ledger
from drcheck.settings import Settings

if TYPE_CHECKING:
    from drcheck.app.notify import Plan


def publish(
    settings: Settings, outcome: Outcome, *, whole: bool, silent: bool = False, handed_over: bool = True
) -> list[DrcheckError]:
    """Say that the report of ``outcome`` was handed over, and tell each channel what is new; of a question do nothing.

    ``whole`` says whether all policies were judged; with ``silent`` no channel is told. Where the report was not
    ``handed_over``, the channels are told all the same, and the next run names the same as new once more. The ledger is
    not held while the report is written, nor while messages are sent: who pages through it must not keep the next run
    waiting. What a run that has begun meanwhile judges as well, that one names as not shown, and tells. What is new is
    claimed for the channels in the same entry as that it was shown, so that nothing falls between the two. Returns what
    could not be done; where that is the entry, the next run names the same once more.
    """
    tells = bool(settings.notify.channels) and not silent
    if outcome.recorded_at is None or not (handed_over or tells):
        return []
    try:
        plans = _claim(settings, outcome, whole=whole, tells=tells, handed_over=handed_over)
    except Busy as error:
        return (
            [LedgerError(f"the channels were not told: {error.message}", "The next run tells them.")] if tells else []
        )
    except LedgerError as error:
        return [LedgerError(f"the next run will name the same as new once more: {error.message}", error.hint)]
    if not plans:
        return []
    from drcheck.app.notify import deliver  # it loads what no run without channels needs

    return deliver(settings, outcome.report.run, plans)


def _claim(settings: Settings, outcome: Outcome, *, whole: bool, tells: bool, handed_over: bool) -> list[Plan]:
    """Write down what is shown and what is told, and return that; waits for a run that judges something else."""
    pauses: Iterator[int] = iter(())
    if tells:
        from drcheck.app.notify import PATIENCE  # as above

        pauses = iter(PATIENCE)
    while True:
        try:
            with open_ledger(settings.ledger, must_exist=True) as ledger:
                return _written(ledger, settings, outcome, whole=whole, tells=tells, handed_over=handed_over)
        except Busy:
            if tells:
                with open_ledger(settings.ledger, read_only=True) as ledger:
                    if not _left(ledger, outcome):
                        return []
            if (pause := next(pauses, None)) is None:
                raise
            clock.pause(pause)


def _written(
    ledger: Ledger, settings: Settings, outcome: Outcome, *, whole: bool, tells: bool, handed_over: bool
) -> list[Plan]:
    report, judged_since = outcome.report, False
    if ledger.log.count != outcome.recorded_at:
        left = _left(ledger, outcome)
        judged_since = len(left) < len(report.services)
        report = replace(report, services=tuple(one for one in report.services if one.policy.service in left))
        if not left:
            return []
    plans = []
    if tells:
        from drcheck.app.notify import planned  # as above

        its = planned(settings.notify, report, ledger.state(()), clock.now(), whole=whole and not judged_since)
        plans = [*its]
    claims = [plan.entry for plan in plans if plan.entry is not None]
    if handed_over and not judged_since:
        ledger.publish(report.run, clock.now(), claims)
    else:
        ledger.tell(claims)
    return plans


def _left(ledger: Ledger, outcome: Outcome) -> set[str]:
    """Return the services of a run of which no later one tells."""
    state, services = ledger.state(()), {one.policy.service for one in outcome.report.services}
    return services - state.judged_after(outcome.report.run) if outcome.report.run in state.runs else set()
