"""A service whose backups lie on one host, and another host on which drills may restore them."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import time
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
from lab.servers import Sshd

from drcheck.drills.scripts import MARKER, PREFIX

MACHINE = "0123456789abcdef0123456789abcdef"
POLICY = """\
drcheck: 1
service: shop
scenarios:
  fire: {{loses: [here]}}
sites:
  here: {{region: one}}
  there: {{region: two}}
sources:
  far: {{at: "{at}", site: there, reader: objects, name: "{{data_as_of:%Y-%m-%dT%H%M%S}}Z.{{*}}",
        available_at: name, max_duration: 1m, kind: full, max_shrink: none}}
  tests: {{at: "ledger:", reader: drills}}
commitments:
  rpo: {{kind: rpo, at_most: 26h, evidence: [far]}}
  rto: {{kind: rto, at_most: 2h, scenario: fire, until: validated, evidence: [tests]}}
  tested: {{kind: restore_test, every: 30d, scenario: fire, evidence: [tests], min_standing: drill}}
drills:
  files: {{scenario: fire, from: [far], target: lab, runbook: {runbook}{more}}}
"""
CONFIG = """\
connections:
  backups: {{type: ssh, host: {source.host}, port: {source.port}, user: {source.user},
            identity_file: "{source.identity_file}", known_hosts: "{source.known_hosts}", root: "{source.root}"}}
  lab: {{type: ssh, host: {lab.host}, port: {lab.port}, user: {lab.user},
        identity_file: "{lab.identity_file}", known_hosts: "{lab.known_hosts}"}}
  here: {{type: local, root: "/"}}
drills:
  runbooks: [runbooks/]
  targets:
    lab: {{connection: {connection}, directory: "{directory}", id: {id}, site: there{target}}}
{more}
"""


@pytest.fixture(scope="session")
def lab_host(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Sshd]:
    """A host with a machine id of its own."""
    with Sshd(tmp_path_factory.mktemp("lab-host"), ("127.0.0.2",), machine_id=MACHINE) as server:
        yield server


class Shop:
    """A working directory of drcheck, and the two hosts."""

    def __init__(self, root: Path, source: Sshd, lab: Sshd) -> None:
        self.root, self.source, self.lab = root, source, lab
        self.now = int(time.time())
        self.processes: list[subprocess.Popen[str]] = []
        self.place = f"shop-{root.name}-{os.getpid()}"
        self.target = root / "target"
        for directory in ("policies", "runbooks", "target"):
            (root / directory).mkdir()
        (self.target / MARKER).write_text("lab-1\n")
        self.configure()
        self.promise()

    def configure(self, *, more: str = "", connection: str = "lab", target: str = "") -> None:
        (self.root / "drcheck.yaml").write_text(
            CONFIG.format(
                source=self.source, lab=self.lab, directory=self.target, id="lab-1", more=more, connection=connection,
                target=target,
            )
        )  # fmt: skip

    def promise(self, *, runbook: str = "files", more: str = "") -> None:
        (self.root / "policies" / "shop.yaml").write_text(
            POLICY.format(at=f"backups:{self.place}/", runbook=runbook, more=more)
        )

    def backup(self, content: bytes, *, minutes: int = 60, ending: str = "dump") -> str:
        at = self.now - minutes * 60
        name = f"{datetime.fromtimestamp(at, UTC):%Y-%m-%dT%H%M%S}Z.{ending}"
        self.source.put(f"{self.place}/{name}", content, modified=at + 10)
        return name

    def runbook(self, text: str, name: str = "own") -> None:
        (self.root / "runbooks" / f"{name}.yaml").write_text(text)

    def command(self, *arguments: str) -> list[str]:
        return [sys.executable, "-m", "drcheck", *arguments]

    def drcheck(self, *arguments: str, expect: int | None = None) -> subprocess.CompletedProcess[str]:
        done = subprocess.run(
            self.command(*arguments), cwd=self.root, capture_output=True, text=True, timeout=120, check=False,
            stdin=subprocess.DEVNULL,
        )  # fmt: skip
        if expect is not None:
            assert done.returncode == expect, done.stdout + done.stderr
        return done

    def looked(self) -> None:
        assert self.drcheck("verify", "--quiet").returncode in {0, 1, 3}

    def drill(self, *arguments: str, expect: int) -> subprocess.CompletedProcess[str]:
        return self.drcheck("drill", "run", "shop", "--scenario", "fire", *arguments, expect=expect)

    def told(self) -> list[dict[str, Any]]:
        """Return the records of the log of restore tests."""
        if not (self.root / "drills" / "restore-tests.jsonl").exists():
            return []
        return [json.loads(line) for line in (self.root / "drills" / "restore-tests.jsonl").read_text().splitlines()]

    def kept(self) -> dict[str, Any]:
        """Return what is kept of the newest drill."""
        newest = max((self.root / "drills").glob("*/record.json"), key=lambda file: file.stat().st_mtime_ns)
        found: dict[str, Any] = json.loads(newest.read_text())
        return found

    def verdicts(self) -> dict[str, dict[str, Any]]:
        done = self.drcheck("verify", "--format", "json")
        (service,) = json.loads(done.stdout)["services"]
        return {one["id"]: one for one in service["commitments"]}

    def left(self) -> list[str]:
        return sorted(each.name for each in self.target.iterdir() if each.name.startswith(PREFIX))


@pytest.fixture
def shop(tmp_path: Path, sshd: Sshd, lab_host: Sshd) -> Iterator[Shop]:
    made = Shop(tmp_path, sshd, lab_host)
    yield made
    for process in made.processes:
        if process.poll() is None:
            process.kill()
            process.wait()
    for file in made.target.glob("drcheck-drill-*/steps"):
        (file.parent / "go").touch()  # lets a step go on, and end, that a failed test has left
