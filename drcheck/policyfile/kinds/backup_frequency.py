"""``backup_frequency`` in policies: its keys, and plans that cannot keep it or barely fill its slots."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final

from drcheck.core.kinds.backup_frequency.commitment import Frequency
from drcheck.core.kinds.rpo import Rpo
from drcheck.core.model import grace, lateness
from drcheck.core.model.slots import Per
from drcheck.core.time import calendar
from drcheck.core.time.calendar import DAY, ticks
from drcheck.core.words import duration, several
from drcheck.policyfile import lint_schedules
from drcheck.policyfile.check_commitments import slots
from drcheck.policyfile.check_faults import one_of
from drcheck.policyfile.kind_language import Language, of_type
from drcheck.policyfile.lint_context import Context, Level, Remark
from drcheck.policyfile.lint_schedules import CRON_HINT
from drcheck.policyfile.written_commitments import Written
from drcheck.policyfile.yaml_nodes import Problem


def _check(written: Written) -> Iterator[Problem]:
    yield from one_of(written.commitment, written.key, written.at, ("every", "per", "schedule"), exactly=True)
    yield from slots(written, ("grace",))


def _lint(context: Context, commitment: Frequency) -> Iterator[Remark]:
    """Warn of plans that cannot keep a promised frequency, and of slots that they barely fill."""
    if commitment.every is not None:
        yield from _every(context, commitment, commitment.every)
    elif commitment.per is not None:
        yield from _slot_edges(context, commitment, commitment.per)
    else:
        lost = lint_schedules.lost_starts(commitment.schedule, context.zone_of(commitment), context.as_of)
        if lost:
            path = ("commitments", commitment.id, "schedule")
            yield context.remark("cron-dst", path, f"{lost} ({CRON_HINT})")


def _every(context: Context, commitment: Frequency, every: int) -> Iterator[Remark]:
    """Warn of plans that cannot keep ``every``, above all of daily ones on a day of 25 hours."""
    path = ("commitments", commitment.id, "every")
    holds = grace.of_commitment(context.policy, commitment)
    longest = lateness.longest_interval(every, holds)
    for of, sources in context.populations(commitment):
        loss = lint_schedules.worst_loss(sources, context.zone, context.as_of)
        if loss is None or loss.changed <= longest:
            continue
        names = several([source.name for source in sources if source.planned])
        if loss.usual <= longest:
            yield context.remark(
                "every-on-long-day",
                path,
                f"the plan of {names} breaks it on the day of 25 hours when clocks go back "
                f"({'per: day' if every % DAY == 0 else 'a calendar slot'} counts calendar slots instead)",
            )
        else:
            yield context.remark(
                "every-below-plan",
                path,
                f"{duration(every)} with {duration(holds)} grace cannot be kept: by the plan of {names} the newest "
                f"data of {of} gets {duration(loss.usual)} old (start more often)",
            )


def _slot_edges(context: Context, commitment: Frequency, per: Per) -> Iterator[Remark]:
    """Warn of slots that are only filled if a backup near their edge carries a time on the right side of it.

    A backup that is stamped at its stop, now at 23:55 and now at 00:05, misses every second day. What lies
    shortly after an edge matters for days and longer: every hourly plan lies near an hour's edge.
    """
    zone = context.zone_of(commitment)
    sample = calendar.slots(per, zone, context.as_of, context.as_of + per.shape.sample)[1:-1]
    for source in context.points(commitment):
        if not source.planned or not source.max_duration:
            continue
        for slot in sample:
            starts = ticks(source.planned, context.zone, slot.start, slot.end)
            sure = [
                start
                for start in starts
                if slot.end - start >= source.max_duration
                and (per is Per.HOUR or start - slot.start >= source.max_duration)
            ]
            if len(sure) < commitment.at_least <= len(starts):
                yield context.remark(
                    "slot-edge",
                    ("sources", source.name, "planned"),
                    f"starts lie within max_duration, {duration(source.max_duration)}, of the edge of a {per} "
                    f"that {commitment.id} counts: a time off by that much is another {per}'s "
                    f"(plan them further inside the {per})",
                )
                break


def _explain(context: Context, commitment: Frequency) -> Iterator[Remark]:
    """Tell what a promised number of backups bounds the loss at, where no objective is promised."""
    objectives = [other for other in context.policy.commitments if isinstance(other, Rpo)]
    covered = any(set(other.evidence) & set(commitment.evidence) for other in objectives)
    if commitment.per is not None and commitment.at_least == 1 and not covered:
        yield context.remark(
            "frequency-alone",
            ("commitments", commitment.id, "per"),
            f"one backup a {commitment.per} bounds the worst loss at nearly two {commitment.per}s plus the "
            f"backup's own duration, as the backups of two {commitment.per}s can lie almost two {commitment.per}s "
            "apart; no RPO is promised for this data, and none is judged",
            Level.NOTE,
        )


def _stands(promise: Frequency) -> tuple[int, str] | None:
    return None if promise.every is None else (promise.every, "after which the next one may come")


LANGUAGE: Final = Language(
    Frequency,
    description=(
        "Backups are made often enough: exactly one of `every`, `at_least` with `per`, and "
        "`schedule`. Slots are counted, not objects."
    ),
    required=[],
    keys={
        "of_kind": of_type("backup_kind", "Only backups of this kind count. Default: those of any kind.", "full"),
        "every": of_type("duration", "The longest time between two backups.", "24h"),
        "at_least": {
            "type": "integer",
            "minimum": 1,
            "maximum": 1000000,
            "default": 1,
            "description": "How many each slot of `per` must hold.",
            "examples": [1],
        },
        "per": of_type("per", "The calendar slot.", "day"),
        "schedule": of_type("cron", "The starts that were promised; each one's slot runs to the next.", "0 3 * * *"),
        "grace": of_type(
            "tolerance",
            (
                "How much later than due is still in time; `0m` is none. Default: the sources' longest "
                "max_duration, or 1h."
            ),
            "1h",
        ),
    },
    needs_beside={"at_least": ["per"]},
    check=_check,
    lint=_lint,
    explain=_explain,
    stands=_stands,
)
