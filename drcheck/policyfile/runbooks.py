"""Runbooks of drills, by the strict loader of policies: those that come with drcheck, and the runner's own."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator, Mapping, Sequence
from importlib.resources import files
from pathlib import Path
from typing import Any, Final

from msgspec import Struct

from drcheck.core.model.runbook import Asks, Check, Compare, Expected, Runbook, Step
from drcheck.errors import UsageError, os_reason
from drcheck.policyfile import strictyaml, units
from drcheck.policyfile.validate import suggest, validate
from drcheck.policyfile.yaml_nodes import Items, MappingNode, Mark, Problem

ENDING: Final = ".yaml"


class RunbookFile(Struct, frozen=True):
    """Where a runbook lies."""

    name: str
    file: str
    data: bytes
    shipped: bool
    """Whether it comes with drcheck."""


def runbook_files(directories: Sequence[str]) -> dict[str, RunbookFile]:
    """Return every runbook by its name: those in ``directories``, earlier ones first, then those of drcheck."""
    found: dict[str, RunbookFile] = {}
    for directory in directories:
        try:
            paths = sorted(Path(directory).glob(f"*{ENDING}"))
            if not Path(directory).is_dir():
                raise FileNotFoundError(2, "no such directory")
            for path in paths:
                with path.open("rb") as opened:
                    data = opened.read(strictyaml.LARGEST + 1)
                found.setdefault(path.stem, RunbookFile(path.stem, str(path), data, shipped=False))
        except OSError as error:
            raise UsageError(
                f"the runbooks in {directory} cannot be read: {os_reason(error)}",
                "Name directories that are there in `drills.runbooks` of drcheck.yaml.",
            ) from None
    for shipped in sorted((files("drcheck.policyfile") / "runbooks").iterdir(), key=lambda each: each.name):
        name = shipped.name.removesuffix(ENDING)
        if shipped.name.endswith(ENDING):
            found.setdefault(name, RunbookFile(name, shipped.name, shipped.read_bytes(), shipped=True))
    return found


def load_runbook(name: str, directories: Sequence[str]) -> Runbook:
    """Return the runbook of that name; raises ``UsageError`` with every fault at once, or where there is none."""
    found = runbook_files(directories)
    if name not in found:
        hint = suggest(name, sorted(found)) or f"there are {', '.join(sorted(found))}"
        raise UsageError(f"there is no runbook {name}", f"{hint[:1].upper()}{hint[1:]}.")
    return read_runbook(found[name])


def read_runbook(file: RunbookFile) -> Runbook:
    """Return a runbook; raises ``UsageError`` with every fault at once."""
    root, problems = strictyaml.parse(file.data, file.file)
    values: Any = {}
    if isinstance(root, MappingNode):
        values, unfit = validate(root, "runbook")
        problems = [*problems, *unfit, *_check(root)]
    elif not problems:
        problems = [Problem(Mark(file.file, 1, 1), "the file holds no mapping (start with runbook: 1)")]
    if problems:
        message = "\n".join(str(problem) for problem in sorted(set(problems)))
        raise UsageError(message, "drcheck schema runbook prints everything that may stand in a runbook.")
    return _runbook(file, values)


def _check(root: MappingNode) -> Iterator[Problem]:
    """Yield what is wrong that the schema does not find."""
    for key in ("steps", "checks", "clean_up"):
        value = root.value(key)
        names: set[str] = set()
        for each in value.items if isinstance(value, Items) else ():
            if not isinstance(each, MappingNode):
                continue
            name = each.scalar("name")
            if name is not None and name.text in names:
                yield Problem(name.mark, f"{key}: there are two called {name.text} (give each a name of its own)")
            if name is None:
                continue
            names.add(name.text)
            if key == "steps" and ("copy" in each.entries) == ("run" in each.entries):
                yield Problem(name.mark, f"{key}: {name.text} needs one of run and copy (say what it does)")
            expects = each.fields("expects")
            if key == "checks" and len(expects.entries) > 1:
                yield Problem(name.mark, f"{key}: {name.text} expects two things (make two checks of it)")
            for wanted in (expects.scalar(Compare.EQUALS_VALUE), each.scalar("only_with")):
                if wanted is not None and wanted.text not in root.fields("values").entries:
                    yield Problem(wanted.mark, f"{key}: there is no value {wanted.text} (name it in values)")


def _runbook(file: RunbookFile, values: Mapping[str, Any]) -> Runbook:
    return Runbook(
        name=file.name,
        title=values["title"],
        sha256=hashlib.sha256(file.data).hexdigest(),
        tried=values.get("tried", ""),
        needs=tuple(values.get("needs", ())),
        steps=tuple(map(_step, values["steps"])),
        checks=tuple(
            Check(
                check["name"],
                units.duration(check["timeout"]),
                check["run"],
                _expected(check["expects"]),
                Asks(check.get("asks", Asks.DATA)),
                check.get("only_with", ""),
            )
            for check in values["checks"]
        ),
        clean_up=tuple(map(_step, values.get("clean_up", ()))),
        values={name: value.get("default") for name, value in values.get("values", {}).items()},
    )


def _step(step: Mapping[str, Any]) -> Step:
    return Step(
        step["name"],
        step.get("phase", step["name"]),
        units.duration(step["timeout"]),
        step.get("run", ""),
        step.get("counts", True),
    )


def _expected(expects: Mapping[str, Any]) -> Expected:
    ((key, value),) = expects.items()
    match compare := Compare(key):
        case Compare.AT_LEAST:
            return Expected(compare, number=value)
        case Compare.NEWEST_WITHIN:
            return Expected(compare, number=units.duration(value))
        case Compare.COUNTS:
            return Expected(compare, tolerance=units.percentage(value))
        case _:
            return Expected(compare, text=str(value))
