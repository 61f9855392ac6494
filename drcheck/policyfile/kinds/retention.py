"""``retention`` in policies: its keys, tiers, and promises that need backups for longer."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import suppress
from typing import Any, Final

from drcheck.core.kinds.retention.commitment import Retention
from drcheck.core.model.slots import Per, Use, counted_by
from drcheck.core.words import duration
from drcheck.errors import DrcheckError
from drcheck.policyfile import units
from drcheck.policyfile.check_commitments import slot_length, slots
from drcheck.policyfile.check_faults import one_of
from drcheck.policyfile.kind_language import Language, needed_to_stand, of_type
from drcheck.policyfile.lint_context import Context, Remark
from drcheck.policyfile.written_commitments import Written
from drcheck.policyfile.yaml_nodes import MappingNode, Problem, Scalar

_TIERS: Final = {per.shape.adverb: per for per in counted_by(Use.BACKUPS)}
_EXAMPLES: Final = {Per.HOUR: 48, Per.DAY: 30}
_EXAMPLE: Final = 12
"""Of any other tier."""


def _tier(per: Per) -> dict[str, Any]:
    return {
        "type": "integer",
        "minimum": 1,
        "maximum": 1000000,
        "description": f"How many of the newest {per}s that hold a backup.",
        "examples": [_EXAMPLES.get(per, _EXAMPLE)],
    }


def _read(keep: Any = None, **keys: Any) -> Retention:
    """Return what is kept: for so many seconds, or so many slots in each tier."""
    if isinstance(keep, dict):
        return Retention(**keys, tiers={_TIERS[tier]: count for tier, count in keep.items()})
    return Retention(**keys, keep=keep)


def _check(written: Written) -> Iterator[Problem]:
    commitment, at = written.commitment, written.at
    yield from one_of(commitment, written.key, at, ("keep", "at_most"))
    keep = commitment.value("keep")
    per = commitment.scalar("per")
    if isinstance(keep, MappingNode) and per is not None:
        yield Problem(commitment.entries["per"].key, f"{at}.per: tiers name their own slots (leave per out)")
    yield from slots(written, ("keep", "grace"), per="day")
    if not isinstance(keep, Scalar):
        return
    with suppress(DrcheckError):
        kept = units.duration(keep.text)
        slot = per.text if per is not None else "day"
        least = 2 * slot_length(slot)
        if kept < least:
            yield Problem(
                keep.mark,
                f"{at}.keep: {keep.text} is shorter than two slots of a {slot}, so that no slot may be owed "
                f"(at least {least // 3600}h, or a smaller per)",
            )
        if kept > units.duration(commitment.text("at_most")):
            yield Problem(keep.mark, f"{at}.keep: what is kept that long is older than at_most allows (check both)")


def _lint(context: Context, commitment: Retention) -> Iterator[Remark]:
    """Warn where backups may be gone before another commitment is done with them."""
    shortest, key = min(
        ((limit, key) for limit, key in ((commitment.keep, "keep"), (commitment.at_most, "at_most")) if limit),
        default=(None, "keep"),
    )
    if shortest is None:
        return
    for other, need, why in needed_to_stand(context.policy):
        if other.id == commitment.id or not set(other.evidence) & set(commitment.evidence) or need <= shortest:
            continue
        if isinstance(other, Retention) and commitment.at_most is None:
            continue  # two promises to keep do not contradict each other
        yield context.remark(
            "retention-too-short",
            ("commitments", commitment.id, key),
            f"{duration(shortest)} is shorter than the {duration(need)} of {other.id}, {why} (keep them longer)",
        )


def _stands(promise: Retention) -> tuple[int, str] | None:
    return None if promise.keep is None else (promise.keep, "for which backups are kept")


LANGUAGE: Final = Language(
    Retention,
    description=(
        "What is owed is still there and restorable; nothing is older than `at_most`. At least "
        "one of `keep` and `at_most`."
    ),
    required=[],
    keys={
        "of_kind": of_type("backup_kind", "Only backups of this kind count. Default: those of any kind.", "full"),
        "keep": {
            "type": ["string", "object"],
            "description": (
                "How long every slot's backup is kept, or tiers: how many of the newest "
                f"{', '.join([*_TIERS][:-1])} and {[*_TIERS][-1]} ones."
            ),
            "examples": ["90d", {"daily": 30, "weekly": 12, "monthly": 12}],
            "if": {"type": "object"},
            "then": {
                "type": "object",
                "title": "tiers",
                "additionalProperties": False,
                "minProperties": 1,
                "properties": {tier: _tier(per) for tier, per in _TIERS.items()},
            },
            "else": {"$ref": "#/$defs/duration"},
        },
        "per": of_type(
            "per",
            "The slot of which one backup is kept, with a duration in `keep`. Default: day.",
            "day",
            default="day",
        ),
        "at_most": of_type("duration", "Nothing may be older.", "400d"),
        "grace": of_type(
            "tolerance",
            (
                "How late deletion may run, and for `keep` how late a slot may be filled; `0m` is none. "
                "Default: 2d for `at_most`, else as for a frequency."
            ),
            "2d",
        ),
    },
    read=_read,
    check=_check,
    lint=_lint,
    stands=_stands,
)
