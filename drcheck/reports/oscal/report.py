"""The report as OSCAL assessment results, for tools of governance, risk and compliance (NIST, version 1.2.1).

A run is one result, and each commitment a finding with the observation that it rests on. Only what is met satisfies:
what is unknown does not, for the reason ``other``, and a waiver makes no breach good: it is a risk with an approved
deviation, and has what amendments of MITRE's HDF ask for, who, why, until when and approved by whom
(https://mitre.github.io/hdf-libs/schemas/hdf-amendments.html). Each id follows from what it stands for, so that the
same results have the same ids.
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from datetime import UTC
from typing import Final

from drcheck.core import decimals, words
from drcheck.core.judging import summary
from drcheck.core.judging.controls import concerning
from drcheck.core.model.evidence import Cited, Gap
from drcheck.core.model.status import Status
from drcheck.core.model.verdict import Verdict
from drcheck.core.model.waivers import Waived
from drcheck.reports.json import json_text
from drcheck.reports.markdown import code
from drcheck.reports.oscal.values import (
    Values,
    controls,
    filled,
    href,
    id_of,
    own,
    paragraphs,
    party,
    props,
    target,
    token,
)
from drcheck.reports.wording import citations, missing_evidence, reasons, totals
from drcheck.reports.wording.figures import promised, quantity
from drcheck.reports.wording.local_time import Local
from drcheck.reports.wording.text import prose
from drcheck.run_report import Judged, Report
from drcheck.settings import located

_UTC: Final = Local(UTC)
_VERSION: Final = "1.2.1"
_SATISFIED: Final = {"state": "satisfied", "reason": "pass"}
_FAILED: Final = {"state": "not-satisfied", "reason": "fail"}
_NOT_ALL_THE_TIME: Final = {
    "waived": "At its end; a breach in the period was waived.",
    "between_looks": "At every look; between some of them it is not known.",
}
"""What is told of a commitment that was satisfied at the end of a period, and not proved to be all the time."""
_NOT_KNOWN: Final = {"state": "not-satisfied", "reason": "other"}


def render(report: Report, **_: object) -> bytes:
    """Return the report as UTF-8."""
    return json_text({"assessment-results": _Results(report).whole()}).encode()


class _Results:
    """The results of one run. Findings and observations have ids of it; services, owners and waivers keep theirs."""

    def __init__(self, report: Report) -> None:
        self._report = report
        start, end = report.window
        self._own = ("run", report.run, report.question, words.instant(start), words.instant(end))
        self._tool = id_of("tool", "drcheck", report.version)
        self._plan = id_of("plan", *self._own)

    def whole(self) -> Values:
        """Return the document; its id changes with what it says."""
        report = self._report
        body = {
            "metadata": {
                "title": "Promises about backups and recovery, as drcheck found them",
                "last-modified": words.instant(report.ended_at or report.window.end),
                "version": prose(report.run),
                "oscal-version": _VERSION,
                **filled("parties", self._parties()),
            },
            "import-ap": {"href": f"#{self._plan}"},
            **filled("local-definitions", self._objectives()),
            "results": [self._result()],
            "back-matter": {"resources": [self._plan_resource()]},
        }
        return {"uuid": id_of("document", json.dumps(body)), **body}

    def _parties(self) -> list[Values]:
        owners = {judged.policy.owner for judged in self._report.services}
        waivers = [one.waiver for verdict in self._report.verdicts for one in verdict.waived]
        owners |= {name for one in waivers for name in (one.owner, one.approved_by)}
        return [party(owner) for owner in sorted(owners) if prose(owner)]

    def _plan_resource(self) -> Values:
        """Return what stands for the assessment plan: the policies."""
        policies = [judged.policy for judged in self._report.services]
        files = dict.fromkeys([*(policy.file for policy in policies), *(fault.file for fault in self._report.faults)])
        return {
            "uuid": self._plan,
            "title": "The policies, which say what is assessed and how",
            "description": "There is no assessment plan beside them.",
            "props": [
                *props(policies=str(len(files))),
                *(own("policy-sha256", policy.sha256, code(policy.file)) for policy in policies),
            ],
            **filled("rlinks", [{"href": href(file)} for file in files]),
        }

    def _objectives(self) -> Values:
        """Return each commitment as an objective of the first control that it serves, or of its kind."""
        objectives = [
            {
                "control-id": controls(verdict, self._report.standards)[0],
                "parts": [
                    {
                        "id": target(judged, verdict),
                        "name": "objective",
                        "props": props(kind=verdict.commitment.kind, clause=verdict.commitment.clause),
                        "prose": paragraphs([verdict.commitment.quote, verdict.commitment.note])
                        or code(verdict.commitment.id),
                    }
                ],
            }
            for judged in self._report.services
            for verdict in judged.verdicts
        ]
        return {"objectives-and-methods": objectives} if objectives else {}

    def _result(self) -> Values:
        report = self._report
        judged_of = [(judged, verdict) for judged in report.services for verdict in judged.verdicts]
        return {
            "uuid": id_of(*self._own),
            "title": f"drcheck run {prose(report.run)}",
            "description": paragraphs([report.told(), report.question]),
            "start": words.instant(report.window.start),
            "end": words.instant(report.window.end),
            "props": props(
                run=report.run,
                question=report.question,
                status="not owed" if report.status is None else report.status.value,
                version=report.version,
            ),
            "local-definitions": self._assets(),
            "reviewed-controls": {"control-selections": [self._selection()]},
            "observations": [
                *(self._observation(judged, verdict) for judged, verdict in judged_of),
                *(one for judged in report.services for one in self._beside(judged)),
                *(self._observation_of_fault(file, told) for file, told in self._faults().items()),
            ],
            **filled("risks", [self._risk(*each) for each in self._waived()]),
            "findings": [
                *(self._finding(*each) for each in judged_of if each[1].status is not None),
                *(self._finding_of_fault(file, told) for file, told in self._faults().items()),
            ],
        }

    def _assets(self) -> Values:
        return {
            **filled(
                "components",
                [
                    {
                        "uuid": id_of("service", judged.policy.service),
                        "type": "service",
                        "title": prose(judged.policy.service),
                        "description": paragraphs([judged.policy.title or judged.policy.service]),
                        "props": props(
                            policy=judged.policy.file,
                            policy_sha256=judged.policy.sha256,
                            agreement=judged.policy.agreement.title,
                            provider=judged.policy.agreement.provider,
                            owner=judged.policy.owner,
                        ),
                        "status": {"state": "operational"},
                    }
                    for judged in self._report.services
                ],
            ),
            "assessment-assets": {
                "components": [
                    {
                        "uuid": self._tool,
                        "type": "software",
                        "title": "drcheck",
                        "description": "Verifies promises about backups and recovery.",
                        "props": props(version=self._report.version),
                        "status": {"state": "operational"},
                    }
                ],
                "assessment-platforms": [
                    {
                        "uuid": id_of("platform", *self._own),
                        "title": "drcheck",
                        "uses-components": [{"component-uuid": self._tool}],
                    }
                ],
            },
        }

    def _selection(self) -> Values:
        served = dict.fromkeys(
            control for verdict in self._report.verdicts for control in controls(verdict, self._report.standards)
        )
        if not served:
            return {"description": "No policy could be judged.", "include-all": {}}
        return {
            "description": "Controls that commitments serve; `drcheck-KIND` is that of a commitment that names none.",
            "include-controls": [{"control-id": control} for control in sorted(served)],
        }

    def _observation(self, judged: Judged, verdict: Verdict) -> Values:
        promise, found = verdict.commitment, verdict.overall
        shares = summary.shares(found, verdict.waived)
        opened = {
            status: words.instant(since)
            for status in (Status.BREACHED, Status.UNKNOWN)
            if (since := summary.since(verdict, status)) is not None
        }
        return {
            "uuid": self._id_of(judged, verdict, "observation"),
            "title": prose(f"{judged.policy.service} {promise.id}"),
            "description": paragraphs(line.text for line in reasons.lines(judged, verdict, _UTC)) or "No reason.",
            "props": props(
                status=summary.state(verdict),
                standing="" if verdict.standing is None else verdict.standing.name.lower(),
                at_risk="true" if found.at_risk else "",
                objective="" if found.objective is None else promised(found),
                measured="" if found.measured is None else quantity(found.measured),
                worst="" if found.worst is None else quantity(found.worst),
                breached_since=opened.get(Status.BREACHED, ""),
                unknown_since=opened.get(Status.UNKNOWN, ""),
                met_seconds=str(shares.met),
                breached_seconds=str(shares.breached),
                unknown_seconds=str(shares.unknown),
                kept_percent="" if shares.kept is None else decimals.cut(shares.kept),
            ),
            "methods": ["INTERVIEW" if summary.is_attested(verdict) else "EXAMINE"],
            "types": ["control-objective"],
            **self._about(judged),
            **filled("relevant-evidence", [self._evidence(cited) for cited in citations.cited_by(verdict)]),
        }

    def _about(self, judged: Judged | None = None) -> Values:
        """Return who observed which service, and as of when."""
        subject = (
            [] if judged is None else [{"subject-uuid": id_of("service", judged.policy.service), "type": "component"}]
        )
        end = self._report.window.end if judged is None else judged.window.end
        return {
            "origins": self._by_tool(),
            **filled("subjects", subject),
            "collected": words.instant(end),
        }

    def _evidence(self, cited: Cited) -> Values:
        url = located(cited.place, self._report.locations)
        return {
            **({"href": url} if url else {}),
            "description": code(citations.in_words(cited, _UTC)),
            "props": props(
                source=cited.source,
                data_set=cited.of,
                place=cited.place,
                data_as_of="" if cited.data_as_of is None else words.instant(cited.data_as_of),
                available_at="" if cited.available_at is None else words.instant(cited.available_at),
                counts="no" if cited.why_not else "in doubt" if cited.in_doubt else "yes",
                why_not=cited.why_not or cited.in_doubt,
            ),
        }

    def _beside(self, judged: Judged) -> Iterator[Values]:
        """Yield what could not be seen of a service, and what nobody judges."""
        service = judged.policy.service
        for source, gap in judged.gaps:
            place = source if gap.line is None else f"{source}, line {gap.line}"
            yield {
                "uuid": self._id_of_gap(judged, source, gap),
                "title": prose(f"{service}: evidence gap"),
                "description": paragraphs([f"{place}: {gap.what}", gap.hint]),
                "methods": ["EXAMINE"],
                "types": ["evidence-gap"],
                **self._about(judged),
            }
        for sentence in missing_evidence.unjudged(judged):
            yield {
                "uuid": id_of(*self._own, "not judged", service, sentence),
                "title": prose(f"{service}: not judged"),
                "description": paragraphs([sentence]),
                "methods": ["EXAMINE"],
                "types": ["not-judged"],
                **self._about(judged),
            }

    def _finding(self, judged: Judged, verdict: Verdict) -> Values:
        promise = verdict.commitment
        observed = [self._id_of(judged, verdict, "observation")]
        observed += dict.fromkeys(self._id_of_gap(judged, source, gap) for source, gap in verdict.gaps)
        accepted = [_id_of_waiver(judged, one) for one in _accepting(verdict)]
        return {
            "uuid": self._id_of(judged, verdict, "finding"),
            "title": prose(f"{judged.policy.service} {promise.id}"),
            "description": paragraphs([next(reasons.lines(judged, verdict, _UTC)).text]) or "No reason.",
            "props": [
                *props(
                    service=judged.policy.service,
                    commitment=promise.id,
                    kind=promise.kind,
                    status=summary.state(verdict),
                    at_risk="true" if verdict.overall.at_risk else "",
                    attested="true" if summary.is_attested(verdict) else "",
                    clause=promise.clause,
                    scenario=promise.scenario,
                    applies=promise.applies,
                ),
                *(own("control", one) for one in concerning(verdict, self._report.standards) if prose(one)),
            ],
            "target": {
                "type": "objective-id",
                "target-id": target(judged, verdict),
                "status": self._status(verdict),
            },
            "related-observations": [{"observation-uuid": one} for one in observed],
            **filled("related-risks", [{"risk-uuid": one} for one in accepted]),
        }

    def _status(self, verdict: Verdict) -> Values:
        """Return whether a commitment is satisfied: what is waived is breached all the same, and no unknown is."""
        if verdict.status is Status.BREACHED:
            return {**_FAILED, **({"remarks": "Waived."} if summary.is_waived(verdict) else {})}
        if summary.passed_breaches(verdict) and not self._report.now_alone:
            return {**_FAILED, "remarks": "Over since, and shown by no run before."}
        if verdict.status is Status.UNKNOWN:
            return {**_NOT_KNOWN, "remarks": "Unknown: what could be seen proves neither."}
        remarks = _NOT_ALL_THE_TIME.get(summary.over_window(verdict))
        return {**_SATISFIED, **({"remarks": remarks} if remarks else {})}

    def _risk(self, judged: Judged, verdict: Verdict, waived: Waived) -> Values:
        """Return a waiver: a breach that somebody accepted for a time."""
        waiver = waived.waiver
        party = id_of("party", waiver.owner)
        until = words.instant(waiver.until)
        return {
            "uuid": _id_of_waiver(judged, waived),
            "title": prose(f"{judged.policy.service} {verdict.commitment.id}: waived"),
            "description": paragraphs([waiver.reason]) or "No reason.",
            "statement": paragraphs(
                [
                    f"a breach is accepted until {until} by {waiver.owner}",
                    f"approved by {waiver.approved_by}" if waiver.approved_by else "",
                ]
            ),
            "props": props(
                type="waiver",
                reason=waiver.reason,
                applied_by=waiver.owner,
                approved_by=waiver.approved_by or waiver.owner,
                applied_at=words.instant(waived.start),
                expires_at=until,
            ),
            "status": "deviation-approved",
            "origins": [{"actors": [{"type": "party", "actor-uuid": party}]}]
            if prose(waiver.owner)
            else self._by_tool(),
            **({"deadline": until} if until.endswith("Z") else {}),
            "remediations": [
                {
                    "uuid": id_of(_id_of_waiver(judged, waived), "response"),
                    "lifecycle": "completed",
                    "title": "Accepted for a time",
                    "description": paragraphs([waiver.reason]) or "No reason.",
                    "props": [{"name": "type", "value": "accept"}],
                }
            ],
            "related-observations": [{"observation-uuid": self._id_of(judged, verdict, "observation")}],
        }

    def _faults(self) -> dict[str, list[str]]:
        """Return what is wrong with each policy that could not be judged."""
        told: dict[str, list[str]] = {}
        for fault in self._report.faults:
            told.setdefault(fault.file, []).append(totals.fault_of(fault))
        return told

    def _observation_of_fault(self, file: str, told: list[str]) -> Values:
        return {
            "uuid": id_of(*self._own, "fault", file, "observation"),
            "title": "A policy that could not be judged",
            "description": paragraphs(told),
            "methods": ["EXAMINE"],
            "types": ["not-judged"],
            **self._about(),
        }

    def _finding_of_fault(self, file: str, told: list[str]) -> Values:
        return {
            "uuid": id_of(*self._own, "fault", file, "finding"),
            "title": "A policy that could not be judged",
            "description": paragraphs(told),
            "props": props(policy=file, status=Status.UNKNOWN.value),
            "target": {
                "type": "objective-id",
                "target-id": token(f"policy.{file}"),
                "status": {**_NOT_KNOWN, "remarks": "Unknown: what the policy promises is not judged."},
            },
            "related-observations": [{"observation-uuid": id_of(*self._own, "fault", file, "observation")}],
        }

    def _waived(self) -> Iterator[tuple[Judged, Verdict, Waived]]:
        for judged in self._report.services:
            for verdict in judged.verdicts:
                yield from ((judged, verdict, one) for one in _accepting(verdict))

    def _by_tool(self) -> list[Values]:
        return [{"actors": [{"type": "tool", "actor-uuid": self._tool}]}]

    def _id_of(self, judged: Judged, verdict: Verdict, what: str) -> str:
        return id_of(*self._own, what, judged.policy.service, verdict.commitment.id)

    def _id_of_gap(self, judged: Judged, source: str, gap: Gap) -> str:
        of = (judged.policy.service, source, gap.what, gap.hint, str(gap.line), str(gap.fact))
        return id_of(*self._own, "evidence gap", *of)


def _accepting(verdict: Verdict) -> list[Waived]:
    """Return what accepts a breach now."""
    waiver = summary.waiver_of(verdict)
    return [] if waiver is None else [one for one in verdict.waived if one.waiver == waiver][:1]


def _id_of_waiver(judged: Judged, waived: Waived) -> str:
    waiver = waived.waiver
    until = words.instant(waiver.until)
    approved = [waiver.approved_by] if waiver.approved_by else []
    return id_of("waiver", judged.policy.service, waiver.commitment, waiver.owner, waiver.reason, until, *approved)
