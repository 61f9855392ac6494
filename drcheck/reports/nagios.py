"""The report as a monitoring plugin prints it: a line with the status, what it comes from, and performance data.

By https://www.monitoring-plugins.org/doc/guidelines.html, whose statuses it has too: 0 OK, 1 WARNING (something is met
with little headroom), 2 CRITICAL (something is breached, or was and no run has shown it), 3 UNKNOWN. What is breached
outranks what is unknown, and that outranks what is at risk. Text follows the status in the order of gravity, since who
reads it may cut it (Nagios does after 8 KiB).
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from math import floor
from typing import Final, NamedTuple

from drcheck.core import words
from drcheck.core.evaluation.headroom import warn_at
from drcheck.core.judging import summary
from drcheck.core.model.commitments import Commitment
from drcheck.core.model.status import Status
from drcheck.core.model.verdict import Verdict
from drcheck.reports.wording import missing_evidence, reasons, totals
from drcheck.reports.wording.local_time import of_service
from drcheck.reports.wording.text import prose
from drcheck.run_report import Judged, Report

OK, WARNING, CRITICAL, UNKNOWN = range(4)
_WORDS: Final = ("OK", "WARNING", "CRITICAL", "UNKNOWN")
_AT_RISK: Final = 2
"""The gravity from which on a plugin is not OK."""
_NAMED: Final = 3
"""Commitments that the first line names."""
_HARMLESS: Final = str.maketrans({"|": "¦", "<": "[", ">": "]"})
"""A bar begins performance data, and Nagios' own pages show what is in angle brackets as HTML."""


def exit_status(report: Report) -> int:
    """Return the exit status of a plugin that found ``report``."""
    if report.counted_status is Status.BREACHED:
        return CRITICAL
    if report.counted_status is Status.UNKNOWN:
        return UNKNOWN
    return WARNING if report.totals.at_risk else OK


def failed(why: str) -> str:
    """Return what a plugin prints that could judge nothing, and ends with ``UNKNOWN``."""
    return f"DRCHECK {_WORDS[UNKNOWN]} - {_text(why)}"


def render(report: Report, *, verbose: bool = False, **_: object) -> bytes:
    """Return the report as UTF-8; ``verbose`` tells of what is met as well."""
    its = [
        _Told(judged, verdict, _gravity(verdict, now_alone=report.now_alone))
        for judged in report.services
        for verdict in judged.verdicts
    ]
    lines = [f"DRCHECK {_WORDS[exit_status(report)]} - {_in_short(report, its)} | {_figures_of_run(report)}"]
    lines += [_text(f"[unknown] {totals.fault_of(fault)}") for fault in report.faults]
    for told in sorted(its, key=lambda told: told.gravity, reverse=True):
        if verbose or told.gravity or reasons.matters(told.verdict):
            lines += _of_commitment(told.judged, told.verdict)
    for judged in report.services:
        for sentence, hint in missing_evidence.unseen(judged, of_service(judged), verbose=verbose):
            lines.append(_text(f"[evidence gap] {judged.policy.service}: {sentence}"))
            lines += [f"  {_text(hint)}"] if hint else []
        lines += [_text(f"{judged.policy.service}: {sentence}") for sentence in missing_evidence.unjudged(judged)]
    figures = list(filter(None, (_figure(told.judged, told.verdict) for told in its)))
    if figures and len(lines) == 1:
        lines = [" ".join([*lines, *figures])]
    elif figures:
        # After the first line, performance data follows the text behind one more bar.
        lines = [*lines[:-1], f"{lines[-1]} | {figures[0]}", *figures[1:]]
    return ("\n".join(lines) + "\n").encode()


class _Told(NamedTuple):
    """A commitment, and how grave it is; 0: met, or nothing is owed."""

    judged: Judged
    verdict: Verdict
    gravity: int

    @property
    def name(self) -> str:
        return f"{self.judged.policy.service}/{self.verdict.commitment.id}"


def _gravity(verdict: Verdict, *, now_alone: bool) -> int:
    if summary.effective_status(verdict) is Status.BREACHED:
        return 5
    if summary.passed_breaches(verdict) and not now_alone:
        return 4
    if verdict.status is Status.UNKNOWN:
        return 3
    if verdict.status is Status.MET and verdict.overall.at_risk:
        return _AT_RISK
    return int(summary.is_waived(verdict))


def _in_short(report: Report, its: Sequence[_Told]) -> str:
    """Return what it comes to, the gravest first; the commitments that decide the status are named."""
    totals, seen = report.totals, report.seen
    counts = {
        "breached": totals.breached,
        "breached and over since": totals.passed,
        "unknown": totals.unknown,
        "invalid policy" if report.broken == 1 else "invalid policies": report.broken,
        "policy gone" if report.gone == 1 else "policies gone": report.gone,
        "at risk": totals.at_risk,
        "met": totals.met,
        "attested": totals.attested,
        "waived": totals.waived,
        "not owed yet": totals.not_owed,
        "evidence gap" if seen.gaps == 1 else "evidence gaps": seen.gaps,
    }
    counted = ", ".join(f"{count} {word}" for word, count in counts.items() if count)
    worst = max((told.gravity for told in its), default=0)
    deciding = [told.name for told in its if told.gravity == worst >= _AT_RISK]
    return _text(f"{counted}: {words.several(deciding, at_most=_NAMED)}" if deciding else counted)


def _of_commitment(judged: Judged, verdict: Verdict) -> Iterator[str]:
    word, name = reasons.mark_of(verdict).word, f"{judged.policy.service}/{verdict.commitment.id}"
    for number, line in enumerate(reasons.lines(judged, verdict, of_service(judged))):
        yield _text(f"[{word}] {name}: {line.text}") if number == 0 else f"  {_text(line.text)}"


def _figures_of_run(report: Report) -> str:
    totals = report.totals
    counts = {
        "breached": totals.breached + (0 if report.now_alone else totals.passed),
        "unknown": totals.unknown + totals.invalid,
        "at_risk": totals.at_risk,
        "met": totals.met,
        "waived": totals.waived,
        "not_owed": totals.not_owed,
        "evidence_gaps": report.seen.gaps,
    }
    alerts = {"breached": ";;0;0", "at_risk": ";0;;0"}
    figures = [f"{name}={count}{alerts.get(name, ';;;0')}" for name, count in counts.items()]
    return " ".join([*figures, f"time={report.seconds:.3f}s;;;0"])


def _figure(judged: Judged, verdict: Verdict) -> str:
    """Return what was measured with its thresholds, as ``'LABEL'=VALUE[UNIT];WARN;CRITICAL;MIN;MAX``; empty: nothing.

    A threshold is a range outside of which there is an alert: ``3600`` is 0 to 3600, ``99.9:`` is 99.9 or more.
    """
    measured, objective = verdict.overall.measured, verdict.overall.objective
    if measured is None or objective is None:
        return ""
    unit = measured.unit if measured.unit in {"s", "%"} else ""
    if unit == "s":
        thresholds = f"{_warned_after(verdict.commitment, int(objective.value))};{objective.value};0"
    else:
        thresholds = f";{objective.value}:;0{';100' if unit else ''}"
    return f"'{judged.policy.service}/{verdict.commitment.id}'={measured.value}{unit};{thresholds}"


def _warned_after(commitment: Commitment, objective: int) -> int:
    """Return above how many seconds, of those that are allowed, the headroom is at risk."""
    return floor(objective * (1 - warn_at(commitment)))


def _text(text: str) -> str:
    return prose(text).translate(_HARMLESS)
