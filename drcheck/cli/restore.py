"""``drcheck restore``: which point to restore, from where, and what is known around it; it restores nothing."""

from __future__ import annotations

import argparse
from typing import Final

from drcheck.cli import options

EXIT_NOTHING: Final = 1
EXIT_UNKNOWN: Final = 3

_DESCRIPTION = """\
Say what to restore: for each data set of a service the newest recovery point
that counts and stands, where it lies, what it needs (the full that it builds
on, its key), which copies there are and what survives which disaster, when
such a backup was last restored and how long that took, and which promise
breaks next. What is newer and does not count is named with the reason.

It answers from the ledger alone, by what the looks until now have shown: it
looks at nothing, needs no network, and restores nothing. How old what it knows
is, it says. What is not known is said to be unknown.
"""

_EPILOG = """\
examples:
  drcheck restore webshop
  drcheck restore webshop --scenario datacentre   what survives the loss of it
  drcheck restore webshop --at 2026-11-20T14:00:00+01:00
                                   the state of then, before what went wrong
  drcheck restore webshop --format json

exit status:
  0  each data set has a point that counts, and stood at the newest look
  1  of at least one data set nothing can be restored
  3  of at least one it is not known whether something can be, and of none is
     it certain that nothing can
  2  wrong usage or configuration, or nothing was ever looked at
"""


def add(subparsers: argparse._SubParsersAction[argparse.ArgumentParser]) -> None:
    """Add the verb to the command line."""
    parser = subparsers.add_parser(
        "restore",
        help="say what to restore from where, out of the ledger alone",
        description=_DESCRIPTION,
        epilog=_EPILOG,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    parser.add_argument("service", metavar="SERVICE", help="the service to restore")
    parser.add_argument("--scenario", default="", metavar="ID", help="what has happened: sites are lost with it")
    parser.add_argument("--at", metavar="INSTANT", help="a date or an instant: the newest state of then or before")
    options.console_or_json(parser)
    options.config(parser)
    parser.set_defaults(run=run)


def run(arguments: argparse.Namespace) -> int:
    """Do it, and return the exit status."""
    # Imported here, so that --help answers at once.
    import sys

    from drcheck.app.restore import restore
    from drcheck.cli.output import write_whole
    from drcheck.core.restoring.answer import Usable
    from drcheck.policyfile.config import load_settings
    from drcheck.policyfile.question_times import moment

    at = options.value_of("--at", moment, arguments.at)
    answer, locations = restore(load_settings(arguments.config), arguments.service, arguments.scenario, at)
    if arguments.format == "json":
        from drcheck.reports.restore import json

        rendered = json.render(answer, locations)
    else:
        from drcheck.reports.console.terminal import screen
        from drcheck.reports.restore import console

        rendered = console.render(answer, locations, screen(sys.stdout))
    write_whole(rendered, None)
    return {Usable.YES: 0, Usable.UNKNOWN: EXIT_UNKNOWN, Usable.NO: EXIT_NOTHING}[answer.usable]
