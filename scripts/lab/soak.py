"""Does drcheck stay right, and as large as it was, while everything around it fails?

The lab's servers, each behind a proxy that misbehaves in turns, and `drcheck watch` with a run a minute over the five
agreements. Each verdict must be the one that a run straight at the servers finds, or unknown; the process must live,
and its memory and open files must not grow. What it found is printed at the end; where anything was wrong, the exit
status is 1.
"""

from __future__ import annotations

import argparse
import json
import random
import re
import subprocess
import sys
import tempfile
import time
from collections import Counter
from contextlib import ExitStack
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Final
from urllib.parse import urlsplit

import yaml

from lab.faultproxy import Fault, FaultProxy
from lab.story_servers import StoryServers

GROWTH: Final = 1.15
"""The most that memory and open files of the last third of a soak may be, times those of the first third."""


@dataclass(slots=True)
class Seen:
    """What a soak saw."""

    runs: int = 0
    verdicts: Counter[str] = field(default_factory=Counter)
    wrong: list[str] = field(default_factory=list)
    faults: Counter[str] = field(default_factory=Counter)
    mib: list[float] = field(default_factory=list)
    files: list[int] = field(default_factory=list)


def main() -> int:
    parser = argparse.ArgumentParser(prog="scripts/soak", description=__doc__)
    parser.add_argument("--minutes", type=float, default=30, help="default: 30")
    parser.add_argument("--every", type=int, default=60, metavar="SECONDS", help="a run each (default: 60)")
    parser.add_argument("--seed", type=int, default=1, help="which faults come when (default: 1)")
    asked = parser.parse_args()
    with tempfile.TemporaryDirectory(prefix="drcheck-soak-") as scratch, StoryServers(Path(scratch)) as servers:
        if servers.missing:
            sys.exit(f"the lab is not whole: {servers.missing}")
        seen = soak(servers, asked.minutes * 60, asked.every, random.Random(asked.seed))
    return report(seen)


def soak(servers: StoryServers, seconds: float, every: int, chance: random.Random) -> Seen:
    straight = yaml.safe_load(servers.config.read_text())
    with ExitStack() as stack:
        proxies: list[FaultProxy] = []
        bent = behind_proxies(servers.directory, straight, stack, proxies)
        bent["ledger"] = "sqlite:///soak.db"
        bent["watch"] = {"jobs": {"soak": {"every": f"{every}s", "outputs": [{"format": "json", "file": "soak.json"}]}}}
        (servers.directory / "soak.yaml").write_text(json.dumps(bent))
        truth = found(verify(servers.directory, "drcheck.yaml"))
        watch = subprocess.Popen(
            [sys.executable, "-m", "drcheck", "watch", "--config", "soak.yaml", "--json"],
            cwd=servers.directory, stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL,
        )  # fmt: skip
        stack.callback(watch.wait)
        stack.callback(watch.terminate)
        seen, until, last = Seen(), time.monotonic() + seconds, ""
        output = servers.directory / "soak.json"
        while time.monotonic() < until and watch.poll() is None:
            for proxy in proxies:
                proxy.fault = chance.choice([*Fault, *[Fault.NONE] * 4])
                proxy.after, proxy.pause = chance.choice([0, 100, 5000]), chance.choice([0.002, 0.05, 0.3])
                seen.faults[proxy.fault.name] += 1
            time.sleep(every / 2)
            told = json.loads(output.read_text()) if output.exists() else {"run": ""}
            if told["run"] == last:
                continue
            last = told["run"]
            seen.runs += 1
            for key, its in found(verify(servers.directory, "drcheck.yaml")).items():
                truth[key] |= its  # time goes on, and a verdict may change while a run lasts
            for key, (status,) in found(told).items():
                seen.verdicts[status] += 1
                if status != "unknown" and status not in truth[key]:
                    seen.wrong.append(f"{last}: {key} is {status}, and {' or '.join(sorted(truth[key]))} straight")
            seen.mib.append(resident(watch.pid))
            seen.files.append(sum(1 for _ in Path(f"/proc/{watch.pid}/fd").iterdir()))
            print(
                f"{seen.runs} runs, {dict(seen.verdicts)}, {seen.mib[-1]:.0f} MiB, {seen.files[-1]} files",
                file=sys.stderr,
            )
        if watch.poll() is not None:
            seen.wrong.append(f"the watch ended with {watch.returncode}")
    return seen


def behind_proxies(
    directory: Path, straight: dict[str, Any], stack: ExitStack, proxies: list[FaultProxy]
) -> dict[str, Any]:
    """Return the configuration with a proxy before each server."""
    bent = json.loads(json.dumps(straight))
    known, lines = (directory / "known_hosts").read_text(), []
    ports: dict[int, int] = {}

    def proxied(port: int) -> int:
        if port not in ports:
            proxies.append(stack.enter_context(FaultProxy("127.0.0.1", port)))
            ports[port] = proxies[-1].port
            keys = re.findall(rf"^\[127\.0\.0\.1\]:{port} (.*)$", known, re.MULTILINE)
            lines.extend(f"[127.0.0.1]:{ports[port]} {key}" for key in keys)
        return ports[port]

    for connection in bent["connections"].values():
        connection["deadline"] = "20s"
        for key in {"endpoint", "account_url"} & set(connection):
            port = urlsplit(connection[key]).port
            assert port is not None
            connection[key] = connection[key].replace(f":{port}", f":{proxied(port)}")
        if "port" in connection and "jump" not in connection:
            connection["port"] = proxied(connection["port"])
    (directory / "known_hosts").write_text(known + "\n".join(lines) + "\n")
    return bent


def verify(directory: Path, config: str) -> dict[str, Any]:
    command = [sys.executable, "-m", "drcheck", "verify", "--config", config, "--format", "json"]
    ran = subprocess.run(command, cwd=directory, capture_output=True, text=True, check=False)
    told: dict[str, Any] = json.loads(ran.stdout)
    return told


def found(report: dict[str, Any]) -> dict[str, set[str]]:
    return {
        f"{service['service']} {one['id']}": {str(one["status"])}
        for service in report["services"]
        for one in service["commitments"]
    }


def resident(pid: int) -> float:
    told = Path(f"/proc/{pid}/status").read_text()
    return int(told.partition("VmRSS:")[2].split()[0]) / 1024


def report(seen: Seen) -> int:
    third = max(1, seen.runs // 3)
    print(f"{seen.runs} runs; faults: {dict(seen.faults)}")
    print(f"verdicts: {dict(seen.verdicts)}; wrong: {len(seen.wrong)}")
    # Of files those that are open between two runs: while one goes on, it holds connections.
    for name, its, of in (("MiB", seen.mib, max), ("open files", [float(one) for one in seen.files], min)):
        first, last = of(its[:third], default=0), of(its[-third:], default=0)
        print(f"{name}: at {'most' if of is max else 'least'} {first:.0f} in the first third, {last:.0f} in the last")
        if last > first * GROWTH + 2:
            seen.wrong.append(f"{name} grew from {first:.0f} to {last:.0f}")
    print(*seen.wrong, sep="\n", end="\n" if seen.wrong else "")
    return 1 if seen.wrong or not seen.runs else 0


if __name__ == "__main__":
    sys.exit(main())
