"""``drcheck replay``: judge a recorded run again, and say whether it finds the same."""

from __future__ import annotations

import argparse
from typing import TYPE_CHECKING, Any

from drcheck.cli import options

if TYPE_CHECKING:
    from drcheck.app.replay import Difference, Replayed
    from drcheck.ledger.entries import RecordedVerdict

EXIT_DIFFERS = 1

_DESCRIPTION = """\
Judge a recorded run again, out of the ledger alone: by what was known then, and
by the policies of then. Every verdict must come out the same; one that does not
is shown with both. Nothing is looked at, and nothing is recorded.
"""

_EPILOG = """\
examples:
  drcheck replay                    the newest recorded run
  drcheck replay 20261121T023000Z   the run whose id begins like this

exit status: 0 every verdict is the same, 1 one differs, 2 there is no such run
"""


def add(verbs: argparse._SubParsersAction[argparse.ArgumentParser]) -> None:
    """Add the verb to the command line."""
    parser = verbs.add_parser(
        "replay",
        help="judge a recorded run again, and compare",
        description=_DESCRIPTION,
        epilog=_EPILOG,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    parser.add_argument("run_id", nargs="?", default="", metavar="RUN", help="the beginning of its id; default: newest")
    options.console_or_json(parser)
    options.config(parser)
    parser.set_defaults(run=run)


def run(arguments: argparse.Namespace) -> int:
    """Do it, and return the exit status."""
    # Imported here, so that --help answers at once.
    from drcheck.app.replay import replay
    from drcheck.cli.output import write_whole
    from drcheck.policyfile.config import load_settings
    from drcheck.reports.json import json_text

    replayed = replay(load_settings(arguments.config), arguments.run_id)
    rendered = json_text(_object(replayed)) if arguments.format == "json" else _text(replayed)
    write_whole(rendered.encode(), None)
    return EXIT_DIFFERS if replayed.differences else 0


def _text(replayed: Replayed) -> str:
    import sys

    from drcheck.core import words
    from drcheck.reports.console.terminal import Paper, screen
    from drcheck.reports.wording.text import prose

    paper = Paper(screen(sys.stdout))
    began = replayed.run.began
    paper.wrapped(prose(f"run {began.run}, judged as of {words.instant(began.window.end)} by drcheck {began.version}"))
    same = words.counted(replayed.same, "verdict")
    if not replayed.differences:
        paper.wrapped(f"{same} judged again: all the same", first=("✓ ", "green"))
        return paper.text()
    paper.wrapped(f"{same} the same, {len(replayed.differences)} not", first=("✗ ", "bold red"))
    if replayed.other_version:
        paper.wrapped("another version of drcheck made this run: its changelog may say why")
    for difference in replayed.differences:
        paper.blank()
        paper.wrapped(
            prose(f"{difference.service}: {difference.commitment} differs in {difference.what}"), style="bold"
        )
        for label, verdict in (("then", difference.recorded), ("now", difference.again)):
            if verdict is not None:
                paper.wrapped(prose(f"{verdict.status or 'not owed'}: {verdict.reason}"), indent=2, first=f"{label:5}")
    return paper.text()


def _object(replayed: Replayed) -> dict[str, Any]:
    began = replayed.run.began
    return {
        "run": began.run,
        "version": began.version,
        "same": replayed.same,
        "differences": [_difference(difference) for difference in replayed.differences],
    }


def _difference(difference: Difference) -> dict[str, Any]:
    return {
        "service": difference.service,
        "commitment": difference.commitment,
        "what": difference.what,
        "then": _verdict(difference.recorded),
        "now": _verdict(difference.again),
    }


def _verdict(finding: RecordedVerdict | None) -> dict[str, Any] | None:
    if finding is None:
        return None
    return {"status": finding.status, "reason": finding.reason, "measured": finding.measured}
