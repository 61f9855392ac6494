"""On what a ledger stands: whether its file could be written and locked, learnt without touching it."""

from __future__ import annotations

import errno
import fcntl
import os

from drcheck.errors import os_reason
from drcheck.ledger.interface import Footing


def footing(path: str) -> Footing:
    """Return what a run that appends to the ledger at ``path`` would find.

    Locks are tried on a file without a name (O_TMPFILE), in the ledger's directory: one on the ledger itself could turn
    a run away that begins at that moment.
    """
    directory = os.path.dirname(os.path.realpath(path))  # noqa: PTH120  paths are text here
    try:
        disk = os.statvfs(directory)
    except OSError as error:
        return Footing(f"its directory {directory} cannot be used: {os_reason(error)}", 0, 0, None)
    there = os.path.exists(path)  # noqa: PTH110
    unwritable = ""
    if not os.access(directory, os.W_OK | os.X_OK):
        unwritable = f"nothing may be written in {directory}, and SQLite makes files of its own beside it"
    elif there and not os.access(path, os.R_OK | os.W_OK):
        unwritable = f"{path} may not be written"
    size = os.stat(path).st_size if there else 0  # noqa: PTH116
    return Footing(unwritable, size, disk.f_bavail * disk.f_frsize, None if unwritable else _locks(directory))


def _locks(directory: str) -> bool | None:
    """Return whether files there can be locked; None: that cannot be tried without a file that has a name."""
    try:
        file = os.open(directory, os.O_TMPFILE | os.O_RDWR | os.O_CLOEXEC, 0o600)
    except OSError:
        return None
    try:
        fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except OSError as error:
        return None if error.errno == errno.EWOULDBLOCK else False
    finally:
        os.close(file)
    return True
