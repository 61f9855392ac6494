"""Retention: what is owed still stands and can be restored; nothing is older than promised.

Three promises, each judged on its own, then the worst taken: ``keep`` for a time, ``keep`` in tiers, ``at_most``.
"""

from __future__ import annotations

from array import array
from collections.abc import Iterable, Iterator, Sequence
from datetime import tzinfo
from functools import cached_property, lru_cache, partial
from itertools import groupby, pairwise, repeat
from typing import NamedTuple

from msgspec import Struct

from drcheck.core import words
from drcheck.core.evaluation import why_unknown
from drcheck.core.evaluation.by_slot import BySlot, Ruler
from drcheck.core.evaluation.exposure import cite, rejected
from drcheck.core.evaluation.inputs import Subject, Terms
from drcheck.core.evaluation.requirements import all_required
from drcheck.core.history.absence import Absence, proved_at_all
from drcheck.core.kinds.retention.commitment import Retention
from drcheck.core.kinds.retention.tiers import SlotPoints, tier, why_it_may_not_stand, why_not_kept
from drcheck.core.model import grace, lateness
from drcheck.core.model.evidence import LONG_AGO, Cited, Fact
from drcheck.core.model.points import Row
from drcheck.core.model.slots import Per
from drcheck.core.model.status import Status
from drcheck.core.model.verdict import Finding, Piece, Quantity, Window
from drcheck.core.time import calendar
from drcheck.core.time.spans import Span, Spans, includes, union
from drcheck.core.time.timeline import cut, overlay, within


def evaluate(commitment: Retention, subject: Subject, terms: Terms, window: Window) -> Finding:
    """Judge one data set over ``window``."""
    findings: list[Finding] = []
    if commitment.keep is not None:
        findings.append(_kept(commitment, commitment.keep, subject, terms, window))
    for per, count in commitment.tiers.items():
        findings.append(tier(per, count, subject, terms, window))
    if commitment.at_most is not None:
        findings.append(_nothing_older(commitment, commitment.at_most, subject, terms, window))
    pieces, deciding = all_required(window, findings)
    evidence = dict.fromkeys(cited for finding in findings for cited in finding.evidence)
    return Finding(
        of=subject.of,
        pieces=pieces,
        reason=deciding.reason,
        objective=deciding.objective,
        measured=deciding.measured,
        headroom=deciding.headroom,
        due_at=deciding.due_at,
        evidence=tuple(evidence),
    )


class _Owed(Struct, dict=True):
    """One slot, while it is owed; what it takes long to find out is found out once it is asked."""

    slot: calendar.Slot
    due: int
    until: int
    """It is no longer owed from here on."""
    stands: bool
    """Whether it surely stands for as long as it is owed within the window: then nothing else of it matters."""
    owing: _Owing
    index: int
    """Which of its slots it is."""

    @property
    def label(self) -> str:
        return self.slot.label

    @property
    def covered(self) -> bool:
        """Whether a slot that was never made is a frequency commitment's breach, not this one's."""
        return self.owing.terms.covered

    @cached_property
    def held(self) -> SlotPoints:
        return SlotPoints.of(self.owing.by_slot, self.index)

    @cached_property
    def elsewhere(self) -> SlotPoints:
        """The same slot where that commitment counts its backups: one that was made there was made."""
        return SlotPoints.of(self.owing.elsewhere, self.index)

    @cached_property
    def seen(self) -> Spans:
        """When everything of it that stood has been seen."""
        start = self.slot.start
        return proved_at_all(part.absence.none_unseen(start) for part in self.owing.subject.parts)

    @cached_property
    def none_made_until(self) -> int:
        """Until when nothing of it can have come unseen since it was due."""
        return min(
            max(
                next((span.end for span in part.absence.stood(self.slot.start) if span.includes(self.due)), self.due),
                part.absence.arrivals_known_until(self.slot.start),
            )
            for part in (*self.owing.subject.parts, *self.owing.terms.made)
        )

    def status_at(self, t: int) -> Status | None:
        if not self.due <= t < self.until:
            return None
        if self.stands:
            return Status.MET
        held = self.held
        if includes(held.surely, t):
            return Status.MET
        if includes(held.maybe, t) or not includes(self.seen, t):
            return Status.UNKNOWN
        if not self.covered or t >= min(held.surely_from, self.elsewhere.surely_from):
            return Status.BREACHED
        may_be_made = min(held.maybe_from, self.elsewhere.maybe_from, self.none_made_until)
        return Status.MET if t < may_be_made else Status.UNKNOWN

    def stands_at(self, t: int) -> bool:
        return self.stands or includes(self.held.surely, t)

    def never_made_at(self, t: int) -> bool:
        return self.status_at(t) is Status.MET and not self.stands_at(t)

    def changes(self) -> Iterator[int]:
        yield from (self.due, self.until, self.none_made_until)
        for held in (self.held, self.elsewhere):
            yield from (held.surely_from, held.maybe_from)
        for spans in (self.held.surely, self.held.maybe, self.seen):
            for span in spans:
                yield from span


def _kept(commitment: Retention, keep: int, subject: Subject, terms: Terms, window: Window) -> Finding:
    owed = _owed(commitment, keep, subject, terms, window)
    nothing = (Piece(window.start, window.end, None, "nothing is owed yet: no slot is old enough"),)
    judged: list[Sequence[Piece]] = []
    for stand, several in groupby(owed, key=lambda slot: slot.stands):
        if stand:
            judged.append(_standing(several, window, whole=all(slot.stands for slot in owed)))
        else:
            judged += (cut(window, slot.changes(), slot.status_at, partial(_reason, slot, subject)) for slot in several)
    pieces = overlay(window, [nothing, *judged])
    last = window.end - 1
    now = [slot for slot in owed if slot.due <= last < slot.until]
    standing = [slot for slot in now if slot.stands_at(last)]
    never = [slot.label for slot in now if slot.never_made_at(last)]
    wanting = [
        slot for slot in now if slot.status_at(last) is pieces[-1].status and slot.status_at(last) is not Status.MET
    ]
    return Finding(
        of=subject.of,
        pieces=pieces,
        reason=_summary(subject, commitment, keep, now, standing, wanting, never, pieces[-1], last),
        objective=Quantity(len(now) - len(never), "points"),
        measured=Quantity(len(standing), "points"),
        headroom=Quantity(len(standing) + len(never) - len(now), "points"),
        evidence=(*_cited(wanting or [*standing[:1], *standing[1:][-1:]]), *rejected(subject, window.end - keep)),
    )


def _standing(slots: Iterable[_Owed], window: Window, *, whole: bool) -> list[Piece]:
    """Return what slots in a row, each standing while it is owed, come to: the oldest one that is owed is named.

    ``whole``: they are all that are owed.
    """
    begun: list[tuple[int, Status | None, str]] = []
    at = window.start
    for slot in slots:
        if at >= window.end:
            break  # an older one is owed until the window ends
        start, end = max(slot.due, at), min(slot.until, window.end)
        if start >= end:
            continue  # it is owed no longer once it is due, or no longer than an older one
        if at < start:
            begun.append((at, None, f"{slot.label} is not owed"))
        if at < start or not begun or not whole:  # else no other judgement lies over it, after which another is named
            begun.append((start, Status.MET, f"{slot.label} stands"))
        at = end
    if at < window.end:
        begun.append((at, None, "no slot is owed any more"))
    ends = [*(start for start, *_ in begun[1:]), window.end]
    return [Piece(start, end, status, reason) for (start, status, reason), end in zip(begun, ends, strict=True)]


def _cited(slots: list[_Owed]) -> Iterator[Cited]:
    return (cite(row) for slot in slots for row in slot.owing.by_slot.rows(slot.index))


def _summary(
    subject: Subject,
    commitment: Retention,
    keep: int,
    now: list[_Owed],
    standing: list[_Owed],
    wanting: list[_Owed],
    never: list[str],
    newest: Piece,
    last: int,
) -> str:
    if newest.status is None or not now:
        return newest.reason
    count = f"{len(standing)} of {len(now)} {commitment.per}s of the last {words.duration(keep)} stand for {subject.of}"
    if newest.status is not Status.MET:
        more = f"the first of {len(wanting)} that do not: " if len(wanting) > 1 else ""
        return f"{count}; {more}{_reason(wanting[0], subject, last)}"
    missing = f"; never made, and told by the frequency commitment: {words.several(never)}" if never else ""
    return count + missing


def _reason(slot: _Owed, subject: Subject, t: int) -> str:
    status = slot.status_at(t)
    if status is None:
        return f"{slot.label} is not owed"
    if status is Status.MET:
        return f"{slot.label} " + ("was never made" if slot.never_made_at(t) else "stands")
    if status is Status.UNKNOWN:
        if includes(slot.held.maybe, t):
            return why_it_may_not_stand(slot.held, t)
        unseen = [part for part in subject.parts if not includes(part.absence.none_unseen(slot.slot.start), t)]
        if unseen:
            return f"no backup of {slot.label} is known to stand; " + why_unknown.unproved(
                unseen, t, f"no backup of {subject.of} of {slot.label} stood"
            )
        return (
            f"nothing of {slot.label} stands, and the looks cannot tell whether it was deleted or never made; "
            f"thinned_after on {words.several([part.points.source for part in subject.parts])} would"
        )
    if t >= slot.held.surely_from:
        return why_not_kept(slot.held, t)
    if slot.covered:
        points, row = slot.elsewhere.rows[0]
        return f"nothing of {slot.label} stands, though {points.name[row]} was made at {points.source}"
    return f"nothing of {slot.label} stands"


def _owed(commitment: Retention, keep: int, subject: Subject, terms: Terms, window: Window) -> list[_Owed]:
    """Return every slot that is owed at some time within ``window``."""
    begin = max(terms.binds.start, window.start - keep + 1, LONG_AGO if terms.effective is None else terms.effective)
    plan = _plan(commitment.per, terms.zone, Span(begin, terms.binds.end), keep, terms.grace, window)
    owing = _Owing(subject, terms, BySlot(subject.parts, plan.ruler), BySlot(terms.made, plan.ruler))
    stand = owing.by_slot.plainly_held(plan.since, plan.until)
    slots = plan.ruler.slots
    return list(map(_Owed, slots, plan.dues, plan.ends, map(bool, stand), repeat(owing), range(len(slots))))


class _Plan(NamedTuple):
    """The slots that are owed at some time within a window: the same for all services of an estate."""

    ruler: Ruler
    dues: Sequence[int]
    ends: Sequence[int]
    """From when on each is no longer owed."""
    since: array[int]
    """From when on each must stand within the window, and until when."""
    until: array[int]


@lru_cache(maxsize=16)
def _plan(per: Per, zone: tzinfo, begun: Span, keep: int, grace: int, window: Window) -> _Plan:
    """Return the slots that begin within ``begun`` and are due before ``window`` ends."""
    slots = [
        slot
        for slot in calendar.slots(per, zone, window.start - keep, window.end)
        if begun.includes(slot.start) and lateness.due(slot.end, grace) < window.end
    ]
    dues = [lateness.due(slot.end, grace) for slot in slots]
    ends = [slot.start + keep for slot in slots]
    since, until = (max(due, window.start) for due in dues), (min(end, window.end) for end in ends)
    return _Plan(Ruler(slots), dues, ends, array("q", since), array("q", until))


class _Owing(Struct, frozen=True):
    """What all slots of one judgement share."""

    subject: Subject
    terms: Terms
    by_slot: BySlot
    elsewhere: BySlot
    """The same slots where the commitment that covers what was never made counts its backups."""


def _nothing_older(commitment: Retention, at_most: int, subject: Subject, terms: Terms, window: Window) -> Finding:
    """Judge the ceiling: every candidate older than ``at_most`` and the grace is an offender, counted or not."""
    allowed = at_most + grace.of_deletion(commitment)
    surely: list[Span] = []
    maybe: list[Span] = []
    rows: list[tuple[int, Row]] = []
    for part in subject.parts:
        points = part.points
        for row in range(len(points)):
            sure = Span(max(points.data_hi[row] + allowed, points.available_hi[row]), points.gone_lo[row])
            chance = Span(max(points.data_lo[row] + allowed, points.available_lo[row]), points.gone_hi[row])
            surely.append(sure)
            maybe.append(chance)
            if chance.overlaps(window):
                rows.append((chance.start, (points, row)))
    surely_spans, maybe_spans = union(surely), union(maybe)
    standing = subject.surely_standing()
    seen = proved_at_all(_none_too_old(part.absence, allowed) for part in subject.parts)
    hidden = next((why for part in subject.parts if (why := part.unasked.get(Fact.EARLIER))), "")
    rows.sort(key=lambda item: item[0])

    def status_at(t: int) -> Status | None:
        if terms.before_effect(t):
            return None
        if includes(surely_spans, t):
            return Status.BREACHED
        if includes(maybe_spans, t) or not includes(seen, t):
            return Status.UNKNOWN
        # A promise of every one holds neither over none, nor over those alone that a listing shows.
        return Status.MET if includes(standing, t) and not hidden else Status.UNKNOWN

    def offenders(t: int) -> list[Row]:
        return [row for since, row in rows if since <= t < row[0].gone_hi[row[1]]]

    def reason_at(t: int) -> str:
        if why := terms.before_effect(t):
            return why
        status, old = status_at(t), offenders(t)
        if status is Status.BREACHED:
            points, row = old[0]
            more = f" (and {len(old) - 1} more)" if len(old) > 1 else ""
            return (
                f"{points.name[row]}{more} at {points.source} is older than {words.duration(at_most)}: "
                f"its data is of {words.instant(points.data_lo[row])}"
            )
        if status is Status.UNKNOWN:
            if old:
                return why_unknown.uncertain(*old[0], t)
            if hidden and includes(seen, t):
                return f"nothing that is listed of {subject.of} is older than {words.duration(at_most)}, but {hidden}"
            if includes(seen, t):
                return f"there is nothing of {subject.of} that could be too old: nothing of it is known to stand"
            return why_unknown.unproved(
                subject.parts, t, f"nothing of {subject.of} older than {words.duration(at_most)} stood"
            )
        return f"nothing of {subject.of} is older than {words.duration(at_most)}"

    changes = [t for spans in (surely_spans, maybe_spans, seen, standing) for span in spans for t in span]
    if terms.effective is not None:
        changes.append(terms.effective)
    last = window.end - 1
    oldest = min(
        (
            part.points.data_lo[row]
            for part in subject.parts
            for row in range(len(part.points))
            if part.points.available_lo[row] <= last < part.points.gone_hi[row]
        ),
        default=None,
    )
    age = None if oldest is None else max(0, window.end - oldest)
    return Finding(
        of=subject.of,
        pieces=within(terms.binds, cut(window, changes, status_at, reason_at)),
        reason=reason_at(last),
        objective=Quantity(at_most, "s"),
        measured=None if age is None else Quantity(age, "s"),
        headroom=None if age is None else Quantity(at_most - age, "s"),
        evidence=tuple(cite(row) for row in offenders(last)),
    )


def _none_too_old(absence: Absence, allowed: int) -> Spans:
    """Return when nothing older than ``allowed`` can have stood unseen.

    What came between two complete looks in a row, and went before the second, is no older than they are apart.
    """
    whole = [begin for begin, asked_from in absence.complete if asked_from == LONG_AGO]
    between = (Span(begin, after + 1) for begin, after in pairwise(whole) if after - begin <= allowed)
    return union([*absence.stood(LONG_AGO), *between])
