"""What does it cost to look at many hosts over SSH: 60 backups and a restore log of 200 lines on each?

`drcheck verify` of one policy a host, a process of its own with a fresh ledger, in turns with asyncssh, which lists the
directory with sizes and times and reads the log, by SFTP and by one command, and with ssh itself, 32 at a time. With
`--delay 50ms` a proxy adds that to each round trip. The turns of a host, how often its client had to hear something
before it could go on, are counted by the proxy in a round of its own that is not timed. asyncssh and Ansible are not
among what this repository locks: .venv/bin/pip install asyncssh ansible-core
"""

from __future__ import annotations

import argparse
import contextlib
import importlib.util
import json
import os
import platform
import re
import shutil
import signal
import statistics
import subprocess
import sys
import sysconfig
import tempfile
import time
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path

from lab.nights import peak, profiled
from lab.processes import REPOSITORY, free_ports
from lab.sshd import Sshd

HOUR, DAY = 3600, 86400
BACKUPS, LINES = 60, 200
AT_ONCE = 32
"""Hosts that each way looks at together: what drcheck has for `workers`."""
EACH = 16
"""Addresses of one sshd: it refuses to listen at more."""
GOAL = 1.3
"""Times the faster asyncssh, by wall."""

POLICY = """\
drcheck: 1
service: {host}
timezone: UTC
sources:
  dumps:
    at: "{host}:{host}/backups/"
    reader: objects
    name: "{{data_as_of:%Y-%m-%dT%H%M}}Z.dump"
    max_duration: 1h
    min_size: 1 MiB
    available_at: mtime
    identical_dumps: allowed
  drills: {{at: "{host}:{host}/restores.jsonl", reader: restore-log}}
commitments:
  rpo: {{kind: rpo, at_most: 2d, evidence: [dumps]}}
  daily: {{kind: backup_frequency, at_least: 1, per: day, evidence: [dumps]}}
  rto: {{kind: rto, at_most: 4h, evidence: [drills]}}
"""


ANSIBLE = Path(sysconfig.get_path("scripts")) / "ansible-playbook"


@dataclass(frozen=True, slots=True)
class Place:
    """The hosts, as a client reaches them."""

    directory: Path
    hosts: dict[str, tuple[str, int]]
    """Name to address and port."""
    root: str
    user: str
    identity_file: str
    known_hosts: str

    @staticmethod
    def of(file: Path) -> Place:
        """Return the place that was written to ``file``."""
        told = json.loads(file.read_text())
        return Place(Path(told.pop("directory")), **told)

    def write(self, name: str) -> Path:
        """Write the place to a file of its directory."""
        file = self.directory / f"{name}.json"
        told = {each: getattr(self, each) for each in ("hosts", "root", "user", "identity_file", "known_hosts")}
        file.write_text(json.dumps({**told, "directory": str(self.directory)}))
        return file


@dataclass(slots=True)
class Cost:
    """What the rounds of one way cost."""

    rounds: list[dict[str, float]] = field(default_factory=list)
    turns: float = 0.0

    def median(self, what: str) -> float:
        return statistics.median(one.get(what, 0.0) for one in self.rounds)


def main(arguments: list[str]) -> int:
    parser = argparse.ArgumentParser(prog="scripts/bench hosts", description=__doc__)
    parser.add_argument("--hosts", type=int, default=50, help="default: 50")
    parser.add_argument("--delay", default="0ms", metavar="50ms", help="added to each round trip (default: none)")
    parser.add_argument("--runs", type=int, default=3, help="rounds; the median counts (default: 3)")
    parser.add_argument("--sftp-only", action="store_true", help="the account may run no command")
    parser.add_argument("--drcheck-only", action="store_true", help="leave the peers out")
    parser.add_argument("--json", type=Path, metavar="FILE", help="write the figures there as well")
    parser.add_argument("--profile", type=Path, metavar="FILE", help="write the profile of drcheck's workers there")
    asked = parser.parse_args(arguments)
    if not (delay := re.fullmatch(r"([0-9]+)ms", asked.delay)):
        parser.error("--delay is written as in 50ms")
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(143))
    with contextlib.ExitStack() as stack:
        scratch = Path(stack.enter_context(tempfile.TemporaryDirectory(prefix="drcheck-bench-")))
        place = made(stack, scratch, asked.hosts, sftp_only=asked.sftp_only)
        costs = {way: Cost() for way in ways(sftp_only=asked.sftp_only, alone=asked.drcheck_only)}
        for way, cost in costs.items():
            with behind(place, 0.0) as (proxied, counted):
                measure(way, proxied)
            cost.turns = counted["turns"] / asked.hosts
        seconds = int(delay[1]) / 1000
        with behind(place, seconds) if seconds else contextlib.nullcontext((place, {})) as (proxied, _):
            for number in range(asked.runs):
                for way, cost in costs.items():
                    cost.rounds.append(measure(way, proxied))
                    print(f"run {number + 1}: {way} {cost.rounds[-1]['wall']:.2f} s", file=sys.stderr)
            if asked.profile:
                measure("drcheck", proxied, asked.profile)
    report(costs, asked)
    if asked.json:
        asked.json.write_text(json.dumps(figures(costs, asked), indent=2) + "\n")
    return 0


def made(stack: contextlib.ExitStack, scratch: Path, count: int, *, sftp_only: bool) -> Place:
    """Start sshds, and give each of their addresses a directory of its own as a host has it."""
    began = time.monotonic()
    addresses = [f"127.0.{1 + number // 250}.{1 + number % 250}" for number in range(count)]
    servers = [
        stack.enter_context(
            Sshd(scratch / f"sshd-{start // EACH}", addresses[start : start + EACH], sftp_only=sftp_only)
        )
        for start in range(0, count, EACH)
    ]
    first = servers[0]
    known = scratch / "known_hosts"
    known.write_text("".join(server.known_hosts_lines() for server in servers))
    root = scratch / "root"
    for server in servers:
        server.authorized_keys.write_text(first.authorized_keys.read_text())
    hosts = {f"host-{number:03}": (address, servers[number // EACH].port) for number, address in enumerate(addresses)}
    newest = int(time.time()) // DAY * DAY - DAY + HOUR
    log = "".join(restore(number, newest) for number in range(LINES))
    for host in hosts:
        (root / host / "backups").mkdir(parents=True)
        (root / host / "restores.jsonl").write_text(log.replace("SERVICE", host))
        for number in range(BACKUPS):
            start = newest - number * DAY
            backup = root / host / "backups" / time.strftime("%Y-%m-%dT%H%MZ.dump", time.gmtime(start))
            backup.touch()
            os.truncate(backup, 2_000_000_000 + number)
            os.utime(backup, (start + 300, start + 300))
    print(f"{count} hosts after {time.monotonic() - began:.1f} s", file=sys.stderr)
    return Place(scratch, hosts, str(root), first.user, str(first.identity_file), str(known))


def restore(number: int, newest: int) -> str:
    """Return a line of a restore log; the last one is the newest."""
    start = newest - (LINES - number) * DAY // 2
    begin, end = (time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime(at)) for at in (start, start + HOUR))
    record = {
        "test": f"test-{number}", "service": "SERVICE", "started_at": begin, "finished_at": end, "outcome": "passed",
        "disrupted_at": begin, "declared_at": begin, "restore_started_at": begin, "restored_at": end,
        "validated_at": end, "recovery_point": {"source": "dumps"}, "validation": "restored",
    }  # fmt: skip
    return json.dumps(record) + "\n"


@contextlib.contextmanager
def behind(place: Place, delay: float) -> Iterator[tuple[Place, dict[str, int]]]:
    """Put the proxy before the hosts; what it counted is there once it has ended."""
    (port,) = free_ports(1)
    servers = "".join(f"{address} {to}\n" for address, to in place.hosts.values())
    proxy = subprocess.Popen(
        [sys.executable, "-m", "lab.delay", str(delay), str(port)],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    )
    assert proxy.stdin is not None
    assert proxy.stdout is not None
    counted: dict[str, int] = {}
    try:
        proxy.stdin.write(servers)
        proxy.stdin.close()
        assert proxy.stdout.readline() == "listening\n"
        known = place.directory / f"known_hosts-{port}"
        known.write_text(re.sub(r"(?m)\]:[0-9]+ ", f"]:{port} ", Path(place.known_hosts).read_text()))
        hosts = {host: (address, port) for host, (address, _) in place.hosts.items()}
        yield Place(place.directory, hosts, place.root, place.user, place.identity_file, str(known)), counted
    finally:
        proxy.terminate()
        told = proxy.stdout.read()
        proxy.wait()
    counted.update(json.loads(told))


def ways(*, sftp_only: bool, alone: bool) -> Iterator[str]:
    """Yield the ways that this machine has."""
    yield "drcheck"
    if alone:
        return
    if importlib.util.find_spec("asyncssh") is None:
        print("asyncssh is not installed, and not measured (.venv/bin/pip install asyncssh)", file=sys.stderr)
    else:
        yield "asyncssh, SFTP"
        if not sftp_only:
            yield "asyncssh, a command"
    if not sftp_only and shutil.which("ssh") and shutil.which("xargs"):
        yield f"xargs -P{AT_ONCE} ssh"
    if not sftp_only:
        if ANSIBLE.exists():
            yield "Ansible, find and slurp"
        else:
            print("Ansible is not installed, and not measured (.venv/bin/pip install ansible-core)", file=sys.stderr)


def measure(way: str, place: Place, profile: Path | None = None) -> dict[str, float]:
    """Look in a process of its own, and return what it cost."""
    directory = Path(tempfile.mkdtemp(dir=place.directory))
    file = place.write(directory.name)
    command = [sys.executable, "-m", "lab.hosts", "--be", way, str(file), *([str(profile)] if profile else [])]
    began = time.monotonic()
    environment = {**os.environ, "PYTHONPATH": str(REPOSITORY / "scripts")}
    process = subprocess.Popen(command, stdout=subprocess.PIPE, cwd=directory, env=environment)
    assert process.stdout is not None
    said = process.stdout.read()
    _, status, used = os.wait4(process.pid, 0)
    process.returncode = os.waitstatus_to_exitcode(status)
    if process.returncode:
        sys.exit(f"{way} ended with {process.returncode}")
    cost = {"wall": time.monotonic() - began, "cpu": used.ru_utime + used.ru_stime, **json.loads(said)}
    if cost.pop("found") != len(place.hosts):
        sys.exit(f"{way} did not find all hosts in order")
    shutil.rmtree(directory)
    return cost


def drcheck(place: Place, profile: str) -> dict[str, float]:
    """Verify one policy a host, and return how many services are in order."""
    from drcheck.app import verify
    from drcheck.core.model.status import Status
    from drcheck.policyfile.config import load_settings
    from drcheck.reports.console import progress

    known = {"user": place.user, "identity_file": place.identity_file, "known_hosts": place.known_hosts}
    connections = {
        host: {"type": "ssh", "host": address, "port": port, "root": place.root, **known}
        for host, (address, port) in place.hosts.items()
    }
    Path("policies").mkdir()
    Path("drcheck.yaml").write_text(json.dumps({"connections": connections}))
    for host in place.hosts:
        Path("policies", f"{host}.yaml").write_text(POLICY.format(host=host))
    with profiled(profile):
        settings = load_settings("drcheck.yaml")
        outcome = verify.verify(settings, (), verify.Question(30 * DAY), progress.awaiting)
    services = outcome.report.services
    for why in sorted({gap.what for each in services for _, gap in each.gaps})[:5]:
        print(why, file=sys.stderr)
    return {"found": sum(all(one.status is Status.MET for one in each.verdicts) for each in services)}


def asynchronous(place: Place, *, by_command: bool) -> dict[str, float]:
    """Look with asyncssh, and return how many hosts showed everything."""
    import asyncio

    import asyncssh

    async def look(host: str, address: str, port: int) -> bool:
        async with (
            at_once,
            asyncssh.connect(
                address, port, username=place.user, client_keys=[key], known_hosts=known, config=None, agent_path=None
            ) as connection,
        ):
            directory = f"{place.root}/{host}"
            if by_command:
                command = f"find {directory}/backups -printf '%y %s %T@ %C@ %P\\0' && cat {directory}/restores.jsonl"
                return complete(str((await connection.run(command, check=True)).stdout))
            async with connection.start_sftp_client() as sftp:
                names = await sftp.readdir(f"{directory}/backups")
                backups = [each for each in names if each.attrs.size and each.attrs.size > 1 << 20]
                async with sftp.open(f"{directory}/restores.jsonl") as file:
                    log = str(await file.read())
                return len(backups) == BACKUPS and log.count("\n") == LINES

    async def every() -> int:
        return sum(await asyncio.gather(*(look(host, *where) for host, where in place.hosts.items())))

    key = asyncssh.read_private_key(place.identity_file)
    known = asyncssh.read_known_hosts(place.known_hosts)
    at_once = asyncio.Semaphore(AT_ONCE)
    return {"found": asyncio.run(every())}


def complete(said: str) -> bool:
    """Return whether a command told all backups and all lines."""
    return said.count("Z.dump\0") == BACKUPS and said.count("\n") == LINES


def by_ssh(place: Place) -> dict[str, float]:
    """Look with OpenSSH's own client, a process a host."""
    options = f"-F none -i {place.identity_file} -o IdentitiesOnly=yes -o UserKnownHostsFile={place.known_hosts}"
    script = (
        f'ssh {options} -p "$3" {place.user}@"$2" "find {place.root}/$1/backups -printf \'%y %s %T@ %C@ %P\\0\''
        f' && cat {place.root}/$1/restores.jsonl" > "$1"'
    )
    lines = "".join(f"{host} {address} {port}\n" for host, (address, port) in place.hosts.items())
    command = ["xargs", f"-P{AT_ONCE}", "-L1", "sh", "-c", script, "sh"]
    subprocess.run(command, input=lines, text=True, check=True, stdout=subprocess.DEVNULL)
    return {"found": sum(complete(Path(host).read_text()) for host in place.hosts)}


def by_ansible(place: Place) -> dict[str, float]:
    """Look with Ansible's modules that do so, `find` and `slurp`."""
    options = f"-F none -o IdentitiesOnly=yes -o UserKnownHostsFile={place.known_hosts}"
    known = {"ansible_user": place.user, "ansible_ssh_private_key_file": place.identity_file}
    inventory = {
        "all": {
            "vars": {**known, "ansible_ssh_common_args": options, "ansible_python_interpreter": sys.executable},
            "hosts": {
                host: {"ansible_host": address, "ansible_port": port} for host, (address, port) in place.hosts.items()
            },
        }
    }
    directory = f"{place.root}/{{{{ inventory_hostname }}}}"
    tasks = [
        {"ansible.builtin.find": {"paths": f"{directory}/backups"}, "register": "backups"},
        {"ansible.builtin.slurp": {"src": f"{directory}/restores.jsonl"}, "register": "log"},
        {
            "ansible.builtin.assert": {
                "that": [f"backups.matched == {BACKUPS}", f"(log.content | b64decode).count('\\n') == {LINES}"]
            }
        },
    ]
    Path("inventory.yml").write_text(json.dumps(inventory))
    Path("look.yml").write_text(json.dumps([{"hosts": "all", "gather_facts": False, "tasks": tasks}]))
    environment = {**os.environ, "ANSIBLE_NOCOWS": "1", "ANSIBLE_LOCALHOST_WARNING": "0", "HOME": str(Path.cwd())}
    command = [str(ANSIBLE), "-i", "inventory.yml", "-f", str(AT_ONCE), "look.yml"]
    ran = subprocess.run(command, env=environment, capture_output=True, text=True, check=False)
    if ran.returncode:
        sys.exit(ran.stdout[-2000:] + ran.stderr[-2000:])
    return {"found": ran.stdout.count("failed=0")}


def figures(costs: dict[str, Cost], asked: argparse.Namespace) -> dict[str, object]:
    return {
        "machine": f"{os.cpu_count()} cores, Python {platform.python_version()}",
        "hosts": asked.hosts,
        "delay": asked.delay,
        "sftp_only": asked.sftp_only,
        "ways": {way: {"rounds": cost.rounds, "turns_of_a_host": round(cost.turns, 1)} for way, cost in costs.items()},
    }


def report(costs: dict[str, Cost], asked: argparse.Namespace) -> None:
    shell = "no command runs" if asked.sftp_only else "commands run"
    print(
        f"{asked.hosts} hosts, {BACKUPS} backups and {LINES} lines each, {asked.delay} added, {shell}; "
        f"{os.cpu_count()} cores, Python {platform.python_version()}; median of {asked.runs}"
    )
    print(f"{'':<24}{'wall s':>8}{'CPU s':>8}{'MiB':>7}{'turns':>8}{'drcheck is':>12}{'at most':>9}")
    ours = costs["drcheck"].median("wall")
    fastest = min((cost.median("wall") for way, cost in costs.items() if way.startswith("asyncssh")), default=0.0)
    for way, cost in costs.items():
        wall, memory = cost.median("wall"), cost.median("mib")
        goal = f"{GOAL}x" if wall == fastest else ""
        print(
            f"{way:<24}{wall:>8.2f}{cost.median('cpu'):>8.2f}{f'{memory:.0f}' if memory else '':>7}{cost.turns:>8.1f}"
            f"{f'{ours / wall:.2f}x' if way != 'drcheck' else '':>12}{goal:>9}"
        )


def be(way: str, place: Place, profile: str) -> dict[str, float]:
    """Be the process that is measured."""
    if way == "drcheck":
        return {**drcheck(place, profile), "mib": peak()}
    if "asyncssh" in way:
        return {**asynchronous(place, by_command="command" in way), "mib": peak()}
    return by_ansible(place) if way.startswith("Ansible") else by_ssh(place)


if __name__ == "__main__":
    if sys.argv[1:2] == ["--be"]:
        _, _, kind, file, *rest = sys.argv
        print(json.dumps(be(kind, Place.of(Path(file)), "".join(rest))))
        sys.exit(0)
    sys.exit(main(sys.argv[1:]))
