"""What a schema cannot say: references between the parts of a policy, and keys that need or exclude one another.

Works on nodes, so that it says what it can about a file whose other parts are faulty.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import suppress
from pathlib import PurePosixPath

from drcheck.core.model.policy import SELECTORS
from drcheck.core.names.name_faults import unreadable
from drcheck.errors import DrcheckError
from drcheck.policyfile import check_commitments, check_drills, check_restores, scalar_formats, shorthand, units
from drcheck.policyfile.check_faults import hinted, one_or_more, reference_to
from drcheck.policyfile.yaml_nodes import Items, MappingNode, Problem, Scalar
from drcheck.registry import READERS


def check(root: MappingNode) -> list[Problem]:
    """Return everything wrong with a policy that its schema does not find."""
    return [
        *_agreement(root),
        *_sites(root),
        *_sources(root),
        *check_commitments.check(root),
        *check_drills.check(root),
        *_waivers(root),
    ]


def _agreement(root: MappingNode) -> Iterator[Problem]:
    agreement = root.fields("agreement")
    effective, ends = agreement.text("effective"), agreement.scalar("ends")
    if effective and ends is not None:
        with suppress(DrcheckError):
            zone = scalar_formats.zone(root.text("timezone") or scalar_formats.DEFAULT_ZONE)
            if units.instant(ends.text, zone) <= units.instant(effective, zone):
                yield Problem(ends.mark, "agreement.ends: it ends before it is effective (check both dates)")


def _sites(root: MappingNode) -> Iterator[Problem]:
    sites = root.fields("sites")
    for name, _, site in sites.mappings():
        parent = site.scalar("part_of")
        yield from reference_to("site", parent, sites.entries, f"sites.{name}.part_of")
        chain = [name]
        while (above := sites.fields(chain[-1]).text("part_of")) and above not in chain:
            chain.append(above)
        if parent is not None and above == name:
            circle = " is part of ".join([*chain, name])
            yield Problem(parent.mark, f"sites.{name}.part_of: {circle} (end the circle)")
    for scalar in root.scalars("runs_at"):
        yield from reference_to("site", scalar, sites.entries, "runs_at")
    for name, _, scenario in root.fields("scenarios").mappings():
        for scalar in scenario.scalars("loses"):
            yield from reference_to("site", scalar, sites.entries, f"scenarios.{name}.loses")


def _sources(root: MappingNode) -> Iterator[Problem]:
    for name, _, source in root.fields("sources").mappings():
        at = f"sources.{name}"
        yield from reference_to("site", source.scalar("site"), root.fields("sites").entries, f"{at}.site")
        location = source.scalar("at")
        reader = source.text("reader")
        if location is not None:
            with suppress(DrcheckError):
                _, path = scalar_formats.location(location.text)
                yield from _path(location, path, reader, f"{at}.at")
        keys = READERS[reader].keys if reader in READERS else ""
        if keys == "objects_source":
            yield from _names(source, at)
        if reader in READERS and READERS[reader].is_list_of_points:
            yield from _saved_list(source, at)
        if "select" in source.entries or (reader in READERS and READERS[reader].is_list_of_points):
            yield from _selected(source, root.text("service"), keys, at)
        yield from reference_to("source", source.scalar("checks"), root.fields("sources").entries, f"{at}.checks")
        if keys == "restore_log_source":
            yield from check_restores.check(root, source, at)


def _path(location: Scalar, path: str, reader: str, at: str) -> Iterator[Problem]:
    if (known_reader := READERS.get(reader)) is None or known_reader.own is not None:
        return  # whether it reads a directory nobody knows, or the schema has its only place
    if known_reader.lists:
        if path.startswith("!"):
            yield Problem(location.mark, f"{at}: objects are listed, {path} is a command's output (name a directory)")
    elif not path or path.endswith("/"):
        what = "file that the tool's output is saved to" if known_reader.is_list_of_points else "log file in it"
        yield Problem(location.mark, f"{at}: this is a directory (name the {what})")
    elif not path.startswith("!") and not known_reader.is_list_of_points:
        suffix = PurePosixPath(path).suffix
        readers = [name for name, each in READERS.items() if suffix in dict(each.forms)]
        if readers and known_reader is not None and reader not in readers:
            yield Problem(
                location.mark,
                f"{at}: {reader} is not read from a {suffix} file, only {' and '.join(sorted(readers))} "
                "(write it as JSON Lines, in a .jsonl file)",
            )


def _saved_list(source: MappingNode, at: str) -> Iterator[Problem]:
    """Yield that nobody says for how long a saved list is taken to stand."""
    location = source.scalar("at")
    if location is not None and ":!" not in location.text and source.value("seen_every") is None:
        yield Problem(
            location.mark,
            f"{at}.at: what a file shows is as old as the file, and says nothing of now (say with seen_every for how "
            "long it is taken to stand, as 25h where a new one is saved each night)",
        )


def _selected(source: MappingNode, service: str, keys: str, at: str) -> Iterator[Problem]:
    """Yield what is wrong with how a source chooses of what a tool has."""
    select = source.value("select")
    sets = [one.text for one in source.scalars("of")] or [service]
    if select is None:
        if keys.startswith("barman") and len(sets) > 1:
            yield Problem(source.mark, f"{at}: Barman tells of one server at a time (make a source of each data set)")
        elif not keys.startswith("pgbackrest") and len(sets) > 1:
            yield Problem(source.mark, f"{at}: which backups are of {sets[0]} is not stated (add select)")
        return
    for key in SELECTORS:
        if (stated := source.value(key)) is not None:
            yield Problem(stated.mark, f"{at}.{key}: select says it for each data set (state it there)")
    chosen = source.fields("select")
    for of in sets:
        if of not in chosen.entries:
            yield Problem(select.mark, f"{at}.select: which backups are of {of} is not stated (add it)")
    for of, mark, _ in chosen.mappings():
        if of not in sets:
            yield Problem(mark, f"{at}.select.{of}: the source holds no data set {of} (add it to `of`)")


def _names(source: MappingNode, at: str) -> Iterator[Problem]:
    names = one_or_more(source.value("name"))
    templates = []
    for name in names:
        try:
            templates.append(scalar_formats.template(name.text))
        except DrcheckError:
            return  # told as a format
    if not templates:
        return
    zone = source.scalar("name_zone")
    for fault in unreadable(
        templates,
        sets=len(source.scalars("of")),
        name_zone=source.value("name_zone") is not None,
        available_at=source.text("available_at"),
        complete_when="",  # told as a format
        data_as_of=source.text("data_as_of"),
        kinds={
            label: kind.text for label, (_, kind) in source.fields("kinds").entries.items() if isinstance(kind, Scalar)
        },
        kind=source.text("kind"),
        parts=source.value("parts") is not None,
        versions=source.value("versions") is not None,
        marked=source.value("complete_when") is not None,
    ):
        mark = (source.scalar(fault.key) or source.value(fault.key) or names[0]).mark
        yield Problem(mark, f"{at}.{fault.key}: {fault.what} {hinted(fault.hint)}")
    dated = [template for template in templates if template.has_instant]
    if zone is not None and dated and all(template.has_zone for template in dated):
        yield Problem(zone.mark, f"{at}.name_zone: the times in its names carry their zone (leave name_zone out)")


def _waivers(root: MappingNode) -> Iterator[Problem]:
    commitments = root.fields("commitments")
    names = set(commitments.entries)
    for name, _, commitment in commitments.mappings():
        if "rule" in commitment.entries:
            names.update(shorthand.parts(name, commitment.text("rule")))
    waivers = root.value("waivers")
    for waiver in waivers.items if isinstance(waivers, Items) else ():
        if isinstance(waiver, MappingNode):
            yield from reference_to("commitment", waiver.scalar("commitment"), names, "waivers.commitment")
