"""The files that say whether the backups beside them are complete: read once, and again only where they may differ."""

from __future__ import annotations

from typing import Final

from msgspec import Struct, field

from drcheck.core.model import archive_tiers
from drcheck.core.model.evidence import FOREVER, Fact, FactValue, Gap
from drcheck.core.model.policy import Source
from drcheck.core.names.marker_names import marker_of
from drcheck.interfaces import Archived, Collector, CollectorError, Entry, LookRequest, NotFound
from drcheck.readers.content import state_files

MOST_READ: Final = 2500
"""Files that one look reads, newest backups first: a minute or so, well within its deadline."""
IN_A_ROW: Final = 3
"""Failures in a row after which no further file is read: a thousand others would be refused as well."""
_UNREAD: Final = "it has not been read yet"
_KEEP_AT_HAND: Final = "Keep such small files out of archive tiers, or bring them back."


class Manifests(Struct):
    """What the files at one source say, as far as one look may read them."""

    collector: Collector
    source: Source
    asked: LookRequest
    unread: dict[str, str] = field(default_factory=dict)
    """File to why it could not be read."""
    _told: dict[str, FactValue] = field(default_factory=dict)
    _read: int = 0
    _failed: int = 0
    _hint: str = ""
    _left: int = 0

    def of(self, name: str, file: Entry) -> FactValue:
        """Return whether the backup ``name`` is complete by what ``file`` says, and what it says instead."""
        if (told := self._told.get(file.name)) is None:
            told = self._told[file.name] = self._known(name, file) or self._ask(file)
        return told

    def _known(self, name: str, file: Entry) -> FactValue | None:
        """Return what an earlier look read, if it cannot say anything else now; None: it may.

        Times are kept to the second: what was written within that of the look may have been written again.
        """
        told = self.asked.states.get(name)
        if told is None or told.told.holds is None or file.name != marker_of(self.source.complete_when, name):
            return None
        unchanged = told.told.until == _written_at(file) < told.look
        return told.told if unchanged else None

    def _ask(self, file: Entry) -> FactValue:
        if self._failed >= IN_A_ROW or self._read >= MOST_READ:
            self._left += 1
            return FactValue(None, f"{file.name}: {_UNREAD}", _written_at(file))
        if file.archived is not None and file.archived.holds:
            title = archive_tiers.tier_named(file.archived.how).title
            return self._untold(file, f"it lies in {title}", _KEEP_AT_HAND)
        self._read += 1
        try:
            content = self.collector.read(file.name, at_most=state_files.MOST + 1)
        except CollectorError as error:
            self._failed += not isinstance(error, NotFound | Archived)
            return self._untold(file, error.message, error.hint)
        self._failed = 0
        told = state_files.state_of(content, self.source.says, written_at=_written_at(file))
        if told.holds is None:
            return self._untold(file, told.how, "Look at the file; one that is being written is read by the next look.")
        return told._replace(how=f"{file.name} beside it: {told.how}") if told.how else told

    def _untold(self, file: Entry, why: str, hint: str) -> FactValue:
        self.unread[file.name] = why
        self._hint = self._hint or hint
        return FactValue(None, f"{file.name} beside it cannot be read: {why}", _written_at(file))

    def gaps(self) -> tuple[Gap, ...]:
        """Return what could not be read, as one gap."""
        if not self.unread:
            what = f"{self._left} files that say whether backups are complete have not been read yet"
            hint = f"The next runs go on with them, newest first, {MOST_READ} each."
            return (Gap(what, hint, fact=Fact.STATE),) if self._left else ()
        first, why = next(iter(self.unread.items()))
        others = len(self.unread) - 1 + self._left
        more = f", and {others} more" if others else ""
        return (Gap(f"{first}{more}, which says whether a backup is complete, cannot be read: {why}", self._hint,
                    fact=Fact.STATE),)  # fmt: skip


def _written_at(file: Entry) -> int:
    """Return when a file was last written, as far as the place tells: on a disk its mtime can be set to any time."""
    return file.modified if file.arrived_hi == FOREVER else max(file.modified, file.arrived_hi)
