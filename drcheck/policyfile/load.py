"""Policy files to policies: every fault of every file at once, and the policies that have none."""

from __future__ import annotations

import os
from collections import defaultdict
from collections.abc import Iterator, Sequence
from contextlib import suppress
from pathlib import Path
from typing import NamedTuple
from zoneinfo import ZoneInfo

from msgspec import Struct

from drcheck.core.model.policy import Policy, Position
from drcheck.core.words import several
from drcheck.errors import DrcheckError, UsageError, os_reason
from drcheck.policyfile import build, scalar_formats
from drcheck.policyfile.check_policy import check
from drcheck.policyfile.extends import Extended, Files, extended, separated
from drcheck.policyfile.validate import suggest, validate
from drcheck.policyfile.yaml_nodes import MappingNode, Mark, Problem, Values
from drcheck.registry import READERS
from drcheck.run_report import Fault
from drcheck.settings import Settings

_WHERE_THEY_LIE = "policies/"
_NO_POLICY = "Name a policy file or a directory of them, or run drcheck init to get one to start from."


class ReadPolicy(NamedTuple):
    """A policy with the places of everything in it."""

    policy: Policy
    root: MappingNode


class Loaded(Struct, frozen=True):
    """What was read."""

    documents: tuple[ReadPolicy, ...]
    """The policies without a fault, in the order of their files."""
    problems: tuple[tuple[str, Problem], ...]
    """File of the policy (a fault may lie in its template), and what is wrong."""

    @property
    def policies(self) -> tuple[Policy, ...]:
        """The policies that can be judged."""
        return tuple(document.policy for document in self.documents)

    @property
    def faults(self) -> tuple[Fault, ...]:
        """Everything wrong with the others."""
        return tuple(Fault(file, str(problem), at=Position(*problem.mark)) for file, problem in self.problems)


class _PolicyFile(NamedTuple):
    path: str
    shown: str
    within: str
    """The directory of policies that its templates must lie in."""


def load_policies(paths: Sequence[str], settings: Settings | None) -> Loaded:
    """Read the policies at ``paths``, files or directories; where there are none, those that ``settings`` names.

    With ``settings``, the connections that policies name must be among its own. Raises :class:`UsageError` where a
    path does not exist or there is no policy at all: no policy is never the same as no breach.
    """
    files = Files()
    problems: list[tuple[str, Problem]] = []
    read: list[tuple[_PolicyFile, Extended]] = []
    templates = 0
    for file in _find(paths, settings, problems):
        try:
            whole = extended(file.path, file.shown, file.within, files)
        except OSError as error:
            reason = os_reason(error)
            problems.append((file.shown, Problem(Mark(file.shown, 1, 1), f"the file cannot be read: {reason}")))
            continue
        if whole.root is not None and whole.root.text("template") == "true":
            templates += 1
            found_in_template = [*whole.problems, *validate(whole.root, "policy", partial=True)[1]]
            problems.extend((file.shown, problem) for problem in found_in_template)
        else:
            read.append((file, whole))
    if not read and not problems:
        what = "are only templates" if templates else "is no policy"
        raise UsageError(f"there {what} in {several(list(_paths(paths, settings)))}", _NO_POLICY)
    twice = _same_service(read)
    documents = []
    for file, whole in read:
        values, wrong = _judge(whole, settings)
        wrong += twice[file.shown]
        if wrong:
            problems.extend((file.shown, problem) for problem in sorted(set(wrong)))
        elif whole.root is not None:
            documents.append(ReadPolicy(build.policy(values, whole.root, whole.files), whole.root))
    return Loaded(tuple(documents), tuple(problems))


def reload(text: str) -> Policy | None:
    """Return the policy that was judged with this text (``Policy.text``); None if this version cannot read it."""
    whole = separated(text)
    values, wrong = _judge(whole, None)
    return None if wrong or whole.root is None else build.policy(values, whole.root, whole.files)


def zone_of(text: str) -> ZoneInfo:
    """Return the zone of the policy that was judged with this text; of one that cannot be read any more, UTC."""
    root = separated(text).root
    try:
        return scalar_formats.zone(root.text("timezone") if root else "")
    except DrcheckError:
        return scalar_formats.zone(scalar_formats.DEFAULT_ZONE)


def _judge(whole: Extended, settings: Settings | None) -> tuple[Values, list[Problem]]:
    """Return the values of one file with its templates, and everything that is wrong with it."""
    wrong = list(whole.problems)
    if whole.root is None:
        return {}, wrong
    values, unfit = validate(whole.root, "policy", partial=not whole.whole)
    wrong += unfit
    if whole.whole:
        wrong += check(whole.root)
        if settings is not None:
            wrong += check_connections(whole.root, settings)
    return values, wrong


def check_connections(root: MappingNode, settings: Settings) -> Iterator[Problem]:
    """Yield what is wrong with the places that a policy names, given what the runner's configuration says of them."""
    for name, _, source in root.fields("sources").mappings():
        location = source.scalar("at")
        reader = READERS.get(source.text("reader"))
        if location is None or (reader is not None and reader.own is not None):
            continue
        with suppress(DrcheckError):  # told as a format
            alias, path = scalar_formats.location(location.text)
            connection = settings.connections.get(alias)
            where = f"sources.{name}.at"
            if connection is None:
                aliases = sorted(settings.connections)
                right = suggest(alias, aliases) or f"add it to {settings.file}"
                yield Problem(location.mark, f"{where}: there is no connection {alias} ({right})")
            elif path.startswith("!"):
                outputs = connection.named_reads
                if path[1:] not in outputs:
                    right = suggest(path[1:], sorted(outputs)) or f"add it to its outputs in {settings.file}"
                    if "outputs" not in connection.keys.properties:
                        right = f"only what runs commands has one; write {alias}:{connection.path_form}"
                    yield Problem(location.mark, f"{where}: connection {alias} has no named read {path[1:]} ({right})")
            elif why := connection.path_fault(path):
                yield Problem(location.mark, f"{where}: {why} (write {alias}:{connection.path_form})")


def _same_service(read: Sequence[tuple[_PolicyFile, Extended]]) -> dict[str, list[Problem]]:
    """Return the faults of files that are of one service: nobody could tell which of them binds."""
    by_service: dict[str, list[tuple[str, Mark]]] = defaultdict(list)
    for file, whole in read:
        service = whole.root.scalar("service") if whole.root is not None else None
        if service is not None and service.text:
            by_service[service.text].append((file.shown, service.mark))
    wrong: dict[str, list[Problem]] = defaultdict(list)
    for name, places in by_service.items():
        for shown, mark in places if len(places) > 1 else ():
            others = ", ".join(other for other, _ in places if other != shown)
            wrong[shown].append(Problem(mark, f"service: {name} has another policy in {others} (rename one of them)"))
    return wrong


def _paths(paths: Sequence[str], settings: Settings | None) -> Sequence[str]:
    if paths:
        return paths
    return [from_here(path) for path in settings.policies] if settings is not None else [_WHERE_THEY_LIE]


def from_here(path: str) -> str:
    """Return an absolute path of the configuration as one would name it in the working directory."""
    inside = Path(path)
    here = Path.cwd()
    return str(inside.relative_to(here)) if inside.is_relative_to(here) else path


def _find(
    paths: Sequence[str], settings: Settings | None, problems: list[tuple[str, Problem]]
) -> Iterator[_PolicyFile]:
    """Yield each policy file once; a directory means its ``*.yaml`` and ``*.yml``, hidden ones left out."""
    passed = {os.path.realpath(settings.file)} if settings is not None else set()

    def unreadable(error: OSError) -> None:
        shown = str(error.filename)
        reason = os_reason(error)
        problems.append((shown, Problem(Mark(shown, 1, 1), f"the directory cannot be read: {reason}")))

    for path in _paths(paths, settings):
        if os.path.isdir(path):  # noqa: PTH112  os.walk below tells what it cannot enter
            for directory, inner, names in os.walk(path, onerror=unreadable):
                inner[:] = sorted(name for name in inner if not name.startswith("."))
                for name in sorted(names):
                    file = os.path.join(directory, name)  # noqa: PTH118
                    if (
                        name.endswith((".yaml", ".yml"))
                        and not name.startswith(".")
                        and os.path.realpath(file) not in passed
                    ):
                        passed.add(os.path.realpath(file))
                        yield _PolicyFile(file, os.path.normpath(file), path)
        elif Path(path).is_file():
            if os.path.realpath(path) not in passed:
                passed.add(os.path.realpath(path))
                yield _PolicyFile(path, path, _root_of(path, settings))
        else:
            raise UsageError(f"there is no policy file or directory {path}", _NO_POLICY)


def _root_of(path: str, settings: Settings | None) -> str:
    """Return the directory of policies that ``path`` lies in, or its own one."""
    real = Path(path).resolve()
    for directory in settings.policies if settings is not None else ():
        if real.is_relative_to(Path(directory).resolve()) and Path(directory).is_dir():
            return directory
    return str(real.parent)
