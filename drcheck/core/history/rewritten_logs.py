"""Logs that are written anew each time, as what all of them told together: nothing that was told once is lost."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping

from msgspec.structs import replace

from drcheck.core.history import junit_reports, monitoring_exports
from drcheck.core.history.look_order import in_order
from drcheck.core.history.source_history import History
from drcheck.core.model.evidence import LONG_AGO
from drcheck.core.model.log_records import ListedNames, Log
from drcheck.core.model.policy import RestoreRecords
from drcheck.core.model.rewritten_logs import Inventory
from drcheck.core.time.spans import Spans


def of_exports(history: History) -> Log:
    """Return what the exports of a monitoring system told.

    Of an outage that lasted where the newest export ends nobody knows more than that: the log is known until then.
    """
    log = _as_known(monitoring_exports.as_log(history.stretches), history)
    if any(outage.ended_at is None for outage in log.outages):
        return replace(log, known_until=min(log.known_until, log.watched[-1].end))
    return log


def of_reports(history: History, restores: RestoreRecords) -> Log:
    """Return what a test runner's reports told."""
    return _as_known(junit_reports.as_log(history.tests, restores), history)


def of_inventories(history: History, covering: Mapping[str, Spans]) -> Log:
    """Return what a list of what exists told at each look, beside when policies cover what."""
    told = sorted(_whole(history.inventories), key=lambda one: one.at)
    listed: list[ListedNames] = []
    row = 0
    for look in in_order(history.looks):
        while row < len(told) and told[row].at <= look.begin:
            row += 1
        if not look.complete or not row:
            why = next((gap.what for gap in look.gaps if gap.hides), "")
            listed.append(ListedNames(look.begin, why or "it could not be seen", look.begin))
            continue
        last = told[row - 1]
        aliases: dict[str, tuple[str, ...]] = {}
        for name, alias in last.hosts:
            aliases[name] = (*aliases.get(name, ()), alias)
        written_at = look.begin if last.written_at is None else last.written_at
        listed.append(ListedNames(look.begin, "", written_at, last.names or (), aliases))
    return _as_known(Log(listed=tuple(listed), covering=covering), history)


def _whole(inventories: Iterable[Inventory]) -> Iterator[Inventory]:
    """Yield each with its names."""
    names: tuple[str, ...] = ()
    for one in inventories:
        names = names if one.names is None else one.names
        yield one._replace(names=names)


def _as_known(log: Log, history: History) -> Log:
    known_until = next((look.begin for look in reversed(in_order(history.looks)) if look.complete), LONG_AGO)
    newest = history.looks[-1] if history.looks else None
    unseen = newest.gaps if newest is not None and not newest.complete else ()
    return replace(log, known_until=known_until, unseen=unseen)
