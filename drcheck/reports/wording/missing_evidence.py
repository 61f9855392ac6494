"""What a service's evidence lacks: what could not be seen, and what lies there that no commitment speaks of."""

from __future__ import annotations

from collections.abc import Iterator

from drcheck.core import words
from drcheck.core.model.evidence import Gap
from drcheck.reports.wording.local_time import Local, of_service
from drcheck.reports.wording.text import prose
from drcheck.run_report import Judged, SourceSeen

_LINES_TOLD = 3
"""Gaps of single log lines that are told for one source before ``--verbose``."""
_SETS_TOLD = 10
_NAMES_TOLD = 3


def unseen(judged: Judged, local: Local, *, verbose: bool = False) -> Iterator[tuple[str, str]]:
    """Yield each evidence gap of a service with what to do about it; of a log's malformed lines, the first few."""
    by_source: dict[str, list[Gap]] = {}
    for source, gap in judged.gaps:
        by_source.setdefault(source, []).append(gap)
    for source, gaps in by_source.items():
        whole = [gap for gap in gaps if gap.line is None]
        lines = sorted((gap for gap in gaps if gap.line is not None), key=lambda gap: gap.line or 0)
        most = len(lines) if verbose else _LINES_TOLD
        for gap in (*whole, *lines[:most]):
            place = source if gap.line is None else f"{source}, line {gap.line}"
            yield prose(f"{place}: {local.text(gap.what)}"), prose(gap.hint)
        if lines[most:]:
            yield f"{source}: {len(lines) - most} more lines", ""


def unjudged(judged: Judged) -> list[str]:
    """Return what is judged by nothing, a sentence each, for every reader to see.

    That is what was promised before, or by a text that nobody can read, sources that no commitment rests on, and what
    lies at the others beside backups. Of names that are no candidates those are among it that nothing accounts for and
    that are newer than every backup read there: markers and checksums beside backups are such names every night.
    """
    sources, local = judged.sources, of_service(judged)
    told = [
        f"{one.id} ({one.kind}) is not in the policy any more: the run as of "
        f"{local.instant(one.judged_until)} found it {one.status or 'not owed yet'}"
        for one in judged.dropped
    ]
    told += [
        f"what was promised from {local.instant(start)} to {local.instant(end)} is unknown: this version of drcheck "
        "cannot read the policy's text of then; what began then is judged by its other texts"
        for start, end in judged.unreadable
    ]
    unused = words.several(list(judged.unused), at_most=_SETS_TOLD)
    if unused:
        told.append(f"nobody looked at {unused}: no commitment rests on {'it' if len(judged.unused) == 1 else 'them'}")
    told += [sentence for source in sources for sentence in source.unplaced[:_NAMES_TOLD]]
    told += [
        f"{source.name}: {words.counted(more, 'more record')} of what the policy does not have"
        for source in sources
        if (more := len(source.unplaced) - _NAMES_TOLD) > 0
    ]
    listed = [
        f"{source.name} also holds {words.several(sorted(source.unlisted), at_most=_SETS_TOLD)}, "
        "which the policy does not list"
        for source in sources
        if source.unlisted
    ]
    return [*told, *listed, *(sentence for source in sources if (sentence := _unmatched(source)))]


def _unmatched(source: SourceSeen) -> str:
    newer = [unread.name for unread in source.unmatched if unread.newer]
    if not newer:
        return ""
    names = words.several(newer, at_most=_NAMES_TOLD)
    if source.ever_matched:
        it = "it" if len(newer) == 1 else "them"
        return f"{source.name} holds {names}, newer than everything read there as a backup, and no template reads {it}"
    return (
        f"{source.name} holds {names}, and no name there was ever read as a backup: `name` on {source.name} fits none; "
        f"drcheck try {source.place} proposes what would"
    )
