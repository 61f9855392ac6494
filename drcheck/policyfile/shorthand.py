"""The rules 3-2-1 and 3-2-1-1-0, named shorthands: a commitment that stands for three or five ordinary ones.

As vendors of backup software name them: three copies of the data, the live data among them, on two different media, one
of them offsite; and in the longer rule one immutable or offline, and zero errors when they are checked.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any, Final

from drcheck.policyfile.written_commitments import COMMON_KEYS
from drcheck.policyfile.yaml_nodes import Values

LONGEST: Final = "3-2-1-1-0"
"""The rule that asks for everything; what a misspelt one would stand for is taken from it."""
KEYS: Final = ("immutable", "locked", "checked")
"""Keys that belong to the longest rule alone."""
EXCLUDED: Final = ("at_least", "different", "counted_outside", "counted_in", "all_in")
"""Keys of ``copies`` that a rule takes the place of."""
_SUFFIXES: Final = {
    "3-2-1": ("3", "2", "1-offsite"),
    LONGEST: ("3", "2", "1-offsite", "1-immutable", "0"),
}
_KINDS: Final = {
    "3-2-1": ("copies",),
    LONGEST: ("copies", "immutability", "integrity"),
}
_LOCKED: Final = "14d"
_CHECKED: Final = {"level": "checksummed", "every": "30d"}
_COUNTING: Final = ("within", "per", "matching")


def kinds(rule: str) -> tuple[str, ...]:
    """Return what ``rule`` promises."""
    return _KINDS.get(rule, _KINDS[LONGEST])


def parts(whole: str, rule: str) -> tuple[str, ...]:
    """Return the names of the commitments that the shorthand ``whole`` with ``rule`` stands for."""
    return tuple(f"{whole}-{suffix}" for suffix in _SUFFIXES.get(rule, _SUFFIXES[LONGEST]))


def covered(named: str, commitments: Mapping[str, Values]) -> tuple[str, ...]:
    """Return the commitments that a waiver of ``named`` covers: of a shorthand all of its parts."""
    rule = commitments.get(named, {}).get("rule")
    return parts(named, rule) if rule else (named,)


def expanded(policy: Values) -> Iterator[tuple[str, Values]]:
    """Yield each commitment of ``policy``, and instead of a shorthand those that it stands for."""
    for name, keys in policy["commitments"].items():
        if "rule" in keys:
            yield from zip(parts(name, keys["rule"]), _expanded(keys, _lost_with(policy)), strict=True)
        else:
            yield name, keys


def _expanded(keys: Values, here: list[str]) -> Iterator[Values]:
    """Yield what the rule asks, in the order of :func:`parts`; ``here`` are the sites that are not offsite."""
    common: dict[str, Any] = {key: keys[key] for key in COMMON_KEYS if key in keys}
    copies = {
        **common,
        **{key: keys[key] for key in _COUNTING if key in keys},
        "kind": "copies",
        "evidence": keys["evidence"],
    }
    yield {**copies, "at_least": 2}  # the live data is the first of the three
    yield {**copies, "at_least": 2, "different": "media"}
    yield {**copies, "at_least": 1, "counted_outside": {"site": here}}
    if keys["rule"] != LONGEST:
        return
    yield {
        **common,
        "kind": "immutability",
        "evidence": keys["immutable"],
        "at_least": keys.get("locked", _LOCKED),
    }
    yield {**common, "kind": "integrity", "evidence": keys["evidence"], **_CHECKED, **keys.get("checked", {})}


def _lost_with(policy: Values) -> list[str]:
    """Return the sites where the service runs and those that they are part of: losing the building loses all."""
    sites = policy.get("sites", {})
    found: list[str] = []
    for name in policy["runs_at"]:
        while name and name not in found:
            found.append(name)
            name = sites[name].get("part_of", "")  # noqa: PLW2901  up the chain
    return found
