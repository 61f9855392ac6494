"""The report as Markdown, for pull requests and chats.

What drcheck did not write itself stands in code, and so does each sentence that may hold some of it. There nothing is
markup, a link, or the mention of anybody, on any of the sites and in any of the chats that read Markdown; a backslash
keeps GitHub neither from notifying ``@somebody`` nor from linking ``#1``.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from typing import Final

from drcheck.core.judging import summary
from drcheck.core.model.verdict import Verdict
from drcheck.reports.wording import citations, missing_evidence, reasons, service_totals, totals
from drcheck.reports.wording.figures import promised, quantity
from drcheck.reports.wording.local_time import Local, of_service
from drcheck.reports.wording.status_marks import StatusMark, mark
from drcheck.reports.wording.text import prose
from drcheck.run_report import Judged, Report

_BACKTICKS: Final = re.compile("`+")


def render(report: Report, *, quiet: bool = False, verbose: bool = False, **_: object) -> bytes:
    """Return the report as UTF-8; ``quiet`` and ``verbose`` leave out and add what they do on the console."""
    many = len(report.services) > service_totals.FEW
    brief = quiet or (many and not verbose)
    lines = [f"**{_shown(mark(report.status))}**: {totals.counts(report)}", "", totals.judged(report), ""]
    if signed := totals.signed(report):
        lines += [signed, ""]
    if many and not quiet:
        lines += [*_overview(report.services), ""]
    for judged in report.services:
        told = [verdict for verdict in judged.verdicts if not brief or reasons.matters(verdict)]
        if told or not brief or judged.gaps or missing_evidence.unjudged(judged):
            lines += _service(judged, told, brief=brief, verbose=verbose)
    if report.faults:
        lines += [
            "### Policies that could not be judged",
            "",
            *(_item(totals.fault_of(one)) for one in report.faults),
            "",
        ]
    return "\n".join(lines).encode()


def code(text: str, *, in_table: bool = False) -> str:
    """Return ``text`` as a code span, which ends where it ends; empty stays empty.

    Its fence is longer than any run of backticks in it (CommonMark 0.31, 6.1); a bar in a table is escaped in code as
    well (GitHub Flavored Markdown 0.29, 4.10), where a backslash before it would take that away.
    """
    text = prose(text)
    if not text:
        return ""
    if in_table:
        text = text.replace("\\|", "\\ |").replace("|", "\\|")
    fence = "`" * (max(map(len, _BACKTICKS.findall(text)), default=0) + 1)
    space = " " if text.startswith("`") or text.endswith("`") else ""
    return f"{fence}{space}{text}{space}{fence}"


def _overview(services: Sequence[Judged]) -> Iterator[str]:
    yield from _table("status", "service", "met", "evidence gaps", right=2)
    for judged in services:
        met, unseen = service_totals.figures(judged)
        yield _row(_shown(service_totals.mark_of(judged)), code(judged.policy.service, in_table=True), met, unseen)


def _service(judged: Judged, told: Sequence[Verdict], *, brief: bool, verbose: bool) -> Iterator[str]:
    policy, local = judged.policy, of_service(judged)
    yield f"### {_shown(mark(summary.status_of(judged.verdicts)))} {code(policy.service)}"
    yield ""
    about = (policy.title, policy.agreement.title, policy.agreement.provider, policy.file)
    yield " · ".join(code(part) for part in about if part)
    yield ""
    if told:
        yield from _table("status", "commitment", "clause", "promised", "measured", right=2)
        for verdict in told:
            promise = verdict.commitment
            texts = (code(part, in_table=True) for part in (promise.id, promise.clause))
            figures = (promised(verdict.overall), quantity(verdict.overall.measured))
            yield _row(_shown(reasons.mark_of(verdict)), *texts, *figures)
        yield ""
    for verdict in told:
        if verbose or _is_told(verdict):
            yield f"- **{_shown(reasons.mark_of(verdict))}** {code(verdict.commitment.id)}"
            yield from (f"  {_item(text)}" for text in _sentences(judged, verdict, local, verbose=verbose))
    if any(verbose or _is_told(verdict) for verdict in told):
        yield ""
    if not brief and (silence := reasons.silence(judged)):
        yield from (silence, "")
    if judged.gaps:
        yield "Could not be seen:"
        yield ""
        for sentence, hint in missing_evidence.unseen(judged, local, verbose=verbose):
            yield _item(sentence)
            if hint:
                yield f"  - → {code(hint)}"
        yield ""
    if unjudged := missing_evidence.unjudged(judged):
        yield "Beside what was promised:"
        yield ""
        yield from map(_item, unjudged)
        yield ""


def _is_told(verdict: Verdict) -> bool:
    """Return whether a reader must know why: it is not met, nearly not, or accepted, or was not met since."""
    return reasons.matters(verdict) or verdict.overall.at_risk or summary.is_waived(verdict)


def _sentences(judged: Judged, verdict: Verdict, local: Local, *, verbose: bool) -> Iterator[str]:
    yield from (line.text for line in reasons.lines(judged, verdict, local))
    if verbose:
        yield from (citations.in_words(cited, local) for cited in citations.cited_by(verdict))


def _shown(shown: StatusMark) -> str:
    return f"{shown.symbol} {shown.word}"


def _item(text: str) -> str:
    return f"- {code(text)}"


def _table(*heads: str, right: int) -> Iterator[str]:
    """Yield the head of a table whose last ``right`` columns are figures."""
    yield _row(*heads)
    yield _row(*["---"] * (len(heads) - right), *["---:"] * right)


def _row(*cells: str) -> str:
    return f"| {' | '.join(cells)} |"
