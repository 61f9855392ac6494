"""Judging a whole policy: which evidence each commitment rests on, and the worst of its data sets."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import NamedTuple
from zoneinfo import ZoneInfo

from drcheck.core import calendar, words
from drcheck.core.absence import Absence
from drcheck.core.commitments import backup_frequency, restore_test, retention, rpo, rto
from drcheck.core.evidence import LONG_AGO, Gap, Log, Points
from drcheck.core.history import SIZES
from drcheck.core.pieces import first_of, overlay
from drcheck.core.policy import (
    Commitment,
    Frequency,
    NotYetJudged,
    Per,
    Policy,
    RestoreTest,
    Retention,
    Rpo,
    Rto,
    Source,
    Standing,
)
from drcheck.core.terms import DEFAULT_GRACE, Part, Records, Subject, Terms
from drcheck.core.verdict import SEVERITY, Finding, Piece, Status, Verdict, Window

SLOT_LENGTH = {
    Per.HOUR: calendar.HOUR,
    Per.DAY: calendar.DAY,
    Per.WEEK: 7 * calendar.DAY,
    Per.MONTH: 31 * calendar.DAY,
}
MARGIN = calendar.DAY
"""How much further back a look asks than its question strictly needs: slots shift with their zone."""


@dataclass(frozen=True, slots=True)
class SourceEvidence:
    """What is known of one source."""

    standing: Standing
    parts: Mapping[str, Part] = field(default_factory=dict)
    """Data set to the candidates seen; empty for logs."""
    log: Log | None = None
    gaps: tuple[Gap, ...] = ()
    """What the newest look could not see."""
    unlisted: tuple[str, ...] = ()
    clock_offset: float | None = None


def looked_at(policy: Policy) -> tuple[Source, ...]:
    """Return the sources that must be looked at: those of commitments that are judged."""
    needed = {
        name
        for commitment in policy.commitments
        if not isinstance(commitment, NotYetJudged)
        for name in commitment.evidence
    }
    return tuple(source for source in policy.sources.values() if source.name in needed)


def needed_since(policy: Policy, source: Source, window: Window) -> int:
    """Return the oldest data at ``source`` that judging ``policy`` over ``window`` needs; ``LONG_AGO``: all of it."""
    back = max((_reach(policy, one, window) for one in policy.commitments if source.name in one.evidence), default=0)
    if back >= -LONG_AGO:
        return LONG_AGO
    return window.start - back - MARGIN - (source.max_duration or 0) - (SIZES if source.max_shrink is not None else 0)


def _reach(policy: Policy, commitment: Commitment, window: Window) -> int:
    """Return how far before the window's start data may lie that decides about it."""
    grace = _grace(policy, commitment)
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
        case _:
            return 0


class Version(NamedTuple):
    """A policy's text of the past, and from when on it was in force."""

    in_force_from: int
    policy: Policy


def judge(
    policy: Policy,
    evidence: Mapping[str, SourceEvidence],
    window: Window,
    *,
    clock_tolerance: int,
    first_seen: int | None = None,
    earlier: Sequence[Version] = (),
) -> tuple[Verdict, ...]:
    """Judge every commitment of ``policy`` over ``window``; a source that is not in ``evidence`` was never seen.

    A slot or period is judged by the version in force when it began: ``earlier`` holds the texts of the past, oldest
    first, and ``first_seen`` says when this one came. Where nothing is known of a time, the earliest version is taken.
    """
    verdicts: list[Verdict] = []
    for commitment in policy.commitments:
        came = first_seen if commitment.in_force_from is None else commitment.in_force_from
        wordings = _wordings(commitment, earlier)
        wordings.append(_Wording(window.end - 1 if came is None else came, policy, commitment))
        verdicts.append(_judge(policy, commitment, _in_force(wordings), evidence, window, clock_tolerance))
    return tuple(verdicts)


class _Wording(NamedTuple):
    """What one version of a policy says of a commitment."""

    came: int
    policy: Policy
    commitment: Commitment

    @property
    def terms(self) -> object:
        """Return everything in it that a judgement may rest on."""
        policy = self.policy
        place = (policy.timezone, policy.business, policy.agreement, policy.sites, policy.scenarios)
        return (
            replace(self.commitment, in_force_from=None),
            place,
            [policy.sources[one] for one in self.commitment.evidence],
        )


def _wordings(commitment: Commitment, versions: Sequence[Version]) -> list[_Wording]:
    """Return the earlier wordings of a commitment, oldest first."""
    return [
        _Wording(version.in_force_from if one.in_force_from is None else one.in_force_from, version.policy, one)
        for version in versions
        for one in version.policy.commitments
        if one.id == commitment.id and one.kind is commitment.kind
    ]


def _in_force(wordings: Sequence[_Wording]) -> list[_Wording]:
    """Return what was ever in force, oldest first; the last one is today's.

    A correction is in force from an instant of the past, and overrules what came after that instant.
    """
    kept: list[_Wording] = []
    for wording in wordings:
        while kept and kept[-1].came >= wording.came:
            kept.pop()
        if kept and kept[-1].terms == wording.terms:
            kept[-1] = _Wording(kept[-1].came, wording.policy, wording.commitment)
        else:
            kept.append(wording)
    return kept


def _judge(
    policy: Policy,
    commitment: Commitment,
    wordings: Sequence[_Wording],
    evidence: Mapping[str, SourceEvidence],
    window: Window,
    clock_tolerance: int,
) -> Verdict:
    judged = [
        _findings(
            wording.policy, wording.commitment, _effective(wording, first=index == 0), evidence, window, clock_tolerance
        )
        for index, wording in enumerate(wordings)
    ]
    findings = tuple(_by_wordings(finding, judged[:-1], window) for finding in judged[-1])
    findings = tuple(_ended(finding, policy.agreement.ends, window) for finding in findings)
    overall = _worst(findings, window)
    seen = _seen(commitment, evidence)
    return Verdict(
        commitment=commitment,
        window=window,
        overall=overall,
        findings=findings if len(findings) > 1 else (),
        gaps=tuple((name, gap) for name in seen for gap in _gaps(evidence.get(name), seen[name])),
        waived=overall.status is Status.BREACHED
        and any(waiver.commitment == commitment.id and window.end <= waiver.until for waiver in policy.waivers),
        notes=tuple(_notes(commitment, evidence)),
    )


def _effective(wording: _Wording, *, first: bool) -> int | None:
    """Return from when a wording binds: the agreement's date, and not before it came, but for the first one."""
    agreed = wording.policy.agreement.effective
    return agreed if first else max(wording.came, agreed or wording.came)


def _by_wordings(finding: Finding, past: Sequence[Sequence[Finding]], window: Window) -> Finding:
    """Where a wording owes nothing yet, as none of its slots is due, take what the ones before it say."""
    older = [one.pieces for findings in reversed(past) for one in findings if one.of == finding.of]
    return replace(finding, pieces=first_of(window, [finding.pieces, *older])) if older else finding


def _seen(commitment: Commitment, evidence: Mapping[str, SourceEvidence]) -> dict[str, SourceEvidence]:
    return {name: _at_least(evidence.get(name), commitment.min_standing) for name in commitment.evidence}


def _findings(
    policy: Policy,
    commitment: Commitment,
    effective: int | None,
    evidence: Mapping[str, SourceEvidence],
    window: Window,
    clock_tolerance: int,
) -> tuple[Finding, ...]:
    seen = _seen(commitment, evidence)
    terms = Terms(
        zone=ZoneInfo(commitment.zone or policy.timezone),
        effective=effective,
        business=policy.business,
        clock_tolerance=clock_tolerance,
        grace=_grace(policy, commitment),
        lost_sites=policy.lost_sites(commitment.scenario) if commitment.scenario else frozenset(),
        site_of={source.name: source.site for source in policy.sources.values()},
    )

    def each(evaluate: Callable[[Subject, Terms], Finding]) -> tuple[Finding, ...]:
        return _each(policy, commitment, seen, terms, evaluate)

    match commitment:
        case Rpo():
            return each(lambda of, its: rpo.evaluate(commitment, of, its, window))
        case Frequency():
            return each(lambda of, its: backup_frequency.evaluate(commitment, of, its, window))
        case Retention():
            return each(lambda of, its: retention.evaluate(commitment, of, its, window))
        case Rto():
            return (rto.evaluate(commitment, _records(seen), terms, window),)
        case RestoreTest():
            return (restore_test.evaluate(commitment, _records(seen), terms, window),)
        case _:
            return (_not_yet(commitment, window),)


def _each(
    policy: Policy,
    commitment: Commitment,
    seen: Mapping[str, SourceEvidence],
    terms: Terms,
    evaluate: Callable[[Subject, Terms], Finding],
) -> tuple[Finding, ...]:
    """Judge each data set on the sources that hold it and survive the commitment's scenario."""
    sources = [policy.sources[name] for name in commitment.evidence]
    findings: list[Finding] = []
    for of in dict.fromkeys(of for source in sources for of in source.of):
        parts = tuple(
            seen[source.name].parts.get(of) or Part(Points(source.name, of), Absence((), source.thinned_after))
            for source in sources
            if of in source.of and _survives(source, terms)
        )
        findings.append(evaluate(Subject(of, parts), replace(terms, covered=_covered(policy, of))))
    return tuple(findings)


def _survives(source: Source, terms: Terms) -> bool:
    """Return whether a source survives the scenario; one whose site nobody stated is not known to."""
    return not terms.lost_sites or (bool(source.site) and source.site not in terms.lost_sites)


def _covered(policy: Policy, of: str) -> bool:
    return any(
        of in policy.sources[name].of
        for commitment in policy.commitments
        if isinstance(commitment, Frequency)
        for name in commitment.evidence
    )


def _grace(policy: Policy, commitment: Commitment) -> int:
    if isinstance(commitment, Frequency) and commitment.grace is not None:
        return commitment.grace
    declared = (policy.sources[name].max_duration for name in commitment.evidence)
    return max((duration for duration in declared if duration is not None), default=DEFAULT_GRACE)


def _records(seen: Mapping[str, SourceEvidence]) -> Records:
    unseen = Gap("it has never been looked at")
    return Records({name: one.log or Log(unseen=one.gaps or (unseen,)) for name, one in seen.items()})


def _at_least(one: SourceEvidence | None, standing: Standing | None) -> SourceEvidence:
    """Return evidence as far as it has the standing that is asked: what has less proves nothing, nor its absence."""
    if one is None:
        return SourceEvidence(Standing.ATTESTED)
    if standing is None or one.standing >= standing:
        return one
    gap = Gap(
        f"its evidence has the standing {one.standing.name.lower()}, and {standing.name.lower()} is asked",
        "Name a source with more standing, or lower min_standing.",
    )
    return SourceEvidence(
        one.standing,
        {of: Part(Points(part.points.source, of), Absence((), None), gap.what) for of, part in one.parts.items()},
        None if one.log is None else Log(unseen=(gap,)),
        (gap,),
    )


def _gaps(one: SourceEvidence | None, used: SourceEvidence) -> Sequence[Gap]:
    whole = dict.fromkeys((*(one.gaps if one else ()), *used.gaps))
    return (*whole, *(one.log.gaps if one and one.log else ()))


def _not_yet(commitment: Commitment, window: Window) -> Finding:
    reason = f"this version of drcheck does not judge {commitment.kind} yet"
    return Finding("", (Piece(window.start, window.end, Status.UNKNOWN, reason),), reason)


def _ended(finding: Finding, ends: int | None, window: Window) -> Finding:
    """Owe nothing from the agreement's end on."""
    if ends is None or ends >= window.end:
        return finding
    reason = f"nothing is owed any more: the agreement ended {words.instant(ends)}"
    kept = (piece._replace(end=min(piece.end, ends)) for piece in finding.pieces if piece.start < ends)
    over = Piece(max(ends, window.start), window.end, None, reason)
    return replace(finding, pieces=(*kept, over), reason=reason, at_risk=False)


def _worst(findings: Sequence[Finding], window: Window) -> Finding:
    """Return what decides: the pieces of all data sets together, the figures of the worst at the window's end."""
    if len(findings) == 1:
        return findings[0]
    deciding = max(findings, key=lambda finding: (SEVERITY[finding.status], -_margin(finding)))
    return replace(
        deciding,
        pieces=overlay(window, [finding.pieces for finding in findings]),
        at_risk=deciding.status is Status.MET and any(finding.at_risk for finding in findings),
        evidence=tuple(dict.fromkeys(cited for finding in findings for cited in finding.evidence)),
    )


def _margin(finding: Finding) -> int:
    """Return the headroom, for telling the worst of equals; none at all is the worst."""
    return finding.headroom.value if finding.headroom and isinstance(finding.headroom.value, int) else LONG_AGO


def _notes(commitment: Commitment, evidence: Mapping[str, SourceEvidence]) -> Sequence[str]:
    notes: list[str] = []
    for name in commitment.evidence:
        one = evidence.get(name)
        if one is not None and one.unlisted:
            sets = words.several(sorted(one.unlisted))
            notes.append(f"{name} also holds {sets}, which the policy does not list")
    return notes
