"""The run lock: two runs at once would each miss what the other records."""

from __future__ import annotations

import errno
import fcntl
import os

from drcheck.ledger.faults import Busy, LedgerError


class RunLock:
    """A lock on a file beside the ledger, held by this process until :meth:`release` or its death.

    flock belongs to the open file, so it goes with its process however that ends, SIGKILL included, and refuses a
    second run of the same process too. The file is never removed: whoever waits for one that was removed and made
    anew would hold a lock that nobody else sees.
    """

    def __init__(self, ledger: str) -> None:
        self._path = f"{ledger}.lock"
        try:
            self._file = os.open(self._path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o644)
        except OSError as error:
            raise LedgerError(
                f"the ledger's lock cannot be opened: {self._path} ({error.strerror})",
                "Let the user that runs drcheck write the ledger's directory.",
            ) from error
        try:
            fcntl.flock(self._file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError as error:
            os.close(self._file)
            if error.errno in {errno.EWOULDBLOCK, errno.EACCES}:
                raise Busy("another run is going on", "Wait until it has ended, or stop it.") from error
            raise LedgerError(
                f"the ledger's lock cannot be taken: {self._path} ({error.strerror})",
                "Keep the ledger on a file system that can lock files.",
            ) from error

    def release(self) -> None:
        """Let the next run begin."""
        os.close(self._file)
