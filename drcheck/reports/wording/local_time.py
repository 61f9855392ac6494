"""Instants as people read them: in the zone of the policy, with its offset.

Verdicts, the ledger and the JSON report have instants in UTC, ``2026-03-29T01:30:00Z``, in their sentences too: one
form to store and to compare. Who reads a report thinks in the zone of the agreement; there the same instant is
``2026-03-29T03:30:00+02:00``. The offset is always told, so that an hour that a zone has twice names one instant. Both
are RFC 3339, and ``--as-of``, ``--from`` and ``--to`` take either.
"""

from __future__ import annotations

import re
from collections.abc import Collection, Iterable
from datetime import UTC, datetime, timedelta, tzinfo
from typing import Final
from zoneinfo import ZoneInfo

from drcheck.core import words
from drcheck.run_report import Judged

# Whole words only: an instant inside a file's name, or a record's id made of one, is a name.
_INSTANT: Final = re.compile(r"(?<![\w/.:+-])\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ(?![\w/+-]|[.:][\w/])", re.ASCII)

_MINUTE: Final = timedelta(minutes=1)


class Local:
    """Shows instants in one zone."""

    def __init__(self, zone: tzinfo, names: Iterable[str] = ()) -> None:
        """``names`` are those of files and records that sentences may contain: an instant in one is left as it is."""
        self._zone = zone
        self._kept = frozenset(match for name in names for match in _INSTANT.findall(name))

    def instant(self, seconds: int) -> str:
        """Return an instant with the zone's offset, ``Z`` for none; beyond the years 1 to 9999 as ``words`` does."""
        return _INSTANT.sub(self._shown, words.instant(seconds))

    def text(self, sentence: str) -> str:
        """Return a sentence of drcheck's own with its instants in the zone."""
        return _INSTANT.sub(lambda match: match[0] if match[0] in self._kept else self._shown(match), sentence)

    def _shown(self, match: re.Match[str]) -> str:
        try:
            there = datetime.fromisoformat(match[0]).astimezone(self._zone)
        except (ValueError, OverflowError):  # a name that is no instant, or one that the zone moves out of all years
            return match[0]
        offset = there.utcoffset() or timedelta()
        if offset % _MINUTE:
            return match[0]  # a town's own time, before there were zones: RFC 3339 has no seconds in offsets
        return there.isoformat() if offset else match[0]


def of_service(judged: Judged) -> Local:
    """Return how instants of one service are shown."""
    findings = (finding for verdict in judged.verdicts for finding in (verdict.overall, *verdict.findings))
    return Local(ZoneInfo(judged.policy.timezone), (cited.name for finding in findings for cited in finding.evidence))


def of_run(services: Collection[Judged]) -> Local:
    """Return how instants of a whole run are shown: in the zone that all policies share, else in UTC."""
    zones = {judged.policy.timezone for judged in services}
    return Local(ZoneInfo(zones.pop()) if len(zones) == 1 else UTC)
