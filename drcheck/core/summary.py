"""What verdicts come to, together: the status of a service and of a run, totals, the exit status.

Reports and the exit status share these, so that what is shown and what scripts act on cannot differ.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Final, NamedTuple

from drcheck.core.policy import Policy, Waiver
from drcheck.core.promises import Kind, Standing
from drcheck.core.verdict import Finding, Status, Verdict, worst

EXIT_BREACHED: Final = 1
EXIT_UNKNOWN: Final = 3


class Totals(NamedTuple):
    """How many commitments came to what; each is counted once, but for ``at_risk`` and ``attested``.

    ``invalid`` counts policy files.
    """

    met: int
    breached: int
    """Without those that are waived."""
    unknown: int
    waived: int
    not_owed: int
    """Nothing is owed yet."""
    invalid: int
    at_risk: int
    """Of those met, how many have little headroom left."""
    attested: int
    """Of those met, how many rest on somebody's word alone."""

    @property
    def commitments(self) -> int:
        """How many commitments there are."""
        return self.met + self.breached + self.unknown + self.waived + self.not_owed


class Earlier(NamedTuple):
    """How much of the window had one status, apart from the span that lasts at its end."""

    times: int
    seconds: int
    last: int
    """When the last of these spans ended."""


class Sources(NamedTuple):
    """How many sources the commitments judged rest on, and how many of them were seen without an evidence gap."""

    asked: int
    seen: int


def effective_status(verdict: Verdict) -> Status | None:
    """Return the status that counts: an accepted breach counts as met, an accepted unknown does not exist."""
    return Status.MET if is_waived(verdict) else verdict.status


def is_waived(verdict: Verdict) -> bool:
    """Return whether a waiver covers this: waivers cover breaches, never unknowns."""
    return verdict.waived and verdict.status is Status.BREACHED


def is_attested(verdict: Verdict) -> bool:
    """Return whether what is met rests on the dated word of somebody alone: shown as attested, never as verified."""
    return verdict.status is Status.MET and verdict.standing is Standing.ATTESTED


def waiver_of(policy: Policy, verdict: Verdict) -> Waiver | None:
    """Return the waiver that covers ``verdict``, the longest where several do."""
    if not is_waived(verdict):
        return None
    valid = [
        waiver
        for waiver in policy.waivers
        if waiver.commitment == verdict.commitment.id and waiver.until >= verdict.window.end
    ]
    return max(valid, key=lambda waiver: waiver.until, default=None)


def status_of(verdicts: Iterable[Verdict], *, invalid: int = 0) -> Status | None:
    """Return the status of a service, or of a run with ``invalid`` policy files: what is not judged is unknown.

    None: nothing is owed yet anywhere.
    """
    return worst(*map(effective_status, verdicts), *([Status.UNKNOWN] if invalid else []))


def exit_status(status: Status | None) -> int:
    """Return a run's exit status; a breach always outranks an unknown."""
    return {Status.BREACHED: EXIT_BREACHED, Status.UNKNOWN: EXIT_UNKNOWN}.get(status, 0) if status else 0


def totals(verdicts: Iterable[Verdict], *, invalid: int = 0) -> Totals:
    """Count ``verdicts`` by what they came to."""
    count: dict[Status | None, int] = dict.fromkeys((None, *Status), 0)
    waived = at_risk = attested = 0
    for verdict in verdicts:
        if is_waived(verdict):
            waived += 1
        else:
            count[verdict.status] += 1
            at_risk += verdict.overall.at_risk
            attested += is_attested(verdict)
    return Totals(
        met=count[Status.MET],
        breached=count[Status.BREACHED],
        unknown=count[Status.UNKNOWN],
        waived=waived,
        not_owed=count[None],
        invalid=invalid,
        at_risk=at_risk,
        attested=attested,
    )


def earlier(finding: Finding, status: Status, *, between_looks: bool = False) -> Earlier | None:
    """Return how often and how long the window had ``status`` before; None: never.

    What is unknown only between looks that are met is told apart: with ``between_looks`` that alone, else the rest.
    """
    closed = [
        (spell.opened_at, spell.closed_at)
        for spell in finding.openings(status)
        if spell.closed_at is not None and spell.between_looks is between_looks
    ]
    if not closed:
        return None
    return Earlier(len(closed), sum(end - start for start, end in closed), closed[-1][1])


def met_at_looks(verdict: Verdict) -> int:
    """Return how many looks of the window there were, if the commitment was met at all of them; else 0."""
    pieces = iter(verdict.overall.pieces)
    piece = next(pieces, None)
    for look in verdict.looks:
        while piece is not None and piece.end <= look:
            piece = next(pieces, None)
        if piece is None or piece.status is not Status.MET:
            return 0
    return len(verdict.looks)


def sources(services: Iterable[Sequence[Verdict]]) -> Sources:
    """Return how many sources ``services`` rest on; a malformed line of a log hides nothing of its source."""
    asked = seen = 0
    for verdicts in services:
        names = {name for verdict in verdicts for name in verdict.commitment.evidence}
        hidden = {source for verdict in verdicts for source, gap in verdict.gaps if gap.hides}
        asked += len(names)
        seen += len(names - hidden)
    return Sources(asked, seen)


def has_recovery_objective(policy: Policy) -> bool:
    """Return whether the agreement says how much may be lost or how long a recovery may take."""
    return any(commitment.kind in {Kind.RPO, Kind.RTO} for commitment in policy.commitments)
