"""The seam of the ledger: an append-only log of bytes, what is derived from it, and a lease for whoever appends.

Another database is another class of this form. Whatever reads the log sees every entry in order, or an error.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import NamedTuple, Protocol


class Stored(NamedTuple):
    """One entry, as it is stored."""

    number: int
    """From 1, without holes."""
    data: bytes


class Footing(NamedTuple):
    """On what a ledger stands, as far as can be told without writing."""

    unwritable: str
    """Why a run could not append to it; empty: it could."""
    size: int
    """Bytes that it has; 0: there is none yet."""
    free: int
    """Bytes that are left where it lies."""
    locks: bool | None
    """Whether it can be locked there, so that one run at a time appends; None: it cannot be told."""


class Log(Protocol):
    """An append-only log, open; every method raises :class:`~drcheck.ledger.errors.LedgerError`.

    Whoever has one open for appending has it alone: opening it raises :class:`~drcheck.ledger.errors.Busy` for all
    others until it is closed.
    """

    path: str
    """Where it lies, for messages."""

    def append(self, entries: Sequence[bytes]) -> int:
        """Add entries, all or none, and return the number of the last one; they are on the disk when it returns."""
        ...

    def read(self, after: int = 0, upto: int | None = None) -> Iterator[Stored]:
        """Yield the entries after number ``after``, up to and with number ``upto`` (None: all), in order.

        Each is checked against its digest; one that is damaged or missing raises.
        """
        ...

    @property
    def count(self) -> int:
        """How many entries there are."""
        ...

    def keep(self, derived: dict[str, bytes]) -> None:
        """Keep derived values by name, in place of those of the same names; they may be lost at any time."""
        ...

    def kept(self, name: str) -> bytes | None:
        """Return a derived value; None: there is none, or it is damaged."""
        ...

    def forget(self) -> None:
        """Drop everything that is derived."""
        ...

    def checkpoint(self) -> None:
        """Show what was appended to whoever finds the log locked and asks who has it."""
        ...

    def damage(self) -> Iterator[str]:
        """Yield what is damaged in its entries, and in how they are stored, in words; reads all of it."""
        ...

    def lost(self) -> Iterator[str]:
        """Yield the names of derived values that are damaged."""
        ...

    def close(self) -> None:
        """Let go of the file or connection."""
        ...
