"""SQLite's errors in words: where the ledger is, what is wrong with it and what to do."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Final

from drcheck.ledger.errors import RESTORE, DamagedLedger, LedgerError

_DAMAGED: Final = ("the ledger is damaged", RESTORE)
_WORDS: Final = {
    sqlite3.SQLITE_NOTADB: ("this file is not a ledger, or its beginning is damaged", RESTORE),
    sqlite3.SQLITE_FULL: (
        "no space is left for the ledger",
        "What was recorded before is whole. Make room on its disk and run again.",
    ),
    sqlite3.SQLITE_IOERR: (
        "the ledger's disk failed, or is full",
        "Make room where the ledger lies; if there is room, look at the system's log. Then run `drcheck ledger check`.",
    ),
    sqlite3.SQLITE_READONLY: ("the ledger may not be written", "Let the user that runs drcheck write it."),
    sqlite3.SQLITE_CANTOPEN: (
        "the ledger cannot be opened",
        "Its directory must exist and be writable for drcheck; else copy the ledger, with the -wal file beside it.",
    ),
    sqlite3.SQLITE_PERM: ("the ledger may not be opened", "Let the user that runs drcheck read and write it."),
    sqlite3.SQLITE_BUSY: (
        "the ledger is held by another program",
        "Close what has it open for writing (an SQLite shell, a backup), then run again.",
    ),
}


@contextmanager
def raised(path: str) -> Iterator[None]:
    """Raise :class:`LedgerError` in place of what SQLite cannot do with the file.

    All statements stand in the code and fit the schema, so that whatever else SQLite says of one of them comes from
    the file: a flipped bit can make a column, a type or the file's format another one. A wrong use of the module itself
    is a fault in drcheck, and passes as it is.
    """
    try:
        yield
    except sqlite3.ProgrammingError:
        raise
    except sqlite3.DatabaseError as error:
        # Text that is not UTF-8 is an operational error without SQLite's code: what was written always is.
        what, hint = _WORDS.get(getattr(error, "sqlite_errorcode", 0) & 0xFF, _DAMAGED)
        kind = DamagedLedger if hint is RESTORE else LedgerError
        raise kind(f"{what}: {path} ({error})", hint) from error
    except UnicodeDecodeError as error:  # SQLite quotes what it cannot read of the schema
        raise DamagedLedger(f"{_DAMAGED[0]}: {path} ({error})", RESTORE) from error
