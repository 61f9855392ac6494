"""Why a commitment is judged as it is, line by line, for all formats that people read."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Sequence
from typing import NamedTuple

from drcheck.core import decimals, words
from drcheck.core.judging import summary
from drcheck.core.model.status import Status
from drcheck.core.model.verdict import Opening, Verdict
from drcheck.reports.wording import citations, periods, since_then
from drcheck.reports.wording.figures import quantity
from drcheck.reports.wording.local_time import Local
from drcheck.reports.wording.status_marks import MET_AT_LOOKS, StatusMark, mark
from drcheck.reports.wording.text import printable, prose
from drcheck.reports.wording.waived import accepted
from drcheck.run_report import Judged

_KINDS = {"rpo": "RPO", "rto": "RTO", "restore_test": "restore tests"}
_LINES_TOLD = 3
"""Data sets, and periods that fell short, that are told for one commitment before ``--verbose``."""


class ReasonLine(NamedTuple):
    """A sentence, without what a terminal would obey."""

    text: str
    style: str = ""
    """Of rich."""
    mark: StatusMark | None = None
    """What stands before it."""


def matters(verdict: Verdict) -> bool:
    """Return whether nobody may miss it: it is not met, or it was not at some time since the last recorded run."""
    return is_not_met(verdict) or verdict.corrected or bool(summary.closed_breaches(verdict))


def is_not_met(verdict: Verdict) -> bool:
    """Return whether it counts as breached or unknown, or was breached and no run has shown it."""
    return summary.effective_status(verdict) in {Status.BREACHED, Status.UNKNOWN} or bool(
        summary.passed_breaches(verdict)
    )


def mark_of(verdict: Verdict) -> StatusMark:
    """Return how the status of ``verdict`` is shown."""
    return mark(
        verdict.status,
        waived=summary.is_waived(verdict),
        at_risk=verdict.overall.at_risk,
        attested=summary.is_attested(verdict),
    )


def mark_over(verdicts: Collection[Verdict], *, invalid: int = 0) -> StatusMark:
    """Return how verdicts stood over the whole of a period, together: the worst of what any of them came to.

    What was breached at some time of it, and was not waived for as long, is breached, however it stands at the end;
    ``invalid`` policies make unknown what would be better.
    """
    came_to = set(map(summary.over_window, verdicts)) | ({"unknown"} if invalid else set())
    for state in ("breached", "unknown", "waived"):
        if state in came_to:
            return mark(Status.BREACHED, waived=True) if state == "waived" else mark(Status(state))
    if "between_looks" in came_to:
        return MET_AT_LOOKS
    met = [verdict for verdict in verdicts if verdict.status is Status.MET]
    return mark(
        Status.MET if met else None,
        at_risk=any(verdict.overall.at_risk for verdict in met),
        attested=all(map(summary.is_attested, met)),
    )


def mark_at_end(verdict: Verdict) -> StatusMark:
    """Return how a commitment stood at the very end of a period, whatever there was before."""
    return mark(
        verdict.overall.status,
        waived=summary.is_waived(verdict),
        at_risk=verdict.overall.at_risk,
        attested=summary.is_attested(verdict),
    )


def lines(judged: Judged, verdict: Verdict, local: Local, *, verbose: bool = False) -> Iterator[ReasonLine]:
    """Yield what is told of a commitment, the reason of its status first; ``verbose``: without what details tell."""
    overall = verdict.overall
    reasons = [printable(overall.reason)]
    if verdict.findings and verdict.status not in {Status.MET, None}:
        others = (finding for finding in verdict.findings if finding.status not in {Status.MET, None})
        reasons = list(dict.fromkeys([*reasons, *(printable(finding.reason) for finding in others)]))
    most = len(reasons) if verbose else _LINES_TOLD
    for reason in reasons[:most]:
        yield ReasonLine(local.text(reason))
    if reasons[most:]:
        yield ReasonLine(f"and {len(reasons) - most} more data sets like it")
    if overall.at_risk and overall.foretold:
        yield ReasonLine(prose(local.text(f"at risk: {overall.foretold}")))
    elif overall.at_risk and overall.headroom is not None and overall.headroom.unit == "s":
        yield ReasonLine(f"at risk: only {quantity(overall.headroom)} of headroom is left")
    elif overall.at_risk and overall.headroom is not None and overall.headroom.unit == "%":
        yield ReasonLine("at risk: most of the downtime that the target allows is used up")
    elif overall.at_risk and overall.due_at is not None:
        yield ReasonLine(f"at risk: the next backup is due {local.instant(overall.due_at)}")
    if waiver := summary.waiver_of(verdict):
        yield ReasonLine(accepted(waiver, local.instant(waiver.until)), style="italic")
    elif waived := summary.shares(overall, verdict.waived).waived:
        yield ReasonLine(f"waivers cover {words.duration(waived)} of the time in breach", style="italic")
    for figure, kept in overall.also:
        kept_or_not = "is kept" if kept else "is not kept"
        yield ReasonLine(f"reported beside it, not judged: {quantity(figure)} {kept_or_not}")
    if verdict.of_period and (share := _share(verdict)):
        yield ReasonLine(share)
    breached = mark(Status.BREACHED)
    for (counts, why), breaches in _news(verdict).items():
        yield ReasonLine(local.text(_passed(why, breaches, judged)), mark=breached if counts else None)
    for sentence in _earlier(verdict):
        yield ReasonLine(local.text(sentence))
    if not verbose:
        for line in periods.in_short(overall.periods, verdict.window.end, at_most=_LINES_TOLD):
            yield ReasonLine(prose(local.text(line)))
        if is_not_met(verdict) and (rejected := citations.newest_rejected(verdict)) is not None:
            yield ReasonLine(printable(f"{rejected.name} {local.text(citations.why_not(rejected))}"))
        for line in since_then.in_short(verdict.since_then):
            yield ReasonLine(printable(local.text(line)))
        for note in verdict.notes:
            if not (overall.at_risk and note == overall.foretold):
                yield ReasonLine(prose(local.text(note)))


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


def silence(judged: Judged) -> str:
    """Return in a sentence what an agreement does not promise; empty: nothing is said of it."""
    policy = judged.policy
    silent_on = policy.silent_on
    beside = []
    if not summary.has_recovery_objective(policy):
        beside.append("names no recovery objective: neither an RPO nor an RTO")
        silent_on = tuple(kind for kind in silent_on if kind not in {"rpo", "rto"})
    if silent_on:
        kinds = [_KINDS.get(kind, kind.replace("_", " ")) for kind in silent_on]
        beside.append(f"is silent on {words.several(kinds, at_most=len(kinds))}")
    return f"This agreement {'; it '.join(beside)}." if beside else ""
