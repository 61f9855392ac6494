"""The newest restore that passed of backups of one data set, source and kind, out of the logs that tell of restores."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence

from msgspec import Struct

from drcheck.core.evaluation.inputs import Records
from drcheck.core.evaluation.proven_points import copies_named, named_by, passes
from drcheck.core.evaluation.recoveries import SourcedRecovery
from drcheck.core.evaluation.recovery_time import recovery_time
from drcheck.core.kinds.rto import Rto
from drcheck.core.model.commitments import Rung
from drcheck.core.model.points import Points, Row
from drcheck.core.restoring.answer import Objective, Restored
from drcheck.core.rules.checked_copies import NamedCopies

FULL = "full"
"""What a backup is whose kind nobody told."""


class Restores(Struct, frozen=True):
    """What logs tell of restores that passed of one data set."""

    of: str
    passed: Sequence[SourcedRecovery]
    """Newest first."""
    parts: Mapping[str, Points]
    """Source to its share of the data set."""
    copies: Mapping[str, Mapping[str, NamedCopies]]
    """Source to what each name stands for by which records call what they restored from it."""
    only_set: bool
    """Whether there is no other data set that a record that names none may be of."""
    objectives: Sequence[Rto]

    @classmethod
    def of_set(
        cls, of: str, parts: Mapping[str, Points], records: Records, objectives: Iterable[Rto], *, only_set: bool
    ) -> Restores:
        """Find the restores that passed and may be of that data set."""
        passed = passes(records, of, Rung.LISTED)
        copies = {source: copies_named(points, passed) for source, points in parts.items()}
        return cls(of, passed[::-1], parts, copies, only_set, tuple(objectives))

    def newest(self, source: str = "", kind: str = "") -> Restored | None:
        """Return the newest that surely was from that source and of that kind, else the newest that may have been.

        Without them, of the data set as a whole. None: there is none.
        """
        may_be: Restored | None = None
        for one in self.passed:
            why = self._doubt(one, source, kind)
            if why is None:
                continue
            if not why:
                return self.restored(one)
            may_be = may_be or self.restored(one, why)
        return may_be

    def restored(self, one: SourcedRecovery, in_doubt: str = "") -> Restored:
        """Return a restore as it is shown."""
        recovery = one.recovery
        assert recovery.finished_at is not None
        return Restored(
            recovery.id,
            one.source,
            recovery.real,
            recovery.finished_at,
            recovery.point_source,
            recovery.point_name,
            recovery.validation,
            recovery.finished_at - recovery.started_at,
            tuple(
                Objective(rto.id, rto.at_most, *recovery_time(recovery, rto.counts_from, rto.until, rto.not_counted))
                for rto in self.objectives
                if not rto.scenario or rto.scenario in recovery.scenarios
            ),
            in_doubt,
        )

    def named_by(self, one: SourcedRecovery) -> Row | None:
        """Return the very content that a record says was restored; None: nobody knows which."""
        source = one.recovery.point_source
        points = self.parts.get(source)
        return None if points is None else named_by(points, one, self.copies[source])

    def _doubt(self, one: SourcedRecovery, source: str, kind: str) -> str | None:
        """Return why a restore may be of something else; empty: it surely is of that; None: it is of something else."""
        recovery = one.recovery
        if source and recovery.point_source not in {"", source}:
            return None
        if recovery.contradicted:
            return recovery.contradicted
        if not recovery.point_of and not self.only_set:
            return "its record does not tell which data set it restored"
        if not source:
            return ""
        if not recovery.point_source:
            return "its record does not tell which source it restored from"
        points = self.parts[source]
        copies = self.copies[source].get(recovery.point_name)
        found = {points.kind[row] or FULL for row in (() if copies is None else copies.rows)}
        if found and kind not in found:
            return None
        if len(found or {each or FULL for each in points.kind}) > 1:
            return "of which kind the backup was that it restored is not known"
        return ""
