"""What was told of the facts of one thing that lies at a place, look after look."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from drcheck.core.history.sightings import Sighting
from drcheck.core.history.standing_sightings import StandingSightings
from drcheck.core.model.archive_tiers import AT_HAND
from drcheck.core.model.commitments import LockMode
from drcheck.core.model.evidence import Described, Fact, FactValue, Settled


def note(known: Sighting, described: Described, begin: int, *, seen: int) -> None:
    """Note an answer of the look at ``begin``; ``seen`` is the newest complete look before it."""
    steps, told = known.steps_of(described.fact), described.told
    last = steps[-1][1] if steps else None
    if described.fact is Fact.STATE:
        _note_state(steps, told, begin)
        return
    if described.fact is Fact.ARCHIVED:
        # Each answer holds from its look on; looks that said nothing of a tier found it at hand.
        if not steps and known.first_seen < begin:
            steps.append((known.first_seen, AT_HAND))
        _append(steps, told, begin)
        return
    if told.holds is None and last is not None and not may_be_lifted(described.fact, last):
        return  # that nobody could tell this time is no news: what was told before stands
    if len(steps) == 1 and last is not None and last.holds is None:
        steps.clear()
    weaker = told.holds is False or (told.holds and last is not None and told.until < last.until)
    if weaker and last is not None and may_be_lifted(described.fact, last):
        steps.append((min(seen + 1, begin), FactValue(None, "it went somewhere between two looks")))
    _append(steps, told, begin)


def _note_state(steps: list[tuple[int, FactValue]], told: FactValue, begin: int) -> None:
    """Note what a file says of a candidate's state, or that nobody can tell: it is read where it may have changed.

    What was read of it answers for the looks that could not read it since it was written.
    """
    while told.holds is not None and steps and steps[-1][1].holds is None and told.until < steps[-1][0]:
        steps.pop()
    _append(steps, told, begin)


def _append(steps: list[tuple[int, FactValue]], told: FactValue, begin: int) -> None:
    """Note an answer from ``begin`` on, in the place of another of the same second, unless it is what held already."""
    if steps and steps[-1][0] == begin:
        steps.pop()
    if not steps or steps[-1][1] != told:
        steps.append((begin, told))


def may_be_lifted(fact: Fact, told: FactValue | None) -> bool:
    """Return whether what was told is a lock that somebody may lift: it holds as long as looks find it."""
    if told is None or not told.holds:
        return False
    return fact is Fact.LEGAL_HOLD or (fact is Fact.LOCK and told.how != LockMode.COMPLIANCE)


class StandingSettled(Mapping[str, Settled]):
    """What stands, as the reader is told of it: made only for the names that it asks for."""

    def __init__(self, standing: StandingSightings, locked_for: int, at: int, *, verified_once: bool) -> None:
        self._standing, self._locked_for, self._at, self._verified_once = standing, locked_for, at, verified_once

    def __getitem__(self, name: str) -> Settled:
        known = self._standing.peek(name)
        told = {fact: steps[-1][1] for fact, steps in known.facts.items()}
        settled = {
            fact: one
            for fact, one in told.items()
            if _is_settled(fact, one, known.available_hi, self._locked_for, self._at)
            or (self._verified_once and fact is Fact.CHECKSUM and one.holds)
        }
        return Settled(known.shown, settled)

    def __iter__(self) -> Iterator[str]:
        return iter(self._standing)

    def __len__(self) -> int:
        return len(self._standing)


def _is_settled(fact: Fact, told: FactValue, arrived: int, locked_for: int, at: int) -> bool:
    match fact:
        case Fact.STORAGE_ENCRYPTION | Fact.CLIENT_ENCRYPTION | Fact.DIGEST | Fact.PIECES:
            return True
        case Fact.LOCK | Fact.LEGAL_HOLD if told.holds is None:
            return False
        case Fact.LOCK | Fact.LEGAL_HOLD if arrived + locked_for <= at:
            return True
        case Fact.LOCK:
            return told.how == LockMode.COMPLIANCE and told.until - arrived >= locked_for
        case Fact.LEGAL_HOLD | Fact.CHECKSUM | Fact.STATE | Fact.ARCHIVED | Fact.EARLIER | Fact.INODE | Fact.NEEDS:
            return False
        case Fact.BUILDS_ON:
            return False
