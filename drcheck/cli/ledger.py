"""``drcheck ledger``: what the ledger holds, and whether it is whole."""

from __future__ import annotations

import argparse
from typing import TYPE_CHECKING

from drcheck.errors import UsageError

if TYPE_CHECKING:
    from drcheck.ledger.store import Ledger

EXIT_DAMAGED = 1
_RUNS_SHOWN = 15

_DESCRIPTION = """\
The ledger keeps what every run looked at, saw and judged; facts are only ever
added to it.

show    the last runs, how much is kept, and the size on disk
check   read everything back: the file's structure, every hash, every record;
        exit status 1 if anything is damaged
retire  say that a service is promised no more; until then, a service whose
        policy is gone is unknown in every run
"""

_EPILOG = """\
examples:
  drcheck ledger show
  drcheck ledger check && cp drcheck.db /backup/
  drcheck ledger retire webshop --reason "closed down, see CHG-77"
"""


def add(subparsers: argparse._SubParsersAction[argparse.ArgumentParser]) -> None:
    """Add the verb to the command line."""
    parser = subparsers.add_parser(
        "ledger",
        help="show what the ledger holds, or check that it is whole",
        description=_DESCRIPTION,
        epilog=_EPILOG,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    parser.add_argument("action", choices=("show", "check", "retire"), help="what to do")
    parser.add_argument("service", nargs="?", metavar="SERVICE", help="the service to retire")
    parser.add_argument("--reason", help="why it is promised no more")
    parser.add_argument("--config", metavar="FILE", help="the runner's configuration (default: drcheck.yaml here)")
    parser.set_defaults(run=run)


def run(arguments: argparse.Namespace) -> int:
    """Do it, and return the exit status."""
    # Imported here, so that --help answers at once.
    from drcheck.ledger.faults import NoLedger
    from drcheck.ledger.store import open_ledger
    from drcheck.policyfile.config import load_settings

    retires = arguments.action == "retire"
    if {retires} != {bool(arguments.service), bool(arguments.reason)}:
        raise UsageError(
            "a service and a reason go with retire, and with nothing else",
            'Write it like drcheck ledger retire webshop --reason "closed down".',
        )
    try:
        ledger = open_ledger(load_settings(arguments.config).ledger, read_only=not retires)
    except NoLedger as nothing:
        print(f"{nothing.message}; {nothing.hint}")
        return 0
    with ledger:
        if retires:
            return _retire(ledger, arguments.service, arguments.reason)
        return _show(ledger) if arguments.action == "show" else _check(ledger)


def _retire(ledger: Ledger, service: str, reason: str) -> int:
    from drcheck import clock

    if service not in ledger.services():
        raise UsageError(f"the ledger knows no service {service}", "drcheck history names the services it knows.")
    ledger.retire(service, clock.now(), reason)
    print(f"{service} is retired: {reason}")
    return 0


def _show(ledger: Ledger) -> int:
    from pathlib import Path

    from drcheck.core import words
    from drcheck.core.words import counted
    from drcheck.reports.text import printable

    counts, runs = ledger.counts(), ledger.runs()
    size = sum(file.stat().st_size for file in map(Path, (ledger.path, f"{ledger.path}-wal")) if file.exists())
    print(f"{printable(ledger.path)}: {words.size(size)}")
    looks = f"{counted(counts['look'], 'look')} at {counted(counts['source'], 'source')}"
    print(f"{counted(counts['run'], 'run')}, {looks}, {counted(counts['verdict'], 'verdict')},")
    print(f"{counted(counts['raw'], 'raw answer')}, {counted(counts['policy'], 'policy text')}")
    if not runs:
        return 0
    print(f"\n{'started':20}  {'judged as of':20}  {'state':11}  exit")
    for past in runs[-_RUNS_SHOWN:]:
        status = "" if past.exit_status is None else past.exit_status
        line = f"{words.instant(past.started_at)}  {words.instant(past.window.end)}  {past.state:11}  {status}"
        print(line.rstrip())
    if runs[_RUNS_SHOWN:]:
        print(f"and {counted(len(runs) - _RUNS_SHOWN, 'run')} before them, since {words.instant(runs[0].started_at)}")
    return 0


def _check(ledger: Ledger) -> int:
    from drcheck.core.words import counted
    from drcheck.ledger.check import damage
    from drcheck.ledger.faults import RESTORE
    from drcheck.reports.text import printable

    damaged = False
    for what in damage(ledger):
        damaged = True
        print(f"damaged: {printable(what)}")
    if damaged:
        print(f"{printable(ledger.path)} is damaged. {RESTORE}")
        return EXIT_DAMAGED
    counts = ledger.counts()
    told = {"run": counts["run"], "record": counts["look"], "verdict": counts["verdict"], "raw answer": counts["raw"]}
    read = ", ".join(counted(count, what) for what, count in told.items())
    print(f"{printable(ledger.path)} is whole: {read} read back")
    return 0
