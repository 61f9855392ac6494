"""What ``judging.md`` demands at one second of promises that bind every backup: encryption and immutability."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from itertools import product

from drcheck.core.evaluation.inputs import Terms
from drcheck.core.kinds.encryption import By, Encryption
from drcheck.core.kinds.immutability import Immutability
from drcheck.core.model.commitments import LockMode
from drcheck.core.model.evidence import LONG_AGO, Fact, FactValue

from .allowed import BREACHED, MET, NOTHING_OWED, UNKNOWN, Allowed
from .unseen import all_plainly_excluded, any_could_hide
from .worlds import DAY, Place, Seen

Answers = Mapping[tuple[str, Fact], Sequence[tuple[int, FactValue]]]
"""(name, fact) to what was told of it: (look, answer), oldest first."""

LATE = 7 * DAY


def _told(answers: Answers, seen: Seen, fact: Fact, second: int) -> FactValue | None:
    steps = answers.get((seen.truth.name, fact), ())
    held = [told for number, (look, told) in enumerate(steps) if number == 0 or look <= second]
    return held[-1] if held else None


def _owed(terms: Terms, second: int) -> bool:
    begun = terms.effective is None or second >= terms.effective
    return begun and terms.binds.start <= second < terms.binds.end


def allowed_encryption(
    commitment: Encryption, places: Sequence[Place], answers: Answers, terms: Terms, second: int
) -> Allowed:
    if not _owed(terms, second):
        return NOTHING_OWED
    asked = {
        By.STORAGE: [Fact.STORAGE_ENCRYPTION],
        By.CLIENT: [Fact.CLIENT_ENCRYPTION],
        By.EITHER: [Fact.STORAGE_ENCRYPTION, Fact.CLIENT_ENCRYPTION],
    }[commitment.by]
    surely: list[bool | None] = []
    maybe: list[bool | None] = []
    for place in places:
        for seen in place.seen:
            if seen.truth.size == 0 or not seen.available[0] <= second < seen.gone[1]:
                continue
            told = [one.holds if one else None for fact in asked for one in [_told(answers, seen, fact, second)]]
            encrypted = True if True in told else None if None in told else False
            (surely if seen.available[1] <= second < seen.gone[0] else maybe).append(encrypted)
    if False in surely:
        return BREACHED
    if any(one is not True for one in (*surely, *maybe)) or any_could_hide(places, LONG_AGO, second, standing=True):
        return UNKNOWN
    if not surely:
        return UNKNOWN
    return MET if all_plainly_excluded(places, LONG_AGO, second, standing=True) else MET | UNKNOWN


def allowed_immutability(
    commitment: Immutability, places: Sequence[Place], answers: Answers, terms: Terms, second: int
) -> Allowed:
    if not _owed(terms, second):
        return NOTHING_OWED
    inside = False
    doubt = False
    for place in places:
        for seen in place.counted:
            outcomes = {
                _point(commitment, answers, seen, arrived, gone, second)
                for arrived, gone in product(_arrivals(commitment, answers, seen, second), seen.gone)
            }
            if outcomes == {False}:
                return BREACHED
            doubt = doubt or bool(outcomes & {False, None})
            inside = inside or outcomes == {True}
    fresh = second + 1 - (commitment.at_least + LATE)
    if doubt or not inside or any_could_hide(places, fresh, second, standing=True):
        return UNKNOWN
    return MET if all_plainly_excluded(places, fresh - 1, second, standing=True) else MET | UNKNOWN


def _arrivals(commitment: Immutability, answers: Answers, seen: Seen, second: int) -> set[int]:
    lo, hi = seen.available
    marks = {lo, hi, second, second + 1, second - commitment.at_least, second - commitment.at_least + 1}
    for _, told in answers.get((seen.truth.name, Fact.LOCK), ()):
        marks |= {told.until - commitment.at_least, told.until - commitment.at_least + 1}
    return {at for at in marks if lo <= at <= hi}


def _point(
    commitment: Immutability, answers: Answers, seen: Seen, arrived: int, gone: int, second: int
) -> bool | str | None:
    """Return whether one point keeps the promise in one world; ``outside``: it is not bound by it."""
    if not arrived <= second < arrived + commitment.at_least:
        return "outside"
    lock = _told(answers, seen, Fact.LOCK, min(second, gone))
    hold = _told(answers, seen, Fact.LEGAL_HOLD, min(second, gone))
    alone = _locked(commitment, lock, arrived)
    firmly = bool(alone) and lock is not None and lock.how == "compliance"
    kept = alone
    if commitment.mode is LockMode.ANY and not alone:
        if hold is not None and hold.holds:
            kept = True
        elif hold is None or hold.holds is None:
            kept = None
    if second < gone or kept is False:
        return kept
    return True if firmly else None


def _locked(commitment: Immutability, lock: FactValue | None, arrived: int) -> bool | None:
    if lock is None or lock.holds is None:
        return None
    if not lock.holds or lock.how == "unlocked":
        return False
    if lock.how == "governance" and commitment.mode is LockMode.COMPLIANCE:
        return False
    return lock.until - arrived >= commitment.at_least
