"""Policies for tests, written into a directory of the test's own."""

from __future__ import annotations

from pathlib import Path
from textwrap import dedent, indent

from drcheck.policyfile.lint import lint
from drcheck.policyfile.lint_context import Remark
from drcheck.policyfile.load import Loaded, ReadPolicy, load_policies
from drcheck.settings import Settings

WHOLE = Path(__file__).parent / "whole"

SOURCES = """\
sites: {here: {}, there: {}, rack: {part_of: here}}
scenarios: {fire: {loses: [here]}}
sources:
  dumps: {at: "vault:dumps/", site: there, reader: objects, name: "{data_as_of:%Y-%m-%d}Z.gz"}
  near: {at: "vault:near/", site: rack, reader: objects, name: "{data_as_of:%Y-%m-%d}Z.gz"}
  drills: {at: "vault:drills.jsonl", reader: restore-log}
  outages: {at: "vault:outages.jsonl", reader: outage-log}
  maintenance: {at: "vault:maintenance.jsonl", reader: maintenance-log}
  word: {at: "vault:attested.jsonl", reader: attestations}
"""


def policy(commitments: str, *, before: str = SOURCES, timezone: str = "Europe/Stockholm", service: str = "web") -> str:
    """Return a policy with these commitments (or other text after ``commitments:``)."""
    return f"drcheck: 1\nservice: {service}\ntimezone: {timezone}\n{before}commitments:\n" + indent(
        dedent(commitments), "  "
    )


GUARDS = frozenset({"no-size-floor", "no-completion-marker", "mtime-believed", "any-text", "thinning-unstated"})
"""Rules of lint that say what a policy leaves unguarded: the shortest policies leave all of it."""


def linted(document: ReadPolicy, as_of: int = 0, *, explain: bool = False) -> list[Remark]:
    """Return what lint says beside what is left unguarded."""
    return [
        remark for remark in lint(document, as_of, explain=explain) if remark.rule not in {*GUARDS, "unused-source"}
    ]


def load(directory: Path, files: dict[str, str | bytes] | str | bytes, settings: Settings | None = None) -> Loaded:
    """Write ``files`` (one alone is called p.yaml) and load the directory."""
    for name, text in (files if isinstance(files, dict) else {"p.yaml": files}).items():
        path = directory / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(text if isinstance(text, bytes) else text.encode())
    return load_policies([str(directory)], settings)


def messages(directory: Path, loaded: Loaded) -> list[str]:
    """Return the faults with their files as seen from ``directory``."""
    return [fault.message.replace(f"{directory}/", "") for fault in loaded.faults]


def faults(directory: Path, files: dict[str, str | bytes] | str | bytes, settings: Settings | None = None) -> list[str]:
    """Write, load, and return the faults."""
    return messages(directory, load(directory, files, settings))
