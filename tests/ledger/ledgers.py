"""Ledgers for tests: a few runs with looks, a log, policies and verdicts."""

from __future__ import annotations

import os
import sqlite3
from contextlib import closing
from hashlib import sha256

from drcheck.core.history.look_changes import LookChanges
from drcheck.core.model.commitments import Standing
from drcheck.core.model.evidence import Candidate, Look
from drcheck.core.model.policy import Policy
from drcheck.core.model.verdict import Opening, Window
from drcheck.ledger.entries import RecordedVerdict
from drcheck.ledger.state import Key
from drcheck.ledger.store import open_ledger

WINDOW = Window(1000, 2000)
DUMPS, DRILLS = Key("web", "dumps@host"), Key("web", "drills@host")


def path_of(url):
    return url.removeprefix("sqlite:///")


def start(ledger, at=5000, window=WINDOW, **more):
    return ledger.start(window, version="0.1.0", started_at=at, **more)


def look(begin, *names, gone=(), gaps=(), **more):
    rows = tuple(Candidate(name, "orders", "", begin, begin, begin, begin, 10, "abc", complete=True) for name in names)
    return LookChanges(Look("dumps", begin, begin + 1, gaps=gaps, **more), rows, tuple(gone))


def policy(service="web", text="service: web\n", file="policies/web.yaml"):
    digest = sha256(text.encode("utf-8", "surrogatepass")).hexdigest()
    return Policy(service, file, digest, text, "UTC", {}, ())


def found(status="breached", **more):
    """What a run finds of one commitment."""
    facts = {
        "service": "web",
        "commitment": "rpo",
        "kind": "rpo",
        "reason": "too old",
        "measured": {"value": 5400, "unit": "s"},
        "breaches": (Opening(1200, None, "too old"),) if status == "breached" else (),
    }
    return RecordedVerdict(**facts | {"status": status} | more)


def fill(url, *, runs=3, names=200, snapshot=False):
    """Add some nights to a ledger, each with one look at dumps, one at a log, and one verdict."""
    with open_ledger(url) as ledger:
        drills = ledger.state((DRILLS,)).source(DRILLS)
        log, first = drills.log, len(drills.history.looks)
        for number in range(first, first + runs):
            with start(ledger, 5000 + number) as run:
                run.policies([policy()])
                shown = [f"orders/{number}-{row:04}-{os.urandom(8).hex()}" for row in range(names)]
                run.looked(DUMPS, Standing.STORAGE, look(number, *shown))
                lines = b'{"test": "drill %d"}\n' % number
                run.looked(DRILLS, Standing.LOG, look(number), before=log, lines=lines)
                log += lines
                run.found([found()])
                run.finish(1)
            if snapshot:
                ledger.snapshot()


def by_hand(url, *queries, triggers=True):
    """Do with the file what an SQLite shell can; without ``triggers`` they are put aside and back."""
    with closing(sqlite3.connect(path_of(url), isolation_level=None)) as connection:
        kept = []
        if not triggers:
            kept = connection.execute("SELECT name, sql FROM sqlite_schema WHERE type = 'trigger'").fetchall()
        for name, _ in kept:
            connection.execute(f"DROP TRIGGER {name}")
        for query in queries:
            connection.execute(*((query,) if isinstance(query, str) else query))
        for _, sql in kept:
            connection.execute(sql)


def damage(url):
    with open_ledger(url, read_only=True) as ledger:
        return list(ledger.damage())
