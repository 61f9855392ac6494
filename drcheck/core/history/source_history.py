"""The history of a source: what all looks at it have shown, each applied as what it changed.

From it come the columns that evaluators judge, so that none of them reads a raw look.
"""

from __future__ import annotations

from array import array
from collections.abc import Callable, Iterable, Mapping, Sequence
from functools import partial
from itertools import chain

from msgspec import Struct, field
from msgspec.structs import replace

from drcheck.core.history import facts, monitoring_exports
from drcheck.core.history.likeness import Content, Likeness
from drcheck.core.history.look_changes import LookChanges
from drcheck.core.history.looks import Looks, Reach
from drcheck.core.history.sealed_stretches import Sealed, Shelf
from drcheck.core.history.sightings import CONTENTS, Sighting, stretch_of
from drcheck.core.history.standing_sightings import StandingSightings
from drcheck.core.model.candidate_columns import CandidateColumns
from drcheck.core.model.evidence import (
    FOREVER,
    LONG_AGO,
    Candidate,
    Fact,
    FactValue,
    Look,
    Settled,
    StateRead,
    Unaccounted,
)
from drcheck.core.model.rewritten_logs import Inventory, ReportedTest, Stretch

SIZES = 10 * 86400
"""How much further back candidates are kept where sizes are compared with those of the ten points before."""


class History(Struct):
    """Everything that the looks at one source have shown."""

    looks: Looks = field(default_factory=Looks)
    standing: StandingSightings = field(default_factory=StandingSightings)
    past: list[Sighting] = field(default_factory=list)
    unlisted: tuple[str, ...] = ()
    unread: int = 0
    unaccounted: tuple[Unaccounted, ...] = ()
    """The newest names that nothing accounts for, as the newest look that listed anything showed them."""
    stretches: tuple[Stretch, ...] = ()
    """What all exports told together."""
    tests: dict[ReportedTest, None] = field(default_factory=dict)
    """What all reports of test runners told, in the order in which they did."""
    inventories: list[Inventory] = field(default_factory=list)
    """What lists of what exists told, each time that they told something else."""
    sealed: dict[int, Sealed] = field(default_factory=dict)
    """The stretches of old data that are not in memory."""
    origin: dict[int, Sealed] = field(default_factory=dict)
    """All stretches that a snapshot holds, as it holds them."""
    shelf: Shelf | None = None
    """Where those are read from."""
    changed: set[int] = field(default_factory=set)
    """Stretches that are not any more as they were read."""
    turnovers: dict[tuple[str, bool], list[int]] = field(default_factory=dict)
    """(data set, whether writing the same content anew counts) to the complete looks that showed that more came and
    went since the one before than looks can show."""
    ended: list[tuple[Sighting, bool]] = field(default_factory=list)
    """What ended since the newest complete look, and whether it was only written anew."""
    reach: Reach = field(default_factory=Reach)

    @classmethod
    def of(cls, looks: Iterable[LookChanges]) -> History:
        """Rebuild a history from what its looks changed, oldest first."""
        history = cls()
        for changes in looks:
            history.apply(changes)
        return history

    def apply(self, changes: LookChanges) -> None:
        """Add what the next look changed."""
        look = changes.look
        appeared = CandidateColumns.made_of(changes.appeared)
        self.find((*changes.gone, *changes.shown, *appeared.name, *(one.name for one in changes.described)))
        # A stretch in which something changes is read whole, so that it can be written whole.
        self._read(set(map(stretch_of, appeared.data_lo)) & self.sealed.keys())
        content_of = _contents(changes)
        moved = self._moved(changes, appeared, content_of)
        for name in changes.gone:
            self._end(name, look)
        for candidate in map(appeared.__getitem__, self._add_plain(appeared, moved, look)):
            if (known := moved.get(candidate.name)) is None:
                self._show(candidate, content_of(candidate), look)
                continue
            # The same recovery point under another name: it stood throughout, and arrived when it first did.
            self._end(candidate.name, look)
            known.shown, known.last_seen = candidate, look.begin
            self.standing[candidate.name] = known
            self.changed.add(known.stretch)
        for name in changes.shown:
            if (stretch := self.standing.see(name, look.begin)) is not None:
                self.changed.add(stretch)
        for described in changes.described:
            if (known := self.standing.get(described.name)) is not None:
                self.changed.add(known.stretch)
                facts.note(known, described, look.begin, seen=self.reach.newest[0] if self.reach.newest else look.begin)
        self.looks.append(look)
        if look.complete:
            self._turn_over(look)
        if look.complete:
            self.reach.follow(look.begin, look.asked_from)
        self.unlisted = changes.unlisted
        self.unread = changes.unread
        if changes.stretches:
            self.stretches = monitoring_exports.joined((*self.stretches, *changes.stretches))
        self.tests.update(dict.fromkeys(changes.tests))
        if changes.inventory is not None:
            self.inventories.append(changes.inventory)
        if look.complete or look.names:
            self.unaccounted = look.unaccounted

    @property
    def ever_matched(self) -> bool:
        """Whether a name there was ever read as that of a backup."""
        return bool(self.standing or self.past or self.sealed)

    def names(self) -> Sequence[str]:
        """Return every name under which any look has shown a backup; all of its stretches are read."""
        self.read_all()
        return sorted({*self.standing, *(seen.shown.name for seen in self.past)})

    def _add_plain(self, appeared: CandidateColumns, moved: Mapping[str, Sighting], look: Look) -> Sequence[int]:
        """Add as rows what is all told by being shown for the first time now; return the rows of all else.

        That is complete and one file, under a name that is new, and came, as its place says, before the look.
        """
        if len(set(appeared.name)) < len(appeared):
            return range(len(appeared))
        columns = zip(appeared.name, appeared.available_lo, appeared.complete, appeared.pieces, strict=True)
        plain = [
            row
            for row, (name, came, complete, pieces) in enumerate(columns)
            if complete and pieces is None and came <= look.begin and name not in self.standing and name not in moved
        ]
        shown = appeared if len(plain) == len(appeared) else appeared.only(plain)
        available_lo, available_hi = array("q"), array("q")
        missed = self._missed(shown.data_lo, look.begin)
        for times in zip(shown.data_lo, shown.available_lo, shown.available_hi, missed, strict=True):
            earliest, latest = _arrived(*times, look.begin)
            available_lo.append(earliest)
            available_hi.append(latest)
        self.standing.add(shown, available_lo, available_hi, look.begin)
        self.changed.update(map(stretch_of, shown.data_lo))
        return sorted({*range(len(appeared))}.difference(plain))

    def _moved(
        self, changes: LookChanges, appeared: CandidateColumns, content_of: Callable[[Candidate], Content]
    ) -> dict[str, Sighting]:
        """Take what only changed its name out of what stands, and return it by its new name.

        Its old name was missed, or shows something else, and a name that is new, or showed something else, has the same
        content and data: a file that was renamed, or rotated.
        """
        standing = (row for row, name in enumerate(appeared.name) if name in self.standing)
        overwritten = {
            one.name: None for one in map(appeared.__getitem__, standing) if self._is_overwritten(one, content_of(one))
        }
        left = [*changes.gone, *overwritten]
        there = ((name, known) for name in left if (known := self.standing.get(name)) is not None)
        old = {what: name for name, known in there if (what := _what(known.shown, known.content))}
        new = {
            one.name: old.pop(what)
            for one in (appeared if old else ())
            if (what := _what(one, content_of(one))) in old
            and self.standing.get(one.name) is not self.standing[old[what]]
            and (one.name not in self.standing or one.name in overwritten)
        }
        return {name: self.standing.pop(before) for name, before in new.items()}

    def _is_overwritten(self, candidate: Candidate, content: Content) -> bool:
        """Return whether a name that stands shows other content now."""
        known = self.standing.get(candidate.name)
        return known is not None and content.like(known.content) is Likeness.OTHER

    def _turn_over(self, look: Look) -> None:
        """Note the data sets that turn over faster than complete looks, of which ``look`` is the newest, come.

        Something that the look before showed is gone, or overwritten, though it arrived, or may have, less than their
        distance before that, and what is there now is newer: others may have come and gone in between.
        """
        ended, self.ended = self.ended, []
        if self.reach.newest is None:
            return
        before, _ = self.reach.newest
        since = before - (look.begin - before)
        for rewritten in (False, True):
            went = [seen for seen, again in ended if again <= rewritten and seen.first_seen <= before]
            sets = {seen.shown.of for seen in went if seen.available_hi > since}
            if not sets:
                continue
            # What is older than all that went decides nothing.
            oldest = min(seen.newest_data for seen in went if seen.shown.of in sets)
            self._read(
                [
                    stretch
                    for stretch, sealed in self.sealed.items()
                    if any(of in sets and one.standing >= oldest for of, one in sealed.newest.items())
                ]
            )
            newest = dict.fromkeys(sets, LONG_AGO)
            newer = dict.fromkeys(sets, LONG_AGO)
            gone = ((seen.shown.of, seen.first_seen, seen.newest_data) for seen in went)
            for of, first_seen, data in chain(gone, self.standing.writings()):
                if of in sets:
                    which = newest if first_seen <= before else newer
                    which[of] = max(which[of], data)
            for of in sets:
                turned = self.turnovers.setdefault((of, rewritten), [])
                if newer[of] > newest[of] and look.begin not in turned:
                    turned.append(look.begin)

    def last_shown(self, data: array[int], last_seen: array[int]) -> array[int]:
        """Return the newest look that showed what still stands: else a complete one would have missed it.

        Given, of each, the oldest instant of its data, and the newest look that is known to have shown it.
        """
        return self.reach.last_shown(data, last_seen)

    def last_shown_of(self, known: Sighting) -> int:
        """Return the newest look that showed one of them."""
        return max(self.reach.back_to(known.shown.data_lo), known.last_seen)

    def read_all(self) -> None:
        """Read every stretch."""
        self._read(self.sealed)

    def read_since(self, data_from: int) -> None:
        """Read the stretches that hold, or held, data of ``data_from`` or later."""
        self._read(
            stretch
            for stretch, sealed in self.sealed.items()
            if any(newest.data_hi >= data_from for newest in sealed.newest.values())
        )

    def find(self, names: Iterable[str]) -> None:
        """Read the stretches in which one of ``names`` stands that stands in none of those in memory."""
        if not self.sealed or self.shelf is None:
            return
        wanted = sorted(name for name in names if name not in self.standing)
        shelf = self.shelf
        self._read(
            [
                stretch
                for stretch, sealed in self.sealed.items()
                if sealed.may_hold(wanted, partial(shelf.index, stretch))
            ]
        )

    def _read(self, stretches: Iterable[int]) -> None:
        for stretch in tuple(stretches):
            assert self.shelf is not None, "what is sealed lies on a shelf"
            rows = self.shelf.load(stretch)
            del self.sealed[stretch]
            self.standing.update((seen.shown.name, seen) for seen in rows.standing)
            self.past += rows.past

    def settled(
        self, *, locked_for: int, since: int = LONG_AGO, at: int = LONG_AGO, verified_once: bool = False
    ) -> Mapping[str, Settled]:
        """Return what stands, by name, with the facts that cannot change, or do not matter any more at ``at``.

        Of data older than ``since`` not all of it is returned.

        Content keeps its encryption. A lock in compliance mode can only be lengthened (S3 Object Lock, Azure's locked
        policies), so one that lasts ``locked_for`` seconds from the arrival on is known for good; whatever is older
        than that need not be locked. Where nobody could tell whether something is encrypted, that is returned as well.
        Content decays; with ``verified_once`` what ever had its checksum is not read again.
        """
        self.read_since(since)
        return facts.StandingSettled(self.standing, locked_for, at, verified_once=verified_once)

    def states(self, since: int) -> dict[str, StateRead]:
        """Return what was last read of the state of what stands; of data older than ``since`` not all of it."""
        self.read_since(since)
        return {
            known.shown.name: StateRead(*steps[-1])
            for known in self.standing.specials()
            if (steps := known.facts.get(Fact.STATE))
        }

    def broken_since(self) -> int:
        """Return the oldest data that stands without its checksum, to be looked at until it passes one or is gone."""
        rotten = (known.data_lo for known in self.standing.specials() if known.is_rotten)
        return min((*rotten, *(one.broken_since for one in self.sealed.values())), default=FOREVER)

    def _show(self, candidate: Candidate, content: Content, look: Look) -> None:
        begin, known = look.begin, self.standing.get(candidate.name)
        if known is not None and self._grew(known, candidate, content, look):
            return
        like = Likeness.OTHER if known is None else content.like(known.content)
        marked = known is not None and candidate.complete and not known.shown.complete
        # Where its marker is gone, what stands there now can no longer be counted.
        unmarked = known is not None and known.shown.complete and not candidate.complete
        new = Sighting(candidate, candidate.data_lo, candidate.data_hi, *self._arrival(candidate, begin), begin, begin)
        if candidate.pieces is not None:
            new.formed = begin
        if known is None or like is Likeness.OTHER or unmarked:
            self._end(candidate.name, look, by=new if like is Likeness.OTHER else None)
            self.standing[candidate.name] = new
            self.changed.add(new.stretch)
            return
        missed = LONG_AGO
        if candidate.available_lo < known.available_lo:
            # Whatever time the place shows now: a look that did not show it as it is disproves the same as before.
            missed = self._complete_before(max(known.first_seen, known.formed) - 1, candidate.data_lo)
        earliest = max(candidate.available_lo, missed)
        latest = max(earliest, min(candidate.available_hi, begin)) if candidate.available_hi >= missed else begin
        rewritten = candidate.data_lo != known.shown.data_lo
        if rewritten:
            # Whether it holds the old data or new is for whoever reads it to say: both are kept.
            new.like = like
            written = known.rewritings[-1] if known.rewritings else known
            self.ended.append((replace(written), True))
            known.rewritten_as(new, self.last_shown_of(known), in_a_row=self._in_a_row(written, look))
        if marked:
            known.available_lo, known.available_hi, known.formed = new.available_lo, new.available_hi, begin
        else:
            # A touch or a copy in place renews nothing: the earliest time stands.
            known.available_lo = min(known.available_lo, earliest)
            known.available_hi = min(known.available_hi, latest)
        if known.shown != candidate and like is not Likeness.SAME:
            # Alike in size and newly written it may hold other content, of which nothing was told.
            for fact in (Fact.STORAGE_ENCRYPTION, Fact.CLIENT_ENCRYPTION):
                if known.facts.get(fact):
                    known.steps_of(fact).append((begin, FactValue(None, "it was written anew since that was asked")))
            known.forget(CONTENTS)
        known.shown = candidate
        known.last_seen = begin
        self.changed.add(known.stretch)

    def _grew(self, known: Sighting, candidate: Candidate, content: Content, look: Look) -> bool:
        """Note that files came to a backup of several, or went from it; return whether that is all that happened.

        While it grows it is one that comes; once it was found whole, what comes renews nothing, and what goes makes the
        rest doubtful. Where all its files are others, or the same ones hold something else, it was written anew.
        """
        before, now = known.shown.pieces, candidate.pieces
        if before is None or now is None or (known.shown.complete and not candidate.complete):
            return False
        last = self.last_shown_of(known)
        # Nobody adds a part to what has all of them: until it came, what looked whole was not.
        lacked = before.parts < now.parts and not before.wanted and known.lost_from == FOREVER
        known.whole = known.shown.complete and known.is_whole(last) and not lacked
        rewritten = before.files == now.files and content.like(known.content) is Likeness.OTHER
        if known.whole and (before.files == now.files or not before.shares(now)):
            return False
        if not known.whole:
            same = before.files == now.files and not rewritten and known.shown.complete == candidate.complete
            # Where its files tell the instant of its data, what holds newer data is another backup.
            if same or candidate.data_lo != known.shown.data_lo:
                return False
            known.available_lo, known.available_hi = self._arrival(candidate, look.begin)
            known.formed = look.begin
        elif before.lost(now):
            known.lost_from = min(known.lost_from, last + 1)
        self.changed.add(known.stretch)
        if known.shown != candidate:
            known.forget(CONTENTS)
        known.shown, known.last_seen = candidate, look.begin
        self.changed.add(known.stretch)
        return True

    def newest_shown(self, known: Sighting) -> int:
        """Return the newest look that showed something, whether it still stands or not."""
        return known.gone_lo - 1 if known.gone_lo < FOREVER else self.last_shown_of(known)

    def _arrival(self, candidate: Candidate, begin: int) -> tuple[int, int]:
        """Return when what a look at ``begin`` showed anew arrived, whatever the place says of its time."""
        (missed,) = self._missed((candidate.data_lo,), begin)
        return _arrived(candidate.data_lo, candidate.available_lo, candidate.available_hi, missed, begin)

    def _missed(self, data: Sequence[int], begin: int) -> list[int]:
        """Return the newest complete look before ``begin`` that would have shown such data; ``LONG_AGO``: none."""
        # A look that seems to come later was told by another clock: when it missed the candidate nobody knows.
        return [
            missed if missed <= begin else self._complete_before(begin, instant)
            for missed, instant in zip(map(self.reach.back_to, data), data, strict=True)
        ]

    def _complete_before(self, begin: int, data: int) -> int:
        """Return the newest complete look up to ``begin``, by its own clock, that asked as far back as ``data``."""
        asked = (at for at, asked_from in self.looks.complete() if at <= begin and asked_from <= data)
        return max(asked, default=LONG_AGO)

    def _in_a_row(self, known: Sighting, look: Look) -> bool:
        """Return whether ``look`` and the complete one before it are both complete, and that one showed ``known``."""
        if not look.complete or self.reach.newest is None:
            return False
        begin, asked_from = self.reach.newest
        return asked_from <= known.shown.data_lo and known.first_seen <= begin

    def _end(self, name: str, look: Look, *, by: Sighting | None = None) -> None:
        """End what stood under ``name``: a look missed it, or showed it replaced by ``by``."""
        known = self.standing.pop(name, None)
        if known is None:
            return
        shown = self.last_shown_of(known)
        if by is not None:
            known.replaced(by, shown, in_a_row=self._in_a_row(known, look))
        else:
            known.gone_lo, known.gone_hi = shown + 1, max(shown + 1, look.begin)
        if look.begin == shown:
            known.gone_lo = min(known.gone_lo, shown)
        elif look.begin < shown:
            # The clock was set back in between, and nobody knows which of the two looks came when.
            before = self._complete_before(look.begin - 1, known.shown.data_lo)
            known.gone_lo = before + 1 if before >= known.first_seen else min(known.available_lo, look.begin)
        self.past.append(known)
        self.changed.add(known.stretch)
        self.ended.append((known, False))


def _arrived(data_lo: int, available_lo: int, available_hi: int, missed: int, begin: int) -> tuple[int, int]:
    """Return when something arrived that the look at ``begin`` showed anew, and the one at ``missed`` did not.

    What a look showed had arrived by then, and what a complete look did not show had not. A time that lies after the
    look tells nothing.
    """
    if available_lo > begin:
        return max(missed, min(data_lo, begin)), begin
    earliest = max(available_lo, missed)
    latest = available_hi if available_hi >= missed else begin
    return earliest, max(earliest, min(latest, begin))


def _contents(changes: LookChanges) -> Callable[[Candidate], Content]:
    """Return what tells what is known of the content of something that a look showed anew."""
    told = {(one.name, one.fact): one.told.how for one in changes.described if one.told.holds and one.fact in CONTENTS}
    return lambda shown: Content(
        shown.size,
        shown.checksum or told.get((shown.name, Fact.DIGEST), ""),
        told.get((shown.name, Fact.PIECES), ""),
    )


def _what(candidate: Candidate, content: Content) -> tuple[Candidate, str] | None:
    """Return all that makes two names of one source the same recovery point; None: nobody can tell."""
    if not content.checksum:
        return None
    return candidate._replace(name="", available_lo=LONG_AGO, available_hi=LONG_AGO, checksum=""), content.checksum
