"""Looking through a whole ledger for damage."""

from __future__ import annotations

import json
import zlib
from collections.abc import Iterator
from hashlib import sha256

from drcheck.core.evidence import Look
from drcheck.ledger import encoding
from drcheck.ledger.faults import told
from drcheck.ledger.store import Ledger


def damage(ledger: Ledger) -> Iterator[str]:
    """Yield what is damaged: in the file's structure, between tables, or in what cannot be read back.

    Every raw answer is hashed again, every record, policy and verdict is decoded. Raises LedgerError where the
    damage is such that nothing further can be read.
    """
    connection = ledger.connection
    with told(ledger.path):
        for (answer,) in connection.execute("PRAGMA integrity_check"):
            if answer != "ok":
                yield str(answer)
        for table, row, parent, _ in connection.execute("PRAGMA foreign_key_check"):
            yield f"row {row} of {table} refers to a {parent} that is not there"
        for digest, body in connection.execute("SELECT digest, bytes FROM raw"):
            try:
                if sha256(zlib.decompress(body)).hexdigest() != digest:
                    yield f"raw answer {digest}: its hash is another"
            except encoding.UNREADABLE as error:
                yield f"raw answer {digest}: {error}"
        for number, body in connection.execute("SELECT id, record FROM look"):
            try:
                encoding.decode(body, Look("", 0, 0), 0)
            except encoding.UNREADABLE as error:
                yield f"record {number}: {error}"
        for digest, text in connection.execute("SELECT sha256, text FROM policy"):
            try:
                zlib.decompress(text).decode("utf-8", "surrogatepass")
            except encoding.UNREADABLE as error:
                yield f"policy {digest}: {error}"
        for number, body, *parts in connection.execute("SELECT id, body, measured, breaches, unknowns FROM verdict"):
            try:
                json.loads(zlib.decompress(body))
                for part in parts:
                    json.loads(part or "null")
            except encoding.UNREADABLE as error:
                yield f"verdict {number}: {error}"
