"""What a host sends before it is known who it is: bounded, since paramiko would gather a banner without end."""

from __future__ import annotations

import socket
from typing import Any, Final

import paramiko

BEFORE_A_SESSION: Final = 1 << 20
"""Bytes from the banner to the end of authentication: some kilobytes, and what a lawyer wants to be shown before."""
_BANNER: Final = b"SSH-"


class Metered:
    """A socket, or a channel through a jump host, whose bytes are counted until the session stands."""

    def __init__(self, sock: socket.socket | paramiko.Channel) -> None:
        self._sock = sock
        self._count = 0
        self._first = b""
        self.dropped = False
        """Whether the far side ended the connection, and had said nothing but what begins a session of SSH."""
        self.recv: Any = self._counted

    def __getattr__(self, name: str) -> Any:
        return getattr(self._sock, name)

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
        """From now on nothing is counted."""
        self.recv = self._sock.recv
