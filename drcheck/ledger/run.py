"""Appending: one run, from its start to its end.

Each call is one transaction, and has returned only when its facts are on the disk: a run that is killed keeps every
source that it acknowledged, and loses at most the one being written. A transaction a source costs a flush each, in
the shadow of the slower sources still being gathered; one for the whole run would lose an hour's looks to a crash
in its last second, and a lost look is a hole in the proof of absence that nothing fills later.
"""

from __future__ import annotations

import json
import os
import sqlite3
import zlib
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import replace
from hashlib import sha256
from pathlib import Path
from types import TracebackType
from typing import Any, Self

from drcheck import clock
from drcheck.core import words
from drcheck.core.history import Record
from drcheck.core.policy import Policy
from drcheck.core.verdict import Window
from drcheck.ledger import encoding
from drcheck.ledger.faults import RESTORE, LedgerError, told
from drcheck.ledger.schema import text


class Run:
    """A run going on; a context manager that marks it interrupted unless it was finished."""

    def __init__(
        self, connection: sqlite3.Connection, path: str, window: Window, *, version: str, started_at: int
    ) -> None:
        self._connection, self._path = connection, path
        self.id = _new_id(started_at)
        """Sorts by time, and no other run has it."""
        self.over = False
        """Whether it has ended."""
        with self._transaction():
            self._abandon_dead_runs(started_at)
            row = (self.id, started_at, *window, version, os.uname().nodename, os.getpid())
            self._number = connection.execute(
                "INSERT INTO run (id, started_at, window_start, as_of, version, host, pid)"
                " VALUES (?, ?, ?, ?, ?, ?, ?)",
                row,
            ).lastrowid
        # From the journal into the file itself, where whoever finds the ledger locked looks for who runs.
        with told(path):
            connection.execute("PRAGMA wal_checkpoint(PASSIVE)").fetchall()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if self.over:
            return
        try:
            self.interrupt()
        except LedgerError:
            # If the ledger is what failed, that error is on its way already; the next start will say "abandoned".
            if error is None:
                raise
        finally:
            self.over = True

    def policies(self, policies: Iterable[Policy]) -> None:
        """Keep the texts that this run judges."""
        with self._transaction() as connection:
            for policy in policies:
                body = zlib.compress(policy.text.encode("utf-8", "surrogatepass"))
                connection.execute("INSERT OR IGNORE INTO policy VALUES (?, ?)", (policy.sha256, body))
                # Absolute: the next run may start in another directory.
                row = (self._number, text(policy.service), text(str(Path(policy.file).absolute())), policy.sha256)
                connection.execute("INSERT INTO judged VALUES (?, ?, ?, ?)", row)

    def record(self, service: str, source: str, record: Record, raw: bytes = b"") -> Record:
        """Keep what one look changed, and the raw answer if there is one.

        ``source`` is the source's identity: looks at another place under the same name are not its history. Returns
        the record as kept: its look names the raw answer by its SHA-256.
        """
        digest = sha256(raw).hexdigest() if raw else ""
        look = record.look
        if (digest, len(raw)) != (look.digest, look.size):
            look = replace(look, digest=digest, size=len(raw))
            record = replace(record, look=look)
        names = (text(service), text(source))
        with self._transaction() as connection:
            if raw:
                row = (digest, zlib.compress(raw))
                connection.execute("INSERT OR IGNORE INTO raw VALUES (?, ?)", row)
            connection.execute("INSERT OR IGNORE INTO source (service, identity) VALUES (?, ?)", names)
            connection.execute(
                "INSERT INTO look (run, source, name, begin, end, asked_from, complete, calls, clock_offset, unread,"
                " appeared, gone, digest, size, record) VALUES"
                " (?, (SELECT id FROM source WHERE service = ? AND identity = ?),"
                " ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)",
                (
                    self._number, *names, text(look.source), look.begin, look.end, look.asked_from, look.complete,
                    look.calls, look.clock_offset, record.unread, len(record.appeared), len(record.gone),
                    digest or None, look.size, encoding.encode(record),
                ),
            )  # fmt: skip
        return record

    def verdicts(self, service: str, commitments: Sequence[Mapping[str, Any]]) -> None:
        """Keep what was found of each commitment, as objects of the JSON report."""
        rows = [
            (
                self._number, text(service), text(found["id"]), found["kind"], found["status"], found["waived"],
                text(found["reason"]), json.dumps(found["measured"]) if found["measured"] else None,
                json.dumps(found["breaches"]), json.dumps(found["unknowns"]),
                zlib.compress(json.dumps(found).encode()), found["attested"],
            )
            for found in commitments
        ]  # fmt: skip
        with self._transaction() as connection:
            connection.executemany(
                "INSERT INTO verdict (run, service, commitment, kind, status, waived, reason, measured, breaches,"
                " unknowns, body, attested) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)",
                rows,
            )

    def finish(self, exit_status: int) -> None:
        """Say that the run did all it had to."""
        self._end("finished", exit_status)

    def interrupt(self) -> None:
        """Say that the run was stopped before its end; what it recorded stands."""
        self._end("interrupted", None)

    def _end(self, state: str, exit_status: int | None) -> None:
        with self._transaction() as connection:
            connection.execute(
                "INSERT INTO run_event VALUES (?, ?, ?, ?)", (self._number, state, clock.now(), exit_status)
            )
        self.over = True

    @contextmanager
    def _transaction(self) -> Iterator[sqlite3.Connection]:
        connection = self._connection
        with told(self._path):
            connection.execute("BEGIN IMMEDIATE")
            try:
                yield connection
                connection.execute("COMMIT")
            except BaseException:
                # A full disk has rolled it back already; a COMMIT that failed for another reason has not.
                if connection.in_transaction:
                    connection.execute("ROLLBACK")
                raise

    def _abandon_dead_runs(self, at: int) -> None:
        """Whoever holds the lock is alone: a run without an end is one whose process died."""
        connection = self._connection
        dead = connection.execute("SELECT seq FROM run WHERE seq NOT IN (SELECT run FROM run_event)").fetchall()
        if not dead:
            return
        # After a crash the file is looked through once; SQLite's own journal has made it whole, unless the disk lied.
        answer = connection.execute("PRAGMA quick_check(1)").fetchone()[0]
        if answer != "ok":
            raise LedgerError(f"the ledger is damaged: {self._path} ({answer})", RESTORE)
        connection.executemany("INSERT INTO run_event VALUES (?, 'abandoned', ?, NULL)", [(*run, at) for run in dead])


def _new_id(started_at: int) -> str:
    moment = words.instant(started_at).translate({ord("-"): None, ord(":"): None})
    return f"{moment}-{os.urandom(4).hex()}"
