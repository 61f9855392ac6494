"""The command line: one small module per verb, and the only place that turns errors into text and exit statuses."""

from __future__ import annotations

import argparse
import signal
import sys
from collections.abc import Sequence
from contextlib import suppress
from importlib import import_module
from itertools import pairwise
from typing import Final, NoReturn

from drcheck import __version__
from drcheck.cli.output import drop, is_unwritable, prepare_streams, say, settle, tell, unwritable
from drcheck.errors import EXIT_FAULT, DrcheckError

VERBS: Final = (
    "verify",
    "watch",
    "notify",
    "lint",
    "try",
    "discover",
    "doctor",
    "init",
    "restore",
    "drill",
    "history",
    "report",
    "check",
    "replay",
    "ledger",
    "witness",
    "schema",
    "completion",
)
"""Each is a module beside this one, in the order in which --help shows them."""
_MODULES: Final = {"try": "try_"}
"""Those that cannot be called like their verb."""

EXIT_USAGE = 2
EXIT_INTERRUPTED = 130

_DESCRIPTION = """\
Verify the promises that policies make about backups and recovery: look at
where the backups lie and at the logs of restore tests, judge each commitment
met, breached or unknown, and show the evidence.
"""

_EPILOG = """\
first steps:
  drcheck try       look at one place, and show how its names are read
  drcheck discover  propose policies for what lies at a place
  drcheck init      write a commented policy and configuration to start from
  drcheck lint      check the policies, and tell what they promise in vain
  drcheck doctor    rehearse a run: what cannot be reached, read or judged
  drcheck verify    look, judge, record, and show
  drcheck report    write what was kept over a period, to show and to file

exit status of verify:
  0    every commitment is met (or its breach is waived)
  1    at least one commitment is breached
  3    none is breached, but at least one is unknown, or a policy is invalid
       or gone
  2    wrong usage or configuration, or no policy at all: nothing was judged
  4    another run holds the ledger: nothing was judged
  70   a fault in drcheck itself
  130  interrupted: nothing was judged, what was seen until then is recorded
  That a report could not be written changes none of these, and is said on
  standard error.
"""


def main(argv: Sequence[str] | None = None) -> int:
    """Run one verb, print what there is to say, and return the exit status."""
    prepare_streams()
    argv = sys.argv[1:] if argv is None else argv
    try:
        return _run(argv)
    except DrcheckError as error:
        say(error)
        return _judged_nothing(argv, error.exit_status, error.message)
    except KeyboardInterrupt:
        tell("\ndrcheck: interrupted; what was recorded stands, nothing else was judged")
        return _judged_nothing(argv, EXIT_INTERRUPTED, "interrupted")
    except BrokenPipeError:
        # Whoever read our output has left, as `drcheck … | head` does; the interpreter must not stumble over it again.
        drop(sys.stdout)
        return _judged_nothing(argv, EXIT_INTERRUPTED, "nobody reads the output")
    except Exception as error:  # noqa: BLE001  the outermost page: whatever is left is a fault in drcheck itself
        if isinstance(error, OSError) and is_unwritable(error):
            drop(sys.stdout)
            say(unwritable(error))
            return _judged_nothing(argv, EXIT_USAGE, "standard output cannot be written")
        import traceback  # for this alone

        tell(traceback.format_exc())
        tell("drcheck: this is a fault in drcheck itself; report it with the lines above")
        return _judged_nothing(argv, EXIT_FAULT, "this is a fault in drcheck itself")
    finally:
        settle()


def _run(argv: Sequence[str]) -> int:
    try:
        arguments = parser(argv).parse_args(argv)
    except SystemExit as ended:
        if ended.code:
            return _judged_nothing(argv, EXIT_USAGE, "wrong usage; drcheck verify --help tells the right one")
        sys.stdout.flush()  # --help and --version
        raise
    _end_on_signals()
    status: int = arguments.run(arguments)
    sys.stdout.flush()
    return status


def _judged_nothing(argv: Sequence[str], status: int, why: str) -> int:
    """Return the exit status of a command that ends without a verdict, ``status`` but for a monitoring plugin.

    Those who run plugins take 2 for a breach and read standard output alone, also where the command line is what is
    wrong: what it asks for is looked for in its words.
    """
    words = (*argv, *map("=".join, pairwise(argv)))
    if not any(word.startswith("--fo") and word.endswith("=nagios") for word in words):
        return status
    # Imported here, so that --help answers at once.
    from drcheck.reports.nagios import UNKNOWN, failed

    with suppress(OSError):
        print(failed(why), flush=True)
    return UNKNOWN


def parser(argv: Sequence[str]) -> argparse.ArgumentParser:
    """Return what reads ``argv``: where that begins with a verb, no other one is loaded."""
    whole = argparse.ArgumentParser(
        "drcheck", description=_DESCRIPTION, epilog=_EPILOG, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    whole.add_argument("--version", action="version", version=f"drcheck {__version__}")
    verbs = whole.add_subparsers(title="verbs", metavar="VERB", required=True)
    for verb in argv[:1] if argv and argv[0] in VERBS else VERBS:
        import_module(f"drcheck.cli.{_MODULES.get(verb, verb)}").add(verbs)
    return whole


def _end_on_signals() -> None:
    """Take a first SIGTERM or SIGHUP like Ctrl-C, so that what is finished is committed; a second SIGTERM ends at once.

    A terminal that goes sends SIGHUP more than once, and a service manager may send it right after SIGTERM: none of
    these is a second wish. Whoever started drcheck with nohup wants none of them heeded.
    """

    def end(_number: int, _frame: object) -> NoReturn:
        signal.signal(signal.SIGTERM, signal.SIG_DFL)
        signal.signal(signal.SIGHUP, signal.SIG_IGN)
        raise KeyboardInterrupt

    signal.signal(signal.SIGTERM, end)
    if signal.getsignal(signal.SIGHUP) is not signal.SIG_IGN:
        signal.signal(signal.SIGHUP, end)
