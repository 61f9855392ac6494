"""Drill: a recovery point restored for real on a target that the runner allows, checked, timed, and cleaned away.

What is restored says the policy, how a runbook, and where drcheck.yaml; what came of it goes into a log of restore
tests, and is judged from there.
"""

from __future__ import annotations

import secrets
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager
from typing import Final, NamedTuple

from msgspec.structs import replace

from drcheck import registry
from drcheck.app import drill_journal
from drcheck.app.drill_choice import Prepared
from drcheck.app.production_hosts import production_hosts
from drcheck.collectors.guarded import Guarded
from drcheck.collectors.pool import Connections
from drcheck.core import words
from drcheck.core.model.drill import Drill
from drcheck.core.names.marker_names import marker_of
from drcheck.drills import guards, target_directory
from drcheck.drills.check_results import Baseline
from drcheck.drills.guards import Probed
from drcheck.drills.runbook_run import DrillReport, Ended, File, Listener, RunbookPlan, RunbookRun
from drcheck.drills.target_directory import Directory
from drcheck.errors import DrcheckError
from drcheck.interfaces import CollectorError, NotFound, Shell
from drcheck.settings import Settings

MANIFEST: Final = 4 << 20
"""Bytes that a manifest beside a backup may have."""


class DrillError(DrcheckError):
    """A drill that cannot begin: nothing was restored, and nothing on any target changed."""


class Target(NamedTuple):
    """A target that was reached, and that every guard lets through."""

    shell: Shell
    found: Probed
    unknown: tuple[str, ...]
    """Hosts of recovery points of which not everything could be told, in words."""


@contextmanager
def reached(settings: Settings, prepared: Prepared) -> Iterator[Target]:
    """Connect to the target, and hold it against every guard; raises :class:`DrillError` where one says no."""
    with Connections(settings.connections) as pool:
        shell = registry.shell(settings.connections[prepared.target.connection], pool)
        with closing(shell):
            try:
                found = guards.probe(shell, prepared.target.directory)
                unknown: list[str] = []
                guards.check(prepared.target, found, production_hosts(settings, pool, unknown))
                guards.check_programs(shell, prepared.target.name, prepared.runbook.needs)
            except CollectorError as error:
                raise DrillError(error.message, error.hint) from error
            yield Target(shell, found, tuple(unknown))


def run(settings: Settings, prepared: Prepared, target: Target, listener: Listener, *, notes: str = "",
        patience: float = target_directory.PATIENCE) -> tuple[Drill, DrillReport]:  # fmt: skip
    """Run a drill, and keep what came of it; its begin is kept before anything on the target changes."""
    token = secrets.token_hex(16)
    begun, folder = drill_journal.begin(settings, prepared, token, notes)
    with Connections(settings.connections) as pool, _reading(settings, pool, prepared) as collector:
        files: tuple[File, ...] = ()
        manifest: str | None = None
        report: DrillReport | None = None
        try:
            if any(not step.run for step in prepared.runbook.steps):
                files = tuple(_files(collector, prepared))
            manifest = _manifest(collector, prepared.planned.manifest, prepared.point.name)
        except CollectorError as error:
            ended = Ended.FAILED if isinstance(error, NotFound) else Ended.ABORTED
            report = DrillReport(ended, f"the recovery point could not be read: {error.message}")
        except KeyboardInterrupt:
            report = DrillReport(Ended.ABORTED, "it was interrupted")
        if report is None:
            plan = RunbookPlan(
                prepared.runbook,
                files,
                _values(settings, prepared),
                Baseline(prepared.point.data_lo, prepared.planned.values, manifest, None),
                prepared.last_counts,
                prepared.target.deadline,
            )
            directory = Directory(target.shell, prepared.target.directory, prepared.id, token, patience=patience)
            report = RunbookRun(plan, directory, listener).run(prepared.target.id)
    return drill_journal.end(settings, prepared, begun, report, folder), report


@contextmanager
def _reading(settings: Settings, pool: Connections, prepared: Prepared) -> Iterator[Guarded]:
    """Open what reads the recovery point; it may take as long as the whole drill."""
    source = prepared.policy.sources[prepared.point.source]
    connection = replace(settings.connections[source.connection], deadline=prepared.target.deadline)
    root, _ = registry.place(source)
    with closing(Guarded(registry.opener(connection, versions=source.versions)(root, pool), connection, [])) as opened:
        yield opened


def _files(collector: Guarded, prepared: Prepared) -> Iterator[File]:
    """Yield the files of a recovery point, and before it of what it builds on."""
    for step in prepared.point.steps:
        if step.source != prepared.point.source:
            raise CollectorError(
                f"{prepared.point.name} builds on {step.name} of another source, {step.source}",
                "drcheck copies from one source; let a step of the runbook fetch it.",
            )
    if prepared.policy.sources[prepared.point.source].parts:
        raise CollectorError(
            f"{prepared.point.name} has several files, which drcheck cannot copy yet",
            "Let a step of the runbook fetch them.",
        )
    for name in (*(step.name for step in prepared.point.steps), prepared.point.name):
        found = [entry for entry in collector.list(name) if entry.name == name or name.endswith("/")]
        if not found:
            raise NotFound(f"{name} is not there any more", "`drcheck verify` looks anew.")
        for entry in found:
            if entry.name.startswith("/") or {"", ".", ".."} & set(entry.name.split("/")) or "\n" in entry.name:
                raise CollectorError(f"{words.quoted(entry.name)} is no name to put on a target", "Rename it there.")
            yield File(entry.name, entry.size, _reader(collector, entry.name))


def _reader(collector: Guarded, name: str) -> Callable[[int, int], bytes]:
    def read(offset: int, at_most: int) -> bytes:
        return collector.read(name, offset=offset, at_most=at_most)

    return read


def _manifest(collector: Guarded, template: str, name: str) -> str | None:
    if not template:
        return None
    beside = marker_of(template, name)
    read = collector.read(beside, at_most=MANIFEST + 1)
    if len(read) > MANIFEST:
        raise CollectorError(f"the manifest {beside} is larger than {words.size(MANIFEST)}", "Name a smaller one.")
    return read.decode("utf-8", "replace")


def _values(settings: Settings, prepared: Prepared) -> dict[str, str]:
    """Return the environment of every step, beside the directories that only the target knows."""
    point, policy = prepared.point, prepared.policy
    source = policy.sources[point.source]
    connection = settings.connections[source.connection]
    return {
        **prepared.target.environment,
        **{f"WITH_{name}": usual for name, usual in prepared.runbook.values.items() if usual is not None},
        **{f"WITH_{name}": value for name, value in prepared.planned.values.items()},
        "DRILL_ID": prepared.id,
        "DRILL_SERVICE": policy.service,
        "DRILL_FILE": point.name,
        "DRILL_BEFORE": " ".join(step.name for step in point.steps),
        "DRILL_SOURCE": point.source,
        "DRILL_OF": prepared.planned.of or source.of[0],
        "DRILL_DATA_AS_OF": words.instant(point.data_lo),
        "DRILL_KIND": point.kind or "full",
        "DRILL_PLACE": source.url(connection.location()),
    }
