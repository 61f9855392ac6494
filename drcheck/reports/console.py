"""The report for people: one service after the other, each commitment with its reason, then what to do next."""

from __future__ import annotations

import shlex
import sys
from collections.abc import Iterator, Sequence

from drcheck.core import summary, words
from drcheck.core.evidence import Gap
from drcheck.core.promises import Kind
from drcheck.core.verdict import Status, Verdict
from drcheck.interfaces import Fault, Judged, Report
from drcheck.reports import details, periods
from drcheck.reports.marks import Mark, mark, quantity
from drcheck.reports.terminal import Paper, Screen, screen
from drcheck.reports.text import cells, fit, printable, prose, wrap

INDENT = 2
_GAP = "  "
_STATUS_WIDTH = 10
_UNDER = INDENT + _STATUS_WIDTH + len(_GAP)
"""Where a commitment's id begins, and what is said of it below."""
_ID_AT_MOST, _CLAUSE_AT_MOST = 26, 16
_KINDS = {Kind.RPO: "RPO", Kind.RTO: "RTO", Kind.RESTORE_TEST: "restore tests"}
_LINES_TOLD = 3
"""Evidence gaps of single log lines, and data sets, that are told for one source or commitment before ``--verbose``."""


def render(
    report: Report, *, quiet: bool = False, verbose: bool = False, terminal: bool = False, config: str = ""
) -> bytes:
    """Return the report as text, for standard output if ``terminal``, else for a file.

    ``quiet`` leaves only what is not met or was corrected, and the summary; ``verbose`` adds every piece of evidence.
    ``config`` is the configuration that the user named, for the commands that are told as next steps.
    """
    shown_on = screen(sys.stdout) if terminal else Screen()
    return pages(report, shown_on, quiet=quiet, verbose=verbose, config=config).encode()


def pages(report: Report, shown_on: Screen, *, quiet: bool = False, verbose: bool = False, config: str = "") -> str:
    """Return the report as text for a screen."""
    paper = Paper(shown_on)
    for judged in report.services:
        shown = [verdict for verdict in judged.verdicts if not quiet or _not_met(verdict) or verdict.corrected]
        if shown or not quiet:
            _service(paper, judged, shown, quiet=quiet, verbose=verbose)
    _invalid(paper, report.faults)
    _summary(paper, report, quiet=quiet, verbose=verbose, config=config)
    return paper.text()


def _not_met(verdict: Verdict) -> bool:
    return summary.effective_status(verdict) in {Status.BREACHED, Status.UNKNOWN}


def _service(paper: Paper, judged: Judged, shown: Sequence[Verdict], *, quiet: bool, verbose: bool) -> None:
    policy = judged.policy
    status = mark(summary.status_of(judged.verdicts))
    title, verdict = prose(policy.title or policy.service), f"{status.symbol} {status.word}"
    room = paper.width - cells(verdict) - len(_GAP)
    paper.line((fit(title, room), "bold"), _GAP, (verdict, status.style))
    agreement = ", ".join(part for part in (policy.agreement.title, policy.agreement.provider) if part)
    paper.wrapped(" · ".join(prose(part) for part in (policy.service, agreement, policy.file) if part), style="dim")
    if shown:
        paper.blank()
    _table(paper, judged, shown, verbose=verbose)
    if not quiet:
        _beside(paper, judged)
    _gaps(paper, shown, verbose=verbose)
    paper.blank()


def _table(paper: Paper, judged: Judged, shown: Sequence[Verdict], *, verbose: bool) -> None:
    rows = [
        (
            verdict,
            printable(verdict.commitment.id),
            prose(verdict.commitment.clause),
            details.promised(verdict.overall),
            quantity(verdict.overall.measured),
        )
        for verdict in shown
    ]
    if not rows:
        return
    heads = ("commitment", "clause", "promised", "measured")
    columns = zip(heads, *(texts for _, *texts in rows), strict=True)
    ids, clauses, promised, measured = (max(map(cells, column)) for column in columns)
    # Figures stand whole and ids wrap where they must; a clause that is cut stands whole in --verbose.
    room = paper.width - INDENT - _STATUS_WIDTH - promised - measured - 4 * len(_GAP)
    clauses = min(clauses, max(room - min(ids, _ID_AT_MOST), _CLAUSE_AT_MOST))
    ids = min(ids, room - clauses)

    def row(status: Mark, texts: Sequence[str], style: str = "") -> None:
        name, clause, objective, figure = texts
        first, *others = wrap(name, ids)
        paper.line(
            " " * INDENT, (fit(f"{status.symbol} {status.word}", _STATUS_WIDTH), status.style), _GAP,
            (fit(first, ids), style or "bold"), _GAP, (fit(clause, clauses), style), _GAP,
            (fit(objective, promised, right=True), style), _GAP, (fit(figure, measured, right=True), style),
        )  # fmt: skip
        for part in others:
            paper.line(" " * _UNDER, (part, style or "bold"))

    row(Mark(" ", "", ""), heads, "dim")
    for number, (verdict, *texts) in enumerate(rows):
        if number and verbose:
            paper.blank()
        row(_mark(verdict), texts)
        _reasons(paper, judged, verdict, verbose=verbose)
        if verbose:
            details.write(paper, verdict, _UNDER)


def _mark(verdict: Verdict) -> Mark:
    return mark(
        verdict.status,
        waived=summary.is_waived(verdict),
        at_risk=verdict.overall.at_risk,
        attested=summary.is_attested(verdict),
    )


def _reasons(paper: Paper, judged: Judged, verdict: Verdict, *, verbose: bool) -> None:
    indent, overall = _UNDER, verdict.overall
    reasons = [printable(overall.reason)]
    if verdict.findings and verdict.status not in {Status.MET, None}:
        others = (finding for finding in verdict.findings if finding.status not in {Status.MET, None})
        reasons = list(dict.fromkeys([*reasons, *(printable(finding.reason) for finding in others)]))
    most = len(reasons) if verbose else _LINES_TOLD
    for reason in reasons[:most]:
        paper.wrapped(reason, indent=indent)
    if reasons[most:]:
        paper.wrapped(f"and {len(reasons) - most} more data sets like it", indent=indent)
    if overall.at_risk and overall.headroom is not None and overall.headroom.unit == "s":
        paper.wrapped(f"at risk: only {quantity(overall.headroom)} of headroom is left", indent=indent)
    elif overall.at_risk and overall.headroom is not None and overall.headroom.unit == "%":
        paper.wrapped("at risk: most of the downtime that the target allows is used up", indent=indent)
    elif overall.at_risk and overall.due_at is not None:
        paper.wrapped(f"at risk: the next backup is due {words.instant(overall.due_at)}", indent=indent)
    if waiver := summary.waiver_of(judged.policy, verdict):
        until = words.instant(waiver.until)
        paper.wrapped(prose(f"waived until {until} by {waiver.owner}: {waiver.reason}"), indent=indent, style="italic")
    for figure, kept in overall.also:
        kept_or_not = "is kept" if kept else "is not kept"
        paper.wrapped(f"reported beside it, not judged: {quantity(figure)} {kept_or_not}", indent=indent)
    for told in _earlier(verdict):
        paper.wrapped(told, indent=indent)
    if not verbose:
        for line in periods.in_short(overall.periods, verdict.window.end, at_most=_LINES_TOLD):
            paper.wrapped(prose(line), indent=indent)
        if _not_met(verdict) and (rejected := details.newest_rejected(verdict)) is not None:
            paper.wrapped(printable(f"{rejected.name} does not count: {rejected.why_not}"), indent=indent)
        for note in verdict.notes:
            paper.wrapped(prose(note), indent=indent)


def _earlier(verdict: Verdict) -> Iterator[str]:
    """Tell what the window held before its end: a promise that is met now can have been broken every night."""
    for status, between_looks in ((Status.BREACHED, False), (Status.UNKNOWN, False), (Status.UNKNOWN, True)):
        spells = summary.earlier(verdict.overall, status, between_looks=between_looks)
        if spells is None:
            continue
        times = "once, for" if spells.times == 1 else f"{spells.times} times, in all"
        long, last = words.duration(spells.seconds), words.instant(spells.last)
        if not between_looks:
            yield f"earlier: {status.value} {times} {long}, until {last}"
        elif looks := summary.met_at_looks(verdict):
            yield f"met at all {looks} looks; between them not known {times} {long}, until {last}"
        else:
            yield f"between looks that found it met: not known {times} {long}, until {last}"


def _beside(paper: Paper, judged: Judged) -> None:
    policy = judged.policy
    silent_on = policy.silent_on
    told = []
    if not summary.has_recovery_objective(policy):
        told.append("names no recovery objective: neither an RPO nor an RTO")
        silent_on = tuple(kind for kind in silent_on if kind not in {Kind.RPO, Kind.RTO})
    if silent_on:
        kinds = [_KINDS.get(kind, kind.value.replace("_", " ")) for kind in silent_on]
        told.append(f"is silent on {words.several(kinds, at_most=len(kinds))}")
    if told:
        paper.blank()
        paper.wrapped(f"This agreement {'; it '.join(told)}.", indent=INDENT)


def _gaps(paper: Paper, shown: Sequence[Verdict], *, verbose: bool) -> None:
    gaps = dict.fromkeys(gap for verdict in shown for gap in verdict.gaps)
    if not gaps:
        return
    paper.blank()
    paper.line(" " * INDENT, ("could not be seen", "bold"))
    by_source: dict[str, list[Gap]] = {}
    for source, gap in gaps:
        by_source.setdefault(source, []).append(gap)
    for source, its in by_source.items():
        whole = [gap for gap in its if gap.line is None]
        lines = sorted((gap for gap in its if gap.line is not None), key=lambda gap: gap.line or 0)
        most = len(lines) if verbose else _LINES_TOLD
        for gap in (*whole, *lines[:most]):
            place = source if gap.line is None else f"{source}, line {gap.line}"
            paper.wrapped(prose(f"{place}: {gap.what}"), indent=INDENT, first="· ")
            if gap.hint:
                paper.wrapped(prose(gap.hint), indent=INDENT + 2, first="→ ")
        if lines[most:]:
            paper.wrapped(f"{source}: {len(lines) - most} more lines", indent=INDENT, first="· ")


def _invalid(paper: Paper, faults: Sequence[Fault]) -> None:
    if not faults:
        return
    paper.line(("Policies that could not be judged", "bold"))
    paper.blank()
    unknown = mark(Status.UNKNOWN)
    for fault in faults:
        message = prose(fault.message)
        place = printable(fault.file)
        told = message if message.startswith(place) else f"{place}: {message}"
        paper.wrapped(told, indent=INDENT, first=(f"{unknown.symbol} ", unknown.style))
    paper.blank()


def _summary(paper: Paper, report: Report, *, quiet: bool, verbose: bool, config: str) -> None:
    verdicts = [verdict for judged in report.services for verdict in judged.verdicts]
    gone = len({fault.file for fault in report.faults if fault.gone})
    invalid = len({fault.file for fault in report.faults if not fault.gone})
    totals = summary.totals(verdicts, invalid=invalid + gone)
    whole = mark(summary.status_of(verdicts, invalid=invalid + gone))
    seen = summary.sources(judged.verdicts for judged in report.services)
    beside = {"at risk": totals.at_risk, "attested": totals.attested}
    of_these = ", ".join(f"{count} {word}" for word, count in beside.items() if count)
    met = f"{totals.met} met" + (f" ({of_these})" if of_these else "")
    others = {
        "breached": totals.breached,
        "unknown": totals.unknown,
        "waived": totals.waived,
        "not owed yet": totals.not_owed,
        "invalid policy" if invalid == 1 else "invalid policies": invalid,
        "policy gone" if gone == 1 else "policies gone": gone,
    }
    counts = ", ".join([met, *(f"{count} {word}" for word, count in others.items() if count)])
    as_of = f"as of {words.instant(report.window.end)}"
    if quiet and whole in {mark(Status.MET), mark(None)}:
        paper.line((f"{whole.symbol} {whole.word}", whole.style), f": {counts} {as_of}")
        return
    sources = words.counted(seen.asked, "source")
    if seen.seen < seen.asked:
        sources = f"{seen.seen} of {sources}"
    paper.rule()
    paper.wrapped(counts, first=(f"{whole.symbol} {whole.word}  ", whole.style))
    long = words.duration(report.window.end - report.window.start)
    paper.wrapped(f"judged {as_of} over {long}; {sources} seen in {report.seconds:.1f} s")
    for step in _next_steps(report, totals, verbose=verbose, config=config):
        paper.wrapped(step, first="→ ")


def _next_steps(report: Report, totals: summary.Totals, *, verbose: bool, config: str) -> list[str]:
    steps = []
    named = f" --config {printable(shlex.quote(config))}" if config else ""
    if totals.breached:
        worst = next(
            judged.policy.service for judged in report.services if summary.status_of(judged.verdicts) is Status.BREACHED
        )
        steps.append(f"drcheck history {printable(worst)}{named} shows when its breaches opened and closed.")
    if totals.unknown and any(gap.hint for judged in report.services for v in judged.verdicts for _, gap in v.gaps):
        steps.append("The arrows above say what to do about what could not be seen.")
    if any(not fault.gone for fault in report.faults):
        steps.append(f"drcheck lint{named} tells what to mend in the invalid policies.")
    if not verbose and (totals.breached or totals.unknown):
        steps.append(f"drcheck verify --verbose{named} shows all evidence, and every candidate that does not count.")
    return steps
