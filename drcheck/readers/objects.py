"""Backups that lie as files or objects: the name tells data set, instant and kind, the place tells arrival and size.

What does not match the template (side-cars, partial files, anything else) is counted and is never a candidate. Times
are judged as ``judging.md`` says: what is uncertain stays a pair.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from contextlib import suppress
from dataclasses import dataclass, field
from datetime import UTC, tzinfo
from itertools import islice
from zoneinfo import ZoneInfo

from drcheck.core.asking import unreadable
from drcheck.core.evidence import FOREVER, LONG_AGO, Candidate, Described, Gap, Observation
from drcheck.core.matching import Matcher, Named
from drcheck.core.naming import Template
from drcheck.core.policy import Arrival, Source
from drcheck.core.wallclock import DAY
from drcheck.errors import DrcheckError
from drcheck.interfaces import Asked, Collector, CollectorError, Entry, Seek
from drcheck.readers import looking, stretches
from drcheck.readers.stretches import Stretch

_SIDE_CAR = re.compile(
    r"\.(?:sha\d+|md5|sig|asc|sign|json|part|partial|filepart|tmp|crdownload|checkpoint)$|~$", re.IGNORECASE
)
"""What stands beside a backup, or is not one yet: not the name of a data set of its own."""

PAGE = 1000
"""Names in one page of an S3 listing: the first page tells all of a small data set, and how old a large one is."""


def read(collector: Collector, source: Source, name: str, asked: Asked) -> Observation:
    """Look at a source whose backups are told by their names; ``name`` is not used, the whole place is looked at."""
    del name
    try:
        template, zone = _names(source)
        listing = _Listing(collector, source, asked, template, zone, Matcher(template, source.of, zone))
    except DrcheckError as error:
        gap = Gap(error.message, error.hint)
        return Observation(looking.look(source, asked, asked_from=LONG_AGO, gaps=(gap,)))
    before = collector.calls
    if asked.facts:
        # Imported here: few policies promise more than what a listing shows, and it takes all that reads contents.
        from drcheck.readers import describing

        if locks := asked.facts & describing.LOCKS:
            # Azure's listing tells of locks where the place has told that there may be any. What fails now fails again.
            with suppress(CollectorError):
                collector.describe(None, locks)
    asked_from = listing.gather()
    gaps, offset = tuple(listing.gaps), None
    if not gaps or listing.rows:
        offset, beyond = looking.clock_of(collector, source, asked)
        gaps += beyond
    ahead = offset if offset is not None and abs(offset) > asked.clock_tolerance else 0.0
    candidates = listing.candidates(ahead)
    described: tuple[Described, ...] = ()
    if asked.facts:
        from drcheck.readers import describing

        beside = None if listing.gaps else listing.others
        described, untold = describing.describe(collector, source, candidates, asked, beside)
        gaps += untold
    return Observation(
        look=looking.look(
            source, asked, asked_from=asked_from, gaps=gaps, clock_offset=offset, calls=collector.calls - before
        ),
        candidates=candidates,
        described=described,
        unlisted=tuple(sorted(listing.unlisted)),
        unread=len(listing.others),
    )


def _names(source: Source) -> tuple[Template, tzinfo]:
    """Return how the source's names are made, and the zone of their instants."""
    template = Template.parse(source.template)
    for fault in unreadable(
        template,
        sets=len(source.of),
        name_zone=bool(source.name_zone),
        available_at=source.available_at,
        complete_when=source.complete_when,
    ):
        raise DrcheckError(f"{fault.key} of source {source.name}: {fault.what}", fault.hint)
    if not template.has_instant or template.has_zone:
        return template, UTC
    return template, UTC if source.name_zone in {"UTC", "Etc/UTC"} else ZoneInfo(source.name_zone)


@dataclass(slots=True)
class _Listing:
    """Everything that one look at a source gives."""

    collector: Collector
    source: Source
    asked: Asked
    template: Template
    zone: tzinfo
    match: Matcher
    rows: dict[str, tuple[Named, Entry]] = field(default_factory=dict)
    """Name to what may be a backup."""
    others: dict[str, Entry] = field(default_factory=dict)
    """Name to what is none: markers, side-cars, partial and foreign files."""
    unlisted: set[str] = field(default_factory=set)
    gaps: list[Gap] = field(default_factory=list)

    def gather(self) -> int:
        """List what the question needs; return since when the look can claim to have seen everything."""
        if self.asked.since == LONG_AGO:
            return self._all(stretches.everything(self.template, self.source.of))
        asked = self._since(self.source.of, self.asked.since)
        if asked == stretches.everything(self.template, self.source.of):
            return self._all(asked)
        found: dict[tuple[str, ...], bool] = {}
        for stretch in asked:
            names = self._take(stretch)
            found[stretch.of] = found.get(stretch.of, False) or self._any_good(names)
            if self.gaps:
                break
        # Of a data set whose backups stopped before the window, the newest one is still looked for.
        reached = [self._look_further(of) for of, good in found.items() if not good and not self.gaps]
        return max(reached) if len(reached) == len(found) else self.asked.since

    def candidates(self, ahead: float) -> list[Candidate]:
        """Return what may be recovery points, in order; ``ahead``: how far the far clock cannot be trusted."""
        made = []
        for name, (named, entry) in self.rows.items():
            marker = self.others.get(self._marker(name)) if self.source.complete_when else entry
            if marker is None and self.gaps:
                continue  # the listing broke off: whether the marker stands there is not known
            made.append(self._candidate(named, entry, marker, ahead))
        return sorted(made, key=lambda one: (one.of, one.data_lo, one.name))

    def _candidate(self, named: Named, entry: Entry, marker: Entry | None, ahead: float) -> Candidate:
        """Judge the times of one backup; ``marker`` is itself where none is asked for, None where it is missing."""
        longest = self.source.max_duration
        arrived_lo, arrived_hi = self._arrival(entry, ahead)
        data_lo, data_hi = named.data_lo, named.data_hi
        if data_lo is None or data_hi is None:
            data_lo, data_hi = arrived_lo - (longest or 0), arrived_hi
        if self.source.available_at is Arrival.NAME:
            # Where its longest duration is not told, it cannot have come later than the storage says.
            arrived_lo = data_lo
            arrived_hi = data_hi + longest if longest is not None else max(data_lo, entry.arrived_hi)
        elif marker is not None and marker is not entry:
            marked_lo, marked_hi = self._arrival(marker, ahead)
            arrived_lo, arrived_hi = max(arrived_lo, marked_lo), max(arrived_hi, marked_hi)
        return Candidate(
            entry.name, named.of, named.kind, data_lo, data_hi, arrived_lo, arrived_hi, entry.size, entry.checksum,
            complete=marker is not None,
        )  # fmt: skip

    def _arrival(self, entry: Entry, ahead: float) -> tuple[int, int]:
        """Return between which instants ``entry`` was complete and here, as the place tells it."""
        if self.source.available_at is Arrival.MTIME:
            return entry.modified, entry.modified
        lo, hi = entry.arrived_lo, entry.arrived_hi
        if hi == FOREVER and self.source.max_duration is not None:
            hi = lo + self.source.max_duration
        wrong = int(abs(ahead)) + 1 if ahead else 0
        return lo - (wrong if ahead > 0 else 0), hi if hi == FOREVER or ahead >= 0 else hi + wrong

    def _marker(self, name: str) -> str:
        return self.source.complete_when.replace("{name}", name)

    def _marks_another(self, name: str) -> bool:
        if not self.source.complete_when:
            return False
        before, _, after = self.source.complete_when.partition("{name}")
        if not name.startswith(before) or not name.endswith(after):
            return False
        return self.match(name[len(before) : len(name) - len(after)]) is not None

    def _since(self, of: tuple[str, ...], instant: int) -> list[Stretch]:
        in_utc = self.zone is UTC and "z" not in self.template.directives
        return stretches.since(
            self.template, of, instant=instant, until=self.asked.begin, in_utc=in_utc, seek=self.collector.seek
        )

    def _all(self, asked: Iterable[Stretch]) -> int:
        for stretch in asked:
            self._take(stretch)
        return LONG_AGO

    def _look_further(self, of: tuple[str, ...]) -> int:
        """List further back, for data sets of which the window held nothing; return how far back that was.

        Where a listing can start anywhere, that takes one page, one request for each doubling of the window, and the
        page or pages that hold the newest backup; all of a bucket is never listed to find it.
        """
        everything = stretches.whole(self.template, of)
        if self.collector.seek is not Seek.AFTER:
            self._take(everything)
            return LONG_AGO
        first = self._take(everything, at_most=PAGE)
        if len(first) < PAGE:
            return LONG_AGO
        oldest = min((self._data(name) for name in first if self._any_good([name])), default=None)
        if oldest is None:
            self._take(everything)
            return LONG_AGO
        distance = max(self.asked.begin - self.asked.since, DAY)
        while not self.gaps:
            distance *= 2
            since = self.asked.begin - distance
            good = [self._any_good(self._take(stretch)) for stretch in self._since(of, since)]
            if any(good) or since <= oldest:
                return since
        return self.asked.since

    def _data(self, name: str) -> int:
        data = self.rows[name][0].data_lo
        assert data is not None, "a listing is only narrowed where names tell the instant"
        return data

    def _any_good(self, names: list[str]) -> bool:
        """Return whether one of ``names`` is a complete backup of the least size: all that one look can tell."""
        marked = bool(self.source.complete_when)
        return any(
            name in self.rows
            and self.rows[name][1].size >= self.source.min_size
            and (not marked or self._marker(name) in self.others)
            for name in names
        )

    def _take(self, stretch: Stretch, *, at_most: int | None = None) -> list[str]:
        """List one stretch, or only its beginning; what was seen before a failure stays, and is a gap."""
        taken: list[str] = []
        for part in self._with_markers(stretch):
            try:
                for entry in islice(self.collector.list(part.prefix, after=part.after), at_most):
                    taken.append(entry.name)
                    self._put(entry)
            except CollectorError as error:
                self.gaps.append(looking.gap(error))
                break
        return taken

    def _with_markers(self, stretch: Stretch) -> Iterable[Stretch]:
        """Yield ``stretch``, and the one that holds its markers where they lie elsewhere."""
        yield stretch
        elsewhere = self.source.complete_when.partition("{name}")[0]
        if elsewhere:
            after = elsewhere + stretch.after if stretch.after else ""
            yield Stretch(elsewhere + stretch.prefix, after, stretch.of)

    def _put(self, entry: Entry) -> None:
        # A name may come twice where listings overlap, with something newer under it: that one stands.
        row = self.rows.get(entry.name)
        if row is not None:
            self.rows[entry.name] = row[0], _newer(row[1], entry)
        elif entry.name in self.others:
            self.others[entry.name] = _newer(self.others[entry.name], entry)
        elif (named := self.match(entry.name)) is not None and not self._marks_another(entry.name):
            self.rows[entry.name] = named, entry
        else:
            self.others[entry.name] = entry
            if not _SIDE_CAR.search(entry.name) and (unlisted := self.match.unlisted(entry.name)):
                self.unlisted.add(unlisted)


def _newer(one: Entry, other: Entry) -> Entry:
    return max(one, other, key=lambda entry: (entry.modified, entry))
