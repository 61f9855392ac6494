"""What does drcheck cost before it does anything? Its processes beside an empty Python's, and what each import costs.

An empty Python (`python -I -c pass`), drcheck --help, and drcheck verify of one local source with a ledger of earlier
runs take turns; the fastest round of each counts, for no machine makes a program faster than it is. Everything is
compiled first, as it is where drcheck is installed.
"""

from __future__ import annotations

import argparse
import compileall
import json
import os
import platform
import re
import statistics
import subprocess
import sys
import sysconfig
import tempfile
import time
from collections import Counter
from dataclasses import dataclass, field
from pathlib import Path

from lab.processes import REPOSITORY

DRCHECK = Path(sysconfig.get_path("scripts")) / "drcheck"
AT_MOST = {"drcheck --help": 5, "drcheck verify": 12}
"""Times an empty Python: what we aim at."""
IMPORT = re.compile(r"import time: +(?P<own>\d+) \| +\d+ \| +(?P<module>\S+)")

POLICY = """\
drcheck: 1
service: webshop
sources:
  dumps: {at: "disk:", reader: objects, name: "{data_as_of:%Y-%m-%dT%H%M}Z.dump"}
commitments:
  rpo: {kind: rpo, at_most: 26h, evidence: [dumps]}
"""


@dataclass(slots=True)
class Way:
    """One process that is measured."""

    name: str
    command: list[str]
    wall: list[float] = field(default_factory=list)
    cpu: list[float] = field(default_factory=list)
    """Seconds, user and system."""


def main() -> int:
    parser = argparse.ArgumentParser(prog="scripts/bench startup", description=__doc__)
    parser.add_argument("--runs", type=int, default=20, help="rounds; the fastest one counts (default: 20)")
    parser.add_argument("--json", type=Path, metavar="FILE", help="write the figures there as well")
    asked = parser.parse_args()
    compileall.compile_dir(REPOSITORY / "drcheck", quiet=1)
    ways = [
        Way("an empty Python", [sys.executable, "-I", "-c", "pass"]),
        Way("drcheck --help", [str(DRCHECK), "--help"]),
        Way("drcheck verify", [str(DRCHECK), "verify"]),
    ]
    with tempfile.TemporaryDirectory() as scratch:
        place = Path(scratch)
        prepare(place)
        for way in ways:
            measure(way, place)  # what is read for the first time comes from the disk
            way.wall.clear()
            way.cpu.clear()
        for _ in range(asked.runs):
            for way in ways:
                measure(way, place)
        imports = {way.name: imported(way, place, min(asked.runs, 10)) for way in ways[1:]}
    report(ways, imports)
    if asked.json:
        asked.json.write_text(json.dumps(figures(ways, imports), indent=2) + "\n")
    return 0


def prepare(place: Path) -> None:
    """Make a place with five nightly dumps, the last one of an hour ago."""
    (place / "dumps").mkdir()
    (place / "policies").mkdir()
    (place / "policies" / "webshop.yaml").write_text(POLICY)
    (place / "drcheck.yaml").write_text(f"connections:\n  disk: {{type: local, root: '{place / 'dumps'}'}}\n")
    for days in range(5):
        at = time.time() - 3600 - days * 86400
        dump = place / "dumps" / time.strftime("%Y-%m-%dT%H%MZ.dump", time.gmtime(at))
        dump.write_bytes(str(days).encode() * 1000)
        os.utime(dump, (at, at))


def measure(way: Way, place: Path) -> None:
    began = time.monotonic()
    # python -I heeds no variable of Python's; the others are to be measured as they are without any
    environment = {name: value for name, value in os.environ.items() if not name.startswith("PYTHON")}
    process = subprocess.Popen(way.command, cwd=place, env=environment, stdout=subprocess.DEVNULL)
    _, status, used = os.wait4(process.pid, 0)
    way.wall.append(time.monotonic() - began)
    way.cpu.append(used.ru_utime + used.ru_stime)
    process.returncode = os.waitstatus_to_exitcode(status)
    if process.returncode:
        sys.exit(f"{way.name} ended with {process.returncode}")


def imported(way: Way, place: Path, runs: int) -> dict[str, int]:
    """Return microseconds that each module takes to be imported, without what it imports: the least of some runs."""
    least: dict[str, int] = {}
    command = [sys.executable, "-X", "importtime", *way.command]
    for _ in range(runs):
        told = subprocess.run(command, cwd=place, capture_output=True, text=True, check=True).stderr
        for each in IMPORT.finditer(told):
            own = int(each["own"])
            least[each["module"]] = min(own, least.get(each["module"], own))
    return least


def figures(ways: list[Way], imports: dict[str, dict[str, int]]) -> dict[str, object]:
    empty = ways[0]
    return {
        "machine": f"{os.cpu_count()} cores, Python {platform.python_version()}",
        "ways": [
            {
                "name": way.name,
                "wall_seconds": round(min(way.wall), 4),
                "cpu_seconds": round(min(way.cpu), 4),
                "times_empty": round(min(way.cpu) / min(empty.cpu), 1),
                "times_empty_wall": round(min(way.wall) / min(empty.wall), 1),
            }
            for way in ways
        ],
        "imports_microseconds": imports,
    }


def report(ways: list[Way], imports: dict[str, dict[str, int]]) -> None:
    empty = ways[0]
    print(f"Python {platform.python_version()}, {os.cpu_count()} cores; the fastest of {len(empty.wall)} rounds")
    print(f"{'':<18}{'CPU ms':>8}{'x empty':>9}{'at most':>9}{'wall ms':>9}{'median':>8}{'x empty':>9}")
    for way in ways:
        cpu, wall, median = min(way.cpu), min(way.wall), statistics.median(way.wall)
        aim = AT_MOST.get(way.name, "")
        print(
            f"{way.name:<18}{cpu * 1e3:>8.1f}{cpu / min(empty.cpu):>9.1f}{aim:>9}"
            f"{wall * 1e3:>9.1f}{median * 1e3:>8.1f}{wall / min(empty.wall):>9.1f}"
        )
    for name, modules in imports.items():
        packages: Counter[str] = Counter()
        for module, own in modules.items():
            packages["drcheck" if module.startswith("drcheck") else module.partition(".")[0]] += own
        print(f"\nimports of {name}, ms: {sum(packages.values()) / 1e3:.1f} for {len(modules)} modules")
        print(_line(packages.most_common(12)))
        print("of drcheck's own:")
        print(
            _line(Counter({each: own for each, own in modules.items() if each.startswith("drcheck")}).most_common(12))
        )


def _line(costs: list[tuple[str, int]]) -> str:
    return "\n".join(f"  {own / 1e3:>6.1f}  {name}" for name, own in costs)


if __name__ == "__main__":
    sys.exit(main())
