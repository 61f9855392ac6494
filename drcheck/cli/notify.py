"""``drcheck notify``: try the channels, and show what each would be told."""

from __future__ import annotations

import argparse

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
    parser.add_argument("--config", metavar="FILE", help="the runner's configuration (default: drcheck.yaml here)")
    what = parser.add_mutually_exclusive_group(required=True)
    what.add_argument("--test", action="store_true", help="send each channel a message that says that it is a trial")
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
