"""``drcheck report``: what the ledger knows of a period, as documents that stand on their own."""

from __future__ import annotations

import argparse
from typing import TYPE_CHECKING, Final

from drcheck.cli import options
from drcheck.errors import UsageError
from drcheck.registry import DOCUMENTS, FORMATS, splits

if TYPE_CHECKING:
    from drcheck.app.question import Question
    from drcheck.settings import SampleRequest

FORMS: Final = {name: form.ending for name, form in DOCUMENTS.items()} | {
    name: form.ending for name, form in FORMATS.items() if not form.is_plugin
}
"""Name of each form that a report can have to the ending of its file."""
SAMPLED: Final = (*DOCUMENTS, "json")
"""Forms that show a sample."""

_DESCRIPTION = """\
Write a report of a period, out of the ledger alone: what was promised, whether
it was kept, the exceptions, pictures, and everything that there was, with how
it was obtained. Nothing is looked at, and nothing is recorded.
"""

_EPILOG = """\
examples:
  drcheck report --period 2026-Q3                    drcheck-2026-Q3.html
  drcheck report --period 2026-09 --output reports/september/
                                           a page a service, and one before them
  drcheck report --period 2026-Q3 --format pdf       to file and to sign
  drcheck report --period 2026-Q3 --sample 25 --word "blue heron 7"
  drcheck report --from 2026-10-01 --to 2026-10-15 policies/webshop.yaml

A period that is not over is judged up to the newest run. Where --output is a
directory, or ends with a slash, each service gets a page of its own, which is
what an estate of more than some fifty services needs; else it is one file. PDF
needs the extra backup-promises[pdf].

exit status: 0 the report was written, whatever it says; 2 wrong usage, or
nothing to report; it is the report that says what was breached
"""


def add(verbs: argparse._SubParsersAction[argparse.ArgumentParser]) -> None:
    """Add the verb to the command line."""
    parser = verbs.add_parser(
        "report",
        help="write a report of a period, to read, to show and to file",
        description=_DESCRIPTION,
        epilog=_EPILOG,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    parser.add_argument("policies", nargs="*", metavar="POLICY", help="a policy file, or a directory of them")
    options.config(parser)
    parser.add_argument("--period", metavar="PERIOD", help="a day, month, quarter or year: 2026-09, 2026-Q3")
    parser.add_argument("--from", dest="since", metavar="INSTANT", help="from here on, up to --to")
    parser.add_argument("--to", dest="until", metavar="INSTANT", help="up to here, from --from on")
    parser.add_argument(
        "--format",
        choices=tuple(FORMS),
        metavar="FORMAT",
        default=next(iter(FORMS)),
        help=f"{', '.join(FORMS)} (default: {next(iter(FORMS))})",
    )
    parser.add_argument(
        "--output", metavar="FILE", help="a file, or a directory (default: drcheck-PERIOD with its ending)"
    )
    parser.add_argument("--sample", type=int, metavar="N", help="draw N of the slots that fell due, by --word")
    parser.add_argument("--word", help="the auditor's, given once the period is in the ledger, to draw by")
    parser.add_argument("-q", "--quiet", action="store_true", help="do not tell what was written")
    parser.set_defaults(run=run)


def run(arguments: argparse.Namespace) -> int:
    """Do it, and return the exit status."""
    # Imported here, so that --help answers at once.
    from pathlib import Path

    from drcheck.app.report import report
    from drcheck.cli.output import tell
    from drcheck.ledger.store import path_of
    from drcheck.output_files import check_directory, check_writable, keep_off, put_all
    from drcheck.policyfile.config import load_settings

    question, asked = _question(arguments), _sample(arguments)
    assert question.period is not None
    label = question.period.label.replace(" ", "-").replace(":", "").replace("/", "-")
    output = arguments.output or f"drcheck-{label}{FORMS[arguments.format]}"
    split = output.endswith("/") or Path(output).is_dir()
    if split and not splits(arguments.format):
        raise UsageError(
            f"{arguments.format} is one file, and {output} is a directory",
            f"Name a file: --output {Path(output) / f'drcheck-{label}{FORMS[arguments.format]}'}.",
        )
    settings = load_settings(arguments.config)
    if split:
        check_directory(output)
        keep_off(str(Path(output) / DOCUMENTS[arguments.format].first_page), path_of(settings.ledger))
    else:
        check_writable(output)
        keep_off(output, path_of(settings.ledger))
    documents = report(settings, arguments.policies, question, arguments.format, split=split, asked=asked)
    written = put_all(documents, output)
    if not arguments.quiet:
        tell(f"wrote {written}")
    return 0


def _sample(arguments: argparse.Namespace) -> SampleRequest | None:
    from drcheck.core.judging.sample import MOST
    from drcheck.settings import SampleRequest

    if arguments.sample is None and arguments.word is None:
        return None
    if arguments.sample is None or not arguments.word:
        raise UsageError("--sample and --word go together", "Ask the auditor for a word: --sample 25 --word WORD.")
    if not 0 < arguments.sample <= MOST:
        raise UsageError(f"a sample has 1 to {MOST} slots", "All slots are judged, whatever is drawn.")
    if arguments.format not in SAMPLED:
        raise UsageError(f"{arguments.format} shows no sample", f"Take --format {', '.join(SAMPLED)}.")
    try:
        arguments.word.encode()
    except UnicodeEncodeError as error:
        raise UsageError("the word is not UTF-8", "Give a word that everybody can type.") from error
    return SampleRequest(arguments.sample, arguments.word)


def _question(arguments: argparse.Namespace) -> Question:
    from drcheck.app.question import Question

    period = options.period_asked(arguments)
    if period is None or (arguments.period and arguments.since):
        raise UsageError("a report is of a period", "Name it: --period 2026-Q3, or --from and --to.")
    return Question(period=period, offline=True, until_seen=True)
