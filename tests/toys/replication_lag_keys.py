"""The toy kind in policies: its keys, what may be wrong with them, and lint."""

from __future__ import annotations

from drcheck.policyfile.kind_language import Language, of_type
from drcheck.policyfile.lint_context import Level
from drcheck.policyfile.yaml_nodes import Problem
from tests.toys.replication_lag import ReplicationLag


def _check(written):
    if written.commitment.text("at_most") == "1s":
        yield Problem(written.key, f"{written.at}.at_most: light is not that fast (write at least 2s)")


def _lint(context, commitment):
    path = ("commitments", commitment.id, "at_most")
    yield context.remark("lag", path, f"{commitment.at_most} s are a guess", Level.NOTE)


LANGUAGE = Language(
    ReplicationLag,
    description="The newest data at every source is never older than `at_most`.",
    required=["at_most"],
    keys={"at_most": of_type("duration", "How old it may be.", "15m")},
    check=_check,
    lint=_lint,
)
