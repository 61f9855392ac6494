"""``drcheck check``: whether a report that was filed is whole, and what the ledger says of it."""

from __future__ import annotations

import argparse

_DESCRIPTION = """\
Take the files out of a report that was filed, as PDF or as a bundle, and check
that they fit each other: their digests, and the policies that were judged. The
first document of a directory leads to the others, which are checked as well.
With --config, the ledger must have the run that the report rests on, and the
policies in it are judged again over the same period by what that run knew.
Where the ledger is signed, either has the records of the period, and --key
tells whether they are those that were signed, all of them, and what is missing
in it: runs that were due, promises, ends of drills. What the report says of
verdicts is verified only where --config has it judged again. Nothing is
recorded.
What the pages say is checked by nothing here; a signature of the file tells
whether it was changed.
"""

_EPILOG = """\
examples:
  drcheck check drcheck-2026-Q3.pdf                         its own files
  drcheck check drcheck-2026-Q3.zip --config drcheck.yaml   and the ledger
  drcheck check drcheck-2026-Q3.zip --key key.pub           its signature
  unzip drcheck-2026-Q3.zip && sha256sum -c digests.sha256  without drcheck

exit status: 0 all is as it must be, 1 something is not, 2 it cannot be read,
3 its records are signed, and no key that was given vouches for them, or it was
not judged again by the ledger: the last line says which of the two
"""


def add(verbs: argparse._SubParsersAction[argparse.ArgumentParser]) -> None:
    """Add the verb to the command line."""
    parser = verbs.add_parser(
        "check",
        help="check a report that was filed, by what is attached to it and by the ledger",
        description=_DESCRIPTION,
        epilog=_EPILOG,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    parser.add_argument("file", metavar="FILE", help="a report as PDF, or a bundle")
    parser.add_argument("--config", metavar="FILE", help="the runner's configuration, to check the ledger as well")
    parser.add_argument("--key", help="the public key that you had before, or a file with it or a tlog-policy")
    parser.add_argument("--authority", metavar="FILE", help="certificates (PEM) by which its timestamp is verified")
    parser.set_defaults(run=run)


def run(arguments: argparse.Namespace) -> int:
    """Do it, and return the exit status."""
    # Imported here, so that --help answers at once.
    import sys

    from drcheck.app.check import check
    from drcheck.app.proof import trust_of
    from drcheck.cli import ledger_proof
    from drcheck.cli.output import write_whole
    from drcheck.policyfile.config import load_settings
    from drcheck.reports.console.terminal import Paper, screen
    from drcheck.reports.wording.text import prose

    settings = None if arguments.config is None else load_settings(arguments.config)
    checked = check(arguments.file, settings, trust_of(arguments.key), arguments.authority)
    paper = Paper(screen(sys.stdout))
    for line in checked.held:
        paper.wrapped(prose(line), first=("✓ ", "green"))
    for line in checked.wrong:
        paper.wrapped(prose(line), first=("✗ ", "bold red"))
    if checked.proof is not None:
        ledger_proof.show(paper, checked.proof, checked.word)
    write_whole(paper.text().encode(), None)
    return checked.exit_status
