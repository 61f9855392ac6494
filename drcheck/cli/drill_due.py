"""``drcheck drill due``: which restores must be tested next, by when, and why."""

from __future__ import annotations

import argparse
import sys
from typing import Final

from drcheck.cli import options

EXIT_OVERDUE: Final = 1
EXIT_UNKNOWN: Final = 3

_DESCRIPTION: Final = """\
Say which restores must be tested next, over all services, most pressing
first: what is overdue, what nobody knows to be proven, what lapses soonest; of
equals the strictest promise, then the oldest proof. Copies that nothing was
ever restored from come last, where no promise asks for them, and first among
those to restore from, where one does. Each line says why.

It answers from the ledger alone, with the drills that it was told of since the
last run.
"""
_EPILOG: Final = """\
examples:
  drcheck drill due
  drcheck drill due webshop
  drcheck drill due --format json

exit status:
  0  no test is overdue, and no promise unproven
  1  at least one test is overdue: a promise is breached until one passes
  3  none is overdue, but of at least one promise it is not known whether it is
     kept, or a policy is invalid or was never judged
  2  wrong usage or configuration, or nothing was ever judged
"""


def add(verbs: argparse._SubParsersAction[argparse.ArgumentParser]) -> None:
    """Add it to the verbs of ``drcheck drill``."""
    parser = verbs.add_parser(
        "due",
        help="what must be tested next, and by when",
        description=_DESCRIPTION,
        epilog=_EPILOG,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    parser.add_argument("service", nargs="?", default="", metavar="SERVICE", help="default: all services")
    options.console_or_json(parser)
    options.config(parser)
    parser.set_defaults(run=run)


def run(arguments: argparse.Namespace) -> int:
    """Do it, and return the exit status."""
    # Imported here, so that --help answers at once.
    from drcheck.app.drill_due import overview
    from drcheck.cli.output import write_whole
    from drcheck.core.restoring.due_tests import Urgency
    from drcheck.policyfile.config import load_settings
    from drcheck.reports.console.terminal import screen
    from drcheck.reports.drills import due

    found = overview(load_settings(arguments.config), arguments.service)
    write_whole(due.as_json(found) if arguments.format == "json" else due.render(found, screen(sys.stdout)), None)
    urgencies = {one.due.urgency for one in found.tests}
    if Urgency.OVERDUE in urgencies:
        return EXIT_OVERDUE
    return EXIT_UNKNOWN if Urgency.UNPROVEN in urgencies or found.unjudged or found.invalid else 0
