"""``drcheck drill``: restore for real, and keep what came of it."""

from __future__ import annotations

import argparse

from drcheck.cli import drill_due, drill_records, drill_run


def add(subparsers: argparse._SubParsersAction[argparse.ArgumentParser]) -> None:
    """Add the verb to the command line."""
    parser = subparsers.add_parser("drill", help="restore for real, against the clock, and keep what came of it")
    verbs = parser.add_subparsers(title="verbs", metavar="VERB", required=True)
    drill_run.add(verbs)
    drill_due.add(verbs)
    drill_records.add(verbs)
