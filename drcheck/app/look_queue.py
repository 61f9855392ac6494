"""Whose turn it is to be looked at: in order, and at each place no more sources at a time than it may have.

A source waits here, and in no worker: a place that is busy, or asked too much, delays none but its own.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Iterable, Iterator
from heapq import heappop, heappush
from typing import Generic, TypeVar

from msgspec import Struct, field

from drcheck import clock
from drcheck.collectors.concurrency import Limit
from drcheck.interfaces import calmer
from drcheck.settings import Connection

T = TypeVar("T")


class Turn(Struct, Generic[T], eq=False):
    """One source that is to be looked at."""

    connection: Connection
    make: Callable[[], T]
    """Returns what a worker needs for it, when its turn comes."""
    refused_at: float | None = None
    """When it was found for the first time that asking for it is too much for its place."""


class _Queue(Struct, Generic[T], eq=False):
    """The sources of one place that have not had their turn, each under its number."""

    limit: Limit
    turns: deque[tuple[int, Turn[T]]] = field(default_factory=deque)


class Turns(Generic[T]):
    """The sources that have not had their turn."""

    def __init__(self, turns: Iterable[Turn[T]], limit: Callable[[Connection], Limit]) -> None:
        self._limit = limit
        self._queues: dict[Limit, _Queue[T]] = {}
        self._heads: list[tuple[int, _Queue[T]]] = []
        """A heap of the places that may be free, by the number of the source that comes first there."""
        self._busy: set[_Queue[T]] = set()
        """The places that were not free."""
        self._number = 0
        self.left = 0
        for turn in turns:
            self._wait(turn)

    def _wait(self, turn: Turn[T]) -> None:
        limit = self._limit(turn.connection)
        queue = self._queues.setdefault(limit, _Queue(limit))
        self._number += 1
        queue.turns.append((self._number, turn))
        self.left += 1
        if len(queue.turns) == 1:
            heappush(self._heads, (self._number, queue))

    def take(self, most: int) -> Iterator[Turn[T]]:
        """Yield up to ``most`` sources whose turn it is; each counts at its place until :meth:`end`."""
        for queue in [each for each in self._busy if each.limit.free]:
            self._busy.discard(queue)
            heappush(self._heads, (queue.turns[0][0], queue))
        while most > 0 and self._heads:
            _, queue = heappop(self._heads)
            if not queue.limit.free:
                self._busy.add(queue)
                continue
            queue.limit.begin()
            most -= 1
            yield self._next(queue)
            if queue.turns:
                heappush(self._heads, (queue.turns[0][0], queue))

    def _next(self, queue: _Queue[T]) -> Turn[T]:
        self.left -= 1
        return queue.turns.popleft()[1]

    def end(self, turn: Turn[T], began: float | None) -> None:
        """Let others of the place have their turn; ``began``: when a worker took it up."""
        late = began is not None and clock.monotonic() - began >= turn.connection.deadline
        self._limit(turn.connection).end(began, late=late)

    def again(self, turn: Turn[T]) -> bool:
        """Let one that was too much for its place have another turn, and return whether there is time for it."""
        now = clock.monotonic()
        turn.refused_at = now if turn.refused_at is None else turn.refused_at
        if now - turn.refused_at >= turn.connection.deadline:
            return False
        self._wait(turn)
        return True

    def hopeless(self) -> Iterator[tuple[Turn[T], str, str]]:
        """Yield, and let go of, those whose turn cannot come while a source may take, with why, and what to do.

        Their place has refused everything for so long; or it may have few at a time, and none of them has come to its
        end, so that who waits would only wait for as long again.
        """
        for queue in tuple(self._busy):
            limit = queue.limit
            while queue.turns:
                connection = queue.turns[0][1].connection
                if limit.refuses_for >= connection.deadline:
                    why = f"{connection.name} has said for {connection.deadline} s that it is asked too much"
                    yield self._next(queue), why, calmer(connection.name)
                elif limit.few and limit.stands_for >= connection.deadline:
                    why = f"{connection.name} was busy with other sources for {connection.deadline} s"
                    yield self._next(queue), why, f"See why they take so long, or raise `at_once` of {connection.name}."
                else:
                    break
            if not queue.turns:
                self._busy.discard(queue)

    def rest(self) -> Iterator[Turn[T]]:
        """Yield, and let go of, all that are left."""
        self._heads, self._busy = [], set()
        for queue in self._queues.values():
            while queue.turns:
                yield self._next(queue)
