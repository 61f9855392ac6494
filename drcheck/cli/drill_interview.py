"""What ``drcheck drill record`` asks on the terminal of a restore that somebody did."""

from __future__ import annotations

import argparse
import sys
from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING, Final

from drcheck.errors import DrcheckError, UsageError

if TYPE_CHECKING:
    from zoneinfo import ZoneInfo

    from drcheck.core.model.policy import Policy

RUNGS: Final = (
    "listed", "complete", "checksummed", "structure_checked", "data_checked", "restored", "validated",
)  # fmt: skip
OUTCOMES: Final = ("passed", "failed", "aborted", "could-not-run")
NEEDED: Final = ("outcome", "started", "finished")
"""Options without which there is no record: on a terminal they are asked for."""


def ask(arguments: argparse.Namespace, policy: Policy, check_instant: Callable[[str, ZoneInfo], object]) -> None:
    """Ask on the terminal for what is not said yet, and set it in ``arguments``; a wrong answer is asked for again."""
    from zoneinfo import ZoneInfo

    zone = ZoneInfo(policy.timezone)

    def instant(text: str) -> None:
        check_instant(text, zone)

    def one_of(known: Sequence[str]) -> Callable[[str], None]:
        def check(text: str) -> None:
            if text not in known:
                raise UsageError(f"{text} is none of them", "")

        return check

    points = [name for name, source in policy.sources.items() if source.templates]
    several: tuple[tuple[str, str, Sequence[str], Callable[[str], None] | None], ...] = (
        ("outcome", "How did it end?", OUTCOMES, None),
        ("started", "When did it begin? (2026-11-28T08:00:00+01:00)", (), instant),
        ("finished", "When did it end?", (), instant),
        ("scenario", "Which disaster did it rehearse?", tuple(policy.scenarios), None),
        ("source", "Which source did it restore from?", points, None),
        ("point", "Which backup, by its name there?", (), None),
        ("site", "At which site did it restore?", tuple(policy.sites), None),
        ("validation", "How far was it validated?", RUNGS, None),
        ("validated", "When was it validated?", (), instant),
        ("why", "Why did it not pass?", (), None),
        ("operator", "Who held it?", (), None),
        ("reference", "Where is more of it kept?", (), None),
    )
    print(f"A restore of {policy.service}. What you do not know, leave empty.", file=sys.stderr)
    for key, question, known, check in several:
        passed = arguments.outcome == "passed"
        if getattr(arguments, key) or (key == "why" and passed) or (key in {"validation", "validated"} and not passed):
            continue
        if known or check or key in {"point", "why", "operator", "reference"}:
            answer = _answer(question, known, check or (one_of(known) if known else None), needed=key in NEEDED)
            setattr(
                arguments, key, ([answer] if answer else []) if key == "scenario" else answer or getattr(arguments, key)
            )


def _answer(question: str, known: Sequence[str], check: Callable[[str], None] | None, *, needed: bool) -> str:
    if known:
        question = f"{question} ({', '.join(known)})"
    while True:
        print(f"{question} ", end="", file=sys.stderr, flush=True)
        line = sys.stdin.readline()
        if not line:
            raise UsageError("the answers ended before everything was told", "Nothing was recorded.")
        if not (text := line.strip()) and not needed:
            return ""
        try:
            if not text:
                raise UsageError("without this there is no record", "")
            if check is not None:
                check(text)
        except DrcheckError as error:
            print(f"  {error.message}. {error.hint}".rstrip(), file=sys.stderr)
        else:
            return text
