"""``drcheck ledger``: what the ledger holds, and whether it is whole."""

from __future__ import annotations

import argparse
from typing import TYPE_CHECKING

from drcheck.cli import ledger_proof, options
from drcheck.errors import UsageError

if TYPE_CHECKING:
    from drcheck.ledger.store import Ledger

EXIT_DAMAGED = 1
_RUNS_SHOWN = 15
_OWN = ("show", "check", "rebuild", "retire")
_KINDS = {"run began": "run", "source": "source", "look": "look", "policy text": "policy text"}
"""Kinds of entry that are counted, and what one of them is called."""

_DESCRIPTION = """\
The ledger keeps what every run looked at, saw and judged; facts are only ever
added to it.

show     the last runs, how much is kept, and the size on disk
check    read everything back: the file's structure, every hash, every entry,
         and whether what is derived from entries is what they come to; exit
         status 1 if anything is damaged
rebuild  make everything that is derived from the entries anew
retire   say that a service is promised no more; until then, a service whose
         policy is gone is unknown in every run

Others need not take the ledger at its word (docs/proof.md):

keygen      make the key NAME, which signs the ledger at the end of each run,
            where proof: in drcheck.yaml says; it prints the public key
checkpoint  sign all that the ledger holds now, and print that
prove       print the proof that entry NUMBER is in it, or with --since that
            it only grew since an older checkpoint
verify      say what the ledger, or FILE, proves to whoever has the public key
export      write all entries as lines of JSON; import makes a ledger of them
"""

_EPILOG = """\
examples:
  drcheck ledger show
  drcheck ledger check && sqlite3 drcheck.db ".backup /backup/drcheck.db"
  drcheck ledger retire webshop --reason "closed down, see CHG-77"
  drcheck ledger keygen backups.example.com/drcheck
  drcheck ledger verify --key drcheck.pub ledger.jsonl

exit status of verify: 0 verified, 1 tampered, 3 not verified, 2 unreadable
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
    parser.add_argument("action", choices=(*_OWN, *ledger_proof.ACTIONS), metavar="ACTION", help="one of these")
    parser.add_argument("subject", nargs="?", metavar="WHAT", help="the service, name, entry or file that it is about")
    parser.add_argument("--reason", help="why a service is promised no more")
    ledger_proof.add_options(parser)
    options.config(parser)
    parser.set_defaults(run=run)


def run(arguments: argparse.Namespace) -> int:
    """Do it, and return the exit status."""
    # Imported here, so that --help answers at once.
    from drcheck.ledger.errors import REMEDY, RESTORE, DamagedLedger, NoLedger
    from drcheck.ledger.store import open_ledger
    from drcheck.policyfile.config import load_settings
    from drcheck.reports.wording.text import printable

    if arguments.action in ledger_proof.ACTIONS:
        return ledger_proof.run(arguments)
    retires = arguments.action == "retire"
    if {retires} != {bool(arguments.subject), bool(arguments.reason)}:
        raise UsageError(
            "a service and a reason go with retire, and with nothing else",
            'Write it like drcheck ledger retire webshop --reason "closed down".',
        )
    writes, rebuilds = arguments.action in {"rebuild", "retire"}, arguments.action == "rebuild"
    url = load_settings(arguments.config).ledger
    try:
        ledger = open_ledger(url, read_only=not writes, must_exist=True, mend=rebuilds)
    except DamagedLedger as error:
        if arguments.action != "check":
            raise
        print(f"damaged: {printable(error.message)}")
        print(REMEDY if error.hint == RESTORE else error.hint)
        return EXIT_DAMAGED
    except NoLedger as nothing:
        print(f"{nothing.message}; {nothing.hint}")
        return 0
    with ledger:
        if retires:
            return _retire(ledger, arguments.subject, arguments.reason)
        if rebuilds:
            ledger.rebuild()
            print(f"made anew from {ledger.log.count} entries")
            return 0
        return _show(ledger) if arguments.action == "show" else _check(ledger)


def _retire(ledger: Ledger, service: str, reason: str) -> int:
    from drcheck import clock

    if service not in ledger.state(()).services():
        raise UsageError(f"the ledger knows no service {service}", "drcheck history names the services it knows.")
    ledger.retire(service, clock.now(), reason)
    print(f"{service} is retired: {reason}")
    return 0


def _show(ledger: Ledger) -> int:
    from pathlib import Path

    from drcheck.core import words
    from drcheck.core.words import counted
    from drcheck.reports.wording.text import printable

    counts, state = ledger.counts(), ledger.state((), folded=True)
    runs, verdicts = list(state.runs.values()), sum(map(len, state.verdicts.values()))
    size = sum(file.stat().st_size for file in map(Path, (ledger.path, f"{ledger.path}-wal")) if file.exists())
    print(f"{printable(ledger.path)}: {words.size(size)}, {counted(sum(counts.values()), 'entry', 'entries')}")
    kinds = (counted(counts[kind], noun) for kind, noun in _KINDS.items())
    print(", ".join((*kinds, counted(verdicts, "verdict"))))
    if not runs:
        return 0
    print(f"\n{'started':20}  {'judged as of':20}  {'state':11}  exit")
    for past in runs[-_RUNS_SHOWN:]:
        status = "" if past.exit_status is None else past.exit_status
        began = past.began
        beside = "  a question" if began.question else ""
        if past.state == "finished" and not (began.question or past.published):
            beside = "  its report was not shown"
        as_of = words.instant(began.window.end)
        line = f"{words.instant(began.started_at)}  {as_of}  {past.state:11}  {status}{beside}"
        print(line.rstrip())
    if runs[_RUNS_SHOWN:]:
        first = words.instant(runs[0].began.started_at)
        print(f"and {counted(len(runs) - _RUNS_SHOWN, 'run')} before them, since {first}")
    return 0


def _check(ledger: Ledger) -> int:
    from drcheck.core.words import counted
    from drcheck.ledger.errors import REBUILD, REMEDY
    from drcheck.reports.wording.text import printable

    damaged = list(ledger.damage())
    for what in damaged:
        print(f"damaged: {printable(what)}")
    if damaged:
        print(REMEDY if any(REBUILD not in what for what in damaged) else "Its entries are whole.")
        return EXIT_DAMAGED
    counts = ledger.counts()
    read = ", ".join(counted(counts[kind], noun) for kind, noun in _KINDS.items())
    print(f"{printable(ledger.path)} is whole: {read} read back")
    return 0
