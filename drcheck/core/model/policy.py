"""What was promised: one policy, as values.

Durations are whole seconds, sizes bytes, instants seconds since the epoch (UTC).
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from enum import StrEnum
from fractions import Fraction
from typing import Final, NamedTuple

from msgspec import Struct, field

from drcheck.core.model.commitments import Commitment
from drcheck.core.model.readers import Behaviour, Reader, Tells
from drcheck.core.model.sites import Place, Site

_NAME: Final = re.compile("[A-Za-z0-9][A-Za-z0-9._-]*")
LONGEST_NAME: Final = 100
"""Characters that a policy's own names may have."""


def is_name(text: str, longest: int = LONGEST_NAME) -> bool:
    """Return whether ``text`` is a name of a service, site, scenario, source, data set or commitment.

    Letters of other scripts are none of it: many look like these, and one of them in a log would be another name.
    """
    return len(text) <= longest and _NAME.fullmatch(text) is not None


class Arrival(StrEnum):
    """Whose word counts for the instant at which a recovery point was complete, and here."""

    STORAGE = "storage"
    MTIME = "mtime"
    MANIFEST = "manifest"
    NAME = "name"


class Identical(StrEnum):
    """What the same content under a new name, or written anew, is taken for."""

    ALLOWED = "allowed"
    """A backup of its own: the data did not change."""
    REFUSED = "refused"
    """The backup that first had it: an old one was given a new date."""


NEVER: Final = 1 << 62
"""``thinned_after: never``: nothing is ever pruned at this source."""


class BusinessCalendar(Struct, frozen=True):
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


class Clock(StrEnum):
    """What the begin, or the end, of a recorded restore test stands for."""

    DISRUPTION = "disruption"
    DECLARATION = "declaration"
    RESTORE_START = "restore_start"
    RESTORED = "restored"
    VALIDATED = "validated"


class RestoreRecords(Struct, frozen=True):
    """How restore tests are told by a log that is not drcheck's own, and what it leaves to the policy to say."""

    line: str = ""
    """Of a plain text log the template of a line (:mod:`drcheck.core.names.line_template`); empty: it is none."""
    outcomes: tuple[tuple[str, str], ...] = ()
    """The log's own words, each with the outcome that it means."""
    ignores_others: bool = False
    """Whether lines that do not fit the template say nothing; else each is a gap."""
    zone: str = ""
    """The zone of instants that carry none."""
    suite: str = ""
    """Of JUnit XML the suite that is the restore test; empty: all of the document is one."""
    scenarios: tuple[str, ...] = ()
    """This and what follows hold for each test whose own record does not say."""
    validation: str = ""
    target_site: str = ""
    restored_from: str = ""
    """The source of its recovery point."""
    of: str = ""
    begins_with: Clock | None = None
    """What the test's start stands for."""
    ends_with: Clock | None = None


NOTHING_STATED: Final = RestoreRecords()
"""Of a log that is drcheck's own."""


SELECTORS: Final = ("host", "paths", "tags", "archives", "stanza")
"""Keys that say which of the backups in a tool's list are of a data set, by what the tool tells of each."""


class Source(Struct, frozen=True):
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
    templates: tuple[str, ...] = ()
    """How a name tells data set, instant and kind (policy key ``name``); the first that fits decides."""
    name_zone: str = ""
    kinds: Mapping[str, str] = field(default_factory=dict)
    """Labels of its own to the kind that each means, one of those of :data:`drcheck.core.names.template.KINDS`."""
    kind: str = ""
    """What all recovery points here are, where their names tell no kind; empty: not stated."""
    data_as_of: str = ""
    """``storage``: where names tell no instant it is the storage's or the file's own time."""
    parts: int | None = None
    """How many parts a backup has; None: not stated."""
    planned: str = ""
    """Cron expression of when backups are meant to start; lint and forecasts only."""
    max_duration: int | None = None
    min_size: int | None = None
    """None: not stated."""
    max_shrink: Fraction | None = None
    """Largest share by which a candidate may be smaller than the median before it; None: not stated; 1: any."""
    new_size_from: int | None = None
    """Instant from which the median of sizes starts afresh."""
    complete_when: str = ""
    """Name of the marker that stands beside a complete candidate, or of the file that must say what ``says`` asks, as a
    template (:mod:`drcheck.core.names.marker_names`); empty: none is asked for."""
    says: tuple[tuple[str, tuple[str, ...]], ...] = ()
    """Keys of that file, each with the values of which it must have one; empty: that it stands is enough."""
    available_at: Arrival = Arrival.STORAGE
    thinned_after: int | None = None
    """Points younger than this have not been pruned; None: not stated; :data:`NEVER`."""
    identical_dumps: Identical | None = None
    """What the same content under a new name is taken for; None: not stated, and judged both ways."""
    versions: bool = False
    """Whether each version that S3 keeps of an object is a recovery point of its own."""
    seen_every: int | None = None
    """For so long after its newest complete look what that look showed is taken to stand, and nothing else to have
    come; None: nothing is taken so."""
    restores: RestoreRecords = NOTHING_STATED
    """Of a log of restore tests, how it is read where its records do not say."""
    selects: tuple[tuple[str, tuple[tuple[str, tuple[str, ...]], ...]], ...] = ()
    """Of a tool's list, which of its backups are of a data set: what each must have of what the tool tells of it."""

    def __hash__(self) -> int:
        """Return what equal sources have in common; ``kinds`` cannot be hashed."""
        return hash((self.name, self.connection, self.path, self.reader, self.of, self.templates))

    def tells(self, what: Tells) -> bool:
        """Return whether what it yields is of that sort."""
        return what in self.reader.yields

    def chosen(self, of: str) -> dict[str, frozenset[str]]:
        """Return what a tool must tell of a backup for it to be of that data set; what is not in it may be anything."""
        return {key: frozenset(values) for key, values in dict(self.selects).get(of, ())}

    @property
    def behaves(self) -> Behaviour:
        """What it means that a look does not show what an earlier one did."""
        return self.reader.behaviour_at(self.path)

    @property
    def rewritten(self) -> bool:
        """Whether each look finds another document there; a log is appended to."""
        return self.behaves is Behaviour.WINDOW

    @property
    def junit(self) -> bool:
        """Whether it is a test runner's report in JUnit's XML."""
        return self.rewritten and self.tells(Tells.RESTORE_TESTS)

    @property
    def place(self) -> str:
        """Where it lies, as policies write it: ``CONNECTION:PATH``."""
        return f"{self.connection}:{self.path}"

    def url(self, location: str) -> str:
        """Return where it is as a URL, given its connection's; a named read lies nowhere, but its host does."""
        if self.reader.lists:
            return f"{location}{self.root}"
        return location if self.path.startswith("!") else f"{location}{self.path}"

    def file(self, name: str) -> str:
        """Return where a fact of it was read, as ``CONNECTION:PATH``: the recovery point ``name``, else the log."""
        if not self.reader.lists:
            return self.place
        between = "" if not self.path or self.path.endswith("/") else "/"
        return f"{self.place}{between}{name}"

    @property
    def least_size(self) -> int:
        """How many bytes a candidate that counts has at least: what is empty never does."""
        return 1 if self.min_size is None else max(1, self.min_size)

    @property
    def compares_sizes(self) -> bool:
        """Whether a candidate's size is held against those before it."""
        return self.max_shrink != 1 and (self.max_shrink is not None or self.min_size is None)

    @property
    def root(self) -> str:
        """Of backups, the directory that their names are below; empty: the connection's own."""
        return self.path if not self.path or self.path.endswith("/") else f"{self.path}/"

    @property
    def export(self) -> bool:
        """Whether a monitoring system writes it anew each time, for a range of its own; a log is appended to."""
        return self.rewritten and self.tells(Tells.OUTAGES)

    @property
    def identity(self) -> str:
        """What makes it the same place, read in the same way: another one begins a history of its own."""
        kinds = " ".join(f"{label}={kind}" for label, kind in sorted(self.kinds.items()))
        names = "\n".join(self.templates)
        read = f"{self.reader}\n{names}\n{self.name_zone}\n{kinds}\n{self.kind}\n{self.complete_when}"
        says = " ".join(f"{key}={'|'.join(values)}" for key, values in sorted(self.says))
        read = f"{read}\n{self.available_at}\n{self.data_as_of}\n{says}\n{self.parts}"
        if self.versions:
            read += "\nversions"
        if self.restores != NOTHING_STATED:
            read += f"\n{self.restores}"
        if self.selects:
            read += f"\n{self.selects}"
        return f"{self.name}\n{self.place}\n{' '.join(sorted(self.of))}\n{read}"


class Waiver(Struct, frozen=True):
    """An accepted breach, with owner, reason and expiry."""

    commitment: str
    until: int
    """The first instant at which it no longer holds: the end of its last day, in the policy's zone."""
    owner: str
    """Who answers for it, and sees to it that it ends."""
    reason: str
    approved_by: str = ""
    """Who let it be; empty: nobody but the owner is named."""


class Agreement(Struct, frozen=True):
    """The document that the promises come from."""

    title: str = ""
    provider: str = ""
    effective: int | None = None
    """Before this instant nothing is judged."""
    ends: int | None = None
    """From this instant nothing is owed any more."""
    customer: str = ""
    """To whom the promises were made; empty: the policy does not say."""


NEWEST: Final = "newest"
OLDEST: Final = "oldest"
RANDOM: Final = "random"


class PlannedDrill(Struct, frozen=True):
    """A drill that a policy asks for."""

    name: str
    sources: tuple[str, ...]
    """Those that it restores from, each in its turn."""
    target: str
    """As the runner's configuration calls it."""
    runbook: str
    scenario: str = ""
    of: str = ""
    """The data set; empty: the only one that its sources hold."""
    point: str = NEWEST
    """``newest``, ``oldest``, ``random``, or a name."""
    manifest: str = ""
    """The template of the file beside a backup that says what is in it; empty: there is none."""
    values: Mapping[str, str] = field(default_factory=dict)
    """What the runbook asks for."""


class Position(NamedTuple):
    """A place in a file; line and column count from 1."""

    file: str
    line: int
    column: int


class Policy(Struct, frozen=True):
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
    silent_on: tuple[str, ...] = ()
    """Kinds of commitment that the agreement does not promise."""
    business: BusinessCalendar = field(default_factory=BusinessCalendar)
    sites: Mapping[str, Site] = field(default_factory=dict)
    runs_at: tuple[str, ...] = ()
    scenarios: Mapping[str, frozenset[str]] = field(default_factory=dict)
    """Scenario to the sites it takes away, as written (``part_of`` not yet followed)."""
    waivers: tuple[Waiver, ...] = ()
    drills: Mapping[str, PlannedDrill] = field(default_factory=dict)
    written_at: Mapping[str, Position] = field(default_factory=dict)
    """Id of a commitment to where the key stands that makes it: in the file, or in a template that it extends."""

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
