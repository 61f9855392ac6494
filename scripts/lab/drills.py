"""What does a drill cost beside the same restore done by a shell script, and is the recovery time that it tells true?

A dump of PostgreSQL lies on one host; another one restores it into a server of its own and counts its rows. The script
copies it by ssh and runs the very commands of the runbook `postgresql-dump`, in one login; the drill is `drcheck drill
run`, once with a step that copies as the script does, and once with the dump copied by drcheck, which reads it from the
one host and writes it to the other. They take turns; the fastest of each counts. What a drill tells is held against
what a clock beside it says, from the begin of its first step to the end of its last check, as its own view prints them.
"""

from __future__ import annotations

import argparse
import json
import os
import platform
import shlex
import shutil
import subprocess
import sys
import tempfile
import time
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import yaml

from lab.processes import REPOSITORY
from lab.sshd import Sshd

OVERHEAD = 0.05
APART = 0.02
NO_ROOT = ["setpriv", "--reuid=postgres", "--regid=postgres", "--clear-groups"]
POLICY = """\
drcheck: 1
service: shop
sources:
  dumps: {at: "backups:dumps/", reader: objects, name: "{data_as_of:%Y-%m-%dT%H%M%S}Z.sql",
          available_at: name, max_duration: 1m, kind: full}
  drills: {at: "ledger:", reader: drills}
commitments:
  rto: {kind: rto, at_most: 2h, counts_from: restore_start, until: validated, evidence: [drills]}
  rpo: {kind: rpo, at_most: 26h, evidence: [dumps]}
drills:
  same: {from: [dumps], target: lab, runbook: same}
  dump: {from: [dumps], target: lab, runbook: postgresql-dump}
"""


def main() -> int:
    parser = argparse.ArgumentParser(prog="scripts/bench drills", description=__doc__)
    parser.add_argument("--megabytes", type=int, default=500, help="of the dump (default: 500)")
    parser.add_argument("--runs", type=int, default=3, help="of each (default: 3)")
    parser.add_argument("--json", type=Path, metavar="FILE", help="write the figures there as well")
    asked = parser.parse_args()
    place = Path(tempfile.mkdtemp(prefix="drcheck-bench-"))
    place.chmod(0o755)
    try:
        with (
            Sshd(place / "source", ("127.0.0.4",)) as source,
            Sshd(place / "target-host", ("127.0.0.5",), machine_id="e" * 32) as target,
        ):
            figures = measured(place, source, target, asked.megabytes, asked.runs)
    finally:
        shutil.rmtree(place)
    for name, value in figures.items():
        print(f"{name:<42} {value}")
    if asked.json:
        asked.json.write_text(json.dumps(figures, indent=2) + "\n")
    return 0


def measured(place: Path, source: Sshd, target: Sshd, megabytes: int, runs: int) -> dict[str, object]:
    name = f"{datetime.now(UTC) - timedelta(hours=1):%Y-%m-%dT%H%M%S}Z.sql"
    (source.root / "dumps").mkdir()
    rows = write_dump(source.root / "dumps" / name, megabytes)
    directory = place / "drills"
    directory.mkdir()
    (directory / ".drcheck-drill-target").write_text("lab-1\n")
    work = place / "work"
    (work / "policies").mkdir(parents=True)
    (work / "policies" / "shop.yaml").write_text(POLICY)
    connections = "".join(
        f"  {alias}: {{type: ssh, host: {one.host}, port: {one.port}, user: {one.user}, deadline: 10m, "
        f"identity_file: '{one.identity_file}', known_hosts: '{one.known_hosts}', root: '{root}'}}\n"
        for alias, one, root in (("backups", source, source.root), ("lab", target, "/"))
    )
    (work / "drcheck.yaml").write_text(
        f"connections:\n{connections}drills:\n  runbooks: [runbooks]\n  targets:\n"
        f"    lab: {{connection: lab, directory: '{directory}', id: lab-1}}\n"
    )
    runbook = yaml.safe_load((REPOSITORY / "drcheck/policyfile/runbooks/postgresql-dump.yaml").read_text())
    put = '"$DRILL_POINT/$DRILL_FILE"'
    runbook["steps"][0] = {"name": "fetch", "timeout": "1h", "run": copied(source, name, put)}
    (work / "runbooks").mkdir()
    (work / "runbooks" / "same.yaml").write_text(yaml.safe_dump(runbook, sort_keys=False))
    drcheck = [sys.executable, "-m", "drcheck"]
    subprocess.run([*drcheck, "verify", "--quiet"], cwd=work, stdout=subprocess.DEVNULL, check=False)
    scripts: list[float] = []
    drills: dict[str, list[float]] = {"same": [], "dump": []}
    apart: list[float] = []
    for _ in range(runs):
        scripts.append(by_script(runbook, directory / "by-script", target, rows, name))
        for which, took in drills.items():
            told, outside = by_drill([*drcheck, "drill", "run", "shop", "--drill", which], work, rows)
            took.append(told)
            apart.append(abs(told - outside) / outside)
    overhead = min(drills["same"]) / min(scripts) - 1
    return {
        "machine": f"{os.cpu_count()} cores, Python {platform.python_version()}",
        "dump, MB": megabytes,
        "by the script, s": round(min(scripts), 2),
        "by a drill that copies likewise, s": round(min(drills["same"]), 2),
        "by a drill through the runner, s": round(min(drills["dump"]), 2),
        "overhead": f"{overhead:.1%} (aim: under {OVERHEAD:.0%})",
        "told apart from a clock outside, at most": f"{max(apart):.1%} (aim: under {APART:.0%})",
    }


def write_dump(file: Path, megabytes: int) -> int:
    """Write a plain dump as pg_dump does, and return its rows."""
    row = "x" * 90
    rows = megabytes * 10_000
    with file.open("w") as dump:
        dump.write("CREATE TABLE public.orders (id integer, what text);\nCOPY public.orders (id, what) FROM stdin;\n")
        for number in range(rows):
            dump.write(f"{number:08}\t{row}\n")
        dump.write("\\.\n--\n-- PostgreSQL database dump complete\n--\n")
    return rows


def copied(source: Sshd, name: str, put: str) -> str:
    """Return the command that copies the dump."""
    return (
        f"ssh -F none -i {source.identity_file} -o UserKnownHostsFile={source.known_hosts} -p {source.port} "
        f"{source.user}@{source.host} cat {shlex.quote(str(source.root / 'dumps' / name))} > {put}"
    )


def by_script(runbook: dict[str, Any], directory: Path, target: Sshd, rows: int, name: str) -> float:
    """Restore as a shell script would, and return the seconds it took."""
    steps = [step["run"] for step in runbook["steps"]]
    steps += [check["run"] for check in runbook["checks"] if "only_with" not in check]
    script = "\n".join(
        [
            f"set -eu; export DRILL_DIR={directory} DRILL_POINT={directory}/point DRILL_DATA={directory}/data",
            f"export DRILL_FILE={name} WITH_DATABASE=drill; mkdir -p $DRILL_POINT $DRILL_DATA; cd $DRILL_DATA",
            *(f"(\n{step}\n)" for step in steps),
        ]
    )
    login = ["ssh", "-F", "none", "-i", str(target.identity_file), "-o", f"UserKnownHostsFile={target.known_hosts}",
             "-p", str(target.port), f"{target.user}@{target.host}", "sh -s"]  # fmt: skip
    began = time.monotonic()
    done = subprocess.run(login, input=script, capture_output=True, text=True, check=True)
    took = time.monotonic() - began
    assert f"public.orders {rows}" in done.stdout, done
    subprocess.run(
        ["sh", "-eu", "-c", runbook["clean_up"][0]["run"]], cwd=directory / "data", check=True, capture_output=True
    )
    shutil.rmtree(directory)
    return took


def by_drill(command: list[str], work: Path, rows: int) -> tuple[float, float]:
    """Return the recovery time that a drill tells, and the one by a clock beside it."""
    process = subprocess.Popen(command, cwd=work, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
    assert process.stderr is not None
    began = ended = 0.0
    for line in process.stderr:
        if "fetch: fetch" in line:
            began = time.monotonic()
        if "rows: passed" in line:
            ended = time.monotonic()
    process.communicate()
    newest = max(work.glob("drills/*/record.json"), key=lambda file: file.stat().st_mtime_ns)
    kept = json.loads(newest.read_text())
    assert kept["counts"].get("tables") == {"public.orders": rows}, (kept["why"], kept["outcome"])
    return kept["recovery_time"], ended - began


if __name__ == "__main__":
    raise SystemExit(main())
