"""The end of the console report: policies that could not be judged, what all comes to, and what to do next."""

from __future__ import annotations

import shlex
from collections.abc import Sequence

from drcheck.core import words
from drcheck.core.judging import summary
from drcheck.core.model.verdict import Status
from drcheck.reports.console import local_time
from drcheck.reports.console.marks import mark
from drcheck.reports.console.terminal import Paper
from drcheck.reports.console.text import printable, prose
from drcheck.run_report import Fault, Report

INDENT = 2


def invalid(paper: Paper, faults: Sequence[Fault]) -> None:
    """Write the policies that could not be judged."""
    if not faults:
        return
    paper.line(("Policies that could not be judged", "bold"))
    paper.blank()
    unknown = mark(Status.UNKNOWN)
    for fault in faults:
        paper.wrapped(fault_of(fault), indent=INDENT, first=(f"{unknown.symbol} ", unknown.style))
    paper.blank()


def fault_of(fault: Fault) -> str:
    """Return in words why a policy could not be judged, with its place."""
    message, place = prose(fault.message), printable(fault.file)
    return message if message.startswith(place) else f"{place}: {message}"


def write(paper: Paper, report: Report, *, quiet: bool, brief: bool, config: str) -> None:
    """Write what the run comes to; ``brief``: the report left out commitments, or evidence of some."""
    whole = mark(report.status)
    if quiet and whole in {mark(Status.MET), mark(None)}:
        paper.wrapped(f"{counts(report)}, {_as_of(report)}", first=(f"{whole.symbol} {whole.word}: ", whole.style))
        return
    paper.rule()
    paper.wrapped(counts(report), first=(f"{whole.symbol} {whole.word}  ", whole.style))
    paper.wrapped(judged(report))
    for step in _next_steps(report, brief=brief, config=config):
        paper.wrapped(step, first="→ ")


def judged(report: Report) -> str:
    """Return what was judged: of which instant, over how long, and by how many sources."""
    seen = report.seen
    sources = words.counted(seen.asked, "source")
    if seen.seen < seen.asked:
        sources = f"{seen.seen} of {sources}"
    lengths = {window.end - window.start for window in report.windows or {report.window}}
    long = f"{'up to ' if len(lengths) > 1 else ''}{words.duration(max(lengths))}"
    slow = ""
    if report.slowest is not None:
        service, source, seconds = report.slowest
        slow = f", of which {printable(source)} of {printable(service)} took {words.duration(seconds)}"
    return f"judged {_as_of(report)} over {long}; {sources} seen in {report.seconds:.1f} s{slow}"


def _as_of(report: Report) -> str:
    shown = local_time.of_run(report.services).instant
    end = shown(report.window.end)
    if report.apart:
        end = f"{shown(min(window.end for window in report.windows))} to {end}"
    return f"as of {end}{f' ({report.question})' if report.question else ''}"


def counts(report: Report) -> str:
    """Return what commitments came to, then what evidence lacks."""
    totals, seen, broken, gone = report.totals, report.seen, report.broken, report.gone
    unmatched = len(
        {
            (source.place, unread.name)
            for judged in report.services
            for source in judged.sources
            for unread in source.unmatched
            if unread.newer
        }
    )
    beside = {"at risk": totals.at_risk, "attested": totals.attested}
    of_these = ", ".join(f"{count} {word}" for word, count in beside.items() if count)
    met = f"{totals.met} met" + (f" ({of_these})" if of_these else "")
    others = {
        "breached": totals.breached,
        "unknown": totals.unknown,
        "waived": totals.waived,
        "not owed yet": totals.not_owed,
        "invalid policy" if broken == 1 else "invalid policies": broken,
        "policy gone" if gone == 1 else "policies gone": gone,
        "breached and over since": totals.passed,
    }
    counted = ", ".join([met, *(f"{count} {word}" for word, count in others.items() if count)])
    lacks = [words.counted(seen.gaps, "evidence gap")] if seen.gaps else []
    if unmatched:
        lacks.append(f"{words.counted(unmatched, 'newer name')} that no template reads")
    return f"{counted}; {', '.join(lacks)}" if lacks else counted


def _next_steps(report: Report, *, brief: bool, config: str) -> list[str]:
    steps = []
    named = f" --config {printable(shlex.quote(config))}" if config else ""
    if report.totals.breached:
        worst = next(
            judged.policy.service for judged in report.services if summary.status_of(judged.verdicts) is Status.BREACHED
        )
        steps.append(f"drcheck history {printable(worst)}{named} shows when its breaches opened and closed.")
    if any(gap.hint for judged in report.services for _, gap in judged.gaps):
        steps.append("The arrows above say what to do about what could not be seen.")
    if any(not fault.gone for fault in report.faults):
        steps.append(f"drcheck lint{named} tells what to mend in the invalid policies.")
    if brief:
        steps.append(f"drcheck verify --verbose{named} shows all evidence, and every candidate that does not count.")
    return steps
