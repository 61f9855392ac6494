"""Backup tools as they really are: their programs, and what drcheck reads of them over SSH."""

from __future__ import annotations

import os
import signal
import subprocess
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path

from lab.servers import SeaweedFS, Sshd

from drcheck.collectors.pool import Connections
from drcheck.collectors.ssh.settings import SshConnection
from drcheck.core.model.evidence import LONG_AGO, Fact
from drcheck.core.model.observation import Observation
from drcheck.core.model.policy import Source
from drcheck.interfaces import LookRequest
from drcheck.registry import READERS, opener, place, reader

NIGHTS = ("2026-11-20", "2026-11-21", "2026-11-22")
NOW = int(time.time())


class Tools:
    """The programs of backup tools in an environment of their own, and what drcheck reads of them over SSH."""

    def __init__(self, top: Path, host: Sshd, s3: SeaweedFS) -> None:
        self.top, self.host, self.s3 = top, host, s3
        self.environment = {
            "PATH": os.environ["PATH"], "HOME": str(top), "LC_ALL": "C.UTF-8", "TZ": "UTC",
            "RESTIC_CACHE_DIR": str(top / "cache"), "RESTIC_PASSWORD": "right",
            "BORG_BASE_DIR": str(top / "borg-home"), "BORG_PASSPHRASE": "right",
            "BORG_UNKNOWN_UNENCRYPTED_REPO_ACCESS_IS_OK": "yes", "BORG_RELOCATED_REPO_ACCESS_IS_OK": "yes",
            "AWS_ACCESS_KEY_ID": s3.admin_key.access_key, "AWS_SECRET_ACCESS_KEY": s3.admin_key.secret_key,
        }  # fmt: skip
        (top / "kept").mkdir()
        for number in range(5):
            (top / "kept" / str(number)).write_bytes(os.urandom(50_000))

    def run(self, *argv: str, fails: bool = False) -> str:
        """Run a program, which must succeed unless it ``fails``, and return all that it wrote."""
        done = subprocess.run(
            argv,
            cwd=self.top,
            env=self.environment,
            stdin=subprocess.DEVNULL,
            capture_output=True,
            text=True,
            check=False,
        )
        assert bool(done.returncode) == fails, done.stderr
        return done.stdout + done.stderr

    def begun(self, *argv: str) -> subprocess.Popen[bytes]:
        """Start a program whose standard input is ours."""
        return subprocess.Popen(
            argv, cwd=self.top, env=self.environment, stdin=subprocess.PIPE, stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
        )  # fmt: skip

    def look(
        self,
        which: str,
        *argv: str,
        environment: Mapping[str, str] | None = None,
        facts: tuple[Fact, ...] = (),
        **stated: object,
    ) -> Observation:
        """Read what a command prints on the host by the reader of that name."""
        values = self.environment | dict(environment or {})
        named = ("env", "-C", str(self.top), *(f"{key}={value}" for key, value in values.items()), *argv)
        connection = SshConnection(
            "host", host=self.host.host, port=self.host.port, user=self.host.user, root=str(self.host.root),
            identity_file=str(self.host.identity_file), known_hosts=str(self.host.known_hosts),
            outputs={"list": named},
        )  # fmt: skip
        source = Source("backups", "host", "!list", READERS[which], **{"of": ("shop",), **stated})  # type: ignore[arg-type]
        pool = Connections({"host": connection}, 1, 1000)
        try:
            root, name = place(source)
            collector = opener(connection)(root, pool)
            return reader(source)(collector, source, name, LookRequest(LONG_AGO, NOW, 300, "shop", frozenset(facts)))
        finally:
            pool.close()


def data_of(seen: Observation) -> list[str]:
    """Return the instants of the points of a complete look, oldest first."""
    assert seen.look.complete, seen.look.gaps
    instants = sorted(one.data_lo for one in seen.candidates)
    return [datetime.fromtimestamp(one, UTC).isoformat() for one in instants]


def why(seen: Observation) -> str:
    """Return why a look shows nothing."""
    assert not seen.look.complete
    assert not list(seen.candidates)
    return "; ".join(gap.what for gap in seen.look.gaps)


@contextmanager
def stopped(process: subprocess.Popen[bytes], how: signal.Signals) -> Iterator[subprocess.Popen[bytes]]:
    """Stop a program at the end, and wait for it."""
    try:
        yield process
    finally:
        process.send_signal(how)
        process.communicate(timeout=60)
