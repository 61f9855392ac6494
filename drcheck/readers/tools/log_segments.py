"""A place with base backups of PostgreSQL and the log archive beside them, looked at by the names that lie there.

Listed is what the question needs: the segments of the newest full backup before the time that is judged, and what came
since. Every base backup is told, as their list is short.
"""

from __future__ import annotations

from array import array
from collections import defaultdict
from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import Final, NamedTuple

from msgspec import Struct, field

from drcheck.core.model.candidate_columns import CandidateColumns
from drcheck.core.model.evidence import LONG_AGO, Described, Fact, FactValue, Gap
from drcheck.core.model.observation import Observation
from drcheck.core.model.policy import Source
from drcheck.core.names import wal
from drcheck.core.rules import log_archives
from drcheck.interfaces import Collector, CollectorError, Entry, LookRequest, NotFound
from drcheck.readers import arrivals, look_clock
from drcheck.readers.tools import base_backups, listing
from drcheck.readers.tools.base_backups import Base
from drcheck.readers.tools.listing import Backups, Refused

_HISTORY: Final = 64 << 10
"""Bytes of a history file; PostgreSQL writes a line for each timeline."""


class Archive(NamedTuple):
    """What one data set has at a place."""

    of: str
    bases: Sequence[Base]
    names: Mapping[str, str]
    """Label of a base backup to its name there."""
    lineages: Sequence[str]
    """Where its segments lie, as names begin."""
    folders: bool
    """Whether those of one timeline and log file have a folder of their own there."""


Find = Callable[[Collector, Source], Sequence[Archive]]
"""Finds the base backups of each data set; raises :class:`~drcheck.readers.tools.listing.Refused`."""


def read(find: Find, collector: Collector, source: Source, asked: LookRequest) -> Observation:
    """Look at a place once."""
    before, seen = collector.calls, _Seen(source, asked)
    gaps: list[Gap] = []
    offset: float | None = None
    backups = Backups(())
    asked_from: list[int] = []
    number = 0
    try:
        offset, beyond = look_clock.clock_of(collector, source, asked)
        gaps += beyond
        for archive in find(collector, source):
            oldest = _listed_from(archive.bases, asked.judged_since)
            its = base_backups.understood(archive.of, archive.bases, archive.names, archived=True)
            backups = Backups((*backups.candidates, *its.candidates), told=(*backups.told, *its.told))
            asked_from.append(LONG_AGO if oldest is None else oldest.stop)
            for lineage in archive.lineages:
                number += seen.list(collector, archive, lineage, oldest)
    except Refused as refused:
        gaps.append(refused.gap)
    except NotFound as error:
        what = f"there is nothing of {source.reader} at {source.place} ({error.message})"
        gaps.append(Gap(what, "Name the directory of the repository in `at`."))
    except CollectorError as error:
        gaps.append(look_clock.gap(error))
    told = [*backups.told, *seen.followed(collector)]
    candidates = CandidateColumns.made_of(list(backups.candidates))
    candidates.extend(seen.columns())
    look = look_clock.close_look(
        source, asked, asked_from=max(asked_from, default=LONG_AGO), gaps=(*gaps, *seen.gaps), clock_offset=offset,
        calls=collector.calls - before, names=number + len(backups.candidates), matched=len(candidates),
    )  # fmt: skip
    return Observation(
        look, candidates, described=(*told, *listing.described(Backups(candidates), source, asked)),
        unread=number - len(seen.name),
    )  # fmt: skip


def _listed_from(bases: Sequence[Base], since: int) -> Base | None:
    """Return the backup from whose first segment on all is listed; None: the archive is listed whole.

    Needed is the newest full backup before what is judged, with its own segments. What lies before the backup before
    that had come by the time that one ended, so that nothing that came later is missed.
    """
    fulls = [one for one in bases if one.kind == "full" and one.stop <= since and one.first and not one.why_not]
    if not fulls or not all(one.first for one in bases):
        return None
    needed = max(fulls, key=lambda one: one.stop)
    return max((one for one in bases if one.stop < needed.start), key=lambda one: one.stop, default=None)


class _Seen(Struct):
    """The segments that a look lists, as columns: there may be millions."""

    source: Source
    asked: LookRequest
    name: list[str] = field(default_factory=list)
    of: list[str] = field(default_factory=list)
    arrived_lo: array[int] = field(default_factory=lambda: array("q"))
    arrived_hi: array[int] = field(default_factory=lambda: array("q"))
    size: array[int] = field(default_factory=lambda: array("q"))
    checksum: list[str] = field(default_factory=list)
    histories: dict[tuple[str, int], str] = field(default_factory=dict)
    """Lineage and timeline to the name of the file that says where it left its parent."""
    told: dict[str, set[int]] = field(default_factory=lambda: defaultdict(set))
    """Lineage to the sizes of segments that base backups tell."""
    later: set[str] = field(default_factory=set)
    """Lineages with segments of timelines beyond the first."""
    gaps: list[Gap] = field(default_factory=list)

    def list(self, collector: Collector, archive: Archive, lineage: str, oldest: Base | None) -> int:
        """List the segments of one lineage; return how many names there are."""
        number = 0
        self.told[lineage] |= {base.segment_size for base in archive.bases if base.lineage == lineage} - {0}
        for entry in collector.list(lineage, after=_before(archive, lineage, oldest)):
            number += 1
            if (found := wal.segment_of(entry.name)) is not None:
                self._add(archive.of, entry)
            elif (told := wal.history_of(entry.name)) is not None:
                self.histories[told] = entry.name
            if found is not None and found.timeline > 1:
                self.later.add(found.lineage)
        return number

    def _add(self, of: str, entry: Entry) -> None:
        arrived_lo, arrived_hi = arrivals.arrival(self.source, entry)
        self.name.append(entry.name)
        self.of.append(of)
        self.arrived_lo.append(arrived_lo)
        self.arrived_hi.append(arrived_hi)
        self.size.append(entry.size)
        self.checksum.append(entry.checksum)

    def columns(self) -> CandidateColumns:
        """Return the segments as recovery points: each is of the instant at which it was archived, at the earliest."""
        number = len(self.name)
        return CandidateColumns(
            self.name, self.of, ["log"] * number, self.arrived_lo[:], self.arrived_lo[:], self.arrived_lo,
            self.arrived_hi, self.size, self.checksum, [True] * number, [None] * number,
        )  # fmt: skip

    def followed(self, collector: Collector) -> Iterator[Described]:
        """Yield which segment the first one of each later timeline follows, and what such a timeline left behind."""
        if not self.later:
            return
        places: dict[str, dict[int, dict[int, int]]] = defaultdict(lambda: defaultdict(dict))
        largest: dict[str, int] = defaultdict(int)
        by_files: dict[str, set[int]] = defaultdict(set)
        for name, size in zip(self.name, self.size, strict=True):
            if (found := wal.segment_of(name)) is not None and found.lineage in self.later:
                largest[found.lineage] = max(largest[found.lineage], found.segment)
                by_files[found.lineage] |= {wal.size_by_file(name, size)} - {0}
        per_log = {
            lineage: wal.numbering(most, self.told[lineage] or by_files[lineage]).per_log
            for lineage, most in largest.items()
        }
        for row, name in enumerate(self.name):
            if (found := wal.segment_of(name)) is not None and found.lineage in self.later:
                places[found.lineage][found.timeline][found.number(per_log[found.lineage])] = row
        for lineage, timelines in places.items():
            for timeline in sorted(timelines):
                if timeline > 1:
                    yield from self._of_timeline(collector, lineage, timeline, timelines, per_log[lineage])

    def _of_timeline(
        self,
        collector: Collector,
        lineage: str,
        timeline: int,
        timelines: Mapping[int, Mapping[int, int]],
        per_log: int,
    ) -> Iterator[Described]:
        if (file := self.histories.get((lineage, timeline))) is None:
            return
        try:
            content = collector.read(file, at_most=_HISTORY)
            switches = wal.switches(content.decode("ascii"))
        except (CollectorError, UnicodeDecodeError) as error:
            switches, why = None, error.message if isinstance(error, CollectorError) else "it is no text"
        else:
            why = "it names no timeline"
        if switches is None:
            hint = "Let the archive keep history files as PostgreSQL writes them, uncompressed."
            self.gaps.append(Gap(f"{file}, which says what timeline {timeline} follows, cannot be read: {why}", hint))
            return
        parent, left_at = switches[-1]
        segment = left_at // ((1 << 32) // per_log)
        first = min(timelines[timeline])
        row = timelines[timeline][first]
        if first >= segment > 0:
            before = wal.name_of(wal.timeline_at(switches, segment - 1, per_log), segment - 1, per_log)
            right_before = before if first == segment else wal.name_of(timeline, first - 1, per_log)
            yield Described(
                self.name[row], Fact.NEEDS, FactValue(True, log_archives.needed(lineage, before, right_before))
            )
        for number, other in timelines.get(parent, {}).items():
            if number >= segment and self.arrived_lo[other] > self.arrived_lo[row]:
                why = f"timeline {timeline} left timeline {parent} before it, and both were archived since"
                yield Described(self.name[other], Fact.STATE, FactValue(None, why))


def _before(archive: Archive, lineage: str, oldest: Base | None) -> str:
    """Return the name after which a listing of a lineage holds all that is needed; empty: all of it is."""
    if oldest is None or oldest.lineage != lineage or not oldest.first:
        return ""
    place = f"{lineage}{oldest.first[:16]}/" if archive.folders else lineage
    but_last, last = oldest.first[:-1], oldest.first[-1]
    # Names go on after the digits with a dot or a hyphen, both of which sort before a tilde.
    return f"{place}{but_last}" if last == "0" else f"{place}{but_last}{int(last, 16) - 1:X}~"
