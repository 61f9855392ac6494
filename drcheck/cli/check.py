<<<<<<< HEAD
"""``drcheck check``: say whether a bundle is as it was made, and whether its parts fit each other."""
=======
"""``drcheck check``: whether a report that was filed is whole, and what the ledger says of it."""
>>>>>>> main

from __future__ import annotations

import argparse

EXIT_DIFFERS = 1

_DESCRIPTION = """\
<<<<<<< HEAD
Check a bundle that drcheck report wrote: every file by its digest, each policy
against the digest that the report names, and that the report has every
commitment that the bundle lists. Nothing is fetched. It shows that the parts
are of one piece, not who made them, nor that what was observed was true.
=======
Take the files out of a report that was filed as PDF, and check that they fit
each other: their digests, and the policies that were judged. The first document
of a directory leads to the others, which are checked as well. With --config, the
ledger must have the run that the report rests on, and the attached policies are
judged again over the same period by what that run knew. Nothing is recorded.
>>>>>>> main
"""

_EPILOG = """\
examples:
<<<<<<< HEAD
  drcheck report --period 2026-Q3 --format bundle
  drcheck check drcheck-2026-Q3.zip
  unzip drcheck-2026-Q3.zip -d q3 && cd q3 && sha256sum -c SHA256SUMS
                                           the digests, without drcheck

exit status: 0 all holds, 1 something does not, 2 it is no bundle
=======
  drcheck check drcheck-2026-Q3.pdf                         its own files
  drcheck check drcheck-2026-Q3.pdf --config drcheck.yaml   and the ledger

exit status: 0 all is as it must be, 1 something is not, 2 it cannot be read
>>>>>>> main
"""


def add(verbs: argparse._SubParsersAction[argparse.ArgumentParser]) -> None:
    """Add the verb to the command line."""
    parser = verbs.add_parser(
        "check",
<<<<<<< HEAD
        help="check a bundle that report wrote",
=======
        help="check a report that was filed, by what is attached to it and by the ledger",
>>>>>>> main
        description=_DESCRIPTION,
        epilog=_EPILOG,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
<<<<<<< HEAD
    parser.add_argument("file", metavar="FILE", help="what drcheck report --format bundle wrote")
=======
    parser.add_argument("file", metavar="FILE", help="a report as PDF")
    parser.add_argument("--config", metavar="FILE", help="the runner's configuration, to check the ledger as well")
>>>>>>> main
    parser.set_defaults(run=run)


def run(arguments: argparse.Namespace) -> int:
    """Do it, and return the exit status."""
    # Imported here, so that --help answers at once.
<<<<<<< HEAD
    from drcheck.app.check import check
    from drcheck.cli.output import write_whole
    from drcheck.reports.wording.text import printable

    found = list(check(arguments.file))
    text = "".join(f"{'✓' if one.holds else '✗'} {printable(one.what)}\n" for one in found)
    write_whole(text.encode(), None)
    return 0 if all(one.holds for one in found) else EXIT_DIFFERS
=======
    import sys

    from drcheck.app.check import check
    from drcheck.cli.output import write_whole
    from drcheck.policyfile.config import load_settings
    from drcheck.reports.console.terminal import Paper, screen
    from drcheck.reports.wording.text import prose

    checked = check(arguments.file, None if arguments.config is None else load_settings(arguments.config))
    paper = Paper(screen(sys.stdout))
    for line in checked.held:
        paper.wrapped(prose(line), first=("✓ ", "green"))
    for line in checked.wrong:
        paper.wrapped(prose(line), first=("✗ ", "bold red"))
    write_whole(paper.text().encode(), None)
    return EXIT_DIFFERS if checked.wrong else 0
>>>>>>> main
