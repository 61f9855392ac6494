"""What a log says was restored or checked, held against what the policy and the places say: some of it cannot be."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping

from msgspec import Struct, field
from msgspec.structs import replace

from drcheck.core import words
from drcheck.core.judging.sources import SourceEvidence
from drcheck.core.kinds.provable import Provable
from drcheck.core.model.evidence import FOREVER, LONG_AGO
from drcheck.core.model.log_records import Check, Log, Recovery
from drcheck.core.model.points import Row
from drcheck.core.model.policy import Policy
from drcheck.core.names.matching import NameReading
from drcheck.core.names.source_naming import matcher_of
from drcheck.core.rules import checked_copies
from drcheck.core.time.spans import Span, difference
from drcheck.errors import DrcheckError


def held_against(
    policy: Policy, evidence: Mapping[str, SourceEvidence], clock_tolerance: int
) -> Mapping[str, SourceEvidence]:
    """Return ``evidence``, its logs with what speaks against each recovery, and each check that passed, in them.

    Of a data set that no source of the policy holds a recovery proves nothing. Nor does one, or a check, from a copy
    whose name says that its data is of later than its end; that was gone before it began; or that no look has shown,
    though looks would have shown it, as a template reads its name and they prove all that stood meanwhile.
    """
    sets = {of for source in policy.sources.values() for of in source.of}
    logs = {name: one.log for name, one in evidence.items() if one.log is not None}
    places = _Places(policy, evidence, clock_tolerance)
    for log in logs.values():
        places.find((*log.recoveries, *log.checks))
    dates = any(isinstance(one, Provable) for one in policy.commitments)

    def recovery(one: Recovery) -> Recovery:
        if one.contradicted:
            return one
        if one.point_of and one.point_of not in sets:
            why = f"it restored {one.point_of}, a data set that no source of the policy holds"
        else:
            why = places.against(one.point_source, one.point_name, one.started_at, one.finished_at, "restored")
        if why or not dates or one.outcome != "passed":
            return replace(one, contradicted=why) if why else one
        return replace(one, data_by=places.data_by(one.point_source, one.point_name))

    def check(one: Check) -> Check:
        if not one.passed:
            return one
        why = places.against(one.point_source, one.point_name, one.started_at, one.finished_at, "checked")
        return one._replace(contradicted=why) if why else one

    def held(log: Log) -> Log:
        return replace(log, recoveries=tuple(map(recovery, log.recoveries)), checks=tuple(map(check, log.checks)))

    return {**evidence, **{name: replace(evidence[name], log=held(log)) for name, log in logs.items()}}


class _Places(Struct, frozen=True):
    """What looks at the sources of a policy say of the copies that a log names."""

    policy: Policy
    evidence: Mapping[str, SourceEvidence]
    tolerance: int
    copies: dict[tuple[str, str], list[Row]] = field(default_factory=lambda: defaultdict(list))
    """What records call by the name of a source and a name there, once it was sought out."""

    def find(self, records: Iterable[Recovery | Check]) -> None:
        """Seek out the copies that ``records`` name: those of one source at once, however many records there are."""
        names: dict[str, set[str]] = defaultdict(set)
        for one in records:
            if one.point_name and one.point_source in self.policy.sources and one.point_source in self.evidence:
                names[one.point_source].add(one.point_name)
        for source, its in names.items():
            for part in self.evidence[source].parts.values():
                for name, copies in checked_copies.copies_named(part.points, its).items():
                    self.copies[source, name] += ((part.points, row) for row in copies.rows)

    def against(self, source: str, name: str, begun: int, finished: int | None, did: str) -> str:
        """Return why nothing can have ``did`` that copy from ``begun`` to ``finished``; empty: it may be so."""
        at = self.policy.sources.get(source)
        if at is None or source not in self.evidence or not name:
            return ""
        ended = FOREVER if finished is None else finished + self.tolerance
        begun -= self.tolerance
        copies = self.copies.get((source, name))
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

    def data_by(self, source: str, name: str) -> int:
        """Return of when the data is, at the latest, of a copy that a look has shown and that is not read any more.

        By its name it is older than what the question needs: whoever restored it proved nothing newer. ``FOREVER``: it
        is read, or nobody knows.
        """
        if (source, name) in self.copies or not name or source not in self.evidence:
            return FOREVER
        read = self._read(source, name)
        # What was shown is sought in all of a history, however long it is.
        if read is None or read.data_hi is None or not self.evidence[source].shown({name}):
            return FOREVER
        return read.data_hi

    def _read(self, source: str, name: str) -> NameReading | None:
        """Return what the name of a copy tells by the templates of its source; None: they do not read it."""
        try:
            match = matcher_of(self.policy.sources[source])
        except (DrcheckError, LookupError):
            return None  # an earlier text may say what no policy may say any more
        return next(filter(None, map(match, checked_copies.spellings(name))), None)

    def _unshown(self, source: str, name: str, begun: int, ended: int) -> bool:
        """Return whether no look has shown a copy, and looks prove all that stood at its place meanwhile."""
        seen, read = self.evidence[source], self._read(source, name)
        if read is None or read.of not in seen.parts or ended >= FOREVER:
            return False
        data = LONG_AGO if read.data_lo is None else read.data_lo
        # That nothing comes between looks far apart is taken to be so, and speaks against nobody who says otherwise.
        proved = replace(seen.parts[read.of].absence, seen_every=None).none_unseen(data)
        # The second reads all of a history, however long it is.
        return not difference((Span(begun, ended + 1),), proved) and not seen.shown({name})
