"""``drcheck verify``: look at every source, judge every commitment, record it, show it."""

from __future__ import annotations

import argparse
from typing import TYPE_CHECKING

from drcheck.cli import options
from drcheck.errors import EXIT_FAULT, DrcheckError, OutputError, UsageError
from drcheck.registry import FORMATS, exit_status, renderer

if TYPE_CHECKING:
    from collections.abc import Iterator

    from drcheck.app.question import Question
    from drcheck.run_report import Report
    from drcheck.settings import Settings

_DESCRIPTION = """\
Look at every source that the policies name, judge every commitment over the
window, record looks and verdicts in the ledger, and show the verdicts. Without
POLICY, the policies that drcheck.yaml names are judged.
"""

_EPILOG = """\
examples:
  drcheck verify --quiet                   the nightly run: what matters
  drcheck verify policies/webshop.yaml -v  one service, with all its evidence
  drcheck verify --as-of 2026-11-01        as it stood then, by all seen since
  drcheck verify --offline --period 2026-Q3
                                           a quarter, by what the ledger knows
  drcheck verify --offline --from 2026-10-01 --to 2026-10-15T12:00:00Z
  drcheck verify --window 90d --format json --output report.json

exit status: 0 all met or waived, 1 a breach, 3 an unknown or a policy that is
invalid or gone, 2 wrong usage, 4 another run holds the ledger; with 2 and 4
nothing was judged. With --format nagios 0 OK, 1 WARNING (at risk), 2 CRITICAL
(a breach), 3 UNKNOWN (an unknown, or nothing was judged)
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
    options.config(parser)
    when = parser.add_argument_group(
        "when",
        "A bare date, month, quarter or year is the policy's own: it begins at\n"
        "midnight in the policy's zone. A run that asks for another time than now is\n"
        "a question: its looks are kept, its verdicts are not.",
    )
    when.add_argument("--as-of", metavar="INSTANT", help="judge this instant, as 2026-11-01T00:00:00Z (default: now)")
    when.add_argument(
        "--window", metavar="DURATION", help="judge this long before it, or since the last run (default: 30d)"
    )
    when.add_argument("--period", metavar="PERIOD", help="judge a day, month, quarter or year: 2026-09, 2026-Q3")
    when.add_argument("--from", dest="since", metavar="INSTANT", help="judge from here on, up to --to")
    when.add_argument("--to", dest="until", metavar="INSTANT", help="judge up to here, from --from on")
    parser.add_argument("--offline", action="store_true", help="judge by what the ledger knows, and look at nothing")
    parser.add_argument(
        "--fail-on",
        choices=("new", "now"),
        default="new",
        help="exit with 1 also for a breach that is over and that no recorded run has shown, or only for one at the "
        "instant judged (default: new)",
    )
    parser.add_argument(
        "--format",
        choices=(*FORMATS,),
        metavar="FORMAT",
        default=next(iter(FORMATS)),
        help=f"{', '.join(FORMATS)} (default: console)",
    )
    parser.add_argument("--output", metavar="FILE", help="write the report there, whole or not at all")
    parser.add_argument("--silent", action="store_true", help="tell no channel of drcheck.yaml what is new")
    amount = parser.add_mutually_exclusive_group()
    amount.add_argument(
        "-q",
        "--quiet",
        action="store_true",
        help="for people: only what is not met, was not since the last run, was corrected, or could not be seen",
    )
    amount.add_argument(
        "-v", "--verbose", action="store_true", help="all evidence, with its place, and tracebacks of clients"
    )
    parser.set_defaults(run=run)


def run(arguments: argparse.Namespace) -> int:
    """Do it, and return the exit status."""
    # Imported here, so that --help answers at once.
    from drcheck.cli.output import keep_binary_off
    from drcheck.ledger.store import path_of
    from drcheck.output_files import check_writable, keep_off
    from drcheck.policyfile.config import load_settings

    question = _question(arguments)
    renderer(arguments.format)  # before anything is looked at: what it needs may not be installed
    if arguments.output is not None:
        check_writable(arguments.output)
    elif FORMATS[arguments.format].is_binary:
        keep_binary_off(arguments.format, FORMATS[arguments.format].ending)
    settings = load_settings(arguments.config)
    if arguments.output is not None:
        keep_off(arguments.output, path_of(settings.ledger))
    try:
        report = _run(arguments, settings, question)
    except DrcheckError as error:
        _tell_end(settings, question, error.exit_status, error.message)
        raise
    except Exception:
        _tell_end(settings, question, EXIT_FAULT, "a fault in drcheck itself")
        raise
    _tell_end(settings, question, report.exit_status, report.told())
    return exit_status(arguments.format, report)


def _run(arguments: argparse.Namespace, settings: Settings, question: Question) -> Report:
    """Look, judge, and hand over the report, and return it."""
    from msgspec.structs import replace

    from drcheck.app.publish import Publication
    from drcheck.app.verify import verify
    from drcheck.cli.output import say, tell, trace, write_whole
    from drcheck.output_files import is_replaced
    from drcheck.reports.console import progress

    file = arguments.output

    def rendered(report: Report) -> bytes:
        return renderer(arguments.format)(
            replace(report, now_alone=arguments.fail_on == "now"),
            quiet=arguments.quiet,
            verbose=arguments.verbose,
            terminal=file is None,
            config=arguments.config or "",
        )

    def write(report: Report) -> Iterator[DrcheckError]:
        try:
            write_whole(rendered(report), file)
        except OutputError as error:
            yield error  # a breach is one even where its report found no room, and what is met is met

    publication = Publication(
        settings,
        whole=not arguments.policies,
        silent=arguments.silent,
        write=write,
        at_once=file is not None and is_replaced(file),
    )
    outcome = verify(settings, arguments.policies, question, progress.awaiting, prepare=publication.prepare)
    if arguments.verbose:
        trace(outcome.tracebacks)
    for failure in (outcome.unkept, *outcome.unsigned):
        if failure is not None:
            say(failure)
    try:
        publication.complete(outcome)
        for failed in publication.errors:
            say(failed)
    except KeyboardInterrupt:
        tell("\ndrcheck: interrupted while the report was written; the verdicts are in the ledger")
    if publication.fault is not None:
        raise publication.fault
    return replace(outcome.report, now_alone=arguments.fail_on == "now")


def _tell_end(settings: Settings, question: Question, status: int, what: str) -> None:
    """Call what waits for the end of each run of record, where the configuration names it."""
    if settings.notify.ping is None or not question.is_record:
        return
    from drcheck.app.notify import tell_end  # it loads what no run without channels needs
    from drcheck.cli.output import say

    if (error := tell_end(settings, status, what)) is not None:
        say(error)


def _question(arguments: argparse.Namespace) -> Question:
    """Return what is asked, or raise ``UsageError`` with the option that is wrong."""
    from drcheck.app.question import Question
    from drcheck.policyfile import units
    from drcheck.policyfile.question_times import moment

    given = [
        option
        for option, text in (
            ("--as-of", arguments.as_of), ("--period", arguments.period), ("--from and --to", arguments.since),
        )
        if text is not None
    ]  # fmt: skip
    if len(given) > 1:
        raise UsageError(f"{' and '.join(given)} ask for different times", "Give one of them.")
    if arguments.window is not None and given not in ([], ["--as-of"]):
        raise UsageError(f"--window goes with --as-of, and {given[0]} says how long by itself", "Leave it out.")
    return Question(
        span=options.value_of("--window", units.duration, arguments.window),
        as_of=options.value_of("--as-of", moment, arguments.as_of),
        period=options.period_asked(arguments),
        offline=arguments.offline,
    )
