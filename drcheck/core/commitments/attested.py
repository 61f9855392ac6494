"""What no machine can see: dated statements by a named owner, shown as attested, never as verified.

The newest statement decides. One that says that the promise is kept holds until it expires; one that says that it is
not holds until a later one says otherwise.
"""

from __future__ import annotations

from bisect import bisect_right
from typing import NamedTuple

from drcheck.core import words
from drcheck.core.commitments.common import at_risk
from drcheck.core.evidence import LONG_AGO, Attestation, Cited
from drcheck.core.pieces import cut, within
from drcheck.core.promises import Commitment
from drcheck.core.recoveries import gap_after, gap_bounds, unseen
from drcheck.core.terms import Records, Terms
from drcheck.core.verdict import Finding, Status, Window


class _Stated(NamedTuple):
    """A statement, and the source whose log holds it."""

    source: str
    statement: Attestation


def evaluate(commitment: Commitment, records: Records, terms: Terms, window: Window) -> Finding:
    """Judge what the logs attest of ``commitment``, by its id or its kind."""
    stated = _stated(commitment, records)
    since = [one.statement.at for one in stated]

    def newest(t: int) -> _Stated | None:
        index = bisect_right(since, t) - 1
        return stated[index] if index >= 0 else None

    def judge(t: int) -> tuple[Status | None, str]:
        if why := terms.before_effect(t):
            return None, why
        if why := unseen(records, t):
            return Status.UNKNOWN, why
        one = newest(t)
        if one is None:
            gap = gap_after(records, t, LONG_AGO)
            return Status.UNKNOWN, f"nobody has attested it{f'; {gap}' if gap else ''}"
        if gap := gap_after(records, t, one.statement.at):
            return Status.UNKNOWN, f"the attestation of {one.statement.by} may not be the newest: {gap}"
        return _judge(one.statement, t)

    last = window.end - 1
    changes = [*gap_bounds(records), *since, *(one.statement.expires_at for one in stated)]
    if terms.effective is not None:
        changes.append(terms.effective)
    pieces = within(terms.binds, cut(window, changes, lambda t: judge(t)[0], lambda t: judge(t)[1]))
    deciding = newest(last)
    lapses = deciding.statement.expires_at if deciding is not None and deciding.statement.holds else None
    valid = 0 if deciding is None or lapses is None else lapses - deciding.statement.at
    return Finding(
        of="",
        pieces=pieces,
        reason=judge(last)[1],
        due_at=lapses,
        at_risk=at_risk(commitment, pieces[-1].status, None if lapses is None else lapses - window.end, valid),
        evidence=() if deciding is None else (_cite(deciding, last),),
    )


def _stated(commitment: Commitment, records: Records) -> list[_Stated]:
    """Return what was stated of a commitment, oldest first; of statements of one instant the later line comes later."""
    found = [
        _Stated(source, statement)
        for source, log in records.logs.items()
        for statement in log.attestations
        if statement.attests in {commitment.id, commitment.kind.value}
    ]
    # Where two logs contradict each other at one instant, the statement that does not hold decides.
    return sorted(found, key=lambda one: (one.statement.at, one.statement.line, not one.statement.holds, one.source))


def _judge(statement: Attestation, t: int) -> tuple[Status, str]:
    by, at = statement.by, words.instant(statement.at)
    if not statement.holds:
        return Status.BREACHED, f'{by} stated at {at} that it does not hold: "{statement.statement}"'
    expires = words.instant(statement.expires_at)
    if t >= statement.expires_at:
        return Status.UNKNOWN, f"the attestation of {by} of {at} lapsed at {expires}; ask for a new one"
    return Status.MET, f'attested by {by} at {at} until {expires}: "{statement.statement}"'


def _cite(one: _Stated, last: int) -> Cited:
    statement = one.statement
    why_not = "it says that the promise does not hold" if not statement.holds else ""
    if statement.holds and last >= statement.expires_at:
        why_not = f"it lapsed at {words.instant(statement.expires_at)}"
    return Cited(one.source, "", f"{statement.by}, line {statement.line}", None, statement.at, why_not)
