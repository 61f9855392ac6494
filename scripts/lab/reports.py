"""What does the report of a quarter cost, of services with hourly backups, from a year that the ledger knows?

`drcheck report --period` as a process of its own, a document a service: CPU seconds, the highest memory, and bytes
written, for several numbers of services. Making the ledgers takes some minutes.
"""

from __future__ import annotations

import argparse
import json
import os
import platform
import shutil
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from typing import Final

from lab.quarter import PERIOD

FORMS: Final = {"html": "html/", "pdf": "pdf/", "csv": "report.csv", "xlsx": "report.xlsx", "json": "report.json"}
"""Name of each form to where it is written."""


def main() -> int:
    parser = argparse.ArgumentParser(prog="scripts/bench reports", description=__doc__)
    parser.add_argument("--services", type=int, nargs="*", default=[100, 300, 1000], help="default: 100 300 1000")
    parser.add_argument("--forms", nargs="*", choices=FORMS, default=[*FORMS], help=f"default: {' '.join(FORMS)}")
    parser.add_argument("--directory", type=Path, help="where ledgers are kept, to be used again")
    parser.add_argument("--json", type=Path, metavar="FILE", help="write the figures there as well")
    asked = parser.parse_args()
    costs = []
    with tempfile.TemporaryDirectory(prefix="drcheck-bench-") as scratch:
        for services in asked.services:
            place = (asked.directory or Path(scratch)) / f"quarter-{services}"
            if not place.exists():
                # In a process of its own: the memory of whoever starts a process counts as that one's.
                making = (
                    f"from pathlib import Path; from lab.quarter import make; make(Path({str(place)!r}), {services})"
                )
                subprocess.run([sys.executable, "-c", making], check=True)
            costs += [measure(place, services, form) for form in asked.forms]
    machine = f"{os.cpu_count()} cores, Python {platform.python_version()}"
    if asked.json:
        asked.json.write_text(json.dumps({"machine": machine, "costs": costs}, indent=2) + "\n")
    return 0


def measure(place: Path, services: int, form: str) -> dict[str, float | str]:
    """Write a report in a process of its own, print what that cost, and return it."""
    out = place / "reports"
    shutil.rmtree(out, ignore_errors=True)
    out.mkdir()
    arguments = ["report", "--quiet", "--config", str(place / "drcheck.yaml"), "--period", PERIOD]
    command = [sys.executable, "-m", "drcheck", *arguments, "--format", form, "--output", f"{out}/{FORMS[form]}"]
    began = time.monotonic()
    process = subprocess.Popen(command)
    _, status, used = os.wait4(process.pid, 0)
    process.returncode = os.waitstatus_to_exitcode(status)
    if process.returncode:
        sys.exit(f"{form} ended with {process.returncode}")
    cost = {
        "services": services,
        "form": form,
        "cpu": round(used.ru_utime + used.ru_stime, 2),
        "wall": round(time.monotonic() - began, 2),
        "mib": used.ru_maxrss // 1024,
        "mb": round(sum(file.stat().st_size for file in out.rglob("*") if file.is_file()) / 1e6, 1),
    }
    shutil.rmtree(out)
    print(
        f"{services:>6,} services {form:<5} {cost['cpu']:>8} s CPU {cost['cpu'] / services * 1000:>7.1f} ms each "
        f"{cost['wall']:>8} s {cost['mib']:>6} MiB {cost['mb']:>8} MB written",
        flush=True,
    )
    return cost


if __name__ == "__main__":
    sys.exit(main())
