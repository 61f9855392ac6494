"""The part of SFTP that reads. Nothing else of paramiko's client is reachable through it."""

from __future__ import annotations

import errno
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import NoReturn

import paramiko

from drcheck.collectors.confine import shown
from drcheck.collectors.ssh_connection import SILENCE, Talk
from drcheck.interfaces import CollectorError, NotFound

_REQUESTS = 64
"""How many pieces of a file are asked for at once; servers queue what they cannot answer yet in memory."""


class ReadOnlySftp:
    """One SFTP session in a channel of its own, bounded by the deadline of its source."""

    def __init__(self, talk: Talk, count: Callable[[], None]) -> None:
        self._talk = talk
        self._count = count
        with self._asking(""):
            talk.channel.invoke_subsystem("sftp")
            self._client = paramiko.SFTPClient(talk.channel)

    @contextmanager
    def _asking(self, path: str) -> Iterator[None]:
        """Bound one question, and turn its faults into errors that say what to do."""
        self._count()
        self._talk.channel.settimeout(self._talk.deadline.left(SILENCE))
        try:
            yield
        except UnicodeDecodeError:
            raise CollectorError(
                f"below {shown(path)} on {self._talk.host.connection.host} lies a name that is no UTF-8",
                "Rename it, or let the account run GNU find, which can tell such names.",
            ) from None
        except (paramiko.SSHException, EOFError, OSError) as error:
            self._fail(path, error)

    def _fail(self, path: str, error: Exception) -> NoReturn:
        where = f"{shown(path)} on {self._talk.host.connection.host}"
        match error:
            case OSError(errno=errno.ENOENT):
                raise NotFound(f"there is no {where}", "Check `root` of the connection and the policy's `at`.")
            case OSError(errno=errno.EACCES):
                raise CollectorError(
                    f"{where} may not be read", f"Let the account {self._talk.host.connection.user} read it."
                ) from None
            case OSError(args=("Failure" | "Operation unsupported",)):
                raise CollectorError(f"{where} cannot be read", "See the host's own log and its disk.") from None
            case _:
                self._talk.host.fail(self._talk.deadline, error)

    def real_path(self, path: str) -> str:
        """Return ``path`` with every link in it followed, the last part too."""
        with self._asking(path):
            return self._client.normalize(path)

    def status(self, path: str) -> paramiko.SFTPAttributes:
        """Return what ``path`` itself is; a link is a link."""
        with self._asking(path):
            return self._client.lstat(path)

    def directory(self, path: str) -> Iterator[paramiko.SFTPAttributes]:
        """Yield what lies in a directory; many answers are on their way at once."""
        with self._asking(path):
            for entry in self._client.listdir_iter(path):
                yield entry
                self._talk.deadline.left()

    def read(self, path: str, offset: int, at_most: int) -> tuple[paramiko.SFTPAttributes, bytes]:
        """Return what the file that was opened is, and up to ``at_most`` bytes of it."""
        with self._asking(path), self._client.open(path, "rb") as file:
            status = file.stat()
            size = status.st_size or 0
            start = max(0, size + offset) if offset < 0 else offset
            length = min(at_most, size - start)
            # asked for all at once: piece by piece, each 32 KiB would cost a round trip
            return status, b"".join(file.readv([(start, length)], _REQUESTS)) if length > 0 else b""
