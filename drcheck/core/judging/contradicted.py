"""What a log says was restored or checked, held against what the policy and the places say: some of it cannot be."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace

from drcheck.core import words
from drcheck.core.evaluation.terms import Records
from drcheck.core.judging.sources import SourceEvidence
from drcheck.core.model.evidence import FOREVER, LONG_AGO, Check, Recovery
from drcheck.core.model.policy import Policy
from drcheck.core.names.of_source import matcher_of
from drcheck.core.rules import checked_copies
from drcheck.core.time.spans import Span, difference
from drcheck.errors import DrcheckError


def held_against(
    policy: Policy, evidence: Mapping[str, SourceEvidence], records: Records, clock_tolerance: int
) -> Records:
    """Return ``records``, with what speaks against each recovery, and each check that passed, in them.

    Of a data set that no source of the policy holds a recovery proves nothing. Nor does one, or a check, from a copy
    whose name says that its data is of later than its end; that was gone before it began; or that no look has shown,
    though looks would have shown it, as a template reads its name and they prove all that stood meanwhile.
    """
    sets = {of for source in policy.sources.values() for of in source.of}
    places = _Places(policy, evidence, clock_tolerance)

    def recovery(one: Recovery) -> Recovery:
        if one.contradicted:
            return one
        if one.point_of and one.point_of not in sets:
            why = f"it restored {one.point_of}, a data set that no source of the policy holds"
        else:
            why = places.against(one.point_source, one.point_name, one.started_at, one.finished_at, "restored")
        return replace(one, contradicted=why) if why else one

    def check(one: Check) -> Check:
        if not one.passed:
            return one
        why = places.against(one.point_source, one.point_name, one.started_at, one.finished_at, "checked")
        return one._replace(contradicted=why) if why else one

    return replace(
        records,
        logs={
            name: replace(log, recoveries=tuple(map(recovery, log.recoveries)), checks=tuple(map(check, log.checks)))
            for name, log in records.logs.items()
        },
    )


@dataclass(frozen=True, slots=True)
class _Places:
    """What looks at the sources of a policy say of the copies that a log names."""

    policy: Policy
    evidence: Mapping[str, SourceEvidence]
    tolerance: int

    def against(self, source: str, name: str, begun: int, finished: int | None, did: str) -> str:
        """Return why nothing can have ``did`` that copy from ``begun`` to ``finished``; empty: it may be so."""
        at, seen = self.policy.sources.get(source), self.evidence.get(source)
        if at is None or seen is None or not name:
            return ""
        ended = FOREVER if finished is None else finished + self.tolerance
        begun -= self.tolerance
        copies = [
            (part.points, row)
            for part in seen.parts.values()
            for copies in checked_copies.named(part.points, {name}).values()
            for row in copies.rows
        ]
        what = f"it {did} {name} at {source}, "
        if not copies:
            return (
                f"{what}which no look has shown, though the looks of then would have"
                if self._unshown(source, name, begun, ended)
                else ""
            )
        data = min(points.data_lo[row] for points, row in copies)
        # Under a name that tells no instant there was something else before.
        if data > ended and all("{data_as_of:" in template for template in at.templates):
            return f"{what}of {words.instant(data)}, which is later than its end"
        gone = max(points.gone_hi[row] for points, row in copies)
        return f"{what}which was gone by {words.instant(gone)}, before it began" if gone <= begun else ""

    def _unshown(self, source: str, name: str, begun: int, ended: int) -> bool:
        """Return whether no look has shown a copy, and looks prove all that stood at its place meanwhile."""
        seen = self.evidence[source]
        try:
            match = matcher_of(self.policy.sources[source])
        except DrcheckError:
            return False  # an earlier text may say what no policy may say any more
        read = next(filter(None, map(match, checked_copies.spellings(name))), None)
        if read is None or read.of not in seen.parts or ended >= FOREVER:
            return False
        data = LONG_AGO if read.data_lo is None else read.data_lo
        proved = seen.parts[read.of].absence.none_unseen(data)
        # The second reads all of a history, however long it is.
        return not difference((Span(begun, ended + 1),), proved) and not seen.has_shown(name)
