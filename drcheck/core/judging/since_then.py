"""What a period's verdict rests on that is not as it was then: what came late, and what went, was re-dated or healed.

Whoever judges a quarter in the quarter after it finds other things in the buckets than its nights did. Each of them is
named, with the looks between which it happened.
"""

from __future__ import annotations

from bisect import bisect_left, bisect_right
from collections.abc import Iterator, Mapping
from collections.abc import Set as AbstractSet
from datetime import tzinfo
from functools import cache, lru_cache
from itertools import chain
from operator import attrgetter
from typing import Final
from zoneinfo import ZoneInfo

from msgspec.structs import replace

from drcheck.core import integer_columns, words
from drcheck.core.evaluation.by_slot import BySlot, Ruler
from drcheck.core.history.log_lines import appeared, times
from drcheck.core.history.looks import Looks
from drcheck.core.history.part import Part
from drcheck.core.judging.sources import SourceEvidence
from drcheck.core.model import grace, lateness
from drcheck.core.model.commitments import Commitment
from drcheck.core.model.evidence import FOREVER, LONG_AGO
from drcheck.core.model.log_records import Log
from drcheck.core.model.points import Points
from drcheck.core.model.policy import Policy, Source
from drcheck.core.model.since_then import LaterChange, LaterEvent
from drcheck.core.model.slots import Per
from drcheck.core.model.verdict import Window
from drcheck.core.time import calendar

_ORDER: Final = {what: number for number, what in enumerate(LaterEvent)}
_NEXT: Final = 3
"""How many complete looks after a gap are asked whether they asked as far back as it did."""

Backup = tuple[str, str, int]
"""Source, data set and row of a backup."""


def changes(
    policy: Policy, evidence: Mapping[str, SourceEvidence], window: Window
) -> Mapping[str, tuple[LaterChange, ...]]:
    """Return what of all that each commitment rests on is not as it was in ``window``, by its id, the gravest first."""
    early = deleted_early(policy, evidence, window)

    @cache
    def of_source(name: str) -> list[LaterChange]:
        if (seen := evidence.get(name)) is None:
            return []
        found: list[LaterChange] = []
        for of, part in seen.parts.items():
            found += _backups(policy.sources[name], of, part, window, early)
        if seen.log is not None:
            found += _lines(name, seen.log, window)
        return [*found, *_healed(name, seen.looks, window)]

    def of_commitment(commitment: Commitment) -> tuple[LaterChange, ...]:
        found = chain.from_iterable(map(of_source, commitment.evidence))
        return tuple(sorted(found, key=lambda one: _ORDER[one.what]))  # stable: in order of data within each

    return {commitment.id: of_commitment(commitment) for commitment in policy.commitments}


def deleted_early(policy: Policy, evidence: Mapping[str, SourceEvidence], window: Window) -> set[Backup]:
    """Return the backups that went before the time was over for which a commitment keeps a backup of their slot.

    Of tiers nobody can say so: what a newer slot pushed out of one was owed no more. Nor of a slot that goes on beyond
    the period: what came later may keep it.
    """
    found: set[Backup] = set()
    for promise in policy.commitments:
        if (kept := promise.kept()) is None:
            continue
        per, keep = kept
        zone = ZoneInfo(promise.zone or policy.timezone)
        ruler = _over(per, zone, window.start - keep, window.end)
        effective = policy.agreement.effective or LONG_AGO
        parts: dict[str, list[Part]] = {}
        for name in promise.evidence:
            for of, part in evidence[name].parts.items() if name in evidence else ():
                parts.setdefault(of, []).append(replace(part, points=_points(part)))
        for its in parts.values():
            if all(integer_columns.alike(part.points.gone_hi, FOREVER) for part in its):
                continue  # nothing went
            by_slot = BySlot(its, ruler)
            for index, slot in enumerate(ruler.slots):
                if slot.start >= effective and by_slot.all_gone_by(index, slot.start + keep):
                    found.update((points.source, points.of, row) for points, row in by_slot.begun_in(index))
    return found


@lru_cache(maxsize=16)
def _over(per: Per, zone: tzinfo, start: int, end: int) -> Ruler:
    """Return the slots from ``start`` on that end by ``end``: the same for all services of an estate."""
    return Ruler([slot for slot in calendar.slots(per, zone, start, end) if slot.end <= end])


def _points(part: Part) -> Points:
    """Return what is known of a source's share, with what was re-dated after the period."""
    return part.points if part.copied_since is None else part.copied_since


def _backups(source: Source, of: str, part: Part, window: Window, early: AbstractSet[Backup]) -> Iterator[LaterChange]:
    points = _points(part)
    looks = [begin for begin, _ in part.absence.complete]
    usual = grace.of_sources([source])
    within = looks[: bisect_left(looks, window.end)]
    known = within[-1] if within else LONG_AGO
    # The others, which are most, were seen within the window, and are as they were.
    changed = points.second_of.keys() | points.rewritten.keys()
    changed |= {*integer_columns.rows_above(points.available_hi, known)}
    if not integer_columns.alike(points.gone_hi, FOREVER):
        changed |= {row for row, gone in enumerate(points.gone_hi) if window.start < gone < FOREVER}
    for row in sorted(changed):
        data, arrived, gone = points.data_lo[row], points.available_lo[row], points.gone_hi[row]
        is_of_period = points.data_hi[row] >= window.start and data < window.end
        if not is_of_period and not (arrived < window.end and gone > window.start):
            continue
        name = points.name[row]
        if window.start < gone < FOREVER:
            what = LaterEvent.DELETED_EARLY if (source.name, of, row) in early else LaterEvent.GONE
            told = "overwritten" if row in points.overwritten else ""
            yield LaterChange(
                what, source.name, of, name, data, last_seen=points.gone_lo[row] - 1, first_missed=gone, told=told
            )
        first = bisect_left(looks, points.available_hi[row])
        seen = looks[first] if first < len(looks) else None
        before = looks[first - 1] if first else None
        if row in points.second_of and (seen is None or seen > window.start):
            told = f"the same content as {points.second_of[row]} of {words.instant(data)}"
            yield LaterChange(
                LaterEvent.RE_DATED, source.name, of, name, data, not_yet_at=before, first_seen=seen, told=told
            )
        elif is_of_period and seen is not None and seen >= window.end:
            late = arrived > lateness.due(points.data_hi[row], usual)
            what = LaterEvent.LATE_BACKUP if late else LaterEvent.SEEN_SINCE
            yield LaterChange(what, source.name, of, name, data, not_yet_at=before, first_seen=seen)
        for last_seen, again in points.rewritten.get(row, ()):
            if again > window.start:
                told = "the same content was written anew; the earliest time counts"
                yield LaterChange(
                    LaterEvent.RE_DATED, source.name, of, name, data, last_seen=last_seen, first_seen=again, told=told
                )


def _lines(name: str, log: Log, window: Window) -> Iterator[LaterChange]:
    if not log.looks:
        return
    for line, instant in sorted(times(log)):
        if not window.start <= instant < window.end:
            continue
        known = appeared(log.looks, line)
        if known.lo < instant and known.hi < window.end:
            continue
        what = LaterEvent.LATE_LINE if known.lo >= instant else LaterEvent.SEEN_SINCE
        not_yet = None if known.lo == LONG_AGO else known.lo
        yield LaterChange(what, name, "", f"line {line}", instant, not_yet_at=not_yet, first_seen=known.hi)


def _healed(name: str, looks: Looks, window: Window) -> Iterator[LaterChange]:
    if looks.all_complete:
        return
    in_order = sorted(looks, key=attrgetter("begin"))
    whole = [look for look in in_order if look.complete]
    for look in in_order[bisect_left(in_order, window.start, key=attrgetter("begin")) :]:
        if look.begin >= window.end:
            return
        if look.complete:
            continue
        after = bisect_right(whole, look.begin, key=attrgetter("begin"))
        healing = next((one for one in whole[after : after + _NEXT] if one.asked_from <= look.asked_from), None)
        if healing is not None:
            # Why it did not see everything stands in its entry, and in no snapshot.
            yield LaterChange(LaterEvent.HEALED, name, not_yet_at=look.begin, first_seen=healing.begin)
