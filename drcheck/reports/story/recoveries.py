"""Every restore test and every outage of a period: its phases, which of them do not count, and what it came to."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Final, NamedTuple

from drcheck.core import words
from drcheck.core.kinds.rto import Rto
from drcheck.core.model.evidence import Cited
from drcheck.core.model.exhibit import TimedRecovery, Times
from drcheck.core.model.log_records import Recovery
from drcheck.core.model.verdict import Verdict
from drcheck.reports.pictures.times import length, word
from drcheck.reports.wording.citations import cited_by
from drcheck.reports.wording.local_time import Local
from drcheck.reports.wording.text import printable
from drcheck.run_report import Judged

HEADS: Final = ("what", "began", "ended", "phases", "came to")
_AGAINST: Final = frozenset({"too long", "failed", "perhaps too long"})
_CLOCKS: Final = (
    ("declared", "declared_at"),
    ("restore began", "restore_started_at"),
    ("restored", "restored_at"),
    ("validated", "validated_at"),
)


class Row(NamedTuple):
    """A restore test, or an outage."""

    cells: tuple[str, ...]
    """As :data:`HEADS` has them."""
    began: int
    matters: bool
    """Whether it failed, took too long or counts as downtime, so that it is shown before others where room is short."""


def rows(judged: Judged, local: Local) -> list[Row]:
    """Return a row for each restore test and each outage that went on in the window, the newest first."""
    held = [(verdict, _timed(verdict)) for verdict in judged.verdicts]
    return [_row(source, one, held, local) for source, one in reversed(judged.population.recoveries)]


def fitting(several: Sequence[Row], at_most: int) -> list[Row]:
    """Return as many as fit, those that matter before the others, in the order in which they came."""
    if len(several) <= at_most:
        return list(several)
    kept = sorted(range(len(several)), key=lambda number: not several[number].matters)[:at_most]
    return [several[number] for number in sorted(kept)]


def _timed(verdict: Verdict) -> dict[tuple[str, bool], tuple[TimedRecovery, Times]]:
    """Return what a recovery time objective makes of each recovery, by its id and whether it was an outage."""
    return {
        (one.id, one.real): (one, finding.exhibit)
        for finding in verdict.findings or (verdict.overall,)
        if isinstance(finding.exhibit, Times)
        for one in finding.exhibit.recoveries
    }


def _row(
    source: str,
    one: Recovery,
    held: Sequence[tuple[Verdict, dict[tuple[str, bool], tuple[TimedRecovery, Times]]]],
    local: Local,
) -> Row:
    its = [verdict for verdict, _ in held if source in verdict.commitment.evidence]
    against, came_to = False, []
    for verdict, timed in held:
        promise = verdict.commitment
        if source not in promise.evidence:
            continue
        if (found := timed.get((one.id, one.real))) is not None:
            said = word(*found)
            against |= said in _AGAINST
            why = f" ({found[0].why_not})" if found[0].why_not else ""
            came_to.append(
                f"{promise.id}: {length(found[0])} count, {words.duration(found[1].objective)} allowed: {said}{why}"
            )
        elif promise.kind == "availability":
            for told in _as_downtime(verdict, source, one):
                against |= "counted" in told
                came_to.append(f"{promise.id}: {told}")
        elif why_not := next((cited.why_not for cited in _cited(verdict, source, one) if cited.why_not), ""):
            came_to.append(f"{promise.id}: does not count: {why_not}")
    if one.contradicted:
        came_to.append(f"its record proves nothing: {one.contradicted}")
    elif one.outcome == "aborted":
        came_to.append("it was aborted, and proves nothing")
    sort = "outage" if one.real else f"restore test, {one.outcome}"
    of = " of ".join(filter(None, (sort, one.point_of)))
    scenario = f" for {', '.join(sorted(one.scenarios))}" if one.scenarios else ""
    cells = (
        f"{one.id} at {source}: {of}{scenario}",
        local.instant(one.started_at),
        "goes on" if one.finished_at is None else local.instant(one.finished_at),
        "; ".join(_phases(one, its)) or "none told",
        local.text("; ".join(came_to)) or "no commitment counts it",
    )
    return Row(tuple(map(printable, cells)), one.started_at, against or one.outcome == "failed")


def _phases(one: Recovery, its: Sequence[Verdict]) -> Iterator[str]:
    """Yield how long it took, and its phases, each with who leaves it out; without any, when it passed which clock."""
    if one.finished_at is not None:
        yield f"{words.duration(one.finished_at - one.started_at)} in all"
    for phase in one.phases:
        leaving_out = [
            f"{promise.id}{f', clause {promise.clause}' if promise.clause else ''}"
            for promise in (verdict.commitment for verdict in its)
            if isinstance(promise, Rto) and phase.name in promise.not_counted
        ]
        not_counted = f", not counted by {words.several(leaving_out)}" if leaving_out else ""
        yield f"{phase.name} {words.duration(phase.finished_at - phase.started_at)}{not_counted}"
    if not one.phases:
        for said, clock in _CLOCKS:
            if (at := getattr(one, clock)) is not None and at not in {one.started_at, one.finished_at}:
                yield f"{said} after {words.duration(at - one.started_at)}"


def _as_downtime(verdict: Verdict, source: str, one: Recovery) -> Iterator[str]:
    """Yield what an availability makes of an outage: how much counts, what is excused, and why."""
    for cited in _cited(verdict, source, one):
        became = [cited.told.partition("; ")[2]] if "; " in cited.told else []
        became += [f"does not count: {cited.why_not}"] if cited.why_not else []
        yield "; ".join(became) or "none of it in a period that is judged"


def _cited(verdict: Verdict, source: str, one: Recovery) -> Iterator[Cited]:
    return (cited for cited in cited_by(verdict) if (cited.source, cited.name) == (source, one.id))
