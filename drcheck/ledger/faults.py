"""SQLite's errors in words: where the ledger is, what is wrong with it and what to do."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator
from contextlib import contextmanager
from typing import ClassVar, Final

from drcheck.errors import DrcheckError

RESTORE: Final = (
    "Nothing was appended. `drcheck ledger check` lists the damage; put the ledger's last backup back, or move the "
    "file away to begin a new one."
)


class LedgerError(DrcheckError):
    """The ledger cannot be read or appended to; what was acknowledged before is untouched."""


class NoLedger(LedgerError):  # noqa: N818  a noun that reads well where it is caught
    """There is no ledger yet."""


class Busy(LedgerError):  # noqa: N818  as above
    """Another run holds the ledger: nothing was judged."""

    exit_status: ClassVar[int] = 4


_WORDS: Final = {
    sqlite3.SQLITE_CORRUPT: ("the ledger is damaged", RESTORE),
    sqlite3.SQLITE_NOTADB: ("this file is not a ledger, or its beginning is damaged", RESTORE),
    sqlite3.SQLITE_FULL: (
        "no space is left for the ledger",
        "What was recorded before is whole. Make room on its disk and run again.",
    ),
    sqlite3.SQLITE_IOERR: (
        "the ledger's disk failed",
        "What was recorded before may be whole: look at the system's log, then run `drcheck ledger check`.",
    ),
    sqlite3.SQLITE_READONLY: ("the ledger may not be written", "Let the user that runs drcheck write it."),
    sqlite3.SQLITE_CANTOPEN: (
        "the ledger cannot be opened",
        "Its directory must exist, and the user that runs drcheck must be allowed to write there.",
    ),
    sqlite3.SQLITE_PERM: ("the ledger may not be opened", "Let the user that runs drcheck read and write it."),
    sqlite3.SQLITE_BUSY: (
        "the ledger is held by another program",
        "Close what has it open for writing (an SQLite shell, a backup), then run again.",
    ),
}


@contextmanager
def told(path: str) -> Iterator[None]:
    """Raise :class:`LedgerError` in place of what a user can act on; a fault in drcheck itself passes as it is."""
    try:
        yield
    except sqlite3.DatabaseError as error:
        # An operational error without SQLite's code is text that is not UTF-8: what was written always is.
        absent = sqlite3.SQLITE_CORRUPT if isinstance(error, sqlite3.OperationalError) else 0
        known = _WORDS.get(getattr(error, "sqlite_errorcode", absent) & 0xFF)
        if known is None:
            raise
        raise LedgerError(f"{known[0]}: {path} ({error})", known[1]) from error
