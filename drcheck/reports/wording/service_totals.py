"""How each of many services stands, in figures."""

from __future__ import annotations

from drcheck.core.judging import summary
from drcheck.core.model.status import Status
from drcheck.reports.wording.figures import NONE
from drcheck.reports.wording.status_marks import StatusMark, mark
from drcheck.run_report import Judged

FEW = 3
"""Services that are shown whole; of more, an overview and what is not met fit where their tables would not."""


def mark_of(judged: Judged) -> StatusMark:
    """Return how the status of a service is shown."""
    return mark(summary.status_of(judged.verdicts), at_risk=any(verdict.overall.at_risk for verdict in judged.verdicts))


def figures(judged: Judged) -> tuple[str, str]:
    """Return how many commitments are met, of those of which anything is owed, and how many gaps there are."""
    owed = [verdict for verdict in judged.verdicts if verdict.status is not None]
    met = sum(verdict.status is Status.MET for verdict in owed)
    gaps = judged.seen.gaps
    return f"{met} of {len(owed)}" if owed else NONE, str(gaps) if gaps else NONE
