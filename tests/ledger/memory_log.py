"""A log in memory: a second implementation of the interface, for tests that make thousands of them."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from drcheck.ledger.interface import Stored


class MemoryLog:
    path = "memory"

    def __init__(self) -> None:
        self.entries: list[bytes] = []
        self.derived: dict[str, bytes] = {}
        self.was_read = 0

    @property
    def count(self) -> int:
        return len(self.entries)

    def append(self, entries: Sequence[bytes]) -> int:
        self.entries += entries
        return len(self.entries)

    def read(self, after: int = 0, upto: int | None = None) -> Iterator[Stored]:
        for number, data in enumerate(self.entries[after:upto], after + 1):
            self.was_read += 1
            yield Stored(number, data)

    def keep(self, derived: dict[str, bytes]) -> None:
        self.derived |= derived

    def kept(self, name: str) -> bytes | None:
        return self.derived.get(name)

    def forget(self) -> None:
        self.derived.clear()

    def checkpoint(self) -> None:
        pass

    def damage(self) -> Iterator[str]:
        return iter(())

    def lost(self) -> Iterator[str]:
        return iter(())

    def close(self) -> None:
        pass
