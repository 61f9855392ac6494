"""The ledger as SQLite keeps it: opening and reading; :mod:`drcheck.ledger.run` appends.

WAL lets history be read while a run writes; ``synchronous=FULL`` makes a commit outlast the machine, not only the
process. One thread uses a ledger.
"""

from __future__ import annotations

import json
import os
import sqlite3
import zlib
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from datetime import datetime
from hashlib import sha256
from itertools import groupby
from operator import itemgetter
from types import TracebackType
from typing import Any, Final, NamedTuple, Self
from urllib.parse import quote

from drcheck.core.evidence import Look
from drcheck.core.history import Record
from drcheck.core.verdict import Opening, Window
from drcheck.errors import UsageError
from drcheck.ledger import encoding, schema
from drcheck.ledger.faults import RESTORE, LedgerError, NoLedger, told
from drcheck.ledger.lock import RunLock
from drcheck.ledger.run import Run

_SCHEME: Final = "sqlite:///"
_BUSY_SECONDS: Final = 10.0
"""How long to wait for another program's write. Only one used by hand can be in the way: drcheck holds the run lock."""


class Key(NamedTuple):
    """A place that was looked at for a service."""

    service: str
    source: str
    """The source's identity, as the run gave it."""


class PastRun(NamedTuple):
    """A run of the past, or the one going on."""

    id: str
    started_at: int
    window: Window
    version: str
    host: str
    pid: int
    state: str
    """``running`` (or dead, and not yet marked), ``finished``, ``interrupted`` or ``abandoned``."""
    ended_at: int | None
    exit_status: int | None


class PastVerdict(NamedTuple):
    """What a run found of one commitment."""

    service: str
    commitment: str
    kind: str
    run: str
    window: Window
    status: str | None
    """``met``, ``breached``, ``unknown``; None: nothing was owed yet."""
    waived: bool
    reason: str
    measured: dict[str, Any] | None
    breaches: tuple[Opening, ...]
    unknowns: tuple[Opening, ...]
    attested: bool = False
    """Whether what was met rested on the dated word of a named owner alone."""


class PastPolicy(NamedTuple):
    """A policy's text that was judged, and when."""

    service: str
    file: str
    sha256: str
    first_seen: int
    last_seen: int


def open_ledger(url: str, *, read_only: bool = False) -> Ledger:
    """Open the ledger at ``url``: ``sqlite:///PATH``, where four slashes begin an absolute path.

    A new file becomes a ledger, unless ``read_only``: then a missing one raises :class:`NoLedger`. Only one process
    writes at a time: raises :class:`Busy` with who does and since when. Raises UsageError for a URL of another kind,
    :class:`LedgerError` for a file that is damaged, no ledger, or newer than this drcheck.
    """
    if not url.startswith(_SCHEME) or not url.removeprefix(_SCHEME):
        scheme = url.partition(":")[0]
        known = "PostgreSQL ledgers are not supported yet" if scheme.startswith("postgres") else "this is no ledger URL"
        raise UsageError(f"{known}: {scheme}:…", "Write `ledger: sqlite:///drcheck.db` in drcheck.yaml.")
    path = url.removeprefix(_SCHEME)
    if read_only and not os.path.exists(path):  # noqa: PTH110  paths are text here, as the configuration has them
        raise NoLedger(f"there is no ledger yet: {path}", "`drcheck verify` begins one.")
    return Ledger(path, read_only=read_only)


class Ledger:
    """An open ledger; a context manager that closes it."""

    def __init__(self, path: str, *, read_only: bool = False) -> None:
        self.path = path
        self._run: Run | None = None
        # Before SQLite looks at the file: through a second name for it, it would not see what the other one writes.
        self._lock = None if read_only else RunLock(path)
        try:
            self.connection = self._open(path, read_only=read_only)
        except BaseException:
            self._unlock()
            raise

    def _open(self, path: str, *, read_only: bool) -> sqlite3.Connection:
        with told(path):
            mode = "rwc" if not read_only else "ro&immutable=1" if _unchanging(path) else "ro"
            address = f"file:{quote(path)}?mode={mode}"
            connection = sqlite3.connect(address, uri=True, isolation_level=None, timeout=_BUSY_SECONDS)
            try:
                self._prepare(connection, read_only=read_only)
            except BaseException:
                connection.close()
                raise
            return connection

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    def close(self) -> None:
        """Let go of the file; an open run is left as it is, for the next start to find."""
        self.connection.close()
        self._unlock()

    def _unlock(self) -> None:
        if self._lock is not None:
            self._lock.release()
            self._lock = None

    def start(self, window: Window, *, version: str, started_at: int) -> Run:
        """Begin a run that judges ``window``, after the one before it has ended.

        Runs whose process died are marked abandoned first. Raises :class:`LedgerError` if the ledger is damaged.
        """
        if self._run is not None and not self._run.over:
            raise RuntimeError("a run of this ledger is still going on")
        self._run = Run(self.connection, self.path, window, version=version, started_at=started_at)
        return self._run

    def histories(self, keys: Iterable[Key]) -> dict[Key, list[Record]]:
        """Return the records of each of ``keys``, oldest first, ready for ``History.of``; all in one query."""
        found: dict[Key, list[Record]] = {key: [] for key in keys}
        rows = self._rows("SELECT id, service, identity FROM source")
        asked = {(schema.text(key.service), schema.text(key.source)): key for key in found}
        wanted = {number: asked[service, source] for number, service, source in rows if (service, source) in asked}
        question = (
            "SELECT id, source, unread, record, name, begin, end, asked_from, clock_offset, calls, digest, size"
            " FROM look WHERE source IN (SELECT value FROM json_each(?)) ORDER BY source, id"
        )
        for number, source, unread, record, name, begin, end, asked, offset, calls, digest, size in self._rows(
            question, json.dumps(list(wanted))
        ):
            look = Look(name, begin, end, asked, clock_offset=offset, calls=calls, digest=digest or "", size=size)
            with self._undamaged(f"record {number} of {wanted[source].service}"):
                found[wanted[source]].append(encoding.decode(record, look, unread))
        return found

    def history(self, service: str, source: str) -> Iterator[Record]:
        """Yield the records of one source, oldest first."""
        yield from self.histories([Key(service, source)])[Key(service, source)]

    def raw(self, digest: str) -> bytes:
        """Return the raw answer with that SHA-256; raises KeyError if none was kept."""
        for (kept,) in self._rows("SELECT bytes FROM raw WHERE digest = ?", digest):
            with self._undamaged(f"raw answer {digest}"):
                data = zlib.decompress(kept)
                if sha256(data).hexdigest() != digest:
                    raise encoding.Damaged("its hash is another")
            return data
        raise KeyError(digest)

    def counts(self) -> dict[str, int]:
        """Return how many rows each table has."""
        # The names are the schema's own.
        return {name: self._rows(f"SELECT count(*) FROM {name}")[0][0] for name in schema.TABLES}  # noqa: S608

    def runs(self) -> list[PastRun]:
        """Return all runs, oldest first."""
        rows = self._rows(
            "SELECT id, started_at, window_start, as_of, version, host, pid, state, at, exit_status"
            " FROM run LEFT JOIN run_event ON run_event.run = run.seq ORDER BY seq"
        )
        return [
            PastRun(run, started_at, Window(start, end), version, host, pid, state or "running", at, exit_status)
            for run, started_at, start, end, version, host, pid, state, at, exit_status in rows
        ]

    def policies(self) -> list[PastPolicy]:
        """Return the policy texts judged, by service, in order of time; one that came back stands twice."""
        rows = self._rows(
            "SELECT service, file, sha256, started_at FROM judged JOIN run ON run.seq = run ORDER BY service, run.seq"
        )
        stretches = (
            (text, [started for *_, started in those]) for text, those in groupby(rows, key=itemgetter(0, 1, 2))
        )
        return [PastPolicy(text[0], text[1], text[2], starts[0], starts[-1]) for text, starts in stretches]

    def policy_text(self, digest: str) -> str:
        """Return the policy text with that SHA-256; raises KeyError if it was never judged."""
        for (kept,) in self._rows("SELECT text FROM policy WHERE sha256 = ?", digest):
            with self._undamaged(f"policy {digest}"):
                return zlib.decompress(kept).decode("utf-8", "surrogatepass")
        raise KeyError(digest)

    def retire(self, service: str, at: int, reason: str) -> None:
        """Say that ``service`` is promised no more. A policy of it that is judged later brings it back."""
        with told(self.path):
            row = (schema.text(service), at, schema.text(reason))
            self.connection.execute("INSERT INTO retirement (service, at, reason) VALUES (?, ?, ?)", row)

    def retirements(self) -> dict[str, int]:
        """Return when each retired service was last retired."""
        return dict(self._rows("SELECT service, max(at) FROM retirement GROUP BY service"))

    def verdicts(self, service: str = "", commitment: str = "", *, since: int | None = None) -> Iterator[PastVerdict]:
        """Yield verdicts by service and commitment, of the oldest instant judged first; empty: all."""
        rows = self._rows(
            "SELECT service, commitment, kind, run.id, window_start, as_of, status, waived, reason, measured,"
            " breaches, unknowns, attested FROM verdict JOIN run ON run.seq = verdict.run"
            " WHERE (? = '' OR service = ?) AND (? = '' OR commitment = ?) AND (? IS NULL OR as_of >= ?)"
            " ORDER BY service, commitment, as_of, seq",
            service, service, commitment, commitment, since, since,
        )  # fmt: skip
        for of, promise, kind, run, start, end, status, waived, reason, measured, breaches, unknowns, attested in rows:
            with self._undamaged(f"verdict on {promise} of {of} in run {run}"):
                verdict = PastVerdict(
                    of, promise, kind, run, Window(start, end), status, bool(waived), reason,
                    json.loads(measured) if measured else None, _openings(breaches), _openings(unknowns),
                    bool(attested),
                )  # fmt: skip
            yield verdict

    def verdict(self, run: str, service: str, commitment: str) -> dict[str, Any]:
        """Return the whole verdict as the run's JSON report had it; raises KeyError if there is none."""
        question = (
            "SELECT body FROM verdict JOIN run ON run.seq = run WHERE run.id = ? AND service = ? AND commitment = ?"
        )
        for (body,) in self._rows(question, run, service, commitment):
            with self._undamaged(f"verdict on {commitment} of {service} in run {run}"):
                found: dict[str, Any] = json.loads(zlib.decompress(body))
                return found
        raise KeyError((run, service, commitment))

    def services(self) -> list[str]:
        """Return every service that was ever judged."""
        return [name for (name,) in self._rows("SELECT DISTINCT service FROM judged ORDER BY service")]

    def _rows(self, question: str, *values: object) -> list[Any]:
        with told(self.path):
            return self.connection.execute(question, values).fetchall()

    @contextmanager
    def _undamaged(self, what: str) -> Iterator[None]:
        try:
            yield
        except encoding.UNREADABLE as error:
            raise LedgerError(f"the ledger is damaged: {what} in {self.path} ({error})", RESTORE) from error

    def _prepare(self, connection: sqlite3.Connection, *, read_only: bool) -> None:
        version, known = schema.user_version(connection), len(schema.MIGRATIONS)
        application = connection.execute("PRAGMA application_id").fetchone()[0]
        tables = connection.execute("SELECT count(*) FROM sqlite_schema").fetchone()[0]
        if application != schema.APPLICATION_ID and (version or tables):
            raise LedgerError(
                f"this file is another program's database, not a ledger: {self.path}",
                "Name another file under `ledger:` in drcheck.yaml.",
            )
        if version > known:
            raise LedgerError(
                f"the ledger is of a newer drcheck: {self.path} has schema {version}, this drcheck knows {known}",
                "Use the newer drcheck, or name another file under `ledger:` in drcheck.yaml.",
            )
        connection.execute("PRAGMA foreign_keys = ON")
        if read_only:
            if not tables:
                raise NoLedger(f"there is nothing in the ledger yet: {self.path}", "`drcheck verify` begins it.")
            if version < known:
                raise LedgerError(
                    f"the ledger is of an older drcheck: {self.path} has schema {version}, this drcheck has {known}",
                    "The next `drcheck verify` brings it up to date.",
                )
            return
        # Without these, INSERT OR REPLACE would delete a fact without asking the triggers.
        connection.execute("PRAGMA recursive_triggers = ON")
        connection.execute("PRAGMA journal_mode = WAL")
        connection.execute("PRAGMA synchronous = FULL")
        schema.migrate(connection)


def _unchanging(path: str) -> bool:
    """Return whether a ledger to be read lies where nothing can be written, as on a read-only mount.

    SQLite would make its files beside it there, and could not; without a journal all there is stands in the file.
    """
    real = os.path.realpath(path)
    return not os.access(os.path.dirname(real), os.W_OK) and not os.path.exists(f"{real}-wal")  # noqa: PTH110, PTH120


def _openings(kept: str) -> tuple[Opening, ...]:
    """Return spans as the JSON report wrote them, as instants."""
    return tuple(
        Opening(_instant(span["opened_at"]), _instant(span["closed_at"]) if span["closed_at"] else None, span["reason"])
        for span in json.loads(kept)
    )


def _instant(written: str) -> int:
    return int(datetime.fromisoformat(written).timestamp())
