"""A toy reader: a tool's own list of backups, a line each with name, data set and instant."""

from __future__ import annotations

from drcheck.core.model.evidence import LONG_AGO, Candidate, Look
from drcheck.core.model.observation import Observation


def read(collector, source, name, asked):
    candidates = []
    for line in collector.read(name, at_most=1 << 20).decode().splitlines():
        backup, of, at = line.split()
        instant = int(at)
        candidates.append(Candidate(backup, of, "", instant, instant, instant, instant, 1, "", complete=True))
    look = Look(source.name, asked.begin, asked.begin, LONG_AGO, names=len(candidates), matched=len(candidates))
    return Observation(look, tuple(candidates))
