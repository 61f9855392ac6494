"""The host keys that drcheck trusts: its own known_hosts file, read once a run, each line accounted for."""

from __future__ import annotations

from pathlib import Path
from typing import NamedTuple

from paramiko import HostKeys, PKey, SSHException
from paramiko.hostkeys import HostKeyEntry, InvalidHostKey

from drcheck.collectors.ssh.settings import SshConnection
from drcheck.interfaces import CollectorError


class Trusted(NamedTuple):
    """One line of a known_hosts file."""

    line: int
    key: PKey


class KnownHosts:
    """A parsed known_hosts file. Looking a host up takes no longer for a thousand hosts than for one."""

    def __init__(self, file: str) -> None:
        self.file = file
        self._plain: dict[str, list[Trusted]] = {}
        self._hashed: list[tuple[str, Trusted]] = []
        try:
            text = Path(file).read_text(encoding="utf-8")
        except (OSError, UnicodeDecodeError) as error:
            raise CollectorError(
                f"the known hosts in {file or '(no file is named)'} cannot be read",
                "Name a file with `known_hosts`; ssh-keyscan writes its lines, after a look at the host's own keys.",
            ) from error
        for number, line in enumerate(text.splitlines(), 1):
            stripped = line.strip()
            if stripped and not stripped.startswith("#"):
                self._add(number, stripped)

    def _add(self, number: int, line: str) -> None:
        entry = None
        if not line.startswith("@"):  # @revoked and @cert-authority mean what paramiko does not know
            try:
                entry = HostKeyEntry.from_line(" ".join(line.split()), number)
            except (InvalidHostKey, SSHException, ValueError, TypeError):
                entry = None
        if entry is None or entry.key is None:
            raise CollectorError(
                f"line {number} of {self.file} cannot be read",
                "Write HOST KEY-TYPE KEY, without markers such as @revoked; key types: ed25519, ecdsa and rsa.",
            )
        trusted = Trusted(number, entry.key)
        for name in entry.hostnames or []:
            if name.startswith("|1|"):
                self._hashed.append((name, trusted))
            else:
                self._plain.setdefault(name, []).append(trusted)

    def of(self, name: str) -> list[Trusted]:
        """Return what is trusted for ``name`` (``host``, or ``[host]:port`` for another port than 22)."""
        hashed = [each for salted, each in self._hashed if HostKeys.hash_host(name, salted) == salted]
        return [*self._plain.get(name, []), *hashed]

    def close(self) -> None:
        """Do nothing: the file is not kept open."""


def name_in_known_hosts(connection: SshConnection) -> str:
    """Return how known_hosts files name a host."""
    return connection.host if connection.port == 22 else f"[{connection.host}]:{connection.port}"  # noqa: PLR2004
