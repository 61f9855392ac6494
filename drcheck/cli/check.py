"""``drcheck check``: say whether a bundle is as it was made, and whether its parts fit each other."""

from __future__ import annotations

import argparse

EXIT_DIFFERS = 1

_DESCRIPTION = """\
Check a bundle that drcheck report wrote: every file by its digest, each policy
against the digest that the report names, and that the report has every
commitment that the bundle lists. Nothing is fetched. It shows that the parts
are of one piece, not who made them, nor that what was observed was true.
"""

_EPILOG = """\
examples:
  drcheck report --period 2026-Q3 --format bundle
  drcheck check drcheck-2026-Q3.zip
  unzip drcheck-2026-Q3.zip -d q3 && cd q3 && sha256sum -c SHA256SUMS
                                           the digests, without drcheck

exit status: 0 all holds, 1 something does not, 2 it is no bundle
"""


def add(verbs: argparse._SubParsersAction[argparse.ArgumentParser]) -> None:
    """Add the verb to the command line."""
    parser = verbs.add_parser(
        "check",
        help="check a bundle that report wrote",
        description=_DESCRIPTION,
        epilog=_EPILOG,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    parser.add_argument("file", metavar="FILE", help="what drcheck report --format bundle wrote")
    parser.set_defaults(run=run)


def run(arguments: argparse.Namespace) -> int:
    """Do it, and return the exit status."""
    # Imported here, so that --help answers at once.
    from drcheck.app.check import check
    from drcheck.cli.output import write_whole
    from drcheck.reports.wording.text import printable

    found = list(check(arguments.file))
    text = "".join(f"{'✓' if one.holds else '✗'} {printable(one.what)}\n" for one in found)
    write_whole(text.encode(), None)
    return 0 if all(one.holds for one in found) else EXIT_DIFFERS
