"""Findings joined to one: of the wordings of a commitment, of its aspects, and of its data sets."""

from __future__ import annotations

from collections.abc import Sequence

from msgspec.structs import replace

from drcheck.core import words
from drcheck.core.evaluation.requirements import all_required
from drcheck.core.judging.wordings import Wording
from drcheck.core.model.commitments import Joined
from drcheck.core.model.evidence import FOREVER, LONG_AGO
from drcheck.core.model.exhibit import Exhibit, Slots
from drcheck.core.model.status import SEVERITY, Status
from drcheck.core.model.verdict import Finding, Piece, Window
from drcheck.core.time.spans import Span
from drcheck.core.time.timeline import first_of, overlay, replaced, within


def of_aspects(aspects: Sequence[Finding], window: Window) -> Finding:
    """Return what binds together: the worst at each instant, with the figures of what decides at the end."""
    if len(aspects) == 1:
        return aspects[0]
    pieces, deciding = all_required(window, aspects)
    return replace(
        deciding,
        pieces=pieces,
        evidence=tuple(dict.fromkeys(cited for finding in (deciding, *aspects) for cited in finding.evidence)),
        notes=tuple(dict.fromkeys(note for finding in aspects for note in finding.notes)),
    )


def of_wordings(last: Wording, by_wording: Sequence[Finding], window: Window) -> Finding:
    """Join what wordings say, oldest first and ``last`` the newest, each of the slots and instants that it binds."""
    commitment, newest_first = last.commitment, by_wording[::-1]
    if len(by_wording) == 1 and last.binds.end == FOREVER:
        return by_wording[0]
    pieces = [finding.pieces for finding in newest_first]
    match commitment.joined():
        case Joined.NEWEST_SLOT:
            joined = first_of(window, pieces)
        case Joined.NEWEST_SLOT_HELD:
            joined = within(Span(LONG_AGO, last.binds.end), first_of(window, pieces, breach_stands=True))
        case _:
            joined = overlay(window, pieces)
    deciding = next((one for one in newest_first if one.status is joined[-1].status), newest_first[0])
    periods = {
        period.start: period
        for finding in by_wording
        for period in sorted(finding.periods, key=lambda one: one.status is not None)
    }
    together = replace(deciding, pieces=joined, exhibit=_drawn(deciding, by_wording))
    if not periods:
        return together
    # Each wording's periods are shown, and so what they rest on.
    return replace(
        together,
        evidence=tuple(dict.fromkeys(cited for finding in newest_first for cited in finding.evidence)),
        notes=tuple(dict.fromkeys(note for finding in newest_first for note in finding.notes)),
        periods=tuple(periods[start] for start in sorted(periods)),
    )


def _drawn(deciding: Finding, by_wording: Sequence[Finding]) -> Exhibit | None:
    """Return what a picture is drawn from: of slots, those that each wording binds."""
    if not isinstance(deciding.exhibit, Slots):
        return deciding.exhibit
    every = (slot for one in by_wording if isinstance(one.exhibit, Slots) for slot in one.exhibit.slots)
    return replace(deciding.exhibit, slots=tuple(sorted(every, key=lambda slot: slot.start)))


def end_of(wording: Wording) -> int | None:
    """Return from when on nothing is owed by a wording; an end in the past that came with it ends nothing before it."""
    ends = wording.policy.agreement.ends
    return None if ends is None else max(ends, wording.binds.start)


def lapsed(finding: Finding, earlier: Sequence[Wording]) -> Finding:
    """Owe nothing between the end of an agreement and the wording that came after it."""
    for wording in earlier:
        start, end = end_of(wording), wording.binds.end
        if start is None or start >= end:
            continue
        reason = f"nothing was owed: the agreement had ended {words.instant(start)}"
        periods = (
            replace(period, status=None, credit=None) if start <= period.start < end else period
            for period in finding.periods
        )
        pieces = replaced(finding.pieces, Span(start, end), None, reason)
        finding = replace(finding, pieces=pieces, periods=tuple(periods))
    return finding


def ended(finding: Finding, ends: int | None, window: Window) -> Finding:
    """Owe nothing from the agreement's end on, and show no figures where nothing is owed."""
    if ends is not None and ends < window.end:
        reason = f"nothing is owed any more: the agreement ended {words.instant(ends)}"
        over = Piece(max(ends, window.start), window.end, None, reason)
        kept = (piece._replace(end=min(piece.end, ends)) for piece in finding.pieces if piece.start < ends)
        # Of a period that the agreement did not last through its end was heeded where it was judged.
        periods = (period for period in finding.periods if period.start < ends)
        finding = replace(finding, pieces=(*kept, over), reason=reason, periods=tuple(periods))
    if finding.status is not None:
        return finding
    return replace(finding, measured=None, headroom=None, due_at=None, at_risk=False, also=())


def worst(findings: Sequence[Finding], window: Window) -> Finding:
    """Return what decides: the pieces of all data sets together, the figures of the worst at the window's end."""
    if len(findings) == 1:
        return findings[0]
    deciding = max(findings, key=lambda finding: (SEVERITY[finding.status], -_margin(finding)))
    return replace(
        deciding,
        pieces=overlay(window, [finding.pieces for finding in findings]),
        at_risk=deciding.status is Status.MET and any(finding.at_risk for finding in findings),
        evidence=tuple(dict.fromkeys(cited for finding in findings for cited in finding.evidence)),
    )


def _margin(finding: Finding) -> int:
    """Return the headroom, for telling the worst of equals; none at all is the worst."""
    return finding.headroom.value if finding.headroom and isinstance(finding.headroom.value, int) else LONG_AGO
