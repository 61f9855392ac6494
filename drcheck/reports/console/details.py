"""What ``--verbose`` adds to a commitment: its words, the spans that were not met, and every piece of evidence."""

from __future__ import annotations

from collections.abc import Iterator

from drcheck.core import words
from drcheck.core.model.status import Status
from drcheck.core.model.verdict import Finding, Piece, Verdict
from drcheck.reports.console.terminal import Paper
from drcheck.reports.wording import citations, periods, since_then
from drcheck.reports.wording.figures import promised, quantity
from drcheck.reports.wording.local_time import Local
from drcheck.reports.wording.status_marks import mark
from drcheck.reports.wording.text import printable, prose


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
        paper.wrapped(prose(local.text(f"{change.what}: {since_then.in_words(change)}")), indent=indent)
    for note in verdict.notes:
        paper.wrapped(prose(local.text(note)), indent=indent)
    for finding in verdict.findings:
        marked = mark(finding.status, at_risk=finding.at_risk)
        figures = f"promised {promised(finding)}, measured {quantity(finding.measured)}"
        paper.wrapped(f"{marked.symbol} {marked.word} {printable(finding.of)}: {figures}", indent=indent)
    for period in reversed(verdict.overall.periods):
        for line in periods.lines(period, verdict.window.end):
            paper.wrapped(prose(local.text(line)), indent=indent)
    for finding in verdict.findings or (verdict.overall,):
        for piece in _not_met(finding):
            _piece(paper, finding.of, piece, local, indent)
    for cited in citations.cited_by(verdict):
        paper.wrapped(
            citations.in_words(cited, local),
            indent=indent,
            first="- " if cited.why_not else "? " if cited.in_doubt else "+ ",
        )


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
    marked = mark(piece.status)
    span = f"{local.instant(piece.start)} to {local.instant(piece.end)}"
    paper.wrapped(span, indent=indent, first=(f"{marked.symbol} {marked.word} ", marked.style))
    reason = f"{of}: {piece.reason}" if of and of not in piece.reason else piece.reason
    paper.wrapped(f"{words.duration(piece.end - piece.start)}: {printable(local.text(reason))}", indent=indent + 2)
