"""``rpo`` in policies: its keys, and plans that cannot keep it."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final

from drcheck.core.kinds.rpo import Rpo
from drcheck.core.words import duration, several
from drcheck.policyfile import lint_schedules
from drcheck.policyfile.kind_language import Language, of_type
from drcheck.policyfile.lint_context import Context, Remark


def _lint(context: Context, commitment: Rpo) -> Iterator[Remark]:
    """Warn of an objective below the interval of the planned backups and their duration."""
    for of, sources in context.populations(commitment):
        loss = lint_schedules.worst_loss(sources, context.zone, context.as_of)
        if loss is None or loss.changed <= commitment.at_most:
            continue
        planned = [source for source in sources if source.planned]
        names = several([source.name for source in planned])
        undated = "" if all(source.max_duration for source in planned) else ", without a max_duration stated"
        when = "" if loss.usual > commitment.at_most else " where clocks change"
        yield context.remark(
            "rpo-below-plan",
            ("commitments", commitment.id, "at_most"),
            f"{duration(commitment.at_most)} cannot be kept{when}: interval and duration of {names} let up to "
            f"{duration(loss.changed)} of {of} be lost{undated} (start more often, or shorten backups)",
        )


LANGUAGE: Final = Language(
    Rpo,
    description=(
        "The newest data that could be restored, from a copy that survives the scenario, is never older than `at_most`."
    ),
    required=["at_most"],
    keys={
        "at_most": of_type("duration", "The most recent time whose data may be lost.", "60m"),
        "also": {
            "type": "array",
            "description": "Figures reported beside it, not judged.",
            "examples": [["120m"]],
            "items": of_type("duration", "A figure.", "120m"),
        },
    },
    lint=_lint,
    stands=lambda promise: (promise.at_most, "in which a backup may be the newest one"),
)
