"""Standards that reports map verdicts to: those that come with drcheck, and a user's own, by the same strict loader."""

from __future__ import annotations

from collections.abc import Iterable
from importlib.resources import files
from pathlib import Path
from typing import Any

from drcheck.core.model.controls import Control, Standard
from drcheck.errors import UsageError, os_reason
from drcheck.policyfile import strictyaml
from drcheck.policyfile.validate import suggest, validate
from drcheck.policyfile.yaml_nodes import MappingNode, Mark, Problem
from drcheck.registry import KINDS


def load_standards(paths: Iterable[str]) -> tuple[Standard, ...]:
    """Return the standards that come with drcheck, and those at ``paths``, each in place of one of the same name.

    Raises ``UsageError`` with every fault at once, or where a file cannot be read.
    """
    ours = sorted((files("drcheck.policyfile") / "controls").iterdir(), key=lambda file: file.name)
    found: dict[str, Standard] = {}
    problems: list[Problem] = []
    for name, data in [*((file.name, file.read_bytes()) for file in ours), *((path, _read(path)) for path in paths)]:
        values, wrong = _parsed(data, name)
        problems += wrong
        if not wrong:
            standard = _standard(values)
            found[standard.id] = standard
    if problems:
        message = "\n".join(str(problem) for problem in sorted(set(problems)))
        raise UsageError(message, "drcheck schema controls prints everything that may stand in such a file.")
    return tuple(found.values())


def _read(path: str) -> bytes:
    try:
        with Path(path).open("rb") as opened:
            return opened.read(strictyaml.LARGEST + 1)
    except OSError as error:
        raise UsageError(
            f"{path} cannot be read: {os_reason(error)}", "Name a file of controls that is there."
        ) from error


def _parsed(data: bytes, name: str) -> tuple[Any, list[Problem]]:
    root, problems = strictyaml.parse(data, name)
    if not isinstance(root, MappingNode):
        return None, problems or [Problem(Mark(name, 1, 1), "the file holds no mapping (start with standard:)")]
    values, unfit = validate(root, "controls")
    problems = [*problems, *unfit]
    if not problems:
        problems = [
            Problem(mark, f"controls.{control}.kinds: {kind} is no kind ({_right(kind)})")
            for control, mark, _ in root.fields("controls").mappings()
            for kind in values["controls"][control].get("kinds", ())
            if kind not in KINDS
        ]
    return values, problems


def _right(kind: str) -> str:
    return suggest(kind, [*KINDS]) or f"one of {', '.join(KINDS)}"


def _standard(values: Any) -> Standard:
    return Standard(
        values["standard"],
        values["title"],
        tuple(
            Control(name, one["title"], tuple(one.get("kinds", ())), one["shows"], one["lacks"])
            for name, one in values["controls"].items()
        ),
    )
