"""What stands around a commitment: the subject that it is judged on, and the terms of its policy."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import tzinfo
from zoneinfo import ZoneInfo

from drcheck.core.absence import Absence
from drcheck.core.evidence import FOREVER, LONG_AGO, Fact, Log, Points
from drcheck.core.places import Place
from drcheck.core.policy import BusinessCalendar, Reader
from drcheck.core.spans import Span

DEFAULT_GRACE = 3600
"""Seconds after a slot's end at which it is due, where no source declares its ``max_duration``."""


ALWAYS = Span(LONG_AGO, FOREVER)


@dataclass(frozen=True, slots=True)
class Part:
    """One source's share of a data set."""

    points: Points
    absence: Absence
    gap: str = ""
    """Why the newest look was not complete; empty: it was."""
    unasked: Mapping[Fact, str] = field(default_factory=dict)
    """Why the newest look could not ask a fact of what lies there."""


@dataclass(frozen=True, slots=True)
class Subject:
    """One data set, as the sources that a commitment may count hold it."""

    of: str
    parts: tuple[Part, ...]


@dataclass(frozen=True, slots=True)
class Records:
    """What the logs say that a commitment rests on: one entry a source."""

    logs: Mapping[str, Log]
    readers: Mapping[str, Reader] = field(default_factory=dict)
    """Source to how it is read, which tells a log of maintenance from one of outages where nothing is in it."""


@dataclass(frozen=True, slots=True)
class Terms:
    """What the policy says around a commitment."""

    zone: tzinfo = field(default_factory=lambda: ZoneInfo("UTC"))
    effective: int | None = None
    """Before this instant nothing is judged."""
    ends: int | None = None
    """The agreement's end: from it on nothing is owed, whichever wording was in force."""
    business: BusinessCalendar = field(default_factory=BusinessCalendar)
    clock_tolerance: int = 300
    grace: int = DEFAULT_GRACE
    """Where a commitment gives none: the sources' longest ``max_duration``, else :data:`DEFAULT_GRACE`."""
    matching: int = 600
    """Points of different sources whose data lies this close, in seconds, are copies of one."""
    lost_sites: frozenset[str] = frozenset()
    """What the commitment's scenario takes away."""
    site_of: Mapping[str, str] = field(default_factory=dict)
    """Source to the site that it lies at; empty where the policy does not say."""
    places: Mapping[str, Place] = field(default_factory=dict)
    """Source to where it lies, as far as the policy says."""
    binds: Span = ALWAYS
    """The instants, and the slots by their start, that this wording of the commitment binds."""
    covered: bool = False
    """Whether a frequency commitment covers this data set, so that a day never made is that one's breach."""
    made: tuple[Part, ...] = ()
    """Where else the frequency commitment counts backups of it: a day that was made there was made."""

    def before_effect(self, t: int) -> str:
        """Return why nothing is owed yet at ``t``; empty: something is."""
        if self.effective is not None and t < self.effective:
            return "nothing is owed before the agreement takes effect"
        return ""
