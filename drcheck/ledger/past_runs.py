"""The runs of the past, out of the entries: the state of a ledger keeps no more than the next night needs."""

from __future__ import annotations

from drcheck.ledger import encoding, entries
from drcheck.ledger.errors import damaged
from drcheck.ledger.interface import Log
from drcheck.ledger.look_columns import Damaged
from drcheck.ledger.past_breaches import PastBreaches
from drcheck.ledger.state import PastRun

_SEEN = (entries.Looked.KIND, entries.Lines.KIND, entries.PoliciesJudged.KIND)


def past_runs(log: Log, until: int, breaches: PastBreaches | None = None) -> list[PastRun]:
    """Return the runs that began before ``until``, oldest first, each with the services of which it recorded verdicts.

    What they found of breaches is told to ``breaches``. Reads all entries, and of most no more than their kind. Raises
    :class:`~drcheck.ledger.errors.LedgerError` where one is damaged or missing.
    """
    runs: dict[str, PastRun] = {}
    newest: PastRun | None = None
    for number, data in log.read():
        try:
            kind = encoding.kind(data)
            if kind in _SEEN:
                if newest is not None:
                    newest.looked_until = number
                continue
            if kind == entries.Verdicts.KIND and encoding.about(data) not in runs:
                continue
            if kind not in {entries.RunBegan.KIND, entries.RunEnded.KIND, entries.Verdicts.KIND}:
                continue
            match encoding.decode(data):
                case entries.RunBegan() as began:
                    newest = PastRun(began, number, looked_until=number)
                    if began.started_at < until:
                        runs[began.run] = newest
                case entries.RunEnded() as ended if ended.run in runs:
                    runs[ended.run].state, runs[ended.run].exit_status = ended.state, ended.exit_status
                case entries.Verdicts() as verdicts:
                    runs[verdicts.run].judged.update(found.service for found in verdicts.found)
                    if breaches is not None:
                        breaches.take(verdicts.found, runs[verdicts.run].began.window.end)
                case _:
                    pass
        except Damaged as error:
            raise damaged(f"entry {number} cannot be read: {error}", log.path) from error
    return list(runs.values())
