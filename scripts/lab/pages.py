"""Puts a run in the lab into README.md and docs/walkthrough.md: its output, and its table of agreements and promises.

    PYTHONPATH=scripts .venv/bin/python -m lab.pages [drcheck.yaml]

The lab must be up (``scripts/quickstart --keep``). Only what stands between the pages' markers is replaced.
"""

from __future__ import annotations

import json
import os
import re
import subprocess
import sys
from collections import Counter
from collections.abc import Mapping
from typing import Any

from drcheck import registry
from lab.processes import REPOSITORY

PAGES = (REPOSITORY / "README.md", REPOSITORY / "docs" / "walkthrough.md")
SHOWN = "Teamplify"
"""The service whose part of the output the README shows."""
STATUSES = ("breached", "unknown", "met", "attested", "not owed")
"""In the order in which a cell counts them."""

Report = dict[str, Any]
_MARKED = re.compile(r"(<!-- (?P<what>[^\n]+): begin -->\n).*?(<!-- (?P=what): end -->)", re.DOTALL)
_RULE = "─" * 80
_ROW = re.compile(r"  \S \S")
"""How the first line of a commitment begins: its mark and its status."""


def main() -> int:
    config = sys.argv[1] if len(sys.argv) > 1 else str(REPOSITORY / ".lab" / "story" / "drcheck.yaml")
    shown = verify(config, "console")
    report = json.loads(verify(config, "json"))
    blocks = {"table of a run": table(report), "output of scripts/quickstart": fenced(in_short(shown, SHOWN))}
    for service in report["services"]:
        # One alone is shown whole, where many are shown by what is not met.
        blocks |= commitments(verify(config, "console", service["policy"]), service)
    for page in PAGES:
        page.write_text(filled(page.read_text(), blocks))
    return 0


def verify(config: str, form: str, *policies: str) -> str:
    """Return what ``drcheck verify`` prints, as wide as the pages are."""
    command = [sys.executable, "-m", "drcheck", "verify", "--config", config, "--format", form, *policies]
    done = subprocess.run(
        command,
        cwd=REPOSITORY,
        env=os.environ | {"COLUMNS": str(len(_RULE)), "NO_COLOR": "1"},
        stdout=subprocess.PIPE,
        text=True,
        check=False,
    )
    if done.returncode not in {0, 1, 3}:
        sys.exit(done.returncode)
    return done.stdout


def filled(page: str, blocks: Mapping[str, str]) -> str:
    """Return a page with what stands between its markers replaced; a marker that no block is for is an error."""
    return _MARKED.sub(lambda found: found[1] + blocks[found["what"]] + found[3], page)


def fenced(text: str) -> str:
    return f"```\n{text.strip(chr(10))}\n```\n"


def table(report: Report) -> str:
    """Return the agreements' promises by kind as a table in Markdown."""
    services = report["services"]
    heads = [f"[{service['service']}]({service['policy']})" for service in services]
    rows = [["", *heads], ["---"] * (len(heads) + 1)]
    rows += [
        [f"`{kind}`", *(cell(service, kind) for service in services)]
        for kind in registry.KINDS
        if kind not in registry.OF_ESTATES
    ]
    return "".join(f"| {' | '.join(row)} |\n" for row in rows)


def cell(service: Mapping[str, Any], kind: str) -> str:
    """Return how the promises of one kind stand; a star says that one was broken earlier within the window."""
    if kind in service["silent_on"]:
        return "silent"
    promised = [one for one in service["commitments"] if one["kind"] == kind]
    counts = Counter(
        ("attested" if one["attested"] else one["status"] or "not owed", broken_earlier(one)) for one in promised
    )
    told = [
        (status, counts[status, False] + counts[status, True], counts[status, True])
        for status in STATUSES
        if (status, False) in counts or (status, True) in counts
    ]
    alone = len(promised) == 1
    return ", ".join(f"{'' if alone else f'{count} '}{status}{'*' if stars else ''}" for status, count, stars in told)


def broken_earlier(commitment: Mapping[str, Any]) -> bool:
    return commitment["status"] != "breached" and any(one["closed_at"] for one in commitment["breaches"])


def in_short(shown: str, title: str) -> str:
    """Return the overview of the console's output, one service, and the totals with what was judged."""
    body, rule, foot = shown.rpartition(f"{_RULE}\n")
    overview, _, _ = body.partition("\n\n")
    return "\n".join([overview, "", one_service(body, title), "", rule.rstrip(), *foot.splitlines()[:2]])


def one_service(body: str, title: str) -> str:
    """Return what the console tells of one service."""
    services = re.split(r"\n\n(?=\S)", body)  # only titles stand at the margin
    return next(one for one in services if one.startswith(f"{title} ")).rstrip()


def commitments(shown: str, service: Mapping[str, Any]) -> dict[str, str]:
    """Return the lines of each commitment of a service, by marker, under the head of their columns.

    ``shown`` is what the console tells of that service alone.
    """
    lines = [*one_service(shown, service["title"]).splitlines(), ""]
    head = next(number for number, line in enumerate(lines) if line.lstrip().startswith("commitment "))
    body = lines[head + 1 : lines.index("", head)]
    begins = [number for number, line in enumerate(body) if _ROW.match(line)]
    spans = zip(begins, [*begins[1:], len(body)], strict=True)
    return {
        f"{service['service']} {commitment['id']} in a run": fenced("\n".join([lines[head], *body[begin:end]]))
        for commitment, (begin, end) in zip(service["commitments"], spans, strict=True)
    }


if __name__ == "__main__":
    sys.exit(main())
