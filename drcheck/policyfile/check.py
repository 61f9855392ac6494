"""What a schema cannot say: references between the parts of a policy, and keys that need or exclude one another.

Works on nodes, so that it says what it can about a file whose other parts are faulty.
"""

from __future__ import annotations

from collections.abc import Collection, Iterator, Sequence
from contextlib import suppress
from typing import Final

from drcheck.core.naming import Template
from drcheck.core.policy import Kind, Outside, Reader
from drcheck.errors import DrcheckError
from drcheck.policyfile import formats, units
from drcheck.policyfile.nodes import Fields, Items, Mark, Node, Problem, Scalar
from drcheck.policyfile.validate import suggest

SLOT_SECONDS: Final = {"hour": 3600, "day": 86400, "week": 7 * 86400, "month": 31 * 86400}
"""The longest that each calendar slot nominally is."""

_READERS: Final = frozenset(reader.value for reader in Reader)
_OBJECTS: Final = frozenset({Reader.OBJECTS})
_LOGS: Final = frozenset({Reader.RESTORE_LOG, Reader.OUTAGE_LOG, Reader.MAINTENANCE_LOG})
_FIT: Final[dict[str, tuple[frozenset[Reader], frozenset[Reader]]]] = {
    Kind.RPO: (_OBJECTS, _OBJECTS),
    Kind.BACKUP_FREQUENCY: (_OBJECTS, _OBJECTS),
    Kind.RETENTION: (_OBJECTS, _OBJECTS),
    Kind.COPIES: (_OBJECTS, _OBJECTS),
    Kind.ENCRYPTION: (_OBJECTS, _OBJECTS),
    Kind.IMMUTABILITY: (_OBJECTS, _OBJECTS),
    Kind.INTEGRITY: (_OBJECTS | {Reader.RESTORE_LOG}, _OBJECTS | {Reader.RESTORE_LOG}),
    Kind.RTO: (_LOGS, frozenset({Reader.RESTORE_LOG, Reader.OUTAGE_LOG})),
    Kind.RESTORE_TEST: (_LOGS, frozenset({Reader.RESTORE_LOG})),
    Kind.AVAILABILITY: (frozenset({Reader.OUTAGE_LOG, Reader.MAINTENANCE_LOG}), frozenset({Reader.OUTAGE_LOG})),
}
"""For each kind the readers that can tell something about it, and those of which it needs one. Attestations, the
dated word of a named owner, may stand for any of them."""


def check(root: Fields) -> list[Problem]:
    """Return everything wrong with a policy that its schema does not find."""
    return [
        *_agreement(root),
        *_sites(root),
        *_sources(root),
        *_commitments(root),
        *_waivers(root),
    ]


def _agreement(root: Fields) -> Iterator[Problem]:
    agreement = root.fields("agreement")
    effective, ends = agreement.text("effective"), agreement.scalar("ends")
    if effective and ends is not None:
        with suppress(DrcheckError):
            zone = formats.zone(root.text("timezone") or formats.DEFAULT_ZONE)
            if units.instant(ends.text, zone) <= units.instant(effective, zone):
                yield Problem(ends.mark, "agreement.ends: it ends before it is effective (check both dates)")


def _known(what: str, scalar: Scalar | None, names: Collection[str], at: str) -> Iterator[Problem]:
    if scalar is None or not scalar.text or scalar.text in names:
        return
    known = sorted(names)
    right = suggest(scalar.text, known) or (f"known: {', '.join(known)}" if known else f"this policy names no {what}")
    yield Problem(scalar.mark, f"{at}: there is no {what} {units.shown(scalar.text)} ({right})")


def _sites(root: Fields) -> Iterator[Problem]:
    sites = root.fields("sites")
    for name, _, site in sites.mappings():
        parent = site.scalar("part_of")
        yield from _known("site", parent, sites.entries, f"sites.{name}.part_of")
        chain = [name]
        while (above := sites.fields(chain[-1]).text("part_of")) and above not in chain:
            chain.append(above)
        if parent is not None and above == name:
            circle = " is part of ".join([*chain, name])
            yield Problem(parent.mark, f"sites.{name}.part_of: {circle} (end the circle)")
    for scalar in root.scalars("runs_at"):
        yield from _known("site", scalar, sites.entries, "runs_at")
    for name, _, scenario in root.fields("scenarios").mappings():
        for scalar in scenario.scalars("loses"):
            yield from _known("site", scalar, sites.entries, f"scenarios.{name}.loses")


def _sources(root: Fields) -> Iterator[Problem]:
    for name, _, source in root.fields("sources").mappings():
        at = f"sources.{name}"
        yield from _known("site", source.scalar("site"), root.fields("sites").entries, f"{at}.site")
        location = source.scalar("at")
        objects = source.text("reader") == Reader.OBJECTS
        if location is not None:
            with suppress(DrcheckError):
                _, path = formats.location(location.text)
                if objects and path.startswith("!"):
                    yield Problem(
                        location.mark, f"{at}.at: objects are listed, {path} is a command's output (name a directory)"
                    )
                if not objects and (not path or path.endswith("/")):
                    yield Problem(location.mark, f"{at}.at: this is a directory (name the log file in it)")
        if objects:
            yield from _names(source, at)


def _names(source: Fields, at: str) -> Iterator[Problem]:
    name = source.scalar("name")
    if name is None:
        return
    try:
        template = Template.parse(name.text)
    except DrcheckError:
        return  # told as a format
    sets = source.scalars("of")
    if len(sets) > 1 and not template.has_of:
        yield Problem(
            name.mark, f"{at}.name: it does not tell which of {len(sets)} data sets a backup is of (put {{of}} in it)"
        )
    zone = source.scalar("name_zone")
    if template.has_instant and not template.has_zone and source.value("name_zone") is None:
        yield Problem(
            name.mark, f"{at}.name: its times carry no zone (add name_zone, or Z after the time if it is UTC)"
        )
    if zone is not None and template.has_zone:
        yield Problem(zone.mark, f"{at}.name_zone: the times in its names carry their zone (leave name_zone out)")


def _commitments(root: Fields) -> Iterator[Problem]:
    silent = {scalar.text: scalar for scalar in root.scalars("silent_on")}
    for name, key, commitment in root.fields("commitments").mappings():
        at = f"commitments.{name}"
        yield from _known("scenario", commitment.scalar("scenario"), root.fields("scenarios").entries, f"{at}.scenario")
        yield from _evidence(root, commitment, at)
        kind = commitment.text("kind")
        if kind in silent:
            yield Problem(silent[kind].mark, f"silent_on: {kind} is promised in {at} (remove one of them)")
        match kind:
            case Kind.BACKUP_FREQUENCY:
                yield from _one_of(commitment, key, at, ("every", "per", "schedule"), exactly=True)
            case Kind.RETENTION:
                yield from _retention(commitment, key, at)
            case Kind.RESTORE_TEST:
                yield from _one_of(commitment, key, at, ("every", "notice", "outside"))
            case Kind.COPIES:
                yield from _copies(root, commitment, key, at)
            case Kind.AVAILABILITY:
                yield from _credits(commitment, at)
            case _:
                pass


def _evidence(root: Fields, commitment: Fields, at: str) -> Iterator[Problem]:
    sources = root.fields("sources")
    kind = commitment.text("kind")
    fit, needed = _FIT.get(kind, (frozenset(Reader), frozenset(Reader)))
    readers = []
    for scalar in commitment.scalars("evidence"):
        yield from _known("source", scalar, sources.entries, f"{at}.evidence")
        reader = sources.fields(scalar.text).text("reader")
        readers.append(reader)
        if reader in _READERS and reader not in fit | {Reader.ATTESTATIONS}:
            yield Problem(
                scalar.mark,
                f"{at}.evidence: {scalar.text} is read by {reader}, which tells nothing about {kind} "
                f"(it needs {_any_of(needed)})",
            )
    if readers and all(reader in fit - needed for reader in readers):
        mark = commitment.entries["evidence"].key
        yield Problem(mark, f"{at}.evidence: none of it can prove {kind} (add {_any_of(needed)})")
    outside = commitment.scalar("outside")
    if outside is not None and outside.text == Outside.REGULAR_MAINTENANCE and Reader.MAINTENANCE_LOG not in readers:
        needed = frozenset({Reader.MAINTENANCE_LOG})
        yield Problem(outside.mark, f"{at}.outside: none of its evidence tells when that is (add {_any_of(needed)})")


def _any_of(readers: Collection[Reader]) -> str:
    return "a source read by " + " or ".join(sorted(readers))


def _one_of(fields: Fields, key: Mark, at: str, keys: Sequence[str], *, exactly: bool = False) -> Iterator[Problem]:
    found = [each for each in keys if each in fields.entries]
    if not found:
        yield Problem(key, f"{at}: nothing is asked (write {', '.join(keys[:-1])} or {keys[-1]})")
    for surplus in found[1:] if exactly else ():
        yield Problem(
            fields.entries[surplus].key, f"{at}: {found[0]} and {surplus} exclude each other (keep one of them)"
        )


def _retention(commitment: Fields, key: Mark, at: str) -> Iterator[Problem]:
    yield from _one_of(commitment, key, at, ("keep", "at_most"))
    keep = commitment.value("keep")
    per = commitment.scalar("per")
    if isinstance(keep, Fields) and per is not None:
        yield Problem(commitment.entries["per"].key, f"{at}.per: tiers name their own slots (leave per out)")
    if not isinstance(keep, Scalar):
        return
    with suppress(DrcheckError):
        kept = units.duration(keep.text)
        slot = per.text if per is not None else "day"
        if kept < 2 * SLOT_SECONDS.get(slot, 0):
            yield Problem(
                keep.mark,
                f"{at}.keep: {keep.text} is shorter than two slots of a {slot}, so that no slot may be owed "
                f"(at least {2 * SLOT_SECONDS[slot] // 3600}h, or a smaller per)",
            )
        if kept > units.duration(commitment.text("at_most")):
            yield Problem(keep.mark, f"{at}.keep: what is kept that long is older than at_most allows (check both)")


def _copies(root: Fields, commitment: Fields, key: Mark, at: str) -> Iterator[Problem]:
    yield from _one_of(commitment, key, at, ("at_least", "all_in"))
    for needs in ("different", "counted_outside", "counted_in"):
        if needs in commitment.entries and "at_least" not in commitment.entries:
            yield Problem(commitment.entries[needs].key, f"{at}.{needs}: nothing is counted (add at_least)")
    if "different" in commitment.entries and commitment.text("at_least") == "1":
        yield Problem(
            commitment.entries["different"].key, f"{at}.different: one copy differs from nothing (at_least: 2)"
        )
    for choice in ("counted_outside", "counted_in", "all_in"):
        for scalar in _one_or_more(commitment.fields(choice).value("site")):
            yield from _known("site", scalar, root.fields("sites").entries, f"{at}.{choice}.site")


def _one_or_more(node: Node | None) -> list[Scalar]:
    items = node.items if isinstance(node, Items) else (node,)
    return [item for item in items if isinstance(item, Scalar)]


def _credits(commitment: Fields, at: str) -> Iterator[Problem]:
    if "credits" not in commitment.entries:
        return
    at += ".credits"
    credit, key = commitment.fields("credits"), commitment.entries["credits"].key
    yield from _one_of(credit, key, at, ("tiers", "per_percent", "full_hours_times", "ratio"), exactly=True)
    if "count" in credit.entries and "per_percent" not in credit.entries:
        yield Problem(credit.entries["count"].key, f"{at}.count: it belongs to per_percent (leave it out)")
    of = credit.scalar("of")
    if of is not None and "full_hours_times" in credit.entries and of.text not in {"each", "sum"}:
        yield Problem(of.mark, f"{at}.of: full hours are counted in each outage or in their sum (write each or sum)")


def _waivers(root: Fields) -> Iterator[Problem]:
    waivers = root.value("waivers")
    for waiver in waivers.items if isinstance(waivers, Items) else ():
        if isinstance(waiver, Fields):
            named = waiver.scalar("commitment")
            yield from _known("commitment", named, root.fields("commitments").entries, "waivers.commitment")
