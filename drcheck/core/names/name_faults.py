"""What a policy asks of names that they cannot tell: said when it is read, and again before anybody looks there.

One page for both, so that nothing passes as a policy that no look could ever answer.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from types import MappingProxyType
from typing import Final, NamedTuple

from drcheck.core.model.policy import Arrival
from drcheck.core.names import directives
from drcheck.core.names.marker_names import marker_fault
from drcheck.core.names.paths import below
from drcheck.core.names.template import Part, Template

HOW_TO_MARK: Final = (
    "Use {name} once for the backup's own name, as in {name}.sha256, or {stem} for that without its extension, or "
    "begin with {dir}/ for its directory."
)


class UnreadableSource(NamedTuple):
    """Why a source cannot be read as the policy says."""

    key: str
    """The key of the source that says so."""
    what: str
    hint: str


def unreadable(
    templates: Sequence[Template],
    *,
    sets: int,
    name_zone: bool,
    available_at: str,
    complete_when: str,
    data_as_of: str = "",
    kinds: Mapping[str, str] = MappingProxyType({}),
    kind: str = "",
    parts: bool = False,
    versions: bool = False,
    marked: bool = False,
) -> Iterator[UnreadableSource]:
    """Yield why backups cannot be told by their names, given what the policy says of a source.

    ``sets`` is how many data sets it holds, ``name_zone`` whether the zone of times in names is stated,
    ``complete_when`` the marker, empty for none, ``parts`` whether their number is stated, ``versions`` whether each
    version is a backup, and ``marked`` whether one needs something beside it. The rest are the source's keys of those
    names.
    """
    for template in templates:
        yield from _unreadable(template, sets=sets, name_zone=name_zone, available_at=available_at)
    has_kind = [template.has_kind for template in templates]
    if kinds and not any(has_kind):
        yield UnreadableSource(
            "kinds", "no name tells a kind", "Put {kind} where names hold it, or say kind: for all of them."
        )
    if kind and all(has_kind):
        yield UnreadableSource("kind", "its names tell the kind", "Leave kind out, or take {kind} out of name.")
    if data_as_of and all(template.has_instant for template in templates):
        yield UnreadableSource("data_as_of", "its names tell the instant", "Leave data_as_of out.")
    if parts and not any(template.has(Part.PART) or template.is_directory for template in templates):
        yield UnreadableSource("parts", "no name tells a part", "Put {part} where names hold its number or label.")
    several = any(template.has(Part.PART) or template.is_directory for template in templates)
    if versions and (marked or several):
        which = "the marker" if marked else "the files"
        yield UnreadableSource(
            "versions",
            f"which version of {which} belongs to which version of a backup nobody can tell",
            "Read versions of single objects, without complete_when.",
        )
    if available_at == Arrival.MANIFEST:
        yield UnreadableSource("available_at", "manifests are not read by this version", "Say storage, mtime or name.")
    if complete_when and (wrong := marker_fault(complete_when)):
        yield UnreadableSource("complete_when", wrong, HOW_TO_MARK)


def _unreadable(template: Template, *, sets: int, name_zone: bool, available_at: str) -> Iterator[UnreadableSource]:
    """Yield why backups cannot be told by names of ``template``."""
    if wrong := template_fault(template):
        yield UnreadableSource("name", wrong, "Write single slashes between its parts, and no part . or ..")
    if sets > 1 and not template.has_of:
        yield UnreadableSource("name", f"it does not tell which of {sets} data sets a backup is of", "Put {of} in it.")
    if template.has_instant and not template.has_zone and not name_zone:
        yield UnreadableSource(
            "name",
            "its times carry no zone",
            "Add name_zone, the zone of the clock that writes them; Z or %z only where names hold it.",
        )
    if template.has(Part.PARTS) and not template.has(Part.PART):
        yield UnreadableSource("name", "it tells how many parts there are, but not which", "Put {part} in it too.")
    if template.since and directives.span(template.since) != directives.span(template.directives):
        yield UnreadableSource(
            "name",
            "{since:…} does not tell the instant of what a backup builds on as finely as {data_as_of:…} its own",
            "Give both the same format: the one is looked for among the others.",
        )
    if available_at == Arrival.NAME and not template.has_instant:
        yield UnreadableSource(
            "available_at",
            "names that tell no instant cannot tell the arrival",
            "Put {data_as_of:FORMAT} in them, or say storage or mtime.",
        )


def template_fault(template: Template) -> str:
    """Return why no name below a root looks like ``template``; empty: some may."""
    # What stands in the place of a field is no part of dots: no data set, kind or time has such a name.
    path = "".join(piece.text if piece.part is Part.TEXT else "x" for piece in template.pieces)
    return f"no name looks like {template.text!r}: {why}" if (why := below(path)) else ""
