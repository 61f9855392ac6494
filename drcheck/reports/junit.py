"""The report as JUnit's XML, for pipelines: a suite is a service, and a case a commitment.

What is breached is a failure, and what is unknown an error, which no pipeline takes for passed or skipped; skipped is
what a waiver covers and what is not owed yet. There is no standard of this form: elements and attributes are those that
Jenkins, GitLab and pytest write and read (https://github.com/testmoapp/junitxml).
"""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC
from typing import Final
from xml.etree import ElementTree as ET

from drcheck.core import words
from drcheck.core.judging import summary
from drcheck.core.model.status import Status
from drcheck.core.model.verdict import Quantity, Verdict
from drcheck.reports.wording import citations, missing_evidence, reasons, totals
from drcheck.reports.wording.figures import quantity
from drcheck.reports.wording.local_time import Local
from drcheck.reports.wording.text import prose
from drcheck.reports.wording.waived import accepted
from drcheck.run_report import Judged, Report

_UTC: Final = Local(UTC)
_NOT_JUDGED: Final = "policies not judged"
"""A suite; no service can have this name."""
_CITED: Final = 20
"""Pieces of evidence that one case tells."""


def render(report: Report, **_: object) -> bytes:
    """Return the report as UTF-8."""
    whole = ET.Element("testsuites", name="drcheck")
    for judged in report.services:
        whole.append(_suite_of(report, judged))
    if report.faults:
        whole.append(_suite_of_faults(report))
    for counted in ("tests", "failures", "errors", "skipped"):
        whole.set(counted, str(sum(int(suite.get(counted, "0")) for suite in whole)))
    whole.set("time", f"{report.seconds:.3f}")
    ET.indent(whole)
    written: bytes = ET.tostring(whole, encoding="UTF-8", xml_declaration=True)
    return written + b"\n"


def _suite_of(report: Report, judged: Judged) -> ET.Element:
    policy = judged.policy
    suite = ET.Element("testsuite", name=prose(policy.service), timestamp=words.instant(judged.window.end))
    about = {
        "run": report.run,
        "question": report.question,
        "title": policy.title,
        "owner": policy.owner,
        "policy": policy.file,
        "policy_sha256": policy.sha256,
    }
    _properties(suite, about)
    suite.extend(_case_of(judged, verdict, now_alone=report.now_alone) for verdict in judged.verdicts)
    unseen = [
        f"{what}\n  {hint}" if hint else what for what, hint in missing_evidence.unseen(judged, _UTC, verbose=True)
    ]
    if told := [*(f"evidence gap: {line}" for line in unseen), *map(prose, missing_evidence.unjudged(judged))]:
        ET.SubElement(suite, "system-err").text = "\n".join(told)
    return _counted(suite)


def _suite_of_faults(report: Report) -> ET.Element:
    """Return the policies that could not be judged, as errors: what they promise is unknown."""
    suite = ET.Element("testsuite", name=_NOT_JUDGED, timestamp=words.instant(report.window.end))
    for file in dict.fromkeys(fault.file for fault in report.faults):
        its = [fault for fault in report.faults if fault.file == file]
        case = ET.SubElement(suite, "testcase", classname=_NOT_JUDGED, name=prose(file))
        kind = "policy gone" if its[0].gone else "invalid policy"
        told = list(map(totals.fault_of, its))
        ET.SubElement(case, "error", type=kind, message=told[0]).text = "\n".join(told)
    return _counted(suite)


def _case_of(judged: Judged, verdict: Verdict, *, now_alone: bool) -> ET.Element:
    promise, found = verdict.commitment, verdict.overall
    case = ET.Element("testcase", classname=prose(judged.policy.service), name=prose(promise.id))
    if found.measured is not None and found.measured.unit == "s":
        case.set("time", str(found.measured.value))
    figures = {"objective": found.objective, "measured": found.measured, "headroom": found.headroom}
    _properties(
        case, {"kind": promise.kind, "clause": promise.clause, **{key: _figure(its) for key, its in figures.items()}}
    )
    lines = [line.text for line in reasons.lines(judged, verdict, _UTC)]
    if ended := _ended(verdict, now_alone=now_alone):
        tag, kind = ended
        told = ET.SubElement(case, tag, type=kind, message=_message(verdict, lines, kind))
        if tag != "skipped":
            told.text = "\n".join([*lines, *_evidence(verdict), *_unseen(verdict)])
            return case
    ET.SubElement(case, "system-out").text = "\n".join([reasons.mark_of(verdict).word, *lines, *_unseen(verdict)])
    return case


def _ended(verdict: Verdict, *, now_alone: bool) -> tuple[str, str] | None:
    """Return as what a commitment ends that is not met, and why; None: it passed."""
    if summary.effective_status(verdict) is Status.BREACHED:
        return "failure", "breached"
    if summary.passed_breaches(verdict) and not now_alone:
        return "failure", "breached and over since"
    if verdict.status is Status.UNKNOWN:
        return "error", "unknown"
    if summary.is_waived(verdict):
        return "skipped", "waived"
    return ("skipped", "not owed") if verdict.status is None else None


def _message(verdict: Verdict, lines: list[str], kind: str) -> str:
    """Return the one line that every pipeline shows."""
    if waiver := summary.waiver_of(verdict):
        return accepted(waiver, words.instant(waiver.until))
    if kind == "breached and over since":
        newest = summary.passed_breaches(verdict)[-1]
        return prose(f"breached until {words.instant(newest.closed_at or 0)}: {newest.reason}")
    return lines[0]


def _evidence(verdict: Verdict) -> Iterator[str]:
    told = [citations.in_words(cited, _UTC) for cited in citations.cited_by(verdict)]
    yield from (f"evidence: {line}" for line in told[:_CITED])
    if told[_CITED:]:
        yield f"and {words.counted(len(told) - _CITED, 'more piece')} of evidence"


def _unseen(verdict: Verdict) -> Iterator[str]:
    for source, gap in verdict.gaps:
        yield prose(f"evidence gap: {source}: {gap.what}")
        if gap.hint:
            yield f"  {prose(gap.hint)}"


def _counted(suite: ET.Element) -> ET.Element:
    cases = suite.findall("testcase")
    suite.set("tests", str(len(cases)))
    for key, tag in (("failures", "failure"), ("errors", "error"), ("skipped", "skipped")):
        suite.set(key, str(sum(case.find(tag) is not None for case in cases)))
    return suite


def _properties(element: ET.Element, values: dict[str, str]) -> None:
    properties = ET.SubElement(element, "properties")
    for name, value in values.items():
        if value:
            ET.SubElement(properties, "property", name=name, value=prose(value))


def _figure(figure: Quantity | None) -> str:
    return "" if figure is None else quantity(figure)
