"""One line for each of many services: how it stands, how much of it is met, and what could not be seen."""

from __future__ import annotations

from collections.abc import Sequence

from drcheck.reports.console.cells import cells, fit, wrap
from drcheck.reports.console.terminal import Paper
from drcheck.reports.wording import service_totals
from drcheck.reports.wording.local_time import of_service
from drcheck.reports.wording.status_marks import StatusMark
from drcheck.reports.wording.text import printable
from drcheck.run_report import Judged

_INDENT, _STATUS_WIDTH, _GAP = 2, 10, "  "
_HEADS = ("service", "met", "gaps")


def write(paper: Paper, services: Sequence[Judged], *, apart: bool) -> None:
    """Write the table of all services, in the order in which they were read; long names wrap, figures stand whole.

    ``apart``: services are judged at different instants, which are told.
    """
    rows = [(printable(judged.policy.service), *service_totals.figures(judged)) for judged in services]
    names, met, gaps = (max(map(cells, column)) for column in zip(_HEADS, *rows, strict=True))
    under = _INDENT + _STATUS_WIDTH + len(_GAP)
    as_of = ["as of", *(of_service(judged).instant(judged.window.end) for judged in services)] if apart else []
    instants = max(map(cells, as_of), default=0)
    names = min(names, paper.width - under - met - gaps - 2 * len(_GAP) - (instants and instants + len(_GAP)))
    marks = (StatusMark(" ", "", ""), *map(service_totals.mark_of, services))
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
