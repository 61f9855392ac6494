"""What killed drills left on targets: found, and removed."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import closing
from typing import NamedTuple

from drcheck import registry
from drcheck.app.production_hosts import production_hosts
from drcheck.collectors.pool import Connections
from drcheck.drills import guards, target_directory
from drcheck.drills.journal import Journal
from drcheck.drills.target_directory import Directory
from drcheck.interfaces import CollectorError
from drcheck.settings import Settings


class Leftover(NamedTuple):
    """Something that a drill left on a target."""

    target: str
    drill: str
    removed: bool
    why: str
    """Why it was not removed."""


def collect_garbage(settings: Settings, *, remove: bool) -> Iterator[Leftover]:
    """Find what drills left on any target, and remove it; what is of a drill that runs, or of another runner, stays."""
    journaled = {drill.id: drill for drill in Journal(settings.drills.records).all()}
    with Connections(settings.connections) as pool:
        for target in settings.drills.targets.values():
            with closing(registry.shell(settings.connections[target.connection], pool)) as shell:
                try:
                    found = guards.probe(shell, target.directory)
                    guards.check(target, found, production_hosts(settings, pool, []))
                    for name, token in target_directory.left(shell, target.directory):
                        drill = journaled.get(name)
                        why = ""
                        if drill is None or drill.begun.get("token") != token:
                            why = "no record of it is kept here: it is another runner's"
                        elif drill.running:
                            why = "it is running"
                        elif remove:
                            Directory(shell, target.directory, name, token, patience=0).clear()
                        yield Leftover(target.name, name, remove and not why, why)
                except CollectorError as error:
                    yield Leftover(target.name, "", False, error.message)
