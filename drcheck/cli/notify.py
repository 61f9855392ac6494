"""``drcheck notify``: try the channels, and show what each would be told."""

from __future__ import annotations

import argparse
from collections.abc import Iterable
from typing import TYPE_CHECKING

from drcheck.cli import options

if TYPE_CHECKING:
    from drcheck.ledger.notifications import Notification

_DESCRIPTION = """\
Try the channels that drcheck.yaml names under `notify`, or show what each of
them would be told now. Every recorded run of `drcheck verify` and `drcheck
watch` tells them by itself what is new to them: what broke, what was broken for
a time, what is over, what is unknown for long, waivers that end, restore tests
that are due. What is as it was is told again after a week.
"""

_EPILOG = """\
in drcheck.yaml:
  notify:
    channels:
      operations: {url_env: DRCHECK_OPERATIONS, quiet_hours: "22:00-07:00"}
      owners: {url_file: /etc/drcheck/mail.url}   # with {owner} in the URL
    ping_env: DRCHECK_PING     # called after each run: who hears nothing, acts

examples:
  drcheck notify --test              a trial message to every channel
  drcheck notify --test operations   to one
  drcheck notify --dry-run           what would be told now, and to whom
  drcheck notify --log operations    what was told to one, and when

exit status: 0, or 1 where a channel did not take its message
"""


def add(verbs: argparse._SubParsersAction[argparse.ArgumentParser]) -> None:
    """Add the verb to the command line."""
    parser = verbs.add_parser(
        "notify",
        help="try the channels, and show what they would be told",
        description=_DESCRIPTION,
        epilog=_EPILOG,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    parser.add_argument("channels", nargs="*", metavar="CHANNEL", help="default: all")
    options.config(parser)
    what = parser.add_mutually_exclusive_group(required=True)
    what.add_argument("--test", action="store_true", help="send each channel a message that says that it is a trial")
    what.add_argument("--log", action="store_true", help="print what was told to whom, when, and what became of it")
    what.add_argument("--dry-run", action="store_true", help="print what each would be told now, and send nothing")
    parser.set_defaults(run=run)


def run(arguments: argparse.Namespace) -> int:
    """Do it, and return the exit status."""
    # Imported here, so that --help answers at once.
    from drcheck.app import notify
    from drcheck.cli.output import say, write_whole
    from drcheck.errors import DrcheckError
    from drcheck.policyfile.config import load_settings

    settings = load_settings(arguments.config)
    if arguments.log:
        write_whole(_log(notify.notified(settings, arguments.channels)).encode(errors="backslashreplace"), None)
        return 0
    if arguments.dry_run:
        lines = []
        for plan in notify.dry_run(settings, arguments.channels):
            told = "nothing" if plan.message is None else f"{plan.message.title}\n\n{plan.message.body}"
            lines.append(f"to {plan.address.id}: {told}\n")
        write_whole("\n".join(lines).encode(errors="backslashreplace"), None)
        return 0
    failed = 0
    for name, error in notify.test(settings, arguments.channels):
        if error is None:
            write_whole(f"{name}: taken\n".encode(), None)
        else:
            failed = 1
            say(DrcheckError(f"{name}: {error.message}", error.hint))
    return failed


def _log(told: Iterable[Notification]) -> str:
    """Return a line for each message, held, claimed, sent or failed, and below it what was new by then."""
    from drcheck.core import words
    from drcheck.reports.wording.text import printable

    lines = []
    for one in told:
        why = f": {one.error}" if one.error else ""
        lines.append(printable(f"{words.instant(one.at)}  {one.channel}  {one.state.value}{why}"))
        for event in one.events:
            what, service, name = event.subject
            quiet = ", told to nobody" if event.silent else ""
            about = " ".join(part for part in (service, name) if part)
            lines.append(printable(f"    {about}: {what.value}, {event.change.value}{quiet}: {event.reason}"))
    return "\n".join([*lines, ""]) if lines else "nobody was ever told anything\n"
