"""Judging a whole policy: which evidence each commitment rests on, and the worst of its data sets."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import NamedTuple
from zoneinfo import ZoneInfo

from msgspec.structs import replace

from drcheck.core import words
from drcheck.core.evaluation.inputs import Records, Subject, Terms
from drcheck.core.evaluation.interface import Counts, OfBackups, OfRecords, OfRecoveries
from drcheck.core.history.part import Part
from drcheck.core.judging import unmatched
from drcheck.core.judging.alternatives import agreed, other_readings
from drcheck.core.judging.between_looks import complete_looks, marked
from drcheck.core.judging.contradicted import held_against
from drcheck.core.judging.corrections import changes_by
from drcheck.core.judging.joined_findings import end_of, ended, lapsed, of_aspects, of_wordings, worst
from drcheck.core.judging.reach import restored_from, restored_sets
from drcheck.core.judging.since_then import changes
from drcheck.core.judging.sources import OF_ALL, Evidence, SourceEvidence, counted_sources, gaps_of, part_of, records_of
from drcheck.core.judging.subjects import subject_of
from drcheck.core.judging.unreadable_texts import UnreadableText, unknown_times, unless_readable
from drcheck.core.judging.waivers import waivers_of
from drcheck.core.judging.wordings import Correction, Version, Wording, corrections_of, wordings_of
from drcheck.core.model import grace
from drcheck.core.model.commitments import Commitment, Standing
from drcheck.core.model.evidence import LONG_AGO
from drcheck.core.model.policy import Policy, Source
from drcheck.core.model.readers import Tells
from drcheck.core.model.status import Status
from drcheck.core.model.verdict import Finding, Piece, Verdict, Window
from drcheck.core.time.spans import Span, Spans
from drcheck.core.time.timeline import within


def judge(
    policy: Policy,
    evidence: Mapping[str, SourceEvidence],
    window: Window,
    *,
    clock_tolerance: int,
    first_seen: int = LONG_AGO,
    earlier: Sequence[Version] = (),
    read_earlier: Mapping[str, Mapping[str, SourceEvidence]] | None = None,
    unreadable: Sequence[UnreadableText] = (),
    of_period: bool = False,
    exhibits: bool = False,
    held: Evidence | None = None,
) -> tuple[Verdict, ...]:
    """Judge every commitment of ``policy`` over ``window``; a source that is not in ``evidence`` was never seen.

    A slot or period is judged by the wording in force when it began: ``earlier`` holds the texts of the past, oldest
    first, and ``first_seen`` says when this one came. Where nothing is known of a time, the earliest one is taken.
    ``read_earlier`` has the evidence as texts of the past read it, by their digest, and ``unreadable`` the texts that
    cannot be read any more. ``of_period`` names what is not any more as it was in the window, and ``exhibits`` adds
    what pictures of the verdicts are drawn from. ``held`` is what :func:`held_evidence` said, where that was asked.
    """
    versions = (*earlier, Version(first_seen, policy))
    known = held or held_evidence(versions, Evidence(evidence, read_earlier or {}), clock_tolerance)
    verdicts = (
        _judge(
            wordings_of(commitment, versions),
            tuple(corrections_of(commitment, versions)),
            versions,
            known,
            window,
            unknown_times(commitment, versions, unreadable, window),
            _How(clock_tolerance, exhibits),
        )
        for commitment in policy.commitments
    )
    if not of_period:
        return tuple(verdicts)
    since_then = changes(policy, evidence, window)
    return tuple(replace(one, since_then=since_then[one.commitment.id]) for one in verdicts)


def held_evidence(versions: Sequence[Version], evidence: Evidence, clock_tolerance: int) -> Evidence:
    """Return ``evidence`` with what speaks against its records, as each text of a policy, oldest first, has it."""
    held = {one.policy.sha256: held_against(one.policy, evidence.of(one.policy), clock_tolerance) for one in versions}
    return Evidence(held[versions[-1].policy.sha256], held)


class _How(NamedTuple):
    """How every wording of a policy is judged."""

    clock_tolerance: int
    exhibits: bool


def _judge(
    wordings: Sequence[Wording],
    corrections: Sequence[Correction],
    versions: Sequence[Version],
    known: Evidence,
    window: Window,
    unknown: Spans,
    how: _How,
) -> Verdict:
    policy, commitment = wordings[-1].policy, wordings[-1].commitment
    findings = _by_set(wordings, known, window, how)
    told = (
        changes_by(
            correction,
            worst(_by_set(correction.before, known, window, how), window),
            worst(_by_set(correction.after, known, window, how), window),
        )
        for correction in corrections
    )
    corrected = tuple(filter(None, told))
    notes = [note for finding in findings for note in finding.notes]
    evidence = known.of(policy)
    seen = counted_sources(commitment, evidence)
    looks = complete_looks(_seen_in_listings(policy, commitment), seen, window)
    overall = unless_readable(marked(worst(findings, window), looks), unknown)
    several = findings if len(findings) > 1 else ()
    return Verdict(
        commitment=commitment,
        window=window,
        overall=overall,
        findings=tuple(unless_readable(marked(finding, looks), unknown) for finding in several),
        gaps=tuple(
            (name, gap)
            for name in seen
            for gap in gaps_of(commitment, evidence.get(name), seen[name])
            # A fact that could not be asked and that nothing hung on: another one told as much.
            if gap.fact in OF_ALL or overall.status is not Status.MET
        ),
        looks=looks,
        rests_on=min((evidence[name].looks_within(window) if name in evidence else 0 for name in seen), default=0)
        if how.exhibits
        else None,
        waived=tuple(waivers_of(commitment.id, versions)),
        standing=min((evidence[name].standing for name in commitment.evidence if name in evidence), default=None),
        notes=tuple(dict.fromkeys((*corrected, *notes))),
        corrected=bool(corrected),
    )


def _by_set(wordings: Sequence[Wording], known: Evidence, window: Window, how: _How) -> tuple[Finding, ...]:
    """Return what several wordings, oldest first, say of each data set, each of what it binds."""
    policy, commitment = wordings[-1].policy, wordings[-1].commitment
    today_sets = set(_sets(policy, commitment))
    by_set: dict[str, list[Finding]] = {}
    for aspect in _aspects(wordings):
        for finding in _over_time(aspect, known, window, how):
            by_set.setdefault(finding.of, []).append(finding)
    joined = (of_aspects(its, window) for its in by_set.values())
    return tuple(
        ended(lapsed(finding, wordings[:-1]), end_of(wordings[-1]), window)
        for finding in joined
        # A data set that only an earlier wording named is judged for as long as that one binds.
        if finding.of in {"", *today_sets} or any(piece.status is not None for piece in finding.pieces)
    )


def _seen_in_listings(policy: Policy, commitment: Commitment) -> list[str]:
    return [name for name in commitment.evidence if policy.sources[name].tells(Tells.POINTS)]


def _aspects(wordings: Sequence[Wording]) -> list[Sequence[Wording]]:
    """Return the wordings of each aspect that is judged on its own."""
    if len(wordings) == 1:
        return [wordings]
    by_aspect: dict[str, list[Wording]] = {}
    for wording in wordings:
        for aspect, commitment in wording.commitment.aspects().items():
            by_aspect.setdefault(aspect, []).append(wording._replace(commitment=commitment))
    return [by_aspect[aspect] for aspect in sorted(by_aspect)]


def _over_time(wordings: Sequence[Wording], known: Evidence, window: Window, how: _How) -> list[Finding]:
    """Return what the wordings of one aspect say of each data set, newest named first."""
    last = wordings[-1]
    ends = last.policy.agreement.ends
    judged = [
        [_placed(finding, wording.policy) for finding in _findings(wording, known, window, how, ends)]
        for wording in wordings
    ]
    sets = dict.fromkeys(finding.of for past in reversed(judged) for finding in past)
    return [of_wordings(last, [one for past in judged for one in past if one.of == of], window) for of in sets]


def _findings(wording: Wording, known: Evidence, window: Window, how: _How, ends: int | None) -> tuple[Finding, ...]:
    policy, commitment = wording.policy, wording.commitment
    evidence = known.of(policy)
    seen = counted_sources(commitment, evidence)
    terms = Terms(
        zone=ZoneInfo(commitment.zone or policy.timezone),
        effective=policy.agreement.effective,
        ends=ends,
        binds=wording.binds,
        business=policy.business,
        clock_tolerance=how.clock_tolerance,
        exhibits=how.exhibits,
        grace=grace.of_commitment(policy, commitment),
        lost_sites=policy.lost_sites(commitment.scenario) if commitment.scenario else frozenset(),
        site_of={source.name: source.site for source in policy.sources.values()},
        places={source.name: policy.place(source.site) for source in policy.sources.values()},
        roots={source.name: source.file("") for source in policy.sources.values()},
    )
    if all(policy.sources[name].tells(Tells.ATTESTATIONS) for name in commitment.evidence):
        from drcheck.core.judging import attested

        return (attested.evaluate(commitment, records_of(policy, seen, attested=True), terms, window),)

    records = records_of(policy, seen)
    match commitment:
        case OfBackups():
            return tuple(
                _of_set(policy, commitment, of, seen, evidence, records, terms, window)
                for of in _sets(policy, commitment)
            )
        case OfRecords():
            each = _by_restored_set(policy, commitment, records, terms)
            return (of_aspects([commitment.evaluate(records, its, window) for its in each], window),)
        case OfRecoveries():
            surviving = _surviving(policy, commitment, evidence)
            each = _by_restored_set(policy, commitment, records, terms)
            return (of_aspects([commitment.evaluate(surviving, records, its, window) for its in each], window),)
        case _:
            raise TypeError(commitment)


def _by_restored_set(policy: Policy, commitment: Commitment, records: Records, terms: Terms) -> list[Terms]:
    """Return the terms once for each data set to be restored, where records name some of several, else as they are."""
    sets = frozenset(restored_sets(policy, commitment))
    named = {recovery.point_of for log in records.logs.values() for recovery in log.recoveries}
    if len(sets) == 1 or sets.isdisjoint(named):
        return [terms]
    return [replace(terms, restored=of, not_restored=sets - {of}) for of in restored_sets(policy, commitment)]


def _placed(finding: Finding, policy: Policy) -> Finding:
    """Say of each piece of evidence in which file it lies: an earlier text may have named another place."""
    evidence = tuple(cited.placed(policy.sources[cited.source].file(cited.name)) for cited in finding.evidence)
    return replace(finding, evidence=evidence)


def _sets(policy: Policy, commitment: Commitment) -> Sequence[str]:
    """Return the data sets that a commitment is judged for: those of its backups, else of its logs."""
    sources = [policy.sources[name] for name in commitment.evidence]
    of_points = [of for source in sources if source.tells(Tells.POINTS) for of in source.of]
    return list(dict.fromkeys(of_points or [of for source in sources for of in source.of]))


def _of_set(
    policy: Policy,
    commitment: OfBackups,
    of: str,
    seen: Mapping[str, SourceEvidence],
    evidence: Mapping[str, SourceEvidence],
    records: Records,
    terms: Terms,
    window: Window,
) -> Finding:
    """Judge one data set on the sources that hold it and survive the commitment's scenario."""
    resting = [policy.sources[name] for name in commitment.evidence]
    holding = [source for source in resting if source.tells(Tells.POINTS) and of in source.of]
    everywhere = [one for one in policy.sources.values() if one.tells(Tells.POINTS) and of in one.of]
    elsewhere, covered = _made_elsewhere(policy, commitment, of)
    restorable = commitment.counts() is Counts.RESTORABLE

    def evaluate(sources: Sequence[Source], standing: Sequence[Source], parts: Mapping[str, Part]) -> Finding:
        its = replace(terms, covered=covered, made=tuple(parts[name] for name in elsewhere))
        if holding and not sources:
            return _nothing_survives(commitment, of, its, window)
        subject = subject_of(commitment.counts(), of, parts, evidence, sources, standing)
        return commitment.evaluate(subject, records, its, window)

    surviving = [source for source in holding if _survives(source, terms)]
    homeless = [source for source in holding if _survives(source, terms) is None]
    surely_standing = [source for source in everywhere if _survives(source, terms)]
    unsure = [source for source in everywhere if _survives(source, terms) is None]

    def read(parts: Mapping[str, Part]) -> Finding:
        finding = evaluate([*surviving, *homeless], [*surely_standing, *unsure], parts)
        if not unsure or not (homeless or restorable):
            return finding
        names = words.several([source.name for source in homeless or unsure])
        doubt = f"nobody stated the site of {names}, and so whether it survives; `site` would settle that"
        return agreed(window, finding, evaluate(surviving, surely_standing, parts), doubt)

    unseen = SourceEvidence(Standing.ATTESTED)
    needed = everywhere if restorable else [policy.sources[name] for name in elsewhere]
    known = {source.name: part_of(source, of, evidence.get(source.name, unseen)) for source in needed}
    known |= {source.name: part_of(source, of, seen[source.name]) for source in holding}
    finding = read(known)
    for parts, doubt in other_readings(known):
        finding = agreed(window, finding, read(parts), doubt)
    if (faulty := unmatched.unseen_where_none_matched(known, evidence)) is not None:
        parts, why = faulty
        finding = unmatched.unless_breached(window, finding, read(parts), why)
    if commitment.counts() >= Counts.INTACT:
        finding = unmatched.told_first(finding, (source.name for source in holding), evidence)
    return _as_seen(finding, (known[source.name] for source in holding), window.end - 1)


def _as_seen(finding: Finding, parts: Iterable[Part], t: int) -> Finding:
    """Add to a finding's reason of which sources it takes what an earlier look showed, and of which day that was."""
    seen = [
        f"{part.points.source} as seen on {words.instant(part.absence.taken.start)}"
        for part in parts
        if part.absence.taken.start < t < part.absence.taken.end
    ]
    return replace(finding, reason=f"{finding.reason}; {words.several(seen)}") if seen else finding


def _surviving(policy: Policy, commitment: OfRecoveries, evidence: Mapping[str, SourceEvidence]) -> list[Subject]:
    """Return what a scenario's recovery restores, each data set as the sources hold it that survive, or may."""
    unseen = SourceEvidence(Standing.ATTESTED)
    found = []
    for of in restored_sets(policy, commitment):
        holding = [source for source in restored_from(policy, commitment) if of in source.of]
        parts = {source.name: part_of(source, of, evidence.get(source.name, unseen)) for source in holding}
        found.append(subject_of(Counts.INTACT, of, parts, evidence, holding, holding))
    return found


def _survives(source: Source, terms: Terms) -> bool | None:
    """Return whether a source survives the scenario; None: nobody stated where it lies."""
    if not terms.lost_sites:
        return True
    return source.site not in terms.lost_sites if source.site else None


def _nothing_survives(commitment: OfBackups, of: str, terms: Terms, window: Window) -> Finding:
    """Judge over nothing."""
    reason = f"no source of {of} survives the loss of {words.several(sorted(terms.lost_sites))}"
    owed = Span(max(terms.binds.start, LONG_AGO if terms.effective is None else terms.effective), terms.binds.end)
    piece = Piece(window.start, window.end, commitment.over_nothing(), reason)
    return Finding(of, within(owed, (piece,)), reason)


def _made_elsewhere(policy: Policy, commitment: Commitment, of: str) -> tuple[tuple[str, ...], bool]:
    """Return at which other sources backups of a data set are owed as often as this commitment keeps them.

    With it: whether they are owed anywhere. A slot that was never made is then the other commitment's breach.
    """
    covering = [other for other in policy.commitments if commitment.leaves_making_to(other)]
    names = dict.fromkeys(name for other in covering for name in other.evidence if of in policy.sources[name].of)
    return tuple(name for name in names if name not in commitment.evidence), bool(names)
