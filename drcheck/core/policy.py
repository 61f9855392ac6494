"""What was promised: one policy, as values.

Durations are whole seconds, sizes bytes, instants seconds since the epoch (UTC).
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from fractions import Fraction
from typing import Final

from drcheck.core.places import Place, Site
from drcheck.core.promises import Commitment, Kind

_NAME: Final = re.compile("[A-Za-z0-9][A-Za-z0-9._-]*")
LONGEST_NAME: Final = 100
"""Characters that a policy's own names may have."""


def is_name(text: str, longest: int = LONGEST_NAME) -> bool:
    """Return whether ``text`` is a name of a service, site, scenario, source, data set or commitment.

    Letters of other scripts are none of it: many look like these, and one of them in a log would be another name.
    """
    return len(text) <= longest and _NAME.fullmatch(text) is not None


class Reader(StrEnum):
    """How the bytes at a source are read."""

    OBJECTS = "objects"
    RESTORE_LOG = "restore-log"
    OUTAGE_LOG = "outage-log"
    MAINTENANCE_LOG = "maintenance-log"
    ATTESTATIONS = "attestations"


class Arrival(StrEnum):
    """Whose word counts for the instant at which a recovery point was complete, and here."""

    STORAGE = "storage"
    MTIME = "mtime"
    MANIFEST = "manifest"
    NAME = "name"


NEVER: Final = 1 << 62
"""``thinned_after: never``: nothing is ever pruned at this source."""


@dataclass(frozen=True, slots=True)
class BusinessCalendar:
    """Which days and hours are business."""

    weekdays: frozenset[int] = frozenset({0, 1, 2, 3, 4})
    """0 is Monday."""
    opens: int = 0
    """Seconds after local midnight."""
    closes: int = 86400
    country: str = ""
    """ISO 3166-1 code whose public holidays are not business days (package ``holidays``); empty: none."""
    also: frozenset[tuple[int, int]] = frozenset()
    """Further (month, day) that are not business days."""


@dataclass(frozen=True, slots=True)
class Source:
    """Where evidence lies, and how to read it."""

    name: str
    connection: str
    """The alias of the runner's connection."""
    path: str
    """Below the connection's root; for blob storage ``BUCKET/PREFIX``. ``!NAME`` is a named read."""
    reader: Reader
    of: tuple[str, ...]
    """The data sets it must hold."""
    site: str = ""
    template: str = ""
    """How a name tells data set, instant and kind (policy key ``name``)."""
    name_zone: str = ""
    planned: str = ""
    """Cron expression of when backups are meant to start; lint and forecasts only."""
    max_duration: int | None = None
    min_size: int = 1
    max_shrink: Fraction | None = None
    """Largest share by which a candidate may be smaller than the median before it."""
    new_size_from: int | None = None
    """Instant from which the median of sizes starts afresh."""
    complete_when: str = ""
    """Name of the marker that stands beside a complete candidate, with ``{name}``."""
    available_at: Arrival = Arrival.STORAGE
    thinned_after: int | None = None
    """Points younger than this have not been pruned; None: not stated; :data:`NEVER`."""
    identical_dumps: bool = False
    """Whether two backups may truly have the same content."""

    @property
    def export(self) -> bool:
        """Whether a monitoring system writes it anew each time, for a range of its own; a log is appended to."""
        return self.reader is Reader.OUTAGE_LOG and self.path.endswith(".json")

    @property
    def identity(self) -> str:
        """What makes it the same place, read in the same way: another one begins a history of its own."""
        read = f"{self.reader}\n{self.template}\n{self.name_zone}\n{self.complete_when}\n{self.available_at}"
        return f"{self.name}\n{self.connection}:{self.path}\n{' '.join(sorted(self.of))}\n{read}"


@dataclass(frozen=True, slots=True)
class Waiver:
    """An accepted breach, with owner, reason and expiry."""

    commitment: str
    until: int
    """The first instant at which it no longer holds: the end of its last day, in the policy's zone."""
    owner: str
    reason: str


@dataclass(frozen=True, slots=True)
class Agreement:
    """The document that the promises come from."""

    title: str = ""
    provider: str = ""
    effective: int | None = None
    """Before this instant nothing is judged."""
    ends: int | None = None
    """From this instant nothing is owed any more."""


@dataclass(frozen=True, slots=True)
class Policy:
    """The commitments of one service."""

    service: str
    file: str
    """The file it was read from, as the user named it."""
    sha256: str
    """Of that file's bytes and of the templates it extends."""
    text: str
    """What was read: the file, then the templates it extends, each after a line that names it."""
    timezone: str
    sources: Mapping[str, Source]
    commitments: tuple[Commitment, ...]
    title: str = ""
    owner: str = ""
    agreement: Agreement = field(default_factory=Agreement)
    silent_on: tuple[Kind, ...] = ()
    business: BusinessCalendar = field(default_factory=BusinessCalendar)
    sites: Mapping[str, Site] = field(default_factory=dict)
    runs_at: tuple[str, ...] = ()
    scenarios: Mapping[str, frozenset[str]] = field(default_factory=dict)
    """Scenario to the sites it takes away, as written (``part_of`` not yet followed)."""
    waivers: tuple[Waiver, ...] = ()

    def lost_sites(self, scenario: str) -> frozenset[str]:
        """Return every site that ``scenario`` takes away: a site is lost with the one it is part of."""
        lost = self.scenarios.get(scenario, frozenset())
        return lost.union(name for name in self.sites if not lost.isdisjoint(self._chain(name)))

    def place(self, site: str) -> Place:
        """Return where ``site`` is: what it does not state of itself it has from the site that it is part of."""
        chain = [self.sites[name] for name in self._chain(site)]

        def first(told: Iterable[str]) -> str:
            return next(filter(None, told), "")

        return Place(
            site=site,
            sites=frozenset(one.name for one in chain),
            provider=first(one.provider for one in chain),
            region=first(one.region for one in chain),
            area=first(one.area for one in chain),
            account=first(one.account for one in chain),
            media=first(one.media for one in chain),
        )

    def _chain(self, site: str) -> list[str]:
        """Return a site and those that it is part of, nearest first."""
        chain = [site] if site in self.sites else []
        while chain and (parent := self.sites[chain[-1]].part_of) in self.sites and parent not in chain:
            chain.append(parent)
        return chain
