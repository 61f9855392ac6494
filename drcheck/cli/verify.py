"""``drcheck verify``: look at every source, judge every commitment, record it, show it."""

from __future__ import annotations

import argparse

from drcheck.errors import DrcheckError, UsageError

_DESCRIPTION = """\
Look at every source that the policies name, judge every commitment over the
window, record looks and verdicts in the ledger, and show the verdicts. Without
POLICY, the policies that drcheck.yaml names are judged.
"""

_EPILOG = """\
examples:
  drcheck verify                           the nightly run
  drcheck verify policies/webshop.yaml -v  one service, with all its evidence
  drcheck verify --as-of 2026-11-01        as it stood then, by all seen since
  drcheck verify --window 90d --format json --output report.json

exit status: 0 all met or waived, 1 a breach, 3 an unknown or a policy that is
invalid or gone, 2 wrong usage, 4 another run holds the ledger; with 2 and 4
nothing was judged
"""


def add(verbs: argparse._SubParsersAction[argparse.ArgumentParser]) -> None:
    """Add the verb to the command line."""
    parser = verbs.add_parser(
        "verify",
        help="look, judge, record, and show",
        description=_DESCRIPTION,
        epilog=_EPILOG,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    parser.add_argument("policies", nargs="*", metavar="POLICY", help="a policy file, or a directory of them")
    parser.add_argument("--config", metavar="FILE", help="the runner's configuration (default: drcheck.yaml here)")
    parser.add_argument("--as-of", metavar="INSTANT", help="judge this instant, as 2026-11-01T00:00:00Z (default: now)")
    parser.add_argument("--window", metavar="DURATION", default="30d", help="judge this long before it (default: 30d)")
    parser.add_argument("--format", choices=("console", "json"), default="console", help="default: console")
    parser.add_argument("--output", metavar="FILE", help="write the report there, whole or not at all")
    amount = parser.add_mutually_exclusive_group()
    amount.add_argument(
        "-q", "--quiet", action="store_true", help="console: only what is not met or was corrected, and the summary"
    )
    amount.add_argument("-v", "--verbose", action="store_true", help="all evidence, and tracebacks of clients")
    parser.set_defaults(run=run)


def run(arguments: argparse.Namespace) -> int:
    """Do it, and return the exit status."""
    # Imported here, so that --help answers at once.
    from datetime import UTC

    from drcheck import run as runner
    from drcheck.cli.output import OutputError, check_writable, say, tell, write_whole
    from drcheck.policyfile import units
    from drcheck.policyfile.config import load_settings
    from drcheck.reports import console, json, progress
    from drcheck.reports.text import printable

    try:
        as_of = None if arguments.as_of is None else units.instant(arguments.as_of, UTC)
        span = units.duration(arguments.window)
    except DrcheckError as error:
        raise UsageError(f"--as-of or --window: {error.message}", error.hint) from error
    check_writable(arguments.output)
    settings = load_settings(arguments.config)
    outcome = runner.verify(settings, arguments.policies, as_of=as_of, span=span, progress=progress.awaiting)
    if arguments.verbose:
        for line in "\n".join(outcome.tracebacks).splitlines():
            tell(printable(line))
    if arguments.format == "json":
        rendered = json.render(outcome.report)
    else:
        rendered = console.render(
            outcome.report,
            quiet=arguments.quiet,
            verbose=arguments.verbose,
            terminal=arguments.output is None,
            config=arguments.config or "",
        )
    status = outcome.exit_status
    try:
        write_whole(rendered, arguments.output)
    except OutputError as error:
        say(error)  # a breach is one even where its report found no room, and what is met is met
    except KeyboardInterrupt:
        tell("\ndrcheck: interrupted while the report was written; the verdicts are in the ledger")
    return status
