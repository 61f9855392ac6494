"""What does a night cost when the ledger is old? 50 services with hourly backups, after 10, 90, 365 and 1,000 nights.

Ledgers of so many nights are made first (a few minutes). Then the next night of each is run in a process of its own, as
`drcheck verify` does it, against a place that lists as S3 does and costs next to nothing. The fastest round of each
counts. Bytes on disk are those of the ledger's file, with everything that is derived.
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
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from unittest import mock

from lab.hourly import DAY, FIRST, Hourly, Nights, Shape, configure, standing_in

GOAL = 1.3
"""What the next night may cost after the most nights, as times what it costs after the fewest."""
COMMITMENTS = """\
  rpo: {kind: rpo, at_most: 90m, evidence: [dumps]}
  hourly: {kind: backup_frequency, at_least: 1, per: hour, evidence: [dumps]}
"""


@dataclass(slots=True)
class Age:
    """One ledger, and what its next night costs."""

    nights: int
    directory: Path
    bytes: int
    points: int
    rounds: list[dict[str, float]] = field(default_factory=list)

    def least(self, what: str) -> float:
        return min(one[what] for one in self.rounds)


def main(arguments: list[str]) -> int:
    parser = argparse.ArgumentParser(prog="scripts/bench history", description=__doc__)
    parser.add_argument("--services", type=int, default=50, help="default: 50")
    parser.add_argument("--nights", type=int, nargs="+", default=[10, 90, 365, 1000], help="default: 10 90 365 1000")
    parser.add_argument("--runs", type=int, default=3, help="rounds; the fastest one counts (default: 3)")
    parser.add_argument("--checksums", action="store_true", help="backups have checksums, as uploads in one part have")
    parser.add_argument("--json", type=Path, metavar="FILE", help="write the figures there as well")
    parser.add_argument("--profile", type=Path, metavar="FILE", help="write the profile of the last night there")
    asked = parser.parse_args(arguments)
    with tempfile.TemporaryDirectory(prefix="drcheck-bench-") as scratch:
        shape = Shape(asked.services, max(asked.nights), COMMITMENTS, multipart=not asked.checksums)
        ages = list(make(Path(scratch), shape, sorted(asked.nights)))
        for _ in range(asked.runs):
            for age in ages:
                age.rounds.append(next_night(age, shape))
        if asked.profile:
            next_night(ages[-1], shape, profile=asked.profile)
    report(ages, shape)
    if asked.json:
        asked.json.write_text(json.dumps(figures(ages, shape), indent=2) + "\n")
    return 0


def make(scratch: Path, shape: Shape, nights: list[int]) -> Iterator[Age]:
    """Make one ledger grow, and yield a copy of it after each number of nights."""
    growing = scratch / "growing"
    made = Nights(configure(growing, shape), shape)
    for number in nights:
        began = time.monotonic()
        made.until(number)
        copy = scratch / f"after-{number}"
        shutil.copytree(growing, copy)
        config = copy / "drcheck.yaml"
        config.write_text(config.read_text().replace(str(growing), str(copy)))
        size = (copy / "ledger.db").stat().st_size
        print(f"{number} nights after {time.monotonic() - began:.0f} s: {size:,} bytes", file=sys.stderr)
        yield Age(number, copy, size, len(made.one.history.standing) * shape.services)


def next_night(age: Age, shape: Shape, profile: Path | None = None) -> dict[str, float]:
    """Run the night after those that the ledger knows, on a copy, and return what it cost."""
    ledger = age.directory / "ledger.db"
    kept = age.directory / "kept.db"
    shutil.copy(ledger, kept)
    command = [sys.executable, "-m", "lab.nights", "--night", str(age.directory), str(age.nights)]
    command += ["multipart" if shape.multipart else "checksums", *([str(profile)] if profile else [])]
    began = time.monotonic()
    process = subprocess.Popen(command, stdout=subprocess.PIPE)
    assert process.stdout is not None
    told = process.stdout.read()
    _, status, used = os.wait4(process.pid, 0)
    process.returncode = os.waitstatus_to_exitcode(status)
    if process.returncode:
        sys.exit(f"the night after {age.nights} ended with {process.returncode}")
    wall = time.monotonic() - began
    shutil.move(kept, ledger)
    cost = {"wall": wall, "cpu": used.ru_utime + used.ru_stime}
    return cost | json.loads(told)


def night(directory: Path, nights: int, *, multipart: bool, profile: str = "") -> int:
    """Be that process."""
    from drcheck.app.question import Question
    from drcheck.app.verify import verify
    from drcheck.core.model.status import Status
    from drcheck.ledger import store
    from drcheck.policyfile.config import load_settings
    from drcheck.reports.console import progress

    counted = {"entries": 0, "bytes": 0, "parts": 0}

    class Counting(store.SqliteLog):
        def read(self, after=0, upto=None):  # noqa: ANN001, ANN202
            for stored in super().read(after, upto):
                counted["entries"] += 1
                counted["bytes"] += len(stored.data)
                yield stored

        def kept(self, name):  # noqa: ANN001, ANN202
            data = super().kept(name)
            counted["parts"] += 1
            counted["bytes"] += len(data or b"")
            return data

    settings = load_settings(str(directory / "drcheck.yaml"))
    instant = FIRST + nights * DAY
    with standing_in(instant, multipart=multipart), mock.patch.object(store, "SqliteLog", Counting), profiled(profile):
        outcome = verify(settings, (), Question(span=30 * DAY), progress.awaiting)
    print(json.dumps({**counted, "requests": Hourly.requests, "mib": peak()}))
    assert outcome.report.status is Status.MET, outcome.report.status
    return 0


def peak() -> float:
    """Return the most memory this process had, in MiB; what wait4 tells begins with that of the process before exec."""
    told = Path("/proc/self/status").read_text()
    return int(told.partition("VmHWM:")[2].split()[0]) / 1024


@contextmanager
def profiled(file: str) -> Iterator[None]:
    if not file:
        yield
        return
    import cProfile

    with cProfile.Profile() as profile:
        yield
    profile.dump_stats(file)


def figures(ages: list[Age], shape: Shape) -> dict[str, object]:
    base = ages[0]
    return {
        "machine": f"{os.cpu_count()} cores, Python {platform.python_version()}",
        "services": shape.services,
        "checksums": not shape.multipart,
        "ages": [
            {
                "nights": age.nights,
                **{what: round(age.least(what), 3) for what in age.rounds[0]},
                "times_first": round(age.least("cpu") / base.least("cpu"), 2),
                "bytes_on_disk": age.bytes,
                "points": age.points,
                "bytes_a_night": per_night(before, age),
            }
            for before, age in zip([None, *ages], ages, strict=False)
        ],
    }


def per_night(before: Age | None, age: Age) -> int | None:
    """Return how much the ledger grew a night since the one before; None: the first one, which began with a bucket."""
    return None if before is None else (age.bytes - before.bytes) // (age.nights - before.nights)


def report(ages: list[Age], shape: Shape) -> None:
    told = "with checksums" if not shape.multipart else "without checksums (uploaded in parts)"
    print(
        f"{shape.services} services, hourly backups {told}; {os.cpu_count()} cores, Python {platform.python_version()}"
    )
    print(f"the next night, the fastest of {len(ages[0].rounds)} rounds; at most {GOAL} x is the goal")
    first = ages[0].least("cpu")
    for number, (before, age) in enumerate(zip([None, *ages], ages, strict=False)):
        grown = per_night(before, age)
        row = {
            "nights": f"{age.nights:,}",
            "CPU s": f"{age.least('cpu'):.2f}",
            "x first": f"{age.least('cpu') / first:.2f}x",
            "wall s": f"{age.least('wall'):.2f}",
            "MiB": f"{age.least('mib'):.0f}",
            "requests": f"{age.least('requests'):,.0f}",
            "entries": f"{age.least('entries'):,.0f}",
            "parts": f"{age.least('parts'):,.0f}",
            "read MB": f"{age.least('bytes') / 1e6:.1f}",
            "disk MB": f"{age.bytes / 1e6:.1f}",
            "a night": "" if grown is None else f"{grown:,}",
            "a point": f"{age.bytes / age.points:.0f}",
        }
        if number == 0:
            print("".join(f"{head:>9}" for head in row))
        print("".join(f"{cell:>9}" for cell in row.values()))


if __name__ == "__main__":
    if sys.argv[1:2] == ["--night"]:
        _, _, directory, nights, kind, *profile = sys.argv
        sys.exit(night(Path(directory), int(nights), multipart=kind == "multipart", profile="".join(profile)))
    sys.exit(main(sys.argv[1:]))
