"""``immutability`` in policies: its keys, and locks that outlast what is kept."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final

from drcheck.core.kinds.immutability import Immutability
from drcheck.core.model.commitments import LockMode
from drcheck.core.model.policy import NEVER
from drcheck.core.words import duration
from drcheck.policyfile.kind_language import Language, of_type
from drcheck.policyfile.lint_context import Context, Remark


def _lint(context: Context, commitment: Immutability) -> Iterator[Remark]:
    """Warn of locks that outlast what the source is said to keep."""
    for source in context.points(commitment):
        kept = source.thinned_after
        if kept is not None and kept != NEVER and kept < commitment.at_least:
            yield context.remark(
                "lock-outlasts-source",
                ("commitments", commitment.id, "at_least"),
                f"{source.name} may be pruned after {duration(kept)}, which nothing that is locked for "
                f"{duration(commitment.at_least)} can be (correct its thinned_after, or keep backups longer)",
            )


LANGUAGE: Final = Language(
    Immutability,
    description="No backup can be deleted before that long after it was made.",
    required=["at_least"],
    keys={
        "at_least": of_type("duration", "How long it must be locked.", "14d"),
        "mode": {
            "type": "string",
            "enum": ["compliance", "any"],
            "default": "any",
            "description": "Whether a lock that somebody may lift counts.",
            "examples": ["compliance"],
        },
    },
    lint=_lint,
    values={"mode": LockMode},
    stands=lambda promise: (promise.at_least, "for which nothing can be deleted"),
)
