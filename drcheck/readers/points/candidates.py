"""What was listed, as candidates for recovery points: each with when its data is of, and when it came."""

from __future__ import annotations

from array import array
from collections.abc import Iterable, Sequence
from itertools import repeat
from operator import le

from msgspec import Struct, field

from drcheck.core.model.candidate_columns import CandidateColumns
from drcheck.core.model.evidence import FOREVER, Candidate, Described, Fact, FactValue
from drcheck.core.model.policy import Arrival, Source
from drcheck.interfaces import Entry
from drcheck.readers import arrivals
from drcheck.readers.points.listing import Listing
from drcheck.readers.points.multi_file_backups import HOUR, Backup


class Candidates(Struct):
    """Makes candidates of one listing, and notes what is to be asked of them."""

    _listing: Listing
    fresh_from: int = FOREVER
    """What was last written since then, by the clock of its place, may still be being written."""
    states: list[Described] = field(default_factory=list)
    """What is known of whether backups are complete, beyond that they are there with their markers."""
    fresh: dict[str, Entry] = field(default_factory=dict)
    """Name to each file that may still be being written, as no marker tells when it is whole."""
    inodes: dict[str, str] = field(default_factory=dict)
    """Name to which file a candidate is, or which files, where those have other names too."""
    files: dict[str, tuple[tuple[str, Entry], ...]] = field(default_factory=dict)
    """The files of each candidate that consists of several, by its name; each with its name within it, in order."""

    @property
    def _source(self) -> Source:
        return self._listing.source

    def make(self, ahead: float) -> CandidateColumns:
        """Return what may be recovery points, in order; ``ahead``: how far the far clock cannot be trusted."""
        rows, marked = self._listing.rows, bool(self._source.complete_when)
        made = []
        for backup in self._listing.backups(rows if marked else rows.others()):
            markers = self._listing.markers.of(backup)
            if self._listing.gaps and (markers is None or backup.in_pieces):
                continue  # the listing broke off: whether the marker, or another piece, stands there is not known
            made.append(self._candidate(backup, markers, ahead))
        found = CandidateColumns.made_of(made) if marked else self._plain(made, ahead)
        return _in_order(found)

    def _plain(self, made: Sequence[Candidate], ahead: float) -> CandidateColumns:
        """Return candidates for the rows of the listing's columns, where no marker is asked for, after those ``made``.

        Each is a backup by itself, and all that there is to say of it are its times.
        """
        rows, plain = self._listing.rows, self._listing.rows.plain()
        found = CandidateColumns.made_of(made)
        data_lo, data_hi, arrived_lo, arrived_hi = (array("q", column) for column in found.columns[3:7])
        for row in plain.values():
            storage = rows.arrived_lo[row], rows.arrived_hi[row], rows.modified[row]
            times = self._times(rows.data_lo[row], rows.data_hi[row], storage, (), ahead)
            data_lo.append(times[0])
            data_hi.append(times[1])
            arrived_lo.append(times[2])
            arrived_hi.append(times[3])
        for name, row in plain.items():
            if rows.modified[row] >= self.fresh_from:
                self.fresh[name] = rows[name][1]
        self.fresh = {backup.entry.name: backup.entry for backup in self._listing.backups(self.fresh)}
        at = plain.values()
        return CandidateColumns(
            [*found.name, *plain],
            [*found.of, *(rows.of[row] for row in at)],
            [*found.kind, *(rows.kind[row] for row in at)],
            data_lo, data_hi, arrived_lo, arrived_hi,
            array("q", [*found.size, *(rows.size[row] for row in at)]),
            [*found.checksum, *(rows.checksum[row] for row in at)],
            [*found.complete, *repeat(True, len(plain))],
            [*found.pieces, *repeat(None, len(plain))],
        )  # fmt: skip

    def names_of(self, candidate: Candidate) -> list[str]:
        """Return the names of the files that a candidate consists of."""
        if candidate.pieces is None:
            return [candidate.name]
        return [file.name for _, file in self.files[candidate.name]]

    def _candidate(self, backup: Backup, markers: list[Entry] | None, ahead: float) -> Candidate:
        """Judge the times of one backup; ``markers`` are None where one is missing."""
        named, entry = backup.named, backup.entry
        longest = self._source.max_duration
        vouched = self._listing.markers.vouch_for(backup, markers)
        if (said := self._listing.markers.say(backup, markers)) is not None:
            self.states.append(Described(entry.name, Fact.STATE, said))
        elif backup.in_pieces and not self._source.complete_when:
            self._note_unfinished(backup)
        young = self._listing.asked.begin - arrivals.came(self._source, entry) <= (HOUR if longest is None else longest)
        pieces = backup.pieces(self._source.parts, young=young and not vouched)
        if pieces is None and not vouched and entry.modified >= self.fresh_from:
            self.fresh[entry.name] = entry
        whole = pieces is None or pieces.number >= pieces.wanted
        if entry.inode:
            self.inodes[entry.name] = entry.inode
        if pieces is not None:
            self.files[entry.name] = backup.within()
        storage = entry.arrived_lo, entry.arrived_hi, entry.modified
        times = self._times(named.data_lo, named.data_hi, storage, markers or (), ahead)
        return Candidate(
            entry.name, named.of, named.kind, *times, entry.size, entry.checksum,
            complete=markers is not None and whole and (said is None or said.holds is not False), pieces=pieces,
        )  # fmt: skip

    def _times(
        self,
        data_lo: int | None,
        data_hi: int | None,
        storage: tuple[int, int, int],
        markers: Iterable[Entry],
        ahead: float,
    ) -> tuple[int, int, int, int]:
        """Return when the data is of and when it came, each at the earliest and at the latest.

        Given what the name tells of its data, and what the place tells: when it came at the earliest and at the latest,
        and the time that it shows.
        """
        longest = self._source.max_duration
        arrived_lo, arrived_hi = arrivals.between(self._source, *storage, ahead)
        if data_lo is None or data_hi is None:
            data_lo, data_hi = arrived_lo - (longest or 0), arrived_hi
        elif data_lo < data_hi and self._tells_minutes():
            # An hour that comes twice: of the first one it would have taken too long, of the second one it would not.
            usual = HOUR if longest is None else longest
            data_lo = data_hi if data_lo < arrived_lo - usual <= data_hi <= arrived_lo else data_lo
        if self._source.available_at is Arrival.NAME:
            # Where its longest duration is not told, it cannot have come later than the storage says.
            arrived_lo = data_lo
            arrived_hi = data_hi + longest if longest is not None else max(data_lo, storage[1])
        else:
            for marker in markers:
                marked_lo, marked_hi = arrivals.arrival(self._source, marker, ahead)
                arrived_lo, arrived_hi = max(arrived_lo, marked_lo), max(arrived_hi, marked_hi)
        return data_lo, data_hi, arrived_lo, arrived_hi

    def _note_unfinished(self, backup: Backup) -> None:
        """Note what the files of a backup say of whether its tool has finished it, where no marker is asked for."""
        name, why = backup.entry.name, backup.unfinished()
        known = self._listing.asked.states.get(name)
        if why:
            told = FactValue(None, f"{why}; a marker (complete_when) would tell", backup.entry.modified)
            self.states.append(Described(name, Fact.STATE, told))
        elif known is not None and known.told.holds is None:
            self.states.append(Described(name, Fact.STATE, FactValue(True, "", backup.entry.modified)))

    def _tells_minutes(self) -> bool:
        """Whether names tell an instant, but for clocks that show it twice."""
        return all({"M", "s"} & {*template.directives} for template in self._listing.templates)


def _in_order(found: CandidateColumns) -> CandidateColumns:
    """Return candidates by data set, by their data and by name."""
    keys = list(zip(found.of, found.data_lo, found.name, strict=True))
    if all(map(le, keys, keys[1:])):
        return found
    return found.only(sorted(range(len(keys)), key=keys.__getitem__))
