"""The log in an SQLite file: one table of entries, and one of values derived from them.

WAL lets the log be read while a run appends; ``synchronous=FULL`` makes a commit outlast the machine, not only the
process. The leaf hash beside each entry is that of RFC 6962 (SHA-256 of a zero byte and the entry), so that a Merkle
tree over the entries needs nothing that is not stored. Triggers refuse to change, remove or replace an entry whoever
asks, so that no query by hand does by mistake. One thread uses a log.

Whoever only reads has one view of the file from opening to closing, whatever a run appends meanwhile: a snapshot and
the entries behind it are of the same instant.
"""

from __future__ import annotations

import os
import sqlite3
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from hashlib import sha256
from typing import Final
from urllib.parse import quote

from drcheck.ledger.errors import REBUILD, RESTORE, LedgerError, NoLedger, damaged
from drcheck.ledger.interface import Stored
from drcheck.ledger.sqlite.faults import raised
from drcheck.ledger.sqlite.lock import RunLock
from drcheck.ledger.sqlite.tables import SCHEMA, altered, can_mend, put_in_order

APPLICATION_ID: Final = 0x64726368
"""``drch``: tells a ledger from every other SQLite file (``PRAGMA application_id``)."""
SCHEMA_VERSION: Final = 1
"""``PRAGMA user_version``."""
_BUSY_SECONDS: Final = 10.0
"""How long to wait for another program's write. Only a reader by hand can be in the way: runs hold the lease."""
_ROWS: Final = 256
"""Entries read from the file at a time."""


class SqliteLog:
    """An open log; see :class:`drcheck.ledger.interface.Log`."""

    def __init__(self, path: str, *, read_only: bool = False, mend: bool = False) -> None:
        """Open it; ``mend``: put in order what of the schema was altered and is not the entries' own table."""
        self.path = path
        # Before SQLite looks at the file: through a second name for it, it would not see what the other one writes.
        self._lock = None if read_only else RunLock(path)
        try:
            with raised(path):
                self.connection = _open(path, read_only=read_only)
                try:
                    self._prepare(read_only=read_only, mend=mend)
                except BaseException:
                    self.connection.close()
                    raise
        except BaseException:
            self._unlock()
            raise

    @property
    def count(self) -> int:
        """How many entries there are."""
        with raised(self.path):
            rows = self.connection.execute("SELECT count, (SELECT max(number) FROM entry) FROM head").fetchall()
        if len(rows) != 1 or not isinstance(rows[0][0], int):
            raise self._damaged("it does not say how many entries it has")
        ((count, last),) = rows
        if count != (last or 0):
            raise self._damaged(f"it should have {count} entries, and the last one is {last}")
        return int(count)

    def append(self, entries: Sequence[bytes]) -> int:
        """Add entries, all or none, and return the number of the last one; they are on the disk when it returns."""
        with self._transaction() as connection:
            count = self.count
            rows = [(count + number, data, leaf(data)) for number, data in enumerate(entries, 1)]
            connection.executemany("INSERT INTO entry VALUES (?, ?, ?)", rows)
            connection.execute("UPDATE head SET count = ?", (count + len(rows),))
        return count + len(rows)

    def read(self, after: int = 0, upto: int | None = None) -> Iterator[Stored]:
        """Yield the entries after number ``after``, up to and with number ``upto``, in order, each checked."""
        last = self.count if upto is None else upto
        expected = after + 1
        while expected <= last:
            question = "SELECT number, bytes, leaf FROM entry WHERE number >= ? AND number <= ? ORDER BY number LIMIT ?"
            with raised(self.path):
                rows = self.connection.execute(question, (expected, last, _ROWS)).fetchall()
            if not rows:
                raise self._damaged(f"entry {expected} is missing")
            for number, data, its_leaf in rows:
                if number != expected:
                    raise self._damaged(f"entry {expected} is missing")
                if not isinstance(data, bytes) or leaf(data) != its_leaf:
                    raise self._damaged(f"entry {number} is not what was written")
                yield Stored(number, data)
                expected += 1

    def keep(self, derived: dict[str, bytes]) -> None:
        """Keep derived values by name, in place of those of the same names."""
        named = ((_name(name), data) for name, data in derived.items())
        rows = [(name, data, _derived_digest(name, data)) for name, data in named]
        with self._transaction() as connection:
            connection.executemany("INSERT OR REPLACE INTO derived VALUES (?, ?, ?)", rows)

    def kept(self, name: str) -> bytes | None:
        """Return a derived value; None: there is none, or it is damaged."""
        try:
            row = self.connection.execute(
                "SELECT name, bytes, sha256 FROM derived WHERE name = ?", (_name(name),)
            ).fetchone()
        except sqlite3.DatabaseError:
            return None  # all of it is in the entries as well
        data: bytes | None = row[1] if row is not None and row[0] == _name(name) and _is_whole(*row) else None
        return data

    def forget(self) -> None:
        """Drop everything that is derived."""
        with self._transaction() as connection:
            connection.execute("DELETE FROM derived")

    def checkpoint(self) -> None:
        """Move what was appended from SQLite's journal into the file itself, where others look for who runs."""
        with raised(self.path):
            self.connection.execute("PRAGMA wal_checkpoint(PASSIVE)").fetchall()

    def damage(self) -> Iterator[str]:
        """Yield what is damaged in its entries, and in how they are stored, in words; reads all of it."""
        try:
            with raised(self.path):
                answers = self.connection.execute("PRAGMA integrity_check").fetchall()
            yield from (str(answer) for (answer,) in answers if answer != "ok")
            for _ in self.read():
                pass
        except LedgerError as error:
            yield error.message

    def lost(self) -> Iterator[str]:
        """Yield the names of derived values that are damaged."""
        with raised(self.path):
            for row in self.connection.execute("SELECT name, bytes, sha256 FROM derived"):
                if not _is_whole(*row):
                    yield row[0].decode("utf-8", "replace") if isinstance(row[0], bytes) else str(row[0])

    def close(self) -> None:
        """Let go of the file."""
        self.connection.close()
        self._unlock()

    def _unlock(self) -> None:
        if self._lock is not None:
            self._lock.release()
            self._lock = None

    @contextmanager
    def _transaction(self) -> Iterator[sqlite3.Connection]:
        connection = self.connection
        with raised(self.path):
            connection.execute("BEGIN IMMEDIATE")
            try:
                yield connection
                connection.execute("COMMIT")
            except BaseException:
                # A full disk has rolled it back already; a COMMIT that failed for another reason has not.
                if connection.in_transaction:
                    connection.execute("ROLLBACK")
                raise

    def _prepare(self, *, read_only: bool, mend: bool) -> None:
        connection = self.connection
        if read_only:
            connection.execute("BEGIN")
        tables = connection.execute("SELECT count(*) FROM sqlite_schema").fetchone()[0]
        application = connection.execute("PRAGMA application_id").fetchone()[0]
        version = connection.execute("PRAGMA user_version").fetchone()[0]
        if application != APPLICATION_ID and (version or tables):
            raise LedgerError(
                f"this file is another program's database, not a ledger: {self.path}",
                "Name another file under `ledger:` in drcheck.yaml.",
            )
        if tables and version < SCHEMA_VERSION:
            raise self._damaged("it does not say which schema it has")
        if version > SCHEMA_VERSION:
            raise LedgerError(
                f"the ledger is of a newer drcheck: {self.path} has schema {version}, this one knows {SCHEMA_VERSION}",
                "Use the newer drcheck, or name another file under `ledger:` in drcheck.yaml.",
            )
        if not read_only:
            connection.execute("PRAGMA journal_mode = WAL")
            connection.execute("PRAGMA synchronous = FULL")
            _create(connection)
        elif not tables and not version:
            raise NoLedger(f"there is nothing in the ledger yet: {self.path}", "`drcheck verify` begins it.")
        if mend and altered(connection):
            with self._transaction():
                put_in_order(connection)
        if found := altered(connection):
            hint = (
                f"Nothing was appended. {REBUILD}, and leaves the entries as they are." if can_mend(found) else RESTORE
            )
            raise damaged(f"its schema was altered: {', '.join(map(str, found))}", self.path, hint)

    def _damaged(self, what: str) -> LedgerError:
        return damaged(what, self.path)


def leaf(data: bytes) -> bytes:
    """Return the leaf hash of an entry (RFC 6962, section 2.1)."""
    return sha256(b"\x00" + data).digest()


def _name(name: str) -> bytes:
    return name.encode("utf-8", "surrogatepass")


def _derived_digest(name: bytes, data: bytes) -> bytes:
    return sha256(name + b"\x00" + data).digest()


def _is_whole(name: object, data: object, digest: object) -> bool:
    """Return whether a row of derived values is what was written; a flipped bit can change its types as well."""
    return isinstance(name, bytes) and isinstance(data, bytes) and _derived_digest(name, data) == digest


def _open(path: str, *, read_only: bool) -> sqlite3.Connection:
    mode = "rwc" if not read_only else "ro&immutable=1" if _unchanging(path) else "rw" if _is_tidy(path) else "ro"
    address = f"file:{quote(path)}?mode={mode}"
    connection = sqlite3.connect(address, uri=True, isolation_level=None, timeout=_BUSY_SECONDS)
    if read_only:
        connection.execute("PRAGMA query_only = ON")
    return connection


def _is_tidy(path: str) -> bool:
    """Return whether a reader that may write had better be allowed to take away the files that reading makes.

    Without that SQLite leaves them there, as this user's: the one that runs at night may not be able to write to them.
    """
    return os.access(path, os.W_OK) and not os.path.exists(f"{os.path.realpath(path)}-wal")  # noqa: PTH110


def _unchanging(path: str) -> bool:
    """Return whether a ledger to be read lies where nothing can be written, as on a read-only mount.

    SQLite would make its files beside it there, and could not; without a journal all there is stands in the file.
    """
    real = os.path.realpath(path)
    return not os.access(os.path.dirname(real), os.W_OK) and not os.path.exists(f"{real}-wal")  # noqa: PTH110, PTH120


def _create(connection: sqlite3.Connection) -> None:
    """Make a ledger of an empty file, in one transaction."""
    if connection.execute("PRAGMA user_version").fetchone()[0] == SCHEMA_VERSION:
        return
    try:
        # executescript is the one way to run many statements; both pragmas are part of the file's header and so of
        # the transaction.
        connection.executescript(
            f"BEGIN IMMEDIATE; {SCHEMA}"
            f"PRAGMA application_id = {APPLICATION_ID}; PRAGMA user_version = {SCHEMA_VERSION}; COMMIT;"
        )
    except sqlite3.OperationalError:
        connection.rollback()
        if connection.execute("PRAGMA user_version").fetchone()[0] != SCHEMA_VERSION:
            raise  # otherwise another process was first
