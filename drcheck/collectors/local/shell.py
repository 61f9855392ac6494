"""This machine, for drills."""

from __future__ import annotations

import base64
import hashlib
import subprocess
from collections.abc import Sequence
from pathlib import Path

from drcheck.collectors.local.settings import LocalConnection
from drcheck.errors import os_reason
from drcheck.interfaces import CollectorError, Disconnected, Ran


class LocalShell:
    """Runs commands on this machine, as whoever runs drcheck."""

    addresses: frozenset[str] = frozenset()

    @property
    def host_keys(self) -> frozenset[str]:
        """The fingerprints of this machine's own host keys, where it has any."""
        return frozenset(filter(None, map(_fingerprint, Path("/etc/ssh").glob("ssh_host_*_key.pub"))))

    def run(
        self, script: str, arguments: Sequence[str] = (), *, data: bytes = b"", within: float, at_most: int = 1 << 20
    ) -> Ran:
        """Run a script, and wait for its end."""
        try:
            done = subprocess.run(  # noqa: S603  what the runner's own runbook says
                ["/bin/sh", "-c", script, "drcheck", *arguments],
                input=data,
                stdout=subprocess.PIPE,
                stderr=subprocess.STDOUT,
                timeout=within,
                check=False,
                start_new_session=True,  # Ctrl-C is drcheck's to take
            )
        except subprocess.TimeoutExpired:
            raise Disconnected("this machine fell silent", "See whether it is overloaded, or its disk hangs.") from None
        except OSError as error:
            raise CollectorError(
                f"no command can be started here: {os_reason(error)}", "See what /bin/sh is."
            ) from None
        return Ran(done.returncode, done.stdout[:at_most])

    def close(self) -> None:
        """Do nothing: there is no connection."""


def open_shell(_connection: LocalConnection, _pool: object) -> LocalShell:
    """Return a shell on this machine."""
    return LocalShell()


def _fingerprint(file: Path) -> str:
    try:
        key = base64.b64decode(file.read_text().split()[1])
    except (OSError, ValueError, IndexError):
        return ""
    return f"SHA256:{base64.b64encode(hashlib.sha256(key).digest()).decode().rstrip('=')}"
