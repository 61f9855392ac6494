"""How the names of a source are made, before anybody looks there."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, tzinfo
from zoneinfo import ZoneInfo

from drcheck.core.model.policy import Source
from drcheck.core.names.matching import Matcher
from drcheck.core.names.name_faults import unreadable
from drcheck.core.names.template import Template
from drcheck.errors import DrcheckError


def names_of(source: Source) -> tuple[list[Template], tzinfo]:
    """Return how the source's names are made, and the zone of instants that do not carry theirs.

    Raises :class:`DrcheckError` where names made so do not tell what they must.
    """
    templates = [Template.parse(text) for text in source.templates]
    for fault in unreadable(
        templates,
        sets=len(source.of),
        name_zone=bool(source.name_zone),
        available_at=source.available_at,
        complete_when=source.complete_when,
        data_as_of=source.data_as_of,
        kinds=source.kinds,
        kind=source.kind,
        parts=source.parts is not None,
        versions=source.versions,
        marked=bool(source.complete_when),
    ):
        raise DrcheckError(f"{fault.key} of source {source.name}: {fault.what}", fault.hint)
    if all(template.has_zone or not template.has_instant for template in templates):
        return templates, UTC
    return templates, UTC if source.name_zone in {"UTC", "Etc/UTC"} else ZoneInfo(source.name_zone)


def matcher_of(source: Source) -> Matcher:
    """Return what reads the source's names; raises as :func:`names_of` does."""
    templates, zone = names_of(source)
    return Matcher(templates, source.of, zone, kinds=source.kinds, kind=source.kind)


def bases_of(source: Source) -> Callable[[str], tuple[int, int] | None] | None:
    """Return what reads from a backup's name the instant of the backup that it builds on; None: no name tells it.

    That is the earliest and the latest that it can stand for, or None where this name tells none.
    """
    templates, zone = names_of(source)
    if not any(template.since for template in templates):
        return None
    # The same names, read for the other instant.
    swapped = [
        Template.parse(template.text.replace("{data_as_of:", "{other:").replace("{since:", "{data_as_of:"))
        for template in templates
    ]
    match = Matcher(swapped, source.of, zone, kinds=source.kinds, kind=source.kind)

    def base(name: str) -> tuple[int, int] | None:
        # Of what consists of several files any one of them tells it.
        named = match(f"{name}x" if name.endswith("/") else name.replace("{part}", "1"))
        if named is None or named.data_lo is None or named.data_hi is None:
            return None
        return named.data_lo, named.data_hi

    return base
