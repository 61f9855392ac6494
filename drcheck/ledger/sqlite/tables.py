"""The schema of a ledger in SQLite: what it must be, what of a file's own is not so, and making that anew.

The entries and their number are the ledger; all else around them can be made anew.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Iterable
from contextlib import closing
from typing import Final

SCHEMA: Final = """
CREATE TABLE entry (
  number  INTEGER PRIMARY KEY,  -- from 1, without holes
  bytes   BLOB NOT NULL,
  leaf    BLOB NOT NULL         -- SHA-256 of 0x00 and the bytes (RFC 6962)
) STRICT;
CREATE TABLE head (
  one    INTEGER PRIMARY KEY CHECK (one = 1),
  count  INTEGER NOT NULL       -- entries: without this, nothing would tell that the last ones are lost
) STRICT;
CREATE TABLE derived (
  name    BLOB NOT NULL PRIMARY KEY,  -- text in UTF-8
  bytes   BLOB NOT NULL,              -- many are of 2 kB: two share a page, which they would not without rowids
  sha256  BLOB NOT NULL               -- of the name, 0x00 and the bytes
) STRICT;
-- INSERT OR REPLACE removes a row without asking a trigger that refuses DELETE.
CREATE TRIGGER entry_is_new BEFORE INSERT ON entry WHEN NEW.number <= (SELECT count FROM head)
BEGIN SELECT RAISE(ABORT, 'the ledger is append-only'); END;
CREATE TRIGGER entry_keeps_rows BEFORE UPDATE ON entry BEGIN SELECT RAISE(ABORT, 'the ledger is append-only'); END;
CREATE TRIGGER entry_keeps_all BEFORE DELETE ON entry BEGIN SELECT RAISE(ABORT, 'the ledger is append-only'); END;
INSERT INTO head VALUES (1, 0);
"""


_MENDED: Final = ("trigger ", "index ", "view ", "table derived", "table sqlite_stat")
"""Beginnings of what can be made anew, or goes: not entries, their number, or tables that somebody else put there."""


def altered(connection: sqlite3.Connection) -> dict[str, str | None]:
    """Return what of the schema is missing, was added, or is not as it was made.

    Each comes with the statement that makes it as it should be; None: it should not be there.
    """
    question = "SELECT type || ' ' || name, sql FROM sqlite_schema"
    with closing(sqlite3.connect(":memory:")) as made:
        made.executescript(SCHEMA)
        expected: dict[str, str] = dict(made.execute(question).fetchall())
    found = dict(connection.execute(question).fetchall())
    names = sorted(expected.keys() | found.keys(), key=str)
    return {name: expected.get(name) for name in names if expected.get(name) != found.get(name)}


def can_mend(names: Iterable[str]) -> bool:
    """Return whether all that was altered can be made anew."""
    return all(str(name).startswith(_MENDED) for name in names)


def put_in_order(connection: sqlite3.Connection) -> None:
    """Make anew what was altered and can be made anew; the entries stay as they are."""
    for name, statement in altered(connection).items():
        if can_mend([name]):
            kind, _, own = name.partition(" ")
            quoted = own.replace('"', '""')
            connection.execute(f'DROP {kind} IF EXISTS "{quoted}"')
            if statement is not None:
                connection.execute(statement)
