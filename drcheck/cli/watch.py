"""``drcheck watch``: do the jobs of the configuration when they are due, for ever."""

from __future__ import annotations

import argparse
import json
import signal
import sys
from typing import TYPE_CHECKING, Any

from drcheck import clock
from drcheck.cli import options
from drcheck.cli.output import say, tell, write_whole
from drcheck.core import words
from drcheck.errors import OutputError
from drcheck.registry import renderer

if TYPE_CHECKING:
    from drcheck.app.watch import Done
    from drcheck.errors import DrcheckError
    from drcheck.settings import Settings

_DESCRIPTION = """\
Do the jobs that drcheck.yaml names under `watch`, each when it is due: look and
judge as `drcheck verify` does, or judge a period that is over. What a machine
slept through runs once when it is back. A job that fails is told and tried
again later, and holds up no other. The configuration is read again when it
changes, and on SIGHUP; policies are read by each run.
"""

_EPILOG = """\
in drcheck.yaml:
  watch:
    timezone: Europe/Stockholm
    jobs:
      nightly: {schedule: "30 2 * * *"}
      often: {every: 15m, policies: [policies/critical/]}
      quarter:
        schedule: "0 6 2 1,4,7,10 *"
        period: quarter
        outputs: [{format: json, file: "reports/{period}.json"}]

A run is told in one line, and then by what `verify --quiet` prints. SIGTERM and
Ctrl-C end it: what was seen until then is recorded, and the job is done when it
is back. Two watches over one ledger do each job once: one is the other's spare.

exit status: 0 when it is stopped, 2 where there is nothing to watch; with
--once that of the worst run, as `drcheck verify` ends
"""


def add(verbs: argparse._SubParsersAction[argparse.ArgumentParser]) -> None:
    """Add the verb to the command line."""
    parser = verbs.add_parser(
        "watch",
        help="do the jobs of the configuration when they are due",
        description=_DESCRIPTION,
        epilog=_EPILOG,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    options.config(parser)
    parser.add_argument("--once", action="store_true", help="do what is due now, and end: for cron and timers")
    parser.add_argument("--json", action="store_true", help="tell what happens as JSON, one object a line")
    parser.set_defaults(run=run)


def run(arguments: argparse.Namespace) -> int:
    """Do it, and return the exit status."""
    # Imported here, so that --help answers at once.
    from drcheck.app.watch import Watching

    watching = Watching(arguments.config, _Json() if arguments.json else _Lines())
    if arguments.once:
        return watching.once()
    if not sys.stdin.isatty():  # the hangup of a terminal ends it, as it ends every verb
        signal.signal(signal.SIGHUP, lambda _number, _frame: watching.reload())
    try:
        while True:
            watching.turn()
    except KeyboardInterrupt:
        tell(f"{words.instant(clock.now())} stopped")
        return 0


class _Lines:
    """Tells what happens in lines for people: on standard error, and on standard output what a run found."""

    def done(self, done: Done, settings: Settings, next_at: int | None) -> bool:
        """Tell how a job went."""
        outcome, lines = done.outcome, [*done.traceback.splitlines()]
        if outcome is not None:
            lines.append(f"{outcome.report.told()}; exit status {done.status}; {words.duration(round(done.took))}")
        for error in done.errors:
            lines += str(error).splitlines()
        if done.retry_at is not None:
            lines.append(f"it is tried again at {words.instant(done.retry_at)}")
        if next_at is not None:
            lines.append(f"next: {words.instant(max(next_at, clock.now()))}")
        for line in lines:
            self._tell(f"{done.job.name}: {line}")
        if outcome is None or done.job.period:
            return True
        rendered = renderer("console")(outcome.report, quiet=True, verbose=False, terminal=True, config=settings.file)
        try:
            write_whole(rendered, None)
        except OutputError as error:
            say(error)
            return False
        return True

    def reloaded(self) -> None:
        """Tell that the configuration was read again."""
        self._tell("the configuration was read again")

    def trouble(self, error: DrcheckError, consequence: str) -> None:
        """Tell of an error that is no job's own."""
        for line in f"{error}\n{consequence}".strip().splitlines():
            self._tell(line)

    def _tell(self, line: str) -> None:
        from drcheck.reports.wording.text import printable  # so that --help answers at once

        tell(f"{words.instant(clock.now())} {printable(line)}")


class _Json:
    """Tells what happens as JSON, one object a line, on standard output."""

    def done(self, done: Done, settings: Settings, next_at: int | None) -> bool:
        """Tell how a job went."""
        del settings  # a line holds no next step to type
        facts: dict[str, Any] = {"job": done.job.name, "exit_status": done.status, "took": round(done.took, 3)}
        if done.outcome is not None:
            report = done.outcome.report
            facts |= {"run": report.run, "totals": report.totals._asdict(), "gaps": report.seen.gaps}
            if report.slowest is not None:
                facts["slowest"] = dict(zip(("service", "source", "seconds"), report.slowest, strict=True))
        facts |= {"errors": [str(error) for error in done.errors], "traceback": done.traceback}
        return self._tell("done", facts | _instants(retry_at=done.retry_at, next_at=next_at))

    def reloaded(self) -> None:
        """Tell that the configuration was read again."""
        self._tell("reloaded", {})

    def trouble(self, error: DrcheckError, consequence: str) -> None:
        """Tell of an error that is no job's own."""
        self._tell("trouble", {"errors": [str(error)], "consequence": consequence})

    def _tell(self, event: str, facts: dict[str, Any]) -> bool:
        told = {"at": words.instant(clock.now()), "event": event} | {key: fact for key, fact in facts.items() if fact}
        try:
            write_whole(json.dumps(told).encode() + b"\n", None)
        except OutputError as error:
            say(error)
            return False
        return True


def _instants(**instants: int | None) -> dict[str, str]:
    return {name: words.instant(instant) for name, instant in instants.items() if instant is not None}
