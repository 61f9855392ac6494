"""The markers that stand beside backups: which are there, and what they say of whether one is whole."""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from drcheck.core import words
from drcheck.core.model.evidence import FOREVER, FactValue
from drcheck.core.model.policy import Arrival, Source
from drcheck.core.names.marker_names import marker_of
from drcheck.core.names.matching import NameReading
from drcheck.interfaces import Entry
from drcheck.readers import arrivals
from drcheck.readers.content.checksum_names import holds_checksums
from drcheck.readers.points.manifests import Manifests
from drcheck.readers.points.multi_file_backups import HOUR, Backup


class Markers:
    """The markers of one source, among what was listed of it."""

    def __init__(
        self,
        source: Source,
        manifests: Manifests,
        rows: Mapping[str, tuple[NameReading, Entry]],
        others: Mapping[str, Entry],
        *,
        in_place: bool,
    ) -> None:
        """``rows`` are what may be backups, by name, and ``others`` what is none; both may still grow.

        ``in_place``: whether files are written where they lie, as on hosts and disks.
        """
        self._source, self.manifests, self._rows, self._others = source, manifests, rows, others
        self._in_place = in_place
        self._shared = source.complete_when.startswith("{dir}/") and any(
            not template.endswith("/") and "{data_as_of:" not in template.rpartition("/")[0]
            for template in source.templates
        )

    def of(self, backup: Backup) -> list[Entry] | None:
        """Return the markers of a backup; None: one is missing."""
        if not self._source.complete_when:
            return []
        by_part = backup.parts and not backup.entry.name.endswith("/")
        names = [file.name for file in backup.files] if by_part else [backup.entry.name]
        found = []
        for name in dict.fromkeys(marker_of(self._source.complete_when, name) for name in names):
            marker = self._others.get(name)
            if marker is None and name in self._rows:
                marker = self._rows[name][1]
            if marker is None:
                return None
            found.append(marker)
        return found

    def say(self, backup: Backup, markers: list[Entry] | None) -> FactValue | None:
        """Return what the files beside a backup say of it, the worst of them; None: nothing is asked of them."""
        if not markers:
            return None
        told = [self.manifests.of(backup.entry.name, marker) for marker in markers] if self._source.says else []
        # A disk that was full, or a command that failed, leaves what it was to write without content.
        empty = (f"{marker.name} is empty, and holds no checksum" for marker in markers if _lacks_checksum(marker))
        if why := self._outdated(backup, markers) or next(empty, ""):
            told.append(FactValue(None, why, backup.entry.modified))
        return min(told, key=lambda one: (False, None, True).index(one.holds), default=None)

    def vouch_for(self, backup: Backup, markers: list[Entry] | None) -> bool:
        """Return whether a marker says that a backup is whole: under a name that is written anew, one that is newer."""
        if backup.named.data_lo is not None:
            return bool(self._source.complete_when) and not self._outdated(backup, markers or ())
        return bool(markers) and all(marker.modified >= backup.entry.modified for marker in markers or ())

    def _outdated(self, backup: Backup, markers: Iterable[Entry]) -> str:
        """Return why a marker may be of an earlier backup, or attempt; empty: it is not so much older than the backup.

        Where both are copied, the marker may come first, by as long as the backup takes; where an object storage holds
        them, in any order, unless one marker stands beside backups of several instants.
        """
        anew = backup.named.data_lo is None
        # To what consists of several files some may be added later.
        heeded = self._shared or (self._in_place and not backup.in_pieces)
        if not anew and (not heeded or self._source.available_at is Arrival.NAME):
            return ""
        usual = HOUR if self._source.max_duration is None else self._source.max_duration
        for marker in markers:
            # Where nothing but mtime is told, as by SFTP, both came with what they had where they were written.
            came = marker.modified if marker.arrived_hi == FOREVER else arrivals.arrival(self._source, marker)[1]
            older = arrivals.arrival(self._source, backup.entry)[0] - came
            if older > usual:
                before = "an earlier backup" if self._shared and not anew else "what its name held before"
                return (
                    f"{marker.name} is {words.duration(older)} older than it, and may be of {before}; "
                    f"max_duration on {self._source.name} says how much older it may be"
                )
        return ""


def _lacks_checksum(marker: Entry) -> bool:
    return not marker.size and holds_checksums(marker.name)
