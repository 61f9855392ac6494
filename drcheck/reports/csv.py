"""The report as CSV, for spreadsheets: a row a commitment (RFC 4180, UTF-8, a head).

Beside these there is a row for each policy that could not be judged, each evidence gap, and what else nobody judges,
told apart by ``record``. Columns are only ever added, at the end. Instants are RFC 3339 in UTC, figures have their unit
in a column of its own. Text that a spreadsheet would take for a formula has an apostrophe before it
(https://owasp.org/www-community/attacks/CSV_Injection).
"""

from __future__ import annotations

import csv
import io
import re
from collections.abc import Callable, Iterable, Iterator
from datetime import UTC
from itertools import chain
from typing import Final

from drcheck.core import decimals, words
from drcheck.core.judging import summary
from drcheck.core.model.status import Status
from drcheck.core.model.verdict import Quantity, Verdict
from drcheck.reports.wording import missing_evidence, reasons, totals
from drcheck.reports.wording.local_time import Local
from drcheck.reports.wording.text import prose
from drcheck.run_report import Document, Judged, Report

_UTC: Final = Local(UTC)
COLUMNS: Final = (
    "record", "service", "title", "owner", "policy", "commitment", "kind", "scenario", "clause", "status", "at_risk",
    "attested", "reason", "details", "hint", "objective", "measured", "headroom", "worst", "unit", "due_at", "as_of",
    "window_from", "breached_since", "unknown_since", "breaches", "passed_breaches", "met_s", "breached_s", "unknown_s",
    "kept_percent", "waived_until", "waived_by", "evidence_gaps", "run", "question", "waiver_approved_by",
)  # fmt: skip
_FORMULA: Final = re.compile(r"^(?=[=+\-@＝＋－＠])|(?<=;)(?=\s*[=+\-@])")  # noqa: RUF001  full width, as some take them
"""Where a cell would be a formula; after a semicolon as well, at which spreadsheets of many countries part cells."""


def render(report: Report, **_: object) -> bytes:
    """Return the report as UTF-8."""
    return b"".join(_lines(report.services, report))


def documents(services: Iterable[Judged], whole: Callable[[], Report], *, split: bool) -> Iterator[Document]:  # noqa: ARG001
    """Yield the one document: what :func:`render` would return, row by row, with one service in memory."""
    yield Document("", _lines(services, whole()))


def _lines(services: Iterable[Judged], report: Report) -> Iterator[bytes]:
    """Yield the text in pieces; ``report`` tells everything but its services."""
    text = io.StringIO()
    writer = csv.DictWriter(text, COLUMNS, restval="", lineterminator="\r\n")
    writer.writeheader()
    for rows in chain((_of_service(judged, report) for judged in services), [_of_faults(report)]):
        writer.writerows(rows)
        yield text.getvalue().encode()
        text.seek(0)
        text.truncate()


def _of_service(judged: Judged, report: Report) -> Iterator[dict[str, str]]:
    of_service = {
        "service": _text(judged.policy.service),
        "title": _text(judged.policy.title),
        "owner": _text(judged.policy.owner),
        "policy": _text(judged.policy.file),
        "as_of": words.instant(judged.window.end),
        "window_from": words.instant(judged.window.start),
        **_of_run(report),
    }
    for verdict in judged.verdicts:
        yield {"record": "commitment", **of_service, **_commitment(judged, verdict)}
    for sentence, hint in missing_evidence.unseen(judged, _UTC, verbose=True):
        yield {"record": "evidence gap", **of_service, "reason": _text(sentence), "hint": _text(hint)}
    for sentence in missing_evidence.unjudged(judged):
        yield {"record": "not judged", **of_service, "reason": _text(sentence)}


def _of_run(report: Report) -> dict[str, str]:
    return {"run": _text(report.run), "question": _text(report.question)}


def _of_faults(report: Report) -> Iterator[dict[str, str]]:
    for fault in report.faults:
        yield {
            "record": "policy gone" if fault.gone else "invalid policy",
            "policy": _text(fault.file),
            "status": Status.UNKNOWN.value,
            "reason": _text(totals.fault_of(fault)),
            **_of_run(report),
        }


def _commitment(judged: Judged, verdict: Verdict) -> dict[str, str]:
    promise, found = verdict.commitment, verdict.overall
    shares, waiver = summary.shares(found), summary.waiver_of(verdict)
    reason, *more = (line.text for line in reasons.lines(judged, verdict, _UTC))
    return {
        "commitment": _text(promise.id),
        "kind": promise.kind,
        "scenario": _text(promise.scenario),
        "clause": _text(promise.clause),
        "status": summary.state(verdict),
        "at_risk": _truth(found.at_risk),
        "attested": _truth(summary.is_attested(verdict)),
        "reason": _text(reason),
        "details": _text("; ".join(more)),
        "objective": _figure(found.objective),
        "measured": _figure(found.measured),
        "headroom": _figure(found.headroom),
        "worst": _figure(found.worst),
        "unit": next((one.unit for one in (found.objective, found.measured) if one is not None), ""),
        "due_at": _instant(found.due_at),
        "breached_since": _instant(summary.since(verdict, Status.BREACHED)),
        "unknown_since": _instant(summary.since(verdict, Status.UNKNOWN)),
        "breaches": str(len(verdict.breaches())),
        "passed_breaches": str(len(summary.passed_breaches(verdict))),
        "met_s": str(shares.met),
        "breached_s": str(shares.breached),
        "unknown_s": str(shares.unknown),
        "kept_percent": "" if shares.kept is None else decimals.cut(shares.kept),
        "waived_until": "" if waiver is None else words.instant(waiver.until),
        "waived_by": "" if waiver is None else _text(waiver.owner),
        "waiver_approved_by": "" if waiver is None else _text(waiver.approved_by),
        "evidence_gaps": str(len(verdict.gaps)),
    }


def _text(text: str) -> str:
    """Return text that no spreadsheet takes for a formula; every white space in it is a space."""
    return _FORMULA.sub("'", prose(text))


def _figure(figure: Quantity | None) -> str:
    return "" if figure is None else str(figure.value)


def _instant(seconds: int | None) -> str:
    return "" if seconds is None else words.instant(seconds)


def _truth(holds: bool) -> str:
    return "true" if holds else "false"
