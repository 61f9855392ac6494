"""What judging a policy needs to be looked at, and how far back: cost follows the question."""

from __future__ import annotations

from zoneinfo import ZoneInfo

from drcheck.core import calendar
from drcheck.core.counting import MEDIAN_OF
from drcheck.core.evidence import LONG_AGO, Fact
from drcheck.core.policy import Policy, Reader, Source
from drcheck.core.promises import (
    By,
    Commitment,
    Copies,
    Encryption,
    Frequency,
    Immutability,
    Integrity,
    LockMode,
    Per,
    Retention,
    Rpo,
    Rung,
)
from drcheck.core.terms import DEFAULT_GRACE
from drcheck.core.verdict import Window

SLOT_LENGTH = {
    Per.HOUR: calendar.HOUR,
    Per.DAY: calendar.DAY,
    Per.WEEK: 7 * calendar.DAY,
    Per.MONTH: 31 * calendar.DAY,
    Per.QUARTER: 92 * calendar.DAY,
    Per.YEAR: 366 * calendar.DAY,
}
MARGIN = calendar.DAY
"""How much further back a look asks than its question strictly needs: slots shift with their zone."""

LATE = 7 * calendar.DAY
"""How long after its data a copy may arrive and still be looked for: a lock counts from the arrival."""


def looked_at(policy: Policy) -> tuple[Source, ...]:
    """Return the sources that must be looked at: those that a commitment rests on."""
    needed = {name for commitment in policy.commitments for name in commitment.evidence}
    return tuple(source for source in policy.sources.values() if source.name in needed)


def facts_of(commitment: Commitment) -> frozenset[Fact]:
    """Return what a commitment must know of each backup beside its listing."""
    match commitment:
        case Encryption(by=By.STORAGE):
            return frozenset({Fact.STORAGE_ENCRYPTION})
        case Encryption(by=By.CLIENT):
            return frozenset({Fact.CLIENT_ENCRYPTION})
        case Encryption():
            return frozenset({Fact.STORAGE_ENCRYPTION, Fact.CLIENT_ENCRYPTION})
        case Immutability(mode=LockMode.COMPLIANCE):
            return frozenset({Fact.LOCK})  # a legal hold can be lifted
        case Immutability():
            return frozenset({Fact.LOCK, Fact.LEGAL_HOLD})
        case Integrity(level=Rung.CHECKSUMMED):
            return frozenset({Fact.CHECKSUM})
        case _:
            return frozenset()


def asked_at(policy: Policy, source: Source) -> frozenset[Fact]:
    """Return what must be asked of each backup at ``source`` beside its listing: only what a commitment needs."""
    if source.reader is not Reader.OBJECTS:
        return frozenset()
    resting = (commitment for commitment in policy.commitments if source.name in commitment.evidence)
    return frozenset().union(*map(facts_of, resting))


def either_encrypts(policy: Policy, source: Source) -> bool:
    """Return whether encryption by the storage is enough for every commitment that rests on ``source``."""
    return not any(
        isinstance(one, Encryption) and one.by is By.CLIENT and source.name in one.evidence
        for one in policy.commitments
    )


def locked_for(policy: Policy, source: Source) -> int:
    """Return the longest time, in seconds, that a commitment wants the backups at ``source`` to be locked."""
    return max(
        (one.at_least for one in policy.commitments if isinstance(one, Immutability) and source.name in one.evidence),
        default=0,
    )


def needed_since(policy: Policy, source: Source, window: Window) -> int:
    """Return the oldest data at ``source`` that judging ``policy`` over ``window`` needs; ``LONG_AGO``: all of it."""
    back = max((_reach(policy, one, window) for one in policy.commitments if _rests_on(policy, one, source)), default=0)
    if back >= -LONG_AGO:
        return LONG_AGO
    sizes = MEDIAN_OF * _interval(policy, source) if source.max_shrink is not None else 0
    return window.start - back - MARGIN - (source.max_duration or 0) - sizes


def _rests_on(policy: Policy, commitment: Commitment, source: Source) -> bool:
    """Return whether a commitment needs to know what lies at ``source``.

    What is kept is also held against where backups are counted as made: a day that was never made is no day deleted.
    """
    if source.name in commitment.evidence:
        return True
    if not isinstance(commitment, Retention) or commitment.keep is None:
        return False
    kept = {of for name in commitment.evidence for of in policy.sources[name].of}
    return any(
        isinstance(one, Frequency) and source.name in one.evidence and not kept.isdisjoint(source.of)
        for one in policy.commitments
    )


def _interval(policy: Policy, source: Source) -> int:
    """Return how far apart, in seconds, the backups at ``source`` are meant to be, and at least a day."""
    told = [calendar.DAY]
    if source.planned:
        told.append(calendar.longest_gap(source.planned))
    told += (
        interval_of(one) for one in policy.commitments if isinstance(one, Frequency) and source.name in one.evidence
    )
    return max(told)


def interval_of(commitment: Frequency) -> int:
    """Return the longest time between two backups that a commitment owes, in seconds."""
    if commitment.every is not None:
        return commitment.every
    if commitment.per is not None:
        return longest_slot(commitment.per)
    return calendar.longest_gap(commitment.schedule)


def longest_slot(per: Per) -> int:
    """Return how long a slot can be, in seconds: clocks that are set back make a day of 25 hours, but no such hour."""
    return SLOT_LENGTH[per] + (0 if per is Per.HOUR else calendar.HOUR)


def _reach(policy: Policy, commitment: Commitment, window: Window) -> int:
    """Return how far before the window's start data may lie that decides about it."""
    grace = grace_of(policy, commitment)
    match commitment:
        case Rpo():
            return commitment.at_most
        case Frequency(every=int(every)):
            return every + grace
        case Frequency(per=Per() as per):
            return 2 * SLOT_LENGTH[per] + grace
        case Frequency():
            zone = ZoneInfo(commitment.zone or policy.timezone)
            return window.start - calendar.last_tick(commitment.schedule, zone, window.start - grace)
        case Retention(at_most=int()):
            return -LONG_AGO
        case Retention():
            # A slot without a backup uses up no place in a tier: look twice as far.
            tiers = (2 * (count + 1) * SLOT_LENGTH[per] for per, count in commitment.tiers.items())
            return max(commitment.keep or 0, *tiers, 0) + SLOT_LENGTH[commitment.per]
        case Copies(at_least=int(), all_in=None):
            return 2 * (SLOT_LENGTH[commitment.per] + commitment.matching) + commitment.within
        case Copies() | Encryption():
            return -LONG_AGO  # every copy that stands, however old
        case Immutability():
            return commitment.at_least + LATE
        case Integrity():
            return max(commitment.every or 0, SLOT_LENGTH[Per.MONTH])
        case _:
            return 0


def grace_of(policy: Policy, commitment: Commitment) -> int:
    """Return the grace of a commitment's slots: its own, else its sources' longest ``max_duration``, else an hour."""
    if isinstance(commitment, Frequency) and commitment.grace is not None:
        return commitment.grace
    declared = (policy.sources[name].max_duration for name in commitment.evidence)
    return max((duration for duration in declared if duration is not None), default=DEFAULT_GRACE)
