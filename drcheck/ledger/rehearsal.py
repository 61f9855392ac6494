"""A log that leaves the one below it alone: what is appended stands in memory, and is gone when it is closed."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from drcheck.ledger.interface import Log, Stored


class Rehearsal:
    """A log on top of one that is only read, or of none; see :class:`drcheck.ledger.interface.Log`.

    It keeps nothing that is derived: that could mix what was rehearsed with what happened.
    """

    def __init__(self, below: Log | None) -> None:
        self.path = "memory" if below is None else below.path
        self._below = below
        self._stand = 0 if below is None else below.count
        self._own: list[bytes] = []

    @property
    def count(self) -> int:
        """How many entries there are."""
        return self._stand + len(self._own)

    def append(self, entries: Sequence[bytes]) -> int:
        """Add entries, in memory."""
        self._own += entries
        return self.count

    def read(self, after: int = 0, upto: int | None = None) -> Iterator[Stored]:
        """Yield the entries after number ``after``, up to and with number ``upto``, in order."""
        last = self.count if upto is None else upto
        if self._below is not None and after < self._stand:
            yield from self._below.read(after, min(last, self._stand))
        first = max(after, self._stand)
        for number in range(first + 1, last + 1):
            yield Stored(number, self._own[number - self._stand - 1])

    def keep(self, derived: dict[str, bytes]) -> None:
        """Keep nothing."""

    def kept(self, name: str) -> bytes | None:
        """Return what the log below has derived."""
        return None if self._below is None else self._below.kept(name)

    def forget(self) -> None:
        """Leave what the log below has derived."""

    def checkpoint(self) -> None:
        """Do nothing: nobody waits for this log."""

    def damage(self) -> Iterator[str]:
        """Yield nothing: whoever reads an entry that is damaged is told."""
        return iter(())

    def lost(self) -> Iterator[str]:
        """Yield nothing."""
        return iter(())

    def close(self) -> None:
        """Let go of the log below."""
        if self._below is not None:
            self._below.close()
