"""Completeness: what of a period is in the ledger, or in records handed over, and what a report says of it."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator, Mapping
from functools import cache
from typing import Any, Final

from drcheck.core.judging.completeness import Completeness
from drcheck.core.model.policy import Policy
from drcheck.core.model.verdict import Window
from drcheck.ledger import encoding, entries
from drcheck.ledger.drills import DrillTold
from drcheck.ledger.interface import Log
from drcheck.ledger.runs_of_period import RunsOfPeriod
from drcheck.policyfile.load import reload
from drcheck.reports.json import completeness_object

_OF_RUNS: Final = ("recorded", "stopped", "schedules", "gone_jobs", "without_run", "drills", "drills_without_end")
"""What records tell also where they hide what was judged."""


def of_log(
    log: Log,
    window: Window,
    reported: Collection[str],
    *,
    whole: bool,
    upto: int,
    known: Mapping[str, Policy] | None = None,
) -> Completeness:
    """Return what of ``window`` the entries up to ``upto`` have; without ``whole``, of the ``reported`` services alone.

    ``known``: policies that were read already, by their digests.
    """
    stored = ((one.number, one.data) for one in log.read(0, upto))
    found = _of(stored, window, reported, None if whole else reported, known or {})
    return found._replace(whole=whole)


def of_records(shown: Mapping[int, bytes], upto: int, window: Window, reported: Collection[str]) -> Completeness:
    """Return what of ``window`` records have that are shown; ``upto``: how many there are, hidden ones too."""
    return _of(sorted(shown.items()), window, reported, None, {})._replace(entries=upto)


def told_of(signed: int, log: Log) -> int:
    """Return up to which entry a report tells: what is signed, unless a run or a drill came behind that."""
    behind = (stored.data for stored in log.read(signed))
    news = any(encoding.is_of(data, kind) for data in behind for kind in (entries.RunBegan.KIND, DrillTold.KIND))
    return log.count if news else signed


def differences(told: Mapping[str, Any] | None, again: Completeness) -> Iterator[str]:
    """Yield what a report says of its completeness otherwise than the records do.

    It must name every service that it leaves out; the rest is compared where it tells of the same entries.
    """
    if told is None:
        yield "the report does not say what of its period is complete"
        return
    named = {one["service"] for one in told["not_in_report"]}
    for one in again.not_in_report:
        if one.service not in named:
            yield f"not complete: {one.service} was judged in the period, and the report leaves it out"
    if told["entries"] != again.entries:
        return
    anew = completeness_object(again)
    for key in _OF_RUNS if again.hidden else anew.keys() - {"whole"}:
        if told.get(key) != anew[key]:
            yield f"the report says otherwise of its completeness than the records: {key.replace('_', ' ')}"


def _of(
    stored: Iterable[tuple[int, bytes]],
    window: Window,
    reported: Collection[str],
    services: Collection[str] | None,
    known: Mapping[str, Policy],
) -> Completeness:
    @cache
    def promised(digest: str, text: str) -> frozenset[str] | None:
        policy = known.get(digest) or reload(text)
        return None if policy is None else frozenset(one.id for one in policy.commitments)

    runs = RunsOfPeriod(promised, window.start, services)
    for number, data in stored:
        runs.add(number, data)
    return runs.completeness(window, reported)
