"""``drcheck drill run``: restore for real on a target that the runner allows, against the clock; and what goes with it.

``drill gc`` removes what a drill left behind that was killed; ``drill runbooks`` lists what can be run.
"""

from __future__ import annotations

import argparse
from typing import TYPE_CHECKING, Final

from drcheck.cli import options

if TYPE_CHECKING:
    from drcheck.app.drill import Target
    from drcheck.app.drill_choice import Prepared
    from drcheck.core.model.drill import Drill
    from drcheck.drills.runbook_run import DrillReport

EXIT_FAILED: Final = 1
EXIT_ABORTED: Final = 3

_RUN: Final = """\
Restore a recovery point of a service for real, step by step, and measure how
long that takes against the objective. What is restored says the policy
(drills:), how a runbook, and where drcheck.yaml (drills.targets). A drill
passes only if the restored data itself was checked; that a restoring tool
ends with status 0 proves nothing.

Nothing but the directory of the drill is ever written on the target, and that
is removed at the end, also after Ctrl-C. It does not begin where the target
is not allowed, does not hold the target's own marker file, or is, by host
key, machine id or address, a host of production or one that holds recovery
points. What came of it is recorded whatever it is: also that it failed, or
was broken off.
"""
_RUN_EPILOG: Final = """\
examples:
  drcheck drill run webshop --scenario server --plan   what it would do
  drcheck drill run webshop --scenario server
  drcheck drill run webshop --drill quarterly --notes CHG-1234

first steps:
  1. On the host that may be restored to, make a directory and allow drills:
       mkdir /srv/drills; echo lab-7f3a > /srv/drills/.drcheck-drill-target
  2. Name it in drcheck.yaml:
       drills:
         targets:
           lab: {connection: lab-host, directory: /srv/drills, id: lab-7f3a}
         production:
           db1: {addresses: [192.0.2.10]}
  3. Say in the policy what is restored:
       drills:
         quarterly: {scenario: server, from: [dumps], target: lab,
                     runbook: postgresql-dump}
  4. drcheck verify, so that it is known what there is; then the drill.

exit status:
  0  it passed: restored, and what was checked of the data is right
  1  it failed
  3  it was aborted, or could not run to its end: nothing is known
  2  wrong usage or configuration, or a guard refused the target: nothing was
     touched
"""


def add(verbs: argparse._SubParsersAction[argparse.ArgumentParser]) -> None:
    """Add what runs drills to the verbs of ``drcheck drill``."""
    run = verbs.add_parser(
        "run",
        help="restore for real, against the clock",
        description=_RUN,
        epilog=_RUN_EPILOG,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    run.add_argument("service", metavar="SERVICE", help="the service to restore")
    run.add_argument("--scenario", default="", metavar="ID", help="the disaster that is rehearsed")
    run.add_argument("--drill", default="", metavar="NAME", help="which of the policy's drills, where it has several")
    run.add_argument("--plan", action="store_true", help="show what would be done, hold it against the guards, and end")
    run.add_argument("--seed", default="", metavar="TEXT", help="of a random choice, to choose the same point again")
    run.add_argument("--announcement", default="", metavar="ID", help="the announcement under which it is held")
    run.add_argument("--notes", default="", metavar="TEXT", help="what to record beside it, as the number of a change")
    _config(run)
    run.set_defaults(run=run_drill)
    gc = verbs.add_parser(
        "gc",
        help="find and remove what killed drills left on targets",
        description="Find what drills of this runner left on any target, end what still runs there, and remove it. "
        "A drill whose drcheck was killed is recorded as aborted. What runs now, or is another runner's, stays.",
    )
    gc.add_argument("--dry-run", action="store_true", help="only say what there is")
    _config(gc)
    gc.set_defaults(run=run_gc)
    runbooks = verbs.add_parser(
        "runbooks",
        help="list the runbooks that there are, or print one",
        description="List the runbooks that a policy can name, or print one to start from: "
        "drcheck drill runbooks files > runbooks/mine.yaml",
    )
    runbooks.add_argument("name", nargs="?", metavar="NAME", help="print this one")
    _config(runbooks)
    runbooks.set_defaults(run=run_runbooks)


def _config(parser: argparse.ArgumentParser) -> None:
    options.config(parser)


def run_drill(arguments: argparse.Namespace) -> int:
    """Do it, and return the exit status."""
    # Imported here, so that --help answers at once.
    import sys

    from drcheck.app.drill import reached, run
    from drcheck.app.drill_choice import prepare
    from drcheck.app.drill_journal import close_killed
    from drcheck.cli.drill_view import View
    from drcheck.cli.output import tell
    from drcheck.policyfile.config import load_settings

    settings = load_settings(arguments.config)
    for killed in () if arguments.plan else close_killed(settings):
        tell(f"drcheck: {killed} was never ended; it is recorded as aborted (drcheck drill gc cleans its target)")
    prepared = prepare(
        settings,
        arguments.service,
        arguments.scenario,
        arguments.drill,
        seed=arguments.seed,
        announcement=arguments.announcement,
    )
    with reached(settings, prepared) as target:
        _show_plan(prepared, target)
        if arguments.plan:
            return 0
        with View(sys.stderr, prepared.objective) as view:
            record, report = run(settings, prepared, target, view, notes=arguments.notes)
    _show_outcome(prepared, record, report, f"{settings.drills.records}/{prepared.id}")
    return {"passed": 0, "failed": EXIT_FAILED, "aborted": EXIT_ABORTED}[report.ended.value]


def run_gc(arguments: argparse.Namespace) -> int:
    """Do it, and return the exit status."""
    from drcheck.app.drill_journal import close_killed
    from drcheck.app.drill_leftovers import collect_garbage
    from drcheck.policyfile.config import load_settings

    settings = load_settings(arguments.config)
    if not arguments.dry_run:
        for killed in close_killed(settings):
            print(f"{killed}: drcheck was killed while it ran; recorded as aborted")
    clean = True
    for left in collect_garbage(settings, remove=not arguments.dry_run):
        if not left.drill:
            print(f"{left.target}: {left.why}")
            clean = False
        else:
            print(f"{left.target}: {left.drill}: {'removed' if left.removed else left.why or 'left over'}")
    return 0 if clean else EXIT_ABORTED


def run_runbooks(arguments: argparse.Namespace) -> int:
    """Do it, and return the exit status."""
    from drcheck.errors import UsageError
    from drcheck.policyfile.config import load_settings
    from drcheck.policyfile.runbooks import read_runbook, runbook_files

    directories = load_settings(arguments.config).drills.runbooks
    found = runbook_files(directories)
    if arguments.name:
        if arguments.name not in found:
            raise UsageError(f"there is no runbook {arguments.name}", f"There are {', '.join(sorted(found))}.")
        print(found[arguments.name].data.decode("utf-8", "replace"), end="")
        return 0
    for name, file in sorted(found.items()):
        runbook = read_runbook(file)
        tried = f"tried with {runbook.tried}" if runbook.tried else "never run to its end by its makers"
        print(f"{name}  {runbook.title}")
        print(f"    {'comes with drcheck' if file.shipped else file.file}; {tried}")
        for value, usual in runbook.values.items():
            print(f"    with {value}{' (needed)' if usual is None else ''}")
    return 0


def _show_plan(prepared: Prepared, target: Target) -> None:
    from drcheck.core import words

    point, its = prepared.point, prepared.target
    objective = "nothing is promised"
    if prepared.objective is not None:
        objective = f"{words.duration(prepared.objective)}, by {prepared.objective_of}"
    rows = [
        ("drill", prepared.id),
        ("scenario", prepared.planned.scenario or "none"),
        ("restore", point.name),
        ("", f"from {point.source}, {prepared.why_this}"),
        ("", f"data of {words.instant(point.data_lo)}, {words.size(point.size)}"),
        *(("passed over", f"{source}: nothing there is known to be restorable") for source in prepared.passed_over),
        *(("after", f"{step.name} at {step.source}") for step in point.steps),
        ("to", f"{its.name} ({its.connection}:{its.directory}), machine id {target.found.identity.machine}"),
        *(("not told", what) for what in target.unknown),
        ("objective", objective),
        ("by", f"the runbook {prepared.runbook.name}: {prepared.runbook.title}"),
        (
            "",
            f"tried with {prepared.runbook.tried}" if prepared.runbook.tried else "its makers never ran it to its end",
        ),
    ]
    for step in prepared.runbook.steps:
        note = "" if step.counts else ", not counted"
        rows.append((f"  {step.phase}", f"{step.name}, at most {words.duration(step.timeout)}{note}"))
    rows += [("  validate", f"{check.name}: {check.expected.compare.value}") for check in prepared.runbook.checks]
    rows += [("  clean up", step.name) for step in prepared.runbook.clean_up]
    for left, right in rows:
        print(f"{left:<12} {_plain(right)}")


def _show_outcome(prepared: Prepared, record: Drill, report: DrillReport, kept: str) -> None:
    from drcheck.core import words

    print()
    print(f"{report.ended.value}{': ' if report.why else ''}{_plain(report.why)}")
    for phase in report.phases:
        print(f"  {phase.name:<12} {phase.ended - phase.began:9.1f} s{'' if phase.counts else ', not counted'}")
    for check in report.checks:
        print(f"  {check.name}: {check.result.outcome.value.replace('_', ' ')}, {_plain(check.result.detail)}")
    if report.recovery_time is not None:
        against = ""
        if prepared.objective is not None:
            late = report.recovery_time > prepared.objective
            against = (
                f"; {prepared.objective_of} allows {words.duration(prepared.objective)}{', TOO LATE' if late else ''}"
            )
        print(f"  recovery time  {report.recovery_time:.1f} s{against}")
    if record.recovery_point_age is not None:
        print(f"  data lost      {words.duration(record.recovery_point_age)}, from the data's instant to the begin")
    if report.rung is not None:
        print(f"  reached        {report.rung.name.lower()}")
    if report.left:
        print(f"  NOT CLEAN      {_plain(report.left)}; drcheck drill gc tries again")
    print(f"  kept           {kept}")


def _plain(text: str) -> str:
    """Return text with what a terminal would not show as a character escaped: names and outputs may hold anything."""
    return "".join(each if each.isprintable() else ascii(each)[1:-1] for each in text)
