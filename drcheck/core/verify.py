"""Judging a whole policy: which evidence each commitment rests on, and the worst of its data sets."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from zoneinfo import ZoneInfo

from drcheck.core import restated, words
from drcheck.core.between import complete_looks, marked
from drcheck.core.evidence import FOREVER, LONG_AGO
from drcheck.core.needs import grace_of, interval_of, longest_slot
from drcheck.core.pieces import first_of, overlay, where_agreed, within
from drcheck.core.policy import Policy, Reader, Source
from drcheck.core.promises import (
    Availability,
    Commitment,
    Copies,
    Encryption,
    Frequency,
    Immutability,
    Integrity,
    RestoreTest,
    Retention,
    Rpo,
    Rto,
    Standing,
)
from drcheck.core.sources import SourceEvidence, counted, gaps_of, part_of, records_of
from drcheck.core.spans import Span
from drcheck.core.terms import Part, Subject, Terms
from drcheck.core.verdict import SEVERITY, Finding, Piece, Status, Verdict, Window
from drcheck.core.wordings import Correction, Version, Wording, corrections_of, wordings_of

BySet = Rpo | Frequency | Retention | Copies | Encryption | Immutability | Integrity
"""The kinds that are judged for each data set."""


def judge(
    policy: Policy,
    evidence: Mapping[str, SourceEvidence],
    window: Window,
    *,
    clock_tolerance: int,
    first_seen: int = LONG_AGO,
    earlier: Sequence[Version] = (),
) -> tuple[Verdict, ...]:
    """Judge every commitment of ``policy`` over ``window``; a source that is not in ``evidence`` was never seen.

    A slot or period is judged by the wording in force when it began: ``earlier`` holds the texts of the past, oldest
    first, and ``first_seen`` says when this one came. Where nothing is known of a time, the earliest one is taken.
    """
    versions = (*earlier, Version(first_seen, policy))
    return tuple(
        _judge(
            wordings_of(commitment, versions),
            tuple(corrections_of(commitment, versions)),
            evidence,
            window,
            clock_tolerance,
        )
        for commitment in policy.commitments
    )


def _judge(
    wordings: Sequence[Wording],
    corrections: Sequence[Correction],
    evidence: Mapping[str, SourceEvidence],
    window: Window,
    clock_tolerance: int,
) -> Verdict:
    policy, commitment = wordings[-1].policy, wordings[-1].commitment
    findings = _by_set(wordings, evidence, window, clock_tolerance)
    told = (
        restated.told(
            correction,
            _worst(_by_set(correction.before, evidence, window, clock_tolerance), window),
            _worst(_by_set(correction.after, evidence, window, clock_tolerance), window),
        )
        for correction in corrections
    )
    corrected = tuple(filter(None, told))
    notes = [note for finding in findings for note in finding.notes]
    seen = counted(commitment, evidence)
    looks = complete_looks(_seen_in_listings(policy, commitment), seen, window)
    overall = marked(_worst(findings, window), looks)
    findings = tuple(marked(finding, looks) for finding in findings)
    return Verdict(
        commitment=commitment,
        window=window,
        overall=overall,
        findings=findings if len(findings) > 1 else (),
        gaps=tuple(
            (name, gap)
            for name in seen
            for gap in gaps_of(commitment, evidence.get(name), seen[name])
            # A fact that could not be asked and that nothing hung on: another one told as much.
            if gap.fact is None or overall.status is not Status.MET
        ),
        looks=looks,
        waived=overall.status is Status.BREACHED
        and any(waiver.commitment == commitment.id and window.end <= waiver.until for waiver in policy.waivers),
        standing=min((evidence[name].standing for name in commitment.evidence if name in evidence), default=None),
        notes=tuple(dict.fromkeys((*corrected, *_notes(commitment, evidence), *notes))),
        corrected=bool(corrected),
    )


def _by_set(
    wordings: Sequence[Wording], evidence: Mapping[str, SourceEvidence], window: Window, clock_tolerance: int
) -> tuple[Finding, ...]:
    """Return what several wordings, oldest first, say of each data set, each of what it binds."""
    policy, commitment = wordings[-1].policy, wordings[-1].commitment
    today_sets = set(_sets(policy, commitment))
    by_set: dict[str, list[Finding]] = {}
    for aspect in _aspects(wordings):
        for finding in _over_time(aspect, evidence, window, clock_tolerance):
            by_set.setdefault(finding.of, []).append(finding)
    joined = (_all_of(its, window) for its in by_set.values())
    return tuple(
        _ended(_lapsed(finding, wordings[:-1]), _end(wordings[-1]), window)
        for finding in joined
        # A data set that only an earlier wording named is judged for as long as that one binds.
        if finding.of in {"", *today_sets} or any(piece.status is not None for piece in finding.pieces)
    )


def _seen_in_listings(policy: Policy, commitment: Commitment) -> list[str]:
    return [name for name in commitment.evidence if policy.sources[name].reader is Reader.OBJECTS]


def _aspects(wordings: Sequence[Wording]) -> list[Sequence[Wording]]:
    """Return the wordings of what is judged on its own: of copies how many there are, by slots, and where all lie."""
    if len(wordings) == 1 or not isinstance(wordings[-1].commitment, Copies):
        return [wordings]
    counted_ones, everywhere = [], []
    for one in wordings:
        if isinstance(one.commitment, Copies) and one.commitment.at_least is not None:
            counted_ones.append(one._replace(commitment=replace(one.commitment, all_in=None)))
        if isinstance(one.commitment, Copies) and one.commitment.all_in is not None:
            everywhere.append(one._replace(commitment=replace(one.commitment, at_least=None)))
    return [aspect for aspect in (counted_ones, everywhere) if aspect]


def _over_time(
    wordings: Sequence[Wording], evidence: Mapping[str, SourceEvidence], window: Window, clock_tolerance: int
) -> list[Finding]:
    """Return what the wordings of one aspect say of each data set, newest named first."""
    last = wordings[-1]
    ends = last.policy.agreement.ends
    judged = [_findings(wording, evidence, window, clock_tolerance, ends) for wording in wordings]
    sets = dict.fromkeys(finding.of for past in reversed(judged) for finding in past)
    return [_together(last, [one for past in judged for one in past if one.of == of], window) for of in sets]


def _all_of(aspects: Sequence[Finding], window: Window) -> Finding:
    """Return what binds together: the worst at each instant, with the figures of what decides at the end."""
    if len(aspects) == 1:
        return aspects[0]
    pieces = overlay(window, [finding.pieces for finding in aspects])
    deciding = next(finding for finding in aspects if finding.status is pieces[-1].status)
    return replace(
        deciding,
        pieces=pieces,
        evidence=tuple(dict.fromkeys(cited for finding in (deciding, *aspects) for cited in finding.evidence)),
        notes=tuple(dict.fromkeys(note for finding in aspects for note in finding.notes)),
    )


def _together(last: Wording, by_wording: Sequence[Finding], window: Window) -> Finding:
    """Join what wordings say, oldest first and ``last`` the newest, each of the slots and instants that it binds."""
    commitment, newest_first = last.commitment, by_wording[::-1]
    if len(by_wording) == 1 and last.binds.end == FOREVER:
        return by_wording[0]
    pieces = [finding.pieces for finding in newest_first]
    # One slot decides about how often backups and copies are made; all that are owed at once decide about the rest.
    if isinstance(commitment, Frequency):
        joined = first_of(window, pieces)
    elif isinstance(commitment, Copies) and commitment.at_least is not None:
        # The newest slot that holds points decides: that none is known under a new wording settles nothing.
        joined = within(Span(LONG_AGO, last.binds.end), first_of(window, pieces, breach_stands=True))
    else:
        joined = overlay(window, pieces)
    deciding = next((one for one in newest_first if one.status is joined[-1].status), newest_first[0])
    periods = {
        period.start: period
        for finding in by_wording
        for period in sorted(finding.periods, key=lambda one: one.status is not None)
    }
    together = replace(deciding, pieces=joined)
    if not periods:
        return together
    # Each wording's periods are shown, and so what they rest on.
    return replace(
        together,
        evidence=tuple(dict.fromkeys(cited for finding in newest_first for cited in finding.evidence)),
        notes=tuple(dict.fromkeys(note for finding in newest_first for note in finding.notes)),
        periods=tuple(periods[start] for start in sorted(periods)),
    )


def _findings(
    wording: Wording, evidence: Mapping[str, SourceEvidence], window: Window, clock_tolerance: int, ends: int | None
) -> tuple[Finding, ...]:
    policy, commitment = wording.policy, wording.commitment
    seen = counted(commitment, evidence)
    terms = Terms(
        zone=ZoneInfo(commitment.zone or policy.timezone),
        effective=policy.agreement.effective,
        ends=ends,
        binds=wording.binds,
        business=policy.business,
        clock_tolerance=clock_tolerance,
        grace=grace_of(policy, commitment),
        lost_sites=policy.lost_sites(commitment.scenario) if commitment.scenario else frozenset(),
        site_of={source.name: source.site for source in policy.sources.values()},
        places={source.name: policy.place(source.site) for source in policy.sources.values()},
    )
    if all(policy.sources[name].reader is Reader.ATTESTATIONS for name in commitment.evidence):
        from drcheck.core.commitments import attested

        return (attested.evaluate(commitment, records_of(policy, seen, attested=True), terms, window),)

    match commitment:
        case Rpo() | Frequency() | Retention() | Copies() | Encryption() | Immutability() | Integrity():
            return tuple(
                _of_set(policy, commitment, of, seen, evidence, terms, window) for of in _sets(policy, commitment)
            )
        case Rto():
            from drcheck.core.commitments import rto

            return (rto.evaluate(commitment, records_of(policy, seen), terms, window),)
        case RestoreTest():
            from drcheck.core.commitments import restore_test

            return (restore_test.evaluate(commitment, records_of(policy, seen), terms, window),)
        case Availability():
            from drcheck.core.commitments import availability

            return (availability.evaluate(commitment, records_of(policy, seen), terms, window),)
        case _:
            raise TypeError(commitment)


def _sets(policy: Policy, commitment: Commitment) -> Sequence[str]:
    """Return the data sets that a commitment is judged for: those of its backups, else of its logs."""
    sources = [policy.sources[name] for name in commitment.evidence]
    of_points = [of for source in sources if source.reader is Reader.OBJECTS for of in source.of]
    return list(dict.fromkeys(of_points or [of for source in sources for of in source.of]))


def _of_set(
    policy: Policy,
    commitment: BySet,
    of: str,
    seen: Mapping[str, SourceEvidence],
    evidence: Mapping[str, SourceEvidence],
    terms: Terms,
    window: Window,
) -> Finding:
    """Judge one data set on the sources that hold it and survive the commitment's scenario."""
    resting = [policy.sources[name] for name in commitment.evidence]
    holding = [source for source in resting if source.reader is Reader.OBJECTS and of in source.of]
    parts = {source.name: part_of(source, of, seen[source.name]) for source in holding}
    made, covered = _made(policy, commitment, of, evidence)
    its = replace(terms, covered=covered, made=made)

    def evaluate(sources: Sequence[Source]) -> Finding:
        subject = Subject(of, tuple(parts[source.name] for source in sources))
        if holding and not sources:
            return _nothing_survives(commitment, subject, its, window)
        match commitment:
            case Rpo():
                from drcheck.core.commitments import rpo

                return rpo.evaluate(commitment, subject, its, window)
            case Frequency():
                from drcheck.core.commitments import backup_frequency

                return backup_frequency.evaluate(commitment, subject, its, window)
            case Retention():
                from drcheck.core.commitments import retention

                return retention.evaluate(commitment, subject, its, window)
            case Copies():
                from drcheck.core.commitments import copies

                return copies.evaluate(commitment, subject, its, window)
            case Encryption():
                from drcheck.core.commitments import encryption

                return encryption.evaluate(commitment, subject, its, window)
            case Immutability():
                from drcheck.core.commitments import immutability

                return immutability.evaluate(commitment, subject, its, window)
            case Integrity():
                from drcheck.core.commitments import integrity

                return integrity.evaluate(commitment, subject, records_of(policy, seen), its, window)

    surviving = [source for source in holding if _survives(source, terms)]
    homeless = [source for source in holding if _survives(source, terms) is None]
    finding = evaluate([*surviving, *homeless])
    if homeless:
        names = words.several([source.name for source in homeless])
        doubt = f"nobody stated the site of {names}, and so whether it survives; `site` would settle that"
        finding = replace(finding, pieces=where_agreed(window, finding.pieces, evaluate(surviving).pieces, doubt))
        if finding.status is Status.UNKNOWN:
            finding = replace(finding, reason=doubt, at_risk=False, measured=None, headroom=None, due_at=None)
    return finding


def _survives(source: Source, terms: Terms) -> bool | None:
    """Return whether a source survives the scenario; None: nobody stated where it lies."""
    if not terms.lost_sites:
        return True
    return source.site not in terms.lost_sites if source.site else None


def _nothing_survives(commitment: Commitment, subject: Subject, terms: Terms, window: Window) -> Finding:
    """Judge over nothing: a recovery is then impossible, and of everything else there is no subject."""
    reason = f"no source of {subject.of} survives the loss of {words.several(sorted(terms.lost_sites))}"
    status = Status.BREACHED if isinstance(commitment, Rpo) else Status.UNKNOWN
    owed = Span(max(terms.binds.start, LONG_AGO if terms.effective is None else terms.effective), terms.binds.end)
    return Finding(subject.of, within(owed, (Piece(window.start, window.end, status, reason),)), reason)


def _made(
    policy: Policy, commitment: Commitment, of: str, evidence: Mapping[str, SourceEvidence]
) -> tuple[tuple[Part, ...], bool]:
    """Return where else backups of a data set are owed as often as this commitment keeps them, and whether any are.

    A slot that was never made anywhere is then the other commitment's breach.
    """
    if not isinstance(commitment, Retention):
        return (), False
    often = longest_slot(commitment.per)
    covering = [one for one in policy.commitments if isinstance(one, Frequency) and interval_of(one) <= often]
    names = dict.fromkeys(name for one in covering for name in one.evidence if of in policy.sources[name].of)
    parts = (
        part_of(policy.sources[name], of, evidence.get(name) or SourceEvidence(Standing.ATTESTED))
        for name in names
        if name not in commitment.evidence
    )
    return tuple(parts), bool(names)


def _end(wording: Wording) -> int | None:
    """Return from when on nothing is owed by a wording; an end in the past that came with it ends nothing before it."""
    ends = wording.policy.agreement.ends
    return None if ends is None else max(ends, wording.binds.start)


def _lapsed(finding: Finding, earlier: Sequence[Wording]) -> Finding:
    """Owe nothing between the end of an agreement and the wording that came after it."""
    for wording in earlier:
        start, end = _end(wording), wording.binds.end
        if start is None or start >= end:
            continue
        reason = f"nothing was owed: the agreement had ended {words.instant(start)}"
        cut = [
            part
            for piece in finding.pieces
            for part in (
                piece._replace(end=min(piece.end, start)),
                Piece(max(piece.start, start), min(piece.end, end), None, reason),
                piece._replace(start=max(piece.start, end)),
            )
            if part.start < part.end
        ]
        periods = (
            replace(period, status=None, credit=None) if start <= period.start < end else period
            for period in finding.periods
        )
        finding = replace(finding, pieces=tuple(cut), periods=tuple(periods))
    return finding


def _ended(finding: Finding, ends: int | None, window: Window) -> Finding:
    """Owe nothing from the agreement's end on, and show no figures where nothing is owed."""
    if ends is not None and ends < window.end:
        reason = f"nothing is owed any more: the agreement ended {words.instant(ends)}"
        over = Piece(max(ends, window.start), window.end, None, reason)
        kept = (piece._replace(end=min(piece.end, ends)) for piece in finding.pieces if piece.start < ends)
        # Of a period that the agreement did not last through its end was heeded where it was judged.
        periods = (period for period in finding.periods if period.start < ends)
        finding = replace(finding, pieces=(*kept, over), reason=reason, periods=tuple(periods))
    if finding.status is not None:
        return finding
    return replace(finding, measured=None, headroom=None, due_at=None, at_risk=False, also=())


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
