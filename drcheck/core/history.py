"""A source's history: looks, one after the other, turned into what came, changed and went.

Each look becomes one :class:`Record`, the unit that the ledger keeps; applying a source's records in order rebuilds
its history. From it come the columns that evaluators judge, so that none of them reads a raw look.
"""

from __future__ import annotations

from array import array
from collections.abc import Iterable, Mapping
from collections.abc import Set as AbstractSet
from dataclasses import dataclass, field, replace

from drcheck.core.absence import Absence
from drcheck.core.counting import reasons_not_to_count
from drcheck.core.evidence import (
    FOREVER,
    LONG_AGO,
    Candidate,
    Described,
    Fact,
    Look,
    Observation,
    Points,
    Settled,
    Told,
)
from drcheck.core.policy import Source
from drcheck.core.promises import LockMode
from drcheck.core.terms import Part

SIZES = 10 * 86400
"""How much further back candidates are kept where sizes are compared with those of the ten points before."""


@dataclass(frozen=True, slots=True)
class Record:
    """What one look changed about what is known of a source."""

    look: Look
    appeared: tuple[Candidate, ...] = ()
    """New names, and names that show something else than before."""
    gone: tuple[str, ...] = ()
    """Names that a complete look missed."""
    described: tuple[Described, ...] = ()
    """Facts of what stands that were not known yet, or are not as they were."""
    unlisted: tuple[str, ...] = ()
    unread: int = 0


@dataclass(slots=True)
class Sighting:
    """One content under one name, for as long as it stood."""

    shown: Candidate
    """As the newest look showed it."""
    data_lo: int
    data_hi: int
    available_lo: int
    available_hi: int
    first_seen: int
    last_seen: int
    """The newest look that showed it differently; once it is gone, the newest that showed it at all."""
    gone_lo: int = FOREVER
    gone_hi: int = FOREVER
    facts: dict[Fact, list[tuple[int, Told]]] = field(default_factory=dict)
    """What was told of it, each with the look that first told so, oldest first."""

    @property
    def is_rotten(self) -> bool:
        """Whether its content did not have its checksum when that was last verified."""
        told = self.told(Fact.CHECKSUM)
        return told is not None and told.holds is False

    def told(self, fact: Fact) -> Told | None:
        """Return the newest answer about a fact; None: it was never asked."""
        steps = self.facts.get(fact)
        return steps[-1][1] if steps else None


@dataclass(slots=True)
class History:
    """Everything that the looks at one source have shown."""

    looks: list[Look] = field(default_factory=list)
    standing: dict[str, Sighting] = field(default_factory=dict)
    past: list[Sighting] = field(default_factory=list)
    unlisted: tuple[str, ...] = ()
    unread: int = 0

    @classmethod
    def of(cls, records: Iterable[Record]) -> History:
        """Rebuild a history from its records, oldest first."""
        history = cls()
        for record in records:
            history.apply(record)
        return history

    def observe(self, observation: Observation) -> Record:
        """Return what ``observation`` changes, as the record to keep; the history itself does not change yet."""
        look = observation.look
        shown = {candidate.name: candidate for candidate in observation.candidates}
        appeared = tuple(
            candidate
            for name, candidate in shown.items()
            if (known := self.standing.get(name)) is None or known.shown != candidate
        )
        gone = tuple(
            name
            for name, known in self.standing.items()
            # Only what lies in the range asked can be missed, and only by a complete look.
            if look.complete and name not in shown and known.shown.data_lo >= look.asked_from
        )
        changed = {candidate.name for candidate in appeared}
        described = tuple(
            one
            for one in observation.described
            if one.name in changed or (known := self.standing.get(one.name)) is None or known.told(one.fact) != one.told
        )
        described += self._doubted(observation, shown, changed)
        return Record(look, appeared, gone, described, observation.unlisted, observation.unread)

    def _doubted(
        self, observation: Observation, shown: Mapping[str, Candidate], changed: AbstractSet[str]
    ) -> tuple[Described, ...]:
        """Return the locks that somebody may have lifted since, where a look was to ask for them and could not."""
        refused = {gap.fact: gap.what for gap in observation.look.gaps if gap.fact in {Fact.LOCK, Fact.LEGAL_HOLD}}
        told = {(one.name, one.fact) for one in observation.described}
        return tuple(
            Described(name, fact, Told(None, what))
            for fact, what in refused.items()
            for name, known in self.standing.items()
            if fact is not None and name in shown and name not in changed and (name, fact) not in told
            and _may_be_lifted(fact, known.told(fact))
        )  # fmt: skip

    def apply(self, record: Record) -> None:
        """Add the next look's record."""
        begin = record.look.begin
        for name in record.gone:
            self._end(name, begin)
        for candidate in record.appeared:
            self._show(candidate, begin)
        for described in record.described:
            self._describe(described, begin)
        self.looks.append(record.look)
        self.unlisted = record.unlisted
        self.unread = record.unread

    def settled(self, *, locked_for: int) -> dict[str, Settled]:
        """Return what stands with the facts of it that cannot change, or do not matter any more.

        Content keeps its encryption. A lock in compliance mode can only be lengthened (S3 Object Lock, Azure's locked
        policies), so one that lasts ``locked_for`` seconds from the arrival on is known for good.
        """
        return {
            name: Settled(known.shown, facts)
            for name, known in self.standing.items()
            if (
                facts := {
                    fact: steps[-1][1] for fact, steps in known.facts.items() if _is_settled(known, fact, locked_for)
                }
            )
        }

    def broken_since(self) -> int:
        """Return the oldest data that stands without its checksum, to be looked at until it passes one or is gone."""
        return min((known.data_lo for known in self.standing.values() if known.is_rotten), default=FOREVER)

    def _describe(self, described: Described, begin: int) -> None:
        known = self.standing.get(described.name)
        if known is None:
            return
        steps, told = known.facts.setdefault(described.fact, []), described.told
        last = steps[-1][1] if steps else None
        if told.holds is None and last is not None and not _may_be_lifted(described.fact, last):
            return  # that nobody could tell this time is no news: what was told before stands
        if len(steps) == 1 and last is not None and last.holds is None:
            steps.clear()
        weaker = told.holds is False or (told.holds and last is not None and told.until < last.until)
        if weaker and last is not None and _may_be_lifted(described.fact, last):
            seen = next((look.begin for look in reversed(self.looks) if look.complete), begin)
            steps.append((min(seen + 1, begin), Told(None, "it went somewhere between two looks")))
        if steps and steps[-1][0] == begin:
            steps.pop()
        if not steps or steps[-1][1] != told:
            steps.append((begin, told))

    def parts(self, source: Source, *, clock_tolerance: int, since: int = LONG_AGO) -> dict[str, Part]:
        """Return the source's share of each data set, with what the looks prove about what they did not show.

        Candidates with data older than ``since``, the oldest that the question needs, are left out, but for as long
        before the newest one as its size is compared with: the age of what stopped long ago is still told.
        """
        absence = Absence.proved_by(self.looks, source.thinned_after)
        last = self.looks[-1] if self.looks else None
        gap = next((gap.what for gap in last.gaps if gap.hides), "") if last else ""
        unasked = {gap.fact: gap.what for gap in last.gaps if gap.fact} if last else {}
        rows: dict[str, list[Sighting]] = {of: [] for of in source.of}
        for sighting in (*self.past, *self.standing.values()):
            if sighting.shown.of in rows:
                rows[sighting.shown.of].append(sighting)
        parts: dict[str, Part] = {}
        for of, sightings in rows.items():
            newest = max((seen.shown.data_lo for seen in sightings), default=since)
            oldest = min(since, newest - SIZES)
            # However old, what has failed its checksum is broken until it passes one.
            needed = [seen for seen in sightings if seen.shown.data_hi >= oldest or seen.is_rotten]
            # What has the content of something older is re-dated, however old that is.
            contents = {seen.shown.checksum for seen in needed} - {""}
            needed += [
                seen
                for seen in sightings
                if seen.shown.data_hi < oldest and seen.shown.checksum in contents and not seen.is_rotten
            ]
            parts[of] = Part(_columns(source, of, needed, clock_tolerance), absence, gap, unasked)
        return parts

    def _show(self, candidate: Candidate, begin: int) -> None:
        known = self.standing.get(candidate.name)
        same = known is not None and _same_content(known.shown, candidate)
        if known is not None and not same:
            self._end(candidate.name, begin)
        earliest, latest = candidate.available_lo, candidate.available_hi
        if not same or (known is not None and candidate.complete and not known.shown.complete):
            # What a complete look did not show had not arrived by then, whatever the place says of its time.
            earliest = max(earliest, self._missed(candidate, begin))
        # What a look showed had arrived by then.
        latest = max(earliest, min(latest, begin))
        if known is None or not same:
            self.standing[candidate.name] = Sighting(
                candidate, candidate.data_lo, candidate.data_hi, earliest, latest, begin, begin
            )
            return
        if candidate.complete and not known.shown.complete:
            known.available_lo, known.available_hi = earliest, latest
        elif candidate.data_lo != known.shown.data_lo and not candidate.checksum:
            # The name tells no instant, and alike in size it may hold new data or the old: nobody can tell.
            known.data_lo = min(known.data_lo, candidate.data_lo)
            known.data_hi = max(known.data_hi, candidate.data_hi)
            known.available_lo = min(known.available_lo, earliest)
            known.available_hi = max(known.available_hi, latest)
        else:
            # A touch or a copy in place renews nothing: the earliest time stands.
            known.available_lo = min(known.available_lo, earliest)
            known.available_hi = min(known.available_hi, latest)
        if known.shown != candidate and not candidate.checksum:
            # Alike in size and newly written it may hold other content, of which nothing was told.
            for fact in (Fact.STORAGE_ENCRYPTION, Fact.CLIENT_ENCRYPTION):
                if known.facts.get(fact):
                    known.facts[fact].append((begin, Told(None, "it was written anew since that was asked")))
        known.shown = candidate
        known.last_seen = begin

    def _missed(self, candidate: Candidate, begin: int) -> int:
        """Return the newest complete look before ``begin`` that would have shown a candidate; ``LONG_AGO``: none."""
        missed = (
            look.begin
            for look in reversed(self.looks)
            if look.complete and look.begin <= begin and look.asked_from <= candidate.data_lo
        )
        return next(missed, LONG_AGO)

    def _end(self, name: str, begin: int) -> None:
        known = self.standing.pop(name, None)
        if known is not None:
            # Every complete look since it came has shown it, if it asked that far back: else it would have gone then.
            data = known.shown.data_lo
            shown = (look.begin for look in reversed(self.looks) if look.complete and look.asked_from <= data)
            known.last_seen = max(known.last_seen, next(shown, known.last_seen))
            # A clock that was set back must not turn the pair round.
            known.gone_lo, known.gone_hi = known.last_seen, max(known.last_seen, begin)
            self.past.append(known)


def _may_be_lifted(fact: Fact, told: Told | None) -> bool:
    """Return whether what was told is a lock that somebody may lift: it holds as long as looks find it."""
    if told is None or not told.holds:
        return False
    return fact is Fact.LEGAL_HOLD or (fact is Fact.LOCK and told.how != LockMode.COMPLIANCE)


def _is_settled(known: Sighting, fact: Fact, locked_for: int) -> bool:
    told = known.told(fact)
    if told is None or told.holds is None:
        return False
    match fact:
        case Fact.STORAGE_ENCRYPTION | Fact.CLIENT_ENCRYPTION:
            return True
        case Fact.LOCK:
            return told.how == LockMode.COMPLIANCE and told.until - known.available_hi >= locked_for
        case Fact.LEGAL_HOLD | Fact.CHECKSUM:
            return False


def _same_content(known: Candidate, shown: Candidate) -> bool:
    """Return whether the same name still holds the same content, as far as the place can tell."""
    if known.complete and not shown.complete:
        return False  # its marker is gone: what stands there now can no longer be counted
    if known.checksum and shown.checksum:
        return known.checksum == shown.checksum
    return known.size == shown.size


def _columns(source: Source, of: str, sightings: list[Sighting], clock_tolerance: int) -> Points:
    sightings.sort(key=lambda seen: (seen.data_lo, seen.shown.name, seen.first_seen))
    points = Points(
        source=source.name,
        of=of,
        name=tuple(seen.shown.name for seen in sightings),
        kind=tuple(seen.shown.kind for seen in sightings),
        data_lo=array("q", (seen.data_lo for seen in sightings)),
        data_hi=array("q", (min(seen.data_hi, max(seen.data_lo, seen.available_hi)) for seen in sightings)),
        available_lo=array("q", (seen.available_lo for seen in sightings)),
        available_hi=array("q", (seen.available_hi for seen in sightings)),
        gone_lo=array("q", (max(seen.gone_lo, seen.available_lo) for seen in sightings)),
        gone_hi=array("q", (seen.gone_hi for seen in sightings)),
        size=array("q", (seen.shown.size for seen in sightings)),
        checksum=tuple(seen.shown.checksum for seen in sightings),
        facts={(row, fact): steps for row, seen in enumerate(sightings) for fact, steps in seen.facts.items()},
    )
    complete = [seen.shown.complete for seen in sightings]
    first_seen = [seen.first_seen for seen in sightings]
    reasons = reasons_not_to_count(source, points, complete, first_seen, clock_tolerance=clock_tolerance)
    return replace(points, why_not=reasons)
