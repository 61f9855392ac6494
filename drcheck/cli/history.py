"""``drcheck history``: how verdicts went, and when breaches opened and closed."""

from __future__ import annotations

import argparse
from collections.abc import Iterator, Sequence
from itertools import groupby
from typing import TYPE_CHECKING, Any, NamedTuple

from drcheck.cli import options
from drcheck.errors import UsageError

if TYPE_CHECKING:
    from zoneinfo import ZoneInfo

    from drcheck.ledger.breaches import Breach
    from drcheck.ledger.state import PastVerdict, State
    from drcheck.ledger.store import Ledger
    from drcheck.policyfile.question_times import Moment
    from drcheck.reports.console.terminal import Paper
    from drcheck.reports.wording.local_time import Local

_DESCRIPTION = """\
Show how the verdicts on each commitment went, out of the ledger: a line for
every run in which a verdict changed, and every breach with when it opened (by
the evidence), when it closed, and when a run first noticed it. "by" stands
before the instant where no run saw it open or close, which it did then or
before; ">" before how long it lasted at least. Times are in the policy's zone.
"""

_EPILOG = """\
examples:
  drcheck history                                   all services
  drcheck history webshop --commitment rpo-server   one promise
  drcheck history webshop --since 2026-11-01 --all  every run since then
  drcheck history webshop --format json
"""


class _History(NamedTuple):
    """The history of one commitment."""

    commitment: str
    kind: str
    verdicts: list[PastVerdict]
    """Those to show, of the oldest instant judged first."""
    breaches: list[Breach]
    ahead: frozenset[str]
    """Runs that judged a later instant than any after them: their clock has been set back since."""


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
    options.console_or_json(parser)
    options.config(parser)
    parser.set_defaults(run=run)


def run(arguments: argparse.Namespace) -> int:
    """Do it, and return the exit status."""
    # Imported here, so that --help answers at once.
    from drcheck.cli.output import write_whole
    from drcheck.ledger.errors import NoLedger
    from drcheck.ledger.store import open_ledger
    from drcheck.policyfile.config import load_settings
    from drcheck.policyfile.question_times import moment

    since = options.value_of("--since", moment, arguments.since)
    settings = load_settings(arguments.config)
    services: dict[str, list[_History]] = {}
    zones: dict[str, ZoneInfo] = {}
    judged = False
    try:
        with open_ledger(settings.ledger, read_only=True) as ledger:
            state = ledger.state((), folded=True)
            zones, judged = _zones(ledger, state), any(run.judged for run in state.runs.values())
        _known("service", arguments.service, state.services())
        services = _read(state, zones, arguments.service, arguments.commitment, since, every_run=arguments.all)
    except NoLedger:
        pass  # nothing has been judged yet, which is an answer
    if arguments.format == "json":
        _print_json(services)
        return 0
    if services:
        shown = _text(services, zones)
    elif since is not None and judged:
        shown = f"Nothing was judged, and no breach was open, since {arguments.since}.\n"
    else:
        shown = "Nothing has been judged yet. `drcheck verify` judges, and records what it finds.\n"
    write_whole(shown.encode(), None)
    return 0


def _known(what: str, name: str, names: Sequence[str]) -> None:
    """Refuse a name that the ledger does not have; with an empty ledger every name is fine."""
    from drcheck.core import words
    from drcheck.policyfile.validate import suggest
    from drcheck.reports.wording.text import printable

    if name and names and name not in names:
        hint = suggest(name, names) or f"Known are {words.several(list(names), at_most=10)}."
        raise UsageError(f"the ledger has no {what} {printable(name)}", printable(hint[:1].upper() + hint[1:]))


def _zones(ledger: Ledger, state: State) -> dict[str, ZoneInfo]:
    """Return the zone of each service, by the text of its policy that was judged last."""
    from drcheck.policyfile.load import zone_of

    newest = {past.service: past.sha256 for past in state.policies}
    return {service: zone_of(ledger.policy_text(state, sha256)) for service, sha256 in newest.items()}


def _read(
    state: State,
    zones: dict[str, ZoneInfo],
    service: str,
    commitment: str,
    since_when: Moment | None,
    *,
    every_run: bool,
) -> dict[str, list[_History]]:
    from drcheck.ledger.breaches import breaches
    from drcheck.ledger.state import ahead

    histories: dict[str, list[_History]] = {}
    names: set[str] = set()
    for (of, promise), every in sorted(state.verdicts.items()):
        if service and of != service:
            continue
        # A run that was stopped or died has shown its verdicts to nobody, and none of them is of record.
        if not (finished := [verdict for verdict in every if state.runs[verdict.run].state == "finished"]):
            continue
        names.add(promise)
        if commitment and promise != commitment:
            continue
        since = None if since_when is None else since_when(zones[of])
        # What a run of a clock ahead of time found of a time that had not come yet tells of no breach.
        *are_ahead, _ = ahead([verdict.window.end for verdict in finished])
        disbelieved = frozenset(one.run for one, is_ahead in zip(finished, are_ahead, strict=False) if is_ahead)
        believed = (verdict for verdict in finished if verdict.run not in disbelieved)
        spells = breaches(sorted(believed, key=lambda verdict: verdict.window.end))
        verdicts = sorted(finished, key=lambda verdict: verdict.window.end)
        spells = [
            breach for breach in spells if since is None or (breach.closed_at or breach.dropped_at or since) >= since
        ]
        shown = [verdict for verdict in verdicts if since is None or verdict.window.end >= since]
        shown = shown if every_run else list(_changes(shown))
        history = _History(promise, verdicts[-1].found.kind, shown, spells, disbelieved)
        if history.verdicts or history.breaches:
            histories.setdefault(of, []).append(history)
    _known("commitment", commitment, sorted(names))
    return histories


def _changes(verdicts: Sequence[PastVerdict]) -> Iterator[PastVerdict]:
    """Yield the first verdict, and every one that differs from the one before it."""
    for _, same in groupby(verdicts, lambda verdict: (verdict.found.status, verdict.found.waived)):
        yield next(same)


def _text(services: dict[str, list[_History]], zones: dict[str, ZoneInfo]) -> str:
    import sys

    from drcheck.reports.console.terminal import Paper, screen
    from drcheck.reports.wording.local_time import Local
    from drcheck.reports.wording.text import printable

    paper = Paper(screen(sys.stdout))
    for number, (service, histories) in enumerate(services.items()):
        local = Local(zones[service])
        if number:
            paper.blank()
        paper.line((printable(service), "bold"))
        for history in histories:
            paper.blank()
            kind = "" if history.kind == history.commitment else f"  {history.kind.replace('_', ' ')}"
            paper.line("  ", (printable(history.commitment), "bold"), (kind, "dim"))
            _print_verdicts(paper, history, local)
            _print_breaches(paper, history.breaches, local)
    return paper.text()


def _print_verdicts(paper: Paper, history: _History, local: Local) -> None:
    from drcheck.core.model.status import Status
    from drcheck.core.model.verdict import Quantity
    from drcheck.reports.console.cells import fit
    from drcheck.reports.wording.figures import quantity
    from drcheck.reports.wording.status_marks import mark
    from drcheck.reports.wording.text import printable

    for verdict in history.verdicts:
        status = Status(verdict.found.status) if verdict.found.status else None
        marked = mark(status, waived=verdict.found.waived, attested=verdict.found.attested)
        measured = f"measured {quantity(Quantity(**verdict.found.measured))}" if verdict.found.measured else ""
        first = f"  {local.instant(verdict.window.end)}  "
        paper.line(first, (fit(f"{marked.symbol} {marked.word}", 10), marked.style), "  ", measured)
        paper.wrapped(printable(local.text(verdict.found.reason)), indent=len(first))
        if verdict.run in history.ahead:
            paper.wrapped("its clock was ahead: a later run judged an earlier instant", indent=len(first), style="dim")


def _print_breaches(paper: Paper, breaches: Sequence[Breach], local: Local) -> None:
    from drcheck.core import words
    from drcheck.reports.console.cells import fit

    rows = [("breach opened", "closed", "lasted")]
    for breach in breaches:
        closed, lasted = "still open", ""
        if breach.closed_at is not None:
            closed = local.instant(breach.closed_at)
            lasted = f"{'> ' if breach.cut else ''}{words.duration(breach.closed_at - breach.opened_at)}"
        elif breach.dropped_at is not None:
            closed = f"by {local.instant(breach.dropped_at)}"
        opened_at = f"{'by ' if breach.cut else ''}{local.instant(breach.opened_at)}"
        rows.append((opened_at, closed, f"{lasted}{'  waived' if breach.waived else ''}"))
    if not breaches:
        return
    opened, closed_width = (max(map(len, column)) for column in list(zip(*rows, strict=True))[:2])
    heads = f"  {fit(rows[0][0], opened)}  {fit(rows[0][1], closed_width)}  {rows[0][2]}"
    paper.line((heads, "dim"))
    for breach, (first, last, lasted) in zip(breaches, rows[1:], strict=True):
        style = "bold red" if last == "still open" else ""
        paper.line(f"  {fit(first, opened)}  ", (fit(last, closed_width), style), f"  {lasted}")
        paper.line((f"    noticed {local.instant(breach.noticed_at)}", "dim"))


def _print_json(services: dict[str, list[_History]]) -> None:
    from drcheck.cli.output import write_whole
    from drcheck.reports.json import json_text

    shown = [
        {"service": service, "commitments": [_commitment(history) for history in histories]}
        for service, histories in services.items()
    ]
    write_whole(json_text({"services": shown}).encode(), None)


def _commitment(history: _History) -> dict[str, Any]:
    from drcheck.core import words

    return {
        "id": history.commitment,
        "kind": history.kind,
        "verdicts": [
            {
                "run": verdict.run,
                "as_of": words.instant(verdict.window.end),
                "status": verdict.found.status,
                "waived": verdict.found.waived,
                "attested": verdict.found.attested,
                "measured": verdict.found.measured,
                "reason": verdict.found.reason,
                "clock_ahead": verdict.run in history.ahead,
            }
            for verdict in history.verdicts
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
            for breach in history.breaches
        ],
    }
