"""The report as one JSON object, for programs; its schema is ``report.schema.json`` beside this file.

Units are ``s``, ``%``, ``copies``, ``points``, ``h`` for hours credited; durations are whole seconds, percentages exact
decimals as strings, instants RFC 3339 in UTC with ``Z``. Keys are only ever added.
"""

from __future__ import annotations

import json
import re
import zlib
from collections.abc import Callable, Iterable, Iterator, Mapping
from itertools import chain, repeat
from operator import add
from typing import IO, Any, Final

from drcheck.core import decimals, words
from drcheck.core.judging import summary
from drcheck.core.judging.completeness import Completeness
from drcheck.core.judging.population import Population
from drcheck.core.model.evidence import Cited, Gap
from drcheck.core.model.since_then import LaterChange
from drcheck.core.model.status import Status
from drcheck.core.model.verdict import Credit, Finding, Opening, PeriodFigures, Quantity, Verdict
from drcheck.reports.json_population import exhibit_object, population_object, sample_object
from drcheck.reports.spool import pieces, spooled
from drcheck.run_report import Document, Judged, Provenance, Report
from drcheck.settings import located

_NOT_ASCII: Final = re.compile(r"[^\x00-\x7e]")


_NO_SERVICES: Final = '\n  "services": [],\n'
"""How :func:`json_text` writes that there are none: in a text of JSON no string has a line's end."""


def render(report: Report, **_: object) -> bytes:
    """Return the report as UTF-8."""
    services = (service_text(judged, report.locations) for judged in report.services)
    return b"".join(_around(report, map(add, _separators(), services)))


def documents(services: Iterable[Judged], whole: Callable[[], Report], *, split: bool) -> Iterator[Document]:  # noqa: ARG001
    """Yield the one document: what :func:`render` would return, with no more than one service in memory."""
    with spooled() as file:
        kept = Services(file)
        for judged in services:
            kept.add(judged, whole)
        yield Document("", kept.with_rest(whole()))


class Services:
    """The services of a report as JSON, on the disk until the rest of it is known."""

    def __init__(self, file: IO[bytes]) -> None:
        """Keep them in ``file``, compressed."""
        self._file = file
        self._packed = zlib.compressobj(1)
        self._separators = _separators()
        self._locations: Mapping[str, str] | None = None

    def add(self, judged: Judged, whole: Callable[[], Report]) -> None:
        """Take in the next one; ``whole`` tells where connections lead to."""
        if self._locations is None:
            self._locations = whole().locations
        self._file.write(self._packed.compress(next(self._separators) + service_text(judged, self._locations)))

    def with_rest(self, report: Report) -> Iterator[bytes]:
        """Yield the whole text, once: ``report`` without regard to its services, around those that were taken in."""
        self._file.write(self._packed.flush())
        self._file.seek(0)
        text = zlib.decompressobj()
        yield from _around(report, filter(None, map(text.decompress, pieces(self._file))))


def service_text(judged: Judged, locations: Mapping[str, str]) -> bytes:
    """Return a service as it stands in the report."""
    return json_text(_service(judged, locations)).removesuffix("\n").replace("\n", "\n    ").encode()


def _separators() -> Iterator[bytes]:
    """Yield what stands before each service."""
    return chain([b"\n    "], repeat(b",\n    "))


def _around(report: Report, services: Iterator[bytes]) -> Iterator[bytes]:
    """Yield the text of a report as UTF-8, with the text of ``services`` in place of its own."""
    before, after = json_text(_object(report, [])).split(_NO_SERVICES)
    first = next(services, b"")
    yield f'{before}\n  "services": ['.encode() + first
    yield from services
    yield (b"\n  ],\n" if first else b"],\n") + after.encode()


def json_text(value: Any) -> str:
    r"""Return ``value`` as JSON text with a newline at its end.

    Characters that are not plainly visible are escaped, so that a terminal shows the text as it is; bytes of names
    that are not UTF-8 become the text ``\xNN``, because a lone surrogate is no valid JSON text (RFC 8259, 8.2).
    """
    return _NOT_ASCII.sub(_shown, json.dumps(value, ensure_ascii=False, indent=2, allow_nan=False)) + "\n"


def report_object(report: Report) -> dict[str, Any]:
    """Return the whole report."""
    return _object(report, [_service(judged, report.locations) for judged in report.services])


def _object(report: Report, services: list[dict[str, Any]]) -> dict[str, Any]:
    return {
        "drcheck": report.version,
        "run": report.run,
        "as_of": words.instant(report.window.end),
        "question": report.question,
        "window": {"from": words.instant(report.window.start), "to": words.instant(report.window.end)},
        "status": _status(report.status),
        "services": services,
        "faults": [{"file": fault.file, "message": fault.message, "gone": fault.gone} for fault in report.faults],
        "totals": report.totals._asdict(),
        "sources": report.seen._asdict(),
        "seconds": round(report.seconds, 3),
        **({"provenance": _provenance(report.provenance)} if report.provenance else {}),
        **({"completeness": completeness_object(report.completeness)} if report.completeness else {}),
        **({"sample": sample_object(report.sample)} if report.sample else {}),
        **({"checkpoint": report.checkpoint} if report.checkpoint else {}),
    }


def _provenance(came: Provenance) -> dict[str, Any]:
    start, end = came.longest_without
    return {
        "runs": came.runs,
        "stopped": came.stopped,
        "longest_without": {"from": words.instant(start), "to": words.instant(end)},
        "made_by": list(came.made_by),
        "texts": [{"service": one.service, "at": words.instant(one.at), "sha256": one.sha256} for one in came.texts],
        "ledger": {"entries": came.entries, "root_sha256": came.root},
    }


def completeness_object(its: Completeness) -> dict[str, Any]:
    """Return what of a period is there, and what is missing."""
    return {
        "entries": its.entries,
        "whole": its.whole,
        "recorded": its.recorded,
        "stopped": [{"run": one.run, "began": words.instant(one.at), "state": one.state} for one in its.stopped],
        "schedules": [{"job": job, "schedule": schedule} for job, schedule in its.schedules],
        "gone_jobs": [{"job": job, "since": words.instant(at)} for job, at in its.gone],
        "without_run": [
            {"job": one.job, "from": words.instant(one.start), "to": words.instant(one.last), "times": one.times}
            for one in its.without
        ],
        "not_judged": [
            {
                "service": one.service,
                "commitment": one.commitment or None,
                "from": words.instant(one.first),
                "to": words.instant(one.last),
                "runs": one.runs,
            }
            for one in its.not_judged
        ],
        "not_in_report": [
            {
                "service": one.service,
                "judged_until": words.instant(one.judged_until),
                "retired": None if one.retired_at is None else words.instant(one.retired_at),
            }
            for one in its.not_in_report
        ],
        "unread": list(its.unread),
        "drills": dict(its.drills),
        "drills_without_end": [
            {"service": service, "drill": id_, "began": words.instant(at)} for service, id_, at in its.unended
        ],
    }


def _service(judged: Judged, locations: Mapping[str, str]) -> dict[str, Any]:
    policy = judged.policy
    agreement = policy.agreement
    return {
        "service": policy.service,
        "title": policy.title,
        "owner": policy.owner,
        "policy": policy.file,
        "policy_sha256": policy.sha256,
        "agreement": {
            "title": agreement.title,
            "provider": agreement.provider,
            "customer": agreement.customer,
            "effective": _instant(agreement.effective),
            "ends": _instant(agreement.ends),
        },
        "as_of": words.instant(judged.window.end),
        "window": {"from": words.instant(judged.window.start), "to": words.instant(judged.window.end)},
        "status": _status(summary.status_of(judged.verdicts)),
        "silent_on": list(policy.silent_on),
        "recovery_objective": summary.has_recovery_objective(policy),
        "sources": [
            {
                "name": source.name,
                **_place(source.place, locations),
                "unlisted": list(source.unlisted),
                "other_lines": source.other_lines,
                "unplaced_failures": list(source.unplaced),
                "gaps": [_gap(name, gap) for name, gap in judged.gaps if name == source.name],
                "seconds": source.seconds,
                "unread": source.unread,
                "names": source.names,
                "matched": source.matched,
                "ever_matched": source.ever_matched,
                "unmatched": [
                    {"name": unread.name, "modified": words.instant(unread.modified), "newer": unread.newer}
                    for unread in source.unmatched
                ],
            }
            for source in judged.sources
        ],
        "unused_sources": list(judged.unused),
        "unreadable_texts": [
            {"from": words.instant(span.start), "to": words.instant(span.end)} for span in judged.unreadable
        ],
        "commitments": [_commitment(verdict, locations) for verdict in judged.verdicts],
        "dropped": [
            {"id": one.id, "kind": one.kind, "status": one.status, "judged_until": words.instant(one.judged_until)}
            for one in judged.dropped
        ],
        **({"population": population_object(judged.population)} if judged.population != Population() else {}),
    }


def _commitment(verdict: Verdict, locations: Mapping[str, str]) -> dict[str, Any]:
    promise = verdict.commitment
    cited = _unique(cited for finding in (verdict.overall, *verdict.findings) for cited in finding.evidence)
    shown = {
        "id": promise.id,
        "kind": promise.kind,
        "status": _status(verdict.status),
        "at_risk": verdict.overall.at_risk,
        "waived": summary.is_waived(verdict),
        "attested": summary.is_attested(verdict),
        "standing": None if verdict.standing is None else verdict.standing.name.lower(),
        **_figures(verdict, verdict.overall),
        "since_last_run": [_breach(named.breach) | {"counts": named.counts} for named in verdict.since_last_run],
        "over_window": _over_window(verdict),
        "breached_since": _instant(verdict.breached_since),
        **({} if verdict.rests_on is None else {"looks": verdict.rests_on}),
        "since_then": [_change(change) for change in verdict.since_then],
        "clause": promise.clause,
        "quote": promise.quote,
        "note": promise.note,
        "applies": promise.applies,
        "scenario": promise.scenario,
        "controls": list(promise.controls),
        "evidence": [_cited(fact, locations) | {"in_doubt": fact.in_doubt} for fact in cited if not fact.why_not],
        "rejected": [_cited(fact, locations) | {"why_not": fact.why_not} for fact in cited if fact.why_not],
        "gaps": [_gap(source, gap) for source, gap in verdict.gaps],
        "notes": list(verdict.notes),
    }
    if waiver := summary.waiver_of(verdict):
        shown["waiver"] = {
            "owner": waiver.owner,
            "approved_by": waiver.approved_by,
            "reason": waiver.reason,
            "until": words.instant(waiver.until),
        }
    if verdict.overall.periods:
        shown["periods"] = [_period(period) for period in verdict.overall.periods]
    if verdict.findings:
        shown["of"] = [
            {
                "of": finding.of,
                "status": _status(finding.status),
                "at_risk": finding.at_risk,
                **_figures(verdict, finding),
            }
            for finding in verdict.findings
        ]
    exhibits = [
        {"of": finding.of, **exhibit_object(finding.exhibit)}
        for finding in verdict.findings or (verdict.overall,)
        if finding.exhibit is not None
    ]
    if exhibits:
        shown["exhibits"] = exhibits
    return shown


def _gap(source: str, gap: Gap) -> dict[str, Any]:
    return {"source": source, "what": gap.what, "hint": gap.hint, "line": gap.line, "fact": gap.fact}


def _figures(verdict: Verdict, finding: Finding) -> dict[str, Any]:
    return {
        "objective": _quantity(finding.objective),
        "measured": _quantity(finding.measured),
        "headroom": _quantity(finding.headroom),
        "due_at": _instant(finding.due_at),
        "also": [{"objective": _quantity(figure), "kept": kept} for figure, kept in finding.also],
        "reason": finding.reason,
        "breaches": [_breach(opening) for opening in verdict.breaches(finding)],
        "unknowns": [
            _opening(opening) | {"between_looks": opening.between_looks} for opening in finding.openings(Status.UNKNOWN)
        ],
    }


def _over_window(verdict: Verdict) -> dict[str, Any]:
    """Return how long the window had each status, and what share of what was owed was kept."""
    shares = summary.shares(verdict.overall, verdict.waived)
    return {
        "met": _seconds(shares.met),
        "breached": _seconds(shares.breached),
        "waived": _seconds(shares.waived),
        "unknown": _seconds(shares.unknown),
        "kept": None if shares.kept is None else {"value": decimals.cut(shares.kept), "unit": "%"},
        "worst": _quantity(verdict.overall.worst),
    }


def _period(period: PeriodFigures) -> dict[str, Any]:
    return {
        "label": period.label,
        "from": words.instant(period.start),
        "to": words.instant(period.end),
        "judged_until": words.instant(period.judged_until),
        "status": _status(period.status),
        "availability": {"value": period.availability, "unit": "%"},
        "downtime": _seconds(period.downtime),
        "allowed": _seconds(period.allowed),
        "excused": [{"why": excuse.why, "downtime": _seconds(excuse.seconds)} for excuse in period.excused],
        "out_of_service": _seconds(period.out_of_service),
        "unwatched": _seconds(period.unwatched),
        "credit": None if period.credit is None else _credit(period.credit),
    }


def _credit(credit: Credit) -> dict[str, Any]:
    money = credit.money
    return {
        "amount": _quantity(credit.amount),
        "of": credit.of,
        "how": credit.how,
        "capped": credit.capped,
        "money": None if money is None else {"amount": str(money.amount), "currency": money.currency},
        "claims": [{"what": claim.what, "until": words.instant(claim.until)} for claim in credit.claims],
    }


def _seconds(seconds: int) -> dict[str, Any]:
    return {"value": seconds, "unit": "s"}


def _opening(opening: Opening) -> dict[str, Any]:
    return {
        "opened_at": words.instant(opening.opened_at),
        "closed_at": _instant(opening.closed_at),
        "reason": opening.reason,
    }


def _breach(opening: Opening) -> dict[str, Any]:
    return _opening(opening) | {"waived": opening.waived}


def _change(change: LaterChange) -> dict[str, Any]:
    instants = ("data_as_of", "last_seen", "first_missed", "not_yet_at", "first_seen")
    return {
        **{key: getattr(change, key) for key in ("what", "source", "of", "name", "told")},
        **{key: _instant(getattr(change, key)) for key in instants},
    }


def _cited(cited: Cited, locations: Mapping[str, str]) -> dict[str, Any]:
    return {
        "source": cited.source,
        "of": cited.of,
        "name": cited.name,
        **_place(cited.place, locations),
        "data_as_of": _instant(cited.data_as_of),
        "available_at": _instant(cited.available_at),
        "told": cited.told,
    }


def _place(place: str, locations: Mapping[str, str]) -> dict[str, Any]:
    return {"place": place, "location": located(place, locations)}


def _unique(cited: Iterable[Cited]) -> list[Cited]:
    return list(dict.fromkeys(cited))


def _quantity(quantity: Quantity | None) -> dict[str, Any] | None:
    return None if quantity is None else quantity._asdict()


def _status(status: Status | None) -> str | None:
    return None if status is None else status.value


def _instant(seconds: int | None) -> str | None:
    return None if seconds is None else words.instant(seconds)


def _shown(match: re.Match[str]) -> str:
    character = match.group()
    if character.isprintable():
        return character
    if "\udc80" <= character <= "\udcff":
        return f"\\\\x{ord(character) - 0xDC00:02x}"
    if "\ud800" <= character <= "\udfff":
        return f"\\\\u{ord(character):04x}"
    return json.dumps(character)[1:-1]
