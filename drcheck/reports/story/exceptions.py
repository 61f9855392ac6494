"""What was not kept all the time, or is not known to have been: since when, for how long, and why."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final, NamedTuple

from drcheck.core import words
from drcheck.core.judging import summary
from drcheck.core.model.status import Status
from drcheck.core.model.verdict import Opening, Verdict
from drcheck.reports.story import spans
from drcheck.reports.wording import local_time, reasons
from drcheck.reports.wording.status_marks import StatusMark
from drcheck.reports.wording.text import printable
from drcheck.reports.wording.waived import accepted
from drcheck.run_report import Judged

_WORST_FIRST: Final = ("breached", "unknown", "waived", "between_looks", "met", "not_owed")


class NotKept(NamedTuple):
    """A commitment that was not kept all the time, or of which that is not known."""

    id: str
    mark: StatusMark
    rank: int
    """By which the worst come first."""
    why: str


def of_service(judged: Judged) -> tuple[NotKept, ...]:
    """Return the commitments of a service that are exceptions, accepted breaches and corrections among them."""
    local = local_time.of_service(judged)
    return tuple(
        NotKept(
            printable(verdict.commitment.id), reasons.mark_over([verdict]), rank(verdict), _why(judged, verdict, local)
        )
        for verdict in judged.verdicts
        if reasons.matters(verdict) or summary.over_window(verdict) == "waived"
    )


def rank(verdict: Verdict) -> int:
    """Return by what commitments are put in order, the worst first."""
    return _WORST_FIRST.index(summary.over_window(verdict))


def _why(judged: Judged, verdict: Verdict, local: local_time.Local) -> str:
    """Return the reason of how a commitment stood over the period; what is over by the end comes after what is not."""
    shown = next(iter(reasons.lines(judged, verdict, local))).text
    breaches, before = verdict.breaches(), verdict.breached_since
    standing = [breach for breach in breaches if breach.closed_at is None]
    told = []
    for breach in standing:
        waived = summary.waiver_of(verdict)
        open_since, long = spans.since(verdict, breach, local, before), spans.length(verdict, breach, before)
        told.append(f"open since {open_since}, for {long}: {shown}")
        if waived is not None:
            told.append(accepted(waived, local.instant(waived.until)))
    if over := [breach for breach in breaches if breach.closed_at is not None]:
        told.append(_over(verdict, over, local, alone=not standing))
    if told and (unknown := summary.shares(verdict.overall).unknown):
        told.append(f"{words.duration(unknown)} of the period are unknown")
    return "; ".join(told) or shown


def _over(verdict: Verdict, breaches: Sequence[Opening], local: local_time.Local, *, alone: bool) -> str:
    """Return how often and how long it was breached and is not any more; ``alone``: so that this is the reason."""
    longest = max(breaches, key=lambda breach: (breach.closed_at or 0) - breach.opened_at)
    before = verdict.breached_since
    long = spans.length(verdict, longest, before)
    span = f"{spans.since(verdict, longest, local, before)} to {local.instant(longest.closed_at or 0)}"
    waived = sum(breach.waived for breach in breaches)
    if len(breaches) == 1:
        told = f"breached from {span}, for {long}{', waived' if waived else ''}"
    else:
        seconds = sum((breach.closed_at or 0) - breach.opened_at for breach in breaches)
        told = (
            f"breached {len(breaches)} times, for {words.duration(seconds)} of the period in all, the longest "
            f"{long} from {span}"
        )
        told += f", {waived} of them waived" if waived else ""
    if not alone:
        return f"before that {told}"
    now = "not known" if verdict.overall.status is Status.UNKNOWN else "kept again"
    return f"{told}, and {now} at the end: {printable(local.text(longest.reason))}"
