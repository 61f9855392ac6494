"""Names that match nothing: where some stand and no template ever read one, the policy is at fault."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence

from msgspec.structs import replace

from drcheck.core import words
from drcheck.core.history.absence import Absence
from drcheck.core.history.part import Part
from drcheck.core.judging.sources import SourceEvidence
from drcheck.core.model.evidence import Unaccounted
from drcheck.core.model.points import Points
from drcheck.core.model.status import Status
from drcheck.core.model.verdict import Finding, Window
from drcheck.core.time.timeline import where_both_breached

NAMES_TOLD = 3


def unseen_where_none_matched(
    parts: Mapping[str, Part], evidence: Mapping[str, SourceEvidence]
) -> tuple[dict[str, Part], str] | None:
    """Return ``parts``, by source, as if nobody had looked where names stand and none was ever read, and why.

    None: there is no such source.
    """
    faulty = {
        name: one
        for name in parts
        if (one := evidence.get(name)) is not None and one.unaccounted and not one.ever_matched
    }
    if not faulty:
        return None
    unseen = {
        name: Part(Points(name, part.points.of), Absence((), None), "no name there was ever read as a backup")
        if name in faulty
        else part
        for name, part in parts.items()
    }
    return unseen, "; ".join(
        f"no name at {name} was ever read as a backup, though {_several(one.unaccounted)} stand"
        f"{'s' if len(one.unaccounted) == 1 else ''} there: `name` on {name} fits none of them"
        for name, one in faulty.items()
    )


def unless_breached(window: Window, finding: Finding, otherwise: Finding, why: str) -> Finding:
    """Return ``finding``, with what it finds breached and ``otherwise`` does not as unknown, because of ``why``."""
    pieces = where_both_breached(window, finding.pieces, otherwise.pieces, why)
    if finding.status is pieces[-1].status:
        return replace(finding, pieces=pieces)
    return replace(finding, pieces=pieces, reason=why, at_risk=False, measured=None, headroom=None, due_at=None)


def told_first(finding: Finding, sources: Iterable[str], evidence: Mapping[str, SourceEvidence]) -> Finding:
    """Tell of a breach first which names at ``sources`` nothing accounts for, newer than all that is read there.

    Or that there is nothing at all, as under a path that is wrong, or where a disk is not mounted.
    """
    if finding.status is not Status.BREACHED:
        return finding
    told = [why for name in sources if name in evidence and (why := _odd(name, evidence[name]))]
    return replace(finding, reason="; ".join((*told, finding.reason))) if told else finding


def _odd(source: str, seen: SourceEvidence) -> str:
    newer = [one for one in seen.unaccounted if one.newer]
    if newer:
        return f"{_several(newer)} at {source}, newer than every backup read there, {_fit(newer)} no template"
    empty = seen.looks and seen.looks[-1].complete and not seen.looks[-1].names
    if empty and seen.unaccounted:
        return f"there is nothing but {_several(seen.unaccounted)} at {source}"
    return f"there is no file at all at {source}" if empty else ""


def _several(names: Sequence[Unaccounted]) -> str:
    return words.several([one.name for one in names], at_most=NAMES_TOLD)


def _fit(names: Sequence[Unaccounted]) -> str:
    return "fits" if len(names) == 1 else "fit"
