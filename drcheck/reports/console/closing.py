"""The end of the console report: policies that could not be judged, what all comes to, and what to do next."""

from __future__ import annotations

import shlex
from collections.abc import Sequence

from drcheck.core.judging import summary
from drcheck.core.model.status import Status
from drcheck.reports.console.terminal import Paper
from drcheck.reports.wording import totals
from drcheck.reports.wording.status_marks import mark
from drcheck.reports.wording.text import printable
from drcheck.run_report import Fault, Report

INDENT = 2


def invalid(paper: Paper, faults: Sequence[Fault]) -> None:
    """Write the policies that could not be judged."""
    if not faults:
        return
    paper.line(("Policies that could not be judged", "bold"))
    paper.blank()
    unknown = mark(Status.UNKNOWN)
    for fault in faults:
        paper.wrapped(totals.fault_of(fault), indent=INDENT, first=(f"{unknown.symbol} ", unknown.style))
    paper.blank()


def write(paper: Paper, report: Report, *, quiet: bool, brief: bool, config: str) -> None:
    """Write what the run comes to; ``brief``: the report left out commitments, or evidence of some."""
    whole = mark(report.status)
    if quiet and whole in {mark(Status.MET), mark(None)}:
        paper.wrapped(
            f"{totals.counts(report)}, {totals.as_of(report)}", first=(f"{whole.symbol} {whole.word}: ", whole.style)
        )
        return
    paper.rule()
    paper.wrapped(totals.counts(report), first=(f"{whole.symbol} {whole.word}  ", whole.style))
    paper.wrapped(totals.judged(report))
    if signed := totals.signed(report):
        paper.wrapped(signed)
    for step in _next_steps(report, brief=brief, config=config):
        paper.wrapped(step, first="→ ")


def _next_steps(report: Report, *, brief: bool, config: str) -> list[str]:
    steps = []
    named = f" --config {printable(shlex.quote(config))}" if config else ""
    if report.totals.breached:
        worst = next(
            judged.policy.service for judged in report.services if summary.status_of(judged.verdicts) is Status.BREACHED
        )
        steps.append(f"drcheck history {printable(worst)}{named} shows when its breaches opened and closed.")
    if any(gap.hint for judged in report.services for _, gap in judged.gaps):
        steps.append("The arrows above say what to do about what could not be seen.")
    if any(not fault.gone for fault in report.faults):
        steps.append(f"drcheck lint{named} tells what to mend in the invalid policies.")
    if brief:
        steps.append(f"drcheck verify --verbose{named} shows all evidence, and every candidate that does not count.")
    return steps
