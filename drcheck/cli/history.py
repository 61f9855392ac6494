"""``drcheck history``: how verdicts went, and when breaches opened and closed."""

from __future__ import annotations

import argparse
from collections.abc import Iterator, Sequence
from itertools import groupby
from typing import TYPE_CHECKING, Any, NamedTuple

from drcheck.errors import DrcheckError, UsageError

if TYPE_CHECKING:
    from drcheck.ledger.breaches import Breach
    from drcheck.ledger.store import Ledger, PastVerdict
    from drcheck.reports.terminal import Paper

_DESCRIPTION = """\
Show how the verdicts on each commitment went, out of the ledger: a line for
every run in which a verdict changed, and every breach with when it opened (by
the evidence), when a run first noticed it, and when it closed. "by" stands
before the instant where no run saw it close, ">" before how long it lasted
where it opened before the oldest window.
"""

_EPILOG = """\
examples:
  drcheck history                                   all services
  drcheck history webshop --commitment rpo-server   one promise
  drcheck history webshop --since 2026-11-01 --all  every run since then
  drcheck history webshop --format json
"""


class _Told(NamedTuple):
    """The history of one commitment."""

    commitment: str
    kind: str
    verdicts: list[PastVerdict]
    """Those to show, of the oldest instant judged first."""
    breaches: list[Breach]


def add(subparsers: argparse._SubParsersAction[argparse.ArgumentParser]) -> None:
    """Add the verb to the command line."""
    parser = subparsers.add_parser(
        "history",
        help="how verdicts went, and when breaches opened and closed",
        description=_DESCRIPTION,
        epilog=_EPILOG,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    parser.add_argument("service", nargs="?", default="", metavar="SERVICE", help="default: all services")
    parser.add_argument("--commitment", default="", metavar="ID", help="only this commitment")
    parser.add_argument("--since", metavar="INSTANT", help="a date or an instant: leave out what ended before it")
    parser.add_argument("--all", action="store_true", help="a line for every run, not only where a verdict changed")
    parser.add_argument("--format", choices=("console", "json"), default="console", help="default: console")
    parser.add_argument("--config", metavar="FILE", help="the runner's configuration (default: drcheck.yaml here)")
    parser.set_defaults(run=run)


def run(arguments: argparse.Namespace) -> int:
    """Do it, and return the exit status."""
    # Imported here, so that --help answers at once.
    from datetime import UTC

    from drcheck.ledger.faults import NoLedger
    from drcheck.ledger.store import open_ledger
    from drcheck.policyfile import units
    from drcheck.policyfile.config import load_settings

    try:
        since = None if arguments.since is None else units.instant(arguments.since, UTC)
    except DrcheckError as error:
        raise UsageError(f"--since: {error.message}", error.hint) from error
    settings = load_settings(arguments.config)
    services: dict[str, list[_Told]] = {}
    try:
        with open_ledger(settings.ledger, read_only=True) as ledger:
            _known("service", arguments.service, ledger.services())
            services = _read(ledger, arguments.service, arguments.commitment, since, every_run=arguments.all)
    except NoLedger:
        pass  # nothing has been judged yet, which is an answer
    if arguments.format == "json":
        _print_json(services)
    elif services:
        _print(services)
    else:
        print("Nothing has been judged yet. `drcheck verify` judges, and records what it finds.")
    return 0


def _known(what: str, name: str, names: Sequence[str]) -> None:
    """Refuse a name that the ledger does not have; with an empty ledger every name is fine."""
    from drcheck.core import words
    from drcheck.policyfile.validate import suggest
    from drcheck.reports.text import printable

    if name and names and name not in names:
        hint = suggest(name, names) or f"Known are {words.several(list(names), at_most=10)}."
        raise UsageError(f"the ledger has no {what} {printable(name)}", printable(hint[:1].upper() + hint[1:]))


def _read(
    ledger: Ledger, service: str, commitment: str, since: int | None, *, every_run: bool
) -> dict[str, list[_Told]]:
    from drcheck.ledger.breaches import breaches

    found: dict[str, list[_Told]] = {}
    names: set[str] = set()
    for (of, promise, kind), its in groupby(ledger.verdicts(service), lambda v: (v.service, v.commitment, v.kind)):
        names.add(promise)
        if commitment and promise != commitment:
            continue
        verdicts = list(its)
        spells = [one for one in breaches(verdicts) if since is None or (one.closed_at or since) >= since]
        shown = [one for one in verdicts if since is None or one.window.end >= since]
        told = _Told(promise, kind, shown if every_run else list(_changes(shown)), spells)
        if told.verdicts or told.breaches:
            found.setdefault(of, []).append(told)
    _known("commitment", commitment, sorted(names))
    return found


def _changes(verdicts: Sequence[PastVerdict]) -> Iterator[PastVerdict]:
    """Yield the first verdict, and every one that differs from the one before it."""
    for _, same in groupby(verdicts, lambda verdict: (verdict.status, verdict.waived)):
        yield next(same)


def _print(services: dict[str, list[_Told]]) -> None:
    import sys

    from drcheck.cli.output import write_whole
    from drcheck.reports.terminal import Paper, screen
    from drcheck.reports.text import printable

    paper = Paper(screen(sys.stdout))
    for number, (service, histories) in enumerate(services.items()):
        if number:
            paper.blank()
        paper.line((printable(service), "bold"))
        for told in histories:
            paper.blank()
            kind = "" if told.kind == told.commitment else f"  {told.kind.replace('_', ' ')}"
            paper.line("  ", (printable(told.commitment), "bold"), (kind, "dim"))
            _print_verdicts(paper, told.verdicts)
            _print_breaches(paper, told.breaches)
    write_whole(paper.text().encode(), None)


def _print_verdicts(paper: Paper, verdicts: Sequence[PastVerdict]) -> None:
    from drcheck.core import words
    from drcheck.core.verdict import Quantity, Status
    from drcheck.reports.marks import mark, quantity
    from drcheck.reports.text import fit, printable

    for verdict in verdicts:
        status = Status(verdict.status) if verdict.status else None
        its = mark(status, waived=verdict.waived, attested=verdict.attested)
        measured = f"measured {quantity(Quantity(**verdict.measured))}" if verdict.measured else ""
        first = f"  {words.instant(verdict.window.end)}  "
        paper.line(first, (fit(f"{its.symbol} {its.word}", 10), its.style), "  ", measured)
        paper.wrapped(printable(verdict.reason), indent=len(first))


def _print_breaches(paper: Paper, breaches: Sequence[Breach]) -> None:
    from drcheck.core import words

    if not breaches:
        return
    paper.line(("  breach opened         noticed               closed                lasted", "dim"))
    for breach in breaches:
        opened, noticed = words.instant(breach.opened_at), words.instant(breach.noticed_at)
        lasted = ""
        if breach.closed_at is not None:
            closed = words.instant(breach.closed_at)
            lasted = f"{'> ' if breach.cut else ''}{words.duration(breach.closed_at - breach.opened_at)}"
        elif breach.dropped_at is not None:
            closed = f"by {words.instant(breach.dropped_at)}"
        else:
            closed = "still open"
        style = "bold red" if closed == "still open" else ""
        paper.line(f"  {opened}  {noticed}  ", (closed, style), f"  {lasted}{'  waived' if breach.waived else ''}")


def _print_json(services: dict[str, list[_Told]]) -> None:
    from drcheck.cli.output import write_whole
    from drcheck.reports.json import written

    shown = [
        {"service": service, "commitments": [_commitment(told) for told in histories]}
        for service, histories in services.items()
    ]
    write_whole(written({"services": shown}).encode(), None)


def _commitment(told: _Told) -> dict[str, Any]:
    from drcheck.core import words

    return {
        "id": told.commitment,
        "kind": told.kind,
        "verdicts": [
            {
                "run": verdict.run,
                "as_of": words.instant(verdict.window.end),
                "status": verdict.status,
                "waived": verdict.waived,
                "attested": verdict.attested,
                "measured": verdict.measured,
                "reason": verdict.reason,
            }
            for verdict in told.verdicts
        ],
        "breaches": [
            {
                "opened_at": words.instant(breach.opened_at),
                "noticed_at": words.instant(breach.noticed_at),
                "noticed_in": breach.noticed_in,
                "closed_at": None if breach.closed_at is None else words.instant(breach.closed_at),
                "dropped_at": None if breach.dropped_at is None else words.instant(breach.dropped_at),
                "cut": breach.cut,
                "waived": breach.waived,
                "reason": breach.reason,
            }
            for breach in told.breaches
        ],
    }
