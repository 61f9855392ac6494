"""Discover: look at one place once, record nothing, and propose a policy for each service whose backups lie there."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Iterator, Sequence
from contextlib import closing, suppress
from pathlib import Path
from typing import Final, NamedTuple

from msgspec import Struct

from drcheck import clock, registry
from drcheck.app.trial import ListedOnce
from drcheck.collectors.guarded import Guarded, traced
from drcheck.collectors.pool import Connections
from drcheck.core import words
from drcheck.core.model.evidence import Gap
from drcheck.core.model.policy import Policy
from drcheck.core.names.estate_coverage import Coverage, covered_names
from drcheck.core.names.estimates import estimate
from drcheck.core.names.matching import Matcher
from drcheck.core.names.series import ListedThing, Series, series
from drcheck.core.names.service_names import service_names
from drcheck.core.names.shared_templates import Common, ServiceForm, groups
from drcheck.core.names.source_naming import matcher_of
from drcheck.core.names.tool_repositories import Repository, is_inside, repositories
from drcheck.errors import DrcheckError, OutputError, UsageError, os_reason
from drcheck.output_files import create
from drcheck.policyfile import drafts, scalar_formats, strictyaml
from drcheck.policyfile.load import from_here, load_policies
from drcheck.policyfile.yaml_nodes import MappingNode
from drcheck.settings import Settings, hosts

_TEMPLATES: Final = "templates"
"""The directory of templates, beside the policies that extend them."""


class Unnamed(NamedTuple):
    """Backups of which no policy can be written."""

    place: str
    why: str


class Discovery(Struct, frozen=True):
    """What one look at a place showed."""

    place: str
    found: tuple[ServiceForm, ...]
    """Services that no policy covers, in the order of their names."""
    covered: tuple[tuple[str, str], ...]
    """Places of backups that a policy reads already, each with its service."""
    unnamed: tuple[Unnamed, ...]
    repositories: tuple[Repository, ...]
    """Of backup tools; their own files are proposed for nothing."""
    unread: tuple[ListedThing, ...]
    """What tells no instant, or was left aside, the largest first."""
    alike: tuple[Common, ...]
    names: int
    calls: int
    seconds: float
    links: int
    gaps: tuple[Gap, ...]
    tracebacks: tuple[str, ...]


class Wrote(NamedTuple):
    """What became of a file."""

    path: Path
    written: bool
    """Else there is one already, which was left as it is."""


def discover(settings: Settings, connection: str, path: str, policies: Sequence[Policy]) -> Discovery:
    """Look at a place once; ``policies`` are those that are there already."""
    begun = clock.monotonic()
    root = path if not path or path.endswith("/") else f"{path}/"
    pool = Connections(settings.connections, settings.workers, settings.list_at_most)
    tracebacks: list[str] = []
    entries: list[ListedThing] = []
    gaps: tuple[Gap, ...] = ()
    calls = links = 0
    kept = settings.connections[connection]
    try:
        with closing(Guarded(registry.opener(kept)(root, pool), kept, tracebacks)) as collector:
            listed = ListedOnce(collector)
            entries = [ListedThing(entry.name, entry.size, entry.modified) for entry in listed.all().values()]
            gaps, calls, links = listed.gaps(), collector.calls, len(collector.links)
    except DrcheckError as error:
        gaps = (Gap(error.message, error.hint),)
    except Exception as error:  # noqa: BLE001  whatever a client meets is a gap of the place, as in a run
        tracebacks.append(traced(error))
        gaps = (
            Gap(
                f"what {connection} holds made no sense to drcheck: {type(error).__name__}",
                "Look at it by other means; if it is in order, report this with what --verbose prints.",
            ),
        )
    finally:
        pool.close()
    tools = repositories({entry.name for entry in entries})
    grouped = series([entry for entry in entries if not is_inside(entry.name, tools)] if tools else entries)
    already, unnamed, new = _sorted_out(grouped.series, connection, root, policies)
    own = root.strip("/").rpartition("/")[2] or connection
    wanted = [_wanted(one, own) for one in new]
    safe = service_names(wanted, [policy.service for policy in policies])
    found = sorted(
        ServiceForm(service, text, f"{connection}:{root}{one.directory}", one, estimate(one))
        for service, text, one in zip(safe, wanted, new, strict=True)
    )
    return Discovery(
        f"{connection}:{path}", tuple(found), already, unnamed, tools, grouped.unread, tuple(groups(found)),
        len(entries), calls, clock.monotonic() - begun, links, gaps, tuple(tracebacks),
    )  # fmt: skip


def _sorted_out(
    several: Iterable[Series], connection: str, root: str, policies: Sequence[Policy]
) -> tuple[tuple[tuple[str, str], ...], tuple[Unnamed, ...], list[Series]]:
    """Return what a policy reads already, what none can name, and the rest."""
    readers: dict[str, list[tuple[str, Matcher]]] = defaultdict(list)
    for policy in policies:
        for source in policy.sources.values():
            if source.connection == connection and source.templates:
                with suppress(DrcheckError):
                    readers[source.root].append((policy.service, matcher_of(source)))
    already, unnamed, new = [], [], []
    for one in several:
        place = f"{connection}:{root}{one.directory}"
        newest = max(points[-1] for points in one.points.values()).name.replace("{part}", "1")
        full = f"{root}{one.directory}{newest}{'x' if newest.endswith('/') else ''}"
        if by := next(_reading(readers, full), ""):
            already.append((f"{place}{newest}", by))
        elif why := _unnameable(place, one.template):
            unnamed.append(Unnamed(place, why))
        else:
            new.append(one)
    return tuple(already), tuple(unnamed), new


def _reading(readers: dict[str, list[tuple[str, Matcher]]], full: str) -> Iterator[str]:
    """Yield the services whose policies read a name."""
    at = 0
    while at >= 0:
        for service, read in readers.get(full[:at], ()):
            if read(full[at:]) is not None:
                yield service
        at = full.find("/", at) + 1 or -1


def _unnameable(place: str, template: str) -> str:
    """Return why no policy can say where backups lie, or how they are called; empty: one can."""
    try:
        scalar_formats.location(place)
        scalar_formats.template(template)
    except DrcheckError as error:
        return error.message
    return ""


def _wanted(one: Series, own: str) -> str:
    """Return what a service would be called: by its directory, and by its names where several lie there."""
    parts = [part for part in one.directory.split("/") if part]
    if one.label and (not parts or parts[-1] != one.label):
        parts.append(one.label)
    return "-".join(parts) or own


def write(discovery: Discovery, into: str, template: str, settings: Settings) -> list[Wrote]:
    """Write the policies, each on the template that exists or is shared; nothing that is there is ever replaced.

    Raises :class:`UsageError` where the template is none, and :class:`OutputError` where nothing can be written.
    """
    directory = Path(into)
    day = words.instant(clock.now())[:10]
    if template:
        base = _base(template, directory, settings)
        texts = [(found, drafts.policy(found, day, base)) for found in discovery.found]
        return [_put(directory / f"{found.service}.yaml", text) for found, text in texts]
    wrote: list[Wrote] = []
    shared: dict[str, tuple[drafts.Base, Common]] = {}
    for number, common in enumerate(discovery.alike, 1):
        name = "alike" if number == 1 else f"alike-{number}"
        made = _put_template(directory / _TEMPLATES, name, drafts.template(common, day))
        wrote.append(made)
        base = drafts.Base(f"{_TEMPLATES}/{made.path.name}")
        shared |= {found.service: (base, common) for found in common.services}
    for found in discovery.found:
        base_of_it, common_of_it = shared.get(found.service, (None, None))
        text = drafts.policy(found, day, base_of_it, common_of_it)
        wrote.append(_put(directory / f"{found.service}.yaml", text))
    return wrote


def _base(template: str, directory: Path, settings: Settings) -> drafts.Base:
    """Return what a template that exists says already."""
    file = Path(template).resolve()
    within = [Path(each).resolve() for each in settings.policies]
    root = next((each for each in within if directory.resolve().is_relative_to(each)), directory.resolve())
    if not file.is_relative_to(root):
        raise UsageError(
            f"{template} lies outside of {root}",
            "Templates lie below the directory of policies: move it, or name --into.",
        )
    try:
        data = file.read_bytes()
    except OSError as error:
        raise UsageError(f"{template} cannot be read: {os_reason(error)}", "Name a template that exists.") from None
    node, problems = strictyaml.parse(data, template)
    if problems or not isinstance(node, MappingNode) or node.text("template") != "true":
        raise UsageError(
            f"{template} is no template", f"drcheck lint {template} says why, or template: true is missing."
        )
    return drafts.base_of(node, _relative(file, directory))


def _relative(file: Path, directory: Path) -> str:
    import os

    return os.path.relpath(file, directory.resolve())


def _put(target: Path, text: str) -> Wrote:
    try:
        create(target, text.encode())
    except FileExistsError:
        return Wrote(target, written=False)
    except OSError as error:
        raise OutputError(
            f"{target} cannot be written: {os_reason(error)}", "Name a directory you may write to."
        ) from error
    return Wrote(target, written=True)


def _put_template(directory: Path, name: str, text: str) -> Wrote:
    """Write a template under a free name: one that is there may say something else than its services need."""
    number = 1
    while True:
        target = directory / f"{name}{f'-{number}' if number > 1 else ''}.yaml"
        with suppress(OSError):
            if target.read_bytes() == text.encode():
                return Wrote(target, written=False)
        made = _put(target, text)
        if made.written:
            return made
        number += 1


class KnownPolicies(NamedTuple):
    """The policies that are there."""

    policies: tuple[Policy, ...]
    unusable: tuple[str, ...]
    """Files with a fault, which cover nothing."""


def known_policies(settings: Settings, into: str = "") -> KnownPolicies:
    """Return the policies that the configuration names, and those in ``into``; that there are none is no error."""
    every = (*map(from_here, settings.policies), into)
    paths = [path for path in dict.fromkeys(every) if path and Path(path).exists()]
    if not paths:
        return KnownPolicies((), ())
    try:
        loaded = load_policies(paths, settings)
    except UsageError:
        return KnownPolicies((), ())  # templates alone
    return KnownPolicies(loaded.policies, tuple(dict.fromkeys(file for file, _ in loaded.problems)))


def coverage(names: Sequence[str], policies: Iterable[Policy], settings: Settings) -> Coverage:
    """Return which of the names are covered, by services, connections, their hosts, and paths."""
    return covered_names(names, policies, hosts(settings))


def place(at: str, settings: Settings) -> tuple[str, str]:
    """Return connection and path of the place to look at; raises :class:`DrcheckError` where it is none."""
    connection, path = scalar_formats.location(at if ":" in at else f"{at}:")
    if connection not in settings.connections:
        raise UsageError(
            f"there is no connection {connection} in {settings.file}",
            f"Known are {', '.join(settings.connections) or 'none'}; add it under connections.",
        )
    kept = settings.connections[connection]
    if path.startswith("!"):
        raise UsageError(f"{path} is a command's output", "discover looks at directories, buckets and containers.")
    if why := kept.path_fault(path):
        raise UsageError(f"{at}: {why}", f"Write {connection}:{kept.path_form}.")
    return connection, path
