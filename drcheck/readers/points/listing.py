"""Listing the place where backups lie: as far back as the question needs, with what cannot be a backup told apart."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Sequence
from contextlib import suppress
from datetime import UTC, tzinfo
from functools import cached_property
from itertools import islice

from msgspec import Struct, field

from drcheck.core.model import archive_tiers
from drcheck.core.model.evidence import LONG_AGO, Fact, FactValue, Gap, Unaccounted
from drcheck.core.model.policy import Source
from drcheck.core.names.marker_names import is_like_a_marker, marker_of, may_mark
from drcheck.core.names.matching import Matcher, NameReading
from drcheck.core.names.template import Part, Template
from drcheck.core.time.wallclock import DAY
from drcheck.errors import DrcheckError
from drcheck.interfaces import Collector, CollectorError, Entry, LookRequest, Seek
from drcheck.readers import look_clock
from drcheck.readers.content.checksum_names import holds_checksums, of_several
from drcheck.readers.points import listing_ranges
from drcheck.readers.points.listing_columns import ListingColumns
from drcheck.readers.points.listing_ranges import ListingRange
from drcheck.readers.points.manifests import Manifests
from drcheck.readers.points.markers import Markers
from drcheck.readers.points.multi_file_backups import Backup, assembled
from drcheck.readers.points.unaccounted_names import MOST_KEPT

_SIDE_CAR = re.compile(
    r"\.(?:sha\d+(?:sums?)?(?:\.txt)?|md5(?:sums?)?(?:\.txt)?|sig|asc|sign|json|part|partial|filepart|tmp|crdownload|checkpoint)$|~$",
    re.IGNORECASE,
)
"""What stands beside a backup, or is not one yet: not the name of a data set of its own."""

PAGE = 1000
"""Names in one page of an S3 listing: the first page tells all of a small data set, and how old a large one is."""
AROUND = 10 * PAGE
"""How many names are looked at where what should have come did not."""


class Listing(Struct, dict=True):
    """Everything that one look at a source gives."""

    collector: Collector
    source: Source
    asked: LookRequest
    templates: list[Template]
    zone: tzinfo
    match: Matcher
    rows: ListingColumns = field(default_factory=ListingColumns)
    others: dict[str, Entry] = field(default_factory=dict)
    """Name to what is none: markers, side-cars, partial and foreign files."""
    unlisted: set[str] = field(default_factory=set)
    gaps: list[Gap] = field(default_factory=list)
    links: set[str] = field(default_factory=set)
    """The names of symbolic links there, which are never followed."""
    taken: list[ListingRange] = field(default_factory=list)
    """What was listed to its end."""

    @cached_property
    def markers(self) -> Markers:
        """What stands beside backups and tells of them."""
        manifests = Manifests(self.collector, self.source, self.asked)
        return Markers(self.source, manifests, self.rows, self.others, in_place=self.collector.in_place)

    def gather(self) -> int:
        """List what the question needs; return since when the look can claim to have seen everything."""
        if self.asked.since == LONG_AGO:
            return self._all(listing_ranges.everything(self.templates, self.source.of))
        asked = self._since(self.source.of, self.asked.since)
        if asked == listing_ranges.everything(self.templates, self.source.of):
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

    def look_around(self) -> None:
        """List names that begin otherwise, where what should have come did not: it may have come under another name.

        That is no part of what the look was to show: what of it cannot be seen hides nothing.
        """
        if self.gaps or not any(
            stretch.prefix for stretch in listing_ranges.everything(self.templates, self.source.of)
        ):
            return
        if min(self.rows.newest(self.source.of).values()) >= self.asked.expected_since:
            return
        with suppress(CollectorError):
            for entry in islice(self.collector.list(""), AROUND):
                if entry.name not in self.rows and self.match(entry.name) is None:
                    self.others.setdefault(entry.name, entry)

    def shows(self, prefix: str) -> bool:
        """Return whether all names that begin with ``prefix`` were listed."""
        return any(prefix.startswith(part.prefix) and part.after < prefix for part in self.taken)

    def archived(self) -> dict[str, FactValue]:
        """Return which files of recovery points lie, or may lie, in an archive tier: all others are read at once."""
        return {
            name: archive_tiers.settled(told, modified, self.asked.begin)
            for name, told, modified in self.rows.archived()
            if told not in {None, archive_tiers.AT_HAND}
        }

    def kept_within(self) -> dict[str, Entry]:
        """Return the files with checksums that lie in directories which are backups, by name."""
        if not any(template.is_directory for template in self.templates):
            return {}
        return {
            name: entry
            for name, (named, entry) in self.rows.items()
            if named.whole.endswith("/") and holds_checksums(name)
        }

    def unread_sums(self) -> tuple[Gap, ...]:
        """Return that checksums beside versions are not read."""
        name = next((entry.own_name for entry in self.others.values() if holds_checksums(entry.own_name)), "")
        if not self.source.versions or not name:
            return ()
        gap = Gap(
            f"{name} is not read: of which version it holds the checksum nobody can tell",
            "Give each backup a name of its own; the storage's checksums are compared as they are.",
            fact=Fact.DIGEST,
        )
        return (gap,)

    def linked(self) -> tuple[tuple[Gap, ...], int]:
        """Return what symbolic links hide, and since when they hide nothing.

        They hide names of backups of an instant of which nothing else there is. Where names tell no instant, a link to
        the newest of them hides nothing. What is older than the question is no gap: the look cannot claim to have seen
        as far back.
        """
        if not self.links:
            return (), LONG_AGO
        told = {(named.of, named.data_lo) for named, _ in self.rows.values()}
        sets = {of for of, _ in told}
        hidden: list[str] = []
        seen_from = LONG_AGO
        for name in sorted(self.links):
            named = self._linked(name)
            if named is None or (named.of in sets if named.data_hi is None else (named.of, named.data_lo) in told):
                continue
            if named.data_hi is not None and named.data_hi < self.asked.since:
                seen_from = max(seen_from, named.data_hi + 1)
            else:
                hidden.append(name)
        if not hidden:
            return (), seen_from
        others = len(hidden) - 1
        what = f"{hidden[-1]} and {others} more are symbolic links" if others else f"{hidden[-1]} is a symbolic link"
        gap = Gap(
            f"{what}: what lies behind links is not seen",
            "Name where the files themselves lie in `at`, or let no template read the names of links.",
        )
        return (gap,), seen_from

    def _linked(self, name: str) -> NameReading | None:
        """Return what the name of a link tells, of a file or of a directory in which backups, or their files, lie."""
        return (
            self.match(name) or self.match(f"{name}/x") or next(filter(None, (way(name) for way in self._ways)), None)
        )

    @cached_property
    def _ways(self) -> Sequence[Matcher]:
        """What reads the names of the directories in which templates have their backups, but for wildcards."""
        found = []
        for template in self.templates:
            for slash in re.finditer("/(?=.)", template.text):
                with suppress(DrcheckError):  # a part of an instant, or text alone, tells nothing
                    way = Template.parse(template.text[: slash.start()])
                    if not way.has(Part.ANY) and (way.has_of or way.has_instant):
                        source = self.source
                        found.append(Matcher(way, source.of, self.zone, kinds=source.kinds, kind=source.kind))
        return found

    def links_alone(self) -> tuple[Unaccounted, ...]:
        """Return the links of a place that shows no backup, as names that nothing accounts for."""
        told = sorted(self.links)[:MOST_KEPT] if not self.rows else ()
        return tuple(Unaccounted(f"{name} (a symbolic link)", self.asked.begin, newer=False) for name in told)

    def accounts_for(self, name: str) -> bool:
        """Return whether a name that is no backup belongs to one, or is of a data set that nobody listed."""
        return is_like_a_marker(self.source.complete_when, name) or bool(self.match.unlisted(name))

    def backups(self, names: Iterable[str] | None = None) -> list[Backup]:
        """Return what the files of these names, None: all, are or are pieces of, the newest data first."""
        rows = [(name, *self.rows[name]) for name in (self.rows if names is None else names) if name in self.rows]
        marking: set[str] = set()
        if self.source.complete_when:
            wholes = {(name, named.whole) for name, named, _ in rows}
            marking = {marker_of(self.source.complete_when, each) for pair in wholes for each in pair if each}
        # A marker that lies in a directory that is the backup, or looks like a backup itself, is none.
        backups = assembled((named, entry) for name, named, entry in rows if name not in marking)
        return sorted(backups, key=lambda one: (one.named.data_hi or one.entry.modified, one.entry.name), reverse=True)

    def _marks_another(self, name: str) -> bool:
        backup = may_mark(self.source.complete_when, name) if self.source.complete_when else ""
        return bool(backup) and self.match(backup) is not None

    def _since(self, of: tuple[str, ...], instant: int) -> list[ListingRange]:
        in_utc = self.zone is UTC and not any("z" in template.directives for template in self.templates)
        return listing_ranges.ranges_since(
            self.templates,
            of,
            kinds=self.source.kinds,
            instant=instant,
            until=self.asked.begin,
            in_utc=in_utc,
            seek=self.collector.seek,
        )

    def _all(self, asked: Iterable[ListingRange]) -> int:
        for stretch in asked:
            self._take(stretch)
        return LONG_AGO

    def _look_further(self, of: tuple[str, ...]) -> int:
        """List further back, for data sets of which the window held nothing; return how far back that was.

        Where a listing can start anywhere, that takes one page, one request for each doubling of the window, and the
        page or pages that hold the newest backup; all of a bucket is never listed to find it.
        """
        everything = listing_ranges.ranges_of_all(self.templates, of)
        if self.collector.seek is not Seek.AFTER:
            return self._all(everything)
        first = [self._take(stretch, at_most=PAGE) for stretch in everything]
        if all(len(names) < PAGE for names in first):
            return LONG_AGO
        for names in first:
            self._drop_cut(names)
        good_ones = (one for names in first for one in self.backups(names) if self._is_good(one, read=False))
        oldest = min((one.named.data_lo for one in good_ones if one.named.data_lo is not None), default=None)
        if oldest is None:
            return self._all(everything)
        distance = max(self.asked.begin - self.asked.since, DAY)
        while not self.gaps:
            distance *= 2
            since = self.asked.begin - distance
            good = [self._any_good(self._take(stretch)) for stretch in self._since(of, since)]
            if any(good) or since <= oldest:
                return since
        return self.asked.since

    def _any_good(self, names: list[str]) -> bool:
        """Return whether one of ``names`` is a complete backup of the least size: all that one look can tell."""
        return any(self._is_good(backup) for backup in self.backups(names))

    def _is_good(self, backup: Backup, *, read: bool = True) -> bool:
        """Return whether a backup is complete and of the least size; ``read`` what a file says of that only if so."""
        pieces = backup.pieces(self.source.parts, young=False)
        if backup.entry.size < self.source.least_size or (pieces is not None and pieces.number < pieces.wanted):
            return False
        markers = self.markers.of(backup)
        return markers is not None and (
            not read or (said := self.markers.say(backup, markers)) is None or said.holds is True
        )

    def _drop_cut(self, names: list[str]) -> None:
        """Forget the last backup of a page that was cut off, if it consists of several files: some were not listed."""
        cut = next((row[0].whole for name in reversed(names) if (row := self.rows.get(name)) is not None), "")
        if cut and len(names) >= PAGE:
            for name in names:
                if (row := self.rows.get(name)) is not None and row[0].whole == cut:
                    del self.rows[name]

    def _take(self, stretch: ListingRange, *, at_most: int | None = None) -> list[str]:
        """List one stretch, or only its beginning; what was seen before a failure stays, and is a gap."""
        taken: list[str] = []
        for part in self._with_markers(stretch):
            try:
                for entry in islice(self._listed(part), at_most):
                    taken.append(entry.name)
                    self._put(entry)
            except CollectorError as error:
                self.gaps.append(look_clock.gap(error))
                break
            finally:
                self.links.update(self.collector.links)
            if at_most is None:
                self.taken.append(part)
        return taken

    def _listed(self, part: ListingRange) -> Iterator[Entry]:
        """List one stretch; where whole directories are walked, with the lists of checksums that lie in its own."""
        if self.collector.seek is not Seek.NONE:
            yield from self.collector.list(part.prefix, after=part.after)
            return
        directory = part.prefix[: part.prefix.rfind("/") + 1]
        for entry in self.collector.list(directory, after=part.after):
            name = entry.name
            if name.startswith(part.prefix) or ("/" not in name[len(directory) :] and of_several(name)):
                yield entry

    def _with_markers(self, stretch: ListingRange) -> Iterable[ListingRange]:
        """Yield ``stretch``, and the one that holds its markers where they lie elsewhere."""
        before, field, _ = self.source.complete_when.partition("{name}")
        if self.source.complete_when and not field:
            # A marker in the same directory may sort before the names that are asked for: it lists whole directories.
            before = before.partition("{stem}")[0] if "{stem}" in before else ""
            prefix, after = (f"{text.rpartition('/')[0]}/" if "/" in text else "" for text in stretch[:2])
            stretch = ListingRange(prefix, after if after > prefix else "", stretch.of)
        yield stretch
        if before:
            after = before + stretch.after if stretch.after else ""
            yield ListingRange(before + stretch.prefix, after, stretch.of)

    def _put(self, entry: Entry) -> None:
        # A name may come twice where listings overlap, with something newer under it: that one stands.
        if entry.name in self.rows:
            told, before = self.rows[entry.name]
            self.rows.put(told, _newer(before, entry))
        elif entry.name in self.others:
            self.others[entry.name] = _newer(self.others[entry.name], entry)
        elif (named := self.match(entry.own_name)) is not None and not self._marks_another(entry.name):
            self.rows.put(named, entry)
        else:
            self.others[entry.name] = entry
            if not _SIDE_CAR.search(entry.own_name) and (unlisted := self.match.unlisted(entry.own_name)):
                self.unlisted.add(unlisted)


def _newer(one: Entry, other: Entry) -> Entry:
    return max(one, other, key=lambda entry: (entry.modified, entry.size, entry.arrived_hi, entry.checksum))
