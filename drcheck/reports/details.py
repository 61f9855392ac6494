"""What ``--verbose`` adds to a commitment: its words, the spans that were not met, and every piece of evidence."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from drcheck.core import words
from drcheck.core.evidence import Cited
from drcheck.core.verdict import Finding, Piece, Status, Verdict
from drcheck.reports import periods
from drcheck.reports.marks import NONE, mark, quantity
from drcheck.reports.terminal import Paper
from drcheck.reports.text import printable, prose


def promised(finding: Finding) -> str:
    """Return the objective: times are kept at most, everything else at least."""
    if finding.objective is None:
        return NONE
    return f"{'≤' if finding.objective.unit == 's' else '≥'} {quantity(finding.objective)}"


def write(paper: Paper, verdict: Verdict, indent: int) -> None:
    """Write everything that a verdict rests on."""
    promise = verdict.commitment
    if promise.quote:
        paper.wrapped(f"“{prose(promise.quote)}”", indent=indent, style="italic")
    for label, text in (("clause", promise.clause), ("applies to", promise.applies), ("reading", promise.note)):
        if text:
            paper.wrapped(prose(f"{label}: {text}"), indent=indent)
    if verdict.standing is not None:
        paper.wrapped(f"standing: {verdict.standing.name.lower()}", indent=indent)
    if promise.controls:
        paper.wrapped(prose(f"controls: {', '.join(promise.controls)}"), indent=indent)
    for note in verdict.notes:
        paper.wrapped(prose(note), indent=indent)
    for finding in verdict.findings:
        its = mark(finding.status, at_risk=finding.at_risk)
        figures = f"promised {promised(finding)}, measured {quantity(finding.measured)}"
        paper.wrapped(f"{its.symbol} {its.word} {printable(finding.of)}: {figures}", indent=indent)
    for period in reversed(verdict.overall.periods):
        for line in periods.told(period, verdict.window.end):
            paper.wrapped(prose(line), indent=indent)
    for finding in verdict.findings or (verdict.overall,):
        for piece in _not_met(finding):
            _piece(paper, finding.of, piece, indent)
    for one in _cited_by(verdict):
        paper.wrapped(_told(one), indent=indent, first="- " if one.why_not else "+ ")


def newest_rejected(verdict: Verdict) -> Cited | None:
    """Return the candidate with the newest data that does not count, if there is one."""
    rejected = (one for one in _cited_by(verdict) if one.why_not and one.data_as_of is not None)
    return max(rejected, key=lambda one: one.data_as_of or 0, default=None)


def _cited_by(verdict: Verdict) -> Iterable[Cited]:
    return dict.fromkeys(one for finding in (verdict.overall, *verdict.findings) for one in finding.evidence)


def _not_met(finding: Finding) -> Iterator[Piece]:
    """Yield the spans that were not met, joined where one follows another with the same reason."""
    last: Piece | None = None
    for piece in finding.pieces:
        if piece.status in {Status.MET, None}:
            continue
        if last and (last.end, last.status, last.reason) == (piece.start, piece.status, piece.reason):
            last = last._replace(end=piece.end)
            continue
        if last:
            yield last
        last = piece
    if last:
        yield last


def _piece(paper: Paper, of: str, piece: Piece, indent: int) -> None:
    its = mark(piece.status)
    span = f"{words.instant(piece.start)} to {words.instant(piece.end)}"
    paper.wrapped(span, indent=indent, first=(f"{its.symbol} {its.word} ", its.style))
    reason = f"{of}: {piece.reason}" if of and of not in piece.reason else piece.reason
    paper.wrapped(f"{words.duration(piece.end - piece.start)}: {printable(reason)}", indent=indent + 2)


def _told(one: Cited) -> str:
    facts = [f"{one.source}: {one.name}" if one.name else one.source]
    if one.data_as_of is not None:
        facts.append(f"data of {words.instant(one.data_as_of)}")
    if one.available_at is not None and words.instant(one.available_at) not in one.told:
        facts.append(f"available {words.instant(one.available_at)}")
    if one.told:
        facts.append(one.told)
    told = ", ".join(facts)
    return printable(f"{told}; does not count: {one.why_not}" if one.why_not else told)
