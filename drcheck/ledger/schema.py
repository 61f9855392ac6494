"""The tables of the ledger, as one list of migrations; ``PRAGMA user_version`` says how many a file has had.

Facts are only ever inserted. A run has no state to update: that it began is a row of ``run``, that it ended is a row
of ``run_event``. Triggers refuse UPDATE and DELETE whoever asks, so that no query by hand changes a fact by mistake.

Instants are whole seconds since the epoch (UTC), digests are SHA-256 in hexadecimal.
"""

from __future__ import annotations

import sqlite3
from typing import Final

APPLICATION_ID: Final = 0x64726368
"""``drch``: tells a ledger from every other SQLite file (``PRAGMA application_id``)."""

TABLES: Final = ("run", "run_event", "policy", "judged", "raw", "source", "look", "verdict", "retirement")
"""Every table; all hold facts."""

_CREATE: Final = """
-- One run of drcheck: what it judged, and where it ran.
CREATE TABLE run (
  seq           INTEGER PRIMARY KEY,   -- the order in which runs began
  id            TEXT    NOT NULL UNIQUE,
  started_at    INTEGER NOT NULL,
  window_start  INTEGER NOT NULL,
  as_of         INTEGER NOT NULL,      -- the window's end: the instant judged
  version       TEXT    NOT NULL,      -- of drcheck
  host          TEXT    NOT NULL,
  pid           INTEGER NOT NULL
);
-- How a run ended. A run without one is going on, or its process died and the next start will say so.
CREATE TABLE run_event (
  run          INTEGER PRIMARY KEY REFERENCES run,
  state        TEXT    NOT NULL CHECK (state IN ('finished', 'interrupted', 'abandoned')),
  at           INTEGER NOT NULL,
  exit_status  INTEGER                 -- of a finished run
);
-- A policy's text as it was judged, once.
CREATE TABLE policy (
  sha256  TEXT PRIMARY KEY,
  text    BLOB NOT NULL                -- zlib of UTF-8
);
-- A run judged a service by a policy.
CREATE TABLE judged (
  run      INTEGER NOT NULL REFERENCES run,
  service  TEXT    NOT NULL,
  file     TEXT    NOT NULL,           -- as the user named it
  sha256   TEXT    NOT NULL REFERENCES policy,
  PRIMARY KEY (run, service)
) WITHOUT ROWID;
-- A raw answer that was judged, once, whoever gave it.
CREATE TABLE raw (
  digest  TEXT PRIMARY KEY,
  bytes   BLOB NOT NULL                -- zlib
);
-- A place that was looked at for a service.
CREATE TABLE source (
  id        INTEGER PRIMARY KEY,
  service   TEXT NOT NULL,
  identity  TEXT NOT NULL,             -- changes when the policy makes it another place
  UNIQUE (service, identity)
);
-- One look at one source, and what it changed about what is known of it.
CREATE TABLE look (
  id            INTEGER PRIMARY KEY,   -- the order in which a source's records apply
  run           INTEGER NOT NULL REFERENCES run,
  source        INTEGER NOT NULL REFERENCES source,
  name          TEXT    NOT NULL,      -- what the policy called the source
  begin         INTEGER NOT NULL,      -- the instant that the look is taken to be of
  end           INTEGER NOT NULL,
  asked_from    INTEGER NOT NULL,      -- the look could only miss data of this instant or later
  complete      INTEGER NOT NULL,      -- 1: no evidence gap hid anything
  calls         INTEGER NOT NULL,      -- requests made
  clock_offset  REAL,                  -- seconds by which the far clock is ahead; NULL: not measured
  unread        INTEGER NOT NULL,      -- names that are no candidates
  appeared      INTEGER NOT NULL,      -- how many candidates are new or changed
  gone          INTEGER NOT NULL,      -- how many names were missed
  digest        TEXT REFERENCES raw,   -- of the raw answer, if one was kept
  record        BLOB NOT NULL          -- see drcheck.ledger.encoding; empty: nothing new
);
CREATE INDEX look_of_source ON look (source);
-- What a run found of one commitment. The body is its object in the JSON report; the columns beside it repeat parts.
CREATE TABLE verdict (
  id          INTEGER PRIMARY KEY,
  run         INTEGER NOT NULL REFERENCES run,
  service     TEXT    NOT NULL,
  commitment  TEXT    NOT NULL,
  kind        TEXT    NOT NULL,
  status      TEXT CHECK (status IN ('met', 'breached', 'unknown')),   -- NULL: nothing was owed yet
  waived      INTEGER NOT NULL,
  reason      TEXT    NOT NULL,
  measured    TEXT,                    -- JSON: {"value": ..., "unit": ...}
  breaches    TEXT    NOT NULL,        -- JSON: [{"opened_at": ..., "closed_at": ..., "reason": ...}]
  unknowns    TEXT    NOT NULL,        -- JSON, as breaches
  body        BLOB    NOT NULL,        -- zlib of JSON
  UNIQUE (service, commitment, run)
);
-- A service that is promised no more: without this, one whose policy is gone stays unknown.
CREATE TABLE retirement (
  id       INTEGER PRIMARY KEY,
  service  TEXT    NOT NULL,
  at       INTEGER NOT NULL,
  reason   TEXT    NOT NULL
);
"""

_TRIGGERS: Final = "".join(
    f"CREATE TRIGGER {table}_keeps_{done} BEFORE {event} ON {table} "
    "BEGIN SELECT RAISE(ABORT, 'the ledger is append-only'); END;\n"
    for table in TABLES
    for event, done in (("UPDATE", "rows"), ("DELETE", "all"))
)

_ATTESTED: Final = """
-- Whether what was met rested on the dated word of a named owner alone.
ALTER TABLE verdict ADD COLUMN attested INTEGER NOT NULL DEFAULT 0;
"""

_SIZED: Final = """
-- Bytes of the raw answer: what of a log, which is only appended to, this look showed.
ALTER TABLE look ADD COLUMN size INTEGER NOT NULL DEFAULT 0;
"""

MIGRATIONS: Final = (_CREATE + _TRIGGERS, _ATTESTED, _SIZED)
"""Migration n brings a ledger to ``user_version`` n (from 1). A migration, once released, never changes."""


def migrate(connection: sqlite3.Connection) -> None:
    """Bring the ledger to the newest schema, in one transaction; a new file becomes a ledger."""
    version = user_version(connection)
    if version == len(MIGRATIONS):
        return
    steps = "".join(MIGRATIONS[version:])
    try:
        # executescript is the one way to run many statements; both pragmas are part of the file's header and so of
        # the transaction.
        connection.executescript(
            f"BEGIN IMMEDIATE; {steps}"
            f"PRAGMA application_id = {APPLICATION_ID}; PRAGMA user_version = {len(MIGRATIONS)}; COMMIT;"
        )
    except sqlite3.OperationalError:
        connection.rollback()
        if user_version(connection) != len(MIGRATIONS):  # otherwise another process was first
            raise


def user_version(connection: sqlite3.Connection) -> int:
    """Return how many migrations this file has had."""
    return int(connection.execute("PRAGMA user_version").fetchone()[0])


def text(value: str) -> str:
    """Return ``value`` as a TEXT column can hold it: what is not UTF-8 is escaped with backslashes."""
    return value.encode("utf-8", "backslashreplace").decode()
