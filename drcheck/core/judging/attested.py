"""What no machine can see: dated statements by a named owner, shown as attested, never as verified.

The newest statement decides. One that says that the promise is kept holds until it expires; one that says that it is
not holds until a later one says otherwise. Neither speaks of a promise that was worded anew since.
"""

from __future__ import annotations

from bisect import bisect_right
from typing import NamedTuple

from drcheck.core import words
from drcheck.core.evaluation.headroom import at_risk
from drcheck.core.evaluation.inputs import Records, Terms
from drcheck.core.evaluation.recoveries import gap_between, gap_bounds, why_not_all_seen
from drcheck.core.model.commitments import Commitment
from drcheck.core.model.evidence import LONG_AGO, Cited
from drcheck.core.model.log_records import Attestation
from drcheck.core.model.status import Status
from drcheck.core.model.verdict import Finding, Window
from drcheck.core.time.timeline import cut, within


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
        if why := why_not_all_seen(records, t):
            return Status.UNKNOWN, why
        one = newest(t)
        if one is None:
            gap = gap_between(records, LONG_AGO, t)
            return Status.UNKNOWN, f"nobody has attested it{f'; {gap}' if gap else ''}"
        found = _judge(one.statement, terms, t)
        # What nobody can read is no known statement that the promise is kept again.
        if found[0] is Status.MET and (gap := gap_between(records, one.statement.at, t)):
            return Status.UNKNOWN, f"the attestation of {one.statement.by} may not be the newest: {gap}"
        return found

    last = window.end - 1
    changes = [*gap_bounds(records), *since, *(one.statement.expires_at for one in stated)]
    if terms.effective is not None:
        changes.append(terms.effective)
    pieces = within(terms.binds, cut(window, changes, lambda t: judge(t)[0], lambda t: judge(t)[1]))
    deciding = newest(last)
    lapses, valid = None, 0
    if deciding is not None and deciding.statement.holds and not _is_outworded(deciding.statement, terms):
        lapses = deciding.statement.expires_at
        valid = lapses - deciding.statement.at
    return Finding(
        of="",
        pieces=pieces,
        reason=judge(last)[1],
        due_at=lapses,
        at_risk=at_risk(commitment, pieces[-1].status, None if lapses is None else lapses - window.end, valid),
        evidence=() if deciding is None else (_cite(deciding, terms, last),),
    )


def _stated(commitment: Commitment, records: Records) -> list[_Stated]:
    """Return what was stated of a commitment, oldest first, the worst of one instant last, since the last one decides.

    That is one that says that it does not hold, else the one that expires first, in whatever order their lines stand.
    """
    found = [
        _Stated(source, statement)
        for source, log in records.logs.items()
        for statement in log.attestations
        if _speaks_of(commitment, statement)
    ]
    return sorted(
        found,
        key=lambda one: (one.statement.at, not one.statement.holds, -one.statement.expires_at, one.source, one[1].line),
    )


def _speaks_of(commitment: Commitment, statement: Attestation) -> bool:
    """Return whether a statement names a commitment, or its kind."""
    return statement.attests == (commitment.kind if statement.of_kind else commitment.id)


def _judge(statement: Attestation, terms: Terms, t: int) -> tuple[Status, str]:
    by, at = statement.by, words.instant(statement.at)
    if _is_outworded(statement, terms):
        worded = f"the wording in force since {words.instant(terms.binds.start)}"
        return Status.UNKNOWN, f"the statement of {by} of {at} is older than {worded}; ask for a new one"
    by += f" (approved by {statement.approved_by})" if statement.approved_by else ""
    if not statement.holds:
        return Status.BREACHED, f'{by} stated at {at} that it does not hold: "{statement.statement}"'
    expires = words.instant(statement.expires_at)
    if t >= statement.expires_at:
        return Status.UNKNOWN, f"the attestation of {by} of {at} lapsed at {expires}; ask for a new one"
    return Status.MET, f'attested by {by} at {at} until {expires}: "{statement.statement}"'


def _is_outworded(statement: Attestation, terms: Terms) -> bool:
    """Return whether a statement was made of an earlier wording than the one that is judged."""
    return statement.at < terms.binds.start


def _cite(one: _Stated, terms: Terms, last: int) -> Cited:
    statement = one.statement
    if _is_outworded(statement, terms):
        why_not = "it is older than the wording in force"
    elif not statement.holds:
        why_not = "it says that the promise does not hold"
    else:
        why_not = f"it lapsed at {words.instant(statement.expires_at)}" if last >= statement.expires_at else ""
    return Cited(one.source, "", f"{statement.by}, line {statement.line}", None, statement.at, why_not)
