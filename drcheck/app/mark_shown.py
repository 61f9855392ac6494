"""Mark as shown: once the report of a recorded run was handed over, what it found counts as shown."""

from __future__ import annotations

from drcheck import clock
from drcheck.app.verify import Outcome
from drcheck.ledger.errors import Busy, LedgerError
from drcheck.ledger.store import open_ledger
from drcheck.settings import Settings


def mark_shown(settings: Settings, outcome: Outcome) -> None:
    """Say in the ledger that the report of ``outcome`` was handed over whole; of a question there is nothing to say.

    The ledger is not held while the report is written: who pages through it must not keep the next run waiting. Where
    another run has begun meanwhile, it has named all of it as not shown, and nothing is said either. Raises
    :class:`~drcheck.ledger.errors.LedgerError` where it cannot be said: then the next run names the same once more.
    """
    if outcome.recorded_at is None:
        return
    try:
        with open_ledger(settings.ledger, must_exist=True) as ledger:
            if ledger.log.count == outcome.recorded_at:
                ledger.publish(outcome.report.run, clock.now())
    except Busy:
        return
    except LedgerError as error:
        raise LedgerError(f"the next run will name the same as new once more: {error.message}", error.hint) from error
