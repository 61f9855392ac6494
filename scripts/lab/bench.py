"""Are 50 services in order? Asked of one bucket with a million hourly objects, of the last 30 days and of all of them.

drcheck verify, the whole process with a fresh ledger, against what lists everything and judges nothing: boto3's
paginator, rclone, and obstore (.venv/bin/pip install obstore). Each is a process of its own, in turns; requests are
counted by the server, during the timed runs; CPU seconds and the highest memory are those of the process.
"""

from __future__ import annotations

import argparse
import importlib.util
import json
import os
import platform
import shutil
import signal
import statistics
import subprocess
import sys
import tempfile
import time
import urllib.request
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import NamedTuple

from lab.processes import REPOSITORY
from lab.seaweedfs import Object, SeaweedFS

BUCKET = "bench"
HOUR = 3600
DURATION = 300
"""Seconds from a backup's start until it has arrived."""

POLICY = """\
drcheck: 1
service: {service}
timezone: UTC
sources:
  dumps:
    at: storage:{bucket}/{service}/
    reader: objects
    name: "{{data_as_of:%Y-%m-%dT%H%M}}Z.dump"
    max_duration: 15m
    min_size: 1 MiB
    max_shrink: 50%
commitments:
  rpo: {{kind: rpo, at_most: 90m, evidence: [dumps]}}
  hourly: {{kind: backup_frequency, at_least: 1, per: hour, evidence: [dumps]}}
"""

EVERYTHING = "  kept: {{kind: retention, keep: {days}d, evidence: [dumps]}}\n"
"""A promise that every object has a part in."""
OBSTORE = """\
import sys
from obstore.store import S3Store
store = S3Store(sys.argv[2], endpoint=sys.argv[1], region="us-east-1", virtual_hosted_style_request=False,
                client_options={"allow_http": True})
print(sum(len(page) for page in store.list(chunk_size=1000)))
"""
PAGINATOR = """\
import sys, boto3
client = boto3.client("s3", endpoint_url=sys.argv[1], region_name="us-east-1")
newest, count = {}, 0
for page in client.get_paginator("list_objects_v2").paginate(Bucket=sys.argv[2]):
    for each in page["Contents"]:
        service = each["Key"].partition("/")[0]
        newest[service] = max(each["LastModified"], newest.get(service, each["LastModified"]))
        count += 1
print(count)
"""


class Cost(NamedTuple):
    """What one run of a way cost."""

    wall: float
    """Seconds."""
    cpu: float
    """Seconds, user and system, of the process and its own."""
    mib: int
    """Its highest memory."""


@dataclass(slots=True)
class Way:
    """One way to ask."""

    name: str
    ask: Callable[[], tuple[str, Cost]]
    """Asks once, and returns what it was told."""
    count: Callable[[str], int]
    """Returns how many objects, or services in order, it was told of."""
    expected: int
    costs: list[Cost] = field(default_factory=list)
    requests: int = 0

    @property
    def wall(self) -> float:
        return statistics.median(cost.wall for cost in self.costs)

    @property
    def cpu(self) -> float:
        return statistics.median(cost.cpu for cost in self.costs)

    @property
    def mib(self) -> int:
        return max(cost.mib for cost in self.costs)


def main() -> int:
    parser = argparse.ArgumentParser(prog="scripts/bench", description=__doc__)
    parser.add_argument("--runs", type=int, default=3, help="runs of each way; the median counts (default: 3)")
    parser.add_argument("--services", type=int, default=50, help="default: 50")
    parser.add_argument("--hours", type=int, default=20_016, help="objects of each service (default: 20016)")
    kept = REPOSITORY / ".lab" / "bench"
    parser.add_argument("--directory", type=Path, default=kept, help="where the bucket is kept (default: .lab/bench)")
    parser.add_argument("--json", type=Path, metavar="FILE", help="write the figures there as well")
    asked = parser.parse_args()
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(143))
    directory = asked.directory / f"{asked.services}x{asked.hours}"
    with SeaweedFS(directory, readable=[BUCKET]) as server, tempfile.TemporaryDirectory() as scratch:
        total = fill(server, directory / "filled.json", asked.services, asked.hours)
        ways = [*asking(server, Path(scratch), asked.services, asked.hours, total)]
        for number in range(asked.runs):
            for way in ways:
                measure(server, way)
                print(f"run {number + 1}: {way.name} {way.costs[-1]}", file=sys.stderr)
    report(ways, total, asked.services)
    if asked.json:
        asked.json.write_text(json.dumps(figures(ways, total, asked.services), indent=2) + "\n")
    return 0


def fill(server: SeaweedFS, note: Path, services: int, hours: int) -> int:
    """Make the bucket, or add the hours since it was made, and return how many objects it holds."""
    newest = (int(time.time()) - DURATION) // HOUR * HOUR
    known = json.loads(note.read_text()) if note.exists() else {"newest": newest - hours * HOUR, "total": 0}
    fresh = range(known["newest"] + HOUR, newest + HOUR, HOUR)
    if fresh:
        print(f"adding {services * len(fresh):,} objects", file=sys.stderr)
        objects = (each for number in range(services) for each in backups(f"service-{number:02}", fresh))
        known = {"newest": newest, "total": known["total"] + server.load(BUCKET, objects, count=False)}
        note.write_text(json.dumps(known))
    return int(known["total"])


def backups(service: str, starts: range) -> Iterator[Object]:
    for start in starts:
        name = time.strftime("%Y-%m-%dT%H%M", time.gmtime(start))
        yield Object(f"{service}/{name}Z.dump", 2_000_000_000 + start % 1_000_003, start + DURATION)


def asking(server: SeaweedFS, scratch: Path, services: int, hours: int, total: int) -> Iterator[Way]:
    """Yield the ways that this machine has."""
    access_key, secret_key = server.reader_key
    keys = {"AWS_ACCESS_KEY_ID": access_key, "AWS_SECRET_ACCESS_KEY": secret_key}
    environment = {name: value for name, value in os.environ.items() if not name.startswith(("AWS_", "RCLONE_"))} | keys

    def way(name: str, command: list[str], count: Callable[[str], int], expected: int) -> Way:
        return Way(name, lambda: run(command, environment), count, expected)

    def judged(days: int, promises: str) -> Callable[[], tuple[str, Cost]]:
        return lambda: verify(server, scratch, services, environment, days, promises)

    yield Way("drcheck, the last 30 days", judged(30, ""), in_order, services)
    days = hours // 24
    yield Way("drcheck, all", judged(days, EVERYTHING.format(days=days)), in_order, services)
    yield way("boto3 paginator, all", [sys.executable, "-c", PAGINATOR, server.endpoint, BUCKET], int, total)
    if importlib.util.find_spec("obstore"):
        yield way("obstore, all", [sys.executable, "-c", OBSTORE, server.endpoint, BUCKET], int, total)
    else:
        print("obstore is not installed, and not measured (.venv/bin/pip install obstore)", file=sys.stderr)
    if rclone := shutil.which("rclone"):
        remote = f":s3,provider=Other,env_auth=true,region={server.region},endpoint='{server.endpoint}':{BUCKET}"
        # modification times of the server: else rclone asks for the metadata of every single object
        options = ["--recursive", "--files-only", "--fast-list", "--use-server-modtime", "--format", "tp"]
        command = [rclone, "--config", "", "lsf", *options, remote]
        yield way("rclone lsf, all", command, lambda told: told.count("\n"), total)
    else:
        print("rclone is not installed, and not measured", file=sys.stderr)


def in_order(told: str) -> int:
    """Return how many services drcheck's report says are in order."""
    return sum(each["status"] == "met" for each in json.loads(told)["services"])


def verify(
    server: SeaweedFS, scratch: Path, services: int, environment: dict[str, str], days: int, promises: str
) -> tuple[str, Cost]:
    """Ask with a fresh ledger."""
    directory = Path(tempfile.mkdtemp(dir=scratch))
    (directory / "policies").mkdir()
    for number in range(services):
        service = f"service-{number:02}"
        text = POLICY.format(service=service, bucket=BUCKET) + promises
        (directory / "policies" / f"{service}.yaml").write_text(text)
    connection = f"{{type: s3, endpoint: '{server.endpoint}', region: {server.region}, last_modified: completion}}"
    (directory / "drcheck.yaml").write_text(f"connections:\n  storage: {connection}\n")
    options = ["--config", str(directory / "drcheck.yaml"), "--window", f"{days}d", "--format", "json"]
    return run([sys.executable, "-m", "drcheck", "verify", *options], environment, cwd=directory)


def run(command: list[str], environment: dict[str, str], cwd: Path | None = None) -> tuple[str, Cost]:
    """Run a command and return its output and what it cost."""
    with tempfile.TemporaryFile() as output, tempfile.TemporaryFile() as errors:
        began = time.monotonic()
        process = subprocess.Popen(command, env=environment, cwd=cwd, stdout=output, stderr=errors)
        _, status, used = os.wait4(process.pid, 0)
        process.returncode = os.waitstatus_to_exitcode(status)
        cost = Cost(time.monotonic() - began, used.ru_utime + used.ru_stime, used.ru_maxrss // 1024)
        output.seek(0)
        told = output.read().decode()
        if process.returncode:
            errors.seek(0)
            sys.exit(f"{command} ended with {process.returncode}:\n{told[-2000:]}{errors.read().decode()[-2000:]}")
    return told, cost


def measure(server: SeaweedFS, way: Way) -> None:
    before = requests(server)
    told, cost = way.ask()
    way.costs.append(cost)
    way.requests = requests(server) - before
    if (found := way.count(told)) != way.expected:
        sys.exit(f"{way.name} found {found}, not {way.expected}")


def requests(server: SeaweedFS) -> int:
    """Return how many requests the server has answered for the bucket, as it counts them itself."""
    with urllib.request.urlopen(server.metrics) as answer:
        lines = answer.read().decode().splitlines()
    counted = f'SeaweedFS_s3_request_total{{bucket="{BUCKET}"'
    return sum(int(float(line.rpartition(" ")[2])) for line in lines if line.startswith(counted))


def figures(ways: list[Way], total: int, services: int) -> dict[str, object]:
    return {
        "objects": total,
        "services": services,
        "machine": f"{os.cpu_count()} cores, Python {platform.python_version()}",
        "ways": [
            {
                "name": way.name,
                "median_seconds": round(way.wall, 3),
                "median_cpu_seconds": round(way.cpu, 3),
                "mib": way.mib,
                "requests": way.requests,
            }
            for way in ways
        ],
    }


def report(ways: list[Way], total: int, services: int) -> None:
    runs = len(ways[0].costs)
    print(
        f"{total:,} objects, {services} services, {os.cpu_count()} cores; medians of {runs} runs; how often drcheck's"
    )
    print(f"{'':<27}{'seconds':>9}{'CPU s':>8}{'MiB':>6}{'requests':>10}  {'of 30 days':>14}  {'of all':>14}")
    for way in ways:
        ratios = "".join(f"  {way.wall / own.wall:>6.1f}x{way.cpu / own.cpu:>6.1f}x" for own in ways[:2])
        print(f"{way.name:<27}{way.wall:>9.2f}{way.cpu:>8.2f}{way.mib:>6}{way.requests:>10,}{ratios}")


if __name__ == "__main__":
    sys.exit(main())
