"""What ``--verbose`` adds to a commitment: its words, the spans that were not met, and every piece of evidence."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from drcheck.core import words
from drcheck.core.model.evidence import Cited
from drcheck.core.model.verdict import Finding, Piece, Status, Verdict
from drcheck.reports.console import periods, since_then
from drcheck.reports.console.local_time import Local
from drcheck.reports.console.marks import NONE, mark, quantity
from drcheck.reports.console.terminal import Paper
from drcheck.reports.console.text import printable, prose


def promised(finding: Finding) -> str:
    """Return the objective: times are kept at most, everything else at least."""
    if finding.objective is None:
        return NONE
    return f"{'≤' if finding.objective.unit == 's' else '≥'} {quantity(finding.objective)}"


def write(paper: Paper, verdict: Verdict, local: Local, indent: int) -> None:
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
    for change in verdict.since_then:
        paper.wrapped(prose(local.text(f"{change.what}: {since_then.told(change)}")), indent=indent)
    for note in verdict.notes:
        paper.wrapped(prose(local.text(note)), indent=indent)
    for finding in verdict.findings:
        its = mark(finding.status, at_risk=finding.at_risk)
        figures = f"promised {promised(finding)}, measured {quantity(finding.measured)}"
        paper.wrapped(f"{its.symbol} {its.word} {printable(finding.of)}: {figures}", indent=indent)
    for period in reversed(verdict.overall.periods):
        for line in periods.told(period, verdict.window.end):
            paper.wrapped(prose(local.text(line)), indent=indent)
    for finding in verdict.findings or (verdict.overall,):
        for piece in _not_met(finding):
            _piece(paper, finding.of, piece, local, indent)
    for one in _cited_by(verdict):
        paper.wrapped(_told(one, local), indent=indent, first="- " if one.why_not else "? " if one.in_doubt else "+ ")


def newest_rejected(verdict: Verdict) -> Cited | None:
    """Return the candidate with the newest data that does not count, or may not, if there is one."""
    rejected = (one for one in _cited_by(verdict) if (one.why_not or one.in_doubt) and one.data_as_of is not None)
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


def _piece(paper: Paper, of: str, piece: Piece, local: Local, indent: int) -> None:
    its = mark(piece.status)
    span = f"{local.instant(piece.start)} to {local.instant(piece.end)}"
    paper.wrapped(span, indent=indent, first=(f"{its.symbol} {its.word} ", its.style))
    reason = f"{of}: {piece.reason}" if of and of not in piece.reason else piece.reason
    paper.wrapped(f"{words.duration(piece.end - piece.start)}: {printable(local.text(reason))}", indent=indent + 2)


def _told(one: Cited, local: Local) -> str:
    """Return a fact with the file that it is, or that tells of it."""
    if one.name and one.place.endswith(one.name):
        facts = [f"{one.source}: {one.place}"]
    else:
        facts = [f"{one.source}: {one.name}" if one.name else one.source, *([f"in {one.place}"] if one.place else [])]
    if one.data_as_of is not None:
        facts.append(f"data of {local.instant(one.data_as_of)}")
    if one.available_at is not None and words.instant(one.available_at) not in one.told:
        facts.append(f"available {local.instant(one.available_at)}")
    if one.told:
        facts.append(local.text(one.told))
    told = ", ".join(facts)
    return printable(f"{told}; {local.text(why_not(one))}" if one.why_not or one.in_doubt else told)


def why_not(one: Cited) -> str:
    """Return why a candidate does not count, or may not, in words."""
    return f"does not count: {one.why_not}" if one.why_not else f"may not count: {one.in_doubt}"
