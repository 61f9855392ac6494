"""Try: look at one place once, record nothing, and tell how each name there is read."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from contextlib import closing
from datetime import UTC
from typing import Final
from zoneinfo import ZoneInfo

from msgspec import Struct, field
from msgspec.structs import replace

from drcheck import clock, registry
from drcheck.collectors.guarded import Guarded, traced
from drcheck.collectors.pool import Connections
from drcheck.core.history.difference import difference
from drcheck.core.history.source_history import History
from drcheck.core.history.to_parts import parts_of
from drcheck.core.model.evidence import LONG_AGO, Candidate, Fact, FactValue, Gap
from drcheck.core.model.policy import Source
from drcheck.core.names.marker_names import marker_of
from drcheck.core.names.matching import Matcher
from drcheck.core.names.proposing import Proposal, propose
from drcheck.core.names.template import Template
from drcheck.core.names.tool_repositories import Repository, repositories
from drcheck.errors import DrcheckError
from drcheck.interfaces import Account, Collector, Entry, LookRequest, Seek
from drcheck.settings import Settings

PROPOSED_FROM: Final = 2000
"""The newest names that templates are proposed from."""
TEMPLATES: Final = 5
"""At most so many are proposed for one source."""
_SMALL: Final = 1000
"""Bytes; a smaller thing that no template reads is a marker or a digest, not a backup."""


class Trial(Struct, frozen=True):
    """What one look at a place showed."""

    source: Source
    """As it was read; where no template was given, with those proposed."""
    candidates: tuple[tuple[Candidate, str], ...]
    """What was read as backups, the newest data first, each with why it does not or may not count (empty: it does)."""
    unread: tuple[Entry, ...]
    """What no template reads, the newest first; markers and digests of what is read are not among it."""
    small: int
    """How many of these are too small to be a backup."""
    nearest: tuple[Proposal, ...]
    """Templates that would read some of what is not read."""
    names: int
    calls: int
    seconds: float
    links: int
    """Symbolic links there, which are never followed."""
    gaps: tuple[Gap, ...]
    twins: tuple[str, str] | None
    """Two names with the same content."""
    tracebacks: tuple[str, ...]
    noncurrent: frozenset[str] = frozenset()
    """Of versions, those on top of which another one, or a delete marker, lies."""
    repositories: tuple[Repository, ...] = ()
    """Of backup tools that lie there, where no template was asked for."""
    archived: Mapping[str, FactValue] = field(default_factory=dict)
    """What lies, or may lie, in an archive tier, by name."""


def try_source(settings: Settings, source: Source, service: str) -> Trial:
    """Look at a source once; one without templates gets those that its own names propose."""
    begun = clock.monotonic()
    pool = Connections(settings.connections, settings.workers, settings.list_at_most)
    tracebacks: list[str] = []
    try:
        return _looked(settings, source, service, pool, tracebacks, begun)
    except DrcheckError as error:
        return _blind(source, Gap(error.message, error.hint), tracebacks, clock.monotonic() - begun)
    except Exception as error:  # noqa: BLE001  whatever a client meets is a gap of the place, as in a run
        tracebacks.append(traced(error))
        gap = Gap(
            f"what {source.connection} holds made no sense to drcheck: {type(error).__name__}",
            "Look at it by other means; if it is in order, report this with what --verbose prints.",
        )
        return _blind(source, gap, tracebacks, clock.monotonic() - begun)
    finally:
        pool.close()


def _blind(source: Source, gap: Gap, tracebacks: list[str], seconds: float) -> Trial:
    return Trial(source, (), (), 0, (), 0, 0, seconds, 0, (gap,), None, tuple(tracebacks))


def _looked(
    settings: Settings, source: Source, service: str, pool: Connections, tracebacks: list[str], begun: float
) -> Trial:
    connection = settings.connections[source.connection]
    root, name = registry.place(source)
    begin = clock.now()
    with closing(
        Guarded(registry.opener(connection, versions=source.versions)(root, pool), connection, tracebacks)
    ) as collector:
        seen = ListedOnce(collector)
        is_bare = not source.templates and source.reader.reads_names
        tools = repositories(seen.all()) if is_bare else ()
        if is_bare and not tools:
            source = _proposed(source, seen.all())
        if not source.templates and is_bare:
            gaps = seen.gaps()
            unread = tuple(sorted(seen.entries.values(), key=lambda entry: -entry.modified))
            small = sum(entry.size < _SMALL for entry in unread)
            return Trial(
                source, (), unread, small, (), len(unread), collector.calls, clock.monotonic() - begun,
                len(collector.links), gaps, None,
                tuple(tracebacks),
                repositories=tools,
            )  # fmt: skip
        asked = LookRequest(
            LONG_AGO, begin, settings.clock_tolerance, service, verify=True, read_at_most=settings.read_at_most
        )
        observation = registry.reader(source)(seen, source, name, asked)
        calls, links = collector.calls, len(collector.links)
    history = History()
    history.apply(difference(history, observation))
    parts = parts_of(history, source, clock_tolerance=settings.clock_tolerance)
    why_not = {
        part.points.name[row]: doubt.why if doubt.certain else f"may not count: {doubt.why}"
        for part in parts.values()
        for row in range(len(part.points.name))
        if (doubt := part.points.doubt_at(row, begin)) is not None
    }
    # Checks are no rule of a source's own columns: they are taken up where commitments are judged.
    why_not = {
        one.name: f"it is broken: {one.told.how}"
        for one in observation.described
        if one.fact is Fact.CHECKSUM and one.told.holds is False
    } | why_not
    candidates = sorted(observation.candidates, key=lambda candidate: (-candidate.data_hi, candidate.name))
    unlike = _unread(source, seen.entries) if source.reader.reads_names else ()
    unread = tuple(sorted(unlike, key=lambda entry: -entry.modified))
    large = [entry.name for entry in unread if entry.size >= _SMALL][:PROPOSED_FROM]
    return Trial(
        source=source,
        candidates=tuple((candidate, why_not.get(candidate.name, "")) for candidate in candidates),
        unread=unread,
        small=len([entry for entry in unread if entry.size < _SMALL]),
        nearest=tuple(propose(large)[:TEMPLATES]),
        names=len(seen.entries) if source.reader.reads_names else observation.look.names,
        calls=calls,
        seconds=clock.monotonic() - begun,
        links=links,
        gaps=observation.look.gaps,
        twins=_twins(candidates),
        tracebacks=tuple(tracebacks),
        noncurrent=frozenset(entry.name for entry in seen.entries.values() if entry.noncurrent),
        archived={
            candidate.name: candidate.told for candidate in observation.described if candidate.fact is Fact.ARCHIVED
        },
    )


def _proposed(source: Source, entries: Mapping[str, Entry]) -> Source:
    """Return the source with templates that read its newest names; large ones before markers and digests."""
    newest = sorted(entries.values(), key=lambda entry: -entry.modified)
    for least in (_SMALL, 0):
        names = [entry.name for entry in newest if entry.size >= least][:PROPOSED_FROM]
        proposals = propose(names)
        if not proposals:
            continue
        # Of one source all names tell their data set, or none does, and all backups are directories, or none is.
        sort = _sort(proposals[0])
        taken = [each for each in proposals if _sort(each) == sort][:TEMPLATES]
        sets = dict.fromkeys(of for each in taken for of in each.of)
        templates = tuple(dict.fromkeys(each.template for each in taken))
        parsed = [Template.parse(text) for text in templates]
        zone = (source.name_zone or "UTC") if any(not each.has_zone for each in parsed) else ""
        return replace(source, templates=templates, of=tuple(sets) or source.of, name_zone=zone)
    return source


def _sort(proposal: Proposal) -> tuple[bool, bool]:
    return bool(proposal.of), proposal.template.endswith("/")


def _unread(source: Source, entries: Mapping[str, Entry]) -> Iterator[Entry]:
    zone = ZoneInfo(source.name_zone) if source.name_zone else UTC
    match = Matcher(
        [Template.parse(text) for text in source.templates], source.of, zone, kinds=source.kinds, kind=source.kind
    )
    read = {name for name, entry in entries.items() if match(entry.own_name) is not None}
    markers = {marker_of(source.complete_when, name) for name in read} if source.complete_when else set()
    for name, entry in entries.items():
        if name not in read and name not in markers and name.rpartition(".")[0] not in read:
            yield entry


def _twins(candidates: list[Candidate]) -> tuple[str, str] | None:
    first: dict[str, str] = {}
    for candidate in candidates[:10]:
        if candidate.checksum and candidate.checksum in first:
            return first[candidate.checksum], candidate.name
        first[candidate.checksum] = candidate.name
    return None


class ListedOnce(Struct):
    """A collector whose place is listed once, whatever is asked of it."""

    collector: Collector
    seek: Seek = Seek.NONE
    in_place: bool = False
    """What is listed once does not change."""
    entries: dict[str, Entry] = field(default_factory=dict)
    _failed: DrcheckError | None = None
    _done: bool = False

    @property
    def calls(self) -> int:
        """Requests made so far."""
        return self.collector.calls

    @property
    def links(self) -> Sequence[str]:
        """The names of symbolic links that the listing passed over."""
        return self.collector.links

    def all(self) -> Mapping[str, Entry]:
        """Return everything that could be listed, by name."""
        if not self._done:
            self._done = True
            try:
                for entry in self.collector.list(""):
                    self.entries[entry.name] = entry
            except DrcheckError as error:
                self._failed = error
        return self.entries

    def gaps(self) -> tuple[Gap, ...]:
        """Return why the listing is not whole."""
        return () if self._failed is None else (Gap(self._failed.message, self._failed.hint),)

    def list(self, prefix: str, *, after: str = "") -> Iterator[Entry]:
        """Yield what was listed; see :class:`~drcheck.interfaces.Collector`."""
        for name, entry in self.all().items():
            if name.startswith(prefix) and name > after:
                yield entry
        if self._failed is not None:
            raise self._failed

    def read(self, name: str, *, offset: int = 0, at_most: int) -> bytes:
        """Read from the place itself."""
        return self.collector.read(name, offset=offset, at_most=at_most)

    def earlier(self, prefix: str) -> Iterator[Entry]:
        """Ask the place itself."""
        return self.collector.earlier(prefix)

    def describe(self, name: str | None, facts: frozenset[Fact]) -> Mapping[Fact, FactValue]:
        """Ask the place itself."""
        return self.collector.describe(name, facts)

    def clock_offset(self) -> float | None:
        """Measure the clock of the place."""
        return self.collector.clock_offset()

    def account(self) -> Account:
        """Ask the place itself."""
        return self.collector.account()

    def close(self) -> None:
        """Leave the collector to whoever opened it."""
