"""``drcheck lint``: check policies and configuration, and tell what policies promise in vain."""

from __future__ import annotations

import argparse
from typing import TYPE_CHECKING

from drcheck.cli import options
from drcheck.errors import OutputError

if TYPE_CHECKING:
    from drcheck.policyfile.lint import Remark
    from drcheck.policyfile.load import Loaded
    from drcheck.policyfile.yaml_nodes import Mark
    from drcheck.settings import Settings

EXIT_WARNINGS = 1
EXIT_FAULTS = 3

_DESCRIPTION = """\
Check policies: every fault of every file at once, and warnings where a policy
is valid and yet cannot do what it was meant to. Without POLICY, the policies
that drcheck.yaml names are checked; without a drcheck.yaml, those in policies/,
and nothing is said about connections.
"""

_EPILOG = """\
examples:
  drcheck lint                       every policy
  drcheck lint policies/webshop.yaml --explain
  drcheck lint --strict              in a pipeline: warnings fail as well

exit status: 0 no fault, 3 a fault, 2 wrong usage, a faulty configuration or no
policy at all; with --strict 1 a warning
"""


def add(verbs: argparse._SubParsersAction[argparse.ArgumentParser]) -> None:
    """Add the verb to the command line."""
    parser = verbs.add_parser(
        "lint",
        help="check policies and configuration",
        description=_DESCRIPTION,
        epilog=_EPILOG,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    parser.add_argument("policies", nargs="*", metavar="POLICY", help="a policy file, or a directory of them")
    options.config(parser)
    parser.add_argument("--explain", action="store_true", help="tell also what promises amount to")
    parser.add_argument("--strict", action="store_true", help="exit with 1 where there are warnings")
    parser.add_argument("--format", choices=("text", "json"), default="text", help="default: text")
    parser.set_defaults(run=run)


def run(arguments: argparse.Namespace) -> int:
    """Do it, and return the exit status."""
    # Imported here, so that --help answers at once.
    from drcheck import clock
    from drcheck.cli.output import say, tell, write_whole
    from drcheck.policyfile.lint import Level, lint
    from drcheck.policyfile.load import load_policies

    settings = _settings(arguments.config)
    connections = None if settings is None else settings.connections
    loaded = load_policies(arguments.policies, settings)
    as_of = clock.now()
    remarks = [
        remark
        for document in loaded.documents
        for remark in lint(document, as_of, explain=arguments.explain, connections=connections)
    ]
    text = _json(loaded, remarks) if arguments.format == "json" else _text(loaded, remarks)
    try:
        write_whole(text.encode(errors="backslashreplace"), None)
    except OutputError as error:
        say(error)
    if arguments.format == "text":
        tell(_in_short(loaded, remarks))
    if loaded.problems:
        return EXIT_FAULTS
    warned = any(remark.level is Level.WARNING for remark in remarks)
    return EXIT_WARNINGS if warned and arguments.strict else 0


def _settings(config: str | None) -> Settings | None:
    from pathlib import Path

    from drcheck.policyfile.config import DEFAULT_FILE, load_settings

    return load_settings(config) if config is not None or Path(DEFAULT_FILE).exists() else None


def _faults(loaded: Loaded) -> list[str]:
    return list(dict.fromkeys(str(problem) for _, problem in loaded.problems))  # those of templates: once


def _text(loaded: Loaded, remarks: list[Remark]) -> str:
    return "".join(f"{line}\n" for line in [*_faults(loaded), *remarks])


def _in_short(loaded: Loaded, remarks: list[Remark]) -> str:
    warnings = sum(remark.level == "warning" for remark in remarks)
    policies = len(loaded.documents) + len({file for file, _ in loaded.problems})
    counts = ((len(_faults(loaded)), "fault"), (warnings, "warning"))
    return f"{_count(policies, 'file')} checked: {', '.join(_count(count, what) for count, what in counts)}"


def _count(count: int, what: str) -> str:
    from drcheck.core import words

    return words.counted(count, what) if count else f"no {what}s"


def _json(loaded: Loaded, remarks: list[Remark]) -> str:
    import json

    whole = {
        "policies": [document.policy.file for document in loaded.documents],
        "faults": [{"policy": file, **_at(problem.mark), "message": problem.text} for file, problem in loaded.problems],
        "remarks": [
            {**_at(remark.mark), "level": remark.level, "rule": remark.rule, "message": remark.text}
            for remark in remarks
        ],
    }
    return json.dumps(whole, indent=2, ensure_ascii=False) + "\n"


def _at(mark: Mark) -> dict[str, str | int]:
    return {"file": mark.file, "line": mark.line, "column": mark.column}
