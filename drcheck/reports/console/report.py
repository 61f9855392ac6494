"""The report for people: one service after the other, each commitment with its reason, then what to do next."""

from __future__ import annotations

import sys
from collections.abc import Iterator, Sequence

from drcheck.core import decimals, words
from drcheck.core.judging import summary
from drcheck.core.model.verdict import Opening, Status, Verdict
from drcheck.interfaces import Judged, Report
from drcheck.reports.console import closing, details, gaps, overview, periods, since_then
from drcheck.reports.console.local_time import Local, of_service
from drcheck.reports.console.marks import Mark, mark, quantity
from drcheck.reports.console.terminal import Paper, Screen, screen
from drcheck.reports.console.text import cells, fit, printable, prose, wrap

INDENT = 2
_GAP = "  "
_STATUS_WIDTH = 10
_UNDER = INDENT + _STATUS_WIDTH + len(_GAP)
"""Where a commitment's id begins, and what is said of it below."""
_ID_AT_MOST, _CLAUSE_AT_MOST = 26, 16
_KINDS = {"rpo": "RPO", "rto": "RTO", "restore_test": "restore tests"}
_LINES_TOLD = 3
"""Data sets, and periods that fell short, that are told for one commitment before ``--verbose``."""


def render(
    report: Report, *, quiet: bool = False, verbose: bool = False, terminal: bool = False, config: str = ""
) -> bytes:
    """Return the report as text, for standard output if ``terminal``, else for a file.

    ``quiet`` leaves what is not met, what was not met since the last recorded run or was corrected, what could not be
    seen, what lies there unlisted, and the summary; ``verbose`` adds every piece of evidence.
    ``config`` is the configuration that the user named, for the commands that are told as next steps.
    """
    shown_on = screen(sys.stdout) if terminal else Screen()
    return pages(report, shown_on, quiet=quiet, verbose=verbose, config=config).encode()


def pages(report: Report, shown_on: Screen, *, quiet: bool = False, verbose: bool = False, config: str = "") -> str:
    """Return the report as text for a screen."""
    paper = Paper(shown_on)
    many = len(report.services) > overview.FEW
    if many and not quiet:
        overview.write(paper, report.services, apart=report.apart)
    brief = quiet or (many and not verbose)
    for judged in report.services:
        shown = [verdict for verdict in judged.verdicts if not brief or _matters(verdict)]
        if shown or not brief or gaps.unjudged(judged) or judged.gaps:
            _service(paper, judged, shown, brief=brief, verbose=verbose, apart=report.apart)
            if verbose:
                gaps.places(paper, judged.sources, report.locations, of_service(judged))
            paper.blank()
    closing.invalid(paper, report.faults)
    left_out = not verbose and (
        many or any(_not_met(verdict) for judged in report.services for verdict in judged.verdicts)
    )
    closing.write(paper, report, quiet=quiet, brief=left_out, config=config)
    return paper.text()


def _matters(verdict: Verdict) -> bool:
    """Return whether nobody may miss it: it is not met, or it was not at some time since the last recorded run."""
    return _not_met(verdict) or verdict.corrected or bool(summary.closed_breaches(verdict))


def _not_met(verdict: Verdict) -> bool:
    return summary.effective_status(verdict) in {Status.BREACHED, Status.UNKNOWN} or bool(
        summary.passed_breaches(verdict)
    )


def _service(
    paper: Paper, judged: Judged, shown: Sequence[Verdict], *, brief: bool, verbose: bool, apart: bool
) -> None:
    policy, local = judged.policy, of_service(judged)
    status = mark(summary.status_of(judged.verdicts))
    title, verdict = prose(policy.title or policy.service), f"{status.symbol} {status.word}"
    room = paper.width - cells(verdict) - len(_GAP)
    paper.line((fit(title, room), "bold"), _GAP, (verdict, status.style))
    agreement = ", ".join(part for part in (policy.agreement.title, policy.agreement.provider) if part)
    as_of = f"as of {local.instant(judged.window.end)}" if apart else ""
    subtitle = " · ".join(prose(part) for part in (policy.service, agreement, policy.file, as_of) if part)
    paper.wrapped(subtitle, style="dim")
    if shown:
        paper.blank()
    _table(paper, judged, shown, local, verbose=verbose)
    if not brief:
        _beside(paper, judged)
    gaps.write(paper, judged, local, verbose=verbose)
    if unjudged := gaps.unjudged(judged):
        paper.blank()
        for sentence in unjudged:
            paper.wrapped(prose(sentence), indent=INDENT, first="· ")


def _table(paper: Paper, judged: Judged, shown: Sequence[Verdict], local: Local, *, verbose: bool) -> None:
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
        _reasons(paper, judged, verdict, local, verbose=verbose)
        if verbose:
            details.write(paper, verdict, local, _UNDER)


def _mark(verdict: Verdict) -> Mark:
    return mark(
        verdict.status,
        waived=summary.is_waived(verdict),
        at_risk=verdict.overall.at_risk,
        attested=summary.is_attested(verdict),
    )


def _reasons(paper: Paper, judged: Judged, verdict: Verdict, local: Local, *, verbose: bool) -> None:
    indent, overall = _UNDER, verdict.overall
    reasons = [printable(overall.reason)]
    if verdict.findings and verdict.status not in {Status.MET, None}:
        others = (finding for finding in verdict.findings if finding.status not in {Status.MET, None})
        reasons = list(dict.fromkeys([*reasons, *(printable(finding.reason) for finding in others)]))
    most = len(reasons) if verbose else _LINES_TOLD
    for reason in reasons[:most]:
        paper.wrapped(local.text(reason), indent=indent)
    if reasons[most:]:
        paper.wrapped(f"and {len(reasons) - most} more data sets like it", indent=indent)
    if overall.at_risk and overall.headroom is not None and overall.headroom.unit == "s":
        paper.wrapped(f"at risk: only {quantity(overall.headroom)} of headroom is left", indent=indent)
    elif overall.at_risk and overall.headroom is not None and overall.headroom.unit == "%":
        paper.wrapped("at risk: most of the downtime that the target allows is used up", indent=indent)
    elif overall.at_risk and overall.due_at is not None:
        paper.wrapped(f"at risk: the next backup is due {local.instant(overall.due_at)}", indent=indent)
    if waiver := summary.waiver_of(verdict):
        until = local.instant(waiver.until)
        paper.wrapped(prose(f"waived until {until} by {waiver.owner}: {waiver.reason}"), indent=indent, style="italic")
    elif waived := summary.shares(overall, verdict.waived).waived:
        paper.wrapped(f"waivers cover {words.duration(waived)} of the time in breach", indent=indent, style="italic")
    for figure, kept in overall.also:
        kept_or_not = "is kept" if kept else "is not kept"
        paper.wrapped(f"reported beside it, not judged: {quantity(figure)} {kept_or_not}", indent=indent)
    if verdict.of_period and (share := _share(verdict)):
        paper.wrapped(share, indent=indent)
    breached = mark(Status.BREACHED)
    for (counts, why), breaches in _news(verdict).items():
        first = (f"{breached.symbol} ", breached.style) if counts else ""
        paper.wrapped(local.text(_passed(why, breaches, judged)), indent=indent, first=first)
    for sentence in _earlier(verdict):
        paper.wrapped(local.text(sentence), indent=indent)
    if not verbose:
        for line in periods.in_short(overall.periods, verdict.window.end, at_most=_LINES_TOLD):
            paper.wrapped(prose(local.text(line)), indent=indent)
        if _not_met(verdict) and (rejected := details.newest_rejected(verdict)) is not None:
            paper.wrapped(printable(f"{rejected.name} {local.text(details.why_not(rejected))}"), indent=indent)
        for line in since_then.in_short(verdict.since_then):
            paper.wrapped(printable(local.text(line)), indent=indent)
        for note in verdict.notes:
            paper.wrapped(prose(local.text(note)), indent=indent)


def _share(verdict: Verdict) -> str:
    """Return for how much of a period a promise was kept: what is unknown is not, and stands beside it."""
    shares = summary.shares(verdict.overall)
    if shares.kept is None:
        return ""
    times = {"met": shares.met, "breached": shares.breached, "unknown": shares.unknown}
    parts = ", ".join(f"{status} {words.to_the_second(seconds)}" for status, seconds in times.items() if seconds)
    worst = f"; the worst {quantity(verdict.overall.worst)}" if verdict.overall.worst is not None else ""
    return f"kept for {decimals.cut(shares.kept)} % of the time owed: {parts}{worst}"


def _news(verdict: Verdict) -> dict[tuple[bool, str], list[Opening]]:
    """Return the breaches that are over and that nobody may miss, by whether they count and why they are named."""
    by_reason: dict[tuple[bool, str], list[Opening]] = {}
    for named in sorted(summary.closed_breaches(verdict), key=lambda named: not named.counts):
        why = f"{named.why}, waived" if named.breach.waived else named.why.value
        by_reason.setdefault((named.counts, why), []).append(named.breach)
    return by_reason


def _passed(when: str, breaches: Sequence[Opening], judged: Judged) -> str:
    """Sum up breaches that are over and that nobody may miss: how many, how long, and why the newest came."""
    lengths = [(breach.closed_at or judged.window.end) - breach.opened_at for breach in breaches]
    newest = breaches[-1]
    until = words.instant(newest.closed_at or judged.window.end)
    if len(breaches) == 1:
        how = f"breached for {words.duration(lengths[0])}, until {until}"
    else:
        how = (
            f"breached {len(breaches)} times, {words.duration(sum(lengths))} in all, the longest "
            f"{words.duration(max(lengths))}, the newest until {until}"
        )
    return printable(f"{when}: {how}: {newest.reason}")


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
    beside = []
    if not summary.has_recovery_objective(policy):
        beside.append("names no recovery objective: neither an RPO nor an RTO")
        silent_on = tuple(kind for kind in silent_on if kind not in {"rpo", "rto"})
    if silent_on:
        kinds = [_KINDS.get(kind, kind.replace("_", " ")) for kind in silent_on]
        beside.append(f"is silent on {words.several(kinds, at_most=len(kinds))}")
    if beside:
        paper.blank()
        paper.wrapped(f"This agreement {'; it '.join(beside)}.", indent=INDENT)
