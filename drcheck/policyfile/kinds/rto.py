"""``rto`` in policies: its keys, and scenarios that nothing can prove."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final

from drcheck.core.evaluation.recovery_time import CountsFrom, Until
from drcheck.core.kinds.rto import Rto
from drcheck.core.model.readers import Tells
from drcheck.policyfile.kind_language import Language, of_type
from drcheck.policyfile.lint_context import Context, Remark


def _lint(context: Context, commitment: Rto) -> Iterator[Remark]:
    """Warn of an objective that no test can prove."""
    path = ("commitments", commitment.id, "scenario")
    lost = context.policy.lost_sites(commitment.scenario)
    if not lost:
        return
    points = [source for source in context.policy.sources.values() if source.tells(Tells.POINTS)]
    if not any(context.survives(source, commitment.scenario) for source in points):
        yield context.remark(
            "rto-unprovable",
            path,
            f"nothing can prove it: no source of backups in this policy survives {commitment.scenario}, and only "
            "a restore from one that does is a proof (add such a source, with its site)",
        )
    if lost >= set(context.policy.sites):
        yield context.remark(
            "rto-unprovable",
            path,
            f"nothing can prove it: {commitment.scenario} takes every site, so that none is left to restore to "
            "(add the site that is restored to)",
        )


LANGUAGE: Final = Language(
    Rto,
    description="The recovery that decides took at most `at_most`, and its proof has not lapsed.",
    required=["at_most"],
    keys={
        "at_most": of_type("duration", "The longest that a recovery may take.", "240m"),
        "counts_from": {
            "type": "string",
            "enum": ["disruption", "declaration", "restore_start"],
            "default": "disruption",
            "description": "Where its clock starts.",
            "examples": ["disruption"],
        },
        "until": {
            "type": "string",
            "enum": ["restored", "validated"],
            "default": "validated",
            "description": "Where its clock stops.",
            "examples": ["validated"],
        },
        "not_counted": {
            "type": "array",
            "description": "Names of the phases, as restore logs name them, that do not count.",
            "examples": [["dns-propagation"]],
            "uniqueItems": True,
            "items": of_type("text", "A phase.", "dns-propagation"),
        },
        "proven_within": of_type(
            "duration", "How long a passed test proves it. Default: 365d.", "180d", default="365d"
        ),
    },
    lint=_lint,
    values={"counts_from": CountsFrom, "until": Until, "not_counted": frozenset},
)
