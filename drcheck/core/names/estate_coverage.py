"""What of an estate policies cover: names of services, buckets and hosts, held against what policies say.

A name is only taken for covered where a policy names it itself: a likeness proves nothing.
"""

from __future__ import annotations

import csv
from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from typing import Final, NamedTuple

from drcheck.core.model.policy import Policy
from drcheck.core.model.readers import Tells
from drcheck.core.time.spans import Span, Spans, union

_COLUMNS: Final = ("service", "name", "bucket", "container", "host", "hostname")
"""Columns of a list that hold the names, the first of them that it has; else its first column does."""


class Coverage(NamedTuple):
    """How a list of names and the policies meet."""

    names: tuple[str, ...]
    """All of the list, each once."""
    uncovered: tuple[str, ...]
    """Those that no policy names."""
    idle: tuple[str, ...]
    """Services whose policies name nothing of the list."""


def names_in_list(text: str) -> list[str]:
    """Return the names in a list, each once: one a line, or a column of a table that has a header.

    Columns are parted by commas, semicolons or tabs. Empty lines, and those that begin with ``#``, say nothing.
    """
    lines = [line for line in text.splitlines() if line.strip() and not line.lstrip().startswith("#")]
    if not lines:
        return []
    between = next((each for each in ",;\t" if each in lines[0]), "")
    if between == "\t" and len(lines) == 1:
        return _once(lines[0].split("\t"))  # as the AWS command line prints several names
    if not between:
        return _once(lines[1:] if lines[0].strip().casefold() in _COLUMNS else lines)
    header, *rows = csv.reader(lines, delimiter=between)
    titles = [title.strip().casefold() for title in header]
    at = next((titles.index(column) for column in _COLUMNS if column in titles), 0)
    return _once(row[at] for row in rows if len(row) > at)


def _once(names: Iterable[str]) -> list[str]:
    return list(dict.fromkeys(filter(None, (name.strip() for name in names))))


def covered_names(names: Sequence[str], policies: Iterable[Policy], hosts: Mapping[str, str]) -> Coverage:
    """Return which names policies cover: a service's own, or where its evidence lies.

    That is a connection's alias, its host (``hosts`` has it by alias), or a beginning of the path of a source, whole
    parts of it: a bucket, a container, a directory; each also behind ``CONNECTION:``. Case does not matter.
    """
    known: dict[str, str] = {}
    for name in names:
        known.setdefault(comparable(name), name)
    met: set[str] = set()
    idle = []
    for policy in policies:
        own = known.keys() & _addresses(policy, hosts)
        met |= own
        if not own:
            idle.append(policy.service)
    uncovered = tuple(name for name in names if comparable(name) not in met)
    return Coverage(tuple(names), uncovered, tuple(sorted(idle)))


def _addresses(policy: Policy, hosts: Mapping[str, str]) -> set[str]:
    """Return everything by which a list may name a service."""
    told = {policy.service}
    for source in policy.sources.values():
        if source.tells(Tells.INVENTORY):
            continue  # where a list lies says nothing about backups
        told |= {source.connection, hosts.get(source.connection, "")}
        parts = [] if source.path.startswith("!") else source.path.strip("/").split("/")
        for count in range(1, len(parts) + 1):
            path = "/".join(parts[:count])
            told |= {path, f"{source.connection}:{path}"}
    return {comparable(each) for each in told} - {""}


def covering(texts: Iterable[tuple[Policy, Span]]) -> dict[str, Spans]:
    """Return by what names policies cover services, buckets and connections, and when, given when each text binds."""
    found: dict[str, list[Span]] = defaultdict(list)
    for policy, binds in texts:
        if binds.start < binds.end:
            for name in _addresses(policy, {}):
                found[name].append(binds)
    return {name: tuple(union(spans)) for name, spans in found.items()}


def comparable(name: str) -> str:
    """Return a name as it is compared: case does not matter, nor a slash at its end."""
    return name.casefold().rstrip("/")
