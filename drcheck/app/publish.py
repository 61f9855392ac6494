"""Publish: once the report of a recorded run was handed over, say so in the ledger, and tell the channels."""

from __future__ import annotations

from drcheck import clock
from drcheck.app.verify import Outcome
from drcheck.errors import DrcheckError
from drcheck.ledger.errors import Busy, LedgerError
from drcheck.ledger.store import open_ledger
from drcheck.settings import Settings


def publish(settings: Settings, outcome: Outcome, *, whole: bool, silent: bool = False) -> list[DrcheckError]:
    """Say that the report of ``outcome`` was handed over, and tell each channel what is new; of a question do nothing.

    ``whole`` says whether all policies were judged; with ``silent`` no channel is told. The ledger is not held while
    the report is written, nor while messages are sent: who pages through it must not keep the next run waiting. Where
    another run has begun meanwhile, it has named all of it as not shown, and tells it. What is new is claimed for the
    channels in the same entry as that it was shown, so that nothing falls between the two. Returns what could not be
    done; where that is the entry, the next run names the same once more.
    """
    if outcome.recorded_at is None:
        return []
    plans = []
    try:
        with open_ledger(settings.ledger, must_exist=True) as ledger:
            if ledger.log.count != outcome.recorded_at:
                return []
            if settings.notify.channels and not silent:
                from drcheck.app.notify import planned  # it loads what no run without channels needs

                plans = [*planned(settings.notify, outcome.report, ledger.state(()), clock.now(), whole=whole)]
            ledger.publish(outcome.report.run, clock.now(), [plan.entry for plan in plans if plan.entry is not None])
    except Busy:
        return []
    except LedgerError as error:
        return [LedgerError(f"the next run will name the same as new once more: {error.message}", error.hint)]
    if not plans:
        return []
    from drcheck.app.notify import deliver  # as above

    return deliver(settings, outcome.report.run, plans)
