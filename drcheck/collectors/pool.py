"""What the collectors of one run share: one client a connection, one SSH session a host; and how waiting ends.

Two things end a wait for the far side: the deadline of the source, and the end of the run. Timeouts of sockets alone
cannot do it, since a host that sends one byte now and then never lets them pass. So whoever waits says how it can be
cut off, and a watching thread does that when the time has come.
"""

from __future__ import annotations

import threading
from collections.abc import Callable, Hashable, Iterable, Iterator, Mapping
from concurrent.futures import Future
from contextlib import contextmanager
from types import TracebackType
from typing import Any, Protocol, Self, TypeVar

from drcheck import clock
from drcheck.collectors.concurrency import Limit
from drcheck.interfaces import CollectorError
from drcheck.settings import LIST_AT_MOST, Connection


class _Closeable(Protocol):
    def close(self) -> None: ...


T = TypeVar("T", bound=_Closeable)


class Deadline:
    """The time that one source may take in all, counted from its first request."""

    def __init__(self, pool: Connections, connection: Connection) -> None:
        self._pool = pool
        self._connection = connection
        self.end: float | None = None
        """On the monotonic clock; None until the first request."""
        self.cuts: list[Callable[[], None]] = []
        """How to end what is being waited for now."""

    def left(self, at_most: float = 3600.0) -> float:
        """Return the seconds that a step may take; raises :class:`CollectorError` when there are none left."""
        now = clock.monotonic()
        if self.end is None:
            self.end = now + self._connection.deadline
        if self._pool.closed:
            raise CollectorError("the run was ended before the answer came", "Start it again.")
        if self.end <= now:
            raise CollectorError(
                f"{self._connection.name} took longer than {self._connection.deadline} s",
                "See whether it is slow or hangs; where it has that much to say, raise `deadline` of the connection.",
            )
        return min(at_most, self.end - now)

    @property
    def limit(self) -> Limit:
        """What keeps the place of the source from being asked too much."""
        return self._pool.limit(self._connection)

    def pause(self, seconds: float) -> None:
        """Wait before another try; ends early when the run does."""
        self._pool.ended.wait(self.left(seconds))

    def add(self, cut: Callable[[], None]) -> None:
        """From now on ``cut`` is called, from another thread, once the time is up or the run ends."""
        self.left()
        self.cuts.append(cut)
        self._pool.watch(self)

    def remove(self, cut: Callable[[], None]) -> None:
        """Do not call ``cut`` any more."""
        self.cuts.remove(cut)
        self._pool.unwatch(self)

    @contextmanager
    def cutting(self, cut: Callable[[], None]) -> Iterator[None]:
        """While this is entered, ``cut`` is called once the time is up or the run ends."""
        self.add(cut)
        try:
            yield
        finally:
            self.remove(cut)


class Quota:
    """How much one source may list in all: a listing without end would fill the memory before its time is up.

    Whatever a listing shows is counted, also what is no entry: a host could show directories for ever as well.
    """

    def __init__(self, connection: Connection, most: int) -> None:
        self._connection = connection
        self._most = most
        self._taken = 0

    def take(self, number: int = 1) -> None:
        """Count what was shown; raises :class:`CollectorError` where that is more than a source may have."""
        self._taken += number
        if self._taken > self._most:
            raise CollectorError(
                f"{self._connection.name} lists more than {self._most} entries",
                "Name a longer path in the policy's `at`; where it is no fault, raise `list_at_most`.",
            )


class Connections:
    """Everything shared within a run. May be used by many threads; :meth:`close` ends what any of them waits for."""

    def __init__(
        self,
        connections: Mapping[str, Connection] | None = None,
        workers: int = 32,
        list_at_most: int = LIST_AT_MOST,
        sharers: Iterable[tuple[str, str]] = (),
    ) -> None:
        self.connections = connections or {}
        """By alias, for the jump hosts that one connection names in another."""
        self.roots: dict[tuple[str, str], dict[str, int]] = {}
        """Connection and first directory (bucket, container) to the roots below it that ``sharers``, the sources that
        may share one listing, list in this run, with how many of them list each."""
        for name, path in sharers:
            top, _, root = path.partition("/")
            its = self.roots.setdefault((name, top), {})
            its[root] = its.get(root, 0) + 1
        self.workers = workers
        self._list_at_most = list_at_most
        self.ended = threading.Event()
        self._shared: dict[Hashable, Future[Any]] = {}
        self._limits: dict[str, Limit] = {}
        self._at_once: dict[str, int] = {}
        for one in self.connections.values():
            if one.at_once:
                place = one.place
                self._at_once[place] = min(one.at_once, self._at_once.get(place, one.at_once))
        self._watched: dict[int, Deadline] = {}
        self._lock = threading.Lock()
        self._changed = threading.Condition(self._lock)
        self._watcher: threading.Thread | None = None

    @property
    def closed(self) -> bool:
        """Whether the run has ended."""
        return self.ended.is_set()

    def deadline(self, connection: Connection) -> Deadline:
        """Return the deadline of one source at ``connection``."""
        return Deadline(self, connection)

    def limit(self, connection: Connection) -> Limit:
        """Return what keeps the place of a connection from being asked too much; the strictest of its aliases holds."""
        place = connection.place
        with self._lock:
            if (limit := self._limits.get(place)) is None:
                most = min(filter(None, (connection.at_once, self._at_once.get(place, 0))), default=0)
                limit = self._limits[place] = Limit(most or self.workers, few=most > 0)
            return limit

    def quota(self, connection: Connection) -> Quota:
        """Return what one source at ``connection`` may list."""
        return Quota(connection, self._list_at_most)

    def shared(self, key: Hashable, make: Callable[[], T], deadline: Deadline) -> T:
        """Return what ``key`` stands for; whoever asks first makes it, others wait for it.

        A failure is shared as well: a host that is down is tried once, not once for each of its sources.
        """
        with self._lock:
            future = self._shared.get(key)
            first = future is None
            if future is None:
                future = self._shared[key] = Future()
        if first:
            try:
                future.set_result(make())
            except CollectorError as error:
                future.set_exception(error)
            except BaseException:
                future.set_exception(
                    CollectorError("the connection was not made", "See what another source of it was told.")
                )
                raise
        try:
            made: T = future.result(timeout=deadline.left())
        except TimeoutError:
            deadline.left()
            raise
        except CollectorError as error:
            # a copy: one exception raised by many threads would mix their tracebacks
            raise type(error)(error.message, error.hint) from None
        if self.closed:
            made.close()
            deadline.left()
        return made

    def forget(self, key: Hashable, made: object) -> None:
        """Let the next one make it anew: a connection that was lost."""
        with self._lock:
            future = self._shared.get(key)
            if future is not None and future.done() and future.exception() is None and future.result() is made:
                del self._shared[key]

    def watch(self, deadline: Deadline) -> None:
        """See to it that what ``deadline`` bounds is cut off in time."""
        with self._changed:
            if self._watcher is None:
                self._watcher = threading.Thread(target=self._watch, name="drcheck deadlines", daemon=True)
                self._watcher.start()
            self._watched[id(deadline)] = deadline
            self._changed.notify()

    def unwatch(self, deadline: Deadline) -> None:
        """Stop watching ``deadline``, if nothing waits under it any more."""
        with self._lock:
            if not deadline.cuts:
                self._watched.pop(id(deadline), None)

    def _watch(self) -> None:
        with self._changed:
            while True:
                now = clock.monotonic()
                over = [each for each in self._watched.values() if self.closed or (each.end or now) <= now]
                for each in over:
                    del self._watched[id(each)]
                    for cut in tuple(each.cuts):
                        # in a thread of its own: a hung connection can hold up its own closing
                        threading.Thread(target=cut, name="drcheck cut", daemon=True).start()
                if self.closed:
                    return
                ends = [each.end or now for each in self._watched.values()]
                self._changed.wait(min(ends) - now if ends else None)

    def close(self) -> None:
        """End every wait and let go of every connection."""
        with self._changed:
            self.ended.set()
            self._changed.notify()
            shared = list(self._shared.values())
            self._shared.clear()
        for future in shared:
            if future.done() and future.exception() is None:
                future.result().close()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()
