"""What do a quarter's verdicts of 1,000 services cost, from a year of hourly backups that the ledger knows?

`drcheck verify --offline --period` of rpo, backup_frequency and retention, as a process of its own, beside a bare loop
in Python over the same backups in an SQLite table, which finds the same figures and says nothing else, and a query with
a window function in DuckDB that finds the largest gap alone. Making the ledger takes some minutes. DuckDB is not among
what this repository locks: .venv/bin/pip install duckdb
"""

from __future__ import annotations

import argparse
import gc
import importlib.util
import json
import os
import platform
import sqlite3
import subprocess
import sys
import tempfile
import time
from pathlib import Path

from lab.hourly import BEFORE, DAY, DURATION, FIRST, HOUR, Nights, Shape, configure
from lab.nights import peak, profiled

COMMITMENTS = """\
  rpo: {kind: rpo, at_most: 90m, evidence: [dumps]}
  hourly: {kind: backup_frequency, at_least: 1, per: hour, evidence: [dumps]}
  kept: {kind: retention, keep: 35d, evidence: [dumps]}
"""
PERIOD = "2023-Q3"
START, END = 1_688_169_600, 1_696_118_400
NEEDED = START - 37 * DAY
"""The oldest backups that the question needs: retention looks 35 days back."""
GOALS = {"a loop over SQLite": 2, "DuckDB, the largest gap": 10}
MIB_GOAL = 300


def main(arguments: list[str]) -> int:
    parser = argparse.ArgumentParser(prog="scripts/bench quarter", description=__doc__)
    parser.add_argument("--services", type=int, default=1000, help="default: 1000")
    parser.add_argument("--runs", type=int, default=3, help="rounds; the fastest one counts (default: 3)")
    parser.add_argument("--directory", type=Path, help="where ledger and tables are kept, to be used again")
    parser.add_argument("--json", type=Path, metavar="FILE", help="write the figures there as well")
    parser.add_argument("--profile", type=Path, metavar="FILE", help="write the profile of drcheck there")
    asked = parser.parse_args(arguments)
    with tempfile.TemporaryDirectory(prefix="drcheck-bench-") as scratch:
        place = (asked.directory or Path(scratch)) / f"quarter-{asked.services}"
        if not place.exists():
            make(place, asked.services)
        ways = ["drcheck", "a loop over SQLite"]
        if importlib.util.find_spec("duckdb") is None:
            print("DuckDB is not installed, and not measured (.venv/bin/pip install duckdb)", file=sys.stderr)
        else:
            ways.append("DuckDB, the largest gap")
        rounds = {way: [measure(way, place) for _ in range(asked.runs)] for way in ways}
        if asked.profile:
            measure("drcheck", place, asked.profile)
    best = {way: {what: min(one[what] for one in its) for what in its[0]} for way, its in rounds.items()}
    report(best, asked.services)
    if asked.json:
        machine = f"{os.cpu_count()} cores, Python {platform.python_version()}"
        asked.json.write_text(
            json.dumps({"machine": machine, "services": asked.services, "ways": best}, indent=2) + "\n"
        )
    return 0


def make(place: Path, services: int) -> None:
    """Make a ledger of a year, and tables of the same backups."""
    began = time.monotonic()
    shape = Shape(services, 365, COMMITMENTS)
    Nights(configure(place, shape), shape).until(shape.nights, snapshots=False)
    print(f"a ledger of {services} services after {time.monotonic() - began:.0f} s", file=sys.stderr)
    starts = range((FIRST - BEFORE) // HOUR * HOUR, shape.last - DURATION, HOUR)
    table = sqlite3.connect(place / "points.db")
    table.execute(
        "CREATE TABLE point (service INT, data INT, available INT, PRIMARY KEY (service, data)) WITHOUT ROWID"
    )
    rows = ((service, start, start + DURATION) for service in range(services) for start in starts)
    table.executemany("INSERT INTO point VALUES (?, ?, ?)", rows)
    table.commit()
    table.close()
    if importlib.util.find_spec("duckdb") is not None:
        import duckdb

        with duckdb.connect(place / "points.duckdb") as database:
            database.execute(
                "CREATE TABLE point AS SELECT s.range AS service, d.range AS data, d.range + ? AS available"
                " FROM range(?) s, range(?, ?, ?) d ORDER BY 1, 2",
                [DURATION, services, starts.start, starts.stop, starts.step],
            )


def measure(way: str, place: Path, profile: Path | None = None) -> dict[str, float]:
    """Ask in a process of its own, and return what it cost."""
    command = [sys.executable, "-m", "lab.quarter", "--be", way, str(place), *([str(profile)] if profile else [])]
    began = time.monotonic()
    process = subprocess.Popen(command, stdout=subprocess.PIPE)
    assert process.stdout is not None
    told = process.stdout.read()
    _, status, used = os.wait4(process.pid, 0)
    process.returncode = os.waitstatus_to_exitcode(status)
    if process.returncode:
        sys.exit(f"{way} ended with {process.returncode}")
    cost = {"wall": time.monotonic() - began, "cpu": used.ru_utime + used.ru_stime}
    return cost | json.loads(told)


def drcheck(place: Path, profile: str) -> dict[str, float]:
    """Judge as `drcheck verify --offline --period` does; reading a thousand policies is told apart."""
    from drcheck.__main__ import COLLECT_AFTER
    from drcheck.app import verify
    from drcheck.core.model.status import Status
    from drcheck.policyfile.config import load_settings
    from drcheck.policyfile.question_times import period
    from drcheck.reports.console import progress

    gc.set_threshold(COLLECT_AFTER)
    settings = load_settings(str(place / "drcheck.yaml"))
    began = time.process_time()
    loaded = verify.load_policies((), settings)
    reading = time.process_time() - began
    verify.load_policies = lambda *_: loaded
    began = time.process_time()
    with profiled(profile):
        outcome = verify.verify(
            settings, (), verify.Question(0, period=period(PERIOD), offline=True), progress.awaiting
        )
    assert outcome.report.status is Status.MET, outcome.report.status
    return {"policies": reading, "judging": time.process_time() - began}


def loop(place: Path) -> dict[str, float]:
    """Find the worst age, the hours without a backup and the days without one that stands, service by service."""
    began = time.process_time()
    table = sqlite3.connect(place / "points.db")
    question = "SELECT service, data, available FROM point WHERE data >= ? AND data < ? ORDER BY service, data"
    found: dict[int, tuple[int, int, int]] = {}
    service, newest, hour, day = -1, 0, 0, 0
    worst = missed = lacking = 0
    for each, data, available in table.execute(question, (NEEDED, END)):
        if each != service:
            if service >= 0:
                found[service] = worst, missed, lacking
            service, newest, hour, day = each, data, data // HOUR, data // DAY
            worst = missed = lacking = 0
            continue
        if available >= START and available - newest > worst:
            worst = available - newest
        newest = data
        if data // HOUR > hour + 1:
            missed += 1
        hour = data // HOUR
        if data // DAY > day + 1:
            lacking += 1
        day = data // DAY
    found[service] = worst, missed, lacking
    assert set(found.values()) == {(HOUR + DURATION, 0, 0)}
    return {"judging": time.process_time() - began}


def duck(place: Path) -> dict[str, float]:
    import duckdb

    with duckdb.connect(place / "points.duckdb", read_only=True) as database:
        began = time.process_time()
        gaps = database.execute(
            "SELECT service, max(gap) FROM ("
            "SELECT service, available - lag(data) OVER (PARTITION BY service ORDER BY data) AS gap"
            " FROM point WHERE data >= ? AND data < ?) GROUP BY service",
            [NEEDED, END],
        ).fetchall()
    assert {gap for _, gap in gaps} == {HOUR + DURATION}
    return {"judging": time.process_time() - began}


def report(best: dict[str, dict[str, float]], services: int) -> None:
    print(
        f"{PERIOD} of {services:,} services, hourly backups; {os.cpu_count()} cores, "
        f"Python {platform.python_version()}; CPU seconds, the fastest round; at most {MIB_GOAL} MiB"
    )
    print(f"{'':<26}{'judging':>9}{'policies':>10}{'process':>9}{'wall':>8}{'MiB':>7}{'drcheck is':>12}{'at most':>9}")
    ours = best["drcheck"]["judging"]
    for way, cost in best.items():
        goal = f"{GOALS[way]}x" if way in GOALS else ""
        policies = f"{cost['policies']:.2f}" if "policies" in cost else ""
        print(
            f"{way:<26}{cost['judging']:>9.2f}{policies:>10}{cost['cpu']:>9.2f}{cost['wall']:>8.2f}{cost['mib']:>7.0f}"
            f"{ours / cost['judging']:>11.1f}x{goal:>9}"
        )


if __name__ == "__main__":
    if sys.argv[1:2] == ["--be"]:
        _, _, way, place, *profile = sys.argv
        directory = Path(place)
        costs = (
            drcheck(directory, "".join(profile)) if way == "drcheck" else (loop if "loop" in way else duck)(directory)
        )
        print(json.dumps({**costs, "mib": peak()}))
        sys.exit(0)
    sys.exit(main(sys.argv[1:]))
