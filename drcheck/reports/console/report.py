"""The report for people: one service after the other, each commitment with its reason, then what to do next."""

from __future__ import annotations

import sys
from collections.abc import Sequence

from drcheck.core.judging import summary
from drcheck.core.model.verdict import Verdict
from drcheck.reports.console import closing, details, gaps, service_lines
from drcheck.reports.console.cells import cells, fit, wrap
from drcheck.reports.console.terminal import Paper, Part, Screen, screen
from drcheck.reports.wording import figures, missing_evidence, reasons, service_totals
from drcheck.reports.wording.local_time import Local, of_service
from drcheck.reports.wording.status_marks import StatusMark, mark
from drcheck.reports.wording.text import printable, prose
from drcheck.run_report import Judged, Report

INDENT = 2
_GAP = "  "
_STATUS_WIDTH = 10
_UNDER = INDENT + _STATUS_WIDTH + len(_GAP)
"""Where a commitment's id begins, and what is said of it below."""
_ID_AT_MOST, _CLAUSE_AT_MOST = 26, 16


def render(
    report: Report, *, quiet: bool = False, verbose: bool = False, terminal: bool = False, config: str = ""
) -> bytes:
    """Return the report as text, for standard output if ``terminal``, else for a file.

    ``quiet`` leaves what is not met, what was not met since the last recorded run or was corrected, what could not be
    seen, what lies there unlisted, and the summary; ``verbose`` adds every piece of evidence.
    ``config`` is the configuration that the user named, for the commands that are told as next steps.
    """
    shown_on = screen(sys.stdout) if terminal else Screen()
    return pages(report, shown_on, quiet=quiet, verbose=verbose, config=config).encode()


def pages(report: Report, shown_on: Screen, *, quiet: bool = False, verbose: bool = False, config: str = "") -> str:
    """Return the report as text for a screen."""
    paper = Paper(shown_on)
    many = len(report.services) > service_totals.FEW
    if many and not quiet:
        service_lines.write(paper, report.services, apart=report.apart)
    brief = quiet or (many and not verbose)
    for judged in report.services:
        shown = [verdict for verdict in judged.verdicts if not brief or reasons.matters(verdict)]
        if shown or not brief or missing_evidence.unjudged(judged) or judged.gaps:
            _service(paper, judged, shown, brief=brief, verbose=verbose, apart=report.apart)
            if verbose:
                gaps.places(paper, judged.sources, report.locations, of_service(judged))
            paper.blank()
    closing.invalid(paper, report.faults)
    left_out = not verbose and (
        many or any(reasons.is_not_met(verdict) for judged in report.services for verdict in judged.verdicts)
    )
    closing.write(paper, report, quiet=quiet, brief=left_out, config=config)
    return paper.text()


def _service(
    paper: Paper, judged: Judged, shown: Sequence[Verdict], *, brief: bool, verbose: bool, apart: bool
) -> None:
    policy, local = judged.policy, of_service(judged)
    status = mark(summary.status_of(judged.verdicts))
    title, verdict = prose(policy.title or policy.service), f"{status.symbol} {status.word}"
    room = paper.width - cells(verdict) - len(_GAP)
    paper.line((fit(title, room), "bold"), _GAP, (verdict, status.style))
    agreement = ", ".join(part for part in (policy.agreement.title, policy.agreement.provider) if part)
    as_of = f"as of {local.instant(judged.window.end)}" if apart else ""
    subtitle = " · ".join(prose(part) for part in (policy.service, agreement, policy.file, as_of) if part)
    paper.wrapped(subtitle, style="dim")
    if shown:
        paper.blank()
    _table(paper, judged, shown, local, verbose=verbose)
    if not brief and (silence := reasons.silence(judged)):
        paper.blank()
        paper.wrapped(silence, indent=INDENT)
    gaps.write(paper, judged, local, verbose=verbose)
    if unjudged := missing_evidence.unjudged(judged):
        paper.blank()
        for sentence in unjudged:
            paper.wrapped(prose(sentence), indent=INDENT, first="· ")


def _table(paper: Paper, judged: Judged, shown: Sequence[Verdict], local: Local, *, verbose: bool) -> None:
    rows = [
        (
            verdict,
            printable(verdict.commitment.id),
            prose(verdict.commitment.clause),
            figures.promised(verdict.overall),
            figures.quantity(verdict.overall.measured),
        )
        for verdict in shown
    ]
    if not rows:
        return
    heads = ("commitment", "clause", "promised", "measured")
    columns = zip(heads, *(texts for _, *texts in rows), strict=True)
    ids, clauses, promised, measured = (max(map(cells, column)) for column in columns)
    # Figures stand whole and ids wrap where they must; a clause that is cut stands whole in --verbose.
    room = paper.width - INDENT - _STATUS_WIDTH - promised - measured - 4 * len(_GAP)
    clauses = min(clauses, max(room - min(ids, _ID_AT_MOST), _CLAUSE_AT_MOST))
    ids = min(ids, room - clauses)

    def row(status: StatusMark, texts: Sequence[str], style: str = "") -> None:
        name, clause, objective, figure = texts
        first, *others = wrap(name, ids)
        paper.line(
            " " * INDENT, (fit(f"{status.symbol} {status.word}", _STATUS_WIDTH), status.style), _GAP,
            (fit(first, ids), style or "bold"), _GAP, (fit(clause, clauses), style), _GAP,
            (fit(objective, promised, right=True), style), _GAP, (fit(figure, measured, right=True), style),
        )  # fmt: skip
        for part in others:
            paper.line(" " * _UNDER, (part, style or "bold"))

    row(StatusMark(" ", "", ""), heads, "dim")
    for number, (verdict, *texts) in enumerate(rows):
        if number and verbose:
            paper.blank()
        row(reasons.mark_of(verdict), texts)
        for line in reasons.lines(judged, verdict, local, verbose=verbose):
            first: Part = (f"{line.mark.symbol} ", line.mark.style) if line.mark else ""
            paper.wrapped(line.text, indent=_UNDER, first=first, style=line.style)
        if verbose:
            details.write(paper, verdict, local, _UNDER)
