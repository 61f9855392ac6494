"""Drills out of the ledger itself: nothing is looked at, as whoever judges has the ledger before it."""

from __future__ import annotations

from drcheck.core.model.evidence import FOREVER
from drcheck.core.model.log_records import Log
from drcheck.core.model.policy import Source
from drcheck.readers.logs import restore_log
from drcheck.readers.logs.log_file import Parse


def parser(source: Source) -> Parse:
    """Return what makes records of the drills that the ledger holds.

    They were held to the clock when they were appended: none is refused for what a run's clock says later.
    """

    def parse(data: bytes, service: str, _latest: int) -> Log:
        return restore_log.parse(data, service, FOREVER, restores=source.restores)

    return parse
