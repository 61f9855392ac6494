"""Are the last 30 days of 50 services in order? Asked of one bucket with a million hourly objects, in three ways.

drcheck verify, the whole process with a fresh ledger, against what a script would do: list everything, with boto3's
paginator or with rclone. Each is a process of its own; requests are counted by the server, during the timed runs.
"""

from __future__ import annotations

import argparse
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


@dataclass(slots=True)
class Way:
    """One way to ask."""

    name: str
    ask: Callable[[], int]
    """Asks once and returns how many objects (drcheck: services) it found in order."""
    expected: int
    seconds: list[float] = field(default_factory=list)
    requests: int = 0

    @property
    def median(self) -> float:
        return statistics.median(self.seconds)


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
        ways = [*asking(server, Path(scratch), asked.services, total)]
        for number in range(asked.runs):
            for way in ways:
                measure(server, way)
                print(f"run {number + 1}: {way.name} {way.seconds[-1]:.2f} s", file=sys.stderr)
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


def asking(server: SeaweedFS, scratch: Path, services: int, total: int) -> Iterator[Way]:
    """Yield the ways that this machine has."""
    access_key, secret_key = server.reader_key
    keys = {"AWS_ACCESS_KEY_ID": access_key, "AWS_SECRET_ACCESS_KEY": secret_key}
    environment = {name: value for name, value in os.environ.items() if not name.startswith(("AWS_", "RCLONE_"))} | keys
    yield Way("drcheck verify", lambda: verify(server, scratch, services, environment), services)

    def paginator() -> int:
        return int(output([sys.executable, "-c", PAGINATOR, server.endpoint, BUCKET], environment))

    yield Way("boto3 paginator, everything", paginator, total)
    if rclone := shutil.which("rclone"):
        remote = f":s3,provider=Other,env_auth=true,region={server.region},endpoint='{server.endpoint}':{BUCKET}"
        # modification times of the server: else rclone asks for the metadata of every single object
        options = ["--recursive", "--files-only", "--fast-list", "--use-server-modtime", "--format", "tp"]
        command = [rclone, "--config", "", "lsf", *options, remote]
        yield Way("rclone lsf, everything", lambda: output(command, environment).count("\n"), total)
    else:
        print("rclone is not installed, and not measured", file=sys.stderr)


def verify(server: SeaweedFS, scratch: Path, services: int, environment: dict[str, str]) -> int:
    """Ask with a fresh ledger, and return how many services are in order."""
    directory = Path(tempfile.mkdtemp(dir=scratch))
    (directory / "policies").mkdir()
    for number in range(services):
        service = f"service-{number:02}"
        (directory / "policies" / f"{service}.yaml").write_text(POLICY.format(service=service, bucket=BUCKET))
    connection = f"{{type: s3, endpoint: '{server.endpoint}', region: {server.region}, last_modified: completion}}"
    (directory / "drcheck.yaml").write_text(f"connections:\n  storage: {connection}\n")
    options = ["--config", str(directory / "drcheck.yaml"), "--window", "30d", "--format", "json"]
    told = json.loads(output([sys.executable, "-m", "drcheck", "verify", *options], environment, cwd=directory))
    return sum(each["status"] == "met" for each in told["services"])


def output(command: list[str], environment: dict[str, str], cwd: Path | None = None) -> str:
    ran = subprocess.run(command, env=environment, cwd=cwd, capture_output=True, text=True, check=False)
    if ran.returncode:
        sys.exit(f"{command[0]} ended with {ran.returncode}:\n{ran.stdout[-2000:]}{ran.stderr[-2000:]}")
    return ran.stdout


def measure(server: SeaweedFS, way: Way) -> None:
    before, began = requests(server), time.monotonic()
    found = way.ask()
    way.seconds.append(time.monotonic() - began)
    way.requests = requests(server) - before
    if found != way.expected:
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
                "median_seconds": round(way.median, 3),
                "seconds": [round(each, 3) for each in way.seconds],
                "requests": way.requests,
                "times_drcheck": round(way.median / ways[0].median, 1),
            }
            for way in ways
        ],
    }


def report(ways: list[Way], total: int, services: int) -> None:
    print(f"{total:,} objects, {services} services, {os.cpu_count()} cores; median of {len(ways[0].seconds)} runs")
    print(f"{'':<30}{'seconds':>9}{'requests':>10}{'a service':>11}{'to drcheck':>12}")
    for way in ways:
        each = f"{way.requests / services:.1f}"
        print(f"{way.name:<30}{way.median:>9.2f}{way.requests:>10,}{each:>11}{way.median / ways[0].median:>11.1f}x")


if __name__ == "__main__":
    sys.exit(main())
