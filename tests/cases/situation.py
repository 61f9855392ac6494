"""Situations that people really had, rebuilt on a local disk and judged by the real command."""

from __future__ import annotations

import gzip
import json
import os
import random
import subprocess
import sys
import time
from collections.abc import Iterable
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

NOTHING = gzip.compress(b"", mtime=0)
"""The gzip of nothing, as a pipe leaves it whose first command failed: 20 bytes."""


class Situation:
    """A disk with evidence, a policy about it, and what drcheck says of them.

    Connection ``disk`` is the local directory in which :meth:`put` puts things.
    """

    def __init__(self, root: Path) -> None:
        """Begin with an empty disk in ``root``."""
        self.root = root
        self.disk = root / "disk"
        self.last_night = datetime.now(UTC).replace(minute=0, second=0, microsecond=0) - timedelta(hours=4)
        """When the newest nightly backup began: four whole hours ago, whatever the time of day."""
        self._next_second = 0
        self._random = random.Random(1)
        self.disk.mkdir()
        (root / "policies").mkdir()
        (root / "drcheck.yaml").write_text("connections:\n  disk: {type: local, root: disk}\n")

    def night(self, ago: float) -> datetime:
        """Return when the nightly backup of ``ago`` nights before the newest one began."""
        return self.last_night - timedelta(days=ago)

    def noise(self, size: int) -> bytes:
        """Return content that is unlike any other."""
        return self._random.randbytes(size)

    def put(self, name: str, content: bytes, written: datetime) -> Path:
        """Put a file on the disk, last written at ``written``."""
        path = self.disk / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(content)
        os.utime(path, (written.timestamp(),) * 2)
        return path

    def policy(self, *, sources: str, commitments: str, service: str = "shop", more: str = "") -> None:
        """Write the policy: each of ``sources`` and ``commitments`` one or more lines, indented by two."""
        text = f"drcheck: 1\nservice: {service}\ntimezone: UTC\n{more}sources:\n{sources}commitments:\n{commitments}"
        (self.root / "policies" / f"{service}.yaml").write_text(text)

    def run(self, *arguments: str) -> subprocess.CompletedProcess[str]:
        """Run ``drcheck verify`` as its users do."""
        # Looks are kept to the second: of two within one nobody could say which came first.
        time.sleep(max(0.0, self._next_second - time.time()))
        command = [sys.executable, "-m", "drcheck", "verify", *arguments]
        done = subprocess.run(command, cwd=self.root, capture_output=True, text=True, timeout=60, check=False)
        self._next_second = int(time.time()) + 1
        return done

    def judged(self, *arguments: str) -> dict[str, Any]:
        """Look and judge; return commitment to its object in the JSON report."""
        done = self.run("--format", "json", *arguments)
        assert done.stdout, done.stderr
        report = json.loads(done.stdout)
        return {found["id"]: found for service in report["services"] for found in service["commitments"]}

    def statuses(self, *arguments: str) -> dict[str, str | None]:
        """Look and judge; return commitment to its status."""
        return {name: found["status"] for name, found in self.judged(*arguments).items()}


def assert_tells(found: dict[str, Any], words: Iterable[str]) -> None:
    """Check that the reason of a verdict holds every one of ``words``."""
    missing = [word for word in words if word not in found["reason"]]
    assert not missing, f"{missing} not in: {found['reason']}"
