"""Entries that are given, for tests and for what another program has already listed."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import NamedTuple

from msgspec import field

from drcheck.collectors.confine import checked_name, checked_prefix, checked_root
from drcheck.collectors.descriptions import NOTHING, in_full
from drcheck.collectors.pool import Connections
from drcheck.core.model.evidence import Fact, FactValue
from drcheck.interfaces import Account, Entry, NotFound, Seek
from drcheck.settings import Connection


class StoredFile(NamedTuple):
    """One thing that lies in memory."""

    content: bytes
    arrived_lo: int
    """Seconds since the epoch."""
    arrived_hi: int
    checksum: str = ""
    facts: Mapping[Fact, FactValue] = NOTHING
    """What is told of it when it is described."""


class MemoryConnection(Connection, frozen=True):
    """A place whose whole content is given."""

    entries: Mapping[str, StoredFile] = field(default_factory=dict)
    offset: float | None = 0.0
    """By how many seconds its clock is ahead of ours; None: it has none."""
    facts: Mapping[Fact, FactValue] = field(default_factory=dict)
    """What is told of the place as a whole."""
    account: Account = field(default_factory=Account)
    """What its account may do."""


class MemoryCollector:
    """Lists and reads what :class:`MemoryConnection` holds below a root."""

    seek = Seek.AFTER
    in_place = False
    links: Sequence[str] = ()

    def __init__(self, connection: MemoryConnection, root: str, pool: Connections) -> None:
        self._connection = connection
        self._root = checked_root(root)
        self._quota = pool.quota(connection)
        self.calls = 0

    def list(self, prefix: str, *, after: str = "") -> Iterator[Entry]:
        """Yield what lies below the root, begins with ``prefix`` and sorts after ``after``."""
        checked_prefix(prefix)
        self.calls += 1
        for path, held in self._connection.entries.items():
            self._quota.take()
            name = path.removeprefix(self._root)
            if path.startswith(self._root) and name.startswith(prefix) and name > after:
                yield Entry(name, len(held.content), held.arrived_lo, held.arrived_hi, held.arrived_lo, held.checksum)

    def earlier(self, prefix: str) -> Iterator[Entry]:
        """Return nothing: what is deleted is not held."""
        del prefix
        return iter(())

    def read(self, name: str, *, offset: int = 0, at_most: int) -> bytes:
        """Return up to ``at_most`` bytes of ``name``."""
        held = self._held(name)
        start = max(0, len(held.content) + offset) if offset < 0 else offset
        return held.content[start : start + at_most]

    def describe(self, name: str | None, facts: frozenset[Fact]) -> Mapping[Fact, FactValue]:
        """Return the facts that were given."""
        return in_full(self._connection.facts if name is None else self._held(name).facts, facts)

    def _held(self, name: str) -> StoredFile:
        self.calls += 1
        held = self._connection.entries.get(self._root + checked_name(name))
        if held is None:
            raise NotFound(f"there is no {name} in {self._connection.name}")
        return held

    def clock_offset(self) -> float | None:
        """Return the offset that was given."""
        return self._connection.offset

    def account(self) -> Account:
        """Return the account that was given."""
        return self._connection.account

    def close(self) -> None:
        """Do nothing: nothing is held."""


def open_memory(connection: MemoryConnection, root: str, pool: Connections) -> MemoryCollector:
    """Return a collector of what ``connection`` holds below ``root``."""
    return MemoryCollector(connection, root, pool)
