"""On how many looks a verdict rests: a single one shows what stood at one time, and what was written down by then."""

from __future__ import annotations

from collections.abc import Collection

from drcheck.core import words
from drcheck.core.model.verdict import Verdict


def of_commitment(verdict: Verdict) -> str:
    """Return on how many looks it rests; empty: that was not counted."""
    if verdict.rests_on is None:
        return ""
    if not verdict.rests_on:
        return "It rests on no complete look of the period."
    return f"It rests on {words.counted(verdict.rests_on, 'complete look')} of the period."


def of_all(verdicts: Collection[Verdict]) -> str:
    """Return how many verdicts rest on a single look, or on none, and what that means; empty: none does."""
    counted = [verdict.rests_on for verdict in verdicts if verdict.rests_on is not None]
    single, none = counted.count(1), counted.count(0)
    if not single and not none:
        return ""
    of = f"of {words.counted(len(verdicts), 'verdict')}"
    told = [f"{single} {of} {'rests' if single == 1 else 'rest'} on a single look of the period"] if single else []
    told += [f"{none}{'' if single else f' {of} rest'} on none"] if none else []
    return (
        f"{' and '.join(told)}: what the whole period is said to have been follows from what stood, and from what was "
        "written down, at that one time."
    )
