"""``drcheck schema``: print the JSON Schema of policies, of the configuration, or of the JSON report."""

from __future__ import annotations

import argparse
from typing import Final

_FILES: Final = {
    "policy": "policyfile/policy.schema.json",
    "config": "policyfile/config.schema.json",
    "report": "reports/report.schema.json",
}

_DESCRIPTION = """\
Print a JSON Schema (draft 2020-12), so that editors complete and check what is
written.
"""

_EPILOG = """\
examples:
  drcheck schema > policy.schema.json           of policies
  drcheck schema config > drcheck.schema.json   of drcheck.yaml
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
    parser.add_argument("of", nargs="?", choices=tuple(_FILES), default="policy", help="of what (default: policy)")
    parser.set_defaults(run=run)


def run(arguments: argparse.Namespace) -> int:
    """Do it, and return the exit status."""
    # Imported here, so that --help answers at once.
    from pathlib import Path

    print((Path(__file__).parents[1] / _FILES[arguments.of]).read_text(encoding="utf-8"), end="")
    return 0
