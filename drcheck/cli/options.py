"""Options that several verbs have, each described once."""

from __future__ import annotations

import argparse
from collections.abc import Callable
from typing import TYPE_CHECKING, TypeVar

from drcheck.errors import DrcheckError, UsageError

if TYPE_CHECKING:
    from drcheck.policyfile.question_times import Period

T = TypeVar("T")


def config(parser: argparse.ArgumentParser) -> None:
    """Add ``--config``."""
    parser.add_argument("--config", metavar="FILE", help="the runner's configuration (default: drcheck.yaml here)")


def console_or_json(parser: argparse.ArgumentParser) -> None:
    """Add ``--format``, of what is shown on a terminal or to programs."""
    parser.add_argument("--format", choices=("console", "json"), default="console", help="default: console")


def value_of(option: str, read: Callable[[str], T], text: str | None) -> T | None:
    """Return what an option was given, read from its text; None: it was not given.

    Raises ``UsageError`` with the name of the option where ``read`` refuses the text.
    """
    try:
        return None if text is None else read(text)
    except DrcheckError as error:
        raise UsageError(f"{option}: {error.message}", error.hint) from error


def period_asked(arguments: argparse.Namespace) -> Period | None:
    """Return the period of ``--period``, or of ``--from`` and ``--to``; None: none was asked for.

    Raises ``UsageError`` where one of them is no time, or half of the pair is missing.
    """
    from drcheck.policyfile.question_times import Period, moment, period

    if (arguments.since is None) != (arguments.until is None):
        raise UsageError("--from and --to go together", "Write both: --from 2026-07-01 --to 2026-10-01.")
    start, end = value_of("--from", moment, arguments.since), value_of("--to", moment, arguments.until)
    if start is not None and end is not None:
        return Period(f"{arguments.since} to {arguments.until}", start, end)
    return value_of("--period", period, arguments.period)
