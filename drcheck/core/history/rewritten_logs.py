"""Logs that are written anew each time, as what all of them told together: nothing that was told once is lost."""

from __future__ import annotations

from drcheck.core.fast_dataclasses import replace
from drcheck.core.history import exports, junit_reports
from drcheck.core.history.changes import History
from drcheck.core.history.look_order import in_order
from drcheck.core.model.evidence import LONG_AGO
from drcheck.core.model.log_records import Log
from drcheck.core.model.policy import RestoreRecords


def of_exports(history: History) -> Log:
    """Return what the exports of a monitoring system told.

    Of an outage that lasted where the newest export ends nobody knows more than that: the log is known until then.
    """
    log = _as_known(exports.log(history.stretches), history)
    if any(outage.ended_at is None for outage in log.outages):
        return replace(log, known_until=min(log.known_until, log.watched[-1].end))
    return log


def of_reports(history: History, restores: RestoreRecords) -> Log:
    """Return what a test runner's reports told."""
    return _as_known(junit_reports.log(history.tests, restores), history)


def _as_known(log: Log, history: History) -> Log:
    known_until = next((look.begin for look in reversed(in_order(history.looks)) if look.complete), LONG_AGO)
    newest = history.looks[-1] if history.looks else None
    unseen = newest.gaps if newest is not None and not newest.complete else ()
    return replace(log, known_until=known_until, unseen=unseen)
