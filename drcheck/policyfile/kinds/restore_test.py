"""``restore_test`` in policies: its keys, and what business days are."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final

from drcheck.core.kinds.restore_test import RestoreTest
from drcheck.core.model.commitments import Outside
from drcheck.policyfile.check_faults import one_of
from drcheck.policyfile.kind_language import Language, of_type
from drcheck.policyfile.lint_context import Context, Remark
from drcheck.policyfile.written_commitments import Written
from drcheck.policyfile.yaml_nodes import Problem


def _check(written: Written) -> Iterator[Problem]:
    yield from one_of(written.commitment, written.key, written.at, ("every", "notice", "outside"))


def _explain(context: Context, promise: RestoreTest) -> Iterator[Remark]:
    return context.business_days(promise.id, [("notice", promise.notice)])


LANGUAGE: Final = Language(
    RestoreTest,
    description=(
        "Restore tests pass often enough, on that rung, announced in time. At least one of "
        "`every`, `notice` and `outside`."
    ),
    required=[],
    keys={
        "every": of_type("duration", "The longest time between two tests that passed.", "180d"),
        "notice": of_type("notice", "How long before it a test must be announced.", "20 business days", "48h"),
        "outside": of_type("outside", "What a test must stay out of.", "regular_maintenance"),
        "validation": of_type(
            "rung",
            "The rung of the ladder that a test must reach to count. Default: restored.",
            "restored",
            default="restored",
        ),
    },
    values={"outside": Outside},
    check=_check,
    explain=_explain,
)
