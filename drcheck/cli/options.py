"""Options that several verbs have, each described once."""

from __future__ import annotations

import argparse


def config(parser: argparse.ArgumentParser) -> None:
    """Add ``--config``."""
    parser.add_argument("--config", metavar="FILE", help="the runner's configuration (default: drcheck.yaml here)")


def console_or_json(parser: argparse.ArgumentParser) -> None:
    """Add ``--format``, of what is shown on a terminal or to programs."""
    parser.add_argument("--format", choices=("console", "json"), default="console", help="default: console")
