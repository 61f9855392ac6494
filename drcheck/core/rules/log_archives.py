"""A log segment counts only if a base backup stands from which every segment up to it can be replayed.

PostgreSQL replays its write-ahead log from a base backup's first segment on, one after the other, and stops at the
first that is not there (https://www.postgresql.org/docs/15/continuous-archiving.html). A base backup itself restores
only with the segments from its begin to its end. So a hole in the sequence ends what can be restored until the next
base backup that begins after it, whether any look ever saw what is missing or not: which segment follows which their
names tell (:mod:`drcheck.core.names.wal`), and what a base backup needs, or which segment the first of a timeline
follows, a reader tells as :data:`~drcheck.core.model.evidence.Fact.NEEDS`.

Segments are archived by several processes at once, so that a newer one may come before an older one. What is missing is
certainly missing only once a complete look, begun :data:`SETTLED` seconds or more after a later segment came, did not
show it; until then nobody knows.
"""

from __future__ import annotations

from bisect import bisect_left
from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from typing import Final, NamedTuple

from msgspec import Struct, field
from msgspec.structs import replace

from drcheck.core import words
from drcheck.core.model.evidence import ALWAYS, FOREVER, LONG_AGO, Fact
from drcheck.core.model.points import Doubt, Points
from drcheck.core.names import wal
from drcheck.core.rules.interface import RuleInput
from drcheck.core.time.spans import Span, Spans, difference, intersection, union

SETTLED: Final = 600
"""Seconds after which a segment that was archived before a later one has come as well."""

_DEFAULT: Final = wal.numbering(0, {wal.DEFAULT_SIZE})

Key = tuple[str, int, int]
"""Lineage, timeline and place in the sequence of one segment."""


class Presence(NamedTuple):
    """When something stands, or can be restored: surely, and possibly."""

    surely: Spans
    maybe: Spans

    def both(self, other: Presence) -> Presence:
        """Return when this and another thing do."""
        surely = intersection(self.surely, other.surely)
        exact = self.maybe is self.surely and other.maybe is other.surely
        return Presence(surely, surely if exact else intersection(self.maybe, other.maybe))

    def covers(self, other: Presence) -> bool:
        """Return whether it surely does throughout a single span in which the other one may."""
        if len(self.surely) != 1 or len(other.maybe) != 1:
            return False
        (mine,), (its,) = self.surely, other.maybe
        return mine.start <= its.start and its.end <= mine.end

    def either(self, other: Presence) -> Presence:
        """Return when at least one of two things does."""
        if not other.maybe or self == other:
            return self
        surely = union((*self.surely, *other.surely))
        exact = self.maybe is self.surely and other.maybe is other.surely
        return Presence(surely, surely if exact else union((*self.maybe, *other.maybe)))


NEVER: Final = Presence((), ())
_ALL: Final = (ALWAYS,)
_AT_ALL_TIMES: Final = Presence(_ALL, _ALL)
_PERHAPS: Final = Presence((), _ALL)


def apply(points: Points, shown: RuleInput) -> Points:
    """Doubt base backups whose own segments are not there, and segments that cannot be replayed from any."""
    if "log" not in points.kind and not any(fact is Fact.NEEDS for _, fact in points.facts):
        return points
    logs = ((row, points.name[row]) for row, kind in enumerate(points.kind) if kind == "log")
    segments = {row: found for row, name in logs if (found := wal.segment_of(name)) is not None}
    archive = _Archive(points, shown.complete_looks(), segments)
    doubts = {row: those for row in (*archive.bases, *segments) if (those := tuple(archive.doubts(row)))}
    return replace(points.doubting(doubts), own_chain=archive.based_on())


def needed(lineage: str, first: str, last: str, size: int = 0) -> str:
    """Return how a fact says which segments something needs, the first and the last included.

    ``size``: how many bytes each has, where what needs them tells it.
    """
    return f"{first} {last} {size} {lineage}"


class _Archive(Struct):
    """The segments and base backups of one source and data set."""

    points: Points
    complete_looks: Sequence[tuple[int, int]]
    segments: Mapping[int, wal.Segment]
    numbering: dict[str, wal.Numbering] = field(default_factory=dict)
    """Lineage to how its segments go on from one log file to the next."""
    rows: dict[Key, list[int]] = field(default_factory=lambda: defaultdict(list))
    """Segment to its files."""
    bases: dict[int, tuple[Key, Key]] = field(default_factory=dict)
    """Row of a base backup to its first and last segment."""
    follows: dict[Key, tuple[Key, Key]] = field(default_factory=dict)
    """The first segment of a timeline to the last one of its parent, and to what lies right before it."""
    perhaps: dict[Key, Key] = field(default_factory=dict)
    """The first segment of a log file to the last of the log file before, where nobody knows if that is whole."""
    chains: dict[Key, Presence] = field(default_factory=dict)
    """When what lies before a segment can be restored up to its end."""
    broken_by: dict[Key, str] = field(default_factory=dict)
    """What breaks the chain of a segment, if anything does."""
    base_of: dict[Key, int] = field(default_factory=dict)
    """Segment to the row of the newest base backup from which it can be replayed, if there is one."""
    harm: dict[str, tuple[int, int, int]] = field(default_factory=dict)
    """What breaks chains to how many segments that ends, and the oldest and newest instant of their data."""
    _standing: dict[int, Presence] = field(default_factory=dict)

    def __post_init__(self) -> None:
        self._number()
        for row, found in self.segments.items():
            self.rows[self._key(found)].append(row)
        for (row, fact), steps in self.points.facts.items():
            if fact is not Fact.NEEDS or (ends := self._ends(steps[-1][1].how)) is None:
                continue
            if row in self.segments:
                key = self._key(self.segments[row])
                if ends[0][2] <= ends[1][2] < key[2]:
                    self.follows[key] = ends
            else:
                self.bases[row] = self._bounded(ends)
        self._join_log_files()
        self._replay()

    def _number(self) -> None:
        """Find out how segments are numbered: by what base backups tell, else by files that hold one uncompressed."""
        largest: dict[str, int] = defaultdict(int)
        by_files: dict[str, set[int]] = defaultdict(set)
        by_bases: dict[str, set[int]] = defaultdict(set)
        for row, found in self.segments.items():
            largest[found.lineage] = max(largest[found.lineage], found.segment)
            if size := wal.size_by_file(self.points.name[row], self.points.size[row]):
                by_files[found.lineage].add(size)
        for (_, fact), steps in self.points.facts.items():
            if fact is Fact.NEEDS:
                _, _, told, lineage = steps[-1][1].how.split(" ", 3)
                by_bases[lineage] |= {int(told)} - {0}
        self.numbering = {
            lineage: wal.numbering(most, by_bases[lineage] or by_files[lineage]) for lineage, most in largest.items()
        }

    def _join_log_files(self) -> None:
        """Find where a log file may go on from the one before, and nobody knows how many segments make one."""
        last: dict[tuple[str, int, int], int] = {}
        for lineage, timeline, number in self.rows:
            log = number // self._of(lineage).per_log
            last[lineage, timeline, log] = max(last.get((lineage, timeline, log), 0), number)
        for key in self.rows:
            per_log, perhaps = self._of(key[0])
            log, segment = divmod(key[2], per_log)
            before = self._before(key)
            ended = None if segment else last.get((key[0], before[1], log - 1))
            if ended is not None and ended % per_log + 1 in perhaps:
                self.perhaps[key] = key[0], before[1], ended

    def _of(self, lineage: str) -> wal.Numbering:
        return self.numbering.get(lineage, _DEFAULT)

    def doubts(self, row: int) -> Iterator[Doubt]:
        """Yield when a base backup or a segment does not, or may not, count for want of what it needs."""
        if row in self.points.why_not:
            return
        found = self.segments.get(row)
        chain = self._through(row, self.bases[row][1], itself=False) if found is None else self.chains[self._key(found)]
        standing = self._counts(row)
        if chain.covers(standing):
            return
        lost = difference(standing.maybe, chain.maybe)
        unsure = difference(difference(standing.surely, chain.surely), lost)
        if lost or unsure:
            why = f"its restore {self._lacks(*self.bases[row])}" if found is None else self._why(self._key(found))
            yield from (Doubt(why, span, certain=True, made=True) for span in lost)
            yield from (Doubt(why, span, made=True) for span in unsure)

    def based_on(self) -> dict[int, int]:
        """Return the instant of the data of the base backup of each segment, by row."""
        data, keys = self.points.data_lo, ((row, self._key(found)) for row, found in self.segments.items())
        return {row: data[self.base_of[key]] if key in self.base_of else LONG_AGO for row, key in keys}

    def _key(self, found: wal.Segment) -> Key:
        return found.lineage, found.timeline, found.number(self._of(found.lineage).per_log)

    def _ends(self, how: str) -> tuple[Key, Key] | None:
        first, last, _, lineage = how.split(" ", 3)
        ends = [wal.segment_of(lineage + name) for name in (first, last)]
        return None if ends[0] is None or ends[1] is None else (self._key(ends[0]), self._key(ends[1]))

    def _bounded(self, ends: tuple[Key, Key]) -> tuple[Key, Key]:
        """Return the first and last segment of a base backup, no further apart than there are segments.

        Of one more than there are at least one is missing, which is all that matters: whatever is claimed of a base
        backup, no more is gone through.
        """
        first, last = ends
        return (first[0], first[1], max(first[2], last[2] - len(self.rows))), last

    def _name(self, key: Key) -> str:
        return wal.name_of(key[1], key[2], self._of(key[0]).per_log)

    def _before(self, key: Key) -> Key:
        if key in self.perhaps:
            return self.perhaps[key]
        return self.follows[key][1] if key in self.follows else (key[0], key[1], key[2] - 1)

    def _replay(self) -> None:
        """Find out when each segment, in the order of the log, can be restored up to its end, and what prevents it."""
        ending: dict[Key, list[int]] = defaultdict(list)
        for row, (_, last) in self.bases.items():
            ending[last].append(row)
        newest: dict[tuple[str, int], Key] = {}
        for key in sorted(self.rows, key=lambda one: (one[0], one[2], one[1])):
            before = self._before(key)
            if before in self.rows:
                chain = self.chains[before].both(self._stands(before))
                why = self.broken_by.get(before) or self._gone(self.rows[before])
                if key in self.perhaps:
                    chain, why = chain.both(_PERHAPS), why or self._joint(key)
            else:
                older = newest.get((key[0], before[1])) or self.follows.get(key, (None,))[0]
                chain, why = NEVER, ""
                if older is not None and older in self.rows:
                    unseen = self._unseen(self.rows[key])
                    chain = self.chains[older].both(self._stands(older)).both(unseen)
                    why = self.broken_by.get(older) or self._hole(older, before)
                elif older is None and key[1] > 1 and key not in self.follows:
                    chain = _PERHAPS
                    why = f"a segment of an earlier timeline, and which one is not known without {key[1]:08X}.history"
            if before in self.base_of:
                self.base_of[key] = self.base_of[before]
            for row in ending.get(key, ()):
                own = self._through(row, before if self.bases[row][0] != key else None)
                if key in self.perhaps and self.bases[row][0] != key:
                    own = own.both(_PERHAPS)
                if own.maybe:
                    chain = chain.either(own)
                    self.base_of[key] = row
                why = self._gone([row]) or ("" if own.maybe else why)
            self.chains[key] = chain
            newest[key[0], key[1]] = key
            if why:
                self.broken_by[key] = why
                self._note_harm(key, why)

    def _note_harm(self, key: Key, why: str) -> None:
        data = self.points.data_lo[self.rows[key][0]]
        number, oldest, latest = self.harm.get(why, (0, FOREVER, LONG_AGO))
        self.harm[why] = number + 1, min(oldest, data), max(latest, data)

    def _through(self, row: int, last: Key | None, *, itself: bool = True) -> Presence:
        """Return when all that a base backup builds on stands, and its segments up to ``last``; and it ``itself``."""
        first, standing, key = self.bases[row][0], self._base(row) if itself else self._below(row), last
        while key is not None and key[2] >= first[2] and standing.maybe:
            standing = standing.both(self._stands(key) if key in self.rows else self._unseen([row]))
            if key in self.perhaps and key != first:
                standing = standing.both(_PERHAPS)
            key = self._before(key)
        return standing

    def _base(self, row: int) -> Presence:
        """Return when a base backup counts and stands, with those that it builds on."""
        if row not in self._standing:
            self._standing[row] = self._counts(row).both(self._below(row))
        return self._standing[row]

    def _below(self, row: int) -> Presence:
        """Return when what a base backup builds on, as its tool tells, counts and stands."""
        if (told := self.points.builds_on.get(row)) is None:
            return _AT_ALL_TIMES
        first, data = bisect_left(self.points.data_lo, told[0]), self.points.data_lo
        same = (other for other in range(first, row) if data[other] == told[0] and other not in self.segments)
        return _any([self._base(other) for other in same])

    def _counts(self, row: int) -> Presence:
        points = self.points
        if row not in points.doubts and row not in points.why_not:
            spans = (
                Span(points.available_hi[row], points.gone_lo[row]),
                Span(points.available_lo[row], points.gone_hi[row]),
            )
            if spans[0] == spans[1] and spans[0].start < spans[0].end:
                return Presence(exact := spans[:1], exact)
        surely = points.there(row, surely=True, until_gone=True)
        return Presence(surely, points.there(row, surely=False, until_gone=True))

    def _stands(self, key: Key) -> Presence:
        rows = self.rows[key]
        return self._counts(rows[0]) if len(rows) == 1 else _any([self._counts(row) for row in rows])

    def _gone(self, rows: Sequence[int]) -> str:
        """Return that none of some copies stands and counts in the end, and why; empty: one does."""
        points, why = self.points, ""
        for row in rows:
            if (lost := points.doubt_at(row)) is not None:
                why = f"{points.name[row]}, which {'does' if lost.certain else 'may'} not count: {lost.why}"
            elif points.gone_hi[row] == FOREVER:
                return ""
            else:
                seen, missed = words.instant(points.gone_lo[row] - 1), words.instant(points.gone_hi[row])
                why = f"{points.name[row]}, which is gone: it was last seen {seen} and first missed {missed}"
        return why

    def _joint(self, key: Key) -> str:
        """Return that a log file may be whole with its last segment, before the one that the next begins with."""
        ends, begins = self._name(self.perhaps[key]), self._name(key)
        return (
            f"all between {ends} and {begins}, if there is any: neither a base backup nor an uncompressed segment "
            "tells how large segments are"
        )

    def _hole(self, older: Key, last: Key) -> str:
        first = self._name((last[0], last[1], older[2] + 1))
        if (number := last[2] - older[2]) <= 1:
            return f"{first}, which is not in the archive"
        return f"{first} to {self._name(last)}, {number} segments that are not in the archive"

    def _unseen(self, later: Sequence[int]) -> Presence:
        """Return when a segment that no look has shown may stand; ``later`` are the rows of what came after it."""
        came = min(self.points.available_lo[row] for row in later)
        data = min(self.points.data_lo[row] for row in later)
        first = bisect_left(self.complete_looks, (came + SETTLED, LONG_AGO))
        proved = next((begin for begin, since in self.complete_looks[first:] if since <= data), None)
        if proved is None:
            return _PERHAPS
        before = bisect_left(self.complete_looks, (came, LONG_AGO)) - 1
        if before >= 0 and self.complete_looks[before][1] <= data:
            return NEVER  # between two complete looks in a row what neither shows did not stand
        return Presence((), (Span(LONG_AGO, proved),))

    def _why(self, key: Key) -> str:
        if not (why := self.broken_by.get(key, "")):
            before = (row for row, (_, last) in self.bases.items() if last[0] == key[0] and last[2] <= key[2])
            base = max(before, key=self.points.data_lo.__getitem__, default=None)
            lacks = (
                ""
                if base is None
                else self._gone([base]) or f"{self.points.name[base]}, which {self._lacks(*self.bases[base])}"
            )
            return f"its restore needs {lacks}" if lacks else "no base backup is known from which it can be replayed"
        number, oldest, latest = self.harm[why]
        what = f"its restore needs {why}"
        if number == 1:
            return what
        return f"{what}; {number} segments, of {words.instant(oldest)} to {words.instant(latest)}, need it"

    def _lacks(self, first: Key, last: Key) -> str:
        """Return what a base backup needs and lacks of its own segments, or of what it builds on."""
        key, lacking = last, []
        while key[2] >= first[2]:
            if key not in self.rows:
                lacking.append(f"{self._name(key)}, which is not in the archive")
            elif why := self._gone(self.rows[key]):
                lacking.append(why)
            elif key in self.perhaps and key != first:
                lacking.append(self._joint(key))
            key = self._before(key)
        if not lacking:
            return "needs what it builds on, which does not stand"
        more = f", and {len(lacking) - 1} more of its own segments" if len(lacking) > 1 else ""
        return f"needs {lacking[-1]}{more}"


def _any(several: Sequence[Presence]) -> Presence:
    """Return when at least one of several things stands."""
    if len(several) == 1:
        return several[0]
    return Presence(
        union(span for one in several for span in one.surely), union(span for one in several for span in one.maybe)
    )
