"""The run lock: two runs at once would each miss what the other records."""

from __future__ import annotations

import errno
import fcntl
import os
import sqlite3
from contextlib import closing
from typing import Final
from urllib.parse import quote

from drcheck.core import words
from drcheck.ledger import encoding, entries
from drcheck.ledger.errors import Busy, LedgerError
from drcheck.ledger.look_columns import Damaged

_HINT: Final = "Wait until it has ended, or stop it."
_held: Final[set[tuple[int, int]]] = set()
"""Device and number of the files that this process has locked."""


class RunLock:
    """A lock on the ledger's own file, held by this process until :meth:`release` or its death.

    It is the file that is locked and not its name: whatever path or link leads to it, there is one lock. flock belongs
    to the open file, so it goes with its process however that ends, SIGKILL included. SQLite's own locks are of another
    sort and live beside it, with one catch: a process that closes any of its descriptors of a file loses all of
    SQLite's locks on it (https://sqlite.org/howtocorrupt.html). So the lock is taken before SQLite opens the file and
    let go after SQLite has closed it, and a file that this process has locked is not opened a second time.
    """

    def __init__(self, path: str) -> None:
        """Take the lock; a file that is not there is made, empty.

        Raises :class:`Busy` with who holds it, and :class:`LedgerError` where the file system cannot lock. A file that
        cannot be opened for writing needs no lock: SQLite says why.
        """
        self._file: int | None = None
        try:
            if _number(os.stat(path)) in _held:  # noqa: PTH116  paths are text here
                raise Busy(_told(path), _HINT)
        except OSError:
            pass  # it is made below, or cannot be
        try:
            file = os.open(path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC | os.O_NONBLOCK, 0o644)
        except OSError:
            return
        try:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError as error:
            os.close(file)
            if error.errno in {errno.EWOULDBLOCK, errno.EACCES}:
                raise Busy(_told(path), _HINT) from error
            raise LedgerError(
                f"the ledger cannot be locked: {path} ({error.strerror})",
                "Keep the ledger on a file system that can lock files.",
            ) from error
        status = os.fstat(file)
        if status.st_nlink > 1 and _died_elsewhere(path):
            os.close(file)
            raise LedgerError(
                f"a run of this ledger died under another of its names, and what it recorded lies beside that: {path}",
                "Run drcheck by the name that has a -wal file beside it; where none has, remove every name but one.",
            )
        self._file, self._key = file, _number(status)
        _held.add(self._key)

    def release(self) -> None:
        """Let the next run begin; SQLite has closed the file."""
        if self._file is not None:
            _held.discard(self._key)
            os.close(self._file)
            self._file = None


def _number(status: os.stat_result) -> tuple[int, int]:
    return status.st_dev, status.st_ino


def _told(path: str) -> str:
    who = _holder(path)
    return f"another run holds the ledger{f': {who}' if who else ''}; nothing was judged"


def _holder(path: str) -> str:
    """Return who holds the ledger and since when; empty where nobody knows."""
    if (row := _going_on(path)) is None:
        return ""  # it holds the lock and has not written its row yet
    pid, host, since = row
    if host == os.uname().nodename and not _lives(pid):
        return ""  # that one died, and whoever holds the lock now has not said so yet
    return f"process {pid} on {host}, since {words.instant(since)}"


def _died_elsewhere(path: str) -> bool:
    """Return whether a run without an end left no journal beside this name of a file that has several."""
    return not os.path.exists(f"{os.path.realpath(path)}-wal") and _going_on(path) is not None  # noqa: PTH110


def _going_on(path: str) -> tuple[int, str, int] | None:
    """Return process, host and start of the newest run without an end, if there is one.

    The file is read as it stands on the disk, without SQLite's own journal: through a second name for the file SQLite
    would look for that one under the wrong name, and make one.
    """
    try:
        address = f"file:{quote(path)}?mode=ro&immutable=1"
        with closing(sqlite3.connect(address, uri=True)) as connection:
            for (data,) in connection.execute("SELECT bytes FROM entry ORDER BY number DESC"):
                if not isinstance(data, bytes):
                    return None  # a flipped bit can change its type as well
                if encoding.is_of(data, entries.RunEnded.KIND):
                    return None
                if encoding.is_of(data, entries.RunBegan.KIND):
                    began = encoding.decode(data)
                    return (began.pid, began.host, began.started_at) if isinstance(began, entries.RunBegan) else None
    except (sqlite3.Error, Damaged):
        pass  # it is no ledger, is just being made, or is being written to this very moment
    return None


def _lives(pid: int) -> bool:
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    except OSError:
        return True
    return True
