"""Copies: each slot has a recovery point with enough copies, far enough apart, in time; every copy lies where it must.

Two promises, each judged on its own, then the worst taken: ``at_least``, by slots, and ``all_in``, by candidates.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator, Sequence
from functools import partial
from itertools import combinations

from drcheck.core import words
from drcheck.core.evaluation import why_unknown
from drcheck.core.evaluation.every_point import MOST_CITED
from drcheck.core.evaluation.exposure import cite
from drcheck.core.evaluation.headroom import warn_at
from drcheck.core.evaluation.inputs import Subject, Terms
from drcheck.core.evaluation.requirements import all_required
from drcheck.core.evaluation.same_point import have_one_instant
from drcheck.core.history.part import Part
from drcheck.core.kinds.copies.commitment import Copies
from drcheck.core.kinds.copies.copy_slots import DecidingSlots, SlotOfCopies, deciding_slots
from drcheck.core.kinds.copies.distinct_copies import CopyCounter, one_fate
from drcheck.core.kinds.copies.residency import all_in, in_words
from drcheck.core.kinds.copies.shared_files import each_once
from drcheck.core.model.points import Row
from drcheck.core.model.status import Status
from drcheck.core.model.verdict import Finding, Quantity, Window
from drcheck.core.time.spans import includes
from drcheck.core.time.timeline import cut


def evaluate(commitment: Copies, subject: Subject, terms: Terms, window: Window) -> Finding:
    """Judge one data set; ``subject`` holds every source of the commitment that holds it."""
    findings: list[Finding] = []
    if commitment.at_least is not None:
        findings.append(_enough(commitment, commitment.at_least, subject, terms, window))
    if commitment.all_in is not None:
        findings.append(all_in(commitment.all_in, subject, terms, window))
    pieces, deciding = all_required(window, findings)
    first = findings[0]
    evidence = dict.fromkeys(one for finding in (deciding, *findings) for one in finding.evidence)
    return Finding(
        of=subject.of,
        pieces=pieces,
        reason=deciding.reason,
        objective=first.objective,
        measured=first.measured,
        headroom=first.headroom,
        due_at=first.due_at,
        at_risk=first.at_risk and pieces[-1].status is Status.MET,
        evidence=tuple(evidence)[:MOST_CITED],
        notes=tuple(note for finding in findings for note in finding.notes),
    )


def _enough(commitment: Copies, at_least: int, subject: Subject, terms: Terms, window: Window) -> Finding:
    subject = each_once(subject, terms)
    counting = CopyCounter(commitment, subject, terms)
    judged = deciding_slots(commitment, at_least, counting, subject, terms, window)
    reason_at = partial(_why, commitment, at_least, counting, judged, subject)
    pieces = cut(window, judged.changes(), lambda t: judged.at(t)[0], reason_at)
    last = window.end - 1
    status, deciding = judged.at(last)
    measured = None if deciding is None else deciding.copies.number
    wanting = [
        slot
        for slot in judged.slots
        if slot.slot.start < window.end <= slot.due
        and (slot.copies.number < at_least or any(points.available_hi[row] > last for points, row in slot.copies.rows))
    ]
    margin = commitment.within * warn_at(commitment)
    risky = any(includes(slot.held, last) and slot.due - window.end <= margin for slot in wanting)
    if deciding is not None and status is not Status.MET:
        due_at: int | None = deciding.due
    else:
        due_at = wanting[0].due if wanting else None
    of_it = dict.fromkeys(cite(row) for row in ((*deciding.copies.rows, *deciding.rows) if deciding else ()))
    return Finding(
        of=subject.of,
        pieces=pieces,
        reason=reason_at(last),
        objective=Quantity(at_least, "copies"),
        measured=None if measured is None else Quantity(measured, "copies"),
        headroom=None if measured is None else Quantity(measured - at_least, "copies"),
        due_at=due_at,
        at_risk=status is Status.MET and risky,
        evidence=tuple(of_it)[:MOST_CITED],
        notes=tuple(_notes(commitment, at_least, counting, judged, subject.of, window)),
    )


def _why(
    commitment: Copies, at_least: int, counting: CopyCounter, judged: DecidingSlots, subject: Subject, t: int
) -> str:
    status, slot = judged.at(t)
    of = subject.of
    if status is None:
        return f"nothing is owed yet: no {commitment.per} with a recovery point of {of} is due"
    if slot is None:
        return f"there is nothing of {of} that could have copies: no recovery point of it is known"
    label = slot.slot.label
    if status is Status.UNKNOWN and not includes(slot.held, t):
        return f"{label} may hold a recovery point of {of}: {_why_it_may_hold(slot, subject, t)}"
    asked = _asked(commitment, at_least)
    if slot.best is None:
        had = f"{label} holds no recovery point of {of} that is known to have had {asked}"
    else:
        points, row = slot.best
        at = words.several([copy.source for copy, _ in slot.copies.rows])
        had = (
            f"{label}: the recovery point of {of} with the most copies, {points.name[row]} at {points.source}, had "
            f"{slot.copies.number} of {asked} within {words.duration(commitment.within)}{f', at {at}' if at else ''}"
        )
    if status is Status.MET:
        return had
    if status is Status.UNKNOWN:
        return f"{had}; {_why_unknown(commitment, counting, slot, subject, t)}"
    beside = counting.why_not(slot.best) if slot.best else ""
    return f"{had}; {beside}" if beside else had


def _asked(commitment: Copies, at_least: int) -> str:
    asked = [f"{at_least} {'copy' if at_least == 1 else 'copies'}"]
    if commitment.different is not None and at_least > 1:
        asked.append(f"that differ in {commitment.different}")
    if commitment.counted_outside is not None:
        asked.append(f"outside {in_words(commitment.counted_outside)}")
    if commitment.counted_in is not None:
        asked.append(f"in {in_words(commitment.counted_in)}")
    return " ".join(asked)


def _why_it_may_hold(slot: SlotOfCopies, subject: Subject, t: int) -> str:
    if slot.rows:
        return why_unknown.undecided(*slot.rows[0], t, of_presence=False)
    return _unproved(slot, subject.parts, t, f"no backup of {subject.of} was made and deleted again")


def _why_unknown(commitment: Copies, counting: CopyCounter, slot: SlotOfCopies, subject: Subject, t: int) -> str:
    if unproved := slot.unproved(t):
        return _unproved(slot, unproved, t, f"no further copy of {subject.of} came and was deleted again")
    for source, counts in counting.counts.items():
        if counts is None:
            return f"nobody stated enough of where {source} lies; its `site`, and the keys of that, would tell"
        if counts and not counting.keys[source].stated:
            key = commitment.different
            return f"nobody stated the {key} of {source}; `{key}` on its site would tell"
    beside = (copy for row in slot.rows for copy in (row, *counting.beside(row)))
    doubted = ((points, row) for points, row in beside if points.doubt_at(row, t) is not None)
    if (first := next(doubted, None)) is not None:
        return why_unknown.undecided(*first, t, of_presence=False)
    unsure = [row for row in slot.rows if row[0].available_lo[row[1]] != row[0].available_hi[row[1]]]
    return why_unknown.uncertain(*(unsure or slot.rows)[0])


def _unproved(slot: SlotOfCopies, parts: Sequence[Part], t: int, what: str) -> str:
    # Where the proof ends, not where we stand: that is what a setting or another look could extend.
    seen_since = all(part.absence.last is not None and part.absence.last >= slot.due for part in parts)
    return why_unknown.unproved(parts, slot.slot.start if seen_since else t, what)


def _notes(
    commitment: Copies, at_least: int, counting: CopyCounter, judged: DecidingSlots, of: str, window: Window
) -> Iterator[str]:
    """Say how many points of the window had their copies, and which of those copies share a fate."""
    had = lacked = untold = 0
    last = window.end - 1
    pairs: dict[tuple[str, str], str] = {}
    told: set[tuple[str, int]] = set()
    for slot in judged.slots:
        unseen = tuple(part.points.source for part in slot.unproved(last))
        by_instant: dict[tuple[str, int], list[Row]] = defaultdict(list)
        for points, row in slot.rows:
            by_instant[points.source, points.data_lo[row]].append((points, row))
        for points, row in sorted(slot.rows, key=lambda item: item[0].data_lo[item[1]]):
            if (points.source, row) in told:
                continue
            alike = by_instant[points.source, points.data_lo[row]]
            same = [other for other in alike if have_one_instant((points, row), other)]
            members = [*same, *(copy for one in same for copy in counting.beside(one))]
            told.update((copy.source, index) for copy, index in members)
            if points.data_lo[row] < window.start or points.data_hi[row] + commitment.within > window.end:
                continue
            if any(counting.surely(member, last).number >= at_least for member in members):
                had += 1
            elif all(counting.possibly(member, unseen, last) < at_least for member in members):
                lacked += 1
            else:
                untold += 1
        sources = sorted({points.source for points, _ in (*slot.copies.rows, *((slot.best,) if slot.best else ()))})
        for one, other in combinations(sources, 2):
            if fate := one_fate(counting.places[one], counting.places[other]):
                pairs[one, other] = fate
    if total := had + lacked + untold:
        of_some = f"; of {untold} it is not known" if untold else ""
        yield f"{had} of {words.counted(total, 'recovery point')} of {of} had {_asked(commitment, at_least)}{of_some}"
    yield from (f"{one} and {other} are one fate: {fate}" for (one, other), fate in pairs.items())
