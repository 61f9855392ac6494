"""The report as SARIF, for code scanning and editors: what is not met, at the line of the policy that promises it.

The form is that of OASIS' standard 2.1.0 (https://docs.oasis-open.org/sarif/sarif/v2.1.0/sarif-v2.1.0.html). A rule is
a kind of commitment, and a result one commitment, so that its fingerprint lasts as long as the promise does. What is
met, or not owed yet, has none. Whatever could not be seen is a notification, also where all is met.
"""

from __future__ import annotations

import hashlib
import re
from collections.abc import Iterator, Mapping
from datetime import UTC
from typing import Any, Final, NamedTuple

from drcheck.core import words
from drcheck.core.judging import summary
from drcheck.core.model.evidence import Cited
from drcheck.core.model.policy import Position
from drcheck.core.model.status import Status
from drcheck.core.model.verdict import Verdict
from drcheck.registry import KINDS, kind_description
from drcheck.reports.json import json_text
from drcheck.reports.wording import citations, missing_evidence, reasons, totals
from drcheck.reports.wording.figures import quantity
from drcheck.reports.wording.local_time import Local
from drcheck.reports.wording.text import prose
from drcheck.reports.wording.waived import accepted
from drcheck.run_report import Fault, Judged, Report
from drcheck.settings import located, url_path

_UTC: Final = Local(UTC)
_SCHEMA: Final = "https://docs.oasis-open.org/sarif/sarif/v2.1.0/errata01/os/schemas/sarif-schema-2.1.0.json"
_LINK: Final = re.compile(r"(?<!\\)((?:\\\\)*)\]\(")
"""Where a link would have its address; behind an odd number of backslashes it is text already."""
_CITED: Final = 20
"""Pieces of evidence that one result tells."""
_POLICY_RULES: Final = {
    "invalid-policy": "A policy has no fault. Nothing that one with a fault promises is judged.",
    "policy-gone": "A service that was judged has a policy still, or is retired. Nothing of one without is judged.",
}
_NOTIFICATIONS: Final = {
    "evidence-gap": "Something could not be seen, so that a promise may be broken there without anybody knowing.",
    "not-judged": "Something lies there, or was promised, and no commitment speaks of it.",
}


class _Ended(NamedTuple):
    """As what a commitment ends that has a result."""

    level: str
    state: str


def render(report: Report, **_: object) -> bytes:
    """Return the report as UTF-8."""
    run = {
        "tool": {"driver": _driver(report)},
        "automationDetails": {"id": prose(f"drcheck/{report.run}")},
        "invocations": [_invocation(report)],
        "columnKind": "unicodeCodePoints",
        "results": [*_results(report), *map(_fault, report.faults)],
        "properties": _present({"as_of": words.instant(report.window.end), "question": prose(report.question)}),
    }
    return json_text({"$schema": _SCHEMA, "version": "2.1.0", "runs": [run]}).encode()


def _driver(report: Report) -> dict[str, Any]:
    judged = {verdict.commitment.kind for verdict in report.verdicts}
    rules = {kind: kind_description(kind) for kind in KINDS if kind in judged}
    rules |= {rule: what for rule, what in _POLICY_RULES.items() if any(_rule_of(one) == rule for one in report.faults)}
    return {
        "name": "drcheck",
        "version": prose(report.version),
        "rules": [_described(rule, what) | {"help": _message(_help(rule))} for rule, what in rules.items()],
        "notifications": [_described(what, told) for what, told in _NOTIFICATIONS.items()],
    }


def _described(name: str, what: str) -> dict[str, Any]:
    return {
        "id": name,
        "shortDescription": _message(f"{what.partition('. ')[0].removesuffix('.')}."),
        "fullDescription": _message(what),
    }


def _help(rule: str) -> str:
    if rule in _POLICY_RULES:
        return "drcheck lint tells all faults of policies, with what would be right."
    return "drcheck verify --verbose shows everything that a verdict rests on, and every candidate that does not count."


def _invocation(report: Report) -> dict[str, Any]:
    ended = report.ended_at
    return {
        "executionSuccessful": True,
        "exitCode": report.exit_status,
        "exitCodeDescription": prose(report.told()),
        **(
            {"startTimeUtc": words.instant(int(ended - report.seconds)), "endTimeUtc": words.instant(ended)}
            if ended
            else {}
        ),
        "toolExecutionNotifications": [told for judged in report.services for told in _notifications(judged)],
    }


def _notifications(judged: Judged) -> Iterator[dict[str, Any]]:
    where = [_location(Position(judged.policy.file, 0, 0), judged.policy.service)]
    for sentence, hint in missing_evidence.unseen(judged, _UTC, verbose=True):
        told = f"{sentence}\n{hint}" if hint else sentence
        yield {"descriptor": {"id": "evidence-gap"}, "level": "warning", "message": _message(told), "locations": where}
    for sentence in map(prose, missing_evidence.unjudged(judged)):
        yield {"descriptor": {"id": "not-judged"}, "level": "note", "message": _message(sentence), "locations": where}


def _results(report: Report) -> Iterator[dict[str, Any]]:
    for judged in report.services:
        for verdict in judged.verdicts:
            if ended := _ended(verdict, now_alone=report.now_alone):
                yield _result(judged, verdict, ended, report.locations)


def _ended(verdict: Verdict, *, now_alone: bool) -> _Ended | None:
    """Return as what a commitment ends that somebody must look at; None: it is met, or not owed yet."""
    if summary.effective_status(verdict) is Status.BREACHED:
        return _Ended("error", "breached")
    if summary.passed_breaches(verdict) and not now_alone:
        return _Ended("error", "breached and over since")
    if verdict.status is Status.UNKNOWN:
        return _Ended("warning", "unknown")
    if summary.is_waived(verdict):
        return _Ended("note", "waived")
    return _Ended("note", "at risk") if verdict.overall.at_risk else None


def _result(judged: Judged, verdict: Verdict, ended: _Ended, locations: Mapping[str, str]) -> dict[str, Any]:
    policy, promise, found = judged.policy, verdict.commitment, verdict.overall
    lines = [line.text for line in reasons.lines(judged, verdict, _UTC)]
    cited = list(citations.cited_by(verdict))[:_CITED]
    result: dict[str, Any] = {
        "ruleId": promise.kind,
        "level": ended.level,
        "message": _message("\n".join([f"{prose(promise.id)} of {prose(policy.service)} is {ended.state}", *lines])),
        "locations": [
            _location(policy.written_at.get(promise.id, Position(policy.file, 0, 0)), f"{policy.service}/{promise.id}")
        ],
        "partialFingerprints": {"commitment/v1": _digest(policy.service, promise.id)},
        "properties": _present(
            {
                "service": prose(policy.service),
                "commitment": prose(promise.id),
                "status": summary.state(verdict),
                "clause": prose(promise.clause),
                "quote": prose(promise.quote),
                "scenario": prose(promise.scenario),
                "controls": [prose(control) for control in promise.controls],
                **{
                    key: quantity(figure)
                    for key, figure in (("objective", found.objective), ("measured", found.measured))
                    if figure is not None
                },
                **{
                    f"{status.value}_since": words.instant(since)
                    for status in (Status.BREACHED, Status.UNKNOWN)
                    if (since := summary.since(verdict, status)) is not None
                },
            }
        ),
    }
    if evidence := [_evidence(number, each, locations) for number, each in enumerate(cited, 1)]:
        result["relatedLocations"] = evidence
    if waiver := summary.waiver_of(verdict):
        until = words.instant(waiver.until)
        result["suppressions"] = [
            {
                "kind": "inSource",  # it stands in the policy, which is what results point at
                "status": "accepted",
                "justification": accepted(waiver, until),
                "properties": {
                    "owner": prose(waiver.owner),
                    **({"approved_by": prose(waiver.approved_by)} if waiver.approved_by else {}),
                    "reason": prose(waiver.reason),
                    "until": until,
                },
            }
        ]
    return result


def _evidence(number: int, cited: Cited, locations: Mapping[str, str]) -> dict[str, Any]:
    url = located(cited.place, locations)
    where = {"physicalLocation": {"artifactLocation": {"uri": url}}} if url else {}
    return {"id": number, "message": _message(citations.in_words(cited, _UTC)), **where}


def _fault(fault: Fault) -> dict[str, Any]:
    at = fault.at or Position(fault.file, 0, 0)
    told = totals.fault_of(fault)
    beside = told.removeprefix(prose(f"{at.file}:{at.line}:{at.column}:")).lstrip()
    return {
        "ruleId": _rule_of(fault),
        "level": "error",
        "message": _message(beside),
        "locations": [_location(at)],
        "partialFingerprints": {"policy/v1": _digest(fault.file, beside)},
    }


def _rule_of(fault: Fault) -> str:
    return "policy-gone" if fault.gone else "invalid-policy"


def _location(at: Position, logical: str = "") -> dict[str, Any]:
    """Return a place in a policy; line 0: all of the file."""
    path = url_path(at.file)
    physical: dict[str, Any] = {"artifactLocation": {"uri": f"file://{path}" if path.startswith("/") else path}}
    if at.line:
        physical["region"] = {"startLine": at.line, "startColumn": at.column}
    named = {"logicalLocations": [{"fullyQualifiedName": prose(logical)}]} if logical else {}
    return {"physicalLocation": physical, **named}


def _message(text: str) -> dict[str, str]:
    """Return text of which nothing is a placeholder or a link (sections 3.11.5 and 3.11.6)."""
    return {"text": _LINK.sub(r"\1\\](", text.replace("{", "{{").replace("}", "}}"))}


def _digest(*parts: str) -> str:
    return hashlib.sha256("\0".join(parts).encode(errors="backslashreplace")).hexdigest()


def _present(values: dict[str, Any]) -> dict[str, Any]:
    return {key: value for key, value in values.items() if value}
