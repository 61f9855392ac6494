"""What verdicts come to, together: the status of a service and of a run, totals, the exit status.

Reports and the exit status share these, so that what is shown and what scripts act on cannot differ.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Sequence
from collections.abc import Set as AbstractSet
from fractions import Fraction
from typing import Final, NamedTuple

from drcheck.core.model.commitments import Standing
from drcheck.core.model.evidence import Gap
from drcheck.core.model.policy import Policy, Waiver
from drcheck.core.model.status import Status, worst
from drcheck.core.model.verdict import Finding, NamedBreach, Opening, Verdict
from drcheck.core.model.waivers import Waived, cover
from drcheck.core.time.spans import Span, intersection, length, union

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
    passed: int
    """How many are not breached any more, and were by a breach that no recorded run has shown."""

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


class Shares(NamedTuple):
    """How long, in seconds, a window had each status; nothing is owed in the rest of it."""

    met: int
    breached: int
    unknown: int
    waived: int = 0
    """How much of the time in breach waivers cover."""

    @property
    def kept(self) -> Fraction | None:
        """The share of the time owed in which it was kept: what is unknown is not. None: nothing was owed."""
        owed = self.met + self.breached + self.unknown
        return Fraction(self.met, owed) if owed else None


class Sources(NamedTuple):
    """How many sources were looked at, and what of them could not be seen."""

    asked: int
    seen: int
    """Without an evidence gap that may hide something; a malformed line of a log hides nothing of its source."""
    gaps: int
    """Evidence gaps of all of them, malformed lines of logs included."""


def effective_status(verdict: Verdict) -> Status | None:
    """Return the status that counts at ``as_of``: an accepted breach counts as met, no unknown is accepted."""
    return Status.MET if is_waived(verdict) else verdict.status


def passed_breaches(verdict: Verdict) -> list[Opening]:
    """Return the breaches that are over and count: shown by no recorded run, covered by no waiver."""
    return [one.breach for one in verdict.since_last_run if one.counts and one.breach.closed_at is not None]


def closed_breaches(verdict: Verdict) -> list[NamedBreach]:
    """Return the breaches that a run names and that are over, whether they count or not: nobody may miss them."""
    return [one for one in verdict.since_last_run if one.breach.closed_at is not None]


def is_waived(verdict: Verdict) -> bool:
    """Return whether waivers cover this: breaches, never unknowns, and of a period all of what is open at its end."""
    end = verdict.window.end
    counts = any(one.counts for one in verdict.since_last_run if one.breach.closed_at is None)
    return verdict.status is Status.BREACHED and not counts and cover(verdict.waived, end - 1, end)


def is_attested(verdict: Verdict) -> bool:
    """Return whether what is met rests on the dated word of somebody alone: shown as attested, never as verified."""
    return verdict.status is Status.MET and verdict.standing is Standing.ATTESTED


def state(verdict: Verdict) -> str:
    """Return the one word for how it stands: ``met``, ``breached``, ``unknown``, ``waived`` or ``not_owed``."""
    if is_waived(verdict):
        return "waived"
    return "not_owed" if verdict.status is None else verdict.status.value


def over_window(verdict: Verdict) -> str:
    """Return how a commitment stood over the whole of a period: what was not kept at any time of it is not ``met``.

    Beside the words of :func:`state` that is ``between_looks``: met at all complete looks, and unknown between some.
    """
    if passed_breaches(verdict):
        return "breached"
    at_end = state(verdict)
    if at_end != "met" or not verdict.of_period:
        return at_end
    if closed_breaches(verdict):
        return "waived"  # what no waiver covers counts
    between = earlier(verdict.overall, Status.UNKNOWN, between_looks=True)
    return "met" if between is None else "between_looks"


def since(verdict: Verdict, status: Status) -> int | None:
    """Return since when it has ``status``, within the window; None: it has another one at the instant judged."""
    return next((one.opened_at for one in verdict.overall.openings(status) if one.closed_at is None), None)


def newest_data(verdict: Verdict) -> int | None:
    """Return of when the newest data is that surely counts, of the data set that is worst off, where it matters."""
    if verdict.commitment.kind not in {"rpo", "backup_frequency"}:
        return None
    instants = (one.data_as_of for one in verdict.overall.evidence if not one.why_not and not one.in_doubt)
    return max((instant for instant in instants if instant is not None), default=None)


def waiver_of(verdict: Verdict) -> Waiver | None:
    """Return the waiver that covers ``verdict``, the longest where several do."""
    if not is_waived(verdict):
        return None
    last = verdict.window.end - 1
    valid = [one.waiver for one in verdict.waived if one.start <= last < one.end]
    return max(valid, key=lambda waiver: waiver.until, default=None)


def status_of(verdicts: Iterable[Verdict], *, invalid: int = 0, now: bool = False) -> Status | None:
    """Return the status of a service, or of a run with ``invalid`` policy files: what is not judged is unknown.

    A breach that opened and closed since the last run breaches, but with ``now``, which asks for the instant judged
    alone. None: nothing is owed yet anywhere.
    """
    found = (
        Status.BREACHED if passed_breaches(verdict) and not now else effective_status(verdict) for verdict in verdicts
    )
    return worst(*found, *([Status.UNKNOWN] if invalid else []))


def exit_status(status: Status | None) -> int:
    """Return a run's exit status; a breach always outranks an unknown."""
    return {Status.BREACHED: EXIT_BREACHED, Status.UNKNOWN: EXIT_UNKNOWN}.get(status, 0) if status else 0


def totals(verdicts: Iterable[Verdict], *, invalid: int = 0) -> Totals:
    """Count ``verdicts`` by what they came to."""
    count: dict[Status | None, int] = dict.fromkeys((None, *Status), 0)
    waived = at_risk = attested = 0
    its = list(verdicts)
    for verdict in its:
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
        passed=sum(
            bool(passed_breaches(verdict)) and effective_status(verdict) is not Status.BREACHED for verdict in its
        ),
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


def shares(finding: Finding, waived: Sequence[Waived] = ()) -> Shares:
    """Return how long the window had each status, and how much of what was breached ``waived`` covers."""
    seconds: dict[Status | None, int] = dict.fromkeys((None, *Status), 0)
    for piece in finding.pieces:
        seconds[piece.status] += piece.end - piece.start
    breached = (Span(piece.start, piece.end) for piece in finding.pieces if piece.status is Status.BREACHED)
    holding = union(Span(one.start, one.end) for one in waived)
    covered = length(intersection(union(breached), holding)) if waived else 0
    return Shares(seconds[Status.MET], seconds[Status.BREACHED], seconds[Status.UNKNOWN], covered)


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


def sources(names: AbstractSet[str], gaps: Collection[tuple[str, Gap]]) -> Sources:
    """Return how many of a service's sources, ``names``, were seen, by the gaps of each."""
    hidden = {source for source, gap in gaps if gap.hides}
    return Sources(len(names), len(names - hidden), len(gaps))


def totals_of_sources(services: Iterable[Sources]) -> Sources:
    """Return what the sources of several services come to."""
    return Sources(*map(sum, zip((0, 0, 0), *services, strict=True)))


def has_recovery_objective(policy: Policy) -> bool:
    """Return whether the agreement says how much may be lost or how long a recovery may take."""
    return any(commitment.kind in {"rpo", "rto"} for commitment in policy.commitments)
