"""``drcheck drill record``, ``import``, ``announce``, ``list`` and ``show``: drills as records of the ledger."""

from __future__ import annotations

import argparse
import sys
from collections.abc import Callable, Iterator, Sequence
from typing import TYPE_CHECKING, Any, Final

from drcheck.cli import options
from drcheck.cli.drill_interview import NEEDED, OUTCOMES, RUNGS, ask
from drcheck.errors import UsageError, os_reason

if TYPE_CHECKING:
    from zoneinfo import ZoneInfo

    from drcheck.app.drill_records import Recording
    from drcheck.core.model.drill import Drill
    from drcheck.core.model.policy import Policy, RestoreRecords

_CHECK_OUTCOMES: Final = ("passed", "failed", "aborted", "skipped")
_RECORD: Final = """\
Write down a restore that you did, or saw. On a terminal, what is missing is
asked for; with --outcome, --started and --finished one line does. It is your
word, and is shown as that: sources read by recorded-drills have the standing
`attested`, and never that of a drill that drcheck ran.

A pass says of which rung it is: restored, if what came back was there and
complete; validated, if somebody or something worked with it.
"""
_RECORD_EPILOG: Final = """\
examples:
  drcheck drill record webshop          asks for everything
  drcheck drill record webshop --outcome passed --scenario server
      --started 2026-11-28T08:00:00+01:00 --finished 2026-11-28T09:10:00+01:00
      --source dumps --point orders/2026-11-27T2300Z.dump.gz --site lab
      --validation validated --check rows=passed --operator anna

instants are RFC 3339 with an offset, or a date: it begins at midnight in the
policy's zone
"""
_IMPORT: Final = """\
Take over restore tests that another tool recorded: JUnit's XML, of which each
suite, or the document, is one test; or what `aws backup list-restore-jobs` or
`describe-restore-job` prints. A job of AWS Backup that is COMPLETED has
restored something and validated nothing: only a ValidationStatus SUCCESSFUL
makes it `validated`, and that is what was reported to AWS Backup.

What the file does not tell, options say. A file may be imported again: what
stands in the ledger already is passed over.
"""
_ANNOUNCE: Final = """\
Announce a drill that is planned. It counts as announced from now on, and from
no earlier instant. Where a commitment owes more notice (its business days are
those of the policy's calendar), nothing is announced, and the earliest instant
is told.
"""
_ANNOUNCE_EPILOG: Final = """\
examples:
  drcheck drill announce webshop --for 2027-01-12T09:00:00+01:00 --by anna
  drcheck drill announce webshop --for 2027-01-12 --scenario datacentre
"""


def add(verbs: argparse._SubParsersAction[argparse.ArgumentParser]) -> None:
    """Add the verbs about records to ``drcheck drill``."""
    _add_record(verbs)
    parser = _verb(verbs, "import", "take over what another tool recorded", _IMPORT, "", _import)
    parser.add_argument("service", metavar="SERVICE", help="the service that was restored")
    parser.add_argument("file", metavar="FILE", help="JUnit's XML, or JSON of AWS Backup; -: standard input")
    _add_stated(parser)
    parser.add_argument("--suite", default="", help="of JUnit's XML, the suite that is the restore test")
    parser.add_argument("--zone", default="", help="of JUnit's XML, the zone of its times where they have none")
    parser.add_argument(
        "--validation",
        choices=RUNGS,
        metavar="RUNG",
        default="",
        help="of JUnit's XML, the rung that a pass has reached, as restored or validated",
    )
    parser = _verb(
        verbs, "announce", "announce a drill, so that its notice counts", _ANNOUNCE, _ANNOUNCE_EPILOG, _announce
    )
    parser.add_argument("service", metavar="SERVICE", help="the service to be restored")
    parser.add_argument("--for", dest="planned", required=True, metavar="INSTANT", help="when it is planned to begin")
    parser.add_argument("--scenario", default="", metavar="ID", help="the disaster that it rehearses")
    parser.add_argument("--by", default="", metavar="NAME", help="who announces it")
    parser.add_argument("--notes", default="", metavar="TEXT")
    parser.add_argument("--even-so", action="store_true", help="announce it though the notice is too short")
    parser = _verb(verbs, "list", "the drills that the ledger knows", "List drills, the newest first.", "", _list)
    parser.add_argument("service", nargs="?", default="", metavar="SERVICE", help="default: all services")
    options.console_or_json(parser)
    parser = _verb(verbs, "show", "all that is known of one drill", "Show one drill.", "", _show)
    parser.add_argument("id", metavar="ID", help="as drcheck drill list has it; its beginning will do")
    options.console_or_json(parser)


def _verb(
    verbs: argparse._SubParsersAction[argparse.ArgumentParser],
    name: str,
    about: str,
    description: str,
    epilog: str,
    run: Callable[[argparse.Namespace], int],
) -> argparse.ArgumentParser:
    parser = verbs.add_parser(
        name, help=about, description=description, epilog=epilog, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    options.config(parser)
    parser.set_defaults(run=run)
    return parser


def _add_record(verbs: argparse._SubParsersAction[argparse.ArgumentParser]) -> None:
    parser = _verb(verbs, "record", "write down a restore that somebody did", _RECORD, _RECORD_EPILOG, _record)
    parser.add_argument("service", metavar="SERVICE", help="the service that was restored")
    parser.add_argument("--outcome", choices=OUTCOMES, help="how it ended")
    parser.add_argument("--started", metavar="INSTANT", help="when it began")
    parser.add_argument("--finished", metavar="INSTANT", help="when it ended")
    _add_stated(parser)
    parser.add_argument("--point", default="", metavar="NAME", help="the backup that was restored, by its name there")
    parser.add_argument("--data-as-of", metavar="INSTANT", help="of when its data was")
    parser.add_argument(
        "--validation",
        choices=RUNGS,
        metavar="RUNG",
        help=f"how far up what came back was validated: {', '.join(RUNGS)}",
    )
    clocks = parser.add_argument_group("clocks, where they are known; the restore itself begins with --started")
    for name in ("disrupted", "declared", "restore-started", "restored", "validated"):
        clocks.add_argument(f"--{name}", metavar="INSTANT")
    parser.add_argument(
        "--check", action="append", default=[], metavar="NAME=OUTCOME[:DETAIL]", help="something that was checked"
    )
    parser.add_argument(
        "--data-wrong", action="store_true", help="it failed as its data was wrong: that copy is broken"
    )
    parser.add_argument("--why", default="", metavar="TEXT", help="why it did not pass")
    parser.add_argument("--operator", default="", metavar="NAME", help="who held it")
    parser.add_argument("--announcement", default="", metavar="ID", help="the announcement under which it was held")
    parser.add_argument("--reference", default="", metavar="TEXT", help="where more of it is kept: a ticket, a page")
    parser.add_argument("--notes", default="", metavar="TEXT")
    parser.add_argument("--id", default="", help="a name of your own that no other drill has")


def _add_stated(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--scenario", action="append", default=[], metavar="ID", help="a disaster that it rehearses")
    parser.add_argument("--source", default="", metavar="NAME", help="the policy's source that it restored from")
    parser.add_argument("--of", default="", metavar="SET", help="the data set that was restored")
    parser.add_argument("--site", default="", metavar="NAME", help="the site that was restored to")


def _record(arguments: argparse.Namespace) -> int:
    # Imported here, so that --help answers at once.
    from drcheck.app.drill_records import policy_of, record
    from drcheck.policyfile.config import load_settings

    settings = load_settings(arguments.config)
    policy = policy_of(settings, arguments.service)
    missing = [f"--{name}" for name in NEEDED if getattr(arguments, name) is None]
    if missing and not sys.stdin.isatty():
        raise UsageError(
            f"{', '.join(missing)} {'is' if len(missing) == 1 else 'are'} missing",
            "Without a terminal nothing can be asked: say all of it in one line.",
        )
    if missing:
        ask(arguments, policy, lambda text, zone: _instant("this", text, zone))
    _tell(record(settings, policy, _drill(arguments, policy)))
    return 0


def _drill(arguments: argparse.Namespace, policy: Policy) -> Drill:
    from zoneinfo import ZoneInfo

    from drcheck import clock
    from drcheck.app.drill_records import new_id
    from drcheck.core.model.commitments import Rung
    from drcheck.core.model.drill import Drill, DrillClocks, DrillPoint, Ending, Origin

    zone = ZoneInfo(policy.timezone)
    began, ended = (_instant(f"--{key}", getattr(arguments, key), zone) for key in ("started", "finished"))
    assert began is not None
    names = ("disrupted", "declared", "restore_started", "restored", "validated")
    clocks = [_instant(f"--{key.replace('_', '-')}", getattr(arguments, key), zone) for key in names]
    clocks[2] = began if clocks[2] is None else clocks[2]
    validation = arguments.validation
    return Drill(
        arguments.id or new_id(clock.now()),
        policy.service,
        began,
        Origin.TYPED,
        tuple(arguments.scenario),
        DrillPoint(
            arguments.source, arguments.of, arguments.point, _instant("--data-as-of", arguments.data_as_of, zone)
        ),
        arguments.site,
        Ending(arguments.outcome),
        ended,
        DrillClocks(*clocks),
        rung=Rung[validation.upper()] if validation else None,
        checks=tuple(_checks(arguments.check)),
        data_wrong=arguments.data_wrong,
        why=arguments.why,
        operator=arguments.operator,
        announcement=arguments.announcement,
        reference=arguments.reference,
        notes=arguments.notes,
    )


def _checks(told: Sequence[str]) -> Iterator[Any]:
    from drcheck.core.model.drill import DrillCheck

    for one in told:
        name, equals, rest = one.partition("=")
        outcome, _, detail = rest.partition(":")
        if not equals or not name or outcome not in _CHECK_OUTCOMES:
            raise UsageError(
                f"--check {one} is no check", f"Write it like rows=passed, with one of {', '.join(_CHECK_OUTCOMES)}."
            )
        yield DrillCheck(name, outcome, detail.strip())


def _instant(what: str, text: str | None, zone: ZoneInfo) -> int | None:
    from drcheck.policyfile.question_times import moment

    return options.value_of(what, lambda written: moment(written)(zone), text)


def _import(arguments: argparse.Namespace) -> int:
    from drcheck.app.drill_records import import_file, policy_of
    from drcheck.policyfile.config import load_settings

    settings = load_settings(arguments.config)
    policy = policy_of(settings, arguments.service)
    _tell(import_file(settings, policy, _content(arguments.file), _stated(arguments)))
    return 0


def _stated(arguments: argparse.Namespace) -> RestoreRecords:
    from drcheck.core.model.policy import RestoreRecords

    return RestoreRecords(
        zone=arguments.zone,
        suite=arguments.suite,
        scenarios=tuple(arguments.scenario),
        validation=arguments.validation,
        target_site=arguments.site,
        restored_from=arguments.source,
        of=arguments.of,
    )


def _content(file: str) -> bytes:
    from pathlib import Path

    from drcheck.app.drill_records import LARGEST_FILE

    try:
        if file == "-":
            data = sys.stdin.buffer.read(LARGEST_FILE + 1)
        else:
            with Path(file).open("rb") as opened:
                data = opened.read(LARGEST_FILE + 1)
    except OSError as error:
        raise UsageError(f"{file} cannot be read: {os_reason(error)}", "Name a file.") from error
    if len(data) > LARGEST_FILE:
        raise UsageError(f"{file} is larger than {LARGEST_FILE >> 20} MiB", "Import what is new alone.")
    return data


def _tell(kept: Recording) -> None:
    from drcheck.reports.wording.text import printable

    for drill in kept.drills:
        how = "" if drill.outcome is None else drill.outcome.value
        print(printable(f"recorded {drill.id}: {how}{f', {drill.told_by}' if drill.told_by else ''}"))
    if kept.known:
        print(f"{kept.known} stood in the ledger already")
    elif not kept.drills:
        print("there was nothing to record")
    for note in kept.notes:
        print(printable(f"note: {note}"))


def _announce(arguments: argparse.Namespace) -> int:
    from zoneinfo import ZoneInfo

    from drcheck.app.drill_records import announce, policy_of
    from drcheck.policyfile.config import load_settings
    from drcheck.reports.wording.local_time import Local
    from drcheck.reports.wording.text import printable

    settings = load_settings(arguments.config)
    policy = policy_of(settings, arguments.service)
    zone = ZoneInfo(policy.timezone)
    planned = _instant("--for", arguments.planned, zone)
    assert planned is not None
    try:
        given, notice = announce(
            settings, policy, planned, arguments.scenario, arguments.by, arguments.notes, even_so=arguments.even_so
        )
    except UsageError as error:
        raise UsageError(Local(zone).text(error.message), Local(zone).text(error.hint)) from error
    print(printable(f"announced {given.id}: a drill of {policy.service} for {Local(zone).instant(given.planned_for)}"))
    print(printable(notice))
    return 0


def _list(arguments: argparse.Namespace) -> int:
    from drcheck.app.drill_records import recorded
    from drcheck.cli.output import write_whole
    from drcheck.policyfile.config import load_settings
    from drcheck.reports.console.terminal import screen
    from drcheck.reports.drills import records

    rows = recorded(load_settings(arguments.config), arguments.service)
    if arguments.format == "json":
        write_whole(records.as_json(rows), None)
        return 0
    nothing = b"No drill is recorded yet. `drcheck drill record` and `drcheck drill import` record one.\n"
    write_whole(records.drills_as_text(rows, screen(sys.stdout)) if rows else nothing, None)
    return 0


def _show(arguments: argparse.Namespace) -> int:
    from drcheck.app.drill_records import recorded
    from drcheck.cli.output import write_whole
    from drcheck.policyfile.config import load_settings
    from drcheck.reports.console.terminal import screen
    from drcheck.reports.drills import records
    from drcheck.reports.json import json_text

    every = [(drill, one.zone) for one in recorded(load_settings(arguments.config)) for drill in one.drills]
    found = [one for one in every if one[0].id == arguments.id]
    found = found or [one for one in every if one[0].id.startswith(arguments.id)]
    if len(found) != 1:
        of = f"{len(found)} drills begin with" if found else "the ledger has no drill"
        raise UsageError(f"{of} {arguments.id}", "drcheck drill list has their ids.")
    ((drill, zone),) = found
    if arguments.format == "json":
        write_whole(json_text(records.drill_as_json(drill)).encode(), None)
    else:
        write_whole(records.drill_as_text(drill, zone, screen(sys.stdout)), None)
    return 0
