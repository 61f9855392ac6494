"""The way to a host below its session: what comes before that stands is bounded, and little is spent on the rest.

paramiko would gather a banner without end, and asks the socket twice for each packet.
"""

from __future__ import annotations

import socket
from collections.abc import Callable
from contextlib import suppress
from typing import Any, Final

import paramiko
from cryptography.exceptions import InvalidTag

BEFORE_A_SESSION: Final = 1 << 20
"""Bytes from the banner to the end of authentication: some kilobytes, and what a lawyer wants to be shown before."""
_BANNER: Final = b"SSH-"
_PIECE: Final = 1 << 14
"""Bytes that are taken from the socket at once: Python sets them aside for each session that waits."""
_IDLE: Final = 2.0
"""Seconds after which a session that is silent looks whether it was closed; paramiko would wake ten times a second."""


class Transport(paramiko.Transport):
    """paramiko's transport, which prefers ciphers that need no code of their own for integrity.

    Those that authenticate what they encrypt are done by the cryptographic library in one call; of the others paramiko
    computes and compares the code of each packet in Python, which is a quarter of what a short session costs.
    """

    def __init__(self, sock: Any, **options: Any) -> None:
        super().__init__(sock, **options)
        security = self.get_security_options()
        security.ciphers = sorted(security.ciphers, key=lambda name: "gcm" not in name)

    def get_exception(self) -> Exception | None:
        """Return what ended the session; what was changed on the way is a fault of SSH with every cipher."""
        error = super().get_exception()
        return paramiko.SSHException("Mismatched MAC") if isinstance(error, InvalidTag) else error


class Metered:
    """A socket, or a channel through a jump host, whose bytes are counted until the session stands."""

    def __init__(self, sock: socket.socket | paramiko.Channel) -> None:
        self._sock = sock
        self._count = 0
        self._first = b""
        self._ahead = b""
        """What came with what was asked for, and was not asked for yet."""
        self._take: Callable[[int], bytes] = self._counted
        self.dropped = False
        """Whether the far side ended the connection, and had said nothing but what begins a session of SSH."""

    def __getattr__(self, name: str) -> Any:
        return getattr(self._sock, name)

    def recv(self, at_most: int) -> bytes:
        """Return what comes next; only paramiko's own thread asks."""
        part = self._ahead or self._take(_PIECE)
        self._ahead = part[at_most:]
        return part[:at_most]

    def _counted(self, at_most: int) -> bytes:
        try:
            part = self._sock.recv(at_most)
        except ConnectionError:
            self.dropped = _BANNER.startswith(self._first)
            raise
        self._count += len(part)
        self._first = (self._first + part)[: len(_BANNER)]
        self.dropped = not part and _BANNER.startswith(self._first)
        if self._count > BEFORE_A_SESSION:
            raise paramiko.SSHException(f"it sent more than {BEFORE_A_SESSION >> 20} MiB before the session began")
        return part

    def done(self) -> None:
        """From now on nothing is counted, and the socket is waited for longer."""
        sock: Any = self._sock
        self._take = sock.recv
        self._sock.settimeout(_IDLE)

    def close(self) -> None:
        """Close the socket; shut down first, it wakes whoever waits for it."""
        shut(self._sock)


def shut(sock: socket.socket | paramiko.Channel) -> None:
    """End a connection in both directions, and close it."""
    with suppress(OSError, EOFError):
        if isinstance(sock, socket.socket):
            sock.shutdown(socket.SHUT_RDWR)
    with suppress(OSError, EOFError):
        sock.close()
