"""One line for each of many services: how it stands, how much of it is met, and what could not be seen."""

from __future__ import annotations

from collections.abc import Sequence

from drcheck.core.judging import summary
from drcheck.core.model.verdict import Status
from drcheck.reports.console.local_time import of_service
from drcheck.reports.console.marks import NONE, Mark, mark
from drcheck.reports.console.terminal import Paper
from drcheck.reports.console.text import cells, fit, printable, wrap
from drcheck.run_report import Judged

FEW = 3
"""Services that are shown whole; of more, an overview and what is not met fit where their tables would not."""
_INDENT, _STATUS_WIDTH, _GAP = 2, 10, "  "
_HEADS = ("service", "met", "gaps")


def write(paper: Paper, services: Sequence[Judged], *, apart: bool) -> None:
    """Write the table of all services, in the order in which they were read; long names wrap, figures stand whole.

    ``apart``: services are judged at different instants, which are told.
    """
    rows = [(printable(judged.policy.service), *figures(judged)) for judged in services]
    names, met, gaps = (max(map(cells, column)) for column in zip(_HEADS, *rows, strict=True))
    under = _INDENT + _STATUS_WIDTH + len(_GAP)
    as_of = ["as of", *(of_service(judged).instant(judged.window.end) for judged in services)] if apart else []
    instants = max(map(cells, as_of), default=0)
    names = min(names, paper.width - under - met - gaps - 2 * len(_GAP) - (instants and instants + len(_GAP)))
    marks = (Mark(" ", "", ""), *map(mark_of, services))
    for number, (status, (name, kept, unseen)) in enumerate(zip(marks, (_HEADS, *rows), strict=True)):
        style = "" if status.word else "dim"
        first, *others = wrap(name, names)
        paper.line(
            " " * _INDENT, (fit(f"{status.symbol} {status.word}", _STATUS_WIDTH), status.style), _GAP,
            (fit(first, names), style or "bold"), _GAP, (fit(kept, met, right=True), style), _GAP,
            (fit(unseen, gaps, right=True), style), (f"{_GAP}{as_of[number]}" if apart else "", style),
        )  # fmt: skip
        for part in others:
            paper.line(" " * under, (part, "bold"))
    paper.blank()


def mark_of(judged: Judged) -> Mark:
    """Return how the status of a service is shown."""
    return mark(summary.status_of(judged.verdicts), at_risk=any(verdict.overall.at_risk for verdict in judged.verdicts))


def figures(judged: Judged) -> tuple[str, str]:
    """Return how many commitments are met, of those of which anything is owed, and how many gaps there are."""
    owed = [verdict for verdict in judged.verdicts if verdict.status is not None]
    met = sum(verdict.status is Status.MET for verdict in owed)
    gaps = judged.seen.gaps
    return f"{met} of {len(owed)}" if owed else NONE, str(gaps) if gaps else NONE
