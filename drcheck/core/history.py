"""A source's history: looks, one after the other, turned into what came, changed and went.

Each look becomes one :class:`Record`, the unit that the ledger keeps; applying a source's records in order rebuilds
its history. From it come the columns that evaluators judge, so that none of them reads a raw look.
"""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Iterable, Mapping
from collections.abc import Set as AbstractSet
from dataclasses import dataclass, field, replace

from drcheck.core.absence import Absence
from drcheck.core.evidence import FOREVER, LONG_AGO, Candidate, Described, Fact, Look, Observation, Settled, Told
from drcheck.core.policy import Source
from drcheck.core.promises import LockMode
from drcheck.core.sightings import Sighting, columns, same_content
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
    shown: tuple[str, ...] = ()
    """Of an incomplete look, the names that it showed as they were: a complete one shows all that did not go."""
    described: tuple[Described, ...] = ()
    """Facts of what stands that were not known yet, or are not as they were."""
    unlisted: tuple[str, ...] = ()
    unread: int = 0


@dataclass(slots=True)
class History:
    """Everything that the looks at one source have shown."""

    looks: list[Look] = field(default_factory=list)
    standing: dict[str, Sighting] = field(default_factory=dict)
    past: list[Sighting] = field(default_factory=list)
    unlisted: tuple[str, ...] = ()
    unread: int = 0
    turnovers: dict[tuple[str, bool], list[int]] = field(default_factory=dict)
    """(data set, whether writing the same content anew counts) to the complete looks that showed that more came and
    went since the one before than looks can show."""
    _ended: list[tuple[Sighting, bool]] = field(default_factory=list)
    """What ended since the newest complete look, and whether it was only written anew."""
    _reach: list[tuple[int, int]] = field(default_factory=list)
    """(asked_from, begin) of the complete looks but those after which another one asked as far back, oldest first."""

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
        again = () if look.complete else tuple(name for name in shown if name in self.standing and name not in changed)
        return Record(look, appeared, gone, again, described, observation.unlisted, observation.unread)

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
        look = record.look
        moved = self._moved(record)
        for name in record.gone:
            self._end(name, look)
        for candidate in record.appeared:
            if (known := moved.get(candidate.name)) is None:
                self._show(candidate, look)
                continue
            # The same recovery point under another name: it stood throughout, and arrived when it first did.
            self._end(candidate.name, look)
            known.shown, known.last_seen = candidate, look.begin
            self.standing[candidate.name] = known
        for name in record.shown:
            if name in self.standing:
                self.standing[name].last_seen = look.begin
        for described in record.described:
            self._describe(described, look.begin)
        self.looks.append(look)
        if look.complete:
            self._turn_over(look)
            del self._reach[bisect_right(self._reach, (look.asked_from, LONG_AGO)) :]
            self._reach.append((look.asked_from, look.begin))
        self.unlisted = record.unlisted
        self.unread = record.unread

    def _moved(self, record: Record) -> dict[str, Sighting]:
        """Take what only changed its name out of what stands, and return it by its new name.

        Its old name was missed, or shows something else, and a name that is new, or showed something else, has the same
        content and data: a file that was renamed, or rotated.
        """
        showing = {candidate.name: candidate for candidate in record.appeared}
        left = [*record.gone, *(name for name, candidate in showing.items() if self._is_overwritten(name, candidate))]
        old = {what: name for name in left if name in self.standing and (what := _what(self.standing[name].shown))}
        new = {
            candidate.name: old.pop(what)
            for candidate in record.appeared
            if (what := _what(candidate)) in old and self.standing.get(candidate.name) is not self.standing[old[what]]
            and (candidate.name not in self.standing or self._is_overwritten(candidate.name, candidate))
        }  # fmt: skip
        return {name: self.standing.pop(before) for name, before in new.items()}

    def _is_overwritten(self, name: str, candidate: Candidate) -> bool:
        """Return whether a name that stands shows other content now."""
        known = self.standing.get(name)
        return known is not None and not same_content(known.shown, candidate)

    def _turn_over(self, look: Look) -> None:
        """Note the data sets that turn over faster than complete looks, of which ``look`` is the newest, come.

        Something that the look before showed is gone, or overwritten, though it arrived, or may have, less than their
        distance before that, and what is there now is newer: others may have come and gone in between.
        """
        ended, self._ended = self._ended, []
        if not self._reach:
            return
        before = self._reach[-1][1]
        since = before - (look.begin - before)
        for rewritten in (False, True):
            went = [seen for seen, again in ended if again <= rewritten and seen.first_seen <= before]
            sets = {seen.shown.of for seen in went if seen.available_hi > since}
            if not sets:
                continue
            newest = dict.fromkeys(sets, LONG_AGO)
            newer = dict.fromkeys(sets, LONG_AGO)
            there = (known for known in self.standing.values() if known.shown.of in sets)
            for seen in (*went, *(one for known in there for one in known.writings())):
                if (of := seen.shown.of) in sets:
                    which = newest if seen.first_seen <= before else newer
                    which[of] = max(which[of], seen.newest_data)
            for of in sets:
                turned = self.turnovers.setdefault((of, rewritten), [])
                if newer[of] > newest[of] and look.begin not in turned:
                    turned.append(look.begin)

    def _last_shown(self, known: Sighting) -> int:
        """Return the newest look that showed what still stands: else a complete one would have missed it."""
        index = bisect_right(self._reach, (known.shown.data_lo, FOREVER)) - 1
        return max(known.last_seen, self._reach[index][1]) if index >= 0 else known.last_seen

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
            seen = self._reach[-1][1] if self._reach else begin
            steps.append((min(seen + 1, begin), Told(None, "it went somewhere between two looks")))
        if steps and steps[-1][0] == begin:
            steps.pop()
        if not steps or steps[-1][1] != told:
            steps.append((begin, told))

    def parts(
        self, source: Source, *, clock_tolerance: int, since: int = LONG_AGO, until: int = FOREVER
    ) -> dict[str, Part]:
        """Return the source's share of each data set, with what the looks prove about what they did not show.

        Candidates with data older than ``since``, the oldest that the question needs, are left out, but for as long
        before the newest one as its size is compared with: the age of what stopped long ago is still told. The
        question ends at ``until``: what was shown right before it is not said to be unseen since.
        """
        looked = Absence.proved_by(self.looks, source.thinned_after)
        last = self.looks[-1] if self.looks else None
        gap = next((gap.what for gap in last.gaps if gap.hides), "") if last else ""
        unasked = {gap.fact: gap.what for gap in last.gaps if gap.fact} if last else {}
        rows: dict[str, list[Sighting]] = {of: [] for of in source.of}
        for sighting in (*self.past, *self.standing.values()):
            if sighting.shown.of in rows:
                rows[sighting.shown.of].append(sighting)

        def unseen_from(known: Sighting) -> int:
            shown = self._last_shown(known) + 1
            if last is not None and last.begin < shown and not last.complete and known.last_seen != last.begin:
                return last.begin  # the clock was set back, and by it nobody sees this any more
            return FOREVER if shown >= until else shown

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
            points = columns(source, of, needed, unseen_from, clock_tolerance=clock_tolerance)
            fast = self.turnovers.get((of, source.identical_dumps)) or self.turnovers.get((of, False))
            absence = Absence.proved_by(self.looks, source.thinned_after, fast) if fast else looked
            parts[of] = Part(points, absence, gap, unasked)
        return parts

    def _show(self, candidate: Candidate, look: Look) -> None:
        begin, known = look.begin, self.standing.get(candidate.name)
        content = known is not None and same_content(known.shown, candidate)
        marked = known is not None and candidate.complete and not known.shown.complete
        # Where its marker is gone, what stands there now can no longer be counted.
        unmarked = known is not None and known.shown.complete and not candidate.complete
        new = Sighting(candidate, candidate.data_lo, candidate.data_hi, *self._arrival(candidate, begin), begin, begin)
        if known is None or not content or unmarked:
            self._end(candidate.name, look, by=None if content else new)
            self.standing[candidate.name] = new
            return
        earliest = candidate.available_lo
        latest = max(earliest, min(candidate.available_hi, begin))
        rewritten = candidate.data_lo != known.shown.data_lo
        if rewritten:
            written = known.rewritings[-1] if known.rewritings else known
            self._ended.append((replace(written), True))
            known.rewritten_as(new, self._last_shown(known), in_a_row=self._in_a_row(written, look))
        if rewritten and not candidate.checksum:
            # The name tells no instant, and alike in size it may hold new data or the old: nobody can tell.
            known.data_lo = min(known.data_lo, candidate.data_lo)
            known.data_hi = max(known.data_hi, candidate.data_hi)
        if marked:
            known.available_lo, known.available_hi = new.available_lo, new.available_hi
        elif rewritten and not candidate.checksum:
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

    def _arrival(self, candidate: Candidate, begin: int) -> tuple[int, int]:
        """Return when what a look at ``begin`` showed anew arrived, whatever the place says of its time.

        What a look showed had arrived by then, and what a complete look did not show had not.
        """
        missed = self._missed(candidate, begin)
        earliest = max(candidate.available_lo, missed)
        latest = candidate.available_hi if candidate.available_hi >= missed else begin
        return earliest, max(earliest, min(latest, begin))

    def _missed(self, candidate: Candidate, begin: int) -> int:
        """Return the newest complete look before ``begin`` that would have shown a candidate; ``LONG_AGO``: none."""
        index = bisect_right(self._reach, (candidate.data_lo, FOREVER)) - 1
        # A look that seems to come later was told by a clock that has been set back since.
        return min(self._reach[index][1], begin) if index >= 0 else LONG_AGO

    def _in_a_row(self, known: Sighting, look: Look) -> bool:
        """Return whether ``look`` and the complete one before it are both complete, and that one showed ``known``."""
        if not look.complete or not self._reach:
            return False
        asked_from, begin = self._reach[-1]
        return asked_from <= known.shown.data_lo and known.first_seen <= begin

    def _end(self, name: str, look: Look, *, by: Sighting | None = None) -> None:
        """End what stood under ``name``: a look missed it, or showed it replaced by ``by``."""
        known = self.standing.pop(name, None)
        if known is None:
            return
        shown = self._last_shown(known)
        if by is not None:
            known.replaced(by, shown, in_a_row=self._in_a_row(known, look))
        else:
            known.gone_lo, known.gone_hi = shown + 1, max(shown + 1, look.begin)
        # Where the clock was set back in between, nobody knows which of the two looks came when.
        known.gone_lo = min(known.gone_lo, look.begin) if look.begin <= shown else known.gone_lo
        self.past.append(known)
        self._ended.append((known, False))


def _what(candidate: Candidate) -> Candidate | None:
    """Return all that makes two names of one source the same recovery point; None: nobody can tell."""
    if not candidate.checksum:
        return None
    return candidate._replace(name="", available_lo=0, available_hi=0)


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
