"""What the logs tell of restore tests and real recoveries, and how far they can be relied on."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import NamedTuple

from drcheck.core import words
from drcheck.core.evaluation.inputs import Records, Terms
from drcheck.core.history.log_lines import unread
from drcheck.core.model.evidence import FOREVER, LONG_AGO, Cited
from drcheck.core.model.log_records import Recovery


class SourcedRecovery(NamedTuple):
    """A recovery, and the source whose log tells of it."""

    source: str
    recovery: Recovery

    @property
    def ends(self) -> int:
        """When it takes effect: the end of it; ``FOREVER`` while it is open."""
        return FOREVER if self.recovery.finished_at is None else self.recovery.finished_at


def recoveries_of(records: Records, scenario: str) -> list[SourcedRecovery]:
    """Return what concerns ``scenario`` (all of it if there is none), in the order in which it ended."""
    found = [
        SourcedRecovery(source, recovery)
        for source, log in records.logs.items()
        for recovery in log.recoveries
        if not scenario or scenario in recovery.scenarios
    ]
    return sorted(found, key=lambda one: (one.ends, one.recovery.line, one.source))


def of_set(several: Sequence[SourcedRecovery], terms: Terms) -> list[SourcedRecovery]:
    """Return the recoveries that tell of the data set to be restored: one that names another one does not."""
    return [one for one in several if one.recovery.point_of not in terms.not_restored]


def of_what(terms: Terms) -> str:
    """Return what a reason begins with, where one of several data sets is judged."""
    return f"{terms.restored}: " if terms.restored else ""


def proves(recovery: Recovery, terms: Terms) -> bool | None:
    """Return whether a record can prove that the scenario can be recovered from; None: it does not tell.

    Its point must come from a source that survives the scenario, and its target must not be lost with it. Logs of
    outages tell no target: a real outage is over where the service is back, wherever that is.
    """
    if recovery.contradicted:
        return None
    if not terms.lost_sites:
        return True
    if recovery.target_site in terms.lost_sites:
        return False
    site = terms.site_of.get(recovery.point_source, "")
    if site in terms.lost_sites:
        return False
    return True if site and (recovery.target_site or recovery.real) else None


def why_it_does_not_prove(recovery: Recovery, terms: Terms) -> str:
    """Return why :func:`proves` did not say yes."""
    if recovery.contradicted:
        return recovery.contradicted
    if recovery.target_site in terms.lost_sites:
        return f"it restored to {recovery.target_site}, which the scenario takes away"
    site = terms.site_of.get(recovery.point_source, "")
    if site in terms.lost_sites:
        return f"it restored from {recovery.point_source} at {site}, which the scenario takes away"
    if not site:
        return "its record does not tell a recovery point of a source whose site is known"
    return "its record does not tell the site that it restored to"


def why_not_all_seen(records: Records, t: int) -> str:
    """Return why what came up to ``t`` has not all been seen; empty: it has."""
    for source, log in records.logs.items():
        if log.known_until == LONG_AGO:
            why = log.unseen[0].what if log.unseen else "it has never been looked at"
            return f"{source} could not be seen: {why}"
        if t > log.known_until:
            why = f": {log.unseen[0].what}" if log.unseen else ""
            return f"{source} has not been seen since {words.instant(log.known_until)}{why}"
    return ""


def gap_between(records: Records, first: int, last: int) -> str:
    """Return a line that could not be read and may tell of something from ``first`` to ``last``; empty: none may."""
    for source, log in records.logs.items():
        for gap in log.gaps:
            its = unread(log, gap)
            if its.lo <= last and first <= its.hi:
                return f"{source}, line {gap.line}: {gap.what}"
    return ""


def gap_bounds(records: Records) -> Iterator[int]:
    """Yield each instant at which :func:`why_not_all_seen`, or what unreadable lines may tell, begins or ends."""
    for log in records.logs.values():
        yield log.known_until + 1
        for gap in log.gaps:
            its = unread(log, gap)
            yield from (its.lo, its.hi)


def cite(one: SourcedRecovery, why_not: str = "") -> Cited:
    """Return a recovery as reports show it."""
    recovery = one.recovery
    return Cited(one.source, recovery.point_of, recovery.id, None, recovery.finished_at, why_not)
