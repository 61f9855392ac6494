"""A host over SSH, for drills: the only thing here that may change one. Importing this imports paramiko."""

from __future__ import annotations

import base64
import hashlib
import math
import socket
from collections.abc import Sequence
from typing import Final

import paramiko
from msgspec.structs import replace

from drcheck import clock
from drcheck.collectors.pool import Connections, Deadline
from drcheck.collectors.ssh import scripts
from drcheck.collectors.ssh.connection import Host, Talk, connect
from drcheck.collectors.ssh.faults import lost
from drcheck.collectors.ssh.keys import KnownHosts, name_in_known_hosts
from drcheck.collectors.ssh.settings import SshConnection
from drcheck.interfaces import CollectorError, Disconnected, Ran

_PIECE: Final = 32768
_TICK: Final = 0.25
"""Seconds between looks at the clock while the far side is silent."""


class SshShell:
    """Runs commands on a host, over one session that is made anew when it was lost."""

    def __init__(self, connection: SshConnection, pool: Connections) -> None:
        self._connection = connection
        self._pool = pool
        self._host: Host | None = None

    @property
    def host_keys(self) -> frozenset[str]:
        """The fingerprints of the keys that known_hosts has of it: no other one is accepted."""
        known = KnownHosts(self._connection.known_hosts)
        trusted = known.of(name_in_known_hosts(self._connection))
        return frozenset(_fingerprint(each.key) for each in trusted)

    @property
    def addresses(self) -> frozenset[str]:
        """The addresses of its name."""
        try:
            found = socket.getaddrinfo(self._connection.host, None, type=socket.SOCK_STREAM)
        except OSError:
            return frozenset({self._connection.host})
        return frozenset({self._connection.host, *(str(each[4][0]) for each in found)})

    def run(
        self, script: str, arguments: Sequence[str] = (), *, data: bytes = b"", within: float, at_most: int = 1 << 20
    ) -> Ran:
        """Run a script, and wait for its end."""
        deadline = Deadline(self._pool, replace(self._connection, deadline=max(1, math.ceil(within))))
        host = self._host = connect(self._connection, self._pool, deadline)
        talk = Talk(host, deadline)
        try:
            return self._exchange(talk, f"exec {scripts.joined(['sh', '-c', script, 'drcheck', *arguments])}", data,
                                  within, at_most)  # fmt: skip
        except (paramiko.SSHException, EOFError, OSError):
            host.close()  # the next call makes another session
            raise lost(self._connection) from None
        except CollectorError as error:
            host.close()
            raise Disconnected(error.message, error.hint) from None
        finally:
            talk.close()

    def _exchange(self, talk: Talk, command: str, data: bytes, within: float, at_most: int) -> Ran:
        channel, kept, end = talk.channel, bytearray(), clock.monotonic() + within
        channel.set_combine_stderr(True)
        channel.exec_command(command)
        for at in range(0, len(data), _PIECE):
            try:
                channel.sendall(data[at : at + _PIECE])
            except OSError:
                if not channel.exit_status_ready():
                    raise
                break  # it ended without taking all of it: its status says why
        channel.settimeout(_TICK)
        while True:
            try:
                part = channel.recv(65536)
            except TimeoutError:
                if clock.monotonic() > end:
                    raise
                continue
            if not part:
                break
            kept += part[: at_most - len(kept)]
        channel.status_event.wait(max(_TICK, end - clock.monotonic()))
        if not channel.exit_status_ready():
            raise EOFError
        status = channel.recv_exit_status()
        if status < 0 and not talk.host.stands():
            raise EOFError
        return Ran(status, bytes(kept))

    def close(self) -> None:
        """End the session."""
        if self._host is not None:
            self._host.close()


def _fingerprint(key: paramiko.PKey) -> str:
    return f"SHA256:{base64.b64encode(hashlib.sha256(key.asbytes()).digest()).decode().rstrip('=')}"


def open_shell(connection: SshConnection, pool: Connections) -> SshShell:
    """Return a shell on a host; nothing is connected yet."""
    return SshShell(connection, pool)
