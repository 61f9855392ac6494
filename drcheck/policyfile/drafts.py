"""Policies for what was found, as text: everything that only a person can confirm is marked with ``# confirm``."""

from __future__ import annotations

import json
from collections.abc import Iterator

from msgspec import Struct, field

from drcheck.core import words
from drcheck.core.names.estimates import Estimate, has_zone
from drcheck.core.names.shared_templates import Common, ServiceForm, own_size
from drcheck.policyfile.yaml_nodes import MappingNode, one_line

_DAY = 86400
_LATER = "# confirm: owner, agreement and timezone, and the clause of each promise"


class Base(Struct, frozen=True):
    """A template that a policy extends."""

    path: str
    """Relative to the policy."""
    source: str = "backups"
    """What its source of backups is called."""
    states: frozenset[str] = field(default_factory=frozenset)
    """Keys that it states of that source, and ``commitments`` where it has any."""


def base_of(root: MappingNode, path: str) -> Base:
    """Return what a policy must not say again that extends the template ``root``."""
    sources = root.fields("sources").mappings()
    name, source = next(((name, source) for name, _, source in sources), ("backups", None))
    states = frozenset(source.entries) if source is not None else frozenset[str]()
    return Base(path, name, states | ({"commitments"} if root.fields("commitments").entries else frozenset()))


def policy(found: ServiceForm, day: str, base: Base | None = None, common: Common | None = None) -> str:
    """Return the policy of a service; with ``common``, ``base`` is the template of those that are alike."""
    seen, source = found.seen, base.source if base is not None else "backups"
    lines = [
        f"# Proposed by drcheck discover from what lay there on {day}:",
        f"# {words.counted(seen.backups, 'backup')} of {words.instant(seen.oldest)} to {words.instant(seen.newest)}",
    ]
    if found.service != found.wanted:
        lines.append(f"# confirm: the name of the service, which would be {_quoted(found.wanted)}")
    if base is None:
        lines.append(_LATER)
    lines += ["drcheck: 1", f"service: {found.service}"]
    if base is not None:
        lines.append(f"extends: {_quoted(base.path)}")
    lines += ["sources:", f"  {source}:"]
    lines += (f"    {line}" for line in _own_source(found, base, common))
    if common is not None:
        if seen.kept not in {None, common.kept}:
            lines += [
                "commitments:",
                f"  kept: {{keep: {_duration(seen.kept or 0)}}}  # confirm: how long they are kept",
            ]
    elif base is None or "commitments" not in base.states:
        lines += _commitments(source, seen, seen.kept, one=True)
    return "".join(f"{line}\n" for line in lines)


def template(common: Common, day: str) -> str:
    """Return the template of services that are alike."""
    first = common.services[0]
    names = words.several([one.service for one in common.services])
    lines = [
        f"# Proposed by drcheck discover on {day} for {len(common.services)} services that are alike:",
        f"# {names}",
        _LATER,
        "drcheck: 1",
        "template: true",
        "sources:",
        "  backups:",
    ]
    keys = {
        **({"at": (_quoted(common.at), "")} if common.at else {}),
        "reader": ("objects", ""),
        **({"name": (_quoted(common.name), "")} if common.name else {}),
        **_zone(first),
        "min_size": (_size(common.min_size), "half of the smallest seen, or less"),
        "max_shrink": (f"{common.max_shrink}%", "by how much one may be smaller"),
        **_marker(first),
    }
    lines += (f"    {line}" for line in (*_written(keys), *_thinned(common.kept)))
    lines += _commitments("backups", first.seen, common.kept, one=False)
    return "".join(f"{line}\n" for line in lines)


def _own_source(found: ServiceForm, base: Base | None, common: Common | None) -> Iterator[str]:
    series, seen = found.series, found.seen
    keys = {
        "at": (_quoted(found.at), ""),
        "reader": ("objects", ""),
        **({"of": (f"[{', '.join(series.sets)}]", "the data sets it must hold")} if series.sets else {}),
        "name": (_quoted(series.template), ""),
        **_zone(found),
        "min_size": (_size(seen.min_size), f"half of the smallest seen, {words.size(seen.smallest)}"),
        "max_shrink": (f"{seen.max_shrink}%", f"sizes differed by {seen.shrinks}%"),
        **_marker(found),
    }
    if common is not None:
        alike = {"reader", "name_zone", "max_shrink", "complete_when"}
        alike |= {key for key, has in (("at", common.at), ("name", common.name)) if has}
        alike |= set() if own_size(found, common) else {"min_size"}
        keys = {key: value for key, value in keys.items() if key not in alike}
    elif base is not None:
        keys = {key: value for key, value in keys.items() if key in {"at", "of", "name"} or key not in base.states}
    yield from _written(keys or {"reader": ("objects", "")})
    if base is None:
        yield from _thinned(seen.kept)


def _thinned(kept: int | None) -> Iterator[str]:
    """Yield a line that whoever confirms it takes in: no look can tell what was never pruned."""
    if kept is not None:
        yield f"# thinned_after: {_duration(kept)}  # confirm: nothing younger is ever pruned"


def _zone(found: ServiceForm) -> dict[str, tuple[str, str]]:
    return {} if has_zone(found.series) else {"name_zone": ("UTC", "the zone of the clock that wrote the names")}


def _marker(found: ServiceForm) -> dict[str, tuple[str, str]]:
    series = found.series
    if not series.marker:
        return {}
    seen = f"{series.beside} of {series.looked_at} have it"
    return {"complete_when": (_quoted(series.marker), seen)}


def _commitments(source: str, seen: Estimate, kept: int | None, *, one: bool) -> Iterator[str]:
    """Yield the promises that what was seen would keep; ``one``: it is of one service alone."""
    often = f"they came every {words.duration(seen.every)}" if seen.every else "there is a single one"
    longest = f", at most {words.duration(seen.longest)} apart" if one and seen.longest else ""
    yield "commitments:"
    yield "  # confirm: each promise; what follows is what was seen, not what was agreed"
    yield f"  # confirm: the age of the newest; {often}{longest}"
    yield f"  rpo: {{kind: rpo, at_most: {_duration(seen.rpo)}, evidence: [{source}]}}"
    if seen.every:
        often = f"at_least: 1, per: {seen.per}" if seen.per else f"every: {_duration(seen.every)}"
        yield "  # confirm: how often they are made"
        yield f"  made: {{kind: backup_frequency, {often}, evidence: [{source}]}}"
    if kept is None:
        yield "  # confirm: how long they are kept; too few were seen to propose it"
        return
    since = f"; they go back to {words.instant(seen.oldest)[:10]}" if one else ""
    if one and seen.oldest < seen.unbroken_from:
        since += f", without a gap to {words.instant(seen.unbroken_from)[:10]}"
    per = "" if seen.kept_per == "day" else f", per: {seen.kept_per}"
    yield f"  # confirm: how long they are kept{since}"
    yield f"  kept: {{kind: retention, keep: {_duration(kept)}{per}, evidence: [{source}]}}"


def _written(keys: dict[str, tuple[str, str]]) -> Iterator[str]:
    for key, (value, confirm) in keys.items():
        yield f"{key}: {value}" + (f"  # confirm: {confirm}" if confirm else "")


def _quoted(text: str) -> str:
    """Return a text as a scalar of YAML on one line: JSON's escapes are YAML's."""
    escaped = json.dumps(text, ensure_ascii=False)
    return escaped if escaped.isprintable() else one_line(escaped)


def _size(count: int) -> str:
    for unit, length in (("TB", 10**12), ("GB", 10**9), ("MB", 10**6), ("kB", 10**3)):
        if count >= length and count % length == 0:
            return f"{count // length} {unit}"
    return f"{count} B"


def _duration(seconds: int) -> str:
    if seconds % _DAY == 0:
        return f"{seconds // _DAY}d"
    if seconds > 3 * _DAY and seconds % 3600 == 0:
        return f"{seconds // _DAY}d{seconds % _DAY // 3600}h"
    return f"{seconds // 3600}h" if seconds % 3600 == 0 else f"{-(-seconds // 60)}m"
