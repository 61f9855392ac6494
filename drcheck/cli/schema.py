"""``drcheck schema``: print the JSON Schema of policies, configuration, controls, runbooks, or the JSON report."""

from __future__ import annotations

import argparse
from typing import Final

_SCHEMAS: Final = ("policy", "config", "controls", "runbook", "report")

_DESCRIPTION = """\
Print a JSON Schema (draft 2020-12), so that editors complete and check what is
written.
"""

_EPILOG = """\
examples:
  drcheck schema > policy.schema.json           of policies
  drcheck schema config > drcheck.schema.json   of drcheck.yaml
  drcheck schema controls                       of what standards ask for
  drcheck schema runbook                        of how drills restore
  drcheck schema report                         of what verify prints as JSON

An editor takes it by a comment in the first line of a policy:
  # yaml-language-server: $schema=../policy.schema.json
"""


def add(verbs: argparse._SubParsersAction[argparse.ArgumentParser]) -> None:
    """Add the verb to the command line."""
    parser = verbs.add_parser(
        "schema",
        help="print the JSON Schema of policies, configuration or reports",
        description=_DESCRIPTION,
        epilog=_EPILOG,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    parser.add_argument("of", nargs="?", choices=_SCHEMAS, default="policy", help="of what (default: policy)")
    parser.set_defaults(run=run)


def run(arguments: argparse.Namespace) -> int:
    """Do it, and return the exit status."""
    # Imported here, so that --help answers at once.
    from importlib.resources import files

    from drcheck.policyfile.schema import published

    if arguments.of == "report":
        print((files("drcheck.reports") / "report.schema.json").read_text(encoding="utf-8"), end="")
    else:
        print(published(arguments.of), end="")
    return 0
