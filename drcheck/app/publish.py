"""Publish: hand over what a run came to, so that whoever dies on the way loses nothing of it.

Files are written, and what is new is claimed for the channels, before the run ends: one that dies in that is abandoned,
and the next one does all of it anew. What only then can be done, as showing the report to whoever pages through it, and
sending, may take as long as it likes: the ledger is let go of by then.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from typing import TYPE_CHECKING

from drcheck import clock
from drcheck.app.verify import Outcome
from drcheck.errors import DrcheckError
from drcheck.ledger.errors import Busy, LedgerError
from drcheck.ledger.notifications import Notification
from drcheck.ledger.state import State
from drcheck.ledger.store import open_ledger
from drcheck.run_report import Report
from drcheck.settings import Settings

if TYPE_CHECKING:
    from drcheck.app.notify import AddressPlan


Write = Callable[[Report], Iterable[DrcheckError]]
"""Writes a report, and yields why it could not."""


class Publication:
    """How one run is handed over: :meth:`prepare` before it ends, :meth:`complete` behind that."""

    def __init__(
        self,
        settings: Settings,
        *,
        whole: bool,
        silent: bool = False,
        write: Write | None = None,
        at_once: bool = True,
    ) -> None:
        """Do nothing yet.

        ``whole`` says whether all policies are judged; with ``silent`` no channel is told. ``write`` writes the report,
        and yields why it could not; ``at_once``: nobody there can keep the next run waiting, as who pages through it.
        """
        self._settings, self._whole, self._write, self._at_once = settings, whole, write, at_once
        self._tells = bool(settings.notify.channels) and not silent
        self._plans: Sequence[AddressPlan] = ()
        self.errors: list[DrcheckError] = []
        """What could not be done."""
        self.fault: Exception | None = None
        """Of drcheck itself; what was judged is recorded all the same."""

    def prepare(
        self, report: Report, known: Callable[[], State] | None, write: Write | None = None
    ) -> Iterable[Notification]:
        """Write what is written at once, and return what is claimed for the channels by what the ledger knows.

        ``known`` reads that; None: it is a question, of which no channel is told. ``write`` takes the place of the one
        that it was made with.
        """
        if self._at_once:
            self._hand_over(report, write or self._write)
        if known is None or not self._tells:
            return ()
        try:
            from drcheck.app.notify import planned  # it loads what no run without channels needs

            self._plans = [*planned(self._settings.notify, report, known(), clock.now(), whole=self._whole)]
        except Exception as error:  # noqa: BLE001  as with reports
            self.fault = error
        return [plan.entry for plan in self._plans if plan.entry is not None]

    def complete(self, outcome: Outcome, *, shown: bool = True) -> None:
        """Write the report where that was not done yet, say that it was handed over, and send what was claimed.

        What nobody was ``shown``, the next run names as new once more. The ledger is not held while messages are sent.
        """
        if not self._at_once:
            self._hand_over(outcome.report, self._write)
        if shown and not self.errors and self.fault is None and outcome.recorded_at is not None:
            self.errors += _shown(self._settings, outcome)
        if self._plans:
            from drcheck.app.notify import deliver  # as above

            self.errors += deliver(self._settings, self._plans)

    def _hand_over(self, report: Report, write: Write | None) -> None:
        try:
            if write is not None:
                self.errors += write(report)
        except Exception as error:  # noqa: BLE001  a verdict stands, whatever becomes of its report
            self.fault = error


def _shown(settings: Settings, outcome: Outcome) -> list[DrcheckError]:
    """Write down that the report was handed over, unless a run that has begun since judges the same."""
    try:
        with open_ledger(settings.ledger, must_exist=True) as ledger:
            if ledger.log.count == outcome.recorded_at or _is_newest(ledger.state(()), outcome.report):
                ledger.publish(outcome.report.run, clock.now())
    except Busy:
        pass  # the run that holds it names as new what this one showed
    except LedgerError as error:
        return [LedgerError(f"the next run will name the same as new once more: {error.message}", error.hint)]
    return []


def _is_newest(state: State, report: Report) -> bool:
    """Return whether no later run tells of a service that ``report`` has."""
    judged = {one.policy.service for one in report.services}
    return report.run in state.runs and state.judged_after(report.run).isdisjoint(judged)
