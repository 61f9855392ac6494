"""Actions of ``drcheck ledger`` by which others see that nothing of it was changed."""

from __future__ import annotations

import argparse
from typing import TYPE_CHECKING

from drcheck.errors import UsageError, os_reason

if TYPE_CHECKING:
    from collections.abc import Iterable

    from drcheck.core.proof.ledger_verification import LedgerVerification
    from drcheck.reports.console.terminal import Paper
    from drcheck.settings import Settings

ACTIONS = ("keygen", "checkpoint", "prove", "verify", "export", "import")


def add_options(parser: argparse.ArgumentParser) -> None:
    """Add what only these actions take."""
    parser.add_argument("--key", help="verify: the public key that you had before, or a file with it or a tlog-policy")
    parser.add_argument("--since", metavar="FILE", help="prove, verify: an older signed checkpoint, to go on from")
    parser.add_argument("--replace", action="store_true", help="keygen: the key that is there hands over to a new one")
    parser.add_argument("--lost", metavar="REASON", help="keygen: the key that was there is lost, and cannot hand over")
    parser.add_argument("--output", metavar="FILE", help="checkpoint, prove, export: write it there")


def run(arguments: argparse.Namespace) -> int:
    """Do it, and return the exit status."""
    from drcheck.policyfile.config import load_settings

    action, subject = arguments.action, arguments.subject
    if action == "verify" and subject:
        from drcheck.app.proof import trust_of, verify

        return show_verification(verify(subject, trust_of(arguments.key), arguments.since))
    settings = load_settings(arguments.config)
    if action == "keygen":
        from drcheck.app.signing import new_key

        key = new_key(settings, subject or "", replace=arguments.replace, lost=arguments.lost or "")
        print(key.text)
        return 0
    if action == "import":
        return _bring_in(subject, settings.ledger)
    if action == "verify":
        from drcheck.app.proof import trust_of, verify_ledger

        old = _read(arguments.since) if arguments.since else None
        return show_verification(verify_ledger(settings, trust_of(arguments.key), old))
    return _of_ledger(arguments, settings)


def _of_ledger(arguments: argparse.Namespace, settings: Settings) -> int:
    from drcheck.app import proof
    from drcheck.app.signing import sign
    from drcheck.ledger.store import open_ledger

    action = arguments.action
    with open_ledger(settings.ledger, read_only=action != "checkpoint", must_exist=True) as ledger:
        match action:
            case "checkpoint":
                signed = sign(ledger, settings)
                _write([signed.note.encode()], arguments.output)
                if signed.errors:
                    raise signed.errors[0]
            case "prove" if arguments.since:
                _write([proof.prove_growth(ledger, _read(arguments.since)).encode()], arguments.output)
            case "prove":
                if not (arguments.subject or "").isdecimal():
                    raise UsageError("which entry is to be proven?", "Write its number, as drcheck ledger prove 4711.")
                _write([proof.prove_entry(ledger, int(arguments.subject)).encode()], arguments.output)
            case _:
                _write(proof.export(ledger), arguments.output)
    return 0


def _bring_in(file: str | None, url: str) -> int:
    from drcheck.app.proof import bring_in

    if not file:
        raise UsageError("which export is to be read?", "Name the file that drcheck ledger export wrote.")
    found, count = bring_in(file, url)
    if found.wrong:
        return show_verification(found)
    print(f"{count} entries; they fit each other, and drcheck ledger verify --key tells who signed them")
    return 0


def show_verification(found: LedgerVerification) -> int:
    """Show what verifying came to, and return the exit status."""
    import sys

    from drcheck.cli.output import write_whole
    from drcheck.reports.console.terminal import Paper, screen

    paper = Paper(screen(sys.stdout))
    show(paper, found, found.word)
    write_whole(paper.text().encode(), None)
    return found.exit_status


def show(paper: Paper, found: LedgerVerification, word: str) -> None:
    """Write what is proven, what is not, what contradicts itself, and the ``word`` for all of it."""
    from drcheck.core.proof.ledger_verification import OBSERVED
    from drcheck.reports.wording.text import prose

    told = (
        ("✓ ", "green", found.held),
        ("· ", "dim", found.noted),
        ("? ", "yellow", found.open),
        ("✗ ", "bold red", found.wrong),
    )
    for symbol, style, lines in told:
        for line in dict.fromkeys(lines):
            paper.wrapped(prose(line), first=(symbol, style))
    paper.line((word, "bold"))
    if not found.exit_status:
        paper.wrapped(OBSERVED)


def _read(file: str) -> bytes:
    from pathlib import Path

    try:
        return Path(file).read_bytes()
    except OSError as error:
        why = os_reason(error)
        raise UsageError(f"{file} cannot be read: {why}", "Name a file that can.") from None


def _write(parts: Iterable[bytes], file: str | None) -> None:
    """Write to standard output, or to a file that is there whole or not at all."""
    from drcheck.cli.output import write_whole
    from drcheck.output_files import put

    if file is not None:
        put(parts, file)
        return
    for part in parts:
        write_whole(part, None)
